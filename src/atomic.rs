//! Files that are either whole or not there.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How the names of unfinished files begin: a program that was killed may leave one, and it can be deleted.
pub const UNFINISHED: &str = ".cupule-unfinished-";

/// Writes a file whole: readers see the old file or the new one, never a part, even if the power fails.
///
/// `fill` writes the content into a file with another name in the same folder, which takes the name of `path` once it is
/// on the disk. After a failure, here or in `fill`, the old file is untouched and nothing new is left behind.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut file = WholeFile::create(path)?;
    fill(&mut file).map_err(|error| output_error(path, &error))?;
    file.commit()
}

/// Writes a value as indented JSON with a line end, whole as [`write_whole`] does.
///
/// # Errors
/// [`Error::Output`].
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    write_whole(path, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
}

/// A file that grows over a whole run, and appears only when it is finished: the same promises as [`write_whole`].
pub struct WholeFile {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl WholeFile {
    /// Starts the file beside its future place.
    ///
    /// # Errors
    /// [`Error::Output`] when nothing can be written there.
    pub fn create(path: &Path) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        // Temporary files are private by default, results are for whomever the user's umask allows.
        #[cfg(unix)]
        let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder_of(path)).map_err(|error| output_error(path, &error))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::new(file) })
    }

    /// Gives the file its name, once all of it is on the disk.
    ///
    /// # Errors
    /// [`Error::Output`]; nothing new is left behind.
    pub fn commit(self) -> Result<()> {
        let Self { path, out } = self;
        finish(&path, out, true).map_err(|error| output_error(&path, &error))
    }

    /// As [`WholeFile::commit`], without waiting for the disk: of many files that can be made again, which [`sync_disk`] waits
    /// for together.
    ///
    /// # Errors
    /// [`Error::Output`]; nothing new is left behind.
    pub fn commit_unsynced(self) -> Result<()> {
        let Self { path, out } = self;
        finish(&path, out, false).map_err(|error| output_error(&path, &error))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn finish(path: &Path, out: BufWriter<NamedTempFile>, is_synced: bool) -> io::Result<()> {
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if is_synced {
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|refused| refused.error)?;
    Ok(())
}

/// Waits until the names of the files that were written beside `path`, and its own, are on the disk: until then a power
/// failure may take a new file away, though never a part of it. Windows has no such call.
///
/// # Errors
/// [`Error::Output`].
pub fn sync_names(path: &Path) -> Result<()> {
    if cfg!(unix) {
        let folder = folder_of(path);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| output_error(folder, &error))?;
    }
    Ok(())
}

/// Gives a file that is whole a second name, in the place of what has that name; where the two can't be names of one file,
/// because they lie on different disks for example, it is copied. It is on the disk for good after [`sync_disk`] only.
///
/// # Errors
/// [`Error::Input`] when the file can't be read, [`Error::Output`].
pub fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    let linked = fs::hard_link(from, to).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => fs::remove_file(to).and_then(|()| fs::hard_link(from, to)),
        _ => Err(error),
    });
    if linked.is_ok() {
        return Ok(());
    }
    let mut file = File::open(from).map_err(|error| Error::input(from, error, "check the disk that it lies on"))?;
    let mut copy = WholeFile::create(to)?;
    io::copy(&mut file, &mut copy).map_err(|error| output_error(to, &error))?;
    copy.commit_unsynced()
}

/// Waits until everything that was written on the disk that a folder lies on is there for good, names too: for many files this
/// is quicker than one after the other. Windows has no such call.
///
/// # Errors
/// [`Error::Output`].
pub fn sync_disk(folder: &Path) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let opened = File::open(folder).map_err(|error| output_error(folder, &error))?;
        // SAFETY: the descriptor is open until the end of the block.
        if unsafe { libc::syncfs(opened.as_raw_fd()) } != 0 {
            return Err(output_error(folder, &io::Error::last_os_error()));
        }
    }
    #[cfg(all(unix, not(target_os = "linux")))]
    // SAFETY: it takes nothing and can't fail.
    unsafe {
        libc::sync();
    }
    Ok(())
}

/// Makes a folder, and those above it, that lasts as long as the files in it will: the name of a new folder is on the disk
/// before anything is written there.
///
/// # Errors
/// [`Error::Output`].
pub fn create_folder(path: &Path) -> Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    fs::create_dir_all(path).map_err(|error| output_error(path, &error))?;
    missing.into_iter().rev().try_for_each(sync_names)
}

/// Takes a file away that may not be there.
///
/// # Errors
/// [`Error::Output`].
pub fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(output_error(path, &error))
        }
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// An error about a result's file, with the remedy that fits it.
pub fn output_error(path: &Path, error: &io::Error) -> Error {
    // The names of unfinished files, which `tempfile` adds, say nothing to people.
    let cause = error.to_string();
    let cause = cause.split_once(" at path \"").map_or(cause.as_str(), |(cause, _)| cause);
    Error::output(path, cause, remedy(error))
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space or choose another output folder"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => "choose an output folder that you may write to",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "choose an output folder that exists and is a folder",
        ErrorKind::AlreadyExists => "a file is in the place of this folder: move it or choose another output folder",
        ErrorKind::IsADirectory => "a folder is in the place of this file: move it or choose another output folder",
        _ => "check the output folder and its disk",
    }
}
