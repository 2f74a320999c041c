//! All files of a run, in their places.

use super::csv::{Images, Particles};
use super::export::{self, Export, Exports, datapackage, multiqc};
use super::failed::Failed;
use super::page::{Page, remove_pages, write_page};
use super::{Sink, figures, labels, overlay};
use crate::atomic::{output_error, write_json, write_whole};
use crate::error::{Error, Result};
use crate::purity::{Assessor, SAMPLE, Sample};
use crate::results::{ImageResult, Journal, PICTURE, Picture, Run};
use crate::statistics::{Population, summarize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Files in each image's folder.
const LABELS: &str = "labels.tif";
const OVERLAY: &str = "overlay.png";

/// Writes the files of one image into its folder.
///
/// # Errors
/// [`Error::Output`]; [`Error::Unsupported`] when there are more particles than labels.
pub fn write_image(folder: &Path, image: &ImageResult, picture: &Picture, exports: &Exports) -> Result<()> {
    let labels = labels::label_image(image.size_px(), &image.particles)
        .map_err(|e| Error::unsupported(image.row.image.as_ref(), e, "analyse the picture in parts"))?;
    write_whole(&folder.join(LABELS), |out| labels::write_labels(out, &labels, image.row.pixel_size))?;
    write_whole(&folder.join(OVERLAY), |out| overlay::write_overlay(out, picture, image))?;
    export::write_image(folder, image, &labels, exports)
}

/// Removes what an earlier run left for an image that now failed: a picture beside a row that says `failed` would be
/// taken for its result.
///
/// # Errors
/// [`Error::Output`].
pub fn remove_image(folder: &Path) -> Result<()> {
    [LABELS, OVERLAY, PICTURE].iter().try_for_each(|name| remove(&folder.join(name)))?;
    export::remove_image(folder)
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(output_error(path, &error))
        }
        _ => Ok(()),
    }
}

/// Writes a run again: the files of the images whose name `is_touched` is true for, and those of the run as a whole.
///
/// # Errors
/// As [`write_image`] and [`write_run`].
pub fn rewrite(run: &Run, exports: &Exports, is_touched: impl Fn(&str) -> bool) -> Result<()> {
    for output in run.outputs.iter() {
        let image = run.image(output)?;
        if image.row.error.is_none() && is_touched(&image.row.image) {
            let folder = run.folder(output);
            write_image(&folder, &image, &run.picture(output, &image)?, exports)?;
            let mut journal = Journal::read(&folder)?;
            journal.exports = exports.names();
            journal.write(&folder)?;
        }
    }
    write_run(run, exports)
}

/// Writes everything that concerns the run as a whole, in one pass over its images.
///
/// # Errors
/// [`Error::Output`]; [`Error::Input`] when results of the run are missing or damaged.
pub fn write_run(run: &Run, exports: &Exports) -> Result<()> {
    let sample = Sample::read_if_any(&run.dir.join(SAMPLE))?;
    let mut sinks: Vec<Box<dyn Sink>> = vec![
        Box::new(Particles::create(&run.dir)?),
        Box::new(Images::create(&run.dir)?),
        Box::new(Failed::create(&run.dir)),
    ];
    sinks.extend(export::sinks(&run.dir, exports)?);
    let (mut population, mut assessor) = (Population::default(), Assessor::default());
    for image in run.images() {
        let image = image?;
        sinks.iter_mut().try_for_each(|sink| sink.image(&image))?;
        population.add(&image);
        assessor.add(&image);
    }
    sinks.into_iter().try_for_each(Sink::finish)?;

    let summary = summarize(&population);
    let purity = assessor.finish(&summary, sample.as_ref());
    write_json(&run.dir.join("statistics.json"), &summary)?;
    write_json(&run.dir.join("purity.json"), &purity)?;
    if exports.has(Export::Figures) {
        figures::write_figures(run, &population)?;
    } else {
        figures::remove_all(&run.dir)?;
    }
    if exports.has(Export::Report) {
        let sample = sample.as_ref();
        write_page(&Page { run, population: &population, summary: &summary, purity: &purity, sample })?;
    } else {
        remove_pages(run)?;
    }
    if exports.has(Export::Multiqc) {
        multiqc::write(run, &population, &summary, &purity, sample.as_ref())?;
    } else {
        multiqc::remove_all(&run.dir)?;
    }
    // It describes the others.
    if exports.has(Export::Datapackage) {
        datapackage::write(run)?;
    } else {
        datapackage::remove(&run.dir)?;
    }
    // Last of all: it says that the run is finished.
    run.write_record()
}
