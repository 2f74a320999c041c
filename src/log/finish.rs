//! The command that a user wants run once a run is over, such as one that sends a mail.

use super::{Event, Format, Log, SUMMARY, Status};
use crate::visible::visible;
use std::path::{Path, absolute};
use std::process::{Command, Stdio};

/// Runs a command through the shell and waits for it. What it is told goes through its environment only, so that no name
/// of a file becomes part of a command: `CUPULE_STATUS` (name of a [`Status`]), `CUPULE_EXIT_CODE`, `CUPULE_OUT` (the
/// folder of the run, absolute), and `CUPULE_SUMMARY` (its `summary.json`, or empty where this run has none).
///
/// What it writes goes where this program's own output goes; where standard error is JSON, all of it goes to standard
/// output. That it fails is a warning.
pub fn on_finish(log: &Log, command: &str, out: &Path, status: Status, exit_code: u8, has_summary: bool) {
    let out = absolute(out).unwrap_or_else(|_| out.to_owned());
    let summary = if has_summary { out.join(SUMMARY).into_os_string() } else { Default::default() };
    let mut shell = shell(command);
    shell
        .env("CUPULE_STATUS", status.name())
        .env("CUPULE_EXIT_CODE", exit_code.to_string())
        .env("CUPULE_OUT", &out)
        .env("CUPULE_SUMMARY", summary)
        .stdin(Stdio::null());
    if log.format() == Format::Json {
        shell.stderr(std::io::stdout());
    }
    let failed = match shell.status() {
        Ok(ended) if ended.success() => return,
        Ok(ended) => format!("ended with {ended}"),
        Err(error) => format!("could not be started: {error}"),
    };
    let warning = format!("the command of --on-finish, {}, {failed}", visible(command));
    log.tell(&Event::Warning { image: None, warning: &warning });
}

#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    use std::os::windows::process::CommandExt;
    let mut shell = Command::new("cmd");
    // With /S the outer quotes go away and all else stays as it was typed; escaping is not what cmd understands.
    shell.raw_arg(format!("/S /C \"{command}\""));
    shell
}
