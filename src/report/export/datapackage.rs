//! `datapackage.json`: what lies in the run's folder and what each column means, as a Frictionless Data Package.
//!
//! Names, types, units and meanings are those of [`crate::report::columns`]; which columns a table has, it says itself.
//! Source: the Data Package and Table Schema standards, version 2 (datapackage.org). Paths are relative to the folder.

use crate::atomic::{output_error, write_json};
use crate::error::Result;
use crate::report::columns::{Column, IMAGES, Kind, PARTICLES};
use crate::report::failed::FAILED;
use crate::report::inventory::{ENTRIES, Entry, Sort};
use crate::results::{RUN, Run, sha256_of};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

/// Name of the file.
pub(in crate::report) const FILE: &str = "datapackage.json";
pub(super) const PROFILE: &str = "https://datapackage.org/profiles/2.0/datapackage.json";

/// Writes the file; the others are to be in their places.
pub(in crate::report) fn write(run: &Run) -> Result<()> {
    let path = run.dir.join(FILE);
    let resources: Vec<Value> = ENTRIES
        .iter()
        .filter(|entry| entry.sort != Sort::OwnJson)
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
    crate::atomic::remove_file(&run.join(FILE))
}

/// A file's description; `None` when it is not there.
fn resource(dir: &Path, entry: &Entry) -> io::Result<Option<Value>> {
    let path = dir.join(entry.file);
    let has_bytes = match File::open(&path) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::NotFound && entry.file == RUN => false,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut resource = json!({ "name": entry.file, "path": entry.file, "description": entry.about });
    resource["mediatype"] = entry.sort.media_type().into();
    match entry.sort {
        Sort::Table | Sort::TypedTable | Sort::OddTable => {
            let line = usize::from(entry.sort == Sort::TypedTable);
            resource["type"] = "table".into();
            resource["format"] = "csv".into();
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
            resource["schema"] = schema(&PARTICLES.iter().map(|c| c.name.to_owned()).collect::<Vec<_>>(), entry.file);
        }
        Sort::Json => resource["format"] = "json".into(),
        Sort::OwnJson | Sort::Other(_) => {}
    }
    if has_bytes && !entry.is_timed && entry.sort != Sort::Parquet {
        let (hash, bytes) = sha256_of(&path)?;
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
    let of_images = ["images.csv", FAILED].contains(&file);
    let fields: Vec<Value> = headings.iter().map(|heading| field(heading, of_images)).collect();
    let mut schema = json!({ "fields": fields, "missingValues": [""] });
    let key: &[&str] = match file {
        "particles.csv" => &["image", "particle_id"],
        "images.csv" | FAILED => &["image"],
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
            "cause" => ("string", "Why the image could not be analysed."),
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
