//! What is to be done with each file: keep what holds, read what is new or changed, leave for later what is being written.

use super::{Frame, Frames, Input, Inputs, Job, Loaded, Stored};
use crate::caught::caught;
use crate::error::{Error, Result};
use crate::results::{Journal, Stamp, image_folder, sha256_of};
use crate::stop;
use crate::visible::visible;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// A file that cannot be read and was touched less than this ago may be one that is still being written: it is tried once
/// more after all others. Microscopes and network copies pause between parts for some seconds.
const RECENT: Duration = Duration::from_secs(60);
/// How long to wait at the end for a file that keeps changing.
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// How often to look at it.
const LOOK: Duration = Duration::from_millis(500);

/// How many images the files have that have more than one, by place in the list of inputs.
pub type Stacks = BTreeMap<usize, usize>;

/// One image.
pub struct Task {
    /// As the user named it; with `@` and a number for one image of a stack taken apart.
    pub image: String,
    /// Folder of its results below `images/`.
    pub folder: String,
    pub work: Work,
}

/// What to do with it.
pub enum Work {
    /// Its results hold.
    Keep,
    /// They hold, but other files are to lie beside them.
    Export,
    Analyze {
        content: Content,
        loaded: Box<Result<Loaded>>,
    },
}

/// What is known about the file of an image that was read.
pub struct Content {
    pub path: PathBuf,
    /// `None` when it could not be read.
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
    /// `None` when it may have changed while nobody could tell.
    pub stamp: Option<Stamp>,
    /// Which image of the file, and how many it was taken apart into.
    pub frame: Frame,
    pub stack: usize,
}

/// Names and folders of the images that a file is taken apart into.
pub fn names(input: &Input, stack: usize, all: &Inputs) -> Vec<(String, String)> {
    if stack == 1 {
        return vec![(input.image.clone(), input.folder.clone())];
    }
    let name = |index: usize| {
        let mut folder = format!("{}@{index}", input.folder);
        // Some other file may be called so.
        while all.has_folder(&folder) {
            folder.push('_');
        }
        (format!("{}@{index}", input.image), folder)
    };
    (0..stack).map(name).collect()
}

/// Goes through the inputs.
pub struct Reader<'a> {
    pub job: &'a Job<'a>,
    pub recipe: &'a str,
    /// What a program was working on when it was killed: it comes after all others, so that a file that is too much for
    /// the machine keeps nothing else from being done.
    pub last: Option<&'a str>,
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
}

impl Now<'_> {
    /// Whether a journal speaks of this content. Reads the file only where its stamp does not tell.
    fn is_that_of(&self, journal: &Journal) -> bool {
        let read = || sha256_of(self.path).ok().map(|(sha256, _)| sha256);
        journal.input.sha256.is_some()
            && ((self.stamp.is_some() && self.stamp == journal.stamp)
                || *self.sha256.get_or_init(read) == journal.input.sha256)
    }
}

impl Reader<'_> {
    /// Hands on the tasks of all inputs until that is refused.
    pub fn read(&self, mut hand_on: impl FnMut(Task) -> bool) -> Result<Stacks> {
        let mut stacks = Stacks::new();
        let mut later = Vec::new();
        for (i, input) in self.job.inputs.iter().enumerate() {
            if self.last.is_some_and(|last| last == visible(&input.image)) {
                later.push(i);
                continue;
            }
            match self.one(i, &input, false, &mut stacks, &mut hand_on)? {
                Way::Done => {}
                Way::Later => later.push(i),
                Way::Over => return Ok(stacks),
            }
        }
        for i in later {
            let Some(input) = self.job.inputs.get(i) else { continue };
            self.wait_for(&input.path)?;
            if let Way::Over = self.one(i, &input, true, &mut stacks, &mut hand_on)? {
                break;
            }
        }
        Ok(stacks)
    }

    /// Waits until a file has been left alone for a while.
    fn wait_for(&self, path: &Path) -> Result<()> {
        let start = Instant::now();
        let quiet = || fs::metadata(path).map_or(true, |file| Stamp::of(&file).is_safe(SystemTime::now()));
        while !self.over.load(Ordering::SeqCst) && start.elapsed() < SETTLE_MAX && !quiet() {
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
        stacks: &mut Stacks,
        hand_on: &mut impl FnMut(Task) -> bool,
    ) -> Result<Way> {
        let begun = SystemTime::now();
        let stamp = fs::metadata(&input.path).ok().map(|file| Stamp::of(&file));
        let now = Now { path: &input.path, stamp, sha256: OnceCell::new() };
        if let Some(tasks) = self.known(input, &now) {
            if tasks.len() > 1 {
                stacks.insert(place, tasks.len());
            }
            return Ok(if tasks.into_iter().all(hand_on) { Way::Done } else { Way::Over });
        }
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
        let load = |frame| {
            let stored = stored.as_ref().map_err(Clone::clone)?;
            guarded(&input.path, || stored.image(&input.path, &self.job.opening, frame))
        };
        let first = load(chosen);
        let is_recent = || stamp.is_some_and(|stamp| !stamp.is_older(begun, RECENT));
        if first.is_err() && !is_last && is_recent() {
            return Ok(Way::Later);
        }
        let stack = match &first {
            Ok(loaded) if frames == Frames::All => loaded.frames,
            _ => 1,
        };
        if stack > 1 {
            stacks.insert(place, stack);
        }
        let now = Now { path: &input.path, stamp, sha256: OnceCell::new() };
        let _ = now.sha256.set(stored.as_ref().ok().map(|stored| stored.sha256.clone()));
        let mut first = Some(first);
        for (index, (image, folder)) in names(input, stack, self.job.inputs).into_iter().enumerate() {
            let frame = if stack > 1 { Frame::Index(index) } else { chosen };
            let first = first.take();
            let work = match self.known_work(&image, &folder, stack, &now) {
                Some(work) => work,
                None => Work::Analyze {
                    content: Content {
                        path: input.path.clone(),
                        sha256: stored.as_ref().ok().map(|stored| stored.sha256.clone()),
                        bytes: stored.as_ref().ok().map(|stored| stored.file_bytes),
                        stamp: stamp.filter(|stamp| stamp.is_safe(begun)),
                        frame,
                        stack,
                    },
                    loaded: Box::new(first.unwrap_or_else(|| load(frame))),
                },
            };
            if !hand_on(Task { image, folder, work }) {
                return Ok(Way::Over);
            }
        }
        Ok(Way::Done)
    }

    /// The tasks of a file whose images all have results that hold.
    fn known(&self, input: &Input, now: &Now) -> Option<Vec<Task>> {
        let single = || self.known_tasks(input, 1, now);
        match self.job.frames {
            Frames::One(_) => single(),
            Frames::All => single().or_else(|| {
                let (_, folder) = names(input, 2, self.job.inputs).into_iter().next()?;
                let stack = Journal::read(&image_folder(self.job.out, &folder)).ok()?.stack;
                if stack > 1 { self.known_tasks(input, stack, now) } else { None }
            }),
        }
    }

    fn known_tasks(&self, input: &Input, stack: usize, now: &Now) -> Option<Vec<Task>> {
        let task = |(image, folder): (String, String)| {
            let work = self.known_work(&image, &folder, stack, now)?;
            Some(Task { image, folder, work })
        };
        names(input, stack, self.job.inputs).into_iter().map(task).collect()
    }

    /// What is left to do for an image whose results hold; `None` where they don't.
    fn known_work(&self, image: &str, folder: &str, stack: usize, now: &Now) -> Option<Work> {
        let place = image_folder(self.job.out, folder);
        let journal = Journal::read(&place).ok()?;
        let holds = journal.recipe == self.recipe
            && journal.input.image == image
            && journal.stack == stack
            && now.is_that_of(&journal)
            && journal.is_complete(&place);
        if !holds {
            return None;
        }
        Some(if journal.exports == self.job.exports.names() { Work::Keep } else { Work::Export })
    }
}

/// Reads from a file; a fault of this program on the way fails the file and not the run.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(read).unwrap_or_else(|panic| Err(Error::input(path, format!("internal error: {panic}"), "please report it")))
}
