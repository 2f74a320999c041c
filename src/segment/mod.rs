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

pub use contours::Contour;
pub use neighbours::Neighbours;
pub use outline::{Outline, Polarity, RAY_DIRECTIONS, RAYS};

use crate::calibrate::Working;
use crate::denoise::Denoised;
use crate::error::Result;
use crate::gpu::Device;
use crate::network::Evidence;
use serde::Serialize;

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
    let px = |nm: f64| nm / working.pixel_nm;
    let size = (working.width, working.height);
    let smallest = (px(config.min_diameter_nm) * SIZE_MARGIN).max(SMALLEST_PX);
    let largest = (px(config.max_diameter_nm) / SIZE_MARGIN).max(smallest);
    let levels = pyramid::pyramid(device, &denoised.plane, size, SIGMA_PX, largest / 16.0)?;
    let sigma_px = px(SIGMA_FINEST_NM).max(SIGMA_FINEST_MIN_PX);
    let finest = pyramid::level(device, &working.plane, size, sigma_px, 1.0)?;
    let mut found = Vec::new();
    for radius in candidates::bands(smallest, largest) {
        found.extend(candidates::candidates(device, &levels[candidates::level_of(&levels, radius)], radius)?);
    }
    found.extend(candidates::seen(evidence, (smallest / 2.0, largest / 2.0)));
    let map = pyramid::of_map(device, evidence)?;
    let edges = contours::Edges { levels: &levels, finest: &finest, map: &map };
    let mut contours = contours::contours(device, &edges, &found, config.contour_penalty)?;
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
