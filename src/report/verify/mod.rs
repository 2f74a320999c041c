//! Checks the folder of a run against what was recorded about it: every file against `checksums.sha256`, and the record,
//! the journals and the tables against each other. Nothing is changed and no lock is taken. A checksum tells of damage and
//! of mistakes; whoever changes files on purpose can change the list too.

mod agreement;
mod files;

pub use files::against;

use super::checksums::CHECKSUMS;
use crate::error::{Error, Result};
use crate::results::{RUN, RunRecord, RunStatus};
use std::path::Path;

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// Path from the run's folder with `/` between its parts; the name of the image where it is about an input.
    pub name: String,
    /// What is wrong, where the kind does not say it all.
    pub cause: Option<String>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    Changed,
    Missing,
    /// It says something else than another file.
    Contradicts,
    /// It is there but not of the run; no fault.
    Foreign,
}

/// How many of each there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub as_recorded: usize,
    pub changed: usize,
    pub missing: usize,
    pub contradicting: usize,
    pub foreign: usize,
}

/// Takes what was found, in the same order each time.
pub type Tell<'a> = &'a mut dyn FnMut(&Finding) -> Result<()>;

impl Finding {
    pub fn new(kind: FindingKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), cause: None }
    }

    pub fn because(self, cause: impl ToString) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }
}

impl FindingKind {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Contradicts => "contradicts",
            Self::Foreign => "not of the run",
        }
    }
}

impl Tally {
    /// Counts a file: as recorded without a finding, and tells of a finding.
    ///
    /// # Errors
    /// Those of `tell`.
    pub fn count(&mut self, finding: Option<&Finding>, tell: Tell) -> Result<()> {
        let Some(finding) = finding else {
            self.as_recorded += 1;
            return Ok(());
        };
        match finding.kind {
            FindingKind::Changed => self.changed += 1,
            FindingKind::Missing => self.missing += 1,
            FindingKind::Contradicts => self.contradicting += 1,
            FindingKind::Foreign => self.foreign += 1,
        }
        tell(finding)
    }

    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.changed + self.missing + self.contradicting == 0
    }
}

/// Checks a finished run.
///
/// # Errors
/// [`Error::NoInput`] when there is no finished run or no list of checksums, also when a run begins meanwhile; those of
/// `tell`.
pub fn verify(dir: &Path, tell: Tell) -> Result<Tally> {
    // A damaged record is told of as a changed file.
    let record = RunRecord::read(dir);
    let unusable = |cause: &str, remedy: &str| Err(Error::no_input(format!("{}: {cause}", dir.display()), remedy));
    match &record {
        Ok(None) => {
            return unusable(
                &format!("there is no {RUN}"),
                "give the folder that 'cupule analyze' was told with --out",
            );
        }
        Ok(Some((record, _))) if record.status == RunStatus::Unfinished => {
            return unusable(
                "this run is not finished: it is being worked on, or was ended early",
                "wait for its end, or run the same 'cupule analyze' again, which goes on with it",
            );
        }
        _ if !dir.join(CHECKSUMS).is_file() => {
            let remedy = "'cupule report' makes one of the files as they are now";
            return unusable(&format!("there is no list of checksums ({CHECKSUMS})"), remedy);
        }
        _ => {}
    }
    let mut tally = Tally::default();
    let listed = files::check(dir, &mut tally, tell)?;
    match record {
        Ok(Some((record, outputs))) => agreement::check(dir, &record, &outputs, &listed, &mut tally, tell)?,
        Err(error) if tally.is_fine() => return Err(error),
        _ => {}
    }
    let is_unfinished =
        || RunRecord::read(dir).is_ok_and(|now| now.is_none_or(|(now, _)| now.status == RunStatus::Unfinished));
    if !tally.is_fine() && dir.join(RUN).exists() && is_unfinished() {
        return unusable("a run began in this folder while it was checked", "wait for its end, then check again");
    }
    Ok(tally)
}
