//! How good the picture behind the particles is: stain, grain, saturation, sharpness, crowding.
//!
//! All are pure functions of the working picture and the outlines, and invariant to gain and offset of the camera. None has
//! a limit that a guideline would set.

mod grain;
mod stain;

use super::{Class, Measured, Original, Scene, Seen, Status};
use crate::image::{Micrograph, covered};
use crate::segment::{RAY_DIRECTIONS, RAYS};
use grain::granularity;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use stain::stain_gradient;

/// How far from the outline to either side an edge is read, nm, and in which steps.
const EDGE_REACH_NM: f64 = 15.0;
const EDGE_STEP_NM: f64 = 0.5;
/// An edge lasts from a tenth to nine tenths of its height: the usual 10-90 % rise distance of an edge spread function.
const RISE: (f64, f64) = (0.1, 0.9);
/// Two vesicles whose outlines come closer than this are crowded, nm: two membranes with their stain.
pub const CROWDED_NM: f64 = 10.0;

/// Figures of one image. `None` where the picture has nothing to measure it by.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// Swing (5th to 95th percentile) of a second-order surface fitted to the film, over the noise.
    pub stain_gradient: Option<f64>,
    /// Standard deviation of the film in the band from 2 to 10 nm over that of the noise.
    pub granularity: Option<f64>,
    /// Median over the accepted vesicles of the distance in which the grey value rises from 10 to 90 % across the outline,
    /// nm.
    pub edge_width_nm: Option<f64>,
    /// Share of the pixels that have the picture's smallest or its largest grey value.
    pub saturated_share: Option<f64>,
    /// Median step across the outlines of the accepted vesicles over the noise.
    pub rim_contrast: Option<f64>,
    /// Shares of the picture, marks left out, inside vesicles, and inside aggregates, precipitate and debris.
    pub vesicle_share: Option<f64>,
    pub clutter_share: Option<f64>,
    /// Share of the vesicles whose outline comes within 10 nm of another's.
    pub crowded_share: Option<f64>,
}

impl Quality {
    /// Measures a picture and what was found in it.
    pub fn new(scene: &Scene, micrograph: &Micrograph, measured: &Measured) -> Self {
        let picture = Picture {
            grey: scene.raw,
            width: scene.working.width,
            height: scene.working.height,
            pixel_nm: scene.working.pixel_nm,
            noise: scene.noise,
        };
        let is_scaled = micrograph.pixel_size.is_some();
        let denoised = Picture { grey: scene.grey, ..picture };
        let grain = || if is_scaled { granularity(&picture) } else { None };
        let edges = || edge_width_nm(&picture, scene.working.factor, measured).filter(|_| is_scaled);
        let ((stain_gradient, granularity), (edge_width_nm, saturated_share)) = rayon::join(
            || rayon::join(|| stain_gradient(&denoised), grain),
            || rayon::join(edges, || saturated_share(micrograph)),
        );
        let mut quality = Self { stain_gradient, granularity, edge_width_nm, saturated_share, ..Self::default() };
        let size_px = (micrograph.width, micrograph.height);
        let original = Original { size_px, covered: covered(&micrograph.marks, size_px) };
        let nm_per_px = micrograph.pixel_size.map(|p| p.mean_nm());
        quality.describe(measured.particles.iter().map(Seen::from), original.seen_px2() as f64, nm_per_px);
        quality
    }

    /// Fills in what follows from the particles; again after a person changed them. `seen_px2` is the area that shows the
    /// specimen.
    pub fn describe<'a>(
        &mut self,
        particles: impl Iterator<Item = Seen<'a>> + Clone,
        seen_px2: f64,
        nm_per_px: Option<f64>,
    ) {
        let vesicles = particles.clone().filter(|p| p.status != Status::Rejected);
        let whole = vesicles.clone().filter(|p| p.status == Status::Accepted);
        self.rim_contrast = median(whole.filter_map(|p| p.appearance).map(|a| a.rim_contrast).collect());
        let share = |area_px2: f64| (seen_px2 > 0.0).then(|| (area_px2 / seen_px2).min(1.0));
        let is_clutter = |class| matches!(class, Class::Aggregate | Class::Precipitate | Class::Debris);
        self.vesicle_share = share(vesicles.clone().map(|p| p.area_px2).sum());
        let clutter = particles.filter(|p| p.status == Status::Rejected && p.counted().is_some_and(is_clutter));
        self.clutter_share = share(clutter.map(|p| p.area_px2).sum());
        self.crowded_share = nm_per_px.and_then(|nm| crowded_share(&vesicles.collect::<Vec<_>>(), CROWDED_NM / nm));
    }
}

/// A picture with what its measures need.
#[derive(Clone, Copy)]
struct Picture<'a, T = u16> {
    grey: &'a [T],
    width: usize,
    height: usize,
    /// Edge of a pixel, nm.
    pixel_nm: f64,
    /// Standard deviation of the noise of a pixel.
    noise: f64,
}

/// A grey value.
trait Grey: Copy + Into<f64> + Sync {}

impl<T: Copy + Into<f64> + Sync> Grey for T {}

impl<T: Grey> Picture<'_, T> {
    /// Left and top of the squares that fit into the picture, and their edge, px.
    fn squares(&self, edge_nm: f64) -> (impl Iterator<Item = (usize, usize)> + use<T>, usize) {
        let edge = ((edge_nm / self.pixel_nm).round() as usize).clamp(1, self.width.min(self.height).max(1));
        let (columns, rows) = (self.width / edge, self.height / edge);
        ((0..rows).flat_map(move |j| (0..columns).map(move |i| (i * edge, j * edge))), edge)
    }

    fn square(&self, (x0, y0): (usize, usize), edge: usize) -> impl Iterator<Item = f64> {
        (y0..y0 + edge).flat_map(move |y| &self.grey[y * self.width + x0..][..edge]).map(|&v| v.into())
    }

    /// Value between four pixel centres, the first of which lies at 0.5; `None` outside the picture.
    fn at(&self, x: f64, y: f64) -> Option<f64> {
        let (x, y) = (x - 0.5, y - 0.5);
        if !(x >= 0.0 && y >= 0.0 && x <= (self.width - 1) as f64 && y <= (self.height - 1) as f64) {
            return None;
        }
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (fx, fy) = (x - x0 as f64, y - y0 as f64);
        let at = |x: usize, y: usize| -> f64 { self.grey[y * self.width + x].into() };
        Some(
            (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx) * (1.0 - fy) + (at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx) * fy,
        )
    }
}

/// Share of the pixels at the ends of the picture's own range, marks left out. Without clipping it is a pixel or two.
fn saturated_share(micrograph: &Micrograph) -> Option<f64> {
    let hidden = covered(&micrograph.marks, (micrograph.width, micrograph.height));
    /// Pixels that are looked at one after the other.
    const RUN: usize = 1 << 16;
    let is_seen = |place: usize| !hidden.get(place).copied().unwrap_or_default();
    // Least and largest value, how often each, and how many there are.
    let of_run = |(run, grey): (usize, &[f32])| {
        let (mut low, mut high, mut count) = ((f32::INFINITY, 0usize), (f32::NEG_INFINITY, 0usize), 0usize);
        for (&v, _) in grey.iter().zip(run * RUN..).filter(|(_, place)| is_seen(*place)) {
            count += 1;
            low = if v < low.0 { (v, 1) } else { (low.0, low.1 + usize::from(v == low.0)) };
            high = if v > high.0 { (v, 1) } else { (high.0, high.1 + usize::from(v == high.0)) };
        }
        (low, high, count)
    };
    let none = || ((f32::INFINITY, 0), (f32::NEG_INFINITY, 0), 0);
    let (low, high, count) = micrograph.grey.par_chunks(RUN).enumerate().map(of_run).reduce(none, |a, b| {
        let low = if a.0.0 == b.0.0 {
            (a.0.0, a.0.1 + b.0.1)
        } else if a.0.0 < b.0.0 {
            a.0
        } else {
            b.0
        };
        let high = if a.1.0 == b.1.0 {
            (a.1.0, a.1.1 + b.1.1)
        } else if a.1.0 > b.1.0 {
            a.1
        } else {
            b.1
        };
        (low, high, a.2 + b.2)
    });
    let ends = if low.0 == high.0 { low.1 } else { low.1 + high.1 };
    (count > 0).then(|| ends as f64 / count as f64)
}

/// How wide the edges of the accepted vesicles are.
fn edge_width_nm<T: Grey>(picture: &Picture<T>, factor: usize, measured: &Measured) -> Option<f64> {
    let accepted = measured.particles.iter().filter(|p| p.status == Status::Accepted);
    let widths = accepted.filter_map(|particle| {
        let outline = &particle.outline;
        let scale = 1.0 / factor as f64;
        let (x, y) = (outline.x_px * scale, outline.y_px * scale);
        let radius: [f64; RAYS] = outline.radius_px.map(|r| f64::from(r) * scale);
        let steps = (2.0 * EDGE_REACH_NM / EDGE_STEP_NM) as usize;
        let profile: Vec<f64> = (0..=steps)
            .map(|i| {
                let off_px = (i as f64 * EDGE_STEP_NM - EDGE_REACH_NM) / picture.pixel_nm;
                let on_ring = (0..RAYS).filter_map(|k| {
                    let [cos, sin] = RAY_DIRECTIONS[k];
                    let r = (radius[k] + off_px).max(0.0);
                    picture.at(x + r * cos, y + r * sin)
                });
                let (sum, count) = on_ring.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
                f64::from(outline.polarity.sign()) * sum / count
            })
            .collect();
        rise_nm(&profile)
    });
    median(widths.collect())
}

/// Distance in which a profile from the inside to the outside falls from 90 to 10 % of its height.
fn rise_nm(profile: &[f64]) -> Option<f64> {
    let middle = profile.len() / 2;
    // From the rim's crest on the inside to the trough of stain outside.
    let crest = (0..=middle).max_by(|&a, &b| profile[a].total_cmp(&profile[b]))?;
    let trough = (middle..profile.len()).min_by(|&a, &b| profile[a].total_cmp(&profile[b]))?;
    let (high, low) = (profile[crest], profile[trough]);
    let crossing = |share: f64| {
        let level = low + share * (high - low);
        let i = (crest..trough).find(|&i| profile[i] >= level && profile[i + 1] < level)?;
        Some(i as f64 + (profile[i] - level) / (profile[i] - profile[i + 1]))
    };
    finite((crossing(RISE.0)? - crossing(RISE.1)?) * EDGE_STEP_NM)
}

/// Share of the vesicles that have a neighbour nearer than `gap_px`, as discs of their area.
fn crowded_share(vesicles: &[Seen], gap_px: f64) -> Option<f64> {
    let near = |a: &Seen, b: &Seen| {
        let (dx, dy) = (a.centre_px.0 - b.centre_px.0, a.centre_px.1 - b.centre_px.1);
        libm::hypot(dx, dy) - 0.5 * (a.diameter_px + b.diameter_px) < gap_px
    };
    let has_neighbour = |&i: &usize| (0..vesicles.len()).any(|j| j != i && near(&vesicles[i], &vesicles[j]));
    let crowded = (0..vesicles.len()).filter(has_neighbour).count();
    (!vesicles.is_empty()).then(|| crowded as f64 / vesicles.len() as f64)
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Median of the finite values; `None` without any.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|v| v.is_finite());
    let middle = values.len() / 2;
    (middle < values.len()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests;
