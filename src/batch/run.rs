//! The work on a list of files: one thread reads ahead, some others take an image each, from its grey values to its files on
//! the disk, and all of them share the threads that compute. So one image is read and another written while others are
//! computed, and no core waits. What concerns the run as a whole is made from the images' results at the end, in the order of
//! the list.

use super::begin::{Ground, Standing};
use super::budget::Budget;
use super::effort::Watched;
use super::ending;
use super::hand::Hand;
use super::left;
use super::one::{Subject, analyze};
use super::tasks::{self, Task, Work};
use super::{Compute, Effort, FailOn, Frames, Input, Inputs, Opening, Outcome, guarded};
use crate::atomic::create_folder;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gpu::{DeviceRequest, Pass};
use crate::lock::Lock;
use crate::log::{Event, KernelDone, Log, Summary};
use crate::measure::Model;
use crate::purity::Sample;
use crate::report::{Exports, checksums, rewrite_image, write_run};
use crate::results::record::{ChunkRecord, EffortRecord};
use crate::results::{Curation, Listing, Run, RunRecord, RunStatus, image_folder, make_folder};
use crate::stop;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

/// Images that are read and wait for a thread, beside the one that is being read.
const READ_AHEAD: usize = 1;

/// What to do with the files.
pub struct Job<'a> {
    pub inputs: &'a Inputs,
    pub out: &'a Path,
    pub config: Config,
    /// What judges the outlines.
    pub model: &'a Model,
    pub device: DeviceRequest,
    pub effort: Effort,
    pub opening: Opening,
    /// Which images of stacks.
    pub frames: Frames,
    /// Which files to write beside the tables.
    pub exports: Exports,
    /// What the user says about the sample.
    pub sample: Option<&'a Sample>,
    /// The command line, for the record.
    pub command: Vec<String>,
    /// Patterns of files in folders, likewise.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Which part of a plan the inputs are.
    pub chunk: Option<&'a ChunkRecord>,
    /// How long to wait where another run works in the output folder.
    pub lock_wait: Duration,
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
    let compute = Compute::open(&job.device)?;
    let info = compute.info().clone();
    create_folder(job.out)?;
    let lock = Lock::take_within(job.out, job.lock_wait)?;
    let mut ground = Ground::take(job, &info)?;
    let mut summary = Summary::start();
    summary.device = Some(info.name.clone());
    let mut attempt = || {
        job.log.tell(&Event::RunStarted {
            version: env!("CARGO_PKG_VERSION"),
            out: &job.out.display().to_string(),
            files: job.inputs.len(),
            device: &info.name,
        });
        let watched = Watched::start();
        let (seen, analysed) = work(job, &compute, &mut ground, &lock)?;
        tell_passes(job.log, compute.take_passes());
        let effort = (!clock::is_fixed()).then(|| watched.record(&job.effort, analysed));
        let outputs = outputs(job, &seen.stacks, &ground)?;
        let outcome = finish(job, &mut ground, outputs, effort, &mut summary)?;
        Ok(Outcome { unread: outcome.unread + seen.unread, ..outcome })
    };
    let outcome = attempt().or_else(|error| match error {
        // That of a micrograph would be a row: results that were kept are damaged.
        Error::Input { .. } if left::forget_damaged(job)? => attempt(),
        error => Err(error),
    });
    ending::conclude(job.log, job.out, job.fail_on, summary, outcome)
}

/// Analyses what is missing; also says how many images that were.
fn work(job: &Job, compute: &Compute, ground: &mut Ground, lock: &Lock) -> Result<(tasks::Seen, usize)> {
    let (over, hand) = (AtomicBool::new(false), Hand::new(lock));
    let (standing, budget) = (ground.standing.clone(), Budget::new(job.effort.memory_bytes));
    let (ground, analysed) = (Mutex::new(ground), AtomicUsize::new(0));
    let begin = || ground.lock().unwrap_or_else(PoisonError::into_inner).begin();
    let (sender, receiver) = sync_channel::<Task>(READ_AHEAD);
    let tasks = Mutex::new(Some(receiver));
    let tasks_left = || tasks.lock().unwrap_or_else(PoisonError::into_inner);
    // Nobody else can take a task while one waits for it, nor has to.
    let next = || tasks_left().as_ref().and_then(|tasks| tasks.recv().ok());
    let all = || -> Result<()> {
        while let Some(task) = next() {
            stop::check()?;
            if over.load(Ordering::SeqCst) {
                break;
            }
            if !matches!(task.work, Work::Keep) {
                begin()?;
            }
            analysed.fetch_add(usize::from(matches!(task.work, Work::Analyze { .. })), Ordering::SeqCst);
            one(job, compute, &standing, task)?;
        }
        Ok(())
    };
    let worker = || all().inspect_err(|_| over.store(true, Ordering::SeqCst));
    let reader = tasks::Reader { job, standing: &standing, hand: &hand, budget: &budget, over: &over };
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || reader.read(|task| sender.send(task).is_ok()));
        let workers: Vec<_> = (0..job.effort.jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        let results: Vec<Result<()>> = workers.into_iter().map(joined).collect();
        // The reader may be waiting for a file, for memory or for somebody who takes the next image.
        over.store(true, Ordering::SeqCst);
        *tasks_left() = None;
        let seen = joined(reading);
        // Of several errors the first one that is more than the wish to stop.
        let mut errors: Vec<Error> = results.into_iter().filter_map(Result::err).collect();
        errors.sort_by_key(|error| matches!(error, Error::Stopped { .. }));
        errors.into_iter().next().map_or(Ok(()), Err)?;
        Ok((seen?, analysed.load(Ordering::SeqCst)))
    })
}

fn tell_passes(log: &Log, passes: Vec<Pass>) {
    let done = |Pass { kernel, dispatches, seconds, bytes }| KernelDone { kernel, dispatches, seconds, bytes };
    let kernels: Vec<KernelDone> = passes.into_iter().map(done).collect();
    if !kernels.is_empty() {
        log.tell(&Event::DeviceDone { kernels: &kernels });
    }
}

fn joined<T>(thread: ScopedJoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Does what is to be done with one image.
fn one(job: &Job, compute: &Compute, standing: &Standing, task: Task) -> Result<()> {
    let Task { image, folder, work, held: _held } = task;
    match work {
        Work::Keep => job.log.tell(&Event::ImageKept { image: &image }),
        Work::Export => {
            let place = image_folder(job.out, &folder);
            make_folder(job.out, &place)?;
            guarded(&place, || rewrite_image(&place, &standing.curation, &job.exports))?;
            job.log.tell(&Event::ImageKept { image: &image });
        }
        Work::Analyze { content, loaded, share: _share } => {
            job.log.tell(&Event::ImageStarted { image: &image });
            analyze(job, compute, standing, Subject { image, folder, content }, *loaded)?;
        }
    }
    Ok(())
}

/// The folders of all images in their order.
fn outputs(job: &Job, stacks: &tasks::Stacks, ground: &Ground) -> Result<Listing> {
    let names = |(i, input): (usize, Input)| tasks::names(&input, stacks.get(&i).copied().unwrap_or(1)).into_iter();
    let ours = || job.inputs.iter().enumerate().flat_map(names);
    let mut outputs = Listing::default();
    if job.keeps_gone {
        let mut gone = left::gone(job.out, &ground.standing.recipe, job.inputs, ours())?.into_iter().peekable();
        for (image, folder) in ours() {
            while let Some((_, folder)) = gone.next_if(|(other, _)| *other < image) {
                outputs.push(&folder);
            }
            outputs.push(&folder);
        }
        gone.for_each(|(_, folder)| outputs.push(&folder));
    } else {
        ours().for_each(|(_, folder)| outputs.push(&folder));
        let missing = left::missing(&ground.outputs, &outputs);
        if missing > 0 {
            let warning = format!(
                "{missing} images of the earlier run in {} are not among the files of this one: they are left out of its \
                 tables, and their results stay where they are",
                job.out.display()
            );
            job.log.tell(&Event::Warning { image: None, warning: &warning });
        }
    }
    Ok(outputs)
}

/// Sums the run up, and writes what concerns it as a whole unless that is still as it was written.
fn finish(
    job: &Job,
    ground: &mut Ground,
    outputs: Listing,
    effort: Option<EffortRecord>,
    summary: &mut Summary,
) -> Result<Outcome> {
    if let Some(sample) = job.sample.filter(|sample| !sample.is_in(job.out)) {
        ground.begin()?;
        sample.write(job.out)?;
    }
    let curation = ground.standing.curation.clone();
    let (mut void, mut files) = (decided(&curation), 0);
    let mut run = Run { dir: job.out.to_owned(), record: ground.record.clone(), outputs, curation };
    let outcome = ending::sum_up(&mut run, summary, |journal| {
        // With the journal itself.
        files += journal.files.len() + 1;
        void.retain(|(image, sha256)| *image != journal.input.image || Some(sha256) != journal.input.sha256.as_ref());
    })?;
    for (image, _) in &void {
        let warning = "decisions of people about it do not count, because its file has changed or gone";
        job.log.tell(&Event::Warning { image: Some(image), warning });
    }
    let is_same = !ground.has_begun
        && ground.outputs == run.outputs
        && ground.record.exports == job.exports.names()
        && checksums::hold(job.out, files);
    if !is_same {
        ground.begin()?;
        job.log.tell(&Event::Reporting { images: run.outputs.len() });
        let RunRecord { counts, stages, .. } = run.record;
        run.record = RunRecord {
            status: RunStatus::Finished,
            restarts: false,
            exports: job.exports.names(),
            finished_utc: clock::now(),
            counts,
            stages,
            effort,
            ..ground.record.clone()
        };
        write_run(&run, &job.exports)?;
    }
    Ok(outcome)
}

/// The images that people decided about, with the checksums of their files.
fn decided(curation: &Curation) -> BTreeSet<(String, String)> {
    curation.decisions.iter().map(|decision| (decision.image.clone(), decision.input_sha256.clone())).collect()
}
