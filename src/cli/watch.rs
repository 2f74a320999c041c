//! `cupule watch`.

use super::options::{Options, seconds, typed};
use crate::batch::{self, Begin, Job, Watch as Folders};
use crate::error::Result;
use crate::stop;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Analyse what comes into folders, until it is stopped
///
/// Looks at the folders again and again, which works on network shares too. A file is taken when it has not changed for a
/// while, or when a file beside it says that it is finished. After each round with new or changed files all tables and pages
/// are up to date. Files that are moved away later keep their results. SIGTERM or Ctrl-C ends it after the images in work; the
/// same command goes on.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Watch {
    /// Folders to look at, in depth
    #[arg(required = true, value_name = "FOLDER")]
    inputs: Vec<PathBuf>,

    /// Folder for the results; created if missing
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    /// Time between two looks, s
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    interval: f64,

    /// For how long a file must not have changed before it is taken, s
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    settle: f64,

    /// Ending of a file that says that the one beside it is finished: with .done, a.tif is taken at once when there is
    /// a.tif.done or a.done
    #[arg(long, value_name = "ENDING", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    sidecar: Option<String>,

    #[command(flatten)]
    options: Options,
}

impl Watch {
    pub fn run(self) -> Result<ExitCode> {
        stop::listen()?;
        let run = self.options.prepare()?;
        let mut has_run = false;
        let work = || {
            let told = run.told()?;
            let folders = Folders {
                inputs: &self.inputs,
                out: &self.out,
                selection: &told.selection,
                interval: Duration::from_secs_f64(self.interval),
                settle: Duration::from_secs_f64(self.settle),
                sidecar: self.sidecar.map(OsString::from),
                log: &run.log,
            };
            folders.run(|inputs| {
                let command = run.command("watch", &typed(&self.inputs), &run.plan.include, &run.plan.exclude);
                let mut job = Job { keeps_gone: true, command, ..run.job(&told, inputs, &self.out) };
                if has_run {
                    job.begin = Begin::Resume;
                }
                let outcome = batch::run(&job)?;
                has_run = true;
                Ok(outcome.unread == 0)
            })
        };
        Ok(run.end(&self.out, work().map(|()| 0)))
    }
}
