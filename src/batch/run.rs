//! The work on a list of files: one thread reads ahead, the others analyse one image after the other, results are written
//! in the order of the list.

use super::{Compute, FailOn, Frame, Frames, Input, Loaded, Opening, Outcome, Stored};
use crate::atomic::{output_error, write_json, write_whole};
use crate::calibrate::Scale;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gpu::{DeviceInfo, DeviceRequest};
use crate::image::{self, Source};
use crate::log::{Event, Log};
use crate::measure::{Model, Status};
use crate::network;
use crate::pipeline::{self, Analysis};
use crate::purity::Sample;
use crate::report::{Exports, remove_image, write_image, write_run};
use crate::results::record::{DeviceRecord, InputRecord, RunRecord, StageRecord};
use crate::results::{
    CURATION, Curation, Findings, ImageCounts, ImageRow, PICTURE, Picture, RUN, Run, ScaleBarRow, image_folder,
};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

/// Images read ahead of the one that is being analysed: reading never waits, memory holds three images at most.
const READ_AHEAD: usize = 1;

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
    /// Which files to write beside the tables.
    pub exports: Exports,
    /// What the user says about the sample.
    pub sample: Option<&'a Sample>,
    /// The command line, for the record.
    pub command: Vec<String>,
    pub begin: Begin,
    pub fail_on: FailOn,
    pub log: &'a Log,
}

/// What to do with results that lie in the output folder already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begin {
    /// Keep those that still hold, and do only what is missing or changed.
    #[default]
    Resume,
    /// Do everything again.
    Restart,
}

/// One image to analyse.
struct Task {
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
    let mut compute = Compute::open(&job.device)?;
    let images_folder = job.out.join("images");
    fs::create_dir_all(&images_folder).map_err(|e| output_error(&images_folder, &e))?;
    if job.out.join(CURATION).exists() {
        return Err(Error::config(
            format!("{} holds decisions of a person ({CURATION})", job.out.display()),
            "choose another output folder, or move that file away",
        ));
    }
    let mut record = Record::new(job, compute.info());
    let device_name = compute.info().name.clone();
    job.log.tell(&Event::RunStarted {
        version: env!("CARGO_PKG_VERSION"),
        out: &job.out.display().to_string(),
        files: job.inputs.len(),
        device: &device_name,
    });

    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(READ_AHEAD);
        // The receiver is gone when the run ended early.
        scope.spawn(move || read_ahead(job, |task| sender.send(task).is_ok()));
        for task in receiver {
            job.log.tell(&Event::ImageStarted { image: &task.image });
            let start = Instant::now();
            let mut row = ImageRow { image: task.image.clone(), ..Default::default() };
            let (bytes, loaded) = (task.file.as_ref().map(|file| file.1), task.loaded);
            row.input_sha256 = task.file.map(|file| file.0);
            let result = loaded.and_then(|loaded| {
                describe_input(&mut row, &loaded, task.frame, job.frames);
                let (path, picture) = (Path::new(&task.image), &loaded.micrograph);
                let analysis = compute.analyze(path, picture, &job.config, job.model, &mut row.warnings)?;
                describe_analysis(&mut row, &analysis, compute.info());
                Ok((loaded, analysis))
            });
            row.seconds = Some(start.elapsed().as_secs_f64());
            for warning in &row.warnings {
                job.log.tell(&Event::Warning { image: Some(&task.image), warning });
            }
            let folder = image_folder(job.out, &task.folder);
            fs::create_dir_all(&folder).map_err(|e| output_error(&folder, &e))?;
            let result = result.and_then(|(loaded, analysis)| {
                row.output = Some(task.folder.clone());
                let found = Findings {
                    row: row.clone(),
                    marks: loaded.micrograph.marks.clone(),
                    particles: analysis.measured.particles,
                };
                found.write(&folder)?;
                let picture = Picture::of(&loaded.micrograph);
                write_whole(&folder.join(PICTURE), |out| picture.write(out))?;
                write_image(&folder, &found.into(), &picture, &job.exports)?;
                record.add(&row, &task.folder, bytes, Some(loaded.scale), &analysis.stages);
                let counts = row.counts.unwrap_or_default();
                job.log.tell(&Event::ImageDone {
                    image: &row.image,
                    accepted: counts.accepted,
                    border: counts.border,
                    rejected: counts.rejected,
                    seconds: row.seconds.unwrap_or_default(),
                    device: row.device.as_deref().unwrap_or_default(),
                    stages: &analysis.stages,
                });
                Ok(())
            });
            match result {
                Ok(()) => {}
                Err(error @ (Error::Input { .. } | Error::Unsupported { .. })) => {
                    row.error = Some(cause(&error));
                    row.output = None;
                    job.log.tell(&Event::ImageFailed { image: &row.image, path: "", cause: &error.to_string() });
                    remove_image(&folder)?;
                    Findings { row: row.clone(), marks: Vec::new(), particles: Vec::new() }.write(&folder)?;
                    record.add(&row, &task.folder, bytes, None, &[]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })?;

    if let Some(sample) = job.sample {
        sample.write(job.out)?;
    }
    record.run.finished_utc = clock::now();
    let run = Run::new(job.out, record.run.clone(), Curation::default());
    write_run(&run, &job.exports)?;
    record.write(&job.out.join(RUN))?;
    let outcome = Outcome { images: record.run.inputs.len(), failed: record.failed };
    job.log.tell(&Event::RunFinished {
        status: "finished",
        exit_code: outcome.exit_code(job.fail_on),
        line: &record.summary(job.out),
    });
    Ok(outcome)
}

/// Reads all images of all inputs in order and hands them on until that is refused.
fn read_ahead(job: &Job, mut hand_on: impl FnMut(Task) -> bool) {
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
            if !hand_on(Task { image, folder, frame, file: file.clone(), loaded }) {
                return;
            }
        }
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

fn describe_analysis(row: &mut ImageRow, analysis: &Analysis, device: &DeviceInfo) {
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
    row.quality = Some(analysis.quality);
    row.device = Some(device.name.clone());
}

/// Cause and remedy of an error about a file, without the file's name.
fn cause(error: &Error) -> String {
    match error {
        Error::Input { cause, remedy, .. } | Error::Unsupported { cause, remedy, .. } => format!("{cause}; {remedy}"),
        other => other.to_string(),
    }
}

/// What `run.json` will hold.
struct Record {
    run: RunRecord,
    failed: usize,
}

impl Record {
    fn new(job: &Job, info: &DeviceInfo) -> Self {
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
                name: info.name.clone(),
                backend: info.backend.clone(),
                driver: info.driver.clone(),
                kind: info.kind.name().into(),
            },
            exports: job.exports.names().into_iter().map(str::to_owned).collect(),
            inputs: Vec::new(),
            counts: BTreeMap::new(),
            stages: Vec::new(),
            started_utc: clock::now(),
            finished_utc: String::new(),
            warnings: Vec::new(),
        };
        Self { run, failed: 0 }
    }

    fn add(
        &mut self,
        row: &ImageRow,
        output: &str,
        bytes: Option<u64>,
        scale: Option<Scale>,
        stages: &[(&'static str, f64)],
    ) {
        let failed = row.error.is_some();
        self.failed += usize::from(failed);
        self.run.inputs.push(InputRecord {
            image: row.image.clone(),
            sha256: row.input_sha256.clone(),
            bytes,
            output: output.into(),
            status: InputRecord::status(failed).into(),
            seconds: row.seconds,
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

    fn write(&self, path: &Path) -> Result<()> {
        write_json(path, &self.run)
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
