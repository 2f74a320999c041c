//! The micrographs of a run, found again and compared with what was recorded of them.

use super::{Inputs, Selection, find, inputs};
use crate::error::{Error, Result};
use crate::report::verify::{Finding, FindingKind, Tally, Tell, against};
use crate::results::each_input;
use crate::results::record::InputRecord;
use crate::stop;
use rayon::prelude::*;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::path::{Component, Path, PathBuf};

/// Inputs looked at together: enough for all threads.
const TOGETHER: usize = 64;

/// Compares every micrograph of a run with its checksum. The folders are best given as they were given to the analysis;
/// files that were named then are looked for in the folders themselves.
///
/// # Errors
/// [`Error::NoInput`] when a folder does not exist or the record cannot be read; those of `tell`.
pub fn check_originals(run: &Path, folders: &[PathBuf], tell: Tell) -> Result<Tally> {
    if let Some(missing) = folders.iter().find(|folder| !folder.is_dir()) {
        return Err(Error::no_input(format!("{}: no such folder", missing.display()), "check the path"));
    }
    let places = Places { folders, found: OnceCell::new() };
    let (mut tally, mut waiting) = (Tally::default(), Vec::with_capacity(TOGETHER));
    each_input(run, |input| {
        waiting.push(input);
        if waiting.len() == TOGETHER { check(&places, &mut waiting, &mut tally, tell) } else { Ok(()) }
    })?;
    check(&places, &mut waiting, &mut tally, tell)?;
    Ok(tally)
}

fn check(places: &Places, inputs: &mut Vec<InputRecord>, tally: &mut Tally, tell: Tell) -> Result<()> {
    stop::check()?;
    // Of a file that could not be read then, there is nothing to compare.
    let known = inputs.drain(..).filter_map(|input| Some((places.of(&input.image), input.image, input.sha256?)));
    let mut files: Vec<(Vec<PathBuf>, Vec<String>, String)> = Vec::new();
    for (paths, image, sha256) in known {
        match files.last_mut() {
            // The images of a stack follow each other.
            Some((before, images, expected)) if *before == paths && *expected == sha256 => images.push(image),
            _ => files.push((paths, vec![image], sha256)),
        }
    }
    let verdict = |(paths, images, sha256): &(Vec<PathBuf>, Vec<String>, String)| {
        let mut wrong = Finding::new(FindingKind::Missing, images[0].as_str());
        for path in paths {
            match against(path, sha256, &images[0]) {
                Some(finding) => wrong = finding,
                None => return None,
            }
        }
        Some(wrong)
    };
    let verdicts: Vec<Option<Finding>> = files.par_iter().map(verdict).collect();
    for (verdict, (_, images, _)) in verdicts.iter().zip(&files) {
        for image in images {
            let finding = verdict.clone().map(|finding| Finding { name: image.clone(), ..finding });
            tally.count(finding.as_ref(), tell)?;
        }
    }
    Ok(())
}

/// Where the micrographs may lie.
struct Places<'a> {
    folders: &'a [PathBuf],
    /// What an analysis of the folders would call their files; looked up only where a name alone does not lead there.
    found: OnceCell<Option<Inputs>>,
}

impl Places<'_> {
    /// The files that an image with this name may come from.
    fn of(&self, image: &str) -> Vec<PathBuf> {
        let mut paths = self.named(image);
        // Images of stacks are numbered.
        let file = image.rsplit_once('@').filter(|(_, index)| index.parse::<usize>().is_ok()).map(|(file, _)| file);
        if let Some(file) = file.filter(|_| paths.is_empty()) {
            paths = self.named(file);
        }
        paths
    }

    fn named(&self, name: &str) -> Vec<PathBuf> {
        let below = |folder: &PathBuf| {
            // Where two inputs would have borne the same name, they are called by their whole paths.
            let whole = name.strip_prefix(&format!("{}/", inputs::name(folder))).map(|rest| folder.join(rest));
            [Some(folder.join(name)), whole].into_iter().flatten().collect::<Vec<_>>()
        };
        let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        let direct = self.folders.iter().flat_map(below);
        let mut paths: Vec<PathBuf> = direct.filter(|path| is_plain && path.is_file()).collect();
        if paths.is_empty() {
            // Names that are no text, or that were numbered because they differ in case only.
            let found = self.found.get_or_init(|| find(self.folders, None, &Selection::default()).ok());
            paths.extend(found.as_ref().and_then(|found| lookup(found, name)));
        }
        paths
    }
}

/// The file of an image's name among inputs, which are in the order of the names.
fn lookup(inputs: &Inputs, name: &str) -> Option<PathBuf> {
    let (mut low, mut high) = (0, inputs.len());
    while low < high {
        let middle = low.midpoint(high);
        let input = inputs.get(middle)?;
        match input.image.as_str().cmp(name) {
            Ordering::Equal => return Some(input.path),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}
