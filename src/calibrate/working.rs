//! From grey values to the working grid: the picture that every later stage looks at.

use crate::error::Result;
use crate::gpu::{Device, Plane, kernels};
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

/// The working picture on the device, and how it relates to the original.
pub struct Working {
    /// Whole numbers 0 to 65535, row-major.
    pub plane: Plane,
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

/// Puts a micrograph on the working grid, what was drawn into it painted over.
///
/// `pixel_nm` is the edge of an original pixel, nm.
pub fn working(device: &Device, micrograph: &Micrograph, pixel_nm: f64) -> Result<Working> {
    let shorter = micrograph.width.min(micrograph.height);
    let factor = ((2.0 * WORKING_PIXEL_MIN_NM / pixel_nm).floor() as usize).clamp(1, shorter);
    let (width, height) = (micrograph.width / factor, micrograph.height / factor);
    let mut grey = micrograph.grey.clone();
    cover(&mut grey, (micrograph.width, micrograph.height), &micrograph.marks);
    let (low, high) = tails(&grey);
    let range = f64::from(high) - f64::from(low);
    // A picture of one value has no range; any scale shows it as it is.
    let grey_per_unit = if range > 0.0 { range / RANGE_WORKING } else { 1.0 };
    let grey_at_zero = f64::from(low) - grey_per_unit * RANGE_WORKING;
    let params = BinParams {
        width: micrograph.width as u32,
        out_width: width as u32,
        out_height: height as u32,
        factor: factor as u32,
        offset: grey_at_zero as f32,
        scale: (1.0 / (grey_per_unit * (factor * factor) as f64)) as f32,
    };
    let grey = device.upload(grey)?;
    let plane = device.run(&kernels::BIN, &params, &[&grey], width * height, [width, height, 1])?;
    Ok(Working { plane, width, height, factor, pixel_nm: pixel_nm * factor as f64, grey_per_unit, grey_at_zero })
}

/// Grey values that leave [`TAIL`] of the pixels below and above. On a regular sample of at most about a million pixels:
/// the quantiles of more pixels differ by less than the noise.
fn tails(grey: &[f32]) -> (f32, f32) {
    let mut sample: Vec<f32> = grey.iter().copied().step_by(grey.len().div_ceil(1 << 20).max(1)).collect();
    let last = sample.len() - 1;
    let below = (TAIL * last as f64).round() as usize;
    let low = *sample.select_nth_unstable_by(below, f32::total_cmp).1;
    let high = *sample.select_nth_unstable_by(last - below, f32::total_cmp).1;
    (low, high)
}
