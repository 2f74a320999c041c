//! `cupule man`.

use crate::atomic::{output_error, write_whole};
use crate::error::{Error, Result};
use clap::{Args, Command};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print the manual page, or write one for each command
///
/// Read it with: cupule man | man -l -
#[derive(Args)]
pub struct Man {
    /// Folder for cupule.1, cupule-analyze.1 and so on, such as ~/.local/share/man/man1; created if missing
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub fn run(self) -> Result<ExitCode> {
        let mut program = super::command().disable_help_subcommand(true);
        program.build();
        let Some(out) = &self.out else {
            super::print_bytes(&page(program)?.1)?;
            return Ok(ExitCode::SUCCESS);
        };
        fs::create_dir_all(out).map_err(|error| output_error(out, &error))?;
        let commands: Vec<Command> = program.get_subcommands().cloned().collect();
        for command in std::iter::once(program).chain(commands) {
            let (name, text) = page(command)?;
            write_whole(&out.join(name), |file| file.write_all(&text))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Name and text of a command's page.
fn page(command: Command) -> Result<(String, Vec<u8>)> {
    let man = clap_mangen::Man::new(command).manual("Cupule");
    let mut text = Vec::new();
    man.render(&mut text).map_err(|error| Error::output("manual page".as_ref(), error, "report this as a fault"))?;
    Ok((man.get_filename(), text))
}
