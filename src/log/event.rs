//! What can be told about a run.

use crate::error::Error;
use serde::{Serialize, Serializer};

/// Something that happened. As JSON, the fields have these names, and `event` is the variant's name in snake case.
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
        #[serde(serialize_with = "as_object")]
        stages: &'a [(&'static str, f64)],
    },
    /// What the device computed for all images, by its own clock. Only of devices that have one.
    DeviceDone { kernels: &'a [KernelDone] },
    /// The results of an earlier run still hold.
    ImageKept { image: &'a str },
    /// An image could not be analysed; the rest goes on. `path` is its file, `cause` does not repeat it.
    ImageFailed { image: &'a str, path: &'a str, cause: &'a str },
    /// Something a person should know, about one image or the whole run.
    Warning { image: Option<&'a str>, warning: &'a str },
    /// How far a run is, told in regular intervals by [`Log`](super::Log) itself. Unknown values are `None`: the number of
    /// images where stacks are taken apart, rate and time before enough images were analysed.
    Heartbeat {
        images_done: usize,
        images_total: Option<usize>,
        images_kept: usize,
        images_failed: usize,
        images_per_second: Option<f64>,
        seconds_left: Option<f64>,
        image: Option<&'a str>,
        is_reporting: bool,
    },
    /// All images are done; tables and pages are being written.
    Reporting { images: usize },
    /// How it ended. `status` is the name of a [`Status`]; `line` says it to people.
    RunFinished { status: &'a str, exit_code: u8, line: &'a str },
    /// Why the program ends before its work is done.
    Error { error: &'a str, exit_code: u8 },
}

/// What a device took for one kind of computation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelDone {
    pub kernel: &'static str,
    pub dispatches: usize,
    pub seconds: f64,
    /// Read and written, if each number were moved once.
    pub bytes: u64,
}

/// `{"name": seconds}` instead of a list of pairs.
fn as_object<S: Serializer>(stages: &&[(&'static str, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(stages.iter().map(|(name, seconds)| (name, seconds)))
}

/// How a run ended, as far as machines care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All images were seen to; some may have failed.
    Finished,
    /// A signal ended it; the same command goes on.
    Stopped,
    /// An error ended it.
    Error,
}

impl Status {
    /// Of the error that ended a run, if one did.
    pub fn of(error: Option<&Error>) -> Self {
        match error {
            None => Self::Finished,
            Some(Error::Stopped { .. }) => Self::Stopped,
            Some(_) => Self::Error,
        }
    }

    /// `finished`, `stopped` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Error => "error",
        }
    }
}
