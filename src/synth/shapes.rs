//! Outer shapes, given as implicit functions in units of their size and traced along rays.

use super::dice::Dice;
use super::outline::{RAYS, angle_of, smoothed};
use std::f64::consts::TAU;

/// Farthest reach of an unscaled shape.
const UNIT_REACH: f64 = 4.0;
/// Passes that round off the corners of a collapsed polygon: a Gaussian of about 4 degrees.
const CORNER_STRIDES: [usize; 8] = [1, 2, 4, 6, 6, 4, 2, 1];
/// Passes that round off the corners of traced shapes.
const TRACED_STRIDES: [usize; 12] = [1; 12];

/// Outer shapes of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Circle,
    Ellipse,
    /// Polygon with rounded corners.
    Faceted,
    /// Polygon with sharp corners: crystals, never a vesicle.
    Angular,
    /// A round body with a bud.
    Pear,
    /// Indented on one side.
    Kidney,
    /// Elongated, with or without a waist.
    Rod,
    /// Long, two to three times as long as wide.
    Tube,
    /// A round body with a small blister.
    Bleb,
    /// Polygon whose sides have fallen in.
    Collapsed,
    /// Wavy outline of low order.
    Irregular,
    /// Ragged outline of all orders: debris, never a vesicle.
    Ragged,
    /// Several round lobes grown together: lumps, never a vesicle.
    Lobed,
}

impl Shape {
    /// Name used in the truth table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Ellipse => "ellipse",
            Self::Faceted => "faceted",
            Self::Angular => "angular",
            Self::Pear => "pear",
            Self::Kidney => "kidney",
            Self::Rod => "rod",
            Self::Tube => "tube",
            Self::Bleb => "bleb",
            Self::Collapsed => "collapsed",
            Self::Irregular => "irregular",
            Self::Ragged => "ragged",
            Self::Lobed => "lobed",
        }
    }
}

/// Radii of a random shape of roughly unit size.
pub(super) fn unit_radii(shape: Shape, dice: &mut Dice) -> Vec<f64> {
    match shape {
        Shape::Circle => vec![1.0; RAYS],
        Shape::Ellipse => {
            let aspect = dice.uniform(1.08, 1.7);
            traced(|x, y| libm::hypot(x / aspect, y) - 1.0)
        }
        Shape::Faceted | Shape::Angular => {
            let (sides, corner) = if shape == Shape::Faceted {
                (dice.count(5, 9), dice.uniform(0.1, 0.3))
            } else {
                (dice.count(4, 7), dice.uniform(0.02, 0.06))
            };
            let planes: Vec<_> = (0..sides)
                .map(|i| {
                    let angle = TAU * (i as f64 + dice.uniform(-0.22, 0.22)) / sides as f64;
                    (libm::cos(angle), libm::sin(angle), dice.uniform(0.85, 1.15))
                })
                .collect();
            traced(|x, y| {
                // A soft maximum over the half planes rounds the corners.
                let sum: f64 = planes.iter().map(|(c, s, d)| libm::exp((c * x + s * y - d) / corner)).sum();
                corner * libm::log(sum)
            })
        }
        Shape::Pear => {
            let bud = dice.uniform(0.3, 0.65);
            let distance = dice.uniform(0.85, 0.95 + 0.5 * bud);
            let neck = dice.uniform(0.08, 0.3);
            traced(|x, y| joined(libm::hypot(x, y) - 1.0, libm::hypot(x - distance, y) - bud, neck))
        }
        Shape::Kidney => {
            let dent = dice.uniform(0.35, 0.8);
            let depth = dice.uniform(0.12, 0.5);
            let aspect = dice.uniform(1.0, 1.5);
            let soft = dice.uniform(0.06, 0.2);
            let centre = 1.0 + dent - depth;
            traced(|x, y| -joined(1.0 - libm::hypot(x, y / aspect), libm::hypot(x - centre, y) - dent, soft))
        }
        Shape::Rod => {
            let half = dice.uniform(0.3, 1.4);
            let waist = if dice.chance(0.5) { dice.uniform(0.0, 0.35) } else { 0.0 };
            let taper = dice.uniform(-0.2, 0.2);
            traced(|x, y| {
                let radius = 1.0 - waist * libm::exp(-(x / 0.5).powi(2)) + taper * x / half;
                libm::hypot((x.abs() - half).max(0.0), y) - radius
            })
        }
        Shape::Tube => {
            let half = dice.uniform(1.0, 1.7);
            let bend = dice.uniform(-0.15, 0.15);
            let taper = dice.uniform(-0.15, 0.15);
            traced(|x, y| {
                let radius = 1.0 + taper * x / half;
                libm::hypot((x.abs() - half).max(0.0), y - bend * x * x) - radius
            })
        }
        Shape::Bleb => {
            let bud = dice.uniform(0.12, 0.35);
            let distance = dice.uniform(0.85, 1.0 + 0.6 * bud);
            let neck = dice.uniform(0.03, 0.12);
            traced(|x, y| joined(libm::hypot(x, y) - 1.0, libm::hypot(x - distance, y) - bud, neck))
        }
        Shape::Collapsed => {
            let sides = dice.count(5, 8);
            let corners: Vec<(f64, f64, f64)> = (0..sides)
                .map(|i| {
                    let angle = TAU * (i as f64 + dice.uniform(-0.2, 0.2)) / sides as f64;
                    (angle, dice.uniform(0.85, 1.2), dice.uniform(0.0, 0.08))
                })
                .collect();
            let radius: Vec<f64> = (0..RAYS)
                .map(|i| {
                    let angle = angle_of(i);
                    let next = corners.iter().position(|c| c.0 > angle).unwrap_or(0);
                    let (a, b) = (corners[(next + sides - 1) % sides], corners[next]);
                    let span = (b.0 - a.0).rem_euclid(TAU);
                    let off = (angle - a.0).rem_euclid(TAU);
                    // The straight line between two corners, then what it has sagged.
                    let straight = a.1 * b.1 * libm::sin(span) / (a.1 * libm::sin(off) + b.1 * libm::sin(span - off));
                    let t = off / span;
                    straight * (1.0 - a.2 * 4.0 * t * (1.0 - t))
                })
                .collect();
            smoothed(&radius, &CORNER_STRIDES)
        }
        Shape::Irregular => waves(dice, 2..6, 0.2, 1.3),
        Shape::Lobed => {
            let neck = dice.uniform(0.03, 0.2);
            let lobes: Vec<_> = (0..dice.count(3, 8))
                .map(|_| (dice.uniform(0.1, 0.8), dice.angle(), dice.uniform(0.3, 0.65)))
                .map(|(far, angle, radius)| (far * libm::cos(angle), far * libm::sin(angle), radius))
                .collect();
            // A core below them keeps the middle inside.
            traced(|x, y| {
                lobes
                    .iter()
                    .fold(libm::hypot(x, y) - 0.45, |near, (u, v, r)| joined(near, libm::hypot(x - u, y - v) - r, neck))
            })
        }
        Shape::Ragged => {
            let roughness = dice.uniform(0.25, 0.6);
            waves(dice, 1..60, roughness, 1.1)
        }
    }
}

/// Union of two implicit shapes with a rounded joint.
fn joined(a: f64, b: f64, soft: f64) -> f64 {
    let h = (soft - (a - b).abs()).max(0.0) / soft;
    a.min(b) - h * h * soft * 0.25
}

/// Radii of a sum of cosines whose amplitude falls with the order.
fn waves(dice: &mut Dice, orders: std::ops::Range<usize>, amplitude: f64, decay: f64) -> Vec<f64> {
    let waves: Vec<_> =
        orders.map(|k| (k as f64, amplitude * dice.normal() / libm::pow(k as f64, decay), dice.angle())).collect();
    (0..RAYS)
        .map(|i| (1.0 + waves.iter().map(|(k, a, p)| a * libm::cos(k * angle_of(i) + p)).sum::<f64>()).clamp(0.3, 2.0))
        .collect()
}

/// Radii of an implicit shape, negative inside: the outermost crossing on each ray, slightly smoothed so that a part
/// hidden behind another leaves no step.
fn traced(implicit: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    const STEP: f64 = 0.02;
    let radius: Vec<f64> = (0..RAYS)
        .map(|i| {
            let (sin, cos) = libm::sincos(angle_of(i));
            let at = |r: f64| implicit(r * cos, r * sin);
            let mut outer = UNIT_REACH;
            while outer > STEP && at(outer - STEP) > 0.0 {
                outer -= STEP;
            }
            let (mut low, mut high) = (outer - STEP, outer);
            for _ in 0..20 {
                let middle = 0.5 * (low + high);
                if at(middle) > 0.0 {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            low.max(STEP)
        })
        .collect();
    smoothed(&radius, &TRACED_STRIDES)
}
