//! What this machine gets done: each stage by itself, and whole runs, on micrographs that are made here.
//!
//! Nothing is simulated: `stages` calls what `analyze` calls for one image, with all threads at its service, and
//! `whole` is a run of [`crate::batch`] over several at once. `docs/speed.md` says how to read the figures.

mod machine;
mod pictures;
pub mod quality;
mod spread;
mod stages;
mod text;
mod whole;

pub use machine::Machine;
pub use pictures::Pictures;
pub use quality::Quality;
pub use spread::Spread;
pub use stages::{KernelTime, StageTime};
pub use text::text;
pub use whole::EndToEnd;

use crate::batch::Effort;
use crate::error::{Error, Result};
use crate::gpu::{Choice, Device, DeviceInfo, DeviceRequest};
use serde::Serialize;
use tempfile::TempDir;

/// What to time.
#[derive(Debug, Clone)]
pub struct Options {
    pub device: DeviceRequest,
    pub effort: Effort,
    /// Edge of a micrograph, pixels.
    pub size_px: usize,
    pub pixel_size_nm: f64,
    /// Micrographs of the run from end to end.
    pub images: usize,
    /// How often each stage is timed, after a first time that does not count.
    pub repeats: usize,
}

/// What was found out. `docs/speed.md` tells users what each field means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bench {
    pub cupule_version: &'static str,
    /// `release` or `debug`: what was built without all optimisation tells little.
    pub build: &'static str,
    pub machine: Machine,
    pub device: DeviceInfo,
    pub threads: usize,
    /// Images in work at once, at most.
    pub jobs: usize,
    pub memory_limit_bytes: u64,
    pub pictures: Pictures,
    pub repeats: usize,
    pub stages: Vec<StageTime>,
    /// The stages of one image together, its files included; tables and pages are not.
    pub image: StageTime,
    /// Empty on the processor, and on a device without a clock of its own.
    pub kernels: Vec<KernelTime>,
    pub end_to_end: EndToEnd,
}

/// How this program was built.
pub const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

/// Times this machine.
///
/// * `tell`: gets a line for people now and then, because it takes minutes.
///
/// # Errors
/// [`Error::Config`] for micrographs that can't be made, [`Error::Device`] when the device is missing or fails,
/// [`Error::Output`] when temporary files can't be written, `Stopped` by a signal.
pub fn run(options: &Options, tell: fn(&str)) -> Result<Bench> {
    let device = open(&options.device, tell)?;
    let folder = scratch()?;
    let pictures = Pictures::of(options)?;
    tell(&format!("making micrographs: {} of {1} x {1} px", options.images, options.size_px));
    let paths = pictures.make(&folder.path().join("micrographs"))?;
    tell("timing each stage");
    let info = device.info();
    let (mut stages, image, kernels) =
        stages::time(device, &paths[0], &folder.path().join("image"), options.repeats, pictures.megapixels)?;
    tell("timing a run from end to end");
    let (end_to_end, tables) = whole::time(options, &paths, &folder.path().join("results"), pictures.megapixels, tell)?;
    stages.push(tables);
    Ok(Bench {
        cupule_version: env!("CARGO_PKG_VERSION"),
        build: BUILD,
        machine: Machine::this(),
        device: info,
        threads: rayon::current_num_threads(),
        jobs: options.effort.jobs,
        memory_limit_bytes: options.effort.memory_bytes,
        pictures,
        repeats: options.repeats,
        stages,
        image,
        kernels,
        end_to_end,
    })
}

/// Opens the device; says why where it is not the one that was hoped for, and what would make its figures worthless.
fn open(request: &DeviceRequest, tell: fn(&str)) -> Result<Device> {
    let (_, device, trouble) = Choice::opened(request)?;
    if let Some(trouble) = trouble {
        tell(&format!("warning: {trouble}; timed on the processor"));
    }
    if BUILD == "debug" {
        tell("warning: this is a debug build, which is slower than what people use");
    }
    Ok(device)
}

/// A folder that goes away with all that is in it, however this ends.
fn scratch() -> Result<TempDir> {
    let made = tempfile::Builder::new().prefix("cupule-bench-").tempdir();
    made.map_err(|error| Error::output(&std::env::temp_dir(), error, "set TMPDIR to a folder that can be written to"))
}
