//! `journal.json`: what the results of one image were made from, and which files they are. It is written last of all into
//! the image's folder, so an image without one is not done.

use super::record::{InputRecord, StageRecord};
use super::{IMAGE_FILES, ImageCounts, PICTURE, RESULT};
use crate::atomic::{output_error, sync_names, write_json};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Name of the file in an image's folder.
pub const JOURNAL: &str = "journal.json";
/// Coarsest time stamps of the file systems that micrographs lie on: FAT, and SMB servers on top of it. A file that was
/// touched less than this before it was read may change again without another stamp.
const STAMP_STEP: Duration = Duration::from_secs(2);

/// What is known about the making of an image's results.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    /// Hash of version and configuration: with the checksum of the file it decides what comes out.
    pub recipe: String,
    #[serde(flatten)]
    pub input: InputRecord,
    /// Images that the file was taken apart into.
    pub stack: usize,
    /// How the file could be told from a changed one without reading it; `None` where that is not sure.
    pub stamp: Option<Stamp>,
    /// The pixel size with everyone who said something about it; `None` when the image failed.
    pub scale: Option<serde_json::Value>,
    /// How many candidates ended where, with the decisions of people.
    pub counts: Option<ImageCounts>,
    pub stages: Vec<StageRecord>,
    /// What the files that are made of the findings were made for; `None` while they are being made.
    pub made: Option<Made>,
    /// All files in the folder but this one; the findings alone while the others are being made.
    pub files: Vec<FileRecord>,
}

/// What the files for people and other programs depend on besides the findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Files that other programs read, as `--export` names them.
    pub exports: Vec<String>,
    /// Checksum of the decisions of people that count; `None` where there are none.
    pub decisions: Option<String>,
}

/// A file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Without its folder.
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl FileRecord {
    /// That of a file as it is now.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn of(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (sha256, bytes) = sha256_of(path)?;
        Ok(Self { name, bytes, sha256 })
    }

    /// Whether the file in a folder still has that content.
    fn is_true(&self, folder: &Path) -> bool {
        sha256_of(&folder.join(&self.name)).is_ok_and(|(sha256, _)| sha256 == self.sha256)
    }
}

/// Size and times of a file, the times in seconds and nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub bytes: u64,
    pub modified: (i64, u32),
    /// When content, name or rights changed last: nobody can set it. Unix has it alone.
    pub changed: Option<(i64, u32)>,
}

impl Journal {
    /// Reads the journal in an image's folder.
    ///
    /// # Errors
    /// [`Error::Input`] when it is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        Self::parse(&folder.join(JOURNAL)).map(|(journal, _)| journal)
    }

    /// The same with the checksum of the file.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn read_hashed(folder: &Path) -> Result<(Self, String)> {
        Self::parse(&folder.join(JOURNAL)).map(|(journal, bytes)| (journal, hex(&Sha256::digest(bytes))))
    }

    fn parse(path: &Path) -> Result<(Self, Vec<u8>)> {
        let bytes = read_file(path).map_err(|error| Error::input(path, error, "analyse again"))?;
        let journal = serde_json::from_slice(&bytes);
        let damaged = |error| Error::input(path, format!("this is no journal of an image ({error})"), "analyse again");
        Ok((journal.map_err(damaged)?, bytes))
    }

    /// Notes the files of the folder as they are now and puts the journal beside them.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write(&mut self, folder: &Path) -> Result<()> {
        self.files = files(folder)?;
        self.put(folder)
    }

    /// Notes that all files but the findings are about to be made again: until [`Journal::write`] nobody can rely on them.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write_unmade(&mut self, folder: &Path) -> Result<()> {
        self.made = None;
        self.files.retain(|file| [RESULT, PICTURE].contains(&file.name.as_str()));
        self.put(folder)
    }

    fn put(&self, folder: &Path) -> Result<()> {
        let path = folder.join(JOURNAL);
        write_json(&path, self)?;
        sync_names(&path)
    }

    /// Name of the file that the image is from.
    pub fn file(&self) -> &str {
        let image = self.input.image.as_str();
        if self.stack > 1 { image.rsplit_once('@').map_or(image, |(file, _)| file) } else { image }
    }

    /// Whether all its files are still there in their length.
    pub fn is_complete(&self, folder: &Path) -> bool {
        let is_there = |file: &FileRecord| {
            fs::symlink_metadata(folder.join(&file.name))
                .is_ok_and(|found| found.is_file() && found.len() == file.bytes)
        };
        self.files.iter().all(is_there)
    }

    /// Whether the findings still are what was written. All else is made of them.
    pub fn has_true_findings(&self, folder: &Path) -> bool {
        self.files.iter().find(|file| file.name == RESULT).is_some_and(|file| file.is_true(folder))
    }

    /// Whether all its files still have the content that was written.
    pub fn is_true(&self, folder: &Path) -> bool {
        self.files.iter().all(|file| file.is_true(folder))
    }
}

/// The files of an image by name; folders belong to other images, and other files to other people.
fn files(folder: &Path) -> Result<Vec<FileRecord>> {
    let fault = |error: io::Error| output_error(folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().map_err(fault)?.is_file() && name != JOURNAL && IMAGE_FILES.contains(&name.as_str()) {
            let path = entry.path();
            files.push(FileRecord::of(&path).map_err(|error| output_error(&path, &error))?);
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Opens a file, and nothing else: a pipe might let the program wait for ever.
///
/// # Errors
/// Those of opening it; [`io::ErrorKind::InvalidInput`] for what is no file.
pub fn open_file(path: &Path) -> io::Result<File> {
    open_sized(path).map(|(file, _)| file)
}

/// The same with its length.
fn open_sized(path: &Path) -> io::Result<(File, u64)> {
    let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "this is not a file");
    let mut options = File::options();
    options.read(true);
    // The opening of a pipe waits for nobody then; to files it makes no difference.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    // Elsewhere a folder can't even be opened.
    #[cfg(not(unix))]
    if !fs::metadata(path)?.is_file() {
        return Err(no_file());
    }
    let file = options.open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found.len())) } else { Err(no_file()) }
}

/// The content of a file, as [`open_file`] opens it.
///
/// # Errors
/// Those of opening and reading it.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let (file, length) = open_sized(path)?;
    // Room for one byte more: then the second reading finds the end.
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_or(0, |length| length + 1));
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Checksum, in hexadecimal digits, and length of a file.
///
/// # Errors
/// Those of reading it.
pub fn sha256_of(path: &Path) -> io::Result<(String, u64)> {
    /// Most bytes read at once.
    const PIECE: u64 = 1 << 18;
    let (mut file, expected) = open_sized(path)?;
    // Most files are small, and to clear as much for each would take longer than to read them.
    let (mut hasher, mut piece, mut length) = (Sha256::new(), vec![0; PIECE.min(expected + 1) as usize], 0);
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&piece[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((hex(&hasher.finalize()), length))
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Stamp {
    /// That of a file.
    pub fn of(file: &Metadata) -> Self {
        let modified = file.modified().map_or((0, 0), since_1970);
        #[cfg(unix)]
        let changed = {
            use std::os::unix::fs::MetadataExt;
            Some((file.ctime(), u32::try_from(file.ctime_nsec()).unwrap_or(0)))
        };
        #[cfg(not(unix))]
        let changed = None;
        Self { bytes: file.len(), modified, changed }
    }

    /// Whether a file with the same stamp has the same content for sure, as seen at `now`: its last change must lie so far
    /// back that another one would have another time.
    pub fn is_safe(&self, now: SystemTime) -> bool {
        self.is_older(now, STAMP_STEP)
    }

    /// Whether the file was changed in any way last at least `age` before `now`. Times in the future say nothing.
    pub fn is_older(&self, now: SystemTime, age: Duration) -> bool {
        now.checked_sub(age).is_some_and(|then| self.changed.unwrap_or(self.modified) < since_1970(then))
    }

    /// Whether its content is told to be at least that old; a copy may take the time of its original over.
    pub fn is_settled(&self, now: SystemTime, age: Duration) -> bool {
        now.checked_sub(age).is_some_and(|then| self.modified < since_1970(then))
    }
}

fn since_1970(time: SystemTime) -> (i64, u32) {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (seconds(after), after.subsec_nanos()),
        Err(before) => (-seconds(before.duration()) - 1, 1_000_000_000 - before.duration().subsec_nanos()),
    }
}
