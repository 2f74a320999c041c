//! `summary.json`: how a run ended, for machines that watch over it.
//!
//! It depends on what is in the folder and how the run ended, and not on how often it was interrupted before.

use super::Status;
use crate::atomic::{remove_file, write_json};
use crate::clock;
use crate::error::{Error, Result};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Name of the file in the folder of a run.
pub const SUMMARY: &str = "summary.json";
/// So many failures are listed; `failed.csv` has them all.
const FAILURES_MAX: usize = 100;

/// How a run ended. What is not known is `null`.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub cupule_version: &'static str,
    pub status: Status,
    pub exit_code: u8,
    /// Why it did not finish.
    pub error: Option<String>,
    /// Name of the device that was chosen.
    pub device: Option<String>,
    /// Of the images that have a result in the folder; `None` when the run ended before the first one.
    pub counts: Option<Counts>,
    /// The first images that failed, in the order of the inputs.
    pub failures: Vec<Failure>,
    pub failures_left_out: usize,
    pub started_utc: String,
    pub finished_utc: String,
    /// Left out where `SOURCE_DATE_EPOCH` fixes all times.
    pub seconds: Option<f64>,
    #[serde(skip)]
    start: Instant,
}

/// Images, and vesicle candidates by their verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// With a result, failed ones among them.
    pub images: usize,
    pub failed: usize,
    pub accepted: usize,
    pub border: usize,
    pub rejected: usize,
}

/// An image that could not be analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub image: String,
    pub cause: String,
}

impl Summary {
    /// Of a run that begins now.
    pub fn start() -> Self {
        Self {
            cupule_version: env!("CARGO_PKG_VERSION"),
            status: Status::Finished,
            exit_code: 0,
            error: None,
            device: None,
            counts: None,
            failures: Vec::new(),
            failures_left_out: 0,
            started_utc: clock::now(),
            finished_utc: String::new(),
            seconds: None,
            start: Instant::now(),
        }
    }

    /// Takes back what is listed.
    pub fn clear(&mut self) {
        self.failures.clear();
        self.failures_left_out = 0;
    }

    /// Lists an image that failed, unless there are many already.
    pub fn list(&mut self, image: &str, cause: &str) {
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(Failure { image: image.to_owned(), cause: cause.to_owned() });
        } else {
            self.failures_left_out += 1;
        }
    }

    /// Ends the run, by an error or with the exit code of its images.
    pub fn end(&mut self, how: std::result::Result<u8, &Error>) {
        let error = how.err();
        self.status = Status::of(error);
        self.exit_code = how.unwrap_or_else(Error::exit_code);
        self.error = error.map(ToString::to_string);
        self.finished_utc = clock::now();
        self.seconds = clock::seconds_since(self.start);
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_json(&folder.join(SUMMARY), self)
    }

    /// Takes the file of an earlier run away, before anything in the folder is changed: while there is none, a run goes on
    /// or was killed.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn remove(folder: &Path) -> Result<()> {
        remove_file(&folder.join(SUMMARY))
    }
}
