//! Which files to analyse, and what to call them.

use crate::error::{Error, Result};
use crate::read::looks_readable;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// One file to analyse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub path: PathBuf,
    /// Name in tables: the path below the folder that was given, with `/` between its parts.
    pub image: String,
    /// Folder of its results below `images/`: the name without extension, or with it where that is taken twice.
    pub folder: String,
}

/// Lists the micrographs among files and folders (searched in depth), sorted by name.
///
/// Files that were named are taken whatever they are called; in folders the extension decides, hidden files and the output
/// folder are passed over, and links are not followed.
///
/// # Errors
/// [`Error::NoInput`] when an input does not exist or nothing is found at all.
pub fn find(inputs: &[PathBuf], out: &Path) -> Result<Vec<Input>> {
    let out = out.canonicalize().ok();
    let mut found: BTreeMap<PathBuf, String> = BTreeMap::new();
    for input in inputs {
        if input.is_dir() {
            for (path, image) in walk(input, out.as_deref())? {
                found.entry(path).or_insert(image);
            }
        } else if input.exists() {
            let image = input.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            found.entry(input.clone()).or_insert(image);
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
    Ok(named(found))
}

fn walk(root: &Path, out: Option<&Path>) -> Result<Vec<(PathBuf, String)>> {
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    let is_out = |path: &Path| out.is_some() && path.canonicalize().ok().as_deref() == out;
    let mut found = Vec::new();
    let walker = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in walker.filter_entry(|e| !hidden(e) && !(e.file_type().is_dir() && e.depth() > 0 && is_out(e.path()))) {
        let entry = entry.map_err(|error| {
            let place = error.path().unwrap_or(root).display().to_string();
            Error::no_input(format!("{place}: {error}"), "check that the folder may be read")
        })?;
        if entry.file_type().is_file() && looks_readable(entry.path()) {
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            found.push((entry.path().to_owned(), name(below)));
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
fn named(found: BTreeMap<PathBuf, String>) -> Vec<Input> {
    let mut inputs: Vec<Input> = found
        .into_iter()
        .map(|(path, image)| {
            let stem = Path::new(&image).with_extension("").to_string_lossy().into_owned();
            Input { path, folder: stem, image }
        })
        .collect();
    // Ignoring case, because the results may lie on a file system that does.
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for input in &inputs {
        *taken.entry(input.folder.to_lowercase()).or_default() += 1;
    }
    for input in &mut inputs {
        if taken[&input.folder.to_lowercase()] > 1 {
            input.folder.clone_from(&input.image);
        }
    }
    inputs.sort_by(|a, b| a.image.cmp(&b.image).then_with(|| a.path.cmp(&b.path)));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for input in &mut inputs {
        let count = seen.entry(input.folder.to_lowercase()).or_default();
        *count += 1;
        if *count > 1 {
            // The same name from two of the given folders: numbered in the order of their paths.
            input.folder = format!("{}~{count}", input.folder);
            input.image = format!("{}~{count}", input.image);
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(inputs: &[Input]) -> Vec<(&str, &str)> {
        inputs.iter().map(|i| (i.image.as_str(), i.folder.as_str())).collect()
    }

    #[test]
    fn every_file_gets_a_folder_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        for name in ["one/b.tif", "one/a.tif", "one/a.png", "one/sub/A.tif", "one/notes.txt", "one/.hidden.tif"] {
            put(name);
        }
        put("two/b.tif");
        put("one/out/old.tif");
        let roots = [dir.path().join("one"), dir.path().join("two")];
        let found = find(&roots, &dir.path().join("one/out")).unwrap();
        let expected = [
            ("a.png", "a.png"),
            ("a.tif", "a.tif"),
            ("b.tif", "b.tif"),
            ("b.tif~2", "b.tif~2"),
            ("sub/A.tif", "sub/A"),
        ];
        assert_eq!(names(&found), expected);
        let other_order = find(&[roots[1].clone(), roots[0].clone()], &dir.path().join("one/out")).unwrap();
        assert_eq!(found, other_order);
    }

    #[test]
    fn a_missing_or_empty_input_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(&[dir.path().join("nothing")], Path::new("out")).unwrap_err().exit_code(), 3);
        assert_eq!(find(&[dir.path().to_owned()], Path::new("out")).unwrap_err().exit_code(), 3);
    }
}
