//! Puts shards together into one run.
//!
//! The folders of the images are taken over as they are, each file by a second name on the same disk, which takes no space and
//! leaves the shard whole. What concerns the run as a whole is then made from them, in the order of the plan, by what makes it
//! of any run.

use super::collect::{Shard, collect};
use crate::atomic::{create_folder, link_or_copy, output_error, remove_file, sync_disk};
use crate::batch::{FailOn, Outcome, conclude, counted, list_failed, sweep};
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::log::{Event, Log, Summary};
use crate::purity::SAMPLE;
use crate::report::{Exports, checksums, made, write_run};
use crate::results::{
    CURATION, Curation, IMAGE_FILES, IMAGES, JOURNAL, Journal, Listing, Run, RunRecord, RunStatus, Totals,
    image_folder, make_folder, make_folder_unsynced, reading,
};
use crate::stop;
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What to do about a damaged shard. Analysed plainly it would keep the results whose files have their length.
const ANALYSE_AGAIN: &str = "analyse this chunk again with --restart, then merge again";

/// What to put together.
pub struct Merge<'a> {
    pub shards: &'a [PathBuf],
    pub out: &'a Path,
    pub fail_on: FailOn,
    pub log: &'a Log,
}

/// An image of a shard.
struct Taken {
    /// Place of its file in the plan.
    place: u64,
    /// Place of the shard in the list of shards, and of the image in it.
    shard: u32,
    index: u32,
    is_failed: bool,
}

impl Merge<'_> {
    /// Puts all shards together into the output folder.
    ///
    /// # Errors
    /// [`Error::NoInput`] when they don't make one run, [`Error::Input`] when one is damaged, [`Error::Config`] when the folder
    /// holds another run, [`Error::Output`], `Locked` and `Stopped`.
    pub fn run(&self) -> Result<Outcome> {
        let shards = collect(self.shards)?;
        let [first, ..] = &shards[..] else { return Err(Error::no_input("no shard was given", "give all of a plan")) };
        let record = record_of(first, &shards);
        create_folder(self.out)?;
        let _lock = Lock::take(self.out)?;
        self.check_free(&record)?;
        let mut summary = Summary::start();
        summary.device = Some(record.device.name.clone());
        self.log.tell(&Event::RunStarted {
            version: env!("CARGO_PKG_VERSION"),
            out: &self.out.display().to_string(),
            files: shards.iter().map(|shard| shard.chunk.places.len()).sum(),
            device: &record.device.name,
        });
        let outcome = self.put_together(&shards, record, &mut summary).map_err(|error| match error {
            // Of a micrograph it would be one that failed: here there are no results at all.
            Error::Input { path, cause, .. } => Error::no_input(format!("{}: {cause}", path.display()), ANALYSE_AGAIN),
            error => error,
        });
        conclude(self.log, self.out, self.fail_on, summary, outcome)
    }

    /// Refuses a folder that holds something else than an earlier try of the same.
    fn check_free(&self, record: &RunRecord) -> Result<()> {
        let here = self.out.display();
        if self.out.join(CURATION).exists() {
            let cause = format!("{here} holds decisions of a person ({CURATION})");
            return Err(Error::config(cause, "choose another output folder, or move that file away"));
        }
        // A chunk may have been analysed again meanwhile.
        let same = |earlier: &RunRecord| {
            let RunRecord { status, counts, stages, started_utc, finished_utc, .. } = earlier.clone();
            *earlier == RunRecord { status, counts, stages, started_utc, finished_utc, ..record.clone() }
        };
        match RunRecord::read(self.out)? {
            Some((earlier, _)) if !same(&earlier) => {
                let cause = format!("{here} holds another run than that of these shards");
                Err(Error::config(cause, "choose another output folder"))
            }
            _ => Ok(()),
        }
    }

    fn put_together(&self, shards: &[Shard], record: RunRecord, summary: &mut Summary) -> Result<Outcome> {
        sweep(self.out)?;
        Summary::remove(self.out)?;
        checksums::remove(self.out)?;
        let begun = RunRecord { status: RunStatus::Unfinished, finished_utc: String::new(), ..record.clone() };
        begun.write(self.out, &Listing::default())?;
        self.log.tell(&Event::Reporting { images: shards.iter().map(|shard| shard.outputs.len()).sum() });
        let (taken, totals) = self.take_over(shards)?;
        if let Some(sample) = shards.first().map(|shard| shard.dir.join(SAMPLE)).filter(|path| path.is_file()) {
            link_or_copy(&sample, &self.out.join(SAMPLE))?;
        }
        let damaged = |error: Error| Error::no_input(error, ANALYSE_AGAIN);
        let exports: Exports = record.exports.join(",").parse().map_err(damaged)?;
        let mut outputs = Listing::default();
        for Taken { shard, index, is_failed, .. } in taken {
            let Some(output) = shards[shard as usize].outputs.get(index as usize) else { continue };
            outputs.push(output);
            if is_failed {
                list_failed(summary, &image_folder(self.out, output))?;
            }
        }
        let record = RunRecord { counts: totals.counts, stages: totals.stages, ..record };
        let outcome = counted(&record, summary);
        let run = Run { dir: self.out.to_owned(), record, outputs, curation: Curation::default() };
        // The images' files have to last before anything says that they are there.
        sync_disk(self.out)?;
        write_run(&run, &exports)?;
        Ok(outcome)
    }

    /// Takes over the images of all shards, in the order of the plan, and sums them up.
    fn take_over(&self, shards: &[Shard]) -> Result<(Vec<Taken>, Totals)> {
        make_folder(self.out, &self.out.join(IMAGES))?;
        let folders = Folders { out: self.out, safe: Mutex::default() };
        let take = |index: usize| take_shard(&folders, &shards[index], index as u32);
        let shared: Vec<(Vec<Taken>, Totals)> =
            reading(|| (0..shards.len()).into_par_iter().map(take).collect::<Result<_>>())?;
        let mut totals = Totals::default();
        let mut taken = Vec::new();
        for (images, sums) in shared {
            totals.append(&sums);
            taken.extend(images);
        }
        // Images of one file lie behind each other in one shard.
        taken.sort_by_key(|image| image.place);
        Ok((taken, totals))
    }
}

/// The folders of images that are about to be made.
struct Folders<'a> {
    out: &'a Path,
    /// Folders above them that are known to lie in the output folder.
    safe: Mutex<HashSet<PathBuf>>,
}

impl Folders<'_> {
    /// Makes the folder of an image, in which nothing is but what its journal tells of.
    fn make(&self, output: &str, journal: &Journal) -> Result<PathBuf> {
        let folder = image_folder(self.out, output);
        let safe = || self.safe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(above) = folder.parent().filter(|above| !safe().contains(*above)) {
            make_folder_unsynced(self.out, above)?;
            safe().insert(above.to_owned());
        }
        match fs::create_dir(&folder) {
            Ok(()) => {}
            // Of an earlier try, or the folder that other images lie in; it may also be a link.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                make_folder_unsynced(self.out, &folder)?;
                let is_told = |name: &&str| journal.files.iter().any(|file| file.name == *name);
                let untold = IMAGE_FILES.iter().filter(|name| !is_told(name));
                untold.map(|name| folder.join(name)).try_for_each(|path| remove_file(&path))?;
            }
            Err(error) => return Err(output_error(&folder, &error)),
        }
        Ok(folder)
    }
}

fn take_shard(folders: &Folders, shard: &Shard, number: u32) -> Result<(Vec<Taken>, Totals)> {
    let damaged = |cause: &str| {
        let cause = format!("{} ({}): {cause}", shard.dir.display(), shard.chunk.name());
        Error::no_input(cause, ANALYSE_AGAIN)
    };
    let recipe = shard.record.recipe();
    let exports = shard.record.exports.join(",").parse::<Exports>().map_err(|error| damaged(&error.to_string()))?;
    let (mut taken, mut totals) = (Vec::with_capacity(shard.outputs.len()), Totals::default());
    let mut places = shard.chunk.places.iter();
    // Images that are still to come of a stack, whose place is known.
    let (mut to_come, mut place) = (0, 0);
    for (index, output) in (0..).zip(shard.outputs.iter()) {
        stop::check()?;
        let from = image_folder(&shard.dir, output);
        let journal = Journal::read(&from).map_err(|error| damaged(&error.to_string()))?;
        let is_whole = journal.recipe == recipe
            && journal.input.output == output
            && journal.made.as_ref() == Some(&made(&exports, &Curation::default(), &journal.input))
            && journal.files.iter().all(|file| IMAGE_FILES.contains(&file.name.as_str()))
            && journal.is_complete(&from)
            && journal.has_true_findings(&from);
        if !is_whole {
            return Err(damaged(&format!("its results of {} are not whole", journal.input.image)));
        }
        if to_come == 0 {
            let Some(next) = places.next() else { return Err(damaged("it has more images than its chunk")) };
            (to_come, place) = (journal.stack.max(1), *next);
        }
        to_come -= 1;
        totals.add(&journal);
        taken.push(Taken { place, shard: number, index, is_failed: journal.input.is_failed() });
        let to = folders.make(output, &journal)?;
        for name in journal.files.iter().map(|file| file.name.as_str()).chain([JOURNAL]) {
            link_or_copy(&from.join(name), &to.join(name))?;
        }
    }
    if to_come > 0 || places.next().is_some() {
        return Err(damaged("it has fewer images than its chunk"));
    }
    Ok((taken, totals))
}

/// The record of the run that all shards are parts of.
fn record_of(first: &Shard, shards: &[Shard]) -> RunRecord {
    let times = |of: fn(&RunRecord) -> &String| shards.iter().map(move |shard| of(&shard.record));
    RunRecord {
        effort: None,
        chunk: None,
        started_utc: times(|record| &record.started_utc).min().cloned().unwrap_or_default(),
        finished_utc: times(|record| &record.finished_utc).max().cloned().unwrap_or_default(),
        ..first.record.clone()
    }
}
