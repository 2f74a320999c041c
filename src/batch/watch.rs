//! Folders that fill up while somebody works at the microscope: looked at again and again, which works on network shares
//! too, where nobody tells of changes.

use super::find::{find_those, nothing};
use super::inputs::hash;
use super::{Inputs, Selection};
use crate::error::{Error, Result};
use crate::log::{Event, Log};
use crate::results::Stamp;
use crate::stop;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long the program sleeps before it looks whether it is to end.
const NAP: Duration = Duration::from_millis(200);

/// What to look at, and when a file is taken.
pub struct Watch<'a> {
    pub inputs: &'a [PathBuf],
    pub out: &'a Path,
    pub selection: &'a Selection,
    /// Time between two looks.
    pub interval: Duration,
    /// For how long a file must not have changed.
    pub settle: Duration,
    /// Ending of a file beside it that says that a file is finished: `a.tif.done` or `a.done` for `.done`.
    pub sidecar: Option<OsString>,
    pub log: &'a Log,
}

/// Files as they were seen: by the hash of its path what stands for a file as it was, and since when it has been so.
type Seen = HashMap<u64, (u64, Instant)>;

/// Longest time until files are tried again that could not be read: an hour, because each try makes the tables anew.
const PATIENCE_MAX: Duration = Duration::from_secs(3600);

impl Watch<'_> {
    /// Has all files analysed that are ready, again whenever there are new or changed ones, until a signal comes.
    ///
    /// * `analyze`: tells whether all files could be read. Those that could not, because a share was away for a moment for
    ///   example, are tried again after `settle`, then after twice that time, and so on.
    ///
    /// # Errors
    /// [`Error::Stopped`] at the end; [`Error::NoInput`] when a folder is missing at the start; those of `analyze` that
    /// waiting does not mend.
    pub fn run(&self, mut analyze: impl FnMut(&Inputs) -> Result<bool>) -> Result<()> {
        if let Some(missing) = self.inputs.iter().find(|input| !input.exists()) {
            return Err(Error::no_input(format!("{}: no such file or folder", missing.display()), "check the path"));
        }
        let mut seen = Seen::new();
        // What was there, all together, when it was analysed last; and the trouble that was told last.
        let (mut done, mut told) = (0, String::new());
        // When files are tried again that could not be read, and how long to wait after that.
        let first = self.settle.max(self.interval);
        let (mut again, mut patience) = (None, first);
        loop {
            let start = Instant::now();
            match self.look(&mut seen) {
                // What there is has to settle first.
                Ok((inputs, _)) if inputs.is_empty() && !seen.is_empty() => {}
                Ok((inputs, _)) if inputs.is_empty() => self.tell(&nothing(self.inputs, inputs.links), &mut told),
                Ok((inputs, state)) if state != done || again.is_some_and(|again| again <= start) => {
                    match analyze(&inputs) {
                        Ok(all_read) => {
                            if all_read || state != done {
                                patience = first;
                            }
                            again = (!all_read).then(|| Instant::now() + patience);
                            patience = (patience * 2).min(PATIENCE_MAX);
                            (done, told) = (state, String::new());
                        }
                        Err(error @ Error::Locked { .. }) => self.tell(&error, &mut told),
                        Err(error) => return Err(error),
                    }
                }
                Ok(_) => {}
                // A share that is away for a while.
                Err(error @ Error::NoInput { .. }) => self.tell(&error, &mut told),
                Err(error) => return Err(error),
            }
            // Tables of many images take their time: at most half of it goes into them.
            self.wait(self.interval.max(start.elapsed()))?;
        }
    }

    fn tell(&self, error: &Error, told: &mut String) {
        let warning = format!("{error}; trying again every {} s", self.interval.as_secs_f64());
        if *told != warning {
            self.log.tell(&Event::Warning { image: None, warning: &warning });
            *told = warning;
        }
    }

    fn wait(&self, time: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < time {
            stop::check()?;
            std::thread::sleep(NAP.min(time));
        }
        stop::check()
    }

    /// The files that are ready, and a number that changes with any of them and of those beside them that have a say.
    fn look(&self, seen: &mut Seen) -> Result<(Inputs, u64)> {
        let (now, state) = (RefCell::new(Seen::new()), Cell::new(1u64));
        let takes = |path: &Path| {
            let Ok(file) = fs::metadata(path) else { return false };
            let (name, stamp) = (hash(path), Stamp::of(&file));
            let fingerprint = hash(&(stamp.bytes, stamp.modified, stamp.changed));
            let since = match seen.get(&name) {
                Some(&(known, since)) if known == fingerprint => since,
                _ => Instant::now(),
            };
            now.borrow_mut().insert(name, (fingerprint, since));
            let is_ready = since.elapsed() >= self.settle
                || stamp.is_settled(SystemTime::now(), self.settle)
                || self.has_sidecar(path);
            if is_ready {
                // A sum, so that the order in which files are found does not matter.
                state.set(state.get().wrapping_add(hash(&(name, fingerprint))));
            }
            is_ready
        };
        let mut beside = |path: &Path| {
            takes(path);
        };
        let inputs = find_those(self.inputs, Some(self.out), self.selection, &mut |path| takes(path), &mut beside);
        *seen = now.into_inner();
        Ok((inputs?, state.get()))
    }

    fn has_sidecar(&self, path: &Path) -> bool {
        let Some(ending) = &self.sidecar else { return false };
        let with = |mut name: OsString| {
            name.push(ending);
            PathBuf::from(name).exists()
        };
        with(path.as_os_str().to_owned()) || with(path.with_extension("").into_os_string())
    }
}
