//! Makes a plan: cuts the files into chunks and writes one file for each.

use super::chunk::{Header, push_line};
use super::cut::{cut, range};
use crate::atomic::{create_folder, output_error, remove_file, sync_disk};
use crate::batch::Inputs;
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::results::hex;
use crate::stop;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Fewest digits of a chunk's number in the name of its file, so that they sort.
const DIGITS: usize = 4;

/// What to plan.
pub struct Plan<'a> {
    pub inputs: &'a Inputs,
    /// Most files of a chunk.
    pub files_max: usize,
    /// What the files were found by, as it was typed.
    pub typed: Vec<String>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub plan: String,
    pub files: usize,
    pub bytes: u64,
    pub chunks: usize,
    /// Fewest and most bytes of a chunk.
    pub chunk_bytes: (u64, u64),
}

impl Plan<'_> {
    /// Writes the chunks into a folder, in the place of those of an earlier plan and of no other files. The same files give the
    /// same plan, in whatever order they were named.
    ///
    /// # Errors
    /// [`Error::Output`], `Locked` where two plans are made there at once, and `Stopped`.
    pub fn write(self, out: &Path) -> Result<Planned> {
        create_folder(out)?;
        let _lock = Lock::take(out)?;
        let here = std::env::current_dir()
            .map_err(|error| Error::no_input(format!("the current folder: {error}"), "change to one that exists"))?;
        let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let inputs = (0..self.inputs.len()).into_par_iter();
        let bytes: Vec<u64> =
            inputs.map(|place| self.inputs.get(place).map_or(0, |input| length(&input.path))).collect();
        let chunk_of = cut(&bytes, self.files_max);
        let count = chunk_of.iter().max().map_or(0, |&most| most as usize + 1);
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        let (mut hasher, mut line) = (Sha256::new(), String::new());
        for (place, &chunk) in chunk_of.iter().enumerate() {
            members[chunk as usize].push(place as u32);
            line.clear();
            self.push(&mut line, &here, place, &bytes);
            hasher.update(format!("{chunk}\t{line}"));
        }
        let plan = hex(&hasher.finalize());
        let digits = DIGITS.max(count.to_string().len());
        let name = |number: usize| format!("{number:0digits$}.txt");
        // Some microscopes write files of such names beside their pictures.
        let is_anothers = |path: &PathBuf| path.exists() && Header::of(path).is_none();
        if let Some(path) = (1..=count).map(|number| out.join(name(number))).find(is_anothers) {
            return Err(Error::output(&path, "this file is in the place of a chunk", "choose another --out"));
        }
        for (places, number) in members.iter().zip(1..) {
            stop::check()?;
            let mut lines = String::new();
            places.iter().for_each(|&place| self.push(&mut lines, &here, place as usize, &bytes));
            let header = Header {
                plan: plan.clone(),
                number,
                of: count,
                files: places.len(),
                bytes: places.iter().map(|&place| bytes[place as usize]).sum(),
                inputs: self.typed.clone(),
                include: self.include.clone(),
                exclude: self.exclude.clone(),
                ..Header::default()
            };
            header.write(&out.join(name(number)), &lines)?;
        }
        remove_others(out, |file, number| number <= count && file == name(number))?;
        sync_disk(out)?;
        let chunk_bytes = range(&bytes, &chunk_of);
        Ok(Planned { plan, files: bytes.len(), bytes: bytes.iter().sum(), chunks: count, chunk_bytes })
    }

    fn push(&self, lines: &mut String, here: &Path, place: usize, bytes: &[u64]) {
        let Some(mut input) = self.inputs.get(place) else { return };
        // The runs may start in other folders.
        input.path = here.join(&input.path);
        push_line(lines, place as u64, bytes[place], &input);
    }
}

/// Removes the chunks of an earlier plan that had more of them, and no other file.
///
/// * `is_ours`: whether a file of this name, and the number that it stands for, is of this plan.
fn remove_others(out: &Path, is_ours: impl Fn(&str, usize) -> bool) -> Result<()> {
    for entry in fs::read_dir(out).map_err(|error| output_error(out, &error))? {
        let entry = entry.map_err(|error| output_error(out, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_suffix(".txt").and_then(|stem| stem.parse().ok());
        if number.is_some_and(|number| !is_ours(&name, number)) && Header::of(&entry.path()).is_some() {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}
