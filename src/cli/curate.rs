//! `cupule curate`.

use super::report::exports_of;
use crate::error::{Error, Result};
use crate::measure::Status;
use crate::report::{checksums, rewrite};
use crate::results::{CURATION, Curation, Decision, Run};
use clap::Args;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Let a person's decisions count: accepted, rejected, reclassified or redrawn particles
///
/// Takes what the review in report.html saved and writes every table, picture and page of the run again. The machine's
/// verdict stays beside the person's in particles.csv (machine_status, machine_class, curated_by, curated_utc), and all
/// decisions are kept in RUN/curation.json. Without that file, 'cupule report RUN' gives back the machine's results.
#[derive(Args)]
pub struct Curate {
    /// Folder of results of 'cupule analyze'
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Decisions, as saved by the report's page
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Curate {
    pub fn run(self) -> Result<ExitCode> {
        let (_lock, run) = Run::open_alone(&self.run)?;
        let mut decisions = Vec::new();
        for path in &self.files {
            let of_file = Curation::read(path)?.decisions;
            check(&run, &of_file, path)?;
            decisions.extend(of_file);
        }
        super::print_line(&apply(run, decisions)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Most faults of a file that are told: the first few show what is wrong.
const FAULTS_TOLD: usize = 5;

/// Refuses a file of which any decision can't be carried out: half of a person's work applied is worse than none.
fn check(run: &Run, decisions: &[Decision], path: &Path) -> Result<()> {
    let mut by_image: HashMap<&str, Vec<&Decision>> = HashMap::new();
    decisions.iter().for_each(|decision| by_image.entry(&decision.image).or_default().push(decision));
    let mut faults = Vec::new();
    for journal in run.journals() {
        let input = journal?.input;
        if let Some(decisions) = by_image.remove(input.image.as_str()) {
            let image = run.image(&input.output)?;
            faults.extend(decisions.iter().filter_map(|decision| decision.fault(&image)));
        }
    }
    faults.extend(by_image.keys().map(|name| format!("{name}: the run has no such image")));
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort();
    let more = faults.len().saturating_sub(FAULTS_TOLD);
    faults.truncate(FAULTS_TOLD);
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let cause = format!(
        "{}: nothing was changed, because these decisions do not fit the run: {}{more}",
        path.display(),
        faults.join("; ")
    );
    Err(Error::no_input(cause, "use the decisions that were taken on this run's own report"))
}

/// Keeps the decisions and writes the run again; what there is to say about it.
pub(super) fn apply(mut run: Run, decisions: Vec<Decision>) -> Result<String> {
    let touched: BTreeSet<String> = decisions.iter().map(|decision| decision.image.clone()).collect();
    let given = decisions.len();
    let before = accepted(&run)?;
    let new = run.curation.append(decisions);
    // First of all: from here on nothing of the person's work can be lost. Without a list of checksums the next run sees that
    // the rest is still to be done.
    checksums::remove(&run.dir)?;
    run.curation.write(&run.dir.join(CURATION))?;
    let exports = exports_of(&run)?;
    rewrite(&mut run, &exports, |image| touched.contains(image))?;
    let known = if new < given { format!(" ({} were known already)", given - new) } else { String::new() };
    Ok(format!(
        "{}: {new} new decisions{known} in {} images; accepted vesicles {before} before, {} now",
        run.dir.display(),
        touched.len(),
        accepted(&run)?
    ))
}

fn accepted(run: &Run) -> Result<usize> {
    run.images().map(|image| Ok(image?.particles.iter().filter(|p| p.status == Status::Accepted).count())).sum()
}
