//! Parse, run, exit code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: cupule::memory::LargePages = cupule::memory::LargePages::new();

fn main() -> ExitCode {
    // Where there is no desktop session, as in nightly jobs, Mesa's layer that reorders adapters prints errors about it. The
    // order is chosen here anyway, so the layer is switched off by its own variable.
    #[cfg(target_os = "linux")]
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
    cupule::cli::main()
}
