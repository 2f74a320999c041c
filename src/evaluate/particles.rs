//! The candidates of `particles.csv`, as far as an evaluation needs them.

use super::find::image_name;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// One row of `particles.csv`; what is blank or has no column is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its label in the label picture, if it has one.
    pub id: u32,
    pub is_rejected: bool,
    /// Whether a lower `--min-confidence` would have accepted it, if it is rejected.
    pub is_for_confidence: bool,
    pub confidence: Option<f64>,
    pub x_px: Option<f64>,
    pub y_px: Option<f64>,
    pub diameter_px: Option<f64>,
    pub diameter_uncertainty_nm: Option<f64>,
}

/// The candidates by image, which is named as its folder below `images`; `None` when the folder is no output of
/// `cupule analyze`.
///
/// # Errors
/// [`Error::Input`] for a table that is damaged or has a row without an id.
pub fn read(out: &Path) -> Result<Option<BTreeMap<String, Vec<Candidate>>>> {
    let path = out.join("particles.csv");
    if !path.is_file() || !out.join("images").is_dir() {
        return Ok(None);
    }
    let folders = folders(&out.join("images.csv"))?;
    let mut images: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for row in rows(&path)? {
        let number = |column: &str| row.get(column).and_then(|v| v.parse::<f64>().ok()).filter(|v| v.is_finite());
        let text = |column: &str| row.get(column).map_or("", String::as_str);
        let Ok(id) = text("particle_id").parse() else {
            let cause = format!("'{}' is no particle_id", text("particle_id"));
            return Err(Error::input(&path, cause, REMEDY));
        };
        let image = text("image");
        let name = folders.get(image).map_or_else(|| image_name(image), String::as_str);
        images.entry(name.to_owned()).or_default().push(Candidate {
            id,
            is_rejected: text("status") == "rejected",
            is_for_confidence: text("reason").starts_with("confidence "),
            confidence: number("confidence"),
            x_px: number("x_px"),
            y_px: number("y_px"),
            diameter_px: number("diameter_px"),
            diameter_uncertainty_nm: number("diameter_uncertainty_nm"),
        });
    }
    Ok(Some(images))
}

const REMEDY: &str = "run cupule analyze again";

/// Folder of each image by its name in the tables, from `images.csv`; empty without that file.
fn folders(path: &Path) -> Result<BTreeMap<String, String>> {
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let folder = |mut row: Row| Some((row.remove("image")?, row.remove("output").filter(|o| !o.is_empty())?));
    Ok(rows(path)?.into_iter().filter_map(folder).collect())
}

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Result<Vec<Row>> {
    let broken = |error: csv::Error| Error::input(path, error, REMEDY);
    let mut reader = csv::Reader::from_path(path).map_err(broken)?;
    reader
        .deserialize()
        .map(|row| row.map_err(broken).map(|row: Row| row.into_iter().map(|(k, v)| (k, plain(v))).collect()))
        .collect()
}

/// A text without the apostrophe that keeps spreadsheets from taking it for a formula.
fn plain(text: String) -> String {
    match text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0'])) {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
