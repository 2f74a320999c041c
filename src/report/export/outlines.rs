//! `outlines.geojson`: outlines for QuPath, which reads it by drag and drop or with `importObjectsFromFile`.
//!
//! The form is that of QuPath's public `QuPathTypeAdapters`: pixels from the top-left corner, y down, numbers in
//! `measurements` and text in `metadata`. A measurement that is not known is left out, as QuPath takes no NaN everywhere.
//! The program's outlines are simple polygons; one that a person drew across itself stays as it was drawn.

use super::identity::{class_colour, name, status_colour, uuid};
use crate::report::columns::{PARTICLES, ParticleColumn, Value};
use crate::report::csv::decimal;

use crate::report::{ParticleRow, rows};
use crate::results::ImageResult;
use serde_json::{Map, Value as Json, json};
use std::io::{self, Write};

/// Writes the outlines of the vesicles of an image, one feature per line.
pub fn write_outlines(out: &mut dyn Write, image: &ImageResult) -> io::Result<()> {
    write!(out, r#"{{"type":"FeatureCollection","features":["#)?;
    for (i, row) in rows(image).filter(|row| row.particle.is_vesicle()).enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &feature(image, &row))?;
    }
    out.write_all(b"\n]}\n")
}

fn feature(image: &ImageResult, row: &ParticleRow<'_>) -> Json {
    let particle = row.particle;
    let mut ring: Vec<[f64; 2]> = particle.polygon.iter().map(|&vertex| rounded(vertex)).collect();
    ring.extend(ring.first().copied());
    let mut metadata = Map::new();
    for column in PARTICLES.iter().filter(|column| TOLD.contains(&column.name)) {
        if let Value::Text(text) = (column.get)(row) {
            metadata.insert(title(column), text.into());
        }
    }
    metadata.insert("Particle id".into(), particle.id.to_string().into());
    json!({
        "type": "Feature",
        "id": uuid(image, &format!("particle {}", particle.id)),
        "geometry": { "type": "Polygon", "coordinates": [ring] },
        "properties": {
            "objectType": "detection",
            "name": name(particle),
            "color": status_colour(particle.status),
            "classification": { "name": particle.class.name(), "color": class_colour(particle.class) },
            "isLocked": false,
            "measurements": measurements(row),
            "metadata": metadata,
        },
    })
}

/// Columns that are told as text.
const TOLD: [&str; 6] = ["status", "polarity", "machine_status", "machine_class", "curated_by", "curated_utc"];

/// All numbers of `particles.csv` but the positions, which QuPath has of its own; lengths in px only where there is no
/// pixel size.
fn measurements(row: &ParticleRow<'_>) -> Map<String, Json> {
    let is_given = |column: &&ParticleColumn| {
        let is_position = column.name.starts_with("x_") || column.name.starts_with("y_");
        let is_px = column.unit.starts_with("px");
        !(is_position || is_px && row.pixel_size.is_some())
    };
    let number = |column: &ParticleColumn| match (column.get)(row) {
        Value::Number(number) => decimal(number).parse::<f64>().ok(),
        _ => None,
    };
    PARTICLES.iter().filter(is_given).filter_map(|c| Some((title(c), number(c)?.into()))).collect()
}

/// `area_nm2` of unit `nm²` as QuPath names its own measurements: `Area nm^2`.
fn title(column: &ParticleColumn) -> String {
    let unit = column.unit.replace('²', "^2");
    let suffix = format!("_{}", column.unit.replace('²', "2"));
    let words = column.name.strip_suffix(&suffix).unwrap_or(column.name).replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{} {unit}", letters.as_str()).trim_end().into()
}

/// To a ten-thousandth of a pixel, which nothing can tell from the whole number of digits.
pub(super) fn rounded(vertex: [f64; 2]) -> [f64; 2] {
    vertex.map(|v| (v * 1e4).round() / 1e4)
}
