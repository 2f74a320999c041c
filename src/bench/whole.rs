//! A run from end to end, as `cupule analyze` does it.

use super::{Options, StageTime};
use crate::batch::{self, Begin, FailOn, Frames, Job, Opening, Selection};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::log::Log;
use crate::measure::Model;
use crate::report::{Exports, rewrite};
use crate::results::record::EffortRecord;
use crate::results::{Findings, Run, image_folder};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a run over all micrographs came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndToEnd {
    pub images: usize,
    /// Those of them that the device analysed to the end; the others went to the processor.
    pub images_on_device: usize,
    /// From opening the device to the last page.
    pub seconds: f64,
    pub images_per_second: f64,
    pub images_per_hour: f64,
    pub megapixels_per_second: f64,
    /// Without what comes once at the beginning and once at the end; `None` where `SOURCE_DATE_EPOCH` holds the clock.
    pub analysis: Option<AnalysisTime>,
    /// Most memory that the program took during the run; `None` where the system does not count afresh.
    pub memory_peak_bytes: Option<u64>,
}

/// The part of a run that grows with the images: from reading the first to the files of the last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnalysisTime {
    pub seconds: f64,
    pub images_per_second: f64,
    pub images_per_hour: f64,
    pub megapixels_per_second: f64,
    /// Time of all cores together; `None` where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// Of the time of so many cores as there are threads.
    pub busy_share: Option<f64>,
}

/// Runs over the files into `out`; then makes the tables and pages of that run again and again, for a stage of their
/// own.
///
/// * `megapixels`: of one image.
pub(super) fn time(
    options: &Options,
    paths: &[PathBuf],
    out: &Path,
    megapixels: f64,
    tell: fn(&str),
) -> Result<(EndToEnd, StageTime)> {
    let counts_afresh = forget_peak();
    let start = Instant::now();
    run(options, paths, out)?;
    let seconds = start.elapsed().as_secs_f64();
    let (_lock, mut run) = Run::open_alone(out)?;
    let images_on_device = on_device(&run)?;
    let images = paths.len();
    if images_on_device < images {
        tell(&format!("warning: of {images} images, the device analysed only {images_on_device}"));
    }
    let effort = run.record.effort.clone();
    let images_per_second = images as f64 / seconds;
    let end_to_end = EndToEnd {
        images,
        images_on_device,
        seconds,
        images_per_second,
        images_per_hour: 3600.0 * images_per_second,
        megapixels_per_second: megapixels * images_per_second,
        memory_peak_bytes: effort.as_ref().filter(|_| counts_afresh).and_then(|effort| effort.memory_peak_bytes),
        analysis: effort.map(|effort| AnalysisTime::of(&effort, megapixels)),
    };
    let mut times = Vec::new();
    // The run itself was the first time, which does not count.
    for _ in 0..options.repeats {
        let start = Instant::now();
        rewrite(&mut run, &Exports::default(), |_| false)?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok((end_to_end, StageTime::of("tables", images, times, megapixels)))
}

fn run(options: &Options, paths: &[PathBuf], out: &Path) -> Result<()> {
    let inputs = batch::find(paths, Some(out), &Selection::new(&[], &[])?)?;
    let job = Job {
        inputs: &inputs,
        out,
        config: Config::default(),
        model: Model::embedded(),
        device: options.device.clone(),
        effort: options.effort,
        opening: Opening::default(),
        frames: Frames::default(),
        exports: Exports::default(),
        sample: None,
        command: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        include: Vec::new(),
        exclude: Vec::new(),
        chunk: None,
        lock_wait: Duration::ZERO,
        begin: Begin::Restart,
        keeps_gone: false,
        fail_on: FailOn::Any,
        log: &Log::silent(),
    };
    batch::run(&job).map(drop)
}

/// How many images the run's own device analysed.
///
/// # Errors
/// [`Error::Input`] when an image failed: what is timed then is something else.
fn on_device(run: &Run) -> Result<usize> {
    let mut count = 0;
    for journal in run.journals() {
        let input = journal?.input;
        if input.is_failed() {
            let cause = Findings::read(&image_folder(&run.dir, &input.output))?.row.error.unwrap_or_default();
            return Err(Error::input(
                input.image.as_ref(),
                cause,
                "this micrograph was made here: report it as a fault",
            ));
        }
        count += usize::from(input.device.as_ref() == Some(&run.record.device.name));
    }
    Ok(count)
}

/// Lets the system forget how much memory was taken so far: making the micrographs takes some, too. Whether it does.
fn forget_peak() -> bool {
    cfg!(target_os = "linux") && std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

impl AnalysisTime {
    fn of(effort: &EffortRecord, megapixels: f64) -> Self {
        let &EffortRecord { seconds, images_per_second, cpu_seconds, busy_share, .. } = effort;
        Self {
            seconds,
            images_per_second,
            images_per_hour: 3600.0 * images_per_second,
            megapixels_per_second: megapixels * images_per_second,
            cpu_seconds,
            busy_share,
        }
    }
}
