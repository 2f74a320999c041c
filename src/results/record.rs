//! `run.json`: what was done, with what, when.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything needed to tell how the results came about and to get them again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub cupule_version: String,
    /// The command line, one argument per entry.
    pub command: Vec<String>,
    /// The resolved configuration: defaults, file and options together.
    pub config: serde_json::Value,
    pub device: DeviceRecord,
    /// Files beside the tables that the folder has, as `--export` names them.
    pub exports: Vec<String>,
    pub inputs: Vec<InputRecord>,
    /// Totals over all images, by what was counted.
    pub counts: BTreeMap<String, u64>,
    pub stages: Vec<StageRecord>,
    /// As [`utc`] writes it.
    pub started_utc: String,
    pub finished_utc: String,
    pub warnings: Vec<String>,
}

/// What computed the results.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceRecord {
    pub name: String,
    /// Interface to it, e.g. `vulkan`; `native` for the processor.
    pub backend: String,
    pub driver: String,
    /// `discrete`, `integrated`, `virtual`, `cpu`...
    pub kind: String,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The image as the user named it.
    pub image: String,
    /// `None` when the file could not be read.
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
    /// Folder of its results under `images/`.
    pub output: String,
    /// `ok` or `failed`, as in `images.csv`.
    pub status: String,
    /// What the analysis took.
    pub seconds: Option<f64>,
    /// The pixel size with everyone who said something about it; `None` when the image failed.
    pub scale: Option<serde_json::Value>,
}

impl InputRecord {
    /// Whether there are no results of it.
    pub fn is_failed(&self) -> bool {
        self.status == FAILED
    }

    /// The word for whether an image failed.
    pub fn status(is_failed: bool) -> &'static str {
        if is_failed { FAILED } else { "ok" }
    }
}

const FAILED: &str = "failed";

/// Time spent in one stage over all images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    pub name: String,
    pub seconds: f64,
}
