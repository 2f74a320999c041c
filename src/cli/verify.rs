//! `cupule verify`.

use crate::batch::check_originals;
use crate::error::Result;
use crate::report::verify::{Finding, Tally, verify};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Check every file of a finished run against its recorded checksum
///
/// Names what was changed, what is missing, and where record and tables contradict each other; files that are not of the
/// run are noted. Nothing is changed. The same without this program: cd DIR && sha256sum -c checksums.sha256
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 all as recorded, 1 something is changed or missing, 3 no finished run or no checksums."
)]
pub struct Verify {
    /// Folder of results of 'cupule analyze'
    #[arg(value_name = "DIR")]
    run: PathBuf,

    /// Also check the micrographs, by the folders that were analysed
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    inputs: Vec<PathBuf>,

    /// Print one JSON object per finding, and one with the sums
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub fn run(self) -> Result<ExitCode> {
        let files = verify(&self.run, &mut |finding| self.tell("file", finding))?;
        let inputs = match self.inputs.is_empty() {
            true => None,
            false => Some(check_originals(&self.run, &self.inputs, &mut |finding| self.tell("input", finding))?),
        };
        let is_fine = files.is_fine() && inputs.is_none_or(|inputs| inputs.is_fine());
        if self.json {
            let sums = json!({ "run": self.run.display().to_string(), "fine": is_fine, "files": sums(&files),
                               "inputs": inputs.as_ref().map(sums) });
            super::print(&format!("{sums}\n"))?;
        } else {
            let inputs = inputs.map(|tally| format!("; inputs {}", figures(&tally))).unwrap_or_default();
            let verdict = if is_fine { "all is as recorded" } else { "not as recorded" };
            let contradictions = match files.contradicting {
                0 => String::new(),
                count => format!(", contradictions: {count}"),
            };
            super::print_line(&format!(
                "{}: {verdict}; files {}{contradictions}, not of the run: {}{inputs}",
                self.run.display(),
                figures(&files),
                files.foreign
            ))?;
        }
        Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn tell(&self, what: &str, finding: &Finding) -> Result<()> {
        let kind = finding.kind.name();
        if self.json {
            let mut object = json!({ "finding": kind, what: finding.name });
            if let Some(cause) = &finding.cause {
                object["cause"] = cause.as_str().into();
            }
            return super::print(&format!("{object}\n"));
        }
        let cause = finding.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        let input = if what == "input" { "input " } else { "" };
        super::print_line(&format!("{input}{kind}: {}{cause}", finding.name))
    }
}

fn figures(tally: &Tally) -> String {
    format!("as recorded: {}, changed: {}, missing: {}", tally.as_recorded, tally.changed, tally.missing)
}

fn sums(tally: &Tally) -> Value {
    json!({ "as_recorded": tally.as_recorded, "changed": tally.changed, "missing": tally.missing,
            "contradicting": tally.contradicting, "foreign": tally.foreign })
}
