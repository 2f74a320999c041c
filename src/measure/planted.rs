//! Pictures and outlines of known shape, for the tests of this room.

// Said here as well as where the module is named: the tests may use devices, which the room must not know.
#[cfg(test)]
use super::Scene;
use crate::calibrate::Working;
use crate::gpu::Device;
use crate::gpu::tiles::Picture;
use crate::network::{Evidence, look};
use crate::segment::{Contour, Polarity, RAYS};
use std::f64::consts::TAU;
use std::sync::OnceLock;

/// Edge of [`Field`], working pixels of 1 nm, each of two original ones.
pub const FIELD: usize = 128;
/// Bodies in it: centre and radius, working pixels; the second one is cut by the right border.
pub const BODIES: [[f64; 3]; 2] = [[48.0, 46.0, 20.0], [122.0, 14.0, 13.0]];

/// Two light bodies on an even film, with all that a scene has.
pub struct Field {
    working: Working,
    grey: Vec<u16>,
    raw: Vec<u16>,
    evidence: Evidence,
}

impl Field {
    /// The same for every test, because the network takes its time.
    pub fn get() -> &'static Self {
        static FIELD: OnceLock<Field> = OnceLock::new();
        FIELD.get_or_init(Self::new)
    }

    fn new() -> Self {
        let grey = square(FIELD, |x, y| {
            // Edges fall over four pixels.
            let height = |[cx, cy, r]: [f64; 3]| ((r + 2.0 - libm::hypot(x - cx, y - cy)) / 4.0).clamp(0.0, 1.0);
            20_000.0 + 10_000.0 * BODIES.map(height).into_iter().fold(0.0, f64::max)
        });
        let grey: Vec<u16> = grey.into_iter().map(|v| v.round() as u16).collect();
        let working = Working {
            picture: Picture::new(grey.clone(), (FIELD, FIELD)),
            width: FIELD,
            height: FIELD,
            factor: 2,
            pixel_nm: 1.0,
            grey_per_unit: 0.5,
            grey_at_zero: 100.0,
        };
        let evidence = look(&Device::Native, &working).unwrap();
        Self {
            working,
            raw: (0..)
                .zip(&grey)
                .map(|(i, v)| if (i / FIELD + i).is_multiple_of(2) { v + 64 } else { v + 32 })
                .collect(),
            grey,
            evidence,
        }
    }

    /// The picture before denoising is a little lighter, and chequered, so that they can be told apart.
    pub fn scene(&self) -> Scene<'_> {
        Scene { working: &self.working, grey: &self.grey, raw: &self.raw, noise: 500.0, evidence: &self.evidence }
    }
}

/// The outline of one of the bodies.
pub fn body(number: usize) -> Contour {
    let [x, y, radius] = BODIES[number];
    circle(x, y, radius)
}

/// An outline with a radius given by the angle; lighter than its surroundings.
pub fn outline(x: f64, y: f64, radius: impl Fn(f64) -> f64) -> Contour {
    let radius = std::array::from_fn(|k| radius(TAU * k as f64 / RAYS as f64) as f32);
    Contour { x, y, radius, polarity: Polarity::Lighter, reward: 0.8 }
}

pub fn circle(x: f64, y: f64, radius: f64) -> Contour {
    outline(x, y, |_| radius)
}

/// Semi-axes; the first one turned by so much towards y.
pub fn ellipse(x: f64, y: f64, [a, b]: [f64; 2], turned: f64) -> Contour {
    outline(x, y, |t| a * b / libm::hypot(b * libm::cos(t - turned), a * libm::sin(t - turned)))
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
