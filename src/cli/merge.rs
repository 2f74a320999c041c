//! `cupule merge`.

use super::options::{EndOptions, take_threads};
use crate::error::Result;
use crate::{shards, stop};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Put the results of all chunks of a plan together into those of one run
///
/// The folder then holds what one 'cupule analyze' of all files would have written, byte by byte, times apart. Shards that are
/// missing, there twice, not finished, of another plan, or analysed with other settings or another version are refused by name.
/// The shards stay as they are; their files get second names where both folders lie on one disk, and are copied elsewhere.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Merge {
    /// Folders of results of 'cupule analyze --list', one for each chunk of the plan
    #[arg(required = true, value_name = "SHARD")]
    shards: Vec<PathBuf>,

    /// Folder for the results; created if missing
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    options: EndOptions,
}

impl Merge {
    pub fn run(self) -> Result<ExitCode> {
        stop::listen()?;
        let run = self.options.prepare()?;
        let work = || {
            take_threads(run.plan.threads)?;
            let merge =
                shards::Merge { shards: &self.shards, out: &self.out, fail_on: run.plan.fail_on, log: &run.log };
            merge.run()
        };
        Ok(run.end(&self.out, work().map(|outcome| outcome.exit_code(run.plan.fail_on))))
    }
}
