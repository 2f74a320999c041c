//! What is to be done with each file: keep what holds, read what is new or changed, leave for later what is being written.

use super::begin::Standing;
use super::budget::{Budget, Share};
use super::hand::{Hand, Held};
use super::inputs::name_in_stack;
use super::{Frame, Frames, Input, Job, Loaded, Stored, guarded};
use crate::error::{Error, Result};
use crate::log::Event;
use crate::pipeline::memory_bytes;
use crate::read;
use crate::report::made;
use crate::results::{FileRecord, Journal, Stamp, image_folder, sha256_of};
use crate::stop;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// A file that cannot be read and was touched less than this ago may be one that is still being written: it is tried once
/// more after all others. Microscopes and network copies pause between parts for some seconds.
const RECENT: Duration = Duration::from_secs(60);
/// How long to wait at the end for files that keep changing, all together.
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// How often to look at it.
const LOOK: Duration = Duration::from_millis(500);

/// How many images the files have that have more than one, by place in the list of inputs.
pub type Stacks = BTreeMap<usize, usize>;

/// What is known when all inputs were gone through.
#[derive(Default)]
pub struct Seen {
    pub stacks: Stacks,
    /// Files that could not be read now, but have results of an earlier run.
    pub unread: usize,
}

/// One image.
pub struct Task<'a> {
    /// As the user named it; with `@` and a number for one image of a stack taken apart.
    pub image: String,
    /// Folder of its results below `images/`.
    pub folder: String,
    pub work: Work<'a>,
    /// Its file, where there is work to do.
    pub held: Option<Arc<Held<'a>>>,
}

/// What to do with it.
pub enum Work<'a> {
    /// Its results hold.
    Keep,
    /// They hold, but other files are to lie beside them.
    Export,
    Analyze {
        content: Content,
        loaded: Box<Result<Loaded>>,
        /// The memory for it.
        share: Option<Share<'a>>,
    },
}

/// What is known about the file of an image that was read.
pub struct Content {
    pub path: PathBuf,
    /// `None` when it could not be read.
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
    /// The files beside it that had a say.
    pub sidecars: Vec<FileRecord>,
    /// `None` when it may have changed while nobody could tell.
    pub stamp: Option<Stamp>,
    /// Which image of the file, and how many it was taken apart into.
    pub frame: Frame,
    pub stack: usize,
}

/// Names and folders of the images that a file is taken apart into.
pub fn names(input: &Input, stack: usize) -> Vec<(String, String)> {
    if stack == 1 {
        return vec![(input.image.clone(), input.folder.clone())];
    }
    (0..stack).map(|index| (name_in_stack(&input.image, index), name_in_stack(&input.folder, index))).collect()
}

/// Goes through the inputs.
pub struct Reader<'a> {
    pub job: &'a Job<'a>,
    pub standing: &'a Standing,
    /// What a program had in hand when it was killed comes after all others and one by one, so that a file that is too much
    /// for the machine keeps nothing else from being done.
    pub hand: &'a Hand<'a>,
    /// Images are handed on when there is memory to analyse them.
    pub budget: &'a Budget,
    /// Raised when nobody waits for tasks any more.
    pub over: &'a AtomicBool,
}

/// How it went with one file.
enum Way {
    Done,
    /// It is not ready.
    Later,
    /// Nobody waits for tasks any more.
    Over,
}

/// A file as it is now.
struct Now<'a> {
    path: &'a Path,
    stamp: Option<Stamp>,
    sha256: OnceCell<Option<String>>,
    sidecars: OnceCell<Vec<FileRecord>>,
}

impl<'a> Now<'a> {
    fn of(path: &'a Path) -> Self {
        let stamp = fs::metadata(path).ok().map(|file| Stamp::of(&file));
        Self { path, stamp, sha256: OnceCell::new(), sidecars: OnceCell::new() }
    }

    /// Whether a journal speaks of this content. Reads the file only where its stamp does not tell.
    fn is_that_of(&self, journal: &Journal) -> bool {
        let read = || sha256_of(self.path).ok().map(|(sha256, _)| sha256);
        journal.input.sha256.is_some()
            && ((self.stamp.is_some() && self.stamp == journal.stamp)
                || *self.sha256.get_or_init(read) == journal.input.sha256)
            && *self.sidecars() == journal.input.sidecars
    }

    /// The files beside it that have a say.
    fn sidecars(&self) -> &Vec<FileRecord> {
        let read = || read::sidecars(self.path).iter().filter_map(|path| FileRecord::of(path).ok()).collect();
        self.sidecars.get_or_init(read)
    }
}

impl<'a> Reader<'a> {
    /// Hands on the tasks of all inputs until that is refused.
    pub fn read(&self, mut hand_on: impl FnMut(Task<'a>) -> bool) -> Result<Seen> {
        let mut seen = Seen::default();
        let mut later = Vec::new();
        for (i, input) in self.job.inputs.iter().enumerate() {
            if self.hand.was_left(&input.image) {
                later.push(i);
                continue;
            }
            match self.one(i, &input, false, &mut seen, &mut hand_on)? {
                Way::Done => {}
                Way::Later => later.push(i),
                Way::Over => return Ok(seen),
            }
        }
        let deadline = Instant::now() + SETTLE_MAX;
        for i in later {
            let Some(input) = self.job.inputs.get(i) else { continue };
            self.hand.wait_until_empty();
            self.wait_for(&input.path, deadline)?;
            if let Way::Over = self.one(i, &input, true, &mut seen, &mut hand_on)? {
                break;
            }
        }
        Ok(seen)
    }

    /// Waits until a file has been left alone for a while.
    fn wait_for(&self, path: &Path, deadline: Instant) -> Result<()> {
        let quiet = || fs::metadata(path).map_or(true, |file| Stamp::of(&file).is_safe(SystemTime::now()));
        while !self.over.load(Ordering::SeqCst) && Instant::now() < deadline && !quiet() {
            stop::check()?;
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn one(
        &self,
        place: usize,
        input: &Input,
        is_last: bool,
        seen: &mut Seen,
        hand_on: &mut impl FnMut(Task<'a>) -> bool,
    ) -> Result<Way> {
        let begun = SystemTime::now();
        let now = Now::of(&input.path);
        let stamp = now.stamp;
        if let Some(tasks) = self.known(input, Some(&now)) {
            return self.keep(place, input, tasks, seen, hand_on);
        }
        let held = Arc::new(self.hand.take(&input.image)?);
        let sidecars = now.sidecars().clone();
        let mut stored = guarded(&input.path, || Stored::load(&input.path, &self.job.opening.limits));
        let after = fs::metadata(&input.path).ok().map(|file| Stamp::of(&file));
        if stamp != after {
            if !is_last {
                return Ok(Way::Later);
            }
            let cause = "it was still being written";
            stored = Err(Error::input(&input.path, cause, "the next run takes it up when it is finished"));
        }
        let frames = self.job.frames;
        let chosen = match frames {
            Frames::One(frame) => frame,
            Frames::All => Frame::default(),
        };
        let load = |stored: &Result<Stored>, frame| {
            let stored = stored.as_ref().map_err(Clone::clone)?;
            guarded(&input.path, || stored.image(&input.path, &self.job.opening, frame))
        };
        let first = load(&stored, chosen);
        let is_recent = || stamp.is_some_and(|stamp| !stamp.is_older(begun, RECENT));
        if first.is_err() && !is_last && is_recent() {
            return Ok(Way::Later);
        }
        // A share that is away for a moment, or a file that was just moved away, makes no results wrong.
        if let Err(error @ Error::Input { .. }) = &stored
            && let Some(tasks) = self.known(input, None)
        {
            seen.unread += 1;
            let warning = format!("{error}; its results of an earlier run are kept");
            self.job.log.tell(&Event::Warning { image: Some(&input.image), warning: &warning });
            return self.keep(place, input, tasks, seen, hand_on);
        }
        let stack = match &first {
            Ok(loaded) if frames == Frames::All => loaded.frames,
            _ => 1,
        };
        if stack > 1 {
            seen.stacks.insert(place, stack);
        }
        let now = Now { sha256: OnceCell::new(), ..now };
        let _ = now.sha256.set(stored.as_ref().ok().map(|stored| stored.sha256.clone()));
        let sha256 = stored.as_ref().ok().map(|stored| stored.sha256.clone());
        let bytes = stored.as_ref().ok().map(|stored| stored.file_bytes);
        let (mut first, mut stored) = (Some(first), Some(stored));
        for (index, (image, folder)) in names(input, stack).into_iter().enumerate() {
            let frame = if stack > 1 { Frame::Index(index) } else { chosen };
            let first = first.take();
            let work = match self.known_work(&image, &folder, stack, Some(&now)) {
                Some(work) => work,
                None => {
                    let loaded = first.or_else(|| Some(load(stored.as_ref()?, frame)));
                    let Some(loaded) = loaded else { break };
                    if index + 1 == stack {
                        // Not to be held while the image waits for its turn.
                        stored = None;
                    }
                    let needed = loaded.as_ref().ok().map(|loaded| memory_bytes(&loaded.micrograph));
                    Work::Analyze {
                        content: Content {
                            path: input.path.clone(),
                            sha256: sha256.clone(),
                            bytes,
                            sidecars: sidecars.clone(),
                            stamp: stamp.filter(|stamp| stamp.is_safe(begun)),
                            frame,
                            stack,
                        },
                        loaded: Box::new(loaded),
                        share: needed.map(|bytes| self.budget.take(bytes)),
                    }
                }
            };
            if !hand_on(Task { image, folder, work, held: Some(held.clone()) }) {
                return Ok(Way::Over);
            }
        }
        Ok(Way::Done)
    }

    /// Hands on the tasks of a file whose images all have results.
    fn keep(
        &self,
        place: usize,
        input: &Input,
        mut tasks: Vec<Task<'a>>,
        seen: &mut Seen,
        hand_on: &mut impl FnMut(Task<'a>) -> bool,
    ) -> Result<Way> {
        if tasks.len() > 1 {
            seen.stacks.insert(place, tasks.len());
        }
        if tasks.iter().any(|task| !matches!(task.work, Work::Keep)) {
            let held = Arc::new(self.hand.take(&input.image)?);
            tasks.iter_mut().for_each(|task| task.held = Some(held.clone()));
        }
        Ok(if tasks.into_iter().all(hand_on) { Way::Done } else { Way::Over })
    }

    /// The tasks of a file whose images all have results that hold.
    ///
    /// * `now`: the file as it is; `None` where nobody can tell and results of any content will do.
    fn known(&self, input: &Input, now: Option<&Now>) -> Option<Vec<Task<'a>>> {
        let single = || self.known_tasks(input, 1, now);
        match self.job.frames {
            Frames::One(_) => single(),
            Frames::All => single().or_else(|| {
                let (_, folder) = names(input, 2).into_iter().next()?;
                let stack = Journal::read(&image_folder(self.job.out, &folder)).ok()?.stack;
                if stack > 1 { self.known_tasks(input, stack, now) } else { None }
            }),
        }
    }

    fn known_tasks(&self, input: &Input, stack: usize, now: Option<&Now>) -> Option<Vec<Task<'a>>> {
        let task = |(image, folder): (String, String)| {
            let work = self.known_work(&image, &folder, stack, now)?;
            Some(Task { image, folder, work, held: None })
        };
        names(input, stack).into_iter().map(task).collect()
    }

    /// What is left to do for an image whose results hold; `None` where they don't.
    fn known_work(&self, image: &str, folder: &str, stack: usize, now: Option<&Now>) -> Option<Work<'a>> {
        let place = image_folder(self.job.out, folder);
        let journal = Journal::read(&place).ok()?;
        let holds = journal.recipe == self.standing.recipe
            && journal.input.image == image
            && journal.stack == stack
            && now.map_or(!journal.input.is_failed(), |now| now.is_that_of(&journal))
            && journal.is_complete(&place);
        if !holds {
            return None;
        }
        let made = made(&self.job.exports, &self.standing.curation, &journal.input);
        Some(if journal.made == Some(made) { Work::Keep } else { Work::Export })
    }
}
