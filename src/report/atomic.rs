//! Files that are either whole or not there.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

/// How the names of unfinished files begin: a program that was killed may leave one, and it can be deleted.
pub const UNFINISHED: &str = ".cupule-unfinished-";

/// Writes a file whole: readers see the old file or the new one, never a part, even if the power fails.
///
/// `fill` writes the content into a file with another name in the same folder, which takes the name of `path` once it is
/// on the disk. After a failure, here or in `fill`, the old file is untouched and nothing new is left behind.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    write_and_rename(path, folder, fill).map_err(|error| Error::output(path, &error, remedy(&error)))
}

fn write_and_rename(path: &Path, folder: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Temporary files are private by default, results are for whomever the user's umask allows.
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut out = BufWriter::new(builder.tempfile_in(folder)?);
    fill(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|refused| refused.error)?;
    // The new name is on the disk only when the folder is; Windows has no such call.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space or choose another output folder"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => "choose an output folder that you may write to",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "choose an output folder that exists and is a folder",
        ErrorKind::IsADirectory => "a folder is in the place of this file: move it or choose another output folder",
        _ => "check the output folder and its disk",
    }
}
