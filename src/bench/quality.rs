//! Denoising alone, in time and in nearness to a picture whose truth is known.

use super::{Machine, Options, Spread, open};
use crate::atomic::create_folder;
use crate::calibrate::working;
use crate::denoise::{DenoiseConfig, denoise};
use crate::error::Result;
use crate::gpu::DeviceInfo;
use crate::image::Micrograph;
use crate::stop;
use crate::synth::{self, Kind, exposure, write_picture};
use crate::units::PixelSize;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Edge of a pixel, nm: coarse enough that nothing is binned, so that the picture is its own working grid.
pub const PIXEL_SIZE_NM: f64 = 1.0;
/// Stained cups on a grained film, and noise that is correlated as that of cameras is.
const KIND: Kind = Kind::Cup;
const SEED: u64 = 1;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    pub cupule_version: &'static str,
    pub build: &'static str,
    pub machine: Machine,
    pub device: DeviceInfo,
    pub threads: usize,
    pub width_px: usize,
    pub height_px: usize,
    pub pixel_size_nm: f64,
    pub repeats: usize,
    /// Of denoising alone, the picture being on the working grid: the median.
    pub seconds: f64,
    pub seconds_min: f64,
    pub seconds_max: f64,
    pub megapixels_per_second: f64,
    /// Peak signal-to-noise ratios against the clean picture; the peak is the range that it has.
    pub psnr_noisy_db: f64,
    pub psnr_denoised_db: f64,
}

/// Denoises a synthetic picture, and writes `clean.tif`, `noisy.tif` and `denoised.tif` into a folder: 16 bits, of one
/// size, in the same grey values.
///
/// # Errors
/// As [`super::run`].
pub fn run(options: &Options, folder: &Path, tell: fn(&str)) -> Result<Quality> {
    let device = open(&options.device, tell)?;
    create_folder(folder)?;
    let recipe = synth::Options {
        width_px: Some(options.size_px),
        height_px: Some(options.size_px),
        pixel_size_nm: Some(PIXEL_SIZE_NM),
        kinds: vec![KIND],
    };
    recipe.check()?;
    let shot = exposure(&recipe.recipe(SEED, 0));
    let (width, height) = (shot.width, shot.height);
    let grey = shot.noisy.iter().map(|&count| f32::from(count)).collect();
    let micrograph = Micrograph::new(width, height, grey, PixelSize::square(PIXEL_SIZE_NM));
    let working = working(&device, &micrograph, PIXEL_SIZE_NM)?;
    let config = DenoiseConfig::default();
    let mut denoised = denoise(&device, &working, &config)?;
    let mut times = Vec::new();
    for _ in 0..options.repeats {
        stop::check()?;
        let start = Instant::now();
        denoised = denoise(&device, &working, &config)?;
        times.push(start.elapsed().as_secs_f64());
    }
    let count = |&value: &u16| working.to_grey(value.into()).round().clamp(0.0, u16::MAX.into()) as u16;
    let result: Vec<u16> = denoised.picture.values.iter().map(count).collect();
    for (name, values) in [("clean", &shot.clean), ("noisy", &shot.noisy), ("denoised", &result)] {
        write_picture(&folder.join(format!("{name}.tif")), width, height, values, PIXEL_SIZE_NM)?;
    }
    let Spread { seconds_median, seconds_min, seconds_max } = Spread::of(times);
    Ok(Quality {
        cupule_version: env!("CARGO_PKG_VERSION"),
        build: super::BUILD,
        machine: Machine::this(),
        device: device.info(),
        threads: rayon::current_num_threads(),
        width_px: width,
        height_px: height,
        pixel_size_nm: PIXEL_SIZE_NM,
        repeats: options.repeats,
        seconds: seconds_median,
        seconds_min,
        seconds_max,
        megapixels_per_second: (width * height) as f64 / 1e6 / seconds_median,
        psnr_noisy_db: psnr_db(&shot.clean, &shot.noisy),
        psnr_denoised_db: psnr_db(&shot.clean, &result),
    })
}

/// Nearness of a picture to the clean one.
fn psnr_db(clean: &[u16], given: &[u16]) -> f64 {
    let (low, high) = clean.iter().fold((u16::MAX, 0), |(low, high), &v| (low.min(v), high.max(v)));
    let square = |(&a, &b): (&u16, &u16)| (f64::from(a) - f64::from(b)).powi(2);
    let mean = clean.iter().zip(given).map(square).sum::<f64>() / clean.len() as f64;
    10.0 * libm::log10(f64::from(high - low).powi(2) / mean.max(1e-12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_range_is_20_db() {
        assert!((psnr_db(&[0, 100, 50, 50], &[10, 90, 60, 40]) - 20.0).abs() < 1e-9);
    }
}
