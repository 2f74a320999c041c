//! Which files hold outlines, and of which image.
//!
//! An image's name is its path below the folder without what tells the form: `NAME.labels.tif`, `NAME/labels.tif` (as
//! `cupule analyze` writes), `NAME_RoiSet.zip`, `NAME.zip`, `NAME.roi`, `NAME.csv` or plain `NAME.tif`. One CSV may serve
//! all images. Forms that can be nothing else win over a table of all images, and that over plain pictures, which may
//! well be the micrographs.

use super::circles::{self, Circle};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What kind of file the outlines are in.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    Labels,
    RoiZip,
    Roi,
    /// Read already, because one table may serve many images.
    Circles {
        circles: Vec<Circle>,
        is_nm: bool,
    },
}

/// Where the outlines of an image are.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    pub path: PathBuf,
    pub form: Form,
}

/// The outlines of a folder or file.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotations {
    pub root: PathBuf,
    /// By name of the image, with `/` between the parts of a path.
    pub images: BTreeMap<String, Annotation>,
}

/// Rank of a form: only the lowest in a folder counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Explicit,
    SharedTable,
    Plain,
}

const PICTURES: [&str; 3] = ["tif", "tiff", "png"];

/// Lists the outlines in a folder, searched in depth, or of a single file. Hidden files and links are passed over.
///
/// # Errors
/// [`Error::NoInput`] when there is no such place or nothing in it; [`Error::Config`] when two files claim one image;
/// [`Error::Input`] for a table that can't be read.
pub fn find(root: &Path) -> Result<Annotations> {
    if !root.exists() {
        return Err(Error::no_input(format!("{}: no such file or folder", root.display()), "check the path"));
    }
    let mut found: Vec<(Rank, String, Annotation)> = Vec::new();
    if root.is_dir() {
        for (path, name) in files(root)? {
            found.extend(recognised(&path, &name)?);
        }
    } else {
        let name = root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        found = recognised(root, &name)?;
        if found.is_empty() {
            // Named by a person: refused with the reason, or read by its content.
            if extension(&name) == "csv" {
                circles::read(root)?;
            }
            found.push((Rank::Plain, stem(&name).into(), Annotation { path: root.into(), form: Form::Labels }));
        }
    }
    let Some(best) = found.iter().map(|(rank, ..)| *rank).min() else {
        return Err(Error::no_input(
            format!("{}: no outlines were found", root.display()),
            "give a folder with label pictures (NAME.labels.tif or .png), ImageJ ROIs (NAME.zip, NAME.roi) or CSV tables \
             of circles (NAME.csv)",
        ));
    };
    let mut images: BTreeMap<String, Annotation> = BTreeMap::new();
    for (_, name, annotation) in found.into_iter().filter(|(rank, ..)| *rank == best) {
        let path = annotation.path.clone();
        if let Some(other) = images.insert(name.clone(), annotation) {
            return Err(Error::config(
                format!("two files claim the image {name}: {} and {}", other.path.display(), path.display()),
                "take one of them away",
            ));
        }
    }
    Ok(Annotations { root: root.into(), images })
}

/// Files below a folder with their names, sorted. Of a folder with `labels.tif` nothing else is taken: the rest is other
/// results of the same image.
fn files(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    // The tables of `cupule analyze` describe what its label pictures hold.
    let images = root.join("images");
    let is_analysis = root.join("particles.csv").is_file() && images.is_dir();
    let root = if is_analysis { &images } else { root };
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    let mut found = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.map_err(|error| {
            let place = error.path().unwrap_or(root).display().to_string();
            Error::no_input(format!("{place}: {error}"), "check that the folder may be read")
        })?;
        let is_labels = is_labels(&entry.file_name().to_string_lossy());
        let beside_labels = || {
            let sibling = |name: &str| entry.path().with_file_name(name).is_file();
            PICTURES.iter().any(|extension| sibling(&format!("labels.{extension}")))
        };
        if !entry.file_type().is_file() || (!is_labels && (is_analysis || beside_labels())) {
            continue;
        }
        let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        found.push((entry.path().to_owned(), parts.join("/")));
    }
    Ok(found)
}

fn is_labels(file: &str) -> bool {
    file.strip_prefix("labels.").is_some_and(|extension| PICTURES.contains(&extension.to_lowercase().as_str()))
}

/// What a file is by its name (and a table by its headings); nothing when it holds no outlines.
fn recognised(path: &Path, name: &str) -> Result<Vec<(Rank, String, Annotation)>> {
    let one = |rank, name: &str, form| Ok(vec![(rank, name.to_owned(), Annotation { path: path.into(), form })]);
    let file = name.rsplit('/').next().unwrap_or(name);
    let base = stem(name);
    match extension(name).as_str() {
        e if PICTURES.contains(&e) => match (is_labels(file), name.rsplit_once('/'), base.strip_suffix(".labels")) {
            (true, Some((folder, _)), _) => one(Rank::Explicit, folder, Form::Labels),
            (_, _, Some(image)) => one(Rank::Explicit, image, Form::Labels),
            _ => one(Rank::Plain, base, Form::Labels),
        },
        "zip" => {
            let image = ["_RoiSet", "-RoiSet", " RoiSet"].iter().find_map(|end| base.strip_suffix(end));
            one(Rank::Explicit, image.unwrap_or(base), Form::RoiZip)
        }
        "roi" => one(Rank::Explicit, base, Form::Roi),
        "csv" if circles::recognises(path) => {
            let table = circles::read(path)?;
            let (is_nm, is_shared) = (table.is_nm, table.is_shared);
            let found = table.images.into_iter().map(|(image, circles)| {
                let annotation = Annotation { path: path.into(), form: Form::Circles { circles, is_nm } };
                if is_shared {
                    (Rank::SharedTable, image_name(&image).to_owned(), annotation)
                } else {
                    (Rank::Explicit, base.to_owned(), annotation)
                }
            });
            Ok(found.collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The name of an image in a table, without the extension of a micrograph.
pub(super) fn image_name(image: &str) -> &str {
    const MICROGRAPHS: [&str; 7] = ["tif", "tiff", "png", "jpg", "jpeg", "mrc", "mrcs"];
    if MICROGRAPHS.contains(&extension(image).as_str()) { stem(image) } else { image }
}

/// Lower-case extension without the dot, blank without one.
fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}

/// The name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
