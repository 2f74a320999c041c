//! `coco.json`: the vesicles as COCO annotations, for training and judging detectors.
//!
//! Annotated is what counts as a vesicle, cut-off ones included, as a detector is to find those too; `attributes` tells
//! them apart. Categories are the classes of vesicles. `area` is in pixels, `score` is the confidence, which an outline
//! that a person drew has not. Outlines and boxes end at the picture's border. An image that failed is not listed.

use super::outlines::rounded;
use crate::atomic::{WholeFile, output_error};
use crate::error::Result;
use crate::measure::{Class, Status};
use crate::report::Sink;
use crate::results::{ImageResult, Particle};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// The file while it grows: images go into it, annotations, which come behind all images, into another until the end.
pub struct Coco {
    path: PathBuf,
    out: WholeFile,
    annotations: BufWriter<File>,
    image_count: usize,
    annotation_count: usize,
}

impl Coco {
    /// Starts the file.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(path: &Path) -> Result<Self> {
        let failed = |error| output_error(path, &error);
        let mut out = WholeFile::create(path)?;
        let spool = match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile_in("."),
        };
        let annotations = BufWriter::new(spool.map_err(failed)?);
        let info = json!({ "description": "Vesicles found by cupule", "version": env!("CARGO_PKG_VERSION") });
        write!(out, r#"{{"info":{info},"licenses":[],"images":["#).map_err(failed)?;
        Ok(Self { path: path.into(), out, annotations, image_count: 0, annotation_count: 0 })
    }

    fn append(&mut self, image: &ImageResult) -> io::Result<()> {
        let (width, height) = image.size_px();
        self.image_count += 1;
        let entry = json!({
            "id": self.image_count, "file_name": image.row.image, "width": width, "height": height,
        });
        write_item(&mut self.out, self.image_count, &entry)?;
        for particle in image.particles.iter().filter(|p| p.is_vesicle()) {
            let id = self.annotation_count + 1;
            if let Some(annotation) = annotation(particle, (width as f64, height as f64), id, self.image_count) {
                self.annotation_count = id;
                write_item(&mut self.annotations, id, &annotation)?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n],\"annotations\":[")?;
        self.annotations.flush()?;
        let spool = self.annotations.get_mut();
        spool.rewind()?;
        io::copy(spool, &mut self.out)?;
        let categories: Vec<Value> = Class::ALL.into_iter().filter(|c| c.is_vesicle()).map(category).collect();
        writeln!(self.out, "\n],\"categories\":{}}}", json!(categories))
    }
}

impl Sink for Coco {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        if image.row.width_px.is_none() {
            return Ok(());
        }
        self.append(image).map_err(|error| output_error(&self.path, &error))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.close().map_err(|error| output_error(&self.path, &error))?;
        self.out.commit()
    }
}

/// One item of a list per line; `place` counts from 1.
fn write_item(out: &mut dyn Write, place: usize, item: &Value) -> io::Result<()> {
    out.write_all(if place == 1 { b"\n" } else { b",\n" })?;
    Ok(serde_json::to_writer(out, item)?)
}

/// `None` when no part of the outline is in the picture.
fn annotation(particle: &Particle, size: (f64, f64), id: usize, image_id: usize) -> Option<Value> {
    let polygon = clipped(&particle.polygon, size);
    let range = |axis: usize| {
        let values = || polygon.iter().map(|v| v[axis]);
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (top, bottom)) = (range(0), range(1));
    if polygon.len() < 3 {
        return None;
    }
    let coordinates: Vec<f64> = polygon.iter().flat_map(|&v| rounded(v)).collect();
    let [x, y] = rounded([left, top]);
    let [width, height] = rounded([right - left, bottom - top]);
    let mut annotation = json!({
        "id": id,
        "image_id": image_id,
        "category_id": category_id(particle.class),
        "segmentation": [coordinates],
        "bbox": [x, y, width, height],
        "area": particle.shape.area_px2,
        "iscrowd": 0,
        "attributes": {
            "particle_id": particle.id,
            "status": particle.status.name(),
            "truncated": particle.status == Status::Border,
            "curated": particle.decision.is_some(),
        },
    });
    if let Some(confidence) = particle.confidence {
        annotation["score"] = confidence.into();
    }
    Some(annotation)
}

fn category_id(class: Class) -> usize {
    Class::ALL.iter().position(|&c| c == class).unwrap_or_default() + 1
}

fn category(class: Class) -> Value {
    json!({ "id": category_id(class), "name": class.name(), "supercategory": "vesicle" })
}

/// The part of a polygon inside a picture of (width, height): one side after the other cuts off what lies beyond
/// (Sutherland and Hodgman 1974).
fn clipped(polygon: &[[f64; 2]], (width, height): (f64, f64)) -> Vec<[f64; 2]> {
    let sides = [(0, 0.0, 1.0), (0, width, -1.0), (1, 0.0, 1.0), (1, height, -1.0)];
    sides.into_iter().fold(polygon.to_vec(), |polygon, (axis, limit, inward)| {
        let inside = |v: &[f64; 2]| (v[axis] - limit) * inward >= 0.0;
        let before = polygon.iter().cycle().skip(polygon.len().saturating_sub(1));
        let mut kept = Vec::with_capacity(polygon.len());
        for (a, b) in before.zip(&polygon) {
            if inside(a) != inside(b) {
                let t = (limit - a[axis]) / (b[axis] - a[axis]);
                let other = 1 - axis;
                let mut crossing = [limit; 2];
                crossing[other] = a[other] + t * (b[other] - a[other]);
                kept.push(crossing);
            }
            if inside(b) {
                kept.push(*b);
            }
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_end_at_the_border_and_nowhere_before() {
        let area = |p: &[[f64; 2]]| {
            let edges = p.iter().zip(p.iter().cycle().skip(1));
            edges.map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>().abs() / 2.0
        };
        let square = [[-2.0, -3.0], [4.0, -3.0], [4.0, 5.0], [-2.0, 5.0]];
        assert_eq!(area(&clipped(&square, (10.0, 10.0))), 20.0);
        assert_eq!(area(&clipped(&square, (3.0, 4.0))), 12.0);
        assert_eq!(area(&clipped(&square.map(|[x, y]| [x + 3.0, y + 3.5]), (10.0, 10.0))), 48.0);
        assert_eq!(clipped(&square.map(|[x, y]| [x + 30.0, y]), (10.0, 10.0)), Vec::<[f64; 2]>::new());
    }
}
