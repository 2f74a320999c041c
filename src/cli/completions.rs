//! `cupule completions`.

use crate::error::Result;
use clap::Args;
use clap_complete::Shell;
use std::process::ExitCode;

/// Print what makes a shell complete commands and options at the Tab key
///
/// For bash: cupule completions bash > ~/.local/share/bash-completion/completions/cupule
#[derive(Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "cupule", &mut script);
        super::print_bytes(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}
