//! The work on a list of files: one thread reads ahead, the others analyse one image after the other, results are written
//! in the order of the list.

use super::{Input, Progress, Verbosity};
use crate::calibrate::{self, Scale, ScaleRequest};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gpu::{Device, DeviceRequest};
use crate::image::Micrograph;
use crate::measure::{Measured, Model, Status, mask};
use crate::network;
use crate::pipeline::{self, Analysis};
use crate::read::{self, Limits};
use crate::report::atomic::{WholeFile, output_error, write_whole};
use crate::report::csv::{ImageTable, ParticleTable};
use crate::report::json::{DeviceRecord, InputRecord, RunRecord, StageRecord, utc, write_run};
use crate::report::{ImageCounts, ImageRow, ParticleRow, labels, overlay};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::{Instant, SystemTime};

/// Images read ahead of the one that is being analysed: reading never waits, memory holds three images at most.
const READ_AHEAD: usize = 1;

/// Pictures in each image's folder.
const LABELS: &str = "labels.tif";
const OVERLAY: &str = "overlay.png";

/// What to do with the files.
pub struct Job<'a> {
    pub inputs: &'a [Input],
    pub out: &'a Path,
    pub config: Config,
    /// What judges the outlines.
    pub model: &'a Model,
    pub device: DeviceRequest,
    pub scale: ScaleRequest,
    /// The command line, for the record.
    pub command: Vec<String>,
    pub verbosity: Verbosity,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub images: usize,
    pub failed: usize,
}

/// A file that was read.
pub struct Loaded {
    format: &'static str,
    sha256: String,
    bytes: u64,
    scale: Scale,
    pub micrograph: Micrograph,
}

/// Analyses all inputs into the output folder.
///
/// # Errors
/// Those that end a run: [`Error::Output`], and [`Error::Device`] when the asked-for device fails. A file that cannot be
/// read is not an error here but a row in `images.csv` and a count in the outcome.
pub fn run(job: &Job) -> Result<Outcome> {
    let mut device = Device::open(&job.device)?;
    let images_folder = job.out.join("images");
    fs::create_dir_all(&images_folder).map_err(|e| output_error(&images_folder, &e))?;
    let (particles_path, images_path) = (job.out.join("particles.csv"), job.out.join("images.csv"));
    let mut particle_table = WholeFile::create(&particles_path)?;
    let mut image_table = WholeFile::create(&images_path)?;
    let mut particles = ParticleTable::new(&mut particle_table).map_err(|e| output_error(&particles_path, &e))?;
    let mut images = ImageTable::new(&mut image_table).map_err(|e| output_error(&images_path, &e))?;
    let mut record = Record::new(job, &device);
    let progress = Progress::new(job.inputs.len(), job.verbosity);

    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(READ_AHEAD);
        scope.spawn(move || {
            for input in job.inputs {
                // The receiver is gone when the run ended early.
                if sender.send(load(&input.path, &job.scale)).is_err() {
                    break;
                }
            }
        });
        for (input, loaded) in job.inputs.iter().zip(receiver) {
            progress.start(&input.image);
            let start = Instant::now();
            let mut row = ImageRow { image: input.image.clone(), ..Default::default() };
            let result = loaded.and_then(|loaded| {
                describe_input(&mut row, &loaded);
                let analysis = analyze(&loaded.micrograph, job, &mut device, &mut row)?;
                describe_analysis(&mut row, &analysis, &device);
                write_pictures(input, &images_folder.join(&input.folder), &loaded.micrograph, &analysis.measured)?;
                Ok((loaded, analysis))
            });
            row.seconds = Some(start.elapsed().as_secs_f64());
            for warning in &row.warnings {
                progress.warn(&format!("{}: {warning}", input.image));
            }
            match result {
                Ok((loaded, analysis)) => {
                    row.output = Some(input.folder.clone());
                    for particle in &analysis.measured.particles {
                        let pixel_size = loaded.micrograph.pixel_size;
                        let row = ParticleRow { image: &input.image, pixel_size, particle };
                        particles.row(&row).map_err(|e| output_error(&particles_path, &e))?;
                    }
                    progress.done(&line(&row, &analysis));
                    record.add(&row, Some(loaded.bytes), &analysis.stages);
                }
                Err(error @ (Error::Input { .. } | Error::Unsupported { .. })) => {
                    row.error = Some(cause(&error));
                    progress.failed(&error.to_string());
                    remove_pictures(&images_folder.join(&input.folder))?;
                    record.add(&row, None, &[]);
                }
                Err(error) => return Err(error),
            }
            images.row(&row).map_err(|e| output_error(&images_path, &e))?;
        }
        Ok(())
    })?;

    particles.finish().map_err(|e| output_error(&particles_path, &e))?;
    images.finish().map_err(|e| output_error(&images_path, &e))?;
    particle_table.commit()?;
    image_table.commit()?;
    record.write(&job.out.join("run.json"))?;
    progress.finish(&record.summary(job.out));
    Ok(Outcome { images: job.inputs.len(), failed: record.failed })
}

/// Reads and calibrates one file.
///
/// # Errors
/// [`Error::Input`] or [`Error::Unsupported`] with the file's name.
pub fn load(path: &Path, request: &ScaleRequest) -> Result<Loaded> {
    let limits = Limits::default();
    let bytes = read::load(path, &limits)?;
    let raw = read::read_bytes(path, &bytes, &limits, 0)?;
    let format = raw.format;
    let scale = calibrate::pixel_size(&raw.statements, request);
    let micrograph = calibrate::micrograph(raw, scale.pixel_size)
        .map_err(|cause| Error::input(path, cause, "check the file in an image viewer"))?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Loaded { format, sha256, bytes: bytes.len() as u64, scale, micrograph })
}

/// Analyses on the device; where `auto` chose a GPU that then fails, the image and all later ones go the native path.
fn analyze(micrograph: &Micrograph, job: &Job, device: &mut Device, row: &mut ImageRow) -> Result<Analysis> {
    match pipeline::analyze(micrograph, &job.config, job.model, device) {
        Err(Error::Device { cause, .. }) if job.device == DeviceRequest::Auto && !matches!(device, Device::Native) => {
            row.warnings.push(format!("{cause}; continued on the processor"));
            *device = Device::Native;
            pipeline::analyze(micrograph, &job.config, job.model, device)
        }
        result => result,
    }
}

fn describe_input(row: &mut ImageRow, loaded: &Loaded) {
    let micrograph = &loaded.micrograph;
    row.format = Some(loaded.format.into());
    row.width_px = Some(micrograph.width);
    row.height_px = Some(micrograph.height);
    row.pixel_size = micrograph.pixel_size;
    row.pixel_size_source = Some(loaded.scale.source.name().into());
    row.nonfinite_count = Some(micrograph.nonfinite_count);
    row.input_sha256 = Some(loaded.sha256.clone());
    row.warnings.clone_from(&loaded.scale.warnings);
    for witness in &loaded.scale.witnesses {
        if let Some(refused) = &witness.refused {
            row.warnings.push(format!("pixel size of {} not used: {refused}", witness.source.name()));
        }
    }
    if micrograph.pixel_size.is_none() {
        row.warnings.push(format!(
            "no pixel size: sizes are in pixels only, and vesicles were looked for as if a pixel were {:.2} nm; give it with \
             --pixel-size, for example --pixel-size 0.62nm",
            pipeline::assumed_pixel_nm(micrograph)
        ));
    }
}

fn describe_analysis(row: &mut ImageRow, analysis: &Analysis, device: &Device) {
    let count = |status| analysis.measured.particles.iter().filter(|p| p.status == status).count();
    row.counts = Some(ImageCounts {
        contour: analysis.contour_count,
        suppressed: analysis.measured.suppressed_count,
        accepted: count(Status::Accepted),
        border: count(Status::Border),
        rejected: count(Status::Rejected),
    });
    row.background_grey = Some(analysis.background.grey);
    row.background_swing = Some(analysis.background.swing_grey);
    row.noise_grey = Some(analysis.background.noise_grey);
    row.device = Some(device.info().name);
}

/// Writes the label picture and the overlay of one image.
fn write_pictures(input: &Input, folder: &Path, micrograph: &Micrograph, measured: &Measured) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| output_error(folder, &e))?;
    let path = folder.join(LABELS);
    let picture = mask::label_image((micrograph.width, micrograph.height), &measured.particles)
        .map_err(|e| Error::unsupported(&input.path, e, "analyse the picture in parts"))?;
    write_whole(&path, |out| labels::write_labels(out, &picture, micrograph.pixel_size))?;
    write_whole(&folder.join(OVERLAY), |out| overlay::write_overlay(out, micrograph, &measured.particles))
}

/// Removes what an earlier run left for an image that now failed: a picture beside a row that says `failed` would be
/// taken for its result.
fn remove_pictures(folder: &Path) -> Result<()> {
    for path in [LABELS, OVERLAY].map(|name| folder.join(name)) {
        match fs::remove_file(&path) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(output_error(&path, &error));
            }
            _ => {}
        }
    }
    // Where nothing else is in it. Otherwise it stays, and that is no fault.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// Cause and remedy of an error about a file, without the file's name.
fn cause(error: &Error) -> String {
    match error {
        Error::Input { cause, remedy, .. } | Error::Unsupported { cause, remedy, .. } => format!("{cause}; {remedy}"),
        other => other.to_string(),
    }
}

fn line(row: &ImageRow, analysis: &Analysis) -> String {
    let counts = row.counts.unwrap_or_default();
    let stages: Vec<String> = analysis.stages.iter().map(|(name, seconds)| format!("{name} {seconds:.2}")).collect();
    format!(
        "{}: {} accepted, {} border, {} rejected; {:.2} s ({})",
        row.image,
        counts.accepted,
        counts.border,
        counts.rejected,
        row.seconds.unwrap_or_default(),
        stages.join(", ")
    )
}

/// What `run.json` will hold.
struct Record {
    run: RunRecord,
    failed: usize,
}

impl Record {
    fn new(job: &Job, device: &Device) -> Self {
        let info = device.info();
        let mut config = serde_json::to_value(job.config).unwrap_or_default();
        config["pixel_size"] = serde_json::to_value(job.scale.pixel_size).unwrap_or_default();
        config["segment"]["network"] = network::Model::embedded().version.clone().into();
        config["verdict"]["model"] = job.model.version.clone().into();
        let run = RunRecord {
            cupule_version: env!("CARGO_PKG_VERSION").into(),
            command: job.command.clone(),
            config,
            device: DeviceRecord {
                name: info.name,
                backend: info.backend,
                driver: info.driver,
                kind: info.kind.name().into(),
            },
            inputs: Vec::new(),
            counts: BTreeMap::new(),
            stages: Vec::new(),
            started_utc: utc(SystemTime::now()),
            finished_utc: String::new(),
            warnings: Vec::new(),
        };
        Self { run, failed: 0 }
    }

    fn add(&mut self, row: &ImageRow, bytes: Option<u64>, stages: &[(&'static str, f64)]) {
        let failed = row.error.is_some();
        self.failed += usize::from(failed);
        self.run.inputs.push(InputRecord {
            image: row.image.clone(),
            sha256: row.input_sha256.clone(),
            bytes,
            status: if failed { "failed" } else { "ok" }.into(),
        });
        let counts = row.counts.unwrap_or_default();
        for (name, count) in [
            ("images", 1),
            ("images_failed", usize::from(failed)),
            ("contours", counts.contour),
            ("suppressed", counts.suppressed),
            ("accepted", counts.accepted),
            ("border", counts.border),
            ("rejected", counts.rejected),
        ] {
            *self.run.counts.entry(name.into()).or_default() += count as u64;
        }
        for (name, seconds) in stages {
            match self.run.stages.iter_mut().find(|stage| stage.name == *name) {
                Some(stage) => stage.seconds += seconds,
                None => self.run.stages.push(StageRecord { name: (*name).into(), seconds: *seconds }),
            }
        }
        self.run.warnings.extend(row.warnings.iter().map(|warning| format!("{}: {warning}", row.image)));
    }

    fn write(&mut self, path: &Path) -> Result<()> {
        self.run.finished_utc = utc(SystemTime::now());
        write_whole(path, |out| write_run(out, &self.run))
    }

    fn summary(&self, out: &Path) -> String {
        let count = |name: &str| self.run.counts.get(name).copied().unwrap_or_default();
        format!(
            "images: {}, failed: {}; vesicles accepted: {}, at the border: {}; candidates rejected: {}; results in {}",
            count("images"),
            self.failed,
            count("accepted"),
            count("border"),
            count("rejected"),
            out.display()
        )
    }
}
