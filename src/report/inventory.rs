//! Which files a run's folder may have besides those of the images, and what they are.

use super::export::{datapackage, multiqc, rocrate};
use super::failed::FAILED;
use super::figures;
use super::page::REPORT;
use crate::purity::SAMPLE;
use crate::results::{CURATION, RUN};
use std::path::Path;

/// What a file is for programs that read it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// With its headings in the first line.
    Table,
    /// With a line of types before the headings.
    TypedTable,
    /// With headings that the standard does not allow, such as a blank: they count as a comment.
    OddTable,
    /// With the columns of `particles.csv`; readers that go through it as a table see no bytes to check.
    Parquet,
    Json,
    /// JSON that says itself what it is: Frictionless would take it for a description of tables.
    OwnJson,
    /// Of another kind; the media type says which.
    Other(&'static str),
}

/// A file that may lie in a run's folder.
pub(super) struct Entry {
    pub file: &'static str,
    pub sort: Sort,
    pub about: &'static str,
    /// Whether it holds times, so that every analysis gives it other bytes: no checksum then.
    pub is_timed: bool,
}

const fn entry(file: &'static str, sort: Sort, about: &'static str) -> Entry {
    Entry { file, sort, about, is_timed: false }
}

/// All but those that describe the others, in the order of the descriptions.
pub(super) const ENTRIES: [Entry; 17] = [
    entry("particles.csv", Sort::Table, "One row per candidate, rejected ones included."),
    entry("images.csv", Sort::Table, "One row per input, failed ones included."),
    entry(FAILED, Sort::Table, "Images that could not be analysed, and why."),
    entry(
        "imagej.csv",
        Sort::OddTable,
        "Accepted particles as in a results table of ImageJ, by its headings and definitions.",
    ),
    entry("features.csv", Sort::Table, "Particles of the labels, for napari."),
    entry("omero.csv", Sort::TypedTable, "Particles of the labels, for 'omero metadata populate'."),
    entry("particles.parquet", Sort::Parquet, "particles.csv as Parquet."),
    entry("statistics.json", Sort::Json, "Figures of the distribution of diameters."),
    entry("purity.json", Sort::Json, "EV-like and other things, background, checklist."),
    entry("coco.json", Sort::Json, "Outlines as COCO annotations."),
    entry(multiqc::GENERAL, Sort::OwnJson, "Figures of the run, for MultiQC."),
    entry(multiqc::SIZES, Sort::OwnJson, "Diameters, for MultiQC."),
    entry(multiqc::CLASSES, Sort::OwnJson, "What was counted, for MultiQC."),
    entry(SAMPLE, Sort::Other("application/toml"), "What the user says about the sample."),
    entry(CURATION, Sort::Json, "Decisions of people."),
    entry(REPORT, Sort::Other("text/html"), "The run for people, in one page."),
    // Last, because it is written after all others.
    Entry { is_timed: true, ..entry(RUN, Sort::Json, "What was done, with what, to which images.") },
];

impl Sort {
    /// Media type (IANA).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Table | Self::TypedTable | Self::OddTable => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Json | Self::OwnJson => "application/json",
            Self::Other(media) => media,
        }
    }
}

/// Files that every finished run has. `run.json` comes into its place last of all.
const ALWAYS: [&str; 3] = ["images.csv", "particles.csv", RUN];

/// The files that are there, by name, and those that every run has; pages are left out.
pub(super) fn names(run: &Path) -> Vec<String> {
    let described = ENTRIES.iter().map(|entry| entry.file).chain([datapackage::FILE, rocrate::FILE]).map(str::to_owned);
    let is_there = |name: &String| ALWAYS.contains(&name.as_str()) || run.join(name).is_file();
    let mut names: Vec<String> = described.chain(figures::files(run)).filter(is_there).collect();
    names.sort();
    names
}
