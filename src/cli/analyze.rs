//! `cupule analyze`.

use crate::batch::{self, Begin, FailOn, Frames, Job, Opening, Selection};
use crate::calibrate::ScaleRequest;
use crate::config::Config;
use crate::denoise::DenoiseConfig;
use crate::error::{Error, Result};
use crate::gpu::DeviceRequest;
use crate::log::{Format, Log, Verbosity};
use crate::measure::{Model, VerdictConfig};
use crate::purity::Sample;
use crate::read::Limits;
use crate::report::Exports;
use crate::segment::SegmentConfig;
use crate::units::{PixelSize, parse_length_nm};
use clap::{ArgAction, Args};
use std::path::PathBuf;
use std::process::ExitCode;

/// Find, outline and size the vesicles of micrographs
///
/// Reads TIFF, DM3, DM4, MRC, SER, EMD, PNG and JPEG files, alone or in folders. Writes report.html, particles.csv, images.csv,
/// run.json and, per image, images/NAME/labels.tif and overlay.png into the output folder; 'cupule columns' explains the
/// tables.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Analyze {
    /// Micrographs, or folders to search in depth (by extension; links and hidden files are passed over)
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// Folder for the results; created if missing, files of an earlier run are replaced
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    /// Edge of a pixel with its unit (nm, A, pm, um), such as 0.62nm; overrides what the files say [default: from each file]
    #[arg(long, value_name = "LENGTH")]
    pixel_size: Option<PixelSize>,

    /// Let the scale bar that is drawn into an image decide its pixel size where nothing else tells it
    #[arg(long)]
    trust_scale_bar: bool,

    /// Which images of a stack: a number from 0 on, all (each as an image of its own) or mean
    #[arg(long, value_name = "N|all|mean", default_value = "0")]
    frame: Frames,

    /// Largest image to read, px; larger ones are refused before memory is taken for them
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,

    /// Files to write beside the tables: all, default, none, or names separated by commas
    #[arg(long, value_name = "all|NAME,...", default_value = "default", help = super::export_help())]
    export: Exports,

    /// What only people know about the sample, as TOML: for the purity section and its checklist
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,

    /// Smallest vesicle diameter to accept, nm
    #[arg(long, value_name = "NM", default_value_t = SegmentConfig::default().min_diameter_nm, value_parser = nanometres,
          allow_negative_numbers = true)]
    min_diameter: f64,

    /// Largest vesicle diameter to accept, nm
    #[arg(long, value_name = "NM", default_value_t = SegmentConfig::default().max_diameter_nm, value_parser = nanometres,
          allow_negative_numbers = true)]
    max_diameter: f64,

    /// Least confidence of an accepted vesicle, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = VerdictConfig::default().min_confidence,
          allow_negative_numbers = true)]
    min_confidence: f64,

    /// Verdict to use instead of the program's own, made by 'cupule train'
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,

    /// Strength of denoising relative to the noise found in each image, 0 to 100; 0 turns it off
    #[arg(long, value_name = "FACTOR", default_value_t = DenoiseConfig::default().strength,
          value_parser = strength, allow_negative_numbers = true)]
    denoise_strength: f64,

    /// Where to compute: auto (a hardware GPU if there is one, else the processor), gpu, cpu, or part of a name from
    /// 'cupule devices'
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = device)]
    device: DeviceRequest,

    /// Threads on the processor, at least 1 [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,

    /// Say nothing but errors
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,

    /// Say more: a line per image with counts and times, also beside the progress bar
    #[arg(long, short, action = ArgAction::SetTrue)]
    verbose: bool,
}

/// A diameter: a bare number is in nm, as the option's help says; a unit may be given.
fn nanometres(text: &str) -> std::result::Result<f64, String> {
    text.trim().parse().or_else(|_| parse_length_nm(text).map_err(|error| error.to_string()))
}

fn strength(text: &str) -> std::result::Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|value| (0.0..=100.0).contains(value))
        .ok_or_else(|| format!("'{text}' is no strength: write a number between 0 and 100"))
}

fn threads(text: &str) -> std::result::Result<usize, String> {
    let count = text.trim().parse().ok().filter(|&count| count > 0);
    count.ok_or_else(|| format!("'{text}' is no number of threads: write 1 or more"))
}

/// The words in any case. Blank text would match every name.
fn device(text: &str) -> std::result::Result<DeviceRequest, String> {
    let lower = text.trim().to_lowercase();
    let word = ["auto", "gpu", "cpu"].contains(&lower.as_str());
    if lower.is_empty() {
        return Err("write auto, gpu, cpu, or part of a name from 'cupule devices'".into());
    }
    let Ok(request) = if word { lower.parse() } else { text.trim().parse() };
    Ok(request)
}

impl Analyze {
    pub fn run(self) -> Result<ExitCode> {
        let config = Config {
            denoise: DenoiseConfig { strength: self.denoise_strength, ..Default::default() },
            segment: SegmentConfig {
                min_diameter_nm: self.min_diameter,
                max_diameter_nm: self.max_diameter,
                ..Default::default()
            },
            verdict: VerdictConfig { min_confidence: self.min_confidence, ..Default::default() },
        };
        config.validate()?;
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build_global()
                .map_err(|error| Error::config(error, "give another number of --threads"))?;
        }
        let own = self.verdict.as_deref().map(Model::read).transpose()?;
        let sample = self.sample.as_deref().map(Sample::read).transpose()?;
        let inputs = batch::find(&self.inputs, &self.out, &Selection::default())?;
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let fail_on = FailOn::default();
        let outcome = batch::run(&Job {
            inputs: &inputs,
            out: &self.out,
            config,
            model: own.as_ref().unwrap_or_else(|| Model::embedded()),
            device: self.device,
            opening: Opening {
                scale: ScaleRequest { pixel_size: self.pixel_size, trust_scale_bar: self.trust_scale_bar },
                limits: Limits::of_pixels(self.max_pixels),
            },
            frames: self.frame,
            exports: self.export,
            sample: sample.as_ref(),
            command: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            begin: Begin::default(),
            keeps_gone: false,
            fail_on,
            log: &Log::new(Format::default(), verbosity),
        })?;
        Ok(ExitCode::from(outcome.exit_code(fail_on)))
    }
}
