//! Which files to analyse.

use super::{Inputs, Selection};
use crate::error::{Error, Result};
use crate::read::{looks_like_sidecar, looks_readable};
use crate::report::FOLDERS;
use crate::results::{IMAGE_FILES, IMAGES, JOURNAL, RUN, open_file};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A file that was found: the place of the folder that was searched in the list of these, 0 for one that was named, and the
/// path below it.
type Found = (usize, PathBuf);

/// Lists the micrographs among files and folders (searched in depth), sorted by name.
///
/// Files that were named are taken whatever they are called; in folders the extension and the selection decide, hidden files
/// and the results of this and other runs are passed over, and links are not followed. A file that is met twice is taken
/// once. A folder below that cannot be read stands for itself, so that it is told of as a file that failed.
///
/// * `out`: where results are to lie; `None` where there will be none.
///
/// # Errors
/// [`Error::NoInput`] when an input does not exist, cannot be read, or nothing is found at all; [`Error::Config`] when the
/// results would lie among the inputs.
pub fn find(inputs: &[PathBuf], out: Option<&Path>, selection: &Selection) -> Result<Inputs> {
    let found = find_those(inputs, out, selection, &mut |_| true, &mut |_| {})?;
    if found.is_empty() { Err(nothing(inputs, found.links)) } else { Ok(found) }
}

/// That no micrograph was found, for whatever reason.
pub(super) fn nothing(inputs: &[PathBuf], links: usize) -> Error {
    let names: Vec<_> = inputs.iter().map(|p| p.display().to_string()).collect();
    let linked = if links > 0 { format!(" but {links} links, which are not followed") } else { String::new() };
    Error::no_input(
        format!("no micrograph was found in {}{linked}", names.join(", ")),
        "give files, or a folder that holds TIFF, MRC, PNG or JPEG files, and check --include and --exclude",
    )
}

/// As [`find`], of the files that `is_ready` is true for, which may be none; `see_beside` is shown the files in the folders
/// that may have a say in what those beside them are.
pub(super) fn find_those(
    inputs: &[PathBuf],
    out: Option<&Path>,
    selection: &Selection,
    is_ready: &mut dyn FnMut(&Path) -> bool,
    see_beside: &mut dyn FnMut(&Path),
) -> Result<Inputs> {
    let out = out.and_then(|out| out.canonicalize().ok());
    let (mut roots, mut found, mut links) = (vec![PathBuf::new()], Vec::new(), 0);
    for input in inputs {
        if input.is_dir() {
            if inputs.len() > 1 && out.is_some() && input.canonicalize().ok() == out {
                // Of `data/*`, say.
                continue;
            }
            check_apart(input, out.as_deref())?;
            let place = roots.len();
            links += walk(input, out.as_deref(), selection, see_beside, &mut |below| {
                if is_ready(&input.join(&below)) {
                    found.push((place, below));
                }
            })?;
            roots.push(input.clone());
        } else if input.exists() {
            if is_ready(input) {
                found.push((0, input.clone()));
            }
        } else {
            return Err(Error::no_input(format!("{}: no such file or folder", input.display()), "check the path"));
        }
    }
    // Within one folder no file is met twice.
    if inputs.len() > 1 {
        found = once(&roots, found);
    }
    Inputs::new(roots, found, links)
}

/// Keeps each file once. Of two ways to it the one with the shorter name counts, whichever came first.
fn once(roots: &[PathBuf], found: Vec<Found>) -> Vec<Found> {
    let mut places: HashMap<PathBuf, Found> = HashMap::new();
    for new in found {
        let path = roots[new.0].join(&new.1);
        let place = path.canonicalize().unwrap_or(path);
        let rank = |(root, below): &Found| {
            let name = if *root == 0 { below.file_name() } else { Some(below.as_os_str()) };
            (name.map_or(0, |name| name.len()), name.map(ToOwned::to_owned), roots[*root].join(below))
        };
        match places.entry(place) {
            Entry::Vacant(entry) => drop(entry.insert(new)),
            Entry::Occupied(mut entry) if rank(&new) < rank(entry.get()) => drop(entry.insert(new)),
            Entry::Occupied(_) => {}
        }
    }
    places.into_values().collect()
}

/// Refuses an input folder in which the next run would take this run's pictures for micrographs.
fn check_apart(root: &Path, out: Option<&Path>) -> Result<()> {
    let (Some(out), Ok(place)) = (out, root.canonicalize()) else { return Ok(()) };
    if place == out || place.starts_with(out.join(IMAGES)) {
        return Err(Error::config(
            format!("the results would lie among the micrographs of {}", root.display()),
            "choose an --out that is not the input folder itself, such as a new folder",
        ));
    }
    Ok(())
}

/// Shows all files of a folder that are wanted; how many links were passed over that look like micrographs.
fn walk(
    root: &Path,
    out: Option<&Path>,
    selection: &Selection,
    see_beside: &mut dyn FnMut(&Path),
    found: &mut dyn FnMut(PathBuf),
) -> Result<usize> {
    let is_run = holds_run(root);
    let mut links = 0;
    let below = |entry: &DirEntry| entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned();
    let is_wanted = |entry: &DirEntry| {
        let is_folder = entry.file_type().is_dir();
        let is_out = || out.is_some() && entry.path().canonicalize().ok().as_deref() == out;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let is_refused = || {
            is_folder && (is_out() || holds_run(entry.path()) || selection.refuses_folder(&below(entry)))
                || is_run && is_result(&below(entry))
        };
        let is_named = entry.depth() == 0;
        !(is_folder && holds(entry.path(), JOURNAL, "\"recipe\"") || !is_named && (is_hidden || is_refused()))
    };
    for entry in WalkDir::new(root).into_iter().filter_entry(is_wanted) {
        match entry {
            Ok(entry) => {
                let (below, kind) = (below(&entry), entry.file_type());
                let is_wanted = looks_readable(entry.path()) && selection.takes(&below);
                links += usize::from(is_wanted && kind.is_symlink());
                if is_wanted && kind.is_file() {
                    found(below);
                } else if kind.is_file() && looks_like_sidecar(entry.path()) {
                    see_beside(entry.path());
                }
            }
            Err(error) => match error.path().and_then(|path| path.strip_prefix(root).ok()) {
                Some(below) if !below.as_os_str().is_empty() => found(below.to_owned()),
                _ => {
                    let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    let cause = format!("{}: {cause}", root.display());
                    return Err(Error::no_input(cause, "check that the folder may be read"));
                }
            },
        }
    }
    Ok(links)
}

/// Whether a run writes what lies there in its folder; micrographs may lie beside it, where somebody put it into theirs.
fn is_result(below: &Path) -> bool {
    let is_image_file = || IMAGE_FILES.iter().any(|name| below.file_name() == Some(OsStr::new(name)));
    FOLDERS.iter().any(|folder| below.starts_with(folder)) || below.starts_with(IMAGES) && is_image_file()
}

/// Whether a folder holds the results of a run.
fn holds_run(folder: &Path) -> bool {
    holds(folder, RUN, "\"cupule_version\"")
}

/// Whether a folder holds a file that has one of its first fields.
fn holds(folder: &Path, name: &str, field: &str) -> bool {
    /// Bytes in which the first fields are.
    const HEAD: u64 = 1000;
    let mut head = Vec::new();
    open_file(&folder.join(name)).is_ok_and(|file| file.take(HEAD).read_to_end(&mut head).is_ok())
        && String::from_utf8_lossy(&head).contains(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn find(inputs: &[PathBuf], out: &Path) -> Result<Inputs> {
        super::find(inputs, Some(out), &Selection::default())
    }

    /// Image and folder names, without the temporary folder's path in front.
    fn names(inputs: &Inputs, dir: &Path) -> Vec<(String, String)> {
        let short = |text: &str| text.replace(&format!("{}/", dir.display().to_string().trim_start_matches('/')), "");
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
        assert!(found.iter().is_sorted_by(|a, b| a.image < b.image));
        assert!(found.iter().eq(find(&[two, one], &out).unwrap().iter()));
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
        assert!(found.iter().eq(find(&backwards, Path::new("out")).unwrap().iter()));
    }

    #[test]
    fn dots_lead_into_no_other_folder() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        put(dir, &["...tif", "..tif", "a..tif"]);
        let found = find(&["...tif", "..tif", "a..tif"].map(|name| dir.join(name)), Path::new("out")).unwrap();
        let given = names(&found, dir);
        let expected = [("...tif", "...tif"), ("..tif", "..tif"), ("a..tif", "a.")];
        assert_eq!(given, expected.map(|(image, folder)| (image.to_owned(), folder.to_owned())));
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
