//! The wish of a person or a scheduler that the program end: heard here, honoured between two images.

use crate::error::{Error, Result};
use signal_hook::consts::TERM_SIGNALS;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// The signal that was heard, 0 before.
static HEARD: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Listens from now on. A second signal ends the program at once, as it would without this; what is on the disk is whole
/// even then.
///
/// # Errors
/// [`Error::Config`] when the system refuses it.
pub fn listen() -> Result<()> {
    let second = Arc::new(AtomicBool::new(false));
    let refused = |error| Error::config(format!("signals can't be listened to: {error}"), "report this");
    #[cfg(unix)]
    let also = Some(signal_hook::consts::SIGHUP).filter(|&signal| !is_ignored(signal));
    #[cfg(not(unix))]
    let also: Option<i32> = None;
    // SIGQUIT stays what it is: a way to end at once.
    for signal in TERM_SIGNALS.iter().copied().filter(|&signal| signal == 2 || signal == 15).chain(also) {
        signal_hook::flag::register_conditional_default(signal, second.clone()).map_err(refused)?;
        signal_hook::flag::register(signal, second.clone()).map_err(refused)?;
        signal_hook::flag::register_usize(signal, HEARD.clone(), signal as usize).map_err(refused)?;
    }
    Ok(())
}

/// Whether the program was started with this signal ignored: `nohup` does that with SIGHUP, for it to go on when its terminal
/// is closed. SIGINT is listened to all the same, because shells let everything ignore it that scripts start with `&`.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    // SAFETY: without a new action nothing changes, and the present one is written into memory of its own.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}

/// The signal that was heard, if any.
pub fn heard() -> Option<i32> {
    i32::try_from(HEARD.load(Ordering::SeqCst)).ok().filter(|&signal| signal != 0)
}

/// Ends what is being done once a signal was heard.
///
/// # Errors
/// [`Error::Stopped`].
pub fn check() -> Result<()> {
    match heard() {
        Some(signal) => Err(Error::Stopped { signal, remedy: "run the same command again to go on".into() }),
        None => Ok(()),
    }
}
