//! Images that were analysed and whose files have been moved away since.

use crate::error::{Error, Result};
use crate::results::{JOURNAL, Journal};
use std::collections::HashSet;
use std::path::Path;
use walkdir::WalkDir;

/// Names and folders, sorted by name, of the images in an output folder that were made by `recipe`, are complete, and are
/// not among `ours`, neither by name nor by folder.
///
/// # Errors
/// [`Error::Output`] when the folder cannot be read.
pub(super) fn images(
    out: &Path,
    recipe: &str,
    ours: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>> {
    let (images, folders): (HashSet<String>, HashSet<String>) = ours.unzip();
    let mut gone = Vec::new();
    for entry in WalkDir::new(out.join("images")) {
        let entry = entry.map_err(|error| Error::output(out, error, "check the output folder and its disk"))?;
        let Some(folder) = entry.path().parent().filter(|_| entry.file_name() == JOURNAL) else { continue };
        let Ok(journal) = Journal::read(folder) else { continue };
        let is_ours = images.contains(&journal.input.image) || folders.contains(&journal.input.output);
        if journal.recipe == recipe && !is_ours && journal.is_complete(folder) {
            gone.push((journal.input.image, journal.input.output));
        }
    }
    gone.sort();
    Ok(gone)
}
