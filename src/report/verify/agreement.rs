//! The record of a run, the journals of its images and its tables against each other.

use super::files::Listed;
use super::{Finding, FindingKind, Tally, Tell};
use crate::error::Result;
use crate::report::checksums::CHECKSUMS;
use crate::results::record::InputRecord;
use crate::results::{JOURNAL, Journal, Listing, RUN, RunRecord, each_input, image_folder};
use crate::stop;
use std::path::Path;

/// The table with one row per input.
const IMAGES: &str = "images.csv";

/// Tells where they say different things.
pub fn check(
    dir: &Path,
    record: &RunRecord,
    outputs: &Listing,
    listed: &Listed,
    tally: &mut Tally,
    tell: Tell,
) -> Result<()> {
    let mut contradiction = |name: String, cause: String| {
        tally.count(Some(&Finding::new(FindingKind::Contradicts, name).because(cause)), tell)
    };
    let images = outputs.len();
    if let Some(count) = record.counts.get("images").filter(|&&count| count != images as u64) {
        contradiction(RUN.into(), format!("it counts {count} images and lists {images}"))?;
    }
    // A table that is missing was told of already.
    if let Ok(mut table) = csv::Reader::from_path(dir.join(IMAGES)) {
        let rows = table.byte_records().count();
        if rows != images {
            contradiction(IMAGES.into(), format!("it has {rows} rows, {RUN} lists {images} images"))?;
        }
    }
    if !listed.has(IMAGES) {
        contradiction(CHECKSUMS.into(), format!("{IMAGES} is not listed"))?;
    }
    each_input(dir, |input| {
        stop::check()?;
        let name = |file: &str| format!("images/{}/{file}", input.output);
        if !listed.has(&name(JOURNAL)) {
            contradiction(CHECKSUMS.into(), format!("{} is not listed", name(JOURNAL)))?;
        }
        let folder = image_folder(dir, &input.output);
        if !folder.join(JOURNAL).is_file() {
            return Ok(());
        }
        let journal = match Journal::read(&folder) {
            Ok(journal) => journal,
            Err(error) => return contradiction(name(JOURNAL), error.to_string()),
        };
        if let Some(what) = difference(&journal.input, &input) {
            contradiction(name(JOURNAL), format!("{what} is not that in {RUN}"))?;
        }
        match journal.files.iter().find(|file| !listed.has(&name(&file.name))) {
            Some(file) => contradiction(CHECKSUMS.into(), format!("{} is not listed", name(&file.name))),
            None => Ok(()),
        }
    })
}

/// What two records of an input differ in.
fn difference(journal: &InputRecord, run: &InputRecord) -> Option<&'static str> {
    [
        (journal.image != run.image, "the name of the image"),
        (journal.sha256 != run.sha256, "the checksum of the input"),
        (journal.bytes != run.bytes, "the size of the input"),
        (journal.status != run.status, "the status"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}
