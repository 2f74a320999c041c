//! Files for other programs: one file here per format, and the list that `--export` chooses from.

mod coco;
pub(super) mod datapackage;
mod features;
mod identity;
mod imagej;
mod labels_ome;
pub(super) mod multiqc;
mod omero;
mod outlines;
#[cfg(feature = "parquet")]
mod parquet;
mod rois;

use super::Sink;
use super::write::remove;
use crate::atomic::write_whole;
use crate::error::{Error, Result};
use crate::image::Labels;
use crate::results::ImageResult;
use std::fmt;
use std::path::Path;
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
    Figures,
    Report,
}

struct Entry {
    export: Export,
    /// What the file is called.
    file: &'static str,
    /// Whether it is written when nothing is asked for.
    is_default: bool,
}

const fn entry(export: Export, file: &'static str, is_default: bool) -> Entry {
    Entry { export, file, is_default }
}

/// What most people open is written always; what only some programs read, when asked for.
const ENTRIES: [Entry; 12] = [
    entry(Export::Report, "report.html", true),
    entry(Export::Figures, "figures", true),
    entry(Export::Rois, "rois.zip", true),
    entry(Export::Imagej, "imagej.csv", true),
    entry(Export::Datapackage, "datapackage.json", true),
    entry(Export::Outlines, "outlines.geojson", false),
    entry(Export::LabelsOme, "labels.ome.tif", false),
    entry(Export::Coco, "coco.json", false),
    entry(Export::Features, "features.csv", false),
    entry(Export::Omero, "omero.csv", false),
    entry(Export::Parquet, "particles.parquet", false),
    entry(Export::Multiqc, "cupule_mqc", false),
];

/// Those with a file in the folder of each image.
const PER_IMAGE: [Export; 3] = [Export::Rois, Export::Outlines, Export::LabelsOme];

/// Those that grow image by image into one file of the run.
const PER_RUN: [Export; 5] = [Export::Imagej, Export::Coco, Export::Features, Export::Omero, Export::Parquet];

/// Writes the files of one image that are asked for. Those that are not are removed: one of before a person's decisions
/// would contradict the tables.
pub(super) fn write_image(folder: &Path, image: &ImageResult, labels: &Labels, exports: &Exports) -> Result<()> {
    for export in PER_IMAGE {
        let path = folder.join(export.file());
        // ImageJ calls a zip without outlines damaged.
        let is_empty = export == Export::Rois && !image.particles.iter().any(|p| p.is_vesicle());
        if !exports.has(export) || is_empty {
            remove(&path)?;
            continue;
        }
        write_whole(&path, |out| match export {
            Export::Outlines => outlines::write_outlines(out, image),
            Export::LabelsOme => labels_ome::write_labels_ome(out, labels, image, export.file()),
            _ => rois::write_rois(out, image),
        })?;
    }
    Ok(())
}

/// Removes what [`write_image`] may have written.
pub(super) fn remove_image(folder: &Path) -> Result<()> {
    PER_IMAGE.iter().try_for_each(|export| remove(&folder.join(export.file())))
}

/// Starts the files of the run that are asked for, and removes those that are not.
pub(super) fn sinks(run: &Path, exports: &Exports) -> Result<Vec<Box<dyn Sink>>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    for export in PER_RUN {
        let path = run.join(export.file());
        if !exports.has(export) {
            remove(&path)?;
            continue;
        }
        match export {
            Export::Imagej => sinks.push(Box::new(imagej::Imagej::create(&path)?)),
            Export::Coco => sinks.push(Box::new(coco::Coco::create(&path)?)),
            Export::Features => sinks.push(Box::new(features::Features::create(&path)?)),
            Export::Omero => sinks.push(Box::new(omero::Omero::create(&path)?)),
            #[cfg(feature = "parquet")]
            Export::Parquet => sinks.push(Box::new(parquet::Parquet::create(&path)?)),
            _ => {}
        }
    }
    Ok(sinks)
}

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
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|export| export.file()).collect()
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

/// `all`, `default`, `none`, or names of files separated by commas; an ending may be left out.
impl FromStr for Exports {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut chosen = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let named = |entry: &&Entry| {
                entry.file.eq_ignore_ascii_case(name)
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
                        let names: Vec<&str> = ENTRIES.iter().map(|entry| entry.file).collect();
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
