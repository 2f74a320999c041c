//! Small samples whose figures can be computed by hand, for the tests of this room.

use super::{Collector, Field, Population, Sized};
use crate::units::PixelSize;

/// A disc with an extent of as many px as it has nm.
pub fn disc(diameter: f64) -> Sized {
    Sized {
        diameter,
        width_px: diameter,
        height_px: diameter,
        circularity: 1.0,
        aspect_ratio: 1.0,
        cup_depth: None,
        is_cup_shaped: false,
    }
}

/// A field so large that no particle is cut off to speak of.
pub fn field(diameters_nm: &[f64]) -> Field {
    Field {
        size_px: (1_000_000, 1_000_000),
        pixel_size: PixelSize::square(1.0),
        marks: Vec::new(),
        accepted: diameters_nm.iter().map(|&d| disc(d)).collect(),
        border_count: 0,
        rejected: Default::default(),
    }
}

pub fn population(fields: impl IntoIterator<Item = Field>) -> Population {
    let mut collector = Collector::default();
    fields.into_iter().for_each(|field| collector.add_field(&field));
    collector.finish()
}

/// # Panics
/// When two numbers are farther apart than `within`.
#[track_caller]
pub fn close(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "found {found}, expected {expected}");
}
