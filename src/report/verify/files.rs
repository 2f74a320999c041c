//! The files of a folder against the list of checksums.

use super::{Finding, FindingKind, Tally, Tell};
use crate::error::{Error, Result};
use crate::lock::LOCK;
use crate::log::SUMMARY;
use crate::report::checksums::{CHECKSUMS, parse};
use crate::results::{is_below, open_file, sha256_of};
use crate::stop;
use rayon::prelude::*;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use walkdir::WalkDir;

/// Lines taken at once: enough for all threads, and little memory.
const LINES: usize = 256;
/// Longest line, bytes: more than twice the longest path of Linux (4096), all of it escaped.
const LINE_MAX: u64 = 1 << 14;
/// What lies in the folder of a run without being listed: the list itself, the lock that a killed program left, and the
/// summary that is written after everything else.
const UNLISTED: [&str; 3] = [CHECKSUMS, LOCK, SUMMARY];

/// Which names are listed: 8 bytes for each file and folder. Two names of one hash would only leave out a note.
pub struct Listed(Vec<u64>);

impl Listed {
    /// Whether a file, or a folder with listed files in it, has this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.binary_search(&hash(name)).is_ok()
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Checks every listed file, then looks for files that are not listed.
pub fn check(dir: &Path, tally: &mut Tally, tell: Tell) -> Result<Listed> {
    let listed = check_listed(dir, tally, tell)?;
    let mut foreign = foreign(dir, &listed);
    foreign.sort();
    for name in foreign {
        tally.count(Some(&Finding::new(FindingKind::Foreign, name)), tell)?;
    }
    Ok(listed)
}

fn check_listed(dir: &Path, tally: &mut Tally, tell: Tell) -> Result<Listed> {
    let path = dir.join(CHECKSUMS);
    let unreadable = |error| Error::no_input(format!("{}: {error}", path.display()), "check that the file may be read");
    let mut list = BufReader::new(open_file(&path).map_err(unreadable)?);
    let (mut names, mut folder, mut number) = (Vec::new(), String::new(), 0);
    loop {
        stop::check()?;
        let mut lines = Vec::with_capacity(LINES);
        while lines.len() < LINES {
            let mut line = Vec::new();
            if list.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            number += 1;
            let text = String::from_utf8(line).ok();
            let parsed =
                text.and_then(|text| parse(text.trim_end_matches(['\n', '\r']))).filter(|(_, name)| is_below(name));
            lines.push((number, parsed));
        }
        if lines.is_empty() {
            break;
        }
        let found: Vec<Option<Finding>> = lines.par_iter().map(|(number, line)| verdict(dir, *number, line)).collect();
        for (finding, (_, line)) in found.iter().zip(&lines) {
            tally.count(finding.as_ref(), tell)?;
            if let Some((_, name)) = line {
                names.push(hash(name));
                // Most files lie in the folder of the one before.
                let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
                if parent != folder {
                    let is_new = |end: &usize| !folder.starts_with(&parent[..=*end]);
                    let ends = parent.match_indices('/').map(|(end, _)| end).filter(is_new);
                    names.extend(ends.map(|end| hash(&parent[..end])));
                    names.push(hash(parent));
                    parent.clone_into(&mut folder);
                }
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(Listed(names))
}

/// What is wrong with the file of a line.
fn verdict(dir: &Path, number: usize, line: &Option<(String, String)>) -> Option<Finding> {
    let Some((sha256, name)) = line else {
        let cause = format!("line {number} is no checksum of a file in this folder");
        return Some(Finding::new(FindingKind::Changed, CHECKSUMS).because(cause));
    };
    against(&dir.join(name), sha256, name)
}

/// What is wrong with a file that should have this checksum.
pub fn against(path: &Path, sha256: &str, name: &str) -> Option<Finding> {
    let changed = || Finding::new(FindingKind::Changed, name);
    match fs::metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Some(Finding::new(FindingKind::Missing, name))
        }
        Err(error) => Some(changed().because(error)),
        // Reading a pipe might never end.
        Ok(found) if !found.is_file() => Some(changed().because("it is no file")),
        Ok(_) => match sha256_of(path) {
            Ok((found, _)) if found == sha256 => None,
            Ok(_) => Some(changed()),
            Err(error) => Some(changed().because(error)),
        },
    }
}

/// Names of the files that are not listed; a folder in which none is listed stands for all that is in it.
fn foreign(dir: &Path, listed: &Listed) -> Vec<String> {
    let mut foreign = Vec::new();
    let mut entries = WalkDir::new(dir).min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        let below = entry.path().strip_prefix(dir).unwrap_or(entry.path());
        let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        if listed.has(&name) || UNLISTED.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().is_dir() {
            entries.skip_current_dir();
            foreign.push(name + "/");
        } else {
            foreign.push(name);
        }
    }
    foreign
}
