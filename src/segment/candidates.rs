//! Where a vesicle could be: places and sizes around which a ring of edges closes.

use super::native::VoteParams;
use super::outline::Polarity;
use super::pyramid::Level;
use crate::error::Result;
use crate::gpu::{Device, Plane, kernels};
use crate::network::{Evidence, Map};
use rayon::prelude::*;
use std::f64::consts::TAU;

/// Directions of a ring. At 32 the arc between two is a fifth of the radius, as wide as the gradient's smoothing.
const DIRECTIONS: usize = 32;
/// Radii tried along each direction, over the ring's: an oval of axes 1 : 1.4 still has its whole edge within them.
const RADIUS_FACTORS: [f64; 3] = [0.84, 1.0, 1.19];
/// Ratio of the radii of neighbouring bands: with the factors above every radius is within 9 % of one that is tried.
const BAND_RATIO: f64 = std::f64::consts::SQRT_2;
/// Ring radius on its level, px: between this and twice this.
const RING_RADIUS_PX: f64 = 5.0;
/// Half width of the window in which a candidate has the most votes of its band, over the ring's radius.
const WINDOW: f64 = 0.25;
/// Mean vote below which a ring is not worth an outline. The faintest vesicles that experts outlined have 0.34 to 0.36, most
/// more than 0.5; the densest rings of grain reach 0.45, so that this only thins them out.
const VOTE_MIN: f32 = 0.35;
/// Most candidates of one band and polarity, as the share of the picture that their rings would cover side by side. Crowded
/// scenes lose no outline at 0.2, and in empty film, where rings of grain are everywhere, it halves the work.
const DENSITY_MAX: f64 = 0.2;

/// Network's answer for the middle of a vesicle below which a place is not proposed, before the logistic function: a chance
/// of 1 in 10.
const MIDDLE_MIN: f32 = -2.2;

/// A place, a size and a polarity worth outlining, on the working grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Working-grid indices.
    pub x: f64,
    pub y: f64,
    /// Working pixels.
    pub radius: f64,
    pub polarity: Polarity,
    pub start: Start,
}

/// Who proposed a candidate, and what its first outline follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Ring votes; the edges of the picture.
    Votes,
    /// The network; the edges of the picture.
    Network,
    /// The network; the edge of what the network takes for a vesicle.
    NetworkMap,
}

/// Ring radii of all bands, working pixels, for vesicles of the given diameters.
pub fn bands(diameter_min: f64, diameter_max: f64) -> Vec<f64> {
    let mut radius = diameter_min / 2.0;
    let mut bands = Vec::new();
    while radius < diameter_max / 2.0 * BAND_RATIO.sqrt() {
        bands.push(radius);
        radius *= BAND_RATIO;
    }
    bands
}

/// The level on which a ring of this radius (working pixels) is looked for.
pub fn level_of(levels: &[Level], radius: f64) -> usize {
    levels.iter().rposition(|level| radius / level.scale >= RING_RADIUS_PX).unwrap_or(0)
}

/// All candidates of one band.
pub fn candidates(device: &Device, level: &Level, radius: f64) -> Result<Vec<Candidate>> {
    let ring_px = radius / level.scale;
    let ring = device.upload(ring(ring_px))?;
    let (width, height) = (level.width, level.height);
    let params = VoteParams {
        width: width as u32,
        height: height as u32,
        directions: DIRECTIONS as u32,
        radii: RADIUS_FACTORS.len() as u32,
    };
    let votes: Plane =
        device.run(&kernels::VOTE, &params, &[&level.gradient, &ring], 2 * width * height, [width, height, 1])?;
    let votes = device.download(&votes)?;
    let window = (WINDOW * ring_px).round().max(1.0) as usize;
    let area = (width * height) as f64;
    let count_max = 8 + (DENSITY_MAX * area / (0.5 * TAU * ring_px * ring_px)) as usize;
    let mut found = Vec::new();
    for (polarity, plane) in [Polarity::Lighter, Polarity::Darker].into_iter().zip(votes.chunks_exact(width * height)) {
        let mut peaks = maxima(plane, width, height, window, VOTE_MIN);
        // Votes decide, then reading order, so that the cut is the same in every run.
        peaks.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.1.cmp(&b.1)).then(a.0.cmp(&b.0)));
        peaks.truncate(count_max);
        found.extend(peaks.into_iter().map(|(x, y, _)| Candidate {
            x: level.on_working(x as f64),
            y: level.on_working(y as f64),
            radius,
            polarity,
            start: Start::Votes,
        }));
    }
    Ok(found)
}

/// Candidates where the network sees the middle of a vesicle, of the size that it sees there, between the smallest and the
/// largest radius (working pixels). It does not say which side of the edge is lighter, so both are tried, each from two
/// first outlines.
pub fn seen(evidence: &Evidence, (smallest, largest): (f64, f64)) -> Vec<Candidate> {
    let middle = evidence.map(Map::Middle);
    let peaks = maxima(middle, evidence.width, evidence.height, 1, MIDDLE_MIN);
    let mut found = Vec::with_capacity(4 * peaks.len());
    for (x, y, _) in peaks {
        let radius = evidence.radius(x as f64, y as f64);
        if !(smallest..=largest).contains(&radius) {
            continue;
        }
        for polarity in [Polarity::Lighter, Polarity::Darker] {
            let (x, y) = (evidence.on_working(x as f64), evidence.on_working(y as f64));
            found.extend([Start::Network, Start::NetworkMap].map(|start| Candidate { x, y, radius, polarity, start }));
        }
    }
    found
}

/// The ring's table for the shader: per direction its cosine and sine, then an offset in whole pixels per radius.
fn ring(radius_px: f64) -> Vec<f32> {
    (0..DIRECTIONS)
        .flat_map(|d| {
            let (sin, cos) = (TAU * d as f64 / DIRECTIONS as f64).sin_cos();
            let offsets = RADIUS_FACTORS.iter().flat_map(move |factor| {
                let r = radius_px * factor;
                [(r * cos).round() as f32, (r * sin).round() as f32]
            });
            [cos as f32, sin as f32].into_iter().chain(offsets)
        })
        .collect()
}

/// Pixels that reach `least` and are the largest of their window (the first in reading order among equals).
fn maxima(plane: &[f32], width: usize, height: usize, window: usize, least: f32) -> Vec<(usize, usize, f32)> {
    (0..height)
        .into_par_iter()
        .flat_map_iter(|y| {
            (0..width).filter_map(move |x| {
                let here = plane[y * width + x];
                if here < least {
                    return None;
                }
                for v in y.saturating_sub(window)..(y + window + 1).min(height) {
                    for u in x.saturating_sub(window)..(x + window + 1).min(width) {
                        let other = plane[v * width + u];
                        if other > here || (other == here && (v, u) < (y, x)) {
                            return None;
                        }
                    }
                }
                Some((x, y, here))
            })
        })
        .collect()
}
