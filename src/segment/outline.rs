//! A closed outline around a centre, as radii along evenly spread rays.

use super::Contour;
use crate::calibrate::Working;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::f64::consts::TAU;
use std::sync::LazyLock;

/// Rays of an outline. At 64 a 150 nm vesicle has a vertex every 7 nm, about a membrane's thickness.
pub const RAYS: usize = 64;

/// Cosine and sine of each ray.
pub static RAY_DIRECTIONS: LazyLock<[[f64; 2]; RAYS]> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        let (sin, cos) = libm::sincos(TAU * k as f64 / RAYS as f64);
        [cos, sin]
    })
});

/// Vertices drawn between two rays: the chord's sag then stays below 0.01 % of the radius.
const SUBDIVISIONS: usize = 4;

/// Whether a vesicle is lighter or darker than its immediate surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    Lighter,
    Darker,
}

impl Polarity {
    /// +1 for lighter, -1 for darker.
    pub fn sign(self) -> f32 {
        match self {
            Self::Lighter => 1.0,
            Self::Darker => -1.0,
        }
    }

    /// The word used in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lighter => "lighter",
            Self::Darker => "darker",
        }
    }
}

/// A closed, star-shaped, sub-pixel outline in pixels of the original image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Centre of the rays, px.
    pub x_px: f64,
    /// Centre of the rays, px.
    pub y_px: f64,
    /// Distance of the edge along each ray, px; ray `k` points to the angle `TAU * k / RAYS`, clockwise on screen.
    #[serde(serialize_with = "write_radii", deserialize_with = "read_radii")]
    pub radius_px: [f32; RAYS],
    pub polarity: Polarity,
}

impl Outline {
    /// A contour in pixels of the original image.
    pub fn new(contour: &Contour, working: &Working) -> Self {
        Self {
            x_px: working.to_original_px(contour.x),
            y_px: working.to_original_px(contour.y),
            radius_px: contour.radius.map(|r| r * working.factor as f32),
            polarity: contour.polarity,
        }
    }

    /// Distance of the edge at any angle, px: a periodic Catmull-Rom spline through the rays.
    pub fn radius_at(&self, angle: f64) -> f64 {
        let position = (angle / TAU).rem_euclid(1.0) * RAYS as f64;
        let k = position.floor();
        let t = position - k;
        let r = |d: isize| f64::from(self.radius_px[(k as isize + d).rem_euclid(RAYS as isize) as usize]);
        let (a, b, c, d) = (r(-1), r(0), r(1), r(2));
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    }

    /// The outline as a closed polygon `[x, y]` in px; the first vertex is not repeated.
    pub fn polygon(&self) -> Vec<[f64; 2]> {
        let n = RAYS * SUBDIVISIONS;
        (0..n)
            .map(|i| {
                let angle = TAU * i as f64 / n as f64;
                let r = self.radius_at(angle);
                [self.x_px + r * libm::cos(angle), self.y_px + r * libm::sin(angle)]
            })
            .collect()
    }

    /// Mean distance of the edge, px.
    pub fn mean_radius_px(&self) -> f64 {
        self.radius_px.iter().map(|&r| f64::from(r)).sum::<f64>() / RAYS as f64
    }
}

/// serde writes arrays of up to 32 numbers only.
fn write_radii<S: Serializer>(radii: &[f32; RAYS], to: S) -> Result<S::Ok, S::Error> {
    radii.as_slice().serialize(to)
}

fn read_radii<'de, D: Deserializer<'de>>(from: D) -> Result<[f32; RAYS], D::Error> {
    let radii = Vec::<f32>::deserialize(from)?;
    let count = radii.len();
    radii.try_into().map_err(|_| serde::de::Error::custom(format!("an outline has {RAYS} radii, not {count}")))
}
