//! One writer in a folder at a time.
//!
//! The lock is the system's own on an open file (`flock`, `LockFileEx`), so it ends with its process however that ends; the
//! text in the file only tells people who holds it and what was being done when a process died.

use crate::atomic::output_error;
use crate::clock;
use crate::error::{Error, Result};
use crate::stop;
use same_file::Handle;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Name of the file in the folder. It is there while somebody works, and after somebody was killed.
pub const LOCK: &str = ".cupule-lock";
/// More than anything this program writes into the file: some paths.
const TEXT_MAX: u64 = 1 << 16;

/// How often to look whether a folder is free.
const LOOK: Duration = Duration::from_millis(500);

/// The right to write into a folder, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
    /// Who holds it, for people.
    holder: String,
    /// What the one before was working on when it was killed.
    pub left_by: Vec<String>,
}

impl Lock {
    /// Takes the lock of a folder, which must exist.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process holds it, [`Error::Output`] when the folder cannot be written to.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK);
        if path.is_symlink() {
            return Err(Error::output(&path, "this is a link", "remove it: nothing is written through it"));
        }
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(|error| output_error(&path, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held(folder, &text(&mut file))),
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Err(Error::output(&path, error, "choose an output folder on a disk that knows file locks"));
                }
                Err(TryLockError::Error(error)) => return Err(output_error(&path, &error)),
            }
            // The one before may have removed the file between opening and locking it: then it locks nobody out.
            let is_current = match (Handle::from_path(&path), file.try_clone().and_then(Handle::from_file)) {
                (Ok(named), Ok(open)) => named == open,
                _ => false,
            };
            if is_current {
                let left_by = text(&mut file).lines().skip(1).map(str::to_owned).collect();
                let holder =
                    format!("process {} on {} since {}", std::process::id(), host(), clock::utc(SystemTime::now()));
                let lock = Self { path, file, holder, left_by };
                lock.note(&[])?;
                return Ok(lock);
            }
        }
    }

    /// As [`Lock::take`], and waits for so long where another process holds it. The run of a machine that is gone may still be
    /// at work, or its lock not given back yet, when a scheduler starts the run anew.
    ///
    /// # Errors
    /// As [`Lock::take`], and [`Error::Stopped`].
    pub fn take_within(folder: &Path, wait: Duration) -> Result<Self> {
        let deadline = Instant::now().checked_add(wait);
        loop {
            match Self::take(folder) {
                Err(Error::Locked { .. }) if deadline.is_none_or(|deadline| Instant::now() < deadline) => {
                    stop::check()?;
                    std::thread::sleep(LOOK);
                }
                other => return other,
            }
        }
    }

    /// Notes what is being worked on, one line each, for the one who comes after a crash.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn note(&self, work: &[String]) -> Result<()> {
        let text: String = std::iter::once(&self.holder).chain(work).map(|line| format!("{line}\n")).collect();
        let mut file = &self.file;
        let mut replace = || {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(text.as_bytes())?;
            // Last: a program that is killed in between leaves a line too much rather than none.
            file.set_len(text.len() as u64)
        };
        replace().map_err(|error| output_error(&self.path, &error))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is held: whoever opened it meanwhile notices that the name is gone or another's.
        let _ = fs::remove_file(&self.path);
    }
}

fn text(file: &mut File) -> String {
    let mut text = Vec::new();
    let _ = file.seek(SeekFrom::Start(0));
    let _ = file.take(TEXT_MAX).read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn held(folder: &Path, text: &str) -> Error {
    let holder = text.lines().next().filter(|line| !line.is_empty()).unwrap_or("another process");
    Error::locked(
        folder,
        format!("{holder} works in this folder"),
        "wait until it is done, or choose another output folder",
    )
}

fn host() -> String {
    let named = fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    named
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_else(|| "this machine".into())
}
