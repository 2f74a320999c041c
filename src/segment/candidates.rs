//! Where a vesicle could be: places and sizes around which a ring of edges closes.

use super::native::{TOP, VoteParams, unpacked};
use super::outline::Polarity;
use super::pyramid::{Grid, Level};
use crate::error::Result;
use crate::gpu::tiles::Rect;
use crate::gpu::{Device, kernels};
use crate::network::{Evidence, Map};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::f64::consts::TAU;
use std::ops::Range;

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
pub fn level_of(grids: &[Grid], radius: f64) -> usize {
    grids.iter().rposition(|grid| radius / grid.scale >= RING_RADIUS_PX).unwrap_or(0)
}

/// A pixel of a level that has the most votes around.
pub struct Peak {
    x: usize,
    y: usize,
    /// Mean vote, see [`TOP`].
    vote: i32,
    polarity: Polarity,
}

/// Pixels of a level with the most votes around for a ring of this radius (working pixels), as far as they lie in a part of
/// the level.
pub fn peaks(device: &Device, level: &Level, core: &Rect, radius: f64) -> Result<Vec<Peak>> {
    let ring_px = radius / level.grid.scale;
    let ring = device.upload(ring(ring_px))?;
    let (width, height) = level.part.size();
    let params = VoteParams {
        width: width as u32,
        height: height as u32,
        directions: DIRECTIONS as u32,
        radii: RADIUS_FACTORS.len() as u32,
    };
    let votes = device.run(&kernels::VOTE, &params, &[&level.gradient, &ring], width * height, [width, height, 1])?;
    let votes = device.download(&votes)?;
    let window = (WINDOW * ring_px).round().max(1.0) as usize;
    let (left, top) = (level.part.x.start, level.part.y.start);
    let own = Rect { x: core.x.start - left..core.x.end - left, y: core.y.start - top..core.y.end - top };
    let mut found = Vec::new();
    for polarity in [Polarity::Lighter, Polarity::Darker] {
        let vote = |i: usize| {
            let (lighter, darker) = unpacked(votes[i].to_bits());
            if polarity == Polarity::Lighter { lighter } else { darker }
        };
        let least = VOTE_MIN * TOP;
        found.extend(maxima(vote, (width, height), &own, window, least).into_iter().map(|(x, y, vote)| Peak {
            x: x + left,
            y: y + top,
            vote: vote as i32,
            polarity,
        }));
    }
    Ok(found)
}

/// The candidates of one band: the peaks with the most votes.
pub fn candidates(mut peaks: Vec<Peak>, grid: &Grid, radius: f64) -> Vec<Candidate> {
    let ring_px = radius / grid.scale;
    let area = (grid.width * grid.height) as f64;
    let count_max = 8 + (DENSITY_MAX * area / (0.5 * TAU * ring_px * ring_px)) as usize;
    // Votes decide, then reading order, so that the cut is the same in every run.
    peaks.sort_by_key(|peak| (peak.polarity, Reverse(peak.vote), peak.y, peak.x));
    let of = |polarity: Polarity| peaks.iter().filter(move |peak| peak.polarity == polarity).take(count_max);
    let chosen = of(Polarity::Lighter).chain(of(Polarity::Darker));
    chosen
        .map(|peak| Candidate {
            x: grid.on_working(peak.x as f64),
            y: grid.on_working(peak.y as f64),
            radius,
            polarity: peak.polarity,
            start: Start::Votes,
        })
        .collect()
}

/// Candidates where the network sees the middle of a vesicle, of the size that it sees there, between the smallest and the
/// largest radius (working pixels). It does not say which side of the edge is lighter, so both are tried, each from two
/// first outlines.
pub fn seen(evidence: &Evidence, (smallest, largest): (f64, f64)) -> Vec<Candidate> {
    let middle = evidence.map(Map::Middle);
    let size = (evidence.width, evidence.height);
    let peaks = maxima(|i| middle[i], size, &Rect::whole(size), 1, MIDDLE_MIN);
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
            let (sin, cos) = libm::sincos(TAU * d as f64 / DIRECTIONS as f64);
            let offsets = RADIUS_FACTORS.iter().flat_map(move |factor| {
                let r = radius_px * factor;
                [(r * cos).round() as f32, (r * sin).round() as f32]
            });
            [cos as f32, sin as f32].into_iter().chain(offsets)
        })
        .collect()
}

/// Pixels of a part of a plane that reach `least` and are the largest of their window (the first in reading order among
/// equals).
fn maxima(
    value: impl Fn(usize) -> f32 + Sync,
    (width, height): (usize, usize),
    part: &Rect,
    window: usize,
    least: f32,
) -> Vec<(usize, usize, f32)> {
    let value = &value;
    part.y
        .clone()
        .into_par_iter()
        .flat_map_iter(|y| {
            // Nearest rows first: most pixels are no maxima, and it shows beside them.
            let is_largest = |x: usize, here: f32| {
                let columns = around(x, window, width);
                let rows = (0..=window).flat_map(|d| [y.checked_sub(d), Some(y + d).filter(|v| d > 0 && *v < height)]);
                rows.flatten().all(|v| {
                    columns.clone().all(|u| {
                        let other = value(v * width + u);
                        other < here || (other == here && (v, u) >= (y, x))
                    })
                })
            };
            let mut found = Vec::new();
            for x in part.x.clone() {
                let here = value(y * width + x);
                if here >= least && is_largest(x, here) {
                    found.push((x, y, here));
                }
            }
            found
        })
        .collect()
}

/// Places at most so far from one.
fn around(place: usize, distance: usize, size: usize) -> Range<usize> {
    place.saturating_sub(distance)..(place + distance + 1).min(size)
}
