//! Saturated gradients of ever coarser pictures: each size of vesicle is looked for where it is a handful of pixels wide.

use super::native::{BlurParams, GradientParams, HalveParams};
use crate::error::Result;
use crate::gpu::{Device, Plane, kernels};
use crate::network::{Evidence, Map};

/// One picture of the pyramid, as its gradient.
pub struct Level {
    pub gradient: Plane,
    pub width: usize,
    pub height: usize,
    /// Working pixels per pixel of this level.
    pub scale: f64,
}

impl Level {
    /// Position on this level of a working-grid index.
    pub fn on_level(&self, index: f64) -> f64 {
        (index + 0.5) / self.scale - 0.5
    }

    /// Working-grid index of a position on this level.
    pub fn on_working(&self, index: f64) -> f64 {
        (index + 0.5) * self.scale - 0.5
    }
}

/// Builds levels, each twice as coarse as the one before, until `coarsest_scale` working pixels a pixel.
///
/// `sigma_px` is the Gaussian before the gradient, in pixels of each level.
pub fn pyramid(
    device: &Device,
    plane: &Plane,
    (width, height): (usize, usize),
    sigma_px: f64,
    coarsest_scale: f64,
) -> Result<Vec<Level>> {
    let mut levels = vec![level(device, plane, (width, height), sigma_px, 1.0)?];
    let mut size = (width, height);
    let mut scale = 1.0;
    let mut coarser: Option<Plane> = None;
    while scale * 2.0 <= coarsest_scale && size.0.min(size.1) >= 2 * SMALLEST_PX {
        let out = (size.0.div_ceil(2), size.1.div_ceil(2));
        let params = HalveParams {
            width: size.0 as u32,
            height: size.1 as u32,
            out_width: out.0 as u32,
            out_height: out.1 as u32,
        };
        let source = coarser.as_ref().unwrap_or(plane);
        let halved = device.run(&kernels::HALVE, &params, &[source], out.0 * out.1, [out.0, out.1, 1])?;
        size = out;
        scale *= 2.0;
        levels.push(level(device, &halved, size, sigma_px, scale)?);
        coarser = Some(halved);
    }
    Ok(levels)
}

/// A level smaller than this has no room for a ring, px.
const SMALLEST_PX: usize = 8;

/// Blurs, differentiates and saturates one picture.
pub fn level(
    device: &Device,
    plane: &Plane,
    (width, height): (usize, usize),
    sigma_px: f64,
    scale: f64,
) -> Result<Level> {
    let weights = gaussian_weights(sigma_px);
    let radius = weights.len() as u32 - 1;
    let weights = device.upload(weights)?;
    let n = width * height;
    let grid = [width, height, 1];
    let blur = |source: &Plane, axis: u32| {
        let params = BlurParams { width: width as u32, height: height as u32, radius, axis };
        device.run(&kernels::BLUR, &params, &[source, &weights], n, grid)
    };
    let smooth = blur(&blur(plane, 0)?, 1)?;
    let gradient = |half_saturation: f32| {
        let params = GradientParams { width: width as u32, height: height as u32, half_saturation };
        device.run(&kernels::GRADIENT, &params, &[&smooth], 2 * n, grid)
    };
    let half_saturation = median_length(&device.download(&gradient(-1.0)?)?, n);
    Ok(Level { gradient: gradient(half_saturation)?, width, height, scale })
}

/// Gradient of the network's map of vesicles: of the chance that a place is inside one and not at its edge, so that
/// touching vesicles are apart.
pub fn of_map(device: &Device, evidence: &Evidence) -> Result<Level> {
    let logistic = |v: f32| 1.0 / (1.0 + (-v).exp());
    let maps = evidence.map(Map::Inside).iter().zip(evidence.map(Map::Edge));
    let core = device.upload(maps.map(|(&inside, &edge)| logistic(inside) * (1.0 - logistic(edge))).collect())?;
    let (width, height) = (evidence.width, evidence.height);
    let params = GradientParams { width: width as u32, height: height as u32, half_saturation: MAP_HALF_SATURATION };
    let n = width * height;
    let gradient = device.run(&kernels::GRADIENT, &params, &[&core], 2 * n, [width, height, 1])?;
    Ok(Level { gradient, width, height, scale: evidence.scale() })
}

/// Gradient of the network's map at half saturation, per pixel: a tenth of the way from nothing to certainty.
const MAP_HALF_SATURATION: f32 = 0.1;

/// Half of a Gaussian's weights, the centre first, cut at three standard deviations; all together sum to 1.
fn gaussian_weights(sigma_px: f64) -> Vec<f32> {
    let radius = (3.0 * sigma_px).ceil() as usize;
    let raw: Vec<f64> = (0..=radius).map(|k| (-0.5 * (k as f64 / sigma_px).powi(2)).exp()).collect();
    let total = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    raw.iter().map(|w| (w / total) as f32).collect()
}

/// Median length of the gradient: most of a micrograph is empty film, so this is what noise reaches.
fn median_length(gradient: &[f32], n: usize) -> f32 {
    let (gx, gy) = gradient.split_at(n);
    // A quarter of a million regularly spread pixels give the median to a few parts in a thousand.
    let step = n.div_ceil(1 << 18).max(1);
    let mut squares: Vec<f32> = (0..n).step_by(step).map(|i| gx[i] * gx[i] + gy[i] * gy[i]).collect();
    let middle = squares.len() / 2;
    squares.select_nth_unstable_by(middle, f32::total_cmp).1.sqrt()
}
