//! Saturated gradients of ever coarser pictures: each size of vesicle is looked for where it is a handful of pixels wide.

use super::native::{BlurParams, GradientParams, HalveParams};
use super::saturation::gaussian_weights;
use crate::error::Result;
use crate::gpu::tiles::Rect;
use crate::gpu::{Device, Plane, kernels};
use crate::network::{Evidence, Map};
use rayon::prelude::*;

/// One picture of the pyramid, as its gradient, or a part of it.
pub struct Level {
    /// Two numbers of -1 to 1 in each word, see [`super::native::unpacked`].
    pub gradient: Plane,
    /// What is here, pixels of this level.
    pub part: Rect,
    pub grid: Grid,
}

/// The pixels of a level as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    pub width: usize,
    pub height: usize,
    /// Working pixels per pixel of this level.
    pub scale: f64,
}

impl Grid {
    /// Position on this level of a working-grid index.
    pub fn on_level(&self, index: f64) -> f64 {
        (index + 0.5) / self.scale - 0.5
    }

    /// Working-grid index of a position on this level.
    pub fn on_working(&self, index: f64) -> f64 {
        (index + 0.5) * self.scale - 0.5
    }

    /// The part of this level that belongs to a rectangle of working pixels, whose borders are multiples of the scale or the
    /// picture's own.
    pub fn part(&self, working: &Rect) -> Rect {
        let scale = self.scale as usize;
        let part = |range: &std::ops::Range<usize>| range.start / scale..range.end.div_ceil(scale);
        Rect { x: part(&working.x), y: part(&working.y) }
    }
}

/// The levels of a picture, each twice as coarse as the one before, until `coarsest_scale` working pixels a pixel.
pub fn grids((width, height): (usize, usize), coarsest_scale: f64) -> Vec<Grid> {
    let mut grids = vec![Grid { width, height, scale: 1.0 }];
    while let Some(&Grid { width, height, scale }) = grids.last()
        && 2.0 * scale <= coarsest_scale
        && width.min(height) >= 2 * SMALLEST_PX
    {
        grids.push(Grid { width: width.div_ceil(2), height: height.div_ceil(2), scale: 2.0 * scale });
    }
    grids
}

/// A level smaller than this has no room for a ring, px.
const SMALLEST_PX: usize = 8;

/// The levels of a part of the picture.
///
/// * `sigma_px`: the Gaussian before the gradient, in pixels of each level.
/// * `half_saturations`: for each level.
pub fn pyramid(
    device: &Device,
    plane: &Plane,
    part: &Rect,
    grids: &[Grid],
    sigma_px: f64,
    half_saturations: &[f32],
) -> Result<Vec<Level>> {
    let mut levels: Vec<Level> = Vec::with_capacity(grids.len());
    let mut coarser: Option<Plane> = None;
    for (grid, &half_saturation) in grids.iter().zip(half_saturations) {
        if let Some(finer) = levels.last() {
            let (size, out) = (finer.part.size(), grid.part(part).size());
            let params = HalveParams {
                width: size.0 as u32,
                height: size.1 as u32,
                out_width: out.0 as u32,
                out_height: out.1 as u32,
            };
            let source = coarser.as_ref().unwrap_or(plane);
            coarser = Some(device.run(&kernels::HALVE, &params, &[source], out.0 * out.1, [out.0, out.1, 1])?);
        }
        let source = coarser.as_ref().unwrap_or(plane);
        levels.push(level(device, source, grid.part(part), *grid, sigma_px, half_saturation)?);
    }
    Ok(levels)
}

/// Blurs, differentiates and saturates a part of a picture.
pub fn level(
    device: &Device,
    plane: &Plane,
    part: Rect,
    grid: Grid,
    sigma_px: f64,
    half_saturation: f32,
) -> Result<Level> {
    let weights = gaussian_weights(sigma_px);
    let radius = weights.len() as u32 - 1;
    let weights = device.upload(weights)?;
    let (width, height) = part.size();
    let blur = |source: &Plane, axis: u32| {
        let params = BlurParams { width: width as u32, height: height as u32, radius, axis };
        device.run(&kernels::BLUR, &params, &[source, &weights], part.area(), [width, height, 1])
    };
    let smooth = blur(&blur(plane, 0)?, 1)?;
    let gradient = gradient(device, &smooth, &part, half_saturation)?;
    Ok(Level { gradient, part, grid })
}

fn gradient(device: &Device, plane: &Plane, part: &Rect, half_saturation: f32) -> Result<Plane> {
    let (width, height) = part.size();
    let params = GradientParams { width: width as u32, height: height as u32, half_saturation };
    device.run(&kernels::GRADIENT, &params, &[plane], part.area(), [width, height, 1])
}

/// Gradient of the network's map of vesicles around a rectangle of working pixels: of the chance that a place is inside one
/// and not at its edge, so that touching vesicles are apart.
pub fn of_map(device: &Device, evidence: &Evidence, working: &Rect) -> Result<Level> {
    /// What a gradient looks at beyond its pixel, and one more for the part of a pixel that is cut off.
    const MARGIN: usize = 3;
    let logistic = |v: f32| 1.0 / (1.0 + libm::expf(-v));
    let grid = Grid { width: evidence.width, height: evidence.height, scale: evidence.scale() };
    let around = |range: &std::ops::Range<usize>, size: usize| {
        let on_map = |index: usize| grid.on_level(index as f64).max(0.0) as usize;
        on_map(range.start).saturating_sub(MARGIN).min(size - 1)..(on_map(range.end) + MARGIN).min(size)
    };
    let part = Rect { x: around(&working.x, grid.width), y: around(&working.y, grid.height) };
    let (inside, edge) = (evidence.map(Map::Inside), evidence.map(Map::Edge));
    let mut core = vec![0.0; part.area()];
    core.par_chunks_exact_mut(part.x.len()).zip(part.y.clone()).for_each(|(core, y)| {
        let row = |map: &'_ [f32], i: usize| map[y * grid.width + part.x.start + i];
        let chance = |i: usize| logistic(row(inside, i)) * (1.0 - logistic(row(edge, i)));
        core.iter_mut().enumerate().for_each(|(i, core)| *core = chance(i));
    });
    let gradient = gradient(device, &device.upload(core)?, &part, MAP_HALF_SATURATION)?;
    Ok(Level { gradient, part, grid })
}

/// Gradient of the network's map at half saturation, per pixel: a tenth of the way from nothing to certainty.
const MAP_HALF_SATURATION: f32 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::tiles::{Picture, tiles_within};

    #[test]
    fn a_tile_has_the_gradients_of_the_whole() {
        let (width, height) = (150, 121);
        let values = (0..width * height).map(|i| ((i * i * 7919) % 65_521) as u16).collect();
        let picture = Picture::new(values, (width, height));
        let grids = grids(picture.size(), 4.0);
        let saturations = vec![500.0; grids.len()];
        let pyramid = |part: &Rect| {
            let plane = picture.on(&Device::Native, part).unwrap();
            pyramid(&Device::Native, &plane, part, &grids, 1.0, &saturations).unwrap()
        };
        let whole = pyramid(&Rect::whole(picture.size()));
        // Four pixels of the coarsest level.
        let tiles = tiles_within(64 * 64, picture.size(), 16, 4);
        assert!(tiles.len() > 8 && grids.len() == 3);
        for tile in tiles {
            for (level, whole) in pyramid(&tile.wide).iter().zip(&whole) {
                let (core, words) = (level.grid.part(&tile.core), |level: &Level, x: usize, y: usize| {
                    let gradient = Device::Native.download(&level.gradient).unwrap();
                    gradient[(y - level.part.y.start) * level.part.x.len() + x - level.part.x.start].to_bits()
                });
                for (x, y) in core.y.clone().flat_map(|y| core.x.clone().map(move |x| (x, y))) {
                    assert_eq!(words(level, x, y), words(whole, x, y), "{x}, {y} of {:?}", level.grid);
                }
            }
        }
    }
}
