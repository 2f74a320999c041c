//! `cupule report`.

use crate::error::{Error, Result};
use crate::purity::Sample;
use crate::report::{Exports, rewrite};
use crate::results::Run;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the tables, pictures and pages of a finished run again
///
/// Everything is made from what lies in the run's folder; the micrographs are not needed. Decisions of people
/// (curation.json) and a sample.toml in the folder count.
#[derive(Args)]
pub struct Report {
    /// Folder of results of 'cupule analyze'
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Files to write beside what the run has already
    #[arg(long, value_name = "all|NAME,...", default_value = "none", help = super::export_help())]
    export: Exports,

    /// What only people know about the sample, as TOML; replaces the run's sample.toml
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
}

impl Report {
    pub fn run(self) -> Result<ExitCode> {
        let (_lock, mut run) = Run::open_alone(&self.run)?;
        if let Some(path) = &self.sample {
            Sample::read(path)?.write(&self.run)?;
        }
        let exports = exports_of(&run)?.with(&self.export);
        run.record.exports = exports.names();
        rewrite(&mut run, &exports, |_| true)?;
        let said = format!("{}: {} images; wrote {exports}", self.run.display(), run.outputs.len());
        super::print_line(&said)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The files that a run's folder has beside the tables.
pub(super) fn exports_of(run: &Run) -> Result<Exports> {
    let damaged = |error: Error| Error::input(&run.dir.join(crate::results::RUN), error, "analyse again");
    run.record.exports.join(",").parse().map_err(damaged)
}
