//! What a run says while it goes on: lines for people or one JSON object per event, all on standard error.

mod progress;

pub use progress::Log;

use serde::Serialize;
use std::str::FromStr;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress, warnings and a summary.
    Normal,
    /// Also a line per image with counts and times.
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

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// A run begins, or goes on where an earlier one ended.
    RunStarted { version: &'a str, out: &'a str, files: usize, device: &'a str },
    /// Work on an image begins.
    ImageStarted { image: &'a str },
    /// An image was analysed. The stages' times are in seconds.
    ImageDone {
        image: &'a str,
        accepted: usize,
        border: usize,
        rejected: usize,
        seconds: f64,
        device: &'a str,
        stages: &'a [(&'static str, f64)],
    },
    /// The results of an earlier run still hold.
    ImageKept { image: &'a str },
    /// An image could not be analysed; the rest goes on.
    ImageFailed { image: &'a str, path: &'a str, cause: &'a str },
    /// Something a person should know, about one image or the whole run.
    Warning { image: Option<&'a str>, warning: &'a str },
    /// All images are done; tables and pages are being written.
    Reporting { images: usize },
    /// How it ended. `status`: `finished`, `stopped` by a signal, or `error`.
    RunFinished { status: &'a str, exit_code: u8, line: &'a str },
}
