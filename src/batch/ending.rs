//! The end of a run: its images summed up, and how it ended told and noted.

use super::{FailOn, Outcome};
use crate::error::Result;
use crate::log::{Counts, Event, Log, Summary};
use crate::results::{Findings, Journal, Run, RunRecord, image_folder};
use std::path::Path;

/// Sums up the images of a run, whose journals `look` sees: in its record what was counted, in the summary what failed.
///
/// # Errors
/// [`crate::error::Error::Input`] when results are missing or damaged.
pub fn sum_up(run: &mut Run, summary: &mut Summary, mut look: impl FnMut(&Journal)) -> Result<Outcome> {
    let mut unread = 0;
    summary.clear();
    let dir = run.dir.clone();
    run.sum_up(|journal| {
        look(journal);
        if journal.input.is_failed() {
            unread += usize::from(journal.input.sha256.is_none());
            list_failed(summary, &image_folder(&dir, &journal.input.output))?;
        }
        Ok(())
    })?;
    Ok(Outcome { unread, ..counted(&run.record, summary) })
}

/// Lists an image that failed in the summary, by its results.
///
/// # Errors
/// [`crate::error::Error::Input`] when they are missing or damaged.
pub fn list_failed(summary: &mut Summary, folder: &Path) -> Result<()> {
    let row = Findings::read(folder)?.row;
    summary.list(&row.image, row.error.as_deref().unwrap_or_default());
    Ok(())
}

/// Puts what was counted into the summary.
pub fn counted(record: &RunRecord, summary: &mut Summary) -> Outcome {
    let count = |name: &str| record.counts.get(name).copied().unwrap_or_default() as usize;
    let counts = Counts {
        images: count("images"),
        failed: count("images_failed"),
        accepted: count("accepted"),
        border: count("border"),
        rejected: count("rejected"),
    };
    summary.counts = Some(counts);
    Outcome { images: counts.images, failed: counts.failed, unread: 0 }
}

/// Tells how a run ended, and writes its summary.
///
/// # Errors
/// That of the run, and [`crate::error::Error::Output`].
pub fn conclude(
    log: &Log,
    out: &Path,
    fail_on: FailOn,
    mut summary: Summary,
    outcome: Result<Outcome>,
) -> Result<Outcome> {
    let line = match summary.counts.filter(|_| outcome.is_ok()) {
        Some(counts) => said(&counts, out),
        None => format!("not finished; what is done is kept in {}", out.display()),
    };
    summary.end(outcome.as_ref().map(|outcome| outcome.exit_code(fail_on)));
    let written = summary.write(out).inspect_err(|_| drop(Summary::remove(out)));
    log.tell(&Event::RunFinished { status: summary.status.name(), exit_code: summary.exit_code, line: &line });
    // Of two errors the first one is the cause.
    outcome.and_then(|outcome| written.map(|()| outcome))
}

/// The figures of a run as a line for people.
fn said(counts: &Counts, out: &Path) -> String {
    format!(
        "images: {}, failed: {}; vesicles accepted: {}, at the border: {}; candidates rejected: {}; results in {}",
        counts.images,
        counts.failed,
        counts.accepted,
        counts.border,
        counts.rejected,
        out.display()
    )
}
