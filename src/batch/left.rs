//! What lies in an output folder besides the results of today's files: those of files that have gone, and damaged ones.

use super::inputs::hash;
use super::{Inputs, Job};
use crate::atomic::remove_file;
use crate::error::{Error, Result};
use crate::log::Event;
use crate::results::{IMAGES, JOURNAL, Journal, Listing, is_below};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Names and folders, sorted by name, of the images made by `recipe` whose files have been moved away.
///
/// * `ours`: names and folders of the images of today's files, `inputs`.
///
/// Results of a file that is there under another name now, or taken apart into another number of images, would count it
/// twice: they are forgotten, and so are failures of files that have gone.
///
/// # Errors
/// [`Error::Output`] when the folder cannot be read or changed.
pub(super) fn gone(
    out: &Path,
    recipe: &str,
    inputs: &Inputs,
    ours: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>> {
    let folders: HashSet<u64> = ours.map(|(_, folder)| hash(&folder)).collect();
    let files: HashSet<u64> = inputs.iter().map(|input| hash(&input.image)).collect();
    let (mut contents, mut others) = (HashSet::new(), Vec::new());
    for folder in journals(out) {
        let folder = folder?;
        let Ok(journal) = Journal::read(&folder) else { continue };
        if journal.recipe != recipe || !is_below(&journal.input.output) {
            continue;
        }
        if folders.contains(&hash(&journal.input.output)) {
            contents.extend(journal.input.sha256.map(|sha256| hash(&sha256)));
        } else if journal.is_complete(&folder) {
            others.push((folder, journal));
        }
    }
    let mut gone = Vec::new();
    for (folder, journal) in others {
        let is_known = |set: &HashSet<u64>, name: &str| set.contains(&hash(name));
        let is_elsewhere = journal.input.sha256.as_ref().is_some_and(|sha256| is_known(&contents, sha256));
        if journal.input.is_failed() || is_elsewhere || is_known(&files, journal.file()) {
            remove_file(&folder.join(JOURNAL))?;
        } else {
            gone.push((journal.input.image, journal.input.output));
        }
    }
    gone.sort();
    Ok(gone)
}

/// How many of the images of an earlier run are not among those of this one, by their folders.
pub(super) fn missing(earlier: &Listing, now: &Listing) -> usize {
    if earlier.is_empty() || earlier == now {
        return 0;
    }
    let now: HashSet<u64> = now.iter().map(hash).collect();
    earlier.iter().filter(|folder| !now.contains(&hash(*folder))).count()
}

/// Forgets the results whose files are not what was written any more; whether there are any.
///
/// # Errors
/// [`Error::Output`] when the folder cannot be read or changed.
pub(super) fn forget_damaged(job: &Job) -> Result<bool> {
    let mut found = false;
    for folder in journals(job.out) {
        let folder = folder?;
        let journal = Journal::read(&folder).ok();
        if journal.as_ref().is_some_and(|journal| journal.is_true(&folder)) {
            continue;
        }
        remove_file(&folder.join(JOURNAL))?;
        found = true;
        let warning = "its results were damaged on the disk, and are made again";
        let image = journal.as_ref().map(|journal| journal.input.image.as_str());
        job.log.tell(&Event::Warning { image, warning });
    }
    Ok(found)
}

/// Folders that have a journal.
fn journals(out: &Path) -> impl Iterator<Item = Result<PathBuf>> {
    let entries = WalkDir::new(out.join(IMAGES)).into_iter().filter(|entry| {
        entry.as_ref().map_or(true, |entry| entry.file_name() == JOURNAL && entry.file_type().is_file())
    });
    entries.map(move |entry| {
        let entry = entry.map_err(|error| Error::output(out, error, "check the output folder and its disk"))?;
        Ok(entry.path().parent().unwrap_or(out).to_owned())
    })
}
