//! Noise out, edges kept: non-local means on the working grid.
//!
//! Noise of electron micrographs is correlated between neighbours, so a strength taken from pixel differences is far too
//! small. The strength is measured here with the filter's own yardstick instead: how much patches of this picture differ
//! that lie further apart than the correlation reaches.

pub mod native;

use crate::calibrate::Working;
use crate::error::Result;
use crate::gpu::tiles::Picture;
use crate::gpu::{Device, kernels};
use native::{BLOCK, COMPARED_SHIFT, NlmParams, PATCH_RADIUS, SEARCH_RADIUS_MAX};
use serde::Serialize;

/// How to denoise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DenoiseConfig {
    /// Patch difference from which a patch counts no more, in units of that between two patches of empty film. 0 turns
    /// denoising off.
    pub strength: f64,
    /// Half width of the search window, working pixels (at most 7).
    pub search_radius: usize,
}

impl Default for DenoiseConfig {
    fn default() -> Self {
        // The strength gives two patches of empty film about a third of the full weight. A window of 9 x 9 finds as many
        // vesicles as one of 11 x 11.
        Self { strength: 1.6, search_radius: 4 }
    }
}

/// Steps at which patches are compared to learn the noise, working pixels: beyond the reach of camera blur and grain, but
/// too near for the background to drift.
const LAGS: [(isize, isize); 4] = [(7, 0), (0, 7), (5, 5), (-5, 5)];

/// Positions along each axis at which the noise is sampled.
const SAMPLES: usize = 96;

/// Share of the sampled patch differences that is taken as free of structure: below the median because particles only
/// ever add difference.
const QUIET_QUANTILE: f64 = 0.3;

/// The denoised picture and the noise that was found.
pub struct Denoised {
    pub picture: Picture,
    /// Standard deviation of a pixel of empty film, working units.
    pub noise: f64,
}

/// Denoises the working picture.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device fails.
pub fn denoise(device: &Device, working: &Working, config: &DenoiseConfig) -> Result<Denoised> {
    let distance = quiet_distance(&working.picture);
    let patch = (2 * PATCH_RADIUS + 1).pow(2) as f64;
    let noise = (distance / (2.0 * patch)).sqrt() * f64::from(1 << COMPARED_SHIFT);
    // At most 31 bits: more than any two patches differ.
    let distance_max = (distance * config.strength).clamp(0.0, f64::from(i32::MAX)) as u32;
    let search_radius = config.search_radius.min(SEARCH_RADIUS_MAX);
    let halo = search_radius + PATCH_RADIUS;
    let picture = Picture::from_tiles(device, working.picture.size(), halo, |tile| {
        let (width, height) = tile.wide.size();
        let params = NlmParams {
            width: width as u32,
            height: height as u32,
            search_radius: search_radius as u32,
            distance_max,
            // Weights then use at most 8 bits.
            weight_shift: (32 - distance_max.leading_zeros()).saturating_sub(8),
        };
        let grid = [width.div_ceil(BLOCK), height.div_ceil(BLOCK), 1];
        let plane = working.picture.on(device, &tile.wide)?;
        device.run(&kernels::NLM, &params, &[&plane], width * height, grid)
    })?;
    Ok(Denoised { picture, noise })
}

/// Summed squared difference between two patches of empty film, in the filter's compared units.
fn quiet_distance(picture: &Picture) -> f64 {
    let (width, height) = picture.size();
    let compared = |x: usize, y: usize| i64::from(picture.values[y * width + x] >> COMPARED_SHIFT);
    let margin = 8 + PATCH_RADIUS;
    let mut distances = Vec::with_capacity(SAMPLES * SAMPLES * LAGS.len());
    let positions = |size: usize| {
        let room = size.saturating_sub(2 * margin);
        let step = room.div_ceil(SAMPLES).max(1);
        (0..room).step_by(step).map(move |v| v + margin)
    };
    for y in positions(height) {
        for x in positions(width) {
            for (dx, dy) in LAGS {
                let mut sum = 0;
                for j in 0..=2 * PATCH_RADIUS {
                    for i in 0..=2 * PATCH_RADIUS {
                        let (u, v) = (x + i - PATCH_RADIUS, y + j - PATCH_RADIUS);
                        let other = compared(u.wrapping_add_signed(dx), v.wrapping_add_signed(dy));
                        sum += (compared(u, v) - other).pow(2);
                    }
                }
                distances.push(sum);
            }
        }
    }
    if distances.is_empty() {
        return 0.0; // smaller than a patch with its surroundings: left as it is
    }
    let quiet = ((distances.len() - 1) as f64 * QUIET_QUANTILE) as usize;
    *distances.select_nth_unstable(quiet).1 as f64
}
