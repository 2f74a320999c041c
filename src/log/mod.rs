//! What a run says: while it goes on, lines for people or one JSON object per event on standard error; at its end
//! `summary.json` for machines and a command that the user chose.
//!
//! Standard error may be closed, full, or a pipe whose reader is gone: nothing here ends a run or panics for that.
//! `docs/unattended.md` tells users what each event and field means.

mod event;
mod finish;
mod fold;
mod json;
mod progress;
mod stderr;
mod summary;
mod tell;
mod text;
mod voice;

pub use event::{Event, KernelDone, Status};
pub use finish::on_finish;
pub use stderr::{error, line};
pub use summary::{Counts, Failure, SUMMARY, Summary};
pub use tell::Log;

use std::str::FromStr;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress, warnings and a summary.
    Normal,
    /// Also a line per image with counts and times, and every warning however often it comes.
    Verbose,
}

/// Who reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// People.
    #[default]
    Text,
    /// Programs: one JSON object per line and event, whatever the verbosity.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("'{other}' is no format of a log: write text or json")),
        }
    }
}
