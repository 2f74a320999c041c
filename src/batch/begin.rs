//! Taking an output folder over: its lock, what an earlier run left in it, and whether this run goes on with that one.

use super::{Begin, Job};
use crate::atomic::{UNFINISHED, output_error};
use crate::clock;
use crate::error::{Error, Result};
use crate::gpu::DeviceInfo;
use crate::lock::Lock;
use crate::log::{Event, Summary};
use crate::network;
use crate::results::record::DeviceRecord;
use crate::results::{CURATION, Curation, JOURNAL, Listing, RUN, RunRecord, RunStatus, hex};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// An output folder that this run alone writes into.
pub struct Ground {
    pub lock: Lock,
    /// Of the run as it will be recorded.
    pub record: RunRecord,
    /// Hash of version and configuration.
    pub recipe: String,
    /// The images of the finished run that lies in the folder; empty where there is none.
    pub outputs: Listing,
    /// Decisions of people about images of the run.
    pub curation: Curation,
    /// Whether anything was changed yet.
    pub has_begun: bool,
    out: PathBuf,
}

impl Ground {
    /// Takes the folder, creating it where it is missing.
    ///
    /// # Errors
    /// [`Error::Output`], [`Error::Locked`]; [`Error::Config`] when it holds a run of another configuration or version, or
    /// decisions of people that starting again would make void; [`Error::NoInput`] when its record is damaged.
    pub fn take(job: &Job, device: &DeviceInfo) -> Result<Self> {
        let images = job.out.join("images");
        fs::create_dir_all(&images).map_err(|error| output_error(&images, &error))?;
        let lock = Lock::take(job.out)?;
        let mut record = record(job, device);
        let recipe = hex(&Sha256::digest(serde_json::to_vec(&record.settings()).unwrap_or_default()));
        let mut outputs = Listing::default();
        match job.begin {
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
                        (record, outputs) = (RunRecord { command: record.command, ..earlier }, listing);
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
            }
        }
        sweep(job.out, job.begin)?;
        let out = job.out.to_owned();
        let curation = Curation::read_if_any(&out.join(CURATION))?;
        let mut ground = Self { lock, record, recipe, outputs, curation, has_begun: false, out };
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
    config["verdict"]["model"] = job.model.version.clone().into();
    RunRecord {
        status: RunStatus::Unfinished,
        cupule_version: env!("CARGO_PKG_VERSION").into(),
        command: job.command.clone(),
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
        started_utc: clock::now(),
        finished_utc: String::new(),
    }
}

/// Refuses to mix results of two configurations or versions.
fn check_same(out: &Path, earlier: &RunRecord, now: &RunRecord) -> Result<()> {
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

/// Removes what a killed program left unfinished; all journals as well where everything is to be done again.
fn sweep(out: &Path, begin: Begin) -> Result<()> {
    for entry in WalkDir::new(out) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(out).to_owned();
            let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            Error::output(&path, cause, "check the output folder and its disk")
        })?;
        let name = entry.file_name().to_string_lossy();
        let is_void = begin == Begin::Restart && name == JOURNAL;
        if entry.file_type().is_file() && (name.starts_with(UNFINISHED) || is_void) {
            remove_if_any(entry.path())?;
        }
    }
    if begin == Begin::Restart { remove_if_any(&out.join(RUN)) } else { Ok(()) }
}

/// Removes a file that may not be there.
pub(super) fn remove_if_any(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(output_error(path, &error)),
        _ => Ok(()),
    }
}
