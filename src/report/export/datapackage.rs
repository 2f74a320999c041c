//! `datapackage.json`: what lies in the run's folder and what each column means, as a Frictionless Data Package.
//!
//! Names, types, units and meanings are those of [`crate::report::columns`]; which columns a table has, it says itself.
//! Source: the Data Package and Table Schema standards, version 2 (datapackage.org). Paths are relative to the folder.

use crate::atomic::{output_error, write_json};
use crate::error::Result;
use crate::report::columns::{Column, IMAGES, Kind, PARTICLES};
use crate::results::{CURATION, RUN, Run};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// Name of the file.
const FILE: &str = "datapackage.json";
const PROFILE: &str = "https://datapackage.org/profiles/2.0/datapackage.json";

/// What a resource is for the standard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// With its headings in the first line.
    Table,
    /// With a line of types before the headings.
    TypedTable,
    /// With headings that the standard does not allow, such as a blank: they count as a comment.
    OddTable,
    /// With the columns of `particles.csv`; readers that go through it as a table see no bytes to check.
    Parquet,
    Json,
    /// Of another kind; the media type says which.
    Other(&'static str),
}

/// A file that may lie in a run's folder.
struct Entry {
    file: &'static str,
    sort: Sort,
    about: &'static str,
    /// Whether it holds times, so that every analysis gives it other bytes: no checksum then.
    is_timed: bool,
}

const fn entry(file: &'static str, sort: Sort, about: &'static str) -> Entry {
    Entry { file, sort, about, is_timed: false }
}

const ENTRIES: [Entry; 13] = [
    entry("particles.csv", Sort::Table, "One row per candidate, rejected ones included."),
    Entry { is_timed: true, ..entry("images.csv", Sort::Table, "One row per input, failed ones included.") },
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
    entry("sample.toml", Sort::Other("application/toml"), "What the user says about the sample."),
    entry(CURATION, Sort::Json, "Decisions of people."),
    entry("report.html", Sort::Other("text/html"), "The run for people, in one page."),
    // Last, because it is written after this file.
    Entry { is_timed: true, ..entry(RUN, Sort::Json, "What was done, with what, to which images.") },
];

/// Writes the file; the others are to be in their places.
pub(in crate::report) fn write(run: &Run) -> Result<()> {
    let path = run.dir.join(FILE);
    let resources: Vec<Value> = ENTRIES
        .iter()
        .filter_map(|entry| resource(&run.dir, entry).transpose())
        .collect::<io::Result<_>>()
        .map_err(|error| output_error(&path, &error))?;
    let package = json!({
        "$schema": PROFILE,
        "name": "cupule-run",
        "title": "EV-like particles in transmission electron micrographs",
        "description": "Results of cupule. EV-like means the shape of a vesicle; a micrograph cannot tell where it comes from.",
        "version": run.record.cupule_version,
        "resources": resources,
    });
    write_json(&path, &package)
}

/// Removes the file.
pub(in crate::report) fn remove(run: &Path) -> Result<()> {
    crate::report::write::remove(&run.join(FILE))
}

/// A file's description; `None` when it is not there.
fn resource(dir: &Path, entry: &Entry) -> io::Result<Option<Value>> {
    let path = dir.join(entry.file);
    let file = match File::open(&path) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound && entry.file == RUN => None,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut resource = json!({ "name": entry.file, "path": entry.file, "description": entry.about });
    match entry.sort {
        Sort::Table | Sort::TypedTable | Sort::OddTable => {
            let line = usize::from(entry.sort == Sort::TypedTable);
            resource["type"] = "table".into();
            resource["format"] = "csv".into();
            resource["mediatype"] = "text/csv".into();
            resource["encoding"] = "utf-8".into();
            match entry.sort {
                Sort::TypedTable => resource["dialect"] = json!({ "headerRows": [line + 1] }),
                Sort::OddTable => resource["dialect"] = json!({ "header": false, "commentRows": [1] }),
                _ => {}
            }
            resource["schema"] = schema(&headings(&path, line)?, entry.file);
        }
        Sort::Parquet => {
            resource["type"] = "table".into();
            resource["format"] = "parquet".into();
            resource["mediatype"] = "application/vnd.apache.parquet".into();
            resource["schema"] = schema(&PARTICLES.iter().map(|c| c.name.to_owned()).collect::<Vec<_>>(), entry.file);
        }
        Sort::Json => {
            resource["format"] = "json".into();
            resource["mediatype"] = "application/json".into();
        }
        Sort::Other(media) => resource["mediatype"] = media.into(),
    }
    if let Some(file) = file.filter(|_| !entry.is_timed && entry.sort != Sort::Parquet) {
        let (bytes, hash) = checksum(file)?;
        resource["bytes"] = bytes.into();
        resource["hash"] = format!("sha256:{hash}").into();
    }
    Ok(Some(resource))
}

/// The cells of a table's line of headings.
fn headings(path: &Path, line: usize) -> io::Result<Vec<String>> {
    let text = BufReader::new(File::open(path)?).lines().nth(line).transpose()?.unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let cells = reader.records().next().transpose().map_err(io::Error::other)?.unwrap_or_default();
    Ok(cells.iter().map(str::to_owned).collect())
}

/// The schema of a table of these columns.
fn schema(headings: &[String], file: &str) -> Value {
    let of_images = file == "images.csv";
    let fields: Vec<Value> = headings.iter().map(|heading| field(heading, of_images)).collect();
    let mut schema = json!({ "fields": fields, "missingValues": [""] });
    let key: &[&str] = match file {
        "particles.csv" => &["image", "particle_id"],
        "images.csv" => &["image"],
        _ => &[],
    };
    if !key.is_empty() {
        schema["primaryKey"] = json!(key);
    }
    schema
}

fn field(heading: &str, of_images: bool) -> Value {
    let own = match of_images {
        true => described(IMAGES, heading),
        false => described(PARTICLES, heading),
    };
    own.unwrap_or_else(|| {
        // Columns that other programs ask for, by their names.
        let (kind, about) = match heading {
            " " => ("integer", "Number of the row."),
            "index" | "label" => ("integer", "Label of the particle in its image, particle_id of particles.csv."),
            "Label" => ("string", "Image and particle, as the ROI Manager writes them."),
            "Image Name" => ("string", "File name of the image, as OMERO imports it."),
            _ => ("number", "As ImageJ's results table defines it; lengths in nm, in px without a pixel size."),
        };
        let name = if heading.trim().is_empty() { "row" } else { heading };
        json!({ "name": name, "type": kind, "description": about })
    })
}

/// The field of one of our own columns.
fn described<G>(columns: &[Column<G>], heading: &str) -> Option<Value> {
    let column = columns.iter().find(|column| column.name == heading)?;
    let kind = match column.kind {
        Kind::Text => "string",
        Kind::Number => "number",
        Kind::Integer => "integer",
    };
    let parts = [column.meaning, column.estimator, column.source].into_iter().filter(|part| !part.is_empty());
    let mut field = json!({ "name": heading, "type": kind, "description": parts.collect::<Vec<_>>().join(" ") });
    if !column.unit.is_empty() {
        field["unit"] = column.unit.into();
    }
    Some(field)
}

/// Length and SHA-256 of a file.
fn checksum(mut file: File) -> io::Result<(u64, String)> {
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut block = vec![0; 1 << 16];
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(&block[..count]);
        bytes += count as u64;
    }
    let hash = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hash))
}
