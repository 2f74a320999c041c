//! Taking an output folder over: its lock, what an earlier run left in it, and whether this run goes on with that one.

use super::{Begin, Job};
use crate::atomic::{UNFINISHED, remove_file};
use crate::clock;
use crate::error::{Error, Result};
use crate::gpu::DeviceInfo;
use crate::log::{Event, Summary};
use crate::network;
use crate::report::FOLDERS;
use crate::results::record::{ChunkRecord, DeviceRecord};
use crate::results::{CURATION, Curation, IMAGES, JOURNAL, Listing, RUN, RunRecord, RunStatus, hex, make_folder};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What the results of all images of a run have in common.
#[derive(Clone)]
pub struct Standing {
    /// Hash of version and configuration.
    pub recipe: String,
    /// Decisions of people about images of the run.
    pub curation: Curation,
}

/// An output folder that this run alone writes into.
pub struct Ground {
    /// Of the run as it will be recorded.
    pub record: RunRecord,
    pub standing: Standing,
    /// The images of the finished run that lies in the folder; empty where there is none.
    pub outputs: Listing,
    /// Whether anything was changed yet.
    pub has_begun: bool,
    out: PathBuf,
}

impl Ground {
    /// Takes the folder over, whose lock is held.
    ///
    /// # Errors
    /// [`Error::Output`]; [`Error::Config`] when it holds a run of another configuration or version, or
    /// decisions of people that starting again would make void; [`Error::NoInput`] when its record is damaged.
    pub fn take(job: &Job, device: &DeviceInfo) -> Result<Self> {
        make_folder(job.out, &job.out.join(IMAGES))?;
        let mut record = record(job, device);
        let recipe = record.recipe();
        let (mut outputs, mut begin) = (Listing::default(), job.begin);
        match begin {
            Begin::Resume => {
                let earlier = RunRecord::read(job.out).map_err(|error| match error {
                    Error::NoInput { cause, .. } => Error::config(cause, "give another --out, or --restart"),
                    other => other,
                })?;
                if let Some((earlier, listing)) = earlier {
                    check_same(job.out, &earlier, &record)?;
                    note_device(job, &earlier, device);
                    record.started_utc.clone_from(&earlier.started_utc);
                    if earlier.status == RunStatus::Finished {
                        let RunRecord { command, include, exclude, .. } = record;
                        (record, outputs) = (RunRecord { command, include, exclude, ..earlier }, listing);
                    }
                }
            }
            Begin::Restart => {
                if job.out.join(CURATION).exists() {
                    return Err(Error::config(
                        format!("{} holds decisions of a person ({CURATION})", job.out.display()),
                        "choose another output folder, or move that file away",
                    ));
                }
                let same = |(earlier, _): &(RunRecord, Listing)| {
                    earlier.restarts
                        && earlier.status == RunStatus::Unfinished
                        && earlier.command == record.command
                        && earlier.settings() == record.settings()
                };
                // It is this very command that was ended early, and is to go on.
                if let Some((earlier, _)) = RunRecord::read(job.out).ok().flatten().filter(same) {
                    record.started_utc = earlier.started_utc;
                    begin = Begin::Resume;
                }
            }
        }
        sweep(job.out)?;
        if begin == Begin::Restart {
            forget(job.out)?;
        }
        let out = job.out.to_owned();
        let curation = Curation::read_if_any(&out.join(CURATION))?;
        let standing = Standing { recipe, curation };
        let mut ground = Self { record, standing, outputs, has_begun: false, out };
        if ground.outputs.is_empty() {
            ground.begin()?;
        }
        Ok(ground)
    }

    /// Notes in the folder that it is being changed: until the end, what concerns the run as a whole may be out of date.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn begin(&mut self) -> Result<()> {
        if !self.has_begun {
            if self.record.status == RunStatus::Finished {
                self.record.started_utc = clock::now();
            }
            self.record.status = RunStatus::Unfinished;
            self.record.finished_utc.clear();
            Summary::remove(&self.out)?;
            self.record.write(&self.out, &Listing::default())?;
            self.has_begun = true;
        }
        Ok(())
    }
}

/// The record of a run that begins now.
fn record(job: &Job, device: &DeviceInfo) -> RunRecord {
    let mut config = serde_json::to_value(job.config).unwrap_or_default();
    config["pixel_size"] = serde_json::to_value(job.opening.scale.pixel_size).unwrap_or_default();
    config["trust_scale_bar"] = job.opening.scale.trust_scale_bar.into();
    config["frame"] = serde_json::to_value(job.frames).unwrap_or_default();
    config["max_pixels"] = job.opening.limits.max_pixels.into();
    config["segment"]["network"] = network::Model::embedded().version.clone().into();
    // Two verdicts may have been trained alike on other annotations.
    let content = hex(&Sha256::digest(serde_json::to_vec(job.model).unwrap_or_default()));
    config["verdict"]["model"] = json!({ "version": job.model.version, "sha256": content });
    RunRecord {
        status: RunStatus::Unfinished,
        restarts: job.begin == Begin::Restart,
        cupule_version: env!("CARGO_PKG_VERSION").into(),
        command: job.command.clone(),
        include: job.include.clone(),
        exclude: job.exclude.clone(),
        chunk: job.chunk.cloned(),
        config,
        device: DeviceRecord {
            name: device.name.clone(),
            backend: device.backend.clone(),
            driver: device.driver.clone(),
            kind: device.kind.name().into(),
        },
        exports: job.exports.names(),
        counts: Default::default(),
        stages: Vec::new(),
        effort: None,
        started_utc: clock::now(),
        finished_utc: String::new(),
    }
}

/// Refuses to mix results of two configurations or versions, or of two parts of a plan.
fn check_same(out: &Path, earlier: &RunRecord, now: &RunRecord) -> Result<()> {
    if earlier.chunk != now.chunk {
        let name = |run: &RunRecord| run.chunk.as_ref().map_or_else(|| "no chunk of a plan".into(), ChunkRecord::name);
        let cause = format!("{} holds {}, and this is {}", out.display(), name(earlier), name(now));
        return Err(Error::config(cause, "give each chunk an --out of its own"));
    }
    let (theirs, ours) = (earlier.settings(), now.settings());
    let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let of = |settings: &std::collections::BTreeMap<String, String>, key: &str| {
        settings.get(key).cloned().unwrap_or_else(|| "none".into())
    };
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|key| theirs.get(*key) != ours.get(*key))
        .map(|key| format!("{key} is {} there, {} here", of(&theirs, key), of(&ours, key)))
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    let cause = format!("{} holds a run with other settings: {}", out.display(), differing.join("; "));
    Err(Error::config(cause, "choose another --out, or do all of it again with --restart"))
}

/// Images of one run may have been analysed on several devices, whose last digits differ.
fn note_device(job: &Job, earlier: &RunRecord, device: &DeviceInfo) {
    if earlier.device.name != device.name {
        let warning = format!(
            "the run was begun on '{}' and goes on on '{}'; images.csv says where each image was analysed",
            earlier.device.name, device.name
        );
        job.log.tell(&Event::Warning { image: None, warning: &warning });
    }
}

/// Removes what a killed program left unfinished. Looks only where this program writes: other folders in the output folder are
/// not its own.
///
/// # Errors
/// [`Error::Output`].
pub fn sweep(out: &Path) -> Result<()> {
    remove_written(out, |name, _| name.starts_with(UNFINISHED))
}

/// Removes all journals: everything is to be done again.
fn forget(out: &Path) -> Result<()> {
    let images = out.join(IMAGES);
    remove_written(out, |name, path| name == JOURNAL && path.starts_with(&images))?;
    remove_file(&out.join(RUN))
}

fn remove_written(out: &Path, is_void: impl Fn(&str, &Path) -> bool) -> Result<()> {
    let own = FOLDERS.iter().copied().chain([IMAGES]).map(|name| out.join(name)).filter(|folder| folder.is_dir());
    let entries = own.flat_map(WalkDir::new).chain(WalkDir::new(out).max_depth(1));
    for entry in entries {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(out).to_owned();
            let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            Error::output(&path, cause, "check the output folder and its disk")
        })?;
        if entry.file_type().is_file() && is_void(&entry.file_name().to_string_lossy(), entry.path()) {
            remove_file(entry.path())?;
        }
    }
    Ok(())
}
