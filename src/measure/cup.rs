//! What makes a cup: where the dent is and how wide the rim around it.

use super::features::Picture;
use crate::segment::{Contour, RAY_DIRECTIONS, RAYS};

/// Rings of equal area, up to [`DENT_REACH`] of the radius, on which the dent is looked for.
const RINGS: usize = 12;
/// Share of the radius within which a dent is looked for: short of the rim's own flank.
const DENT_REACH: f64 = 0.85;
/// Depth, over the rim's step to the surroundings, from which there is a dent to speak of: more than grain makes.
const DENT_MIN: f64 = 0.2;
/// Share of the deepest places (their 90th percentile) from which a place counts as the dent.
const DENT_SHARE: f64 = 0.5;
/// Distance between samples across the rim, working pixels.
const STEP_PX: f64 = 0.25;
/// Largest share of the radius that a rim may take: beyond it the body is filled.
const RIM_REACH: f64 = 0.9;

/// A rim and what it surrounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cup {
    /// Distance between the dent's and the outline's centre over the outline's mean radius; `None` without a dent.
    pub dent_offset: Option<f64>,
    /// Distance from the outer edge to where the rim has fallen half way to the middle's grey value, working pixels;
    /// `None` where it never does.
    pub rim_width_px: Option<f64>,
}

impl Cup {
    /// Reads the inside of a contour whose outer edge lies `offset_px` outside its steepest slope. `rim` and `surroundings`
    /// are mean grey values.
    pub fn new(picture: &Picture, contour: &Contour, offset_px: f64, rim: f64, surroundings: f64) -> Self {
        let step = rim - surroundings;
        if step * f64::from(contour.polarity.sign()) <= 0.0 {
            return Self::default();
        }
        Self {
            dent_offset: dent_offset(picture, contour, rim, step),
            rim_width_px: rim_width(picture, contour, step.signum()).map(|width| width + offset_px),
        }
    }
}

/// Centre of what lies deepest, from the centre of the outline, over its mean radius.
fn dent_offset(picture: &Picture, contour: &Contour, rim: f64, step: f64) -> Option<f64> {
    let mut samples = Vec::with_capacity(RAYS * RINGS);
    for (k, [cos, sin]) in RAY_DIRECTIONS.iter().enumerate() {
        let radius = f64::from(contour.radius[k]);
        for ring in 0..RINGS {
            let d = DENT_REACH * radius * ((ring as f64 + 0.5) / RINGS as f64).sqrt();
            let (dx, dy) = (d * cos, d * sin);
            let grey = picture.at((contour.x + dx) as f32, (contour.y + dy) as f32);
            // Each sample stands for an area that grows with the square of the ray's length.
            samples.push(((rim - f64::from(grey)) / step, dx, dy, radius * radius));
        }
    }
    let mut depths: Vec<f64> = samples.iter().map(|s| s.0).collect();
    depths.sort_by(f64::total_cmp);
    let deepest = depths[depths.len() * 9 / 10];
    if deepest < DENT_MIN {
        return None;
    }
    let weight = |&(depth, .., area): &(f64, f64, f64, f64)| (depth - DENT_SHARE * deepest).max(0.0) * area;
    let total: f64 = samples.iter().map(weight).sum();
    let x: f64 = samples.iter().map(|s| weight(s) * s.1).sum();
    let y: f64 = samples.iter().map(|s| weight(s) * s.2).sum();
    Some(x.hypot(y) / total / contour.mean_radius())
}

/// Distance from the steepest slope inwards to where the rim is half way down, working pixels; grey values are averaged
/// over all rays at equal distances from the slope.
fn rim_width(picture: &Picture, contour: &Contour, sign: f64) -> Option<f64> {
    let count = (RIM_REACH * contour.mean_radius() / STEP_PX) as usize;
    let inwards = |i: usize| {
        let sum: f64 = (0..RAYS)
            .map(|k| {
                let [cos, sin] = RAY_DIRECTIONS[k];
                let d = (f64::from(contour.radius[k]) - i as f64 * STEP_PX).max(0.0);
                f64::from(picture.at((contour.x + d * cos) as f32, (contour.y + d * sin) as f32))
            })
            .sum();
        sign * sum / RAYS as f64
    };
    let profile: Vec<f64> = (0..=count).map(inwards).collect();
    let crest = (0..profile.len() * 2 / 3).max_by(|&a, &b| profile[a].total_cmp(&profile[b]).then(b.cmp(&a)))?;
    let floor = profile[crest..].iter().fold(f64::MAX, |m, &v| m.min(v));
    let outside = profile[0];
    // A middle nearly as light as the rim: the body is filled.
    if profile[crest] - floor < DENT_MIN * 2.0 * (profile[crest] - outside).max(0.0) || profile[crest] <= floor {
        return None;
    }
    let half = 0.5 * (profile[crest] + floor);
    let fallen = (crest..profile.len()).find(|&i| profile[i] <= half)?;
    let (before, after) = (profile[fallen.max(1) - 1], profile[fallen]);
    let part = if before > after { (before - half) / (before - after) } else { 1.0 };
    Some((fallen as f64 - 1.0 + part) * STEP_PX)
}
