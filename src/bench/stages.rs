//! The stages of one image, one after the other, again and again.

use super::Spread;
use crate::atomic::{create_folder, write_whole};
use crate::batch::{Loaded, Opening, load};
use crate::config::Config;
use crate::error::Result;
use crate::gpu::{Device, Pass};
use crate::measure::Model;
use crate::pipeline::{Analysis, analyze};
use crate::report::{Exports, write_image};
use crate::results::{Curation, Findings, ImageResult, ImageRow, PICTURE, Picture};
use crate::stop;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// How long a stage took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageTime {
    /// `read`, those of [`crate::pipeline`], `write`, `tables`; `image` for the sum over one image.
    pub stage: &'static str,
    /// Images that each time is for.
    pub images: usize,
    #[serde(flatten)]
    pub spread: Spread,
    /// Of the images as they are in their files, by the median.
    pub megapixels_per_second: f64,
}

impl StageTime {
    /// * `megapixels`: of one image.
    pub(super) fn of(stage: &'static str, images: usize, seconds: Vec<f64>, megapixels: f64) -> Self {
        let spread = Spread::of(seconds);
        let megapixels_per_second = megapixels * images as f64 / spread.seconds_median;
        Self { stage, images, spread, megapixels_per_second }
    }
}

/// How long the device computed with a kernel, for one image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelTime {
    pub kernel: &'static str,
    pub dispatches: usize,
    #[serde(flatten)]
    pub spread: Spread,
    /// Read and written, if each number were moved once.
    pub bytes: u64,
    /// Of these, 10^9, by the median; `None` where nothing is known.
    pub gigabytes_per_second: Option<f64>,
}

/// Times every stage of an image on a device; the sum of each turn, and what kernels took of it. The first turn, which
/// warms everything up, does not count. The device is closed at the end, because a run opens its own.
pub(super) fn time(
    device: Device,
    path: &Path,
    out: &Path,
    repeats: usize,
    megapixels: f64,
) -> Result<(Vec<StageTime>, StageTime, Vec<KernelTime>)> {
    create_folder(out)?;
    turn(&device, path, out)?;
    device.take_passes();
    let (mut turns, mut passes) = (Vec::new(), Vec::new());
    for _ in 0..repeats {
        turns.push(turn(&device, path, out)?);
        passes.push(device.take_passes());
    }
    let sums = turns.iter().map(|stages| stages.iter().map(|(_, seconds)| seconds).sum()).collect();
    let stage = |(at, &(name, _)): (usize, &(&'static str, f64))| {
        StageTime::of(name, 1, turns.iter().map(|turn| turn[at].1).collect(), megapixels)
    };
    let stages = turns[0].iter().enumerate().map(stage).collect();
    Ok((stages, StageTime::of("image", 1, sums, megapixels), kernels(&passes)))
}

/// Everything that `analyze` does for an image, and the seconds of each stage.
fn turn(device: &Device, path: &Path, out: &Path) -> Result<Vec<(&'static str, f64)>> {
    stop::check()?;
    let start = Instant::now();
    let loaded = load(path, &Opening::default())?;
    let mut stages = vec![("read", start.elapsed().as_secs_f64())];
    let mut analysis = analyze(&loaded.micrograph, &Config::default(), Model::embedded(), device)?;
    stages.append(&mut analysis.stages);
    let start = Instant::now();
    write(out, &loaded, analysis)?;
    stages.push(("write", start.elapsed().as_secs_f64()));
    Ok(stages)
}

/// Writes the files of an image as a run does, its journal left out.
fn write(folder: &Path, loaded: &Loaded, analysis: Analysis) -> Result<()> {
    let micrograph = &loaded.micrograph;
    let row = ImageRow {
        image: "image".into(),
        output: Some("image".into()),
        format: Some(loaded.format.into()),
        width_px: Some(micrograph.width),
        height_px: Some(micrograph.height),
        pixel_size: micrograph.pixel_size,
        quality: Some(analysis.quality),
        ..Default::default()
    };
    let found = Findings { row, marks: micrograph.marks.clone(), particles: analysis.measured.particles };
    found.write(folder)?;
    let picture = Picture::of(micrograph);
    write_whole(&folder.join(PICTURE), |out| picture.write(out))?;
    write_image(folder, &ImageResult::new(found, &Curation::default()), &picture, &Exports::default())
}

/// Sums up what kernels took in each turn, in the order of first use.
fn kernels(turns: &[Vec<Pass>]) -> Vec<KernelTime> {
    let mut names: Vec<&'static str> = Vec::new();
    for pass in turns.iter().flatten() {
        if !names.contains(&pass.kernel) {
            names.push(pass.kernel);
        }
    }
    let time = |kernel| {
        // What a turn lacks was not at hand when its clock was read.
        let of_kernel: Vec<&Pass> = turns.iter().flatten().filter(|pass| pass.kernel == kernel).collect();
        let spread = Spread::of(of_kernel.iter().map(|pass| pass.seconds).collect());
        let Pass { dispatches, bytes, .. } = *of_kernel[0];
        let is_known = bytes > 0 && spread.seconds_median > 0.0;
        let gigabytes_per_second = is_known.then(|| bytes as f64 / 1e9 / spread.seconds_median);
        KernelTime { kernel, dispatches, spread, bytes, gigabytes_per_second }
    };
    names.into_iter().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_summed_up_over_the_turns() {
        let pass = |kernel, seconds, bytes| Pass { kernel, dispatches: 2, seconds, bytes };
        let turns = [vec![pass("nlm", 0.5, 1_000_000_000), pass("bin", 0.0, 8)], vec![pass("nlm", 1.5, 1_000_000_000)]];
        let found = kernels(&turns);
        let of = |at: usize| (found[at].kernel, found[at].spread.seconds_median, found[at].gigabytes_per_second);
        assert_eq!((found.len(), of(0), of(1)), (2, ("nlm", 1.0, Some(1.0)), ("bin", 0.0, None)));
        assert_eq!(found[0].dispatches, 2);
    }

    #[test]
    fn speed_is_that_of_all_images() {
        assert_eq!(StageTime::of("tables", 4, vec![2.0], 3.0).megapixels_per_second, 6.0);
    }
}
