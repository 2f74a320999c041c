//! The work on a list of files: one thread reads ahead, the others analyse one image after the other, results are written
//! in the order of the list.

use super::{Frame, Frames, Input, Loaded, Opening, Progress, Stored, Verbosity};
use crate::calibrate::Scale;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gpu::{Device, DeviceRequest};
use crate::image::{self, Micrograph, Source};
use crate::measure::{Measured, Model, Status, mask};
use crate::network;
use crate::pipeline::{self, Analysis};
use crate::report::atomic::{WholeFile, output_error, write_whole};
use crate::report::csv::{ImageTable, ParticleTable};
use crate::report::json::{DeviceRecord, InputRecord, RunRecord, StageRecord, utc, write_run};
use crate::report::{ImageCounts, ImageRow, ParticleRow, ScaleBarRow, labels, overlay};
use std::collections::{BTreeMap, HashSet};
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
    pub opening: Opening,
    /// Which images of stacks.
    pub frames: Frames,
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

/// One image to analyse.
struct Task<'a> {
    input: &'a Input,
    /// As the user named it; with `@` and a number for one image of a stack taken apart.
    image: String,
    /// Folder of its results below `images/`.
    folder: String,
    frame: Frame,
    /// Checksum and length of the file, once it was read.
    file: Option<(String, u64)>,
    loaded: Result<Loaded>,
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
        // The receiver is gone when the run ended early.
        scope.spawn(move || read_ahead(job, |task| sender.send(task).is_ok()));
        for task in receiver {
            progress.start(&task.image);
            let start = Instant::now();
            let mut row = ImageRow { image: task.image.clone(), ..Default::default() };
            let (bytes, loaded) = (task.file.as_ref().map(|file| file.1), task.loaded);
            row.input_sha256 = task.file.map(|file| file.0);
            let result = loaded.and_then(|loaded| {
                describe_input(&mut row, &loaded, task.frame, job.frames);
                let analysis = analyze(&loaded.micrograph, job, &mut device, &mut row)?;
                describe_analysis(&mut row, &analysis, &device);
                let folder = images_folder.join(&task.folder);
                write_pictures(&task.input.path, &folder, &loaded.micrograph, &analysis.measured)?;
                Ok((loaded, analysis))
            });
            row.seconds = Some(start.elapsed().as_secs_f64());
            for warning in &row.warnings {
                progress.warn(&format!("{}: {warning}", task.image));
            }
            match result {
                Ok((loaded, analysis)) => {
                    row.output = Some(task.folder);
                    for particle in &analysis.measured.particles {
                        let pixel_size = loaded.micrograph.pixel_size;
                        let row = ParticleRow { image: &task.image, pixel_size, particle };
                        particles.row(&row).map_err(|e| output_error(&particles_path, &e))?;
                    }
                    progress.done(&line(&row, &analysis));
                    record.add(&row, bytes, Some(loaded.scale), &analysis.stages);
                }
                Err(error @ (Error::Input { .. } | Error::Unsupported { .. })) => {
                    row.error = Some(cause(&error));
                    progress.failed(&error.to_string());
                    remove_pictures(&images_folder.join(&task.folder))?;
                    record.add(&row, bytes, None, &[]);
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
    Ok(Outcome { images: record.run.inputs.len(), failed: record.failed })
}

/// Reads all images of all inputs in order and hands them on until that is refused.
fn read_ahead<'a>(job: &Job<'a>, mut hand_on: impl FnMut(Task<'a>) -> bool) {
    let folders: HashSet<&str> = job.inputs.iter().map(|input| input.folder.as_str()).collect();
    for input in job.inputs {
        let stored = Stored::load(&input.path, &job.opening.limits);
        let file = stored.as_ref().ok().map(|stored| (stored.sha256.clone(), stored.file_bytes));
        let load = |frame| stored.as_ref().map_err(Clone::clone)?.image(&input.path, &job.opening, frame);
        let chosen = match job.frames {
            Frames::One(frame) => frame,
            Frames::All => Frame::default(),
        };
        let first = load(chosen);
        let stack = match &first {
            Ok(loaded) if job.frames == Frames::All => loaded.frames,
            _ => 1,
        };
        let mut first = Some(first);
        for index in 0..stack {
            let frame = if stack > 1 { Frame::Index(index) } else { chosen };
            let (mut image, mut folder) = (input.image.clone(), input.folder.clone());
            if stack > 1 {
                image += &format!("@{index}");
                folder += &format!("@{index}");
                // Some other file may be called so.
                while folders.contains(folder.as_str()) {
                    folder.push('_');
                }
            }
            let loaded = first.take().unwrap_or_else(|| load(frame));
            if !hand_on(Task { input, image, folder, frame, file: file.clone(), loaded }) {
                return;
            }
        }
    }
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

fn describe_input(row: &mut ImageRow, loaded: &Loaded, frame: Frame, asked: Frames) {
    let micrograph = &loaded.micrograph;
    row.format = Some(loaded.format.into());
    row.width_px = Some(micrograph.width);
    row.height_px = Some(micrograph.height);
    row.pixel_size = micrograph.pixel_size;
    row.pixel_size_source = Some(loaded.scale.source.name().into());
    row.nonfinite_count = Some(micrograph.nonfinite_count);
    row.frame_count = Some(loaded.frames);
    row.frame = Some(match frame {
        Frame::Index(index) => index.to_string(),
        Frame::Mean => "mean".into(),
    });
    row.scale_bar = loaded.scale_bar.as_ref().and_then(|bar| {
        Some(ScaleBarRow { length_nm: bar.length_nm?, length_px: bar.length_px, confidence: bar.confidence })
    });
    let covered = image::covered(&micrograph.marks, (micrograph.width, micrograph.height));
    row.covered_share =
        Some(covered.iter().filter(|&&c| c).count() as f64 / (micrograph.width * micrograph.height) as f64);
    row.warnings.clone_from(&loaded.scale.warnings);
    if loaded.frames > 1 && asked == Frames::default() {
        row.warnings.push(format!(
            "image 0 of {} was analysed; --frame chooses another, all of them or their mean",
            loaded.frames
        ));
    }
    // That a print resolution is not used goes without saying.
    for witness in loaded.scale.witnesses.iter().filter(|witness| witness.source != Source::Print) {
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
fn write_pictures(path: &Path, folder: &Path, micrograph: &Micrograph, measured: &Measured) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| output_error(folder, &e))?;
    let picture = mask::label_image((micrograph.width, micrograph.height), &measured.particles)
        .map_err(|e| Error::unsupported(path, e, "analyse the picture in parts"))?;
    write_whole(&folder.join(LABELS), |out| labels::write_labels(out, &picture, micrograph.pixel_size))?;
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
        config["pixel_size"] = serde_json::to_value(job.opening.scale.pixel_size).unwrap_or_default();
        config["trust_scale_bar"] = job.opening.scale.trust_scale_bar.into();
        config["frame"] = serde_json::to_value(job.frames).unwrap_or_default();
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

    fn add(&mut self, row: &ImageRow, bytes: Option<u64>, scale: Option<Scale>, stages: &[(&'static str, f64)]) {
        let failed = row.error.is_some();
        self.failed += usize::from(failed);
        self.run.inputs.push(InputRecord {
            image: row.image.clone(),
            sha256: row.input_sha256.clone(),
            bytes,
            status: if failed { "failed" } else { "ok" }.into(),
            scale: scale.and_then(|scale| serde_json::to_value(scale).ok()),
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
