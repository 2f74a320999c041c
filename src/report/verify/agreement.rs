//! The record of a run, the journals of its images and its tables against each other.

use super::files::Listed;
use super::{Finding, FindingKind, Tally, Tell};
use crate::error::Result;
use crate::report::checksums::CHECKSUMS;
use crate::report::csv::harmless;
use crate::report::inventory;
use crate::results::record::InputRecord;
use crate::results::{JOURNAL, Journal, Listing, RUN, RunRecord, each_input, image_folder};
use crate::stop;
use serde::Deserialize;
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
    for name in inventory::names(dir).iter().filter(|name| !listed.has(name)) {
        contradiction(CHECKSUMS.into(), format!("{name} is not listed"))?;
    }
    // A table that is missing was told of already.
    let mut table = csv::Reader::from_path(dir.join(IMAGES)).ok();
    let mut rows = table.as_mut().map(|table| table.deserialize::<Row>());
    let (mut number, mut other) = (0, None);
    each_input(dir, |input| {
        stop::check()?;
        if let Some(row) = rows.as_mut().and_then(Iterator::next) {
            number += 1;
            let is_that = |row: Row| row.image == harmless(input.image.clone()) && row.input_sha256 == input.sha256;
            if other.is_none() && !row.is_ok_and(is_that) {
                other = Some(format!("its row {number} is not of {} as {RUN} lists it", input.image));
            }
        }
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
    })?;
    number += rows.as_mut().map_or(0, Iterator::count);
    let cause = (number != images).then(|| format!("it has {number} rows, {RUN} lists {images} images")).or(other);
    match cause.filter(|_| rows.is_some()) {
        Some(cause) => contradiction(IMAGES.into(), cause),
        None => Ok(()),
    }
}

/// What the table says of an input.
#[derive(Deserialize)]
struct Row {
    image: String,
    input_sha256: Option<String>,
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
