//! `cupule bench`.

use super::options::take_threads;
use super::own::MachineOptions;
use crate::batch::Effort;
use crate::bench::{self, Options, quality};
use crate::error::{Error, Result};
use crate::stop;
use crate::units::PixelSize;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measure how fast this machine is: every stage by itself, and whole runs with images per hour
///
/// Needs no data: makes synthetic micrographs (16-bit TIFF, the same every time) in a folder for temporary files, which
/// is removed at the end. Times are by the clock on the wall, so let nothing else run. Stages: read (open, decode,
/// checksum, marks and scale), calibrate, denoise, network, segment, measure, write (all files of the image), each for
/// one image with all threads; tables (tables, figures and pages of the whole run). Then a run over all micrographs as
/// 'cupule analyze' does it, --jobs at once. megapixels are 10^6 pixels of the micrographs as they are, before binning.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Bench {
    #[command(flatten)]
    machine: MachineOptions,

    /// Edge of the square micrographs, px, 64 to 16384
    #[arg(long, value_name = "PX", default_value_t = 2048, value_parser = whole(64, 16_384))]
    size: usize,

    /// Edge of a pixel with its unit, such as 0.6nm; those finer than 0.7nm are binned, which makes the work less
    #[arg(long, value_name = "LENGTH", default_value = "0.6nm", conflicts_with = "denoise_quality")]
    pixel_size: PixelSize,

    /// Micrographs of the run from end to end, at least 1; the more, the less weighs what comes once
    #[arg(
        long,
        value_name = "N",
        default_value_t = 8,
        value_parser = whole(1, 100_000),
        conflicts_with = "denoise_quality"
    )]
    images: usize,

    /// How often each stage is timed, at least 1, after a first time that warms up and does not count
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = whole(1, 10_000))]
    repeat: usize,

    /// Print JSON, one object: cupule_version, build, machine, device, threads, jobs, memory_limit_bytes, pictures,
    /// repeats, stages, image, kernels, end_to_end; docs/speed.md explains each
    #[arg(long)]
    json: bool,

    /// Instead of all that, denoise one synthetic micrograph of 1 nm a pixel. Writes clean.tif (without the camera's
    /// noise), noisy.tif and denoised.tif into this folder, created if missing, and prints JSON with the seconds of
    /// denoising alone
    #[arg(long, value_name = "DIR")]
    denoise_quality: Option<PathBuf>,
}

fn whole(low: u64, high: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(low..=high)
}

impl Bench {
    pub fn run(self) -> Result<ExitCode> {
        stop::listen()?;
        let plan = self.machine.resolve()?;
        take_threads(plan.threads)?;
        let options = Options {
            device: plan.device,
            effort: Effort::new(plan.jobs, plan.memory_bytes),
            size_px: self.size,
            pixel_size_nm: self.pixel_size.mean_nm(),
            images: self.images,
            repeats: self.repeat,
        };
        let text = match &self.denoise_quality {
            Some(folder) => json(&quality::run(&options, folder, super::say).map_err(said)?)?,
            None => {
                let bench = bench::run(&options, super::say).map_err(said)?;
                if self.json { json(&bench)? } else { bench::text(&bench) }
            }
        };
        super::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn json(figures: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(figures);
    text.map(|text| text + "\n").map_err(|error| Error::output("JSON".as_ref(), error, "report this as a fault"))
}

/// Of a run that was stopped nothing is left to go on with.
fn said(error: Error) -> Error {
    match error {
        Error::Stopped { signal, .. } => Error::Stopped { signal, remedy: "nothing was kept: run it again".into() },
        other => other,
    }
}
