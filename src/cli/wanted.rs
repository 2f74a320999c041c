//! What a run is to do: what all settings together come to.

use crate::batch::{FailOn, Frames};
use crate::calibrate::ScaleRequest;
use crate::config::{Config, Fault};
use crate::error::Error;
use crate::gpu::DeviceRequest;
use crate::log::Format;
use crate::read::Limits;
use crate::report::Exports;
use std::path::PathBuf;

/// What a run is to do, of all layers together; the default is that of a run without any options.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub scale: ScaleRequest,
    pub frames: Frames,
    pub max_pixels: u64,
    /// Patterns of files in folders.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub config: Config,
    /// File of the verdict to use instead of the program's own.
    pub verdict: Option<PathBuf>,
    pub device: DeviceRequest,
    /// `None` takes one per core.
    pub threads: Option<usize>,
    /// Images in work at once; `None` goes by the threads.
    pub jobs: Option<usize>,
    /// Memory that these may take; `None` goes by the machine's.
    pub memory_bytes: Option<u64>,
    pub exports: Exports,
    pub sample: Option<PathBuf>,
    pub fail_on: FailOn,
    pub log_format: Format,
    /// Command to start at the end.
    pub on_finish: Option<String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            scale: ScaleRequest::default(),
            frames: Frames::default(),
            max_pixels: Limits::default().max_pixels,
            include: Vec::new(),
            exclude: Vec::new(),
            config: Config::default(),
            verdict: None,
            device: DeviceRequest::Auto,
            threads: None,
            jobs: None,
            memory_bytes: None,
            exports: Exports::default(),
            sample: None,
            fail_on: FailOn::default(),
            log_format: Format::default(),
            on_finish: None,
        }
    }
}

/// The words in any case. Blank text would match every name.
pub(super) fn put_device(plan: &mut Wanted, text: &str) -> Result<(), Fault> {
    let lower = text.to_lowercase();
    if lower.is_empty() {
        let remedy = "write auto, gpu, cpu, or part of a name from 'cupule devices'";
        return Err(Fault::new("no device is named", remedy));
    }
    let is_word = ["auto", "gpu", "cpu"].contains(&lower.as_str());
    let Ok(device) = if is_word { lower.parse() } else { text.parse() };
    plan.device = device;
    Ok(())
}

pub(super) fn device_name(plan: &Wanted) -> String {
    match &plan.device {
        DeviceRequest::Auto => "auto".into(),
        DeviceRequest::Gpu => "gpu".into(),
        DeviceRequest::Cpu => "cpu".into(),
        DeviceRequest::Named(name) => name.clone(),
    }
}

/// A message of the form "what is wrong: what to do".
pub(super) fn said(message: String) -> Fault {
    match message.rsplit_once(": ") {
        Some((cause, remedy)) => Fault::new(cause, remedy),
        None => Fault::from(Error::config(message, "see 'cupule config --explain'")),
    }
}
