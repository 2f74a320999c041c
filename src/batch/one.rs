//! One image: analysed, and all that is known about it put into its folder, the journal last.

use super::begin::Standing;
use super::describe::{describe_analysis, describe_input};
use super::tasks::Content;
use super::{Compute, Job, Loaded, guarded};
use crate::atomic::{output_error, remove_file, write_whole};
use crate::clock;
use crate::error::{Error, Result};
use crate::log::Event;
use crate::pipeline::Analysis;
use crate::report::{made, remove_image, write_image};
use crate::results::record::{InputRecord, StageRecord};
use crate::results::{
    Curation, Findings, ImageCounts, ImageResult, ImageRow, JOURNAL, Journal, PICTURE, Picture, image_folder,
    make_folder,
};
use std::path::Path;
use std::time::Instant;

/// What is analysed.
pub(super) struct Subject {
    /// As the user named it.
    pub image: String,
    /// Folder of its results below `images/`.
    pub folder: String,
    pub content: Content,
}

/// Analyses an image that was read, or notes why it could not be.
///
/// # Errors
/// Those that end a run: [`Error::Output`].
pub(super) fn analyze(
    job: &Job,
    compute: &Compute,
    standing: &Standing,
    subject: Subject,
    loaded: Result<Loaded>,
) -> Result<()> {
    let start = Instant::now();
    let Subject { image, folder: output, content } = subject;
    let mut row = ImageRow { image, input_sha256: content.sha256.clone(), ..Default::default() };
    let result = loaded.and_then(|loaded| {
        describe_input(&mut row, &loaded, content.frame, job.frames);
        let micrograph = &loaded.micrograph;
        let (analysis, device) =
            compute.analyze(&content.path, micrograph, &job.config, job.model, &mut row.warnings)?;
        describe_analysis(&mut row, &analysis, &device);
        Ok((loaded, analysis))
    });
    for warning in &row.warnings {
        job.log.tell(&Event::Warning { image: Some(&row.image), warning });
    }
    let folder = image_folder(job.out, &output);
    make_folder(job.out, &folder)?;
    // Without it the results that are about to be replaced hold no more.
    remove_file(&folder.join(JOURNAL))?;
    row.output = Some(output.clone());
    let result = result.and_then(|(mut loaded, analysis)| {
        let written = guarded(&content.path, || write(job, &standing.curation, &folder, &row, &mut loaded, analysis))?;
        Ok((loaded, written))
    });
    let mut journal = Journal {
        recipe: standing.recipe.clone(),
        input: InputRecord {
            image: row.image.clone(),
            sha256: content.sha256,
            bytes: content.bytes,
            sidecars: content.sidecars,
            output,
            status: InputRecord::status(result.is_err()).into(),
            device: row.device.clone(),
            seconds: clock::seconds_since(start),
        },
        stack: content.stack,
        stamp: content.stamp.filter(|_| !clock::is_fixed()),
        ..Default::default()
    };
    journal.made = Some(made(&job.exports, &standing.curation, &journal.input));
    match result {
        Ok((loaded, Written { counts, stages })) => {
            journal.scale = serde_json::to_value(&loaded.scale).ok();
            journal.counts = counts;
            if !clock::is_fixed() {
                let record = |&(name, seconds): &(&str, f64)| StageRecord { name: name.into(), seconds };
                journal.stages = stages.iter().map(record).collect();
            }
            journal.write(&folder)?;
            let counts = counts.unwrap_or_default();
            job.log.tell(&Event::ImageDone {
                image: &row.image,
                accepted: counts.accepted,
                border: counts.border,
                rejected: counts.rejected,
                seconds: start.elapsed().as_secs_f64(),
                device: row.device.as_deref().unwrap_or_default(),
                stages: &stages,
            });
            Ok(())
        }
        Err(error @ (Error::Input { .. } | Error::Unsupported { .. })) => {
            let (image, cause) = (row.image.clone(), cause(&error));
            (row.error, row.output) = (Some(cause.clone()), None);
            remove_image(&folder)?;
            Findings { row, marks: Vec::new(), particles: Vec::new() }.write(&folder)?;
            journal.write(&folder)?;
            let path = content.path.display().to_string();
            job.log.tell(&Event::ImageFailed { image: &image, path: &path, cause: &cause });
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What is known when the files of an image are written: how many candidates ended where, and the seconds of its stages.
struct Written {
    counts: Option<ImageCounts>,
    stages: Vec<(&'static str, f64)>,
}

/// Writes all files of an image but its journal.
fn write(
    job: &Job,
    curation: &Curation,
    folder: &Path,
    row: &ImageRow,
    loaded: &mut Loaded,
    analysis: Analysis,
) -> Result<Written> {
    let marks = loaded.micrograph.marks.clone();
    let found = Findings { row: row.clone(), marks, particles: analysis.measured.particles };
    found.write(folder)?;
    let picture = Picture::of(&loaded.micrograph);
    // What is written is made from the picture.
    loaded.micrograph.grey = Vec::new();
    let image = ImageResult::new(found, curation);
    let mut packed = Vec::new();
    let (drawn, written) =
        rayon::join(|| picture.write(&mut packed), || write_image(folder, &image, &picture, &job.exports));
    written?;
    let path = folder.join(PICTURE);
    drawn.map_err(|error| output_error(&path, &error))?;
    write_whole(&path, |out| out.write_all(&packed))?;
    Ok(Written { counts: image.row.counts, stages: analysis.stages })
}

/// Cause and remedy of an error about a file, without the file's name.
fn cause(error: &Error) -> String {
    match error {
        Error::Input { cause, remedy, .. } | Error::Unsupported { cause, remedy, .. } => format!("{cause}; {remedy}"),
        other => other.to_string(),
    }
}
