//! `cupule compare`.

use crate::atomic::output_error;
use crate::error::{Error, Result};
use crate::report::compare::{Comparison, Member, text};
use crate::results::Run;
use clap::Args;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compare runs: sizes, EV-like fractions and the rest side by side, and whether each differs from the first
///
/// Decisions of people (curation.json) and a sample.toml in the runs' folders count. Intervals are made by image.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Compare {
    /// Folders of results of 'cupule analyze', two or more; the first is what the others are compared with
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,

    /// Folder for compare.csv, compare.json and compare.html; created if missing
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Compare {
    pub fn run(self) -> Result<ExitCode> {
        let mut members: Vec<Member> = Vec::new();
        for path in &self.runs {
            let mut run = Run::open(path)?;
            // The same folder may be called by several paths.
            run.dir = fs::canonicalize(path).map_err(|error| Error::input(path, error, "give a folder of results"))?;
            if members.iter().any(|member| member.dir == run.dir) {
                let cause = format!("'{}' is given twice", path.display());
                return Err(Error::config(cause, "give different runs"));
            }
            members.push(Member::read(run)?);
        }
        let comparison = Comparison::new(members);
        if let Some(out) = &self.out {
            fs::create_dir_all(out).map_err(|error| output_error(out, &error))?;
            comparison.write(out)?;
        }
        super::print(&text(&comparison))?;
        for member in &comparison.members {
            let name = &member.name;
            member.summary.warnings.iter().for_each(|warning| super::say(&format!("warning: {name}: {warning}")));
        }
        comparison.warnings.iter().for_each(|w| super::say(&format!("warning: {w}")));
        Ok(ExitCode::SUCCESS)
    }
}
