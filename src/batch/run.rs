//! The work on a list of files: one thread reads ahead, the others analyse one image after the other. Each image's results
//! are on the disk before the next begins; what concerns the run as a whole is made from them at the end, in the order of
//! the list.

use super::begin::Ground;
use super::one::{Subject, analyze, export};
use super::tasks::{self, Task, Work};
use super::{Compute, FailOn, Frames, Input, Inputs, Opening, Outcome};
use crate::clock;
use crate::config::Config;
use crate::error::Result;
use crate::gpu::DeviceRequest;
use crate::log::{Counts, Event, Log, Summary};
use crate::measure::Model;
use crate::purity::Sample;
use crate::report::{Exports, checksums, write_run};
use crate::results::{Curation, Findings, Listing, Run, RunStatus, image_folder};
use crate::stop;
use crate::visible::visible;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

/// Images read ahead of the one that is being analysed: reading never waits, memory holds three images at most.
const READ_AHEAD: usize = 1;

/// What to do with the files.
pub struct Job<'a> {
    pub inputs: &'a Inputs,
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
    /// Whether images whose files have gone meanwhile stay in the tables.
    pub keeps_gone: bool,
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

/// Analyses all inputs into the output folder.
///
/// # Errors
/// Those that end a run: [`crate::error::Error::Output`], `Locked`, `Stopped`, `Config` when the folder holds another run,
/// and `Device` when the asked-for device is missing. A file that cannot be read is not an error here but a row in
/// `images.csv` and a count in the outcome.
pub fn run(job: &Job) -> Result<Outcome> {
    let mut compute = Compute::open(&job.device)?;
    let info = compute.info().clone();
    let mut ground = Ground::take(job, &info)?;
    let mut summary = Summary::start();
    summary.device = Some(info.name.clone());
    job.log.tell(&Event::RunStarted {
        version: env!("CARGO_PKG_VERSION"),
        out: &job.out.display().to_string(),
        files: job.inputs.len(),
        device: &info.name,
    });
    let result = work(job, &mut compute, &mut ground).and_then(|stacks| {
        let outputs = outputs(job, &stacks, &ground.recipe)?;
        finish(job, &mut ground, outputs, &mut summary)
    });
    let (counts, line) = match result {
        Ok(counts) => (Ok(counts), said(&counts, job.out)),
        Err(error) => (Err(error), format!("not finished; what is done is kept in {}", job.out.display())),
    };
    let outcome = counts.map(|counts| Outcome { images: counts.images, failed: counts.failed });
    summary.end(outcome.as_ref().map(|outcome| outcome.exit_code(job.fail_on)));
    let written = summary.write(job.out);
    job.log.tell(&Event::RunFinished { status: summary.status.name(), exit_code: summary.exit_code, line: &line });
    // Of two errors the first one is the cause.
    outcome.and_then(|outcome| written.map(|()| outcome))
}

/// The figures of a run as a line for people.
fn said(counts: &Counts, out: &Path) -> String {
    format!(
        "images: {}, failed: {}; vesicles accepted: {}, at the border: {}; candidates rejected: {}; results in {}",
        counts.images,
        counts.failed,
        counts.accepted,
        counts.border,
        counts.rejected,
        out.display()
    )
}

/// Analyses what is missing; how many images the files have that have more than one, by place in the list.
fn work(job: &Job, compute: &mut Compute, ground: &mut Ground) -> Result<tasks::Stacks> {
    let over = AtomicBool::new(false);
    let (recipe, last) = (ground.recipe.clone(), ground.lock.left_by.clone());
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(READ_AHEAD);
        let reader = tasks::Reader { job, recipe: &recipe, last: last.as_deref(), over: &over };
        let reading = scope.spawn(move || reader.read(|task| sender.send(task).is_ok()));
        let mut each = || -> Result<()> {
            for Task { image, folder, work } in &receiver {
                stop::check()?;
                match work {
                    Work::Keep => job.log.tell(&Event::ImageKept { image: &image }),
                    Work::Export => {
                        ground.begin()?;
                        export(job, &ground.curation, &folder)?;
                        job.log.tell(&Event::ImageKept { image: &image });
                    }
                    Work::Analyze { content, loaded } => {
                        ground.begin()?;
                        ground.lock.note(&visible(&image))?;
                        job.log.tell(&Event::ImageStarted { image: &image });
                        analyze(job, compute, ground, Subject { image, folder, content }, *loaded)?;
                    }
                }
            }
            Ok(())
        };
        let result = each();
        // The reader may be waiting for a file or for somebody who takes the next image.
        over.store(true, Ordering::SeqCst);
        drop(receiver);
        let stacks = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        result.and(stacks)
    })
}

/// The folders of all images in their order.
fn outputs(job: &Job, stacks: &tasks::Stacks, recipe: &str) -> Result<Listing> {
    let names =
        |(i, input): (usize, Input)| tasks::names(&input, stacks.get(&i).copied().unwrap_or(1), job.inputs).into_iter();
    let ours = || job.inputs.iter().enumerate().flat_map(names);
    if !job.keeps_gone {
        return Ok(ours().map(|(_, folder)| folder).collect());
    }
    let mut gone = super::gone::images(job.out, recipe, ours())?.into_iter().peekable();
    let mut outputs = Listing::default();
    for (image, folder) in ours() {
        while let Some((_, folder)) = gone.next_if(|(other, _)| *other < image) {
            outputs.push(&folder);
        }
        outputs.push(&folder);
    }
    gone.for_each(|(_, folder)| outputs.push(&folder));
    Ok(outputs)
}

/// Writes what concerns the run as a whole, unless nothing has changed since that was done, and sums the run up.
fn finish(job: &Job, ground: &mut Ground, outputs: Listing, summary: &mut Summary) -> Result<Counts> {
    if let Some(sample) = job.sample.filter(|sample| !sample.is_in(job.out)) {
        ground.begin()?;
        sample.write(job.out)?;
    }
    let is_same = !ground.has_begun
        && ground.outputs == outputs
        && ground.record.exports == job.exports.names()
        && checksums::has_all(job.out);
    if !is_same {
        ground.begin()?;
        job.log.tell(&Event::Reporting { images: outputs.len() });
    }
    let curation = ground.curation.clone();
    let mut void = decided(&curation);
    let mut run = Run { dir: job.out.to_owned(), record: ground.record.clone(), outputs, curation };
    run.sum_up(|journal| {
        void.retain(|(image, sha256)| *image != journal.input.image || Some(sha256) != journal.input.sha256.as_ref());
        if journal.input.is_failed() {
            let found = Findings::read(&image_folder(job.out, &journal.input.output))?;
            summary.list(&journal.input.image, found.row.error.as_deref().unwrap_or_default());
        }
        Ok(())
    })?;
    for (image, _) in &void {
        let warning = "decisions of people about it do not count, because its file has changed or gone";
        job.log.tell(&Event::Warning { image: Some(image), warning });
    }
    if !is_same {
        run.record.status = RunStatus::Finished;
        run.record.exports = job.exports.names();
        run.record.finished_utc = clock::now();
        write_run(&run, &job.exports)?;
    }
    let count = |name: &str| run.record.counts.get(name).copied().unwrap_or_default() as usize;
    let counts = Counts {
        images: count("images"),
        failed: count("images_failed"),
        accepted: count("accepted"),
        border: count("border"),
        rejected: count("rejected"),
    };
    summary.counts = Some(counts);
    Ok(counts)
}

/// The images that people decided about, with the checksums of their files.
fn decided(curation: &Curation) -> BTreeSet<(String, String)> {
    curation.decisions.iter().map(|decision| (decision.image.clone(), decision.input_sha256.clone())).collect()
}
