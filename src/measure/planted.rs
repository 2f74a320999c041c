//! Pictures and outlines of known shape, for the tests of this room.

use crate::segment::{Contour, Polarity, RAYS};
use std::f64::consts::TAU;

/// An outline with a radius given by the angle; lighter than its surroundings.
pub fn outline(x: f64, y: f64, radius: impl Fn(f64) -> f64) -> Contour {
    let radius = std::array::from_fn(|k| radius(TAU * k as f64 / RAYS as f64) as f32);
    Contour { x, y, radius, polarity: Polarity::Lighter, reward: 0.8 }
}

pub fn circle(x: f64, y: f64, radius: f64) -> Contour {
    outline(x, y, |_| radius)
}

/// A square picture with a value given by the pixels' indices.
pub fn square(side: usize, value: impl Fn(f64, f64) -> f64) -> Vec<f32> {
    (0..side * side).map(|i| value((i % side) as f64, (i / side) as f64) as f32).collect()
}

/// # Panics
/// When two numbers are farther apart than `within`.
#[track_caller]
pub fn close(found: impl Into<f64>, expected: impl Into<f64>, within: f64) {
    let (found, expected) = (found.into(), expected.into());
    assert!((found - expected).abs() <= within, "found {found}, expected {expected}");
}

/// # Panics
/// When two rows of numbers differ in length or anywhere by more than `within`.
#[track_caller]
pub fn all_close(found: &[f32], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    let same = found.iter().zip(expected).all(|(f, e)| (f64::from(*f) - e).abs() <= within);
    assert!(same, "found {found:?}, expected {expected:?}");
}
