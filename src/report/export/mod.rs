//! Files for other programs: one file here per format, and the list that `--export` chooses from.

mod coco;
pub(super) mod datapackage;
mod features;
mod files;
mod identity;
mod imagej;
mod labels_ome;
pub(super) mod multiqc;
mod omero;
mod outlines;
#[cfg(feature = "parquet")]
mod parquet;
pub(super) mod rocrate;
mod rois;

pub(super) use files::{remove_image, sinks, write_image};

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A file, or a set of files, that `--export` switches on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Per image: outlines for ImageJ's ROI Manager.
    Rois,
    /// Per image: outlines for QuPath.
    Outlines,
    /// Per image: labels as OME-TIFF.
    LabelsOme,
    Imagej,
    Coco,
    Features,
    Omero,
    Parquet,
    Multiqc,
    Datapackage,
    Rocrate,
    Figures,
    Report,
}

struct Entry {
    export: Export,
    /// What the file is called.
    file: &'static str,
    /// Program or format that it is for: another name for it.
    program: &'static str,
    /// Whether it is written when nothing is asked for.
    is_default: bool,
}

const fn entry(export: Export, file: &'static str, program: &'static str, is_default: bool) -> Entry {
    Entry { export, file, program, is_default }
}

/// What most people open is written always; what only some programs read, when asked for.
const ENTRIES: [Entry; 13] = [
    entry(Export::Report, "report.html", "html", true),
    entry(Export::Figures, "figures", "panels", true),
    entry(Export::Rois, "rois.zip", "fiji", true),
    entry(Export::Imagej, "imagej.csv", "imagej", true),
    entry(Export::Datapackage, "datapackage.json", "frictionless", true),
    entry(Export::Rocrate, rocrate::FILE, "rocrate", true),
    entry(Export::Outlines, "outlines.geojson", "qupath", false),
    entry(Export::LabelsOme, "labels.ome.tif", "ome", false),
    entry(Export::Coco, "coco.json", "coco", false),
    entry(Export::Features, "features.csv", "napari", false),
    entry(Export::Omero, "omero.csv", "omero", false),
    entry(Export::Parquet, "particles.parquet", "parquet", false),
    entry(Export::Multiqc, "cupule_mqc", "multiqc", false),
];

impl Export {
    /// Whether this build of the program can write it.
    fn is_built(self) -> bool {
        self != Self::Parquet || cfg!(feature = "parquet")
    }

    /// Name of its file, or how the names of its files begin.
    pub fn file(self) -> &'static str {
        ENTRIES.iter().find(|entry| entry.export == self).map_or("", |entry| entry.file)
    }
}

/// Which files to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exports(Vec<Export>);

impl Exports {
    /// Whether a file is to be written.
    pub fn has(&self, export: Export) -> bool {
        self.0.contains(&export)
    }

    /// These and others.
    pub fn with(&self, others: &Self) -> Self {
        let both = ENTRIES.iter().map(|entry| entry.export).filter(|&export| self.has(export) || others.has(export));
        Self(both.collect())
    }

    /// Names as [`FromStr`] takes them.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|export| export.file().to_owned()).collect()
    }

    /// For the help of `--export`.
    pub fn help() -> String {
        let list = |is_default: bool| {
            let listed = ENTRIES.iter().filter(|entry| entry.is_default == is_default && entry.export.is_built());
            listed.map(|entry| entry.file).collect::<Vec<_>>().join(", ")
        };
        format!("written by default: {}; more: {}", list(true), list(false))
    }
}

impl Default for Exports {
    fn default() -> Self {
        Self(ENTRIES.iter().filter(|entry| entry.is_default).map(|entry| entry.export).collect())
    }
}

impl fmt::Display for Exports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(", "))
    }
}

/// `all`, `default`, `none`, or names of files separated by commas; an ending may be left out, and the program that it is
/// for will do.
impl FromStr for Exports {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut chosen = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let named = |entry: &&Entry| {
                entry.file.eq_ignore_ascii_case(name)
                    || entry.program.eq_ignore_ascii_case(name)
                    || entry.file.rsplit_once('.').is_some_and(|(stem, _)| stem.eq_ignore_ascii_case(name))
            };
            match name {
                "all" => chosen.extend(ENTRIES.iter().map(|entry| entry.export).filter(|export| export.is_built())),
                "default" => chosen.extend(Self::default().0),
                "none" => {}
                _ => match ENTRIES.iter().find(named) {
                    Some(entry) if !entry.export.is_built() => {
                        let cause = format!("this cupule was built without {}", entry.file);
                        return Err(Error::config(cause, "build it with the feature 'parquet', or leave the file out"));
                    }
                    Some(entry) => chosen.push(entry.export),
                    None => {
                        let built = ENTRIES.iter().filter(|entry| entry.export.is_built());
                        let names: Vec<&str> = built.map(|entry| entry.file).collect();
                        let remedy = format!("choose from all, default, none, {}", names.join(", "));
                        return Err(Error::config(format!("'{name}' is no file that can be exported"), remedy));
                    }
                },
            }
        }
        // In the order of the list, each once.
        Ok(Self(ENTRIES.iter().map(|entry| entry.export).filter(|export| chosen.contains(export)).collect()))
    }
}
