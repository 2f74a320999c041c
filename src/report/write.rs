//! All files of a run, in their places.

use super::checksums;
use super::csv::{Images, Particles};
use super::export::{self, Export, Exports, datapackage, multiqc, rocrate};
use super::failed::Failed;
use super::figures::{self, Candidates};
use super::page::{Page, Survey, remove_pages, write_page};
use super::purity::PurityFile;
use super::{Sink, labels, overlay};
use crate::atomic::{output_error, remove_file, write_json, write_whole};
use crate::error::{Error, Result};
use crate::purity::{SAMPLE, Sample};
use crate::results::record::InputRecord;
use crate::results::{
    Curation, Findings, ImageResult, Journal, LABELS, Made, OVERLAY, PICTURE, Picture, Run, make_folder,
};
use crate::statistics::{Collector, summarize};
use std::io;
use std::path::Path;

/// Writes the files of one image into its folder.
///
/// # Errors
/// [`Error::Output`]; [`Error::Unsupported`] when there are more particles than labels.
pub fn write_image(folder: &Path, image: &ImageResult, picture: &Picture, exports: &Exports) -> Result<()> {
    let labels = labels::label_image(image.size_px(), &image.particles)
        .map_err(|e| Error::unsupported(image.row.image.as_ref(), e, "analyse the picture in parts"))?;
    // Both are packed at once, in memory: what fails on the way to the disk comes through untouched.
    let packed = |write: &(dyn Fn(&mut Vec<u8>) -> io::Result<()> + Sync)| {
        let mut bytes = Vec::new();
        write(&mut bytes).map(|()| bytes)
    };
    let (labelled, drawn) = rayon::join(
        || packed(&|out| labels::write_labels(out, &labels, image.row.pixel_size)),
        || packed(&|out| overlay::write_overlay(out, picture, image)),
    );
    for (name, bytes) in [(LABELS, labelled), (OVERLAY, drawn)] {
        let path = folder.join(name);
        let bytes = bytes.map_err(|error| output_error(&path, &error))?;
        write_whole(&path, |out| out.write_all(&bytes))?;
    }
    export::write_image(folder, image, &labels, exports)
}

/// Removes what an earlier run left for an image that now failed: a picture beside a row that says `failed` would be
/// taken for its result.
///
/// # Errors
/// [`Error::Output`].
pub fn remove_image(folder: &Path) -> Result<()> {
    [LABELS, OVERLAY, PICTURE].iter().try_for_each(|name| remove_file(&folder.join(name)))?;
    export::remove_image(folder)
}

/// What the files of an image depend on besides its findings.
pub fn made(exports: &Exports, curation: &Curation, input: &InputRecord) -> Made {
    Made { exports: exports.names(), decisions: curation.digest(&input.image, input.sha256.as_deref()) }
}

/// Makes the files of one image again from its findings: for other exports, or other decisions of people.
///
/// # Errors
/// As [`write_image`]; [`Error::Input`] when its results are damaged.
pub fn rewrite_image(folder: &Path, curation: &Curation, exports: &Exports) -> Result<()> {
    let mut journal = Journal::read(folder)?;
    let image = ImageResult::new(Findings::read(folder)?, curation);
    if image.row.error.is_none() {
        let picture = Picture::read(&folder.join(PICTURE), image.size_px())?;
        journal.write_unmade(folder)?;
        write_image(folder, &image, &picture, exports)?;
        journal.counts = image.row.counts;
    }
    journal.made = Some(made(exports, curation, &journal.input));
    journal.write(folder)
}

/// Writes a run again: the files of the images whose name `is_touched` is true for, and those of the run as a whole.
///
/// # Errors
/// As [`rewrite_image`] and [`write_run`].
pub fn rewrite(run: &mut Run, exports: &Exports, is_touched: impl Fn(&str) -> bool) -> Result<()> {
    checksums::remove(&run.dir)?;
    for (output, journal) in run.outputs.iter().zip(run.journals()) {
        if is_touched(&journal?.input.image) {
            make_folder(&run.dir, &run.folder(output))?;
            rewrite_image(&run.folder(output), &run.curation, exports)?;
        }
    }
    run.sum_up(|_| Ok(()))?;
    write_run(run, exports)
}

/// Writes everything that concerns the run as a whole.
///
/// One pass over the images makes all tables and figures; the page takes a second one for its pictures, and one over the
/// journals; `run.json` and the list of checksums take another over the journals.
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
    let (mut collector, mut purity) = (Collector::default(), PurityFile::create(&run.dir)?);
    let mut candidates = exports.has(Export::Figures).then(Candidates::default);
    let mut survey = exports.has(Export::Report).then(|| Survey::new(run.outputs.len()));
    run.outputs.work_on(
        |output| run.image(output),
        |image| {
            sinks.iter_mut().try_for_each(|sink| sink.image(&image))?;
            collector.add(&image);
            candidates.iter_mut().for_each(|candidates| candidates.add(&image));
            let assessed = purity.add(&image)?;
            survey.iter_mut().for_each(|survey| survey.add(&image, assessed.as_ref()));
            Ok(())
        },
    )?;
    sinks.into_iter().try_for_each(Sink::finish)?;
    match candidates.take() {
        Some(candidates) => figures::write_figures(run, &candidates)?,
        None => figures::remove_all(&run.dir)?,
    }
    let population = collector.finish();
    let summary = summarize(&population);
    write_json(&run.dir.join("statistics.json"), &summary)?;
    let purity = purity.finish(&summary, sample.as_ref())?;
    match survey {
        Some(survey) => {
            let sample = sample.as_ref();
            write_page(&Page { run, population: &population, summary: &summary, purity: &purity, sample }, survey)?;
        }
        None => remove_pages(run)?,
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
    if exports.has(Export::Rocrate) {
        rocrate::write(run, sample.as_ref())?;
    } else {
        rocrate::remove(&run.dir)?;
    }
    checksums::write_with_record(run)
}
