//! `checksums.sha256`: the SHA-256 of every file of a run, in the format of GNU `sha256sum`.
//!
//! `cd DIR && sha256sum -c checksums.sha256` checks a run without this program. A line is the checksum in hexadecimal digits,
//! two blanks and the path from the run's folder with `/` between its parts. In a path that holds a backslash, a line feed
//! or a carriage return these are written as `\\`, `\n` and `\r`, and the line begins with a backslash (manual of GNU
//! coreutils 9.1, "md5sum invocation").

use super::inventory;
use super::page::{PAGES, page_name};
use crate::atomic::{WholeFile, output_error, remove_file, sync_names};
use crate::error::{Error, Result};
use crate::results::{IMAGES, JOURNAL, RUN, Run, open_file, sha256_of};
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// Name of the list in a run's folder.
pub const CHECKSUMS: &str = "checksums.sha256";
/// Length of a checksum in hexadecimal digits.
const DIGITS: usize = 64;
/// Between checksum and path: blank, and blank again for a file that was read byte by byte.
const GAP: &str = "  ";

/// Writes `run.json` and the list. All other files of the run must be in their places: the record takes its own last of all,
/// because it says that the run is finished.
///
/// # Errors
/// [`Error::Output`]; [`Error::Input`] when a journal is missing or damaged.
pub fn write_with_record(run: &Run) -> Result<()> {
    let path = run.dir.join(CHECKSUMS);
    let fault = |error: io::Error| output_error(&path, &error);
    // Journals are read once, for the record, and stand at the end of the list.
    let mut images = BufWriter::new(tempfile::tempfile_in(&run.dir).map_err(fault)?);
    let record = run.record.prepare(&run.dir, &run.outputs, &mut |journal, sha256| {
        let folder = format!("{IMAGES}/{}", journal.input.output);
        for file in &journal.files {
            images.write_all(line(&file.sha256, &format!("{folder}/{}", file.name)).as_bytes())?;
        }
        images.write_all(line(sha256, &format!("{folder}/{JOURNAL}")).as_bytes())
    })?;
    let mut images = images.into_inner().map_err(|error| fault(error.into_error()))?;
    let mut list = List { dir: &run.dir, file: WholeFile::create(&path)?, synced: run.dir.clone() };
    for name in inventory::names(&run.dir) {
        if name == RUN {
            list.add(&record.sha256, RUN)?;
        } else {
            list.sync_and_add(&name)?;
        }
    }
    if run.dir.join(PAGES).exists() {
        for page in run.outputs.iter().map(|output| page_name(&run.dir, output)).filter(|page| page.path.is_file()) {
            list.sync_and_add(&page.relative)?;
        }
    }
    images.rewind().and_then(|()| io::copy(&mut images, &mut list.file)).map_err(fault)?;
    list.file.commit()?;
    record.put()
}

/// Takes the list away before anything that it tells of is changed: while there is none, the files may not fit each other.
///
/// # Errors
/// [`Error::Output`].
pub fn remove(run: &Path) -> Result<()> {
    let path = run.join(CHECKSUMS);
    remove_file(&path)?;
    sync_names(&path)
}

/// Whether a run has the list, whether it is whole, and whether the files of the run as a whole still are as it says. Those of
/// the images are for their journals to tell, and of the pages, which may be as many, it is asked only whether they are there.
///
/// * `image_files`: how many files the images have.
pub fn hold(run: &Path, image_files: usize) -> bool {
    let Ok(list) = open_file(&run.join(CHECKSUMS)) else { return false };
    let (mut of_run, mut of_images) = (BTreeSet::new(), 0);
    for line in BufReader::new(list).lines() {
        let Some((sha256, name)) = line.ok().and_then(|line| parse(&line)) else { return false };
        if name.starts_with(&format!("{IMAGES}/")) {
            of_images += 1;
            continue;
        }
        let path = run.join(&name);
        let is_page = name.starts_with(&format!("{PAGES}/"));
        if !(if is_page { path.is_file() } else { sha256_of(&path).is_ok_and(|(found, _)| found == sha256) }) {
            return false;
        }
        of_run.insert(name);
    }
    of_images == image_files && inventory::names(run).iter().all(|name| of_run.contains(name))
}

struct List<'a> {
    dir: &'a Path,
    file: WholeFile,
    /// The folder whose names are on the disk, or will be with the list's own.
    synced: PathBuf,
}

impl List<'_> {
    fn add(&mut self, sha256: &str, name: &str) -> Result<()> {
        let written = self.file.write_all(line(sha256, name).as_bytes());
        written.map_err(|error| output_error(&self.dir.join(CHECKSUMS), &error))
    }

    /// Adds a file whose name may not be on the disk yet.
    fn sync_and_add(&mut self, name: &str) -> Result<()> {
        let path = self.dir.join(name);
        if let Some(folder) = path.parent().filter(|folder| *folder != self.synced) {
            sync_names(&path)?;
            self.synced = folder.to_owned();
        }
        self.read_and_add(name)
    }

    fn read_and_add(&mut self, name: &str) -> Result<()> {
        let path = self.dir.join(name);
        let (sha256, _) = sha256_of(&path).map_err(|error| Error::input(&path, error, "analyse again"))?;
        self.add(&sha256, name)
    }
}

/// A line of the list, with its end.
fn line(sha256: &str, name: &str) -> String {
    let is_odd = name.contains(['\\', '\n', '\r']);
    let name = if is_odd { name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r") } else { name.into() };
    format!("{}{sha256}{GAP}{name}\n", if is_odd { "\\" } else { "" })
}

/// Checksum and path of a line without its end; `None` for what is no line of such a list. A star before the path, which
/// other programs write, means the same as a blank.
pub fn parse(line: &str) -> Option<(String, String)> {
    let (is_odd, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (sha256, rest) = line.split_at_checked(DIGITS)?;
    let name = rest.strip_prefix(GAP).or_else(|| rest.strip_prefix(" *"))?;
    if name.is_empty() || !sha256.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    Some((sha256.to_ascii_lowercase(), if is_odd { unescaped(name)? } else { name.into() }))
}

fn unescaped(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '\\' => match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were() {
        let sha256 = "0a".repeat(32);
        for name in ["run.json", "images/ a /x", "-rf", "a\nb", "\\n", "tail\r", "*star", "µ\u{202e}"] {
            let line = line(&sha256, name);
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(parse(line.trim_end_matches('\n')), Some((sha256.clone(), name.to_owned())), "{name:?}");
        }
        assert_eq!(line(&sha256, "a\n\\"), format!("\\{sha256}  a\\n\\\\\n"));
        for wrong in
            ["", "run.json", &sha256, &format!("{sha256}  "), &format!("{sha256} x"), &format!("\\{sha256}  \\t")]
        {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
