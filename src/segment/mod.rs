//! From grey values to closed outlines: ring votes and the network propose, dynamic programming in polar coordinates outlines.
//!
//! Nothing is decided here. Every plausible closed outline is handed on, several for the same vesicle where they differ;
//! `measure` judges them.

mod candidates;
mod contours;
pub mod native;
mod neighbours;
mod outline;
mod pyramid;
mod saturation;

pub use contours::Contour;
pub use neighbours::Neighbours;
pub use outline::{Outline, Polarity, RAY_DIRECTIONS, RAYS};
pub use saturation::gaussian_weights;

use crate::calibrate::Working;
use crate::denoise::Denoised;
use crate::error::Result;
use crate::gpu::Device;
use crate::gpu::tiles::{Rect, tiles};
use crate::network::Evidence;
use candidates::{Candidate, Peak};
use contours::Edges;
use saturation::half_saturation;
use serde::Serialize;
use std::ops::Range;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SegmentConfig {
    /// Smallest vesicle that is accepted, nm.
    pub min_diameter_nm: f64,
    /// Largest vesicle that is accepted, nm.
    pub max_diameter_nm: f64,
    /// Edge strength that an outline pays for one step (about 3 % of the radius) between neighbouring rays.
    pub contour_penalty: f64,
}

impl Default for SegmentConfig {
    fn default() -> Self {
        // Experts outlined vesicles down to 25 nm; what is smaller is told from protein by nobody.
        // 0.03 gave better outlines than 0.12 and 0.4, on synthetic and on real micrographs.
        Self { min_diameter_nm: 25.0, max_diameter_nm: 250.0, contour_penalty: 0.03 }
    }
}

/// Gaussian before each level's gradient, px of the level.
const SIGMA_PX: f64 = 1.0;
/// Gaussian before the last pass of an outline, nm. More smoothing makes the outline's bias depend on the radius, less
/// follows the noise.
const SIGMA_FINEST_NM: f64 = 1.6;
/// The same on coarse pictures, px: less than this and the gradient is noise.
const SIGMA_FINEST_MIN_PX: f64 = 0.7;
/// Outlines this far outside the wanted sizes are still handed on, so that they can be rejected with a reason and don't
/// leave their place to a part of them.
const SIZE_MARGIN: f64 = 0.75;

/// Smallest diameter that is outlined, working pixels: a smaller ring has no inside.
const SMALLEST_PX: f64 = 4.0;

/// Pixels of a level at the border of a tile that are not those of the whole picture: a Gaussian reaches seven at most, the
/// gradient one, and outlines are read between two.
const BORDER_PX: usize = 10;

/// Two outlines are the same when their centres are this close and their radii this much alike, over the radius.
const SAME: f64 = 0.1;

/// Outlines everything that could be a vesicle.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device fails.
pub fn segment(
    device: &Device,
    working: &Working,
    denoised: &Denoised,
    evidence: &Evidence,
    config: &SegmentConfig,
) -> Result<Vec<Contour>> {
    if working.width.min(working.height) < SMALLEST_PX as usize {
        return Ok(Vec::new());
    }
    let px = |nm: f64| nm / working.pixel_nm;
    let size = (working.width, working.height);
    let smallest = (px(config.min_diameter_nm) * SIZE_MARGIN).max(SMALLEST_PX);
    let largest = (px(config.max_diameter_nm) / SIZE_MARGIN).max(smallest);
    let grids = pyramid::grids(size, largest / 16.0);
    let coarsest = grids[grids.len() - 1].scale as usize;
    let sigma_finest_px = px(SIGMA_FINEST_NM).max(SIGMA_FINEST_MIN_PX);
    let half_saturations: Vec<f32> =
        (0..grids.len() as u32).map(|halvings| half_saturation(&denoised.picture, halvings, SIGMA_PX)).collect();
    let half_saturation_finest = half_saturation(&working.picture, 0, sigma_finest_px);
    let edges = |part: &Rect| -> Result<Edges> {
        let (grey, raw) = (denoised.picture.on(device, part)?, working.picture.on(device, part)?);
        Ok(Edges {
            levels: pyramid::pyramid(device, &grey, part, &grids, SIGMA_PX, &half_saturations)?,
            finest: pyramid::level(device, &raw, part.clone(), grids[0], sigma_finest_px, half_saturation_finest)?,
            map: pyramid::of_map(device, evidence, part)?,
        })
    };

    let bands = candidates::bands(smallest, largest);
    let radius_max = bands.iter().copied().fold(largest / 2.0, f64::max);
    let halo = (contours::REACH * radius_max) as usize + BORDER_PX * coarsest.max(evidence.scale().ceil() as usize);
    let tiles = tiles(size, halo, coarsest);
    // One tile's edges serve both rounds; of many, those of all do not fit, and are made twice.
    let mut kept = None;
    let mut peaks: Vec<Vec<Peak>> = bands.iter().map(|_| Vec::new()).collect();
    for tile in &tiles {
        let edges = edges(&tile.wide)?;
        for (peaks, &radius) in peaks.iter_mut().zip(&bands) {
            let level = &edges.levels[candidates::level_of(&grids, radius)];
            peaks.extend(candidates::peaks(device, level, &level.grid.part(&tile.core), radius)?);
        }
        kept = Some(edges).filter(|_| tiles.len() == 1);
    }
    let mut found = Vec::new();
    for (peaks, &radius) in peaks.into_iter().zip(&bands) {
        found.extend(candidates::candidates(peaks, &grids[candidates::level_of(&grids, radius)], radius));
    }
    found.extend(candidates::seen(evidence, (smallest / 2.0, largest / 2.0)));

    let mut outlined: Vec<(usize, Contour)> = Vec::new();
    for tile in &tiles {
        let within = |index: f64, range: &Range<usize>, size: usize| {
            range.contains(&((index + 0.5).clamp(0.0, (size - 1) as f64) as usize))
        };
        let own = |c: &Candidate| within(c.x, &tile.core.x, size.0) && within(c.y, &tile.core.y, size.1);
        let (places, own): (Vec<usize>, Vec<Candidate>) =
            found.iter().copied().enumerate().filter(|(_, c)| own(c)).unzip();
        let edges = match kept.take() {
            Some(edges) => edges,
            None => edges(&tile.wide)?,
        };
        let contours = contours::contours(device, &edges, &own, config.contour_penalty)?;
        outlined.extend(contours.into_iter().map(|(i, contour)| (places[i], contour)));
    }
    outlined.sort_by_key(|(place, _)| *place);
    let mut contours: Vec<Contour> = outlined.into_iter().map(|(_, contour)| contour).collect();
    contours.retain(|c| (smallest..=largest).contains(&(2.0 * c.mean_radius())));
    Ok(distinct(contours))
}

/// Drops outlines that several candidates agreed on, keeping the strongest of each.
fn distinct(mut contours: Vec<Contour>) -> Vec<Contour> {
    contours.sort_by(|a, b| b.reward.total_cmp(&a.reward).then(a.y.total_cmp(&b.y)).then(a.x.total_cmp(&b.x)));
    let radii: Vec<f64> = contours.iter().map(Contour::mean_radius).collect();
    let mut index = Neighbours::covering(contours.iter().map(|c| (c.x, c.y)));
    let mut kept = Vec::new();
    for (i, contour) in contours.iter().enumerate() {
        let near = SAME * radii[i];
        let same = |k: usize| {
            let other = &contours[k];
            let (dx, dy) = (other.x - contour.x, other.y - contour.y);
            let alike = (radii[k] / radii[i] - 1.0).abs() < SAME && other.polarity == contour.polarity;
            alike && dx * dx + dy * dy < near * near
        };
        if !index.near(contour.x, contour.y, near).any(same) {
            index.insert(i, contour.x, contour.y);
            kept.push(i);
        }
    }
    kept.into_iter().map(|i| contours[i].clone()).collect()
}
