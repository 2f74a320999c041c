//! `run.json`: what was done, with what, when, to which files.

use super::listing::{self, Listing};
use super::{FileRecord, Journal, hex, image_folder, open_file};
use crate::atomic::{WholeFile, output_error, sync_names};
use crate::error::{Error, Result};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Name of the record in a run's folder.
pub const RUN: &str = "run.json";

/// Everything needed to tell how the results came about and to get them again, but for the files: these are in the
/// journals of the images, and written behind it one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub status: RunStatus,
    /// Whether an unfinished run does everything again, whatever lay in the folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restarts: bool,
    pub cupule_version: String,
    /// The command line that gives the results again, one argument per entry: as it was typed, without what changes nothing in
    /// them, such as the output folder. Of a chunk of a plan it is that of the whole.
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
    /// Which part of a plan it is, where several runs share the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<ChunkRecord>,
}

/// A part of a plan: what one run of several is to do, so that their results can be put together again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRecord {
    /// Checksum of all files of the plan with their names and places.
    pub plan: String,
    /// Which one it is, from 1 on, and of how many.
    pub number: usize,
    pub of: usize,
    /// Places of its files among all files of the plan, from 0 on, rising.
    pub places: Vec<u64>,
}

impl ChunkRecord {
    /// Which one it is, for people.
    pub fn name(&self) -> String {
        format!("chunk {} of {} of plan {:.8}", self.number, self.of, self.plan)
    }
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
        self.prepare(run, outputs, &mut |_, _| Ok(()))?.put()
    }

    /// Writes it without giving it its name yet, and tells its checksum.
    ///
    /// * `look`: sees every journal, with its checksum.
    ///
    /// # Errors
    /// As [`RunRecord::write`]; those of `look`, as if they were of writing.
    pub fn prepare(&self, run: &Path, outputs: &Listing, look: Look) -> Result<PreparedRecord> {
        let path = run.join(RUN);
        let mut file = Hashing { out: WholeFile::create(&path)?, hasher: Sha256::new() };
        let inputs = Inputs { run, outputs, look: RefCell::new(look) };
        let written = serde_json::to_writer_pretty(&mut file, &Whole { record: self, inputs });
        let written = written.map_err(io::Error::from).and_then(|()| file.write_all(b"\n"));
        written.map_err(|error| output_error(&path, &error))?;
        Ok(PreparedRecord { sha256: hex(&file.hasher.finalize()), file: file.out, path })
    }

    /// Every setting by its path, with the version of the program: what two runs must share to be one.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let mut settings = leaves(&self.config);
        settings.insert("cupule_version".into(), self.cupule_version.clone());
        settings
    }

    /// Hash of version and configuration: with the content of a file it decides what comes out.
    pub fn recipe(&self) -> String {
        hex(&Sha256::digest(serde_json::to_vec(&self.settings()).unwrap_or_default()))
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

/// Sees a journal and its checksum.
pub type Look<'a> = &'a mut dyn FnMut(&Journal, &str) -> io::Result<()>;

/// A record that has not got its name yet.
pub struct PreparedRecord {
    path: PathBuf,
    file: WholeFile,
    pub sha256: String,
}

impl PreparedRecord {
    /// Gives it its name.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn put(self) -> Result<()> {
        // It may not say of files that they are there before they are.
        sync_names(&self.path)?;
        self.file.commit()?;
        sync_names(&self.path)
    }
}

/// What is written goes on, and is hashed on the way.
struct Hashing<W> {
    out: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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
    look: RefCell<Look<'a>>,
}

impl Serialize for Inputs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = to.serialize_seq(Some(self.outputs.len()))?;
        let read = |output: &str| Journal::read_hashed(&image_folder(self.run, output));
        let written = self.outputs.work_on(read, |(journal, sha256)| {
            let look = || (self.look.borrow_mut())(&journal, &sha256);
            let written = list.serialize_element(&journal.input).map_err(|error| error.to_string());
            let seen = written.and_then(|()| look().map_err(|error| error.to_string()));
            seen.map_err(|cause| Error::output(self.run, cause, "check the output folder and its disk"))
        });
        written.map_err(S::Error::custom)?;
        list.end()
    }
}
