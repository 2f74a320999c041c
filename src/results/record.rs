//! `run.json`: what was done, with what, when, to which files.

use super::listing::{self, Listing};
use super::{FileRecord, Journal, image_folder, open_file};
use crate::atomic::{sync_names, write_whole};
use crate::error::{Error, Result};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufReader, ErrorKind, Write};
use std::path::Path;

/// Name of the record in a run's folder.
pub const RUN: &str = "run.json";

/// Everything needed to tell how the results came about and to get them again, but for the files: these are in the
/// journals of the images, and written behind it one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub status: RunStatus,
    pub cupule_version: String,
    /// The command line, one argument per entry.
    pub command: Vec<String>,
    /// Patterns of the files that were taken and not taken from folders.
    #[serde(default)]
    pub include: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The resolved configuration: defaults, file and options together.
    pub config: Value,
    /// What the run was begun on; the journals say what each image ran on.
    pub device: DeviceRecord,
    /// Files beside the tables that the folder has, as `--export` names them.
    pub exports: Vec<String>,
    /// Totals over all images, by what was counted.
    pub counts: BTreeMap<String, u64>,
    pub stages: Vec<StageRecord>,
    /// How the last part of the run went; `None` until it is finished, and where the clock stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<EffortRecord>,
    /// As [`crate::clock::utc`] writes it.
    pub started_utc: String,
    /// Empty until it is finished.
    pub finished_utc: String,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Being worked on, or ended early: the same command goes on with it.
    Unfinished,
    Finished,
}

/// What computed the results.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceRecord {
    pub name: String,
    /// Interface to it, e.g. `vulkan`; `none` for the processor.
    pub backend: String,
    pub driver: String,
    /// `native`, `hardware` or `software`.
    pub kind: String,
}

/// One input file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The image as the user named it.
    pub image: String,
    /// `None` when the file could not be read.
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
    /// Files beside it that had a say in what it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sidecars: Vec<FileRecord>,
    /// Folder of its results under `images/`.
    pub output: String,
    /// `ok` or `failed`, as in `images.csv`.
    pub status: String,
    /// Name of the device that analysed it; `None` when it failed before.
    pub device: Option<String>,
    /// What the analysis took.
    pub seconds: Option<f64>,
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

/// How much was done at once, and what it took, tables and pages at the end left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffortRecord {
    /// Images in work at once, at most.
    pub jobs: usize,
    /// Threads that shared the computing.
    pub threads: usize,
    /// Vector instructions that were used: `baseline`, `avx2` or `avx512`.
    pub instructions: String,
    /// What the images in work were to take at most, by estimate.
    pub memory_limit_bytes: u64,
    /// What the program took at most; `None` where the system does not tell.
    pub memory_peak_bytes: Option<u64>,
    /// Images analysed, failed ones included, those whose results were kept not.
    pub images_analysed: usize,
    pub seconds: f64,
    pub images_per_second: f64,
    /// Time of all cores together; `None` where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// Of the time of so many cores as there were threads.
    pub busy_share: Option<f64>,
}

/// Time spent in one stage over all images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    pub name: String,
    pub seconds: f64,
}

impl RunRecord {
    /// The record in a folder and the names of the run's image folders; `None` where there is no record.
    ///
    /// # Errors
    /// [`Error::NoInput`] when it cannot be read or is none.
    pub fn read(run: &Path) -> Result<Option<(Self, Listing)>> {
        #[derive(Deserialize)]
        struct Whole {
            #[serde(flatten)]
            record: RunRecord,
            #[serde(deserialize_with = "listing::outputs")]
            inputs: Listing,
        }
        let path = run.join(RUN);
        let unusable = |cause: String| Error::no_input(format!("{}: {cause}", path.display()), "analyse again");
        let file = match open_file(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(error.to_string())),
        };
        let whole: Whole = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| unusable(format!("this is no record of a run ({error})")))?;
        Ok(Some((whole.record, whole.inputs)))
    }

    /// Writes it, with the inputs as their journals have them.
    ///
    /// # Errors
    /// [`Error::Output`]; [`Error::Input`] when a journal is missing or damaged.
    pub fn write(&self, run: &Path, outputs: &Listing) -> Result<()> {
        let path = run.join(RUN);
        // It may not say of files that they are there before they are.
        sync_names(&path)?;
        write_whole(&path, |out| self.write_to(out, run, outputs))?;
        sync_names(&path)
    }

    /// The bytes of the file, which are the same as long as the journals are.
    ///
    /// # Errors
    /// Those of reading the journals and of `out`.
    pub fn write_to(&self, mut out: impl Write, run: &Path, outputs: &Listing) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, &Whole { record: self, inputs: Inputs { run, outputs } })?;
        out.write_all(b"\n")
    }

    /// Every setting by its path, with the version of the program: what two runs must share to be one.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let mut settings = leaves(&self.config);
        settings.insert("cupule_version".into(), self.cupule_version.clone());
        settings
    }
}

/// Every value of a tree by its path.
pub fn leaves(tree: &Value) -> BTreeMap<String, String> {
    match tree {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                leaves(value).into_iter().map(move |(rest, leaf)| {
                    (if rest.is_empty() { name.clone() } else { format!("{name}.{rest}") }, leaf)
                })
            })
            .collect(),
        leaf => BTreeMap::from([(String::new(), leaf.to_string())]),
    }
}

/// The record with the inputs behind it.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    record: &'a RunRecord,
    inputs: Inputs<'a>,
}

/// The inputs of a run, read one by one while they are written.
struct Inputs<'a> {
    run: &'a Path,
    outputs: &'a Listing,
}

impl Serialize for Inputs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = to.serialize_seq(Some(self.outputs.len()))?;
        for output in self.outputs.iter() {
            let journal = Journal::read(&image_folder(self.run, output)).map_err(S::Error::custom)?;
            list.serialize_element(&journal.input)?;
        }
        list.end()
    }
}
