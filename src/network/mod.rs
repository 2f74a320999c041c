//! A small convolutional network that looks at the whole picture and says, place by place, what it sees: vesicle or not,
//! membrane or not, how near a vesicle's middle, how large.
//!
//! It decides nothing. Its maps propose places that ring votes miss, and are evidence for the verdict.
//!
//! It is a U-Net of 14 layers on pixels of [`INPUT_NM`], with four halvings; its answers are half as fine. Weights
//! are whole numbers of 8 bits and values between layers of 8 bits, so that sums are exact in `f32` and every device gives
//! the same bits. `scripts/train-network` made the weights.

mod model;
pub mod native;

pub use model::Model;

use crate::calibrate::Working;
use crate::error::Result;
use crate::gpu::tiles::{PLANE_MAX, Rect, Tile, tiles_within};
use crate::gpu::{Device, Plane, kernels};
use native::{BLOCK, ConvolveParams, ResampleParams, SAMPLES};
use rayon::prelude::*;

/// Pixel of the network's input, nm. Finer ones found more vesicles in a study of 2.1 to 3.1 nm, at a cost that grows with
/// the square.
pub const INPUT_NM: f64 = 2.0;
/// Pixels of the input per working pixel at most: a micrograph coarser than 4 nm has nothing finer to show, so the network
/// sees it at another scale, as it did in training.
const FINER_MAX: f64 = 2.0;
/// Largest absolute value of the input: 12 bits with the sign.
const INPUT_TOP: f32 = 2047.0;
/// Input units between the tenth and the ninetieth percentile of the grey values: most of the range is left for what is
/// brighter or darker than film and stain.
const INPUT_SPREAD: f64 = 512.0;
/// Largest output of a layer: 8 bits.
const TOP: f32 = 255.0;
/// Radius that the network calls 1, pixels of the answers.
const RADIUS_UNIT_PX: f64 = 10.0;
/// Input pixels of a tile with what lies around it, at most. The first layer of one takes 64 MiB, and all layers together less
/// than most processors' last cache and any device's limit.
const TILE_PX: usize = 1 << 21;
/// Input pixels around a tile that its answers depend on, at most; all layers together reach 110 px. As a multiple of the
/// coarsest layer's pixel, it leaves every layer's grid where it is, so that tiles change nothing.
const HALO_PX: usize = 128;
/// Input pixels per pixel of the coarsest layer.
const COARSEST: usize = 16;
/// Input pixels that are put onto the network's grid at a time.
const BAND_PX: usize = 1 << 22;

/// What the network says about a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Map {
    /// How near the middle of a vesicle: 1 there, 0 at its edge and outside, before the logistic function.
    Middle,
    /// Whether inside a vesicle, before the logistic function.
    Inside,
    /// Whether within a pixel of a vesicle's outer edge, before the logistic function.
    Edge,
    /// Natural logarithm of the vesicle's radius over 10 pixels.
    Radius,
}

/// Number of them.
const MAPS: usize = 4;

/// The network's answers for a picture.
pub struct Evidence {
    /// One plane after the other, row-major.
    maps: Vec<f32>,
    pub width: usize,
    pub height: usize,
    /// Working pixels per pixel of the maps.
    scale: f64,
}

impl Evidence {
    /// One of the maps.
    pub fn map(&self, map: Map) -> &[f32] {
        let n = self.width * self.height;
        &self.maps[map as usize * n..][..n]
    }

    /// Working pixels per pixel of the maps.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Position on the maps of a working-grid index.
    pub fn on_map(&self, index: f64) -> f64 {
        (index + 0.5) / self.scale - 0.5
    }

    /// Working-grid index of a position on the maps.
    pub fn on_working(&self, index: f64) -> f64 {
        (index + 0.5) * self.scale - 0.5
    }

    /// Value of a map between four pixel centres; the border pixel is repeated outwards. `x` and `y` are positions on the
    /// maps.
    pub fn at(&self, map: Map, x: f64, y: f64) -> f32 {
        let plane = self.map(map);
        let (x, y) = (x.clamp(0.0, (self.width - 1) as f64), y.clamp(0.0, (self.height - 1) as f64));
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let at = |x: usize, y: usize| plane[y * self.width + x];
        (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx) * (1.0 - fy) + (at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx) * fy
    }

    /// Radius that the network sees at a place of the maps, working pixels.
    pub fn radius(&self, x: f64, y: f64) -> f64 {
        libm::exp(f64::from(self.at(Map::Radius, x, y))) * RADIUS_UNIT_PX * self.scale
    }
}

/// Looks at a picture.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device fails.
pub fn look(device: &Device, working: &Working) -> Result<Evidence> {
    // Working pixels per input pixel.
    let ratio = (INPUT_NM / working.pixel_nm).max(1.0 / FINER_MAX);
    // Even, so that the first halving leaves nothing over.
    let out = |size: usize| ((size as f64 / ratio / 2.0) as usize).max(1) * 2;
    let (width, height) = (out(working.width), out(working.height));
    let input = Input::new(resample(device, working, ratio, (width, height))?, (width, height));
    let maps = answers(device, &input, TILE_PX)?;
    Ok(Evidence { maps, width: width / 2, height: height / 2, scale: 2.0 * ratio })
}

/// The maps, one after the other, for an input of even sides, in tiles of so many pixels at most.
fn answers(device: &Device, input: &Input, tile_px: usize) -> Result<Vec<f32>> {
    let (map_width, map_height) = (input.width / 2, input.height / 2);
    let mut maps = vec![0.0; MAPS * map_width * map_height];
    for Tile { core, wide } in tiles_within(tile_px, (input.width, input.height), HALO_PX, COARSEST) {
        let (width, height) = wide.size();
        let tile = Stack { plane: device.upload(input.part(&wide))?, channels: 1, width, height };
        let answers = forward(device, tile)?;
        let of_rows = device.download(&answers.plane)?;
        // From rows of all maps to one map after the other, without the halo.
        let left = (core.x.start - wide.x.start) / 2;
        for y in core.y.start / 2..core.y.end / 2 {
            for map in 0..MAPS {
                let from = &of_rows[((y - wide.y.start / 2) * MAPS + map) * answers.width + left..];
                let to = &mut maps[(map * map_height + y) * map_width + core.x.start / 2..];
                to[..core.x.len() / 2].copy_from_slice(&from[..core.x.len() / 2]);
            }
        }
    }
    Ok(maps)
}

/// The working picture on the network's grid, a band of rows after the other.
fn resample(device: &Device, working: &Working, ratio: f64, (width, height): (usize, usize)) -> Result<Vec<u16>> {
    let picture = &working.picture;
    // Of each sample of a row or column: the pixel before it, and 256ths towards the next.
    let samples = |count: usize, size: usize| {
        (0..count * SAMPLES).map(move |i| {
            let position = ((i as f64 + 0.5) / SAMPLES as f64 * ratio - 0.5).clamp(0.0, (size - 1) as f64);
            let fixed = (position * 256.0).round() as usize;
            (fixed / 256, fixed % 256)
        })
    };
    let columns = samples(width, working.width).flat_map(|(pixel, part)| [pixel as f32, part as f32]);
    let columns = device.upload(columns.collect())?;
    let rows: Vec<(usize, usize)> = samples(height, working.height).collect();
    let mut resampled = Vec::with_capacity(width * height);
    for rows in rows.chunks((BAND_PX / width).max(1) * SAMPLES) {
        let seen = if picture.values.len() <= PLANE_MAX {
            0..working.height
        } else {
            rows[0].0..(rows[rows.len() - 1].0 + 2).min(working.height)
        };
        let part = Rect { x: 0..working.width, y: seen.clone() };
        let table = rows.iter().flat_map(|&(pixel, part)| [(pixel - seen.start) as f32, part as f32]);
        let (table, count) = (device.upload(table.collect())?, rows.len() / SAMPLES);
        let params = ResampleParams {
            width: working.width as u32,
            height: seen.len() as u32,
            out_width: width as u32,
            out_height: count as u32,
        };
        let inputs = [&*picture.on(device, &part)?, &columns, &table];
        let band = device.run(&kernels::RESAMPLE, &params, &inputs, width * count, [width, count, 1])?;
        resampled.extend(device.download(&band)?.iter().map(|v| *v as u16));
    }
    Ok(resampled)
}

/// What the network looks at.
struct Input {
    values: Vec<u16>,
    width: usize,
    height: usize,
    /// The network's value for each grey value: whole numbers around the median.
    scale: Vec<f32>,
}

impl Input {
    fn new(values: Vec<u16>, (width, height): (usize, usize)) -> Self {
        let mut counts = vec![0usize; 1 << 16];
        values.iter().step_by(values.len().div_ceil(1 << 20)).for_each(|v| counts[usize::from(*v)] += 1);
        let last = counts.iter().sum::<usize>() - 1;
        let quantile = |q: f64| {
            let mut before = (last as f64 * q).round() as usize;
            let found = counts.iter().position(|count| before.checked_sub(*count).map(|left| before = left).is_none());
            found.unwrap_or_default() as f64
        };
        let (low, middle, high) = (quantile(0.1), quantile(0.5), quantile(0.9));
        let factor = INPUT_SPREAD / (high - low).max(1.0);
        let top = f64::from(INPUT_TOP);
        let scaled = |grey: usize| ((grey as f64 - middle) * factor).round_ties_even().clamp(-top, top) as f32;
        Self { values, width, height, scale: (0..1 << 16).map(scaled).collect() }
    }

    fn part(&self, part: &Rect) -> Vec<f32> {
        let mut numbers = vec![0.0; part.area()];
        numbers.par_chunks_exact_mut(part.x.len()).zip(part.y.clone()).for_each(|(to, y)| {
            let from = &self.values[y * self.width..][part.x.clone()];
            to.iter_mut().zip(from).for_each(|(to, from)| *to = self.scale[usize::from(*from)]);
        });
        numbers
    }
}

/// Planes of one size, interleaved by row.
struct Stack {
    plane: Plane,
    channels: usize,
    width: usize,
    height: usize,
}

/// All layers in order: down to a sixteenth of the input, and up again to a half, each time beside what was seen on the way
/// down.
fn forward(device: &Device, input: Stack) -> Result<Stack> {
    let mut layers = Model::embedded().layers.iter();
    let mut next = |from: &Stack, skip: Option<&Stack>, stride: usize| {
        let Some(layer) = layers.next() else { unreachable!("a network of 14 layers") };
        convolve(device, layer, from, skip, stride)
    };
    let fine = next(&input, None, 1)?;
    let half = next(&fine, None, 2)?;
    let half = next(&half, None, 1)?;
    let quarter = next(&half, None, 2)?;
    let quarter = next(&quarter, None, 1)?;
    let eighth = next(&quarter, None, 2)?;
    let eighth = next(&eighth, None, 1)?;
    let sixteenth = next(&eighth, None, 2)?;
    let sixteenth = next(&sixteenth, None, 1)?;
    let sixteenth = next(&sixteenth, None, 1)?;
    let eighth = next(&sixteenth, Some(&eighth), 1)?;
    let quarter = next(&eighth, Some(&quarter), 1)?;
    let half = next(&quarter, Some(&half), 1)?;
    next(&half, None, 1)
}

fn convolve(device: &Device, layer: &model::Layer, from: &Stack, skip: Option<&Stack>, stride: usize) -> Result<Stack> {
    let grid = skip.unwrap_or(from);
    let (width, height) = (grid.width.div_ceil(stride), grid.height.div_ceil(stride));
    let outputs = layer.bias.len();
    let last = outputs == BLOCK;
    let params = ConvolveParams {
        grid_width: grid.width as u32,
        grid_height: grid.height as u32,
        width: from.width as u32,
        channels: from.channels as u32,
        enlarged: if skip.is_some() { 2 } else { 1 },
        skip_channels: skip.map_or(0, |s| s.channels as u32),
        out_width: width as u32,
        out_height: height as u32,
        outputs: outputs as u32,
        stride: stride as u32,
        scale: layer.scale,
        top: if last { 0.0 } else { TOP },
    };
    let weights = device.upload(layer.weights.clone())?;
    let bias = device.upload(layer.bias.clone())?;
    let nothing = device.upload(vec![0.0])?;
    let inputs = [&from.plane, skip.map_or(&nothing, |s| &s.plane), &weights, &bias];
    let grid = [width, height, outputs / BLOCK];
    let plane = device.run(&kernels::CONVOLVE, &params, &inputs, outputs * width * height, grid)?;
    Ok(Stack { plane, channels: outputs, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_change_nothing() {
        let (width, height) = (700, 400);
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u16
        };
        let input = Input::new((0..width * height).map(|_| noise()).collect(), (width, height));
        let whole = answers(&Device::Native, &input, usize::MAX).unwrap();
        assert!(answers(&Device::Native, &input, 300 * 300).unwrap() == whole);
    }

    #[test]
    fn the_middle_of_the_input_is_the_median() {
        let input = Input::new((0..=1000).rev().collect(), (1001, 1));
        assert_eq!([500, 100, 900].map(|v: usize| input.scale[v]), [0.0, -256.0, 256.0]);
        assert_eq!(input.scale[60_000], INPUT_TOP);
    }
}
