//! What a person types: one file per subcommand, no science.

mod analyze;
mod bench;
mod columns;
mod compare;
mod completions;
mod config;
mod curate;
mod devices;
mod evaluate;
mod import_rois;
mod inspect;
mod man;
mod merge;
mod options;
mod own;
mod plan;
mod report;
mod sample;
mod settings;
mod synth;
mod train;
mod verify;
mod wanted;
mod watch;

use crate::clock;
use crate::error::{Error, Result};
use crate::log;
use crate::report::Exports;
use crate::visible::visible;
use clap::{CommandFactory, Parser, Subcommand};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Finds, outlines and sizes extracellular vesicles in transmission electron micrographs.
#[derive(Parser)]
#[command(version, about, long_about = None, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all fine, 1 some images failed, 2 wrong usage or configuration, 3 no usable input, \
                          4 output can't be written, 5 the asked-for device can't be used, 6 the output folder is in use, \
                          130 or 143 stopped by a signal (run again to go on).";

#[derive(Subcommand)]
enum Command {
    Analyze(analyze::Analyze),
    Plan(plan::Plan),
    Merge(merge::Merge),
    Watch(watch::Watch),
    Report(report::Report),
    Compare(compare::Compare),
    Curate(curate::Curate),
    ImportRois(import_rois::ImportRois),
    Inspect(inspect::Inspect),
    Evaluate(evaluate::Evaluate),
    Synth(synth::Synth),
    Devices(devices::Devices),
    Bench(bench::Bench),
    Columns(columns::Columns),
    Sample(sample::Sample),
    Train(train::Train),
    Verify(verify::Verify),
    Config(config::Config),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    // clap itself ends with 2 on wrong usage.
    let command = Cli::parse().command;
    if let Some(cause) = clock::fault() {
        let error = Error::config(cause, "unset it, or set it to a time such as 1700000000");
        say(&format!("error: {error}"));
        return ExitCode::from(error.exit_code());
    }
    let result = match command {
        Command::Analyze(command) => command.run(),
        Command::Plan(command) => command.run(),
        Command::Merge(command) => command.run(),
        Command::Watch(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Curate(command) => command.run(),
        Command::ImportRois(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Synth(command) => command.run(),
        Command::Devices(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Columns(command) => command.run(),
        Command::Sample(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    result.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        ExitCode::from(error.exit_code())
    })
}

/// All commands and options, for completions and manual pages.
fn command() -> clap::Command {
    Cli::command()
}

/// Help of `--export`.
fn export_help() -> String {
    format!("{}; {}", settings::EXPORT_HELP, Exports::help())
}

/// A line for people, on standard error.
fn say(line: &str) {
    log::line(line);
}

/// A line for people, on standard output.
fn print_line(line: &str) -> Result<()> {
    print(&format!("{}\n", visible(line)))
}

/// Writes to standard output. A reader that had enough (such as `head`) is no error.
fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// As [`print`], of what need not be text for people.
fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::output("standard output".as_ref(), error, "check where it goes"))
        }
        _ => Ok(()),
    }
}
