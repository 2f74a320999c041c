//! Which files to analyse, and what to call them.

use super::Selection;
use crate::error::{Error, Result};
use crate::read::looks_readable;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// One file to analyse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub path: PathBuf,
    /// Name in tables: the path below the folder that was given, with `/` between its parts; the path as given where two
    /// inputs would bear the same name.
    pub image: String,
    /// Folder of its results below `images/`: the name without extension, or with it where that is taken twice.
    pub folder: String,
}

/// A file that was found: path and name, both as given.
type Found = (PathBuf, String);

/// Lists the micrographs among files and folders (searched in depth), sorted by name.
///
/// Files that were named are taken whatever they are called; in folders the extension decides, hidden files and the output
/// folder are passed over, and links are not followed. A file that is met twice is taken once.
///
/// # Errors
/// [`Error::NoInput`] when an input does not exist or nothing is found at all; [`Error::Config`] when the results would
/// lie among the inputs.
pub fn find(inputs: &[PathBuf], out: &Path, selection: &Selection) -> Result<Vec<Input>> {
    let out = out.canonicalize().ok();
    let mut found: BTreeMap<PathBuf, Found> = BTreeMap::new();
    for input in inputs {
        if input.is_dir() {
            check_apart(input, out.as_deref())?;
            walk(input, out.as_deref(), selection)?.into_iter().for_each(|file| take(&mut found, file));
        } else if input.exists() {
            let image = input.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            take(&mut found, (input.clone(), image));
        } else {
            return Err(Error::no_input(format!("{}: no such file or folder", input.display()), "check the path"));
        }
    }
    if found.is_empty() {
        let names: Vec<_> = inputs.iter().map(|p| p.display().to_string()).collect();
        return Err(Error::no_input(
            format!("no micrograph was found in {}", names.join(", ")),
            "give files, or a folder that holds TIFF, MRC, PNG or JPEG files",
        ));
    }
    Ok(named(found.into_values()))
}

/// Keeps each file once. Of two ways to it the one with the shorter name counts, whichever came first.
fn take(found: &mut BTreeMap<PathBuf, Found>, (path, image): Found) {
    let place = path.canonicalize().unwrap_or_else(|_| path.clone());
    let rank = |(path, image): &Found| (image.len(), image.clone(), path.clone());
    let new = (path, image);
    match found.entry(place) {
        Entry::Vacant(entry) => drop(entry.insert(new)),
        Entry::Occupied(mut entry) if rank(&new) < rank(entry.get()) => drop(entry.insert(new)),
        Entry::Occupied(_) => {}
    }
}

/// Refuses an input folder in which the next run would take this run's pictures for micrographs.
fn check_apart(root: &Path, out: Option<&Path>) -> Result<()> {
    let (Some(out), Ok(place)) = (out, root.canonicalize()) else { return Ok(()) };
    if place == out || place.starts_with(out.join("images")) {
        return Err(Error::config(
            format!("the results would lie among the micrographs of {}", root.display()),
            "choose an --out that is not the input folder itself, such as a new folder",
        ));
    }
    Ok(())
}

fn walk(root: &Path, out: Option<&Path>, selection: &Selection) -> Result<Vec<Found>> {
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    let is_out = |entry: &walkdir::DirEntry| {
        let place = || entry.path().canonicalize().ok();
        out.is_some() && entry.depth() > 0 && entry.file_type().is_dir() && place().as_deref() == out
    };
    let mut found = Vec::new();
    let walker = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in walker.filter_entry(|entry| !hidden(entry) && !is_out(entry)) {
        let entry = entry.map_err(|error| {
            let place = error.path().unwrap_or(root).display().to_string();
            let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            Error::no_input(format!("{place}: {cause}"), "check that the folder may be read")
        })?;
        if entry.file_type().is_file() && looks_readable(entry.path()) {
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if selection.takes(below) {
                found.push((entry.path().to_owned(), name(below)));
            }
        }
    }
    Ok(found)
}

/// A relative path as text, with `/` between its parts on every system.
fn name(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Gives each file a folder of its own, and an image name that is met only once.
fn named(found: impl Iterator<Item = Found>) -> Vec<Input> {
    let mut inputs: Vec<Input> = found.map(|(path, image)| Input { path, image, folder: String::new() }).collect();
    let images = counted(inputs.iter().map(|input| input.image.as_str()));
    for input in &mut inputs {
        if images[&input.image.to_lowercase()] > 1 {
            input.image = name(&input.path);
        }
        input.folder = Path::new(&input.image).with_extension("").to_string_lossy().into_owned();
    }
    let folders = counted(inputs.iter().map(|input| input.folder.as_str()));
    for input in &mut inputs {
        if folders[&input.folder.to_lowercase()] > 1 {
            input.folder.clone_from(&input.image);
        }
    }
    inputs.sort_by(|a, b| a.image.cmp(&b.image).then_with(|| a.path.cmp(&b.path)));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for input in &mut inputs {
        let count = seen.entry(input.folder.to_lowercase()).or_default();
        *count += 1;
        if *count > 1 {
            // Names that differ in case, in bytes that are no text, or in `..` only: numbered in the order of the paths.
            input.folder = format!("{}~{count}", input.folder);
            input.image = format!("{}~{count}", input.image);
        }
    }
    inputs
}

/// How often each name is met, ignoring case, because the results may lie on a file system that does.
fn counted<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name.to_lowercase()).or_default() += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn find(inputs: &[PathBuf], out: &Path) -> Result<Vec<Input>> {
        super::find(inputs, out, &Selection::default())
    }

    /// Image and folder names, without the temporary folder's path in front.
    fn names(inputs: &[Input], dir: &Path) -> Vec<(String, String)> {
        let short = |text: &str| text.replace(&format!("{}/", name(dir)), "");
        inputs.iter().map(|i| (short(&i.image), short(&i.folder))).collect()
    }

    fn put(dir: &Path, names: &[&str]) {
        for name in names {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }

    #[test]
    fn every_file_gets_a_name_and_a_folder_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        put(dir, &["one/b.tif", "one/a.tif", "one/a.png", "one/sub/A.tif", "one/notes.txt", "one/.hidden.tif"]);
        put(dir, &["two/b.tif", "one/out/old.tif"]);
        let (one, two, out) = (dir.join("one"), dir.join("two"), dir.join("one/out"));
        let found = find(&[one.clone(), two.clone()], &out).unwrap();
        let expected = [
            ("a.png", "a.png"),
            ("a.tif", "a.tif"),
            ("sub/A.tif", "sub/A"),
            ("one/b.tif", "one/b"),
            ("two/b.tif", "two/b"),
        ];
        let mut given = names(&found, dir);
        given.sort_by_key(|(image, _)| expected.iter().position(|e| e.0 == image));
        assert_eq!(given, expected.map(|(image, folder)| (image.to_owned(), folder.to_owned())));
        assert!(found.is_sorted_by(|a, b| a.image < b.image));
        assert_eq!(found, find(&[two, one], &out).unwrap());
    }

    #[test]
    fn a_file_met_twice_is_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        put(dir, &["sub/a.tif"]);
        let ways = [dir.to_owned(), dir.join("sub"), dir.join("sub/a.tif"), dir.join("sub/../sub/a.tif")];
        let found = find(&ways, Path::new("out")).unwrap();
        assert_eq!(names(&found, dir), [("a.tif".to_owned(), "a".to_owned())]);
        let mut backwards = ways;
        backwards.reverse();
        assert_eq!(found, find(&backwards, Path::new("out")).unwrap());
    }

    #[test]
    fn results_are_kept_apart_from_the_micrographs() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        put(dir, &["a.tif", "images/a/labels.tif"]);
        for root in [dir.to_owned(), dir.join("images"), dir.join("images/a"), dir.join("images/..")] {
            assert_eq!(find(std::slice::from_ref(&root), dir).unwrap_err().exit_code(), 2, "{}", root.display());
        }
        assert!(find(&[dir.join("a.tif")], dir).is_ok());
        assert!(find(&[dir.to_owned()], &dir.join("images")).is_ok());
    }

    #[test]
    fn a_missing_or_empty_input_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(&[dir.path().join("nothing")], Path::new("out")).unwrap_err().exit_code(), 3);
        assert_eq!(find(&[dir.path().to_owned()], Path::new("out")).unwrap_err().exit_code(), 3);
    }
}
