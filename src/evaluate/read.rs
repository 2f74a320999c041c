//! One file of outlines, whatever its form.

use super::circles::Circle;
use super::find::{Annotation, Form};
use super::roi::{self, Fault};
use super::{Content, Outlines, Shape, regions};
use crate::calibrate::{self, ScaleRequest};
use crate::error::{Error, Result};
use crate::image::Samples;
use crate::read::{Limits, load, read_bytes};
use std::path::Path;

/// Reads what an annotation says about its image. Warnings go to `warn`.
///
/// # Errors
/// [`Error::Input`] or [`Error::Unsupported`] for a file that is damaged or holds no outlines; with its name, the cause
/// and the remedy.
pub fn read(annotation: &Annotation, warn: &mut dyn FnMut(String)) -> Result<Content> {
    let path = &annotation.path;
    let plain = |outlines| Content { outlines, size_px: None, pixel_size: None };
    match &annotation.form {
        Form::Labels => labels(path, warn),
        Form::RoiZip => rois(path).map(|shapes| plain(Outlines::Shapes(shapes))),
        Form::Roi => {
            let shape = roi::decode(&load(path, &Limits::default())?).map_err(|fault| of_fault(path, fault))?;
            Ok(plain(Outlines::Shapes(vec![shape])))
        }
        Form::Circles { circles, is_nm: true } => Ok(plain(Outlines::CirclesNm(circles.clone()))),
        Form::Circles { circles, is_nm: false } => {
            let shapes = circles.iter().map(|&circle| shape(circle, [1.0, 1.0])).collect();
            Ok(plain(Outlines::Shapes(shapes)))
        }
    }
}

/// A circle as a shape, by the edges of a pixel along x and y in the circle's unit.
pub fn shape(circle: Circle, [pixel_x, pixel_y]: [f64; 2]) -> Shape {
    Shape::Ellipse {
        x_px: circle.x / pixel_x,
        y_px: circle.y / pixel_y,
        radius_x_px: circle.diameter / 2.0 / pixel_x,
        radius_y_px: circle.diameter / 2.0 / pixel_y,
    }
}

fn rois(path: &Path) -> Result<Vec<Shape>> {
    let rois = roi::decode_zip(&load(path, &Limits::default())?).map_err(|fault| of_fault(path, fault))?;
    rois.into_iter().map(|(name, shape)| shape.map_err(|fault| of_fault(&path.join(name), fault))).collect()
}

pub(super) fn of_fault(path: &Path, fault: Fault) -> Error {
    match fault {
        Fault::Damaged(cause) => Error::input(path, cause, "save it again with ImageJ"),
        Fault::Unsupported(cause, remedy) => Error::unsupported(path, cause, remedy),
    }
}

fn labels(path: &Path, warn: &mut dyn FnMut(String)) -> Result<Content> {
    let raw = read_bytes(path, &load(path, &Limits::default())?, &Limits::default(), 0)?;
    if raw.channels != 1 {
        return Err(Error::unsupported(
            path,
            format!("a label picture has one number per pixel, this one has {}", raw.channels),
            "save the labels as a grey picture of 8 or 16 bits",
        ));
    }
    let Some(label) = whole(&raw.samples) else {
        return Err(Error::unsupported(
            path,
            format!("its {} values are no labels: some are negative, broken or too large", raw.samples.type_name()),
            "save labels as whole numbers from 0 on, 0 being background",
        ));
    };
    let regions = regions::of_labels(&label, raw.width);
    if let [only] = regions.as_slice() {
        let parts = regions::part_count(only);
        if parts > 1 {
            let advice = "if these are several vesicles, give each a label of its own";
            warn(format!("{}: one label in {parts} separate parts; {advice}", path.display()));
        }
    }
    let scale = calibrate::pixel_size(&raw.statements, &ScaleRequest::default());
    Ok(Content {
        outlines: Outlines::Regions(regions),
        size_px: Some((raw.width, raw.height)),
        pixel_size: scale.pixel_size,
    })
}

/// Samples as labels, if all are whole numbers that fit.
fn whole(samples: &Samples) -> Option<Vec<u32>> {
    fn integers<T: Copy + TryInto<u32>>(values: &[T]) -> Option<Vec<u32>> {
        values.iter().map(|&v| v.try_into().ok()).collect()
    }
    // ImageJ's label plugins save reals.
    let real = |v: f64| (v.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&v)).then_some(v as u32);
    match samples {
        Samples::Bool(v) | Samples::U8(v) => integers(v),
        Samples::U16(v) => integers(v),
        Samples::U32(v) => integers(v),
        Samples::U64(v) => integers(v),
        Samples::I8(v) => integers(v),
        Samples::I16(v) => integers(v),
        Samples::I32(v) => integers(v),
        Samples::I64(v) => integers(v),
        Samples::F16(v) => v.iter().map(|v| real(v.to_f64())).collect(),
        Samples::F32(v) => v.iter().map(|&v| real(f64::from(v))).collect(),
        Samples::F64(v) => v.iter().map(|&v| real(v)).collect(),
    }
}
