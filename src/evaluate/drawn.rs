//! Outlines with their names, as Fiji or QuPath save them: for taking them back into a run.

use super::Shape;
use super::read::of_fault;
use super::roi::{self, Fault};
use crate::error::{Error, Result};
use crate::read::{Limits, load};
use serde_json::Value;
use std::f64::consts::TAU;
use std::path::Path;

/// Vertices of an ellipse: the chord's sag stays below 0.05 % of the radius.
const ELLIPSE_VERTICES: usize = 128;

/// A closed polygon `[x, y]` in px with its name.
pub type Named = (String, Vec<[f64; 2]>);

/// Reads a zip of ROIs, a `.roi` file or a GeoJSON file.
///
/// # Errors
/// [`Error::Input`] or [`Error::Unsupported`] for a file that is damaged, or an outline that is no single polygon; with its
/// name, the cause and the remedy.
pub fn drawn(path: &Path) -> Result<Vec<Named>> {
    let bytes = load(path, &Limits::default())?;
    let shapes = if bytes.starts_with(b"PK") {
        roi::decode_zip(&bytes).map_err(|fault| of_fault(path, fault))?
    } else if bytes.starts_with(b"Iout") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        vec![(name, roi::decode(&bytes))]
    } else {
        return geojson(path, &bytes);
    };
    let polygon = |(name, shape): (String, std::result::Result<Shape, Fault>)| {
        let shape = shape.map_err(|fault| of_fault(&path.join(&name), fault))?;
        match polygon(shape) {
            Some(polygon) => Ok((name, polygon)),
            None => Err(several(path, &name)),
        }
    };
    shapes.into_iter().map(polygon).collect()
}

fn several(path: &Path, name: &str) -> Error {
    let cause = format!("'{name}' is made of several pieces, or has a hole");
    Error::unsupported(path, cause, "draw a particle as one closed outline")
}

fn polygon(shape: Shape) -> Option<Vec<[f64; 2]>> {
    match shape {
        Shape::Polygons(mut polygons) if polygons.len() == 1 => polygons.pop(),
        Shape::Polygons(_) => None,
        Shape::Ellipse { x_px, y_px, radius_x_px, radius_y_px } => {
            let vertex = |i: usize| {
                let (sin, cos) = libm::sincos(TAU * i as f64 / ELLIPSE_VERTICES as f64);
                [x_px + radius_x_px * cos, y_px + radius_y_px * sin]
            };
            Some((0..ELLIPSE_VERTICES).map(vertex).collect())
        }
    }
}

/// The polygons of QuPath's features (RFC 7946); a name is in the properties.
fn geojson(path: &Path, bytes: &[u8]) -> Result<Vec<Named>> {
    let remedy = "give a zip of ImageJ's ROI Manager, a .roi file, or a GeoJSON file of QuPath";
    let json: Value = serde_json::from_slice(bytes).map_err(|error| {
        Error::unsupported(path, format!("these are no outlines that can be read ({error})"), remedy)
    })?;
    let features = match (&json["features"], json.as_array()) {
        (Value::Array(features), _) => features,
        // QuPath can leave the collection away.
        (_, Some(features)) => features,
        _ => return Err(Error::unsupported(path, "the JSON has no list of features", remedy)),
    };
    features
        .iter()
        .map(|feature| {
            let name = feature["properties"]["name"].as_str().unwrap_or_default().to_owned();
            let geometry = &feature["geometry"];
            match (geometry["type"].as_str(), geometry["coordinates"].as_array().map(Vec::as_slice)) {
                (Some("Polygon"), Some([ring])) => {
                    let vertices: Option<Vec<[f64; 2]>> = ring.as_array().and_then(|ring| {
                        ring.iter().map(|vertex| Some([vertex[0].as_f64()?, vertex[1].as_f64()?])).collect()
                    });
                    let mut vertices = vertices
                        .ok_or_else(|| Error::input(path, format!("'{name}' has a vertex that is none"), remedy))?;
                    // The first vertex is repeated as the last.
                    if vertices.len() > 1 && vertices.first() == vertices.last() {
                        vertices.pop();
                    }
                    Ok((name, vertices))
                }
                (Some("Polygon" | "MultiPolygon"), _) => Err(several(path, &name)),
                (other, _) => {
                    let other = other.unwrap_or("nothing");
                    Err(Error::unsupported(
                        path,
                        format!("'{name}' is a {other}, not a polygon"),
                        "draw it as a polygon",
                    ))
                }
            }
        })
        .collect()
}
