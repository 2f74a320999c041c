//! `picture.png`: the image in 8-bit grey, as it is shown wherever it is shown.

use crate::error::{Error, Result};
use crate::image::Micrograph;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageEncoder, ImageFormat};
use rayon::prelude::*;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Name of the file in an image's folder.
pub const PICTURE: &str = "picture.png";

/// Larger pictures are reduced by a whole factor until their longest side has no more than this many pixels.
const MAX_SIDE: usize = 4096;

/// An image in 8-bit grey, perhaps reduced.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub grey: GrayImage,
    /// Pixels of the image along a side of one pixel here.
    pub reduce: usize,
}

impl Picture {
    /// The 0.5 and 99.5 percentiles become black and white.
    pub fn of(micrograph: &Micrograph) -> Self {
        let (width, height) = (micrograph.width, micrograph.height);
        let reduce = reduction((width, height));
        let (low, high) = stretch(&micrograph.grey);
        let range = if high > low { high - low } else { 1.0 };
        let mut grey = GrayImage::new(width.div_ceil(reduce) as u32, height.div_ceil(reduce) as u32);
        let columns = (grey.width() as usize).max(1);
        grey.par_chunks_exact_mut(columns).enumerate().for_each(|(y, row)| {
            let rows = y * reduce..((y + 1) * reduce).min(height);
            for (x, pixel) in row.iter_mut().enumerate() {
                let columns = x * reduce..((x + 1) * reduce).min(width);
                let count = (rows.len() * columns.len()) as f32;
                let block = rows.clone().map(|row| &micrograph.grey[row * width..][columns.clone()]);
                let mean = block.flatten().map(|v| ((v - low) / range).clamp(0.0, 1.0)).sum::<f32>() / count;
                *pixel = (255.0 * mean).round() as u8;
            }
        });
        Self { grey, reduce }
    }

    /// Reads `picture.png` of an image of `size_px` (width, height).
    ///
    /// # Errors
    /// [`Error::Input`] when it is missing or damaged.
    pub fn read(path: &Path, size_px: (usize, usize)) -> Result<Self> {
        let remedy = "analyse again";
        let bytes = fs::read(path).map_err(|error| Error::input(path, error, remedy))?;
        let grey = image::load_from_memory_with_format(&bytes, ImageFormat::Png)
            .map_err(|error| Error::input(path, error, remedy))?
            .into_luma8();
        Ok(Self { reduce: reduction(size_px), grey })
    }

    /// Writes it as a grey PNG.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        // In memory first: what fails is then the encoder or the disk, and the disk's error comes through untouched.
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive)
            .write_image(self.grey.as_raw(), self.grey.width(), self.grey.height(), ExtendedColorType::L8)
            .map_err(io::Error::other)?;
        out.write_all(&png)
    }
}

/// By which factor an image is reduced.
fn reduction((width, height): (usize, usize)) -> usize {
    width.max(height).div_ceil(MAX_SIDE).max(1)
}

/// Grey values that become black and white: the 0.5 and 99.5 percentiles.
pub fn stretch(grey: &[f32]) -> (f32, f32) {
    // A million pixels tell as much as all of them.
    let mut sample: Vec<f32> = grey.iter().copied().step_by((grey.len() >> 20).max(1)).collect();
    if sample.is_empty() {
        return (0.0, 0.0);
    }
    let last = sample.len() - 1;
    let mut percentile = |share: f64| *sample.select_nth_unstable_by((share * last as f64) as usize, f32::total_cmp).1;
    (percentile(0.005), percentile(0.995))
}
