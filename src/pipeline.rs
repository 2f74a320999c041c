//! The order of the stages for one micrograph, from calibrated grey values to measured particles.

use crate::calibrate::{Working, factor, working};
use crate::config::Config;
use crate::denoise::{Denoised, denoise};
use crate::error::Result;
use crate::gpu::Device;
use crate::gpu::tiles::PLANE_MAX;
use crate::image::{Micrograph, covered};
use crate::measure::{Measured, Model, Original, Quality, Rules, Scene, measure};
use crate::network::{Evidence, look};
use crate::segment::{Contour, segment};
use std::time::Instant;

/// Width of the field that a micrograph without a pixel size is assumed to show, nm: what a vesicle micrograph usually does.
/// It only decides which sizes in pixels are looked for.
const ASSUMED_FIELD_NM: f64 = 1500.0;

/// What came out for one micrograph.
pub struct Analysis {
    pub measured: Measured,
    /// Outlines that were strong and distinct enough to be judged.
    pub contour_count: usize,
    pub background: Background,
    pub quality: Quality,
    /// Seconds spent in each stage, in order.
    pub stages: Vec<(&'static str, f64)>,
}

/// Grey values of the film, in the file's units.
pub struct Background {
    /// Median.
    pub grey: f64,
    /// Standard deviation of a pixel of empty film on the working grid.
    pub noise_grey: f64,
    /// Drift of the film over the picture: 5th to 95th percentile of means over squares of [`Background::SQUARE_NM`].
    pub swing_grey: f64,
}

/// Pixel size to assume for a micrograph that has none, nm.
pub fn assumed_pixel_nm(micrograph: &Micrograph) -> f64 {
    ASSUMED_FIELD_NM / micrograph.width.max(micrograph.height) as f64
}

/// What reading an image and analysing it take at most at once, bytes: an estimate
/// above what was measured, see docs/speed.md.
pub fn memory_bytes(micrograph: &Micrograph) -> u64 {
    /// Per pixel of the image: its grey values, and what is drawn and written of it.
    const IMAGE_BYTES: u64 = 16;
    /// Per pixel of the working grid, as far as it is computed at once: pictures, gradients, votes.
    const WORKING_BYTES: u64 = 40;
    /// Per pixel of the working grid beyond that: pictures and the network's maps.
    const TILED_BYTES: u64 = 8;
    /// The network's layers, whose tiles are of one size.
    const LAYERS_BYTES: u64 = 200 << 20;
    let pixel_nm = micrograph.pixel_size.map_or_else(|| assumed_pixel_nm(micrograph), |p| p.mean_nm());
    let size = (micrograph.width, micrograph.height);
    let (pixels, factor) = ((size.0 * size.1) as u64, factor(pixel_nm, size) as u64);
    let working = pixels / (factor * factor);
    let at_once = working.min(PLANE_MAX as u64);
    IMAGE_BYTES * pixels
        + WORKING_BYTES * at_once
        + TILED_BYTES * (working - at_once)
        + LAYERS_BYTES.min(WORKING_BYTES * working)
}

/// Everything that could be a vesicle, outlined but not yet judged.
pub struct Outlined {
    working: Working,
    denoised: Denoised,
    evidence: Evidence,
    pub contours: Vec<Contour>,
    clock: Clock,
}

impl Outlined {
    /// The picture that the outlines are judged by.
    pub fn scene(&self) -> Scene<'_> {
        Scene {
            working: &self.working,
            grey: &self.denoised.picture.values,
            raw: &self.working.picture.values,
            noise: self.denoised.noise,
            evidence: &self.evidence,
        }
    }
}

/// The stages that run on the device: calibrate, denoise, network, segment.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device fails.
pub fn outline(micrograph: &Micrograph, config: &Config, device: &Device) -> Result<Outlined> {
    let mut clock = Clock { last: Instant::now(), stages: Vec::new() };
    let pixel_nm = micrograph.pixel_size.map_or_else(|| assumed_pixel_nm(micrograph), |p| p.mean_nm());

    let mut working = working(device, micrograph, pixel_nm)?;
    clock.lap("calibrate");
    let mut denoised = denoise(device, &working, &config.denoise)?;
    clock.lap("denoise");
    let evidence = look(device, &working)?;
    clock.lap("network");
    let contours = segment(device, &working, &denoised, &evidence, &config.segment)?;
    working.picture.leave_device();
    denoised.picture.leave_device();
    clock.lap("segment");
    Ok(Outlined { working, denoised, evidence, contours, clock })
}

/// Finds, outlines and measures the vesicles of a micrograph.
///
/// # Errors
/// As [`outline`].
pub fn analyze(micrograph: &Micrograph, config: &Config, model: &Model, device: &Device) -> Result<Analysis> {
    let mut outlined = outline(micrograph, config, device)?;
    let rules = Rules { segment: &config.segment, verdict: &config.verdict, model };
    let scene = outlined.scene();
    let size_px = (micrograph.width, micrograph.height);
    let original = Original { size_px, covered: covered(&micrograph.marks, size_px) };
    let measured = measure(&scene, &outlined.contours, &original, &rules);
    let (background, quality) = rayon::join(|| Background::new(&scene), || Quality::new(&scene, micrograph, &measured));
    outlined.clock.lap("measure");
    let contour_count = outlined.contours.len();
    Ok(Analysis { measured, contour_count, background, quality, stages: outlined.clock.stages })
}

impl Background {
    /// Edge of the squares whose means show the drift, nm: larger than a vesicle with its halo.
    pub const SQUARE_NM: f64 = 300.0;

    fn new(scene: &Scene) -> Self {
        let (width, height) = (scene.working.width, scene.working.height);
        let side = ((Self::SQUARE_NM / scene.working.pixel_nm) as usize).clamp(1, width.min(height));
        let mut means: Vec<f64> = (0..height / side)
            .flat_map(|j| (0..width / side).map(move |i| (i * side, j * side)))
            .map(|(x0, y0)| {
                let row = |y: usize| &scene.grey[y * width + x0..][..side];
                (y0..y0 + side).map(|y| row(y).iter().map(|&v| f64::from(v)).sum::<f64>()).sum::<f64>()
                    / (side * side) as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |q: f64| means[((means.len() - 1) as f64 * q).round() as usize];
        let mut sample: Vec<u16> = scene.grey.iter().copied().step_by(scene.grey.len().div_ceil(1 << 18)).collect();
        let middle = sample.len() / 2;
        let median = *sample.select_nth_unstable(middle).1;
        Self {
            grey: scene.working.to_grey(median.into()),
            noise_grey: scene.noise * scene.working.grey_per_unit,
            swing_grey: (at(0.95) - at(0.05)) * scene.working.grey_per_unit,
        }
    }
}

/// Time spent in each stage.
struct Clock {
    last: Instant,
    stages: Vec<(&'static str, f64)>,
}

impl Clock {
    fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.stages.push((stage, (now - self.last).as_secs_f64()));
        self.last = now;
    }
}
