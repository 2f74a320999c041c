//! From grey values to the working grid: the picture that every later stage looks at.

use crate::error::Result;
use crate::gpu::tiles::Picture;
use crate::gpu::{Device, kernels};
use crate::image::Micrograph;

use super::cover::cover;
use super::native::BinParams;

/// Finest working pixel, nm. A membrane with its stain is 5 nm or more, so finer sampling adds noise and time only;
/// micrographs of finer pixels are binned by whole factors down to between one and two times this.
pub const WORKING_PIXEL_MIN_NM: f64 = 0.7;

/// Share of the grey values below and above the part of the scale that must stay distinguishable. What lies beyond gets
/// one extra range on either side before it is clipped, so that bright dots keep their shape.
const TAIL: f64 = 0.001;

/// The working scale is 0 to 65535; the range between the tails takes its middle third.
const RANGE_WORKING: f64 = 65535.0 / 3.0;

/// Pixels of the original that are binned at a time, which bounds the memory that takes.
const BAND_PX: usize = 1 << 22;

/// The working picture, and how it relates to the original.
pub struct Working {
    pub picture: Picture,
    pub width: usize,
    pub height: usize,
    /// Original pixels per working pixel.
    pub factor: usize,
    /// Edge of a working pixel, nm (the assumed scale when the micrograph has none).
    pub pixel_nm: f64,
    /// Grey values of the file per working unit.
    pub grey_per_unit: f64,
    /// Grey value of the file at 0 working units.
    pub grey_at_zero: f64,
}

impl Working {
    /// Original coordinate of a working-grid index (the centre of the first pixel has index 0).
    pub fn to_original_px(&self, index: f64) -> f64 {
        (index + 0.5) * self.factor as f64
    }

    /// Grey value of the file for a working value.
    pub fn to_grey(&self, working: f64) -> f64 {
        self.grey_at_zero + self.grey_per_unit * working
    }
}

/// Original pixels per working pixel along each axis.
pub fn factor(pixel_nm: f64, (width, height): (usize, usize)) -> usize {
    ((2.0 * WORKING_PIXEL_MIN_NM / pixel_nm).floor() as usize).clamp(1, width.min(height))
}

/// Puts a micrograph on the working grid, what was drawn into it painted over.
///
/// `pixel_nm` is the edge of an original pixel, nm.
pub fn working(device: &Device, micrograph: &Micrograph, pixel_nm: f64) -> Result<Working> {
    let factor = factor(pixel_nm, (micrograph.width, micrograph.height));
    let (width, height) = (micrograph.width / factor, micrograph.height / factor);
    let (grey, painted) =
        (&micrograph.grey, cover(&micrograph.grey, (micrograph.width, micrograph.height), &micrograph.marks));
    let (low, high) = tails(grey, &painted);
    let range = f64::from(high) - f64::from(low);
    // A picture of one value has no range; any scale shows it as it is.
    let grey_per_unit = if range > 0.0 { range / RANGE_WORKING } else { 1.0 };
    let grey_at_zero = f64::from(low) - grey_per_unit * RANGE_WORKING;
    let scale = (1.0 / (grey_per_unit * (factor * factor) as f64)) as f32;
    let band = (BAND_PX / (micrograph.width * factor)).max(1);
    let mut values = Vec::with_capacity(width * height);
    for first in (0..height).step_by(band) {
        let rows = band.min(height - first);
        let pixels = first * factor * micrograph.width..(first + rows) * factor * micrograph.width;
        let mut part = grey[pixels.clone()].to_vec();
        let begin = painted.partition_point(|(place, _)| *place < pixels.start);
        for (place, value) in painted[begin..].iter().take_while(|(place, _)| *place < pixels.end) {
            part[place - pixels.start] = *value;
        }
        let params = BinParams {
            width: micrograph.width as u32,
            out_width: width as u32,
            out_height: rows as u32,
            factor: factor as u32,
            offset: grey_at_zero as f32,
            scale,
        };
        let part = device.upload(part)?;
        let binned = device.run(&kernels::BIN, &params, &[&part], width * rows, [width, rows, 1])?;
        values.extend(device.download(&binned)?.iter().map(|v| *v as u16));
    }
    let mut picture = Picture::new(values, (width, height));
    picture.keep_on(device)?;
    Ok(Working { picture, width, height, factor, pixel_nm: pixel_nm * factor as f64, grey_per_unit, grey_at_zero })
}

/// Grey values that leave [`TAIL`] of the pixels below and above. On a regular sample of at most about a million pixels:
/// the quantiles of more pixels differ by less than the noise.
fn tails(grey: &[f32], painted: &[(usize, f32)]) -> (f32, f32) {
    let step = grey.len().div_ceil(1 << 20).max(1);
    let mut sample: Vec<f32> = grey.iter().copied().step_by(step).collect();
    for (place, value) in painted.iter().filter(|(place, _)| place.is_multiple_of(step)) {
        sample[place / step] = *value;
    }
    let last = sample.len() - 1;
    let below = (TAIL * last as f64).round() as usize;
    let low = *sample.select_nth_unstable_by(below, f32::total_cmp).1;
    let high = *sample.select_nth_unstable_by(last - below, f32::total_cmp).1;
    (low, high)
}
