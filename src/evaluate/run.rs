//! Two folders against each other.

use super::calibration::{Calibration, Judged, calibration, judge};
use super::find::{Annotation, Annotations, find};
use super::particles::{self, Candidate};
use super::read::{read, shape};
use super::score::{Figures, ImageScore, Pair, score};
use super::{Content, Outlines, Region, regions};
use crate::error::{Error, Result};
use crate::units::PixelSize;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Least IoU of a match, above 0 and at most 1.
    pub iou_min: f64,
    /// Overrides what the files say.
    pub pixel_size: Option<PixelSize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { iou_min: 0.5, pixel_size: None }
    }
}

/// All that is known after a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    pub cupule_version: &'static str,
    pub truth: String,
    pub prediction: String,
    pub iou_min: f64,
    /// All images together.
    pub all: Figures,
    /// By the image's name up to its last hyphen, in the order of the images.
    pub groups: Vec<Group>,
    /// In the order of their names.
    pub images: Vec<Image>,
    /// Images without a prediction, which count as nothing found.
    pub missing_predictions: Vec<String>,
    /// Predictions without a truth, which count for nothing.
    pub unused_predictions: Vec<String>,
    /// `None` unless the predictions are an output of `cupule analyze`.
    pub calibration: Option<Calibration>,
    pub warnings: Vec<String>,
}

/// Images whose names have the same beginning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub group: String,
    pub image_count: usize,
    #[serde(flatten)]
    pub figures: Figures,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Image {
    pub image: String,
    pub group: String,
    pub truth_file: String,
    /// `None` when there is none.
    pub prediction_file: Option<String>,
    pub width_px: usize,
    pub height_px: usize,
    /// Edge of the square pixel of the same area.
    pub pixel_size_nm: Option<f64>,
    #[serde(flatten)]
    pub figures: Figures,
    pub pairs: Vec<Pair>,
}

/// An image with what other sums need.
struct Done {
    image: Image,
    score: ImageScore,
    judged: Option<Judged>,
    warnings: Vec<String>,
}

/// Compares the predictions in `pred` with the truth in `truth`, each a folder or a file.
///
/// # Errors
/// [`Error::NoInput`] when there is nothing to compare; [`Error::Input`] and [`Error::Unsupported`] for files that can't be
/// read or whose sizes differ; [`Error::Config`] when an option is missing or makes no sense.
pub fn run(truth: &Path, pred: &Path, options: Options) -> Result<Evaluation> {
    if !(options.iou_min > 0.0 && options.iou_min <= 1.0) {
        return Err(Error::config(
            format!("an IoU of {} can't be reached", options.iou_min),
            "give one above 0, up to 1",
        ));
    }
    let (truths, preds) = (find(truth)?, find(pred)?);
    let candidates = particles::read(pred)?;
    let partners = partners(&truths, &preds);
    let mut names: Vec<&String> = truths.images.keys().collect();
    // The order of the files of a folder of label pictures, on which the last digits of a mean depend.
    names.sort_by_cached_key(|name| format!("{name}.labels.tif"));
    let compared: Vec<Result<Done>> = names
        .par_iter()
        .map(|name| {
            let partner = partners.get(name.as_str());
            let of_table =
                candidates.as_ref().map(|images| partner.and_then(|p| images.get(*p)).map_or(&[][..], Vec::as_slice));
            compare(name, &truths.images[*name], partner.map(|p| &preds.images[*p]), of_table, options)
        })
        .collect();
    let done = compared.into_iter().collect::<Result<Vec<Done>>>()?;

    let used: BTreeSet<&str> = partners.values().copied().collect();
    let unused = preds.images.keys().filter(|name| !used.contains(name.as_str())).cloned().collect();
    let judged: Vec<Judged> = done.iter().filter_map(|d| d.judged.clone()).collect();
    let groups = groups(&done);
    // Group by group, as a table of groups that is added up.
    let in_groups = groups.iter().flat_map(|group| done.iter().filter(|d| d.image.group == group.group));
    Ok(Evaluation {
        cupule_version: env!("CARGO_PKG_VERSION"),
        truth: truth.display().to_string(),
        prediction: pred.display().to_string(),
        iou_min: options.iou_min,
        all: Figures::of(in_groups.map(|d| &d.score)),
        missing_predictions: names
            .iter()
            .filter(|n| !partners.contains_key(n.as_str()))
            .map(|n| (*n).clone())
            .collect(),
        unused_predictions: unused,
        calibration: calibration(&judged),
        warnings: done.iter().flat_map(|d| d.warnings.clone()).collect(),
        groups,
        images: done.into_iter().map(|d| d.image).collect(),
    })
}

/// The prediction of each true image by name: the one of the same name, or else the only one with the same last part of
/// its path. Two single files belong together whatever they are called.
fn partners<'a>(truths: &'a Annotations, preds: &'a Annotations) -> BTreeMap<&'a str, &'a str> {
    let last = |name: &'a str| name.rsplit('/').next().unwrap_or(name);
    let only = |side: &'a Annotations| {
        let is_single = side.images.len() == 1 && !side.root.is_dir();
        side.images.keys().next().filter(|_| is_single)
    };
    if let (Some(truth), Some(pred)) = (only(truths), only(preds)) {
        return BTreeMap::from([(truth.as_str(), pred.as_str())]);
    }
    let by_last = |side: &'a Annotations| {
        let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        side.images.keys().for_each(|name| names.entry(last(name)).or_default().push(name));
        names
    };
    let (truth_names, pred_names) = (by_last(truths), by_last(preds));
    let partner = |name: &'a str| match preds.images.get_key_value(name) {
        Some((same, _)) => Some(same.as_str()),
        None => match (truth_names[last(name)].as_slice(), pred_names.get(last(name)).map(Vec::as_slice)) {
            ([_], Some([one])) => Some(*one),
            _ => None,
        },
    };
    truths.images.keys().filter_map(|name| Some((name.as_str(), partner(name)?))).collect()
}

fn groups(done: &[Done]) -> Vec<Group> {
    let mut names: Vec<&String> = Vec::new();
    for d in done {
        if !names.contains(&&d.image.group) {
            names.push(&d.image.group);
        }
    }
    let group = |name: &&String| {
        let members: Vec<&Done> = done.iter().filter(|d| d.image.group == **name).collect();
        let figures = Figures::of(members.iter().map(|d| &d.score));
        Group { group: (*name).clone(), image_count: members.len(), figures }
    };
    names.iter().map(group).collect()
}

fn compare(
    name: &str,
    truth: &Annotation,
    pred: Option<&Annotation>,
    candidates: Option<&[Candidate]>,
    options: Options,
) -> Result<Done> {
    let mut warnings = Vec::new();
    let true_content = read(truth, &mut |warning| warnings.push(warning))?;
    let pred_content = pred.map(|pred| read(pred, &mut |warning| warnings.push(warning))).transpose()?;
    let picture = size(truth, &true_content, pred.zip(pred_content.as_ref()))?;
    let of_pred = pred_content.as_ref().and_then(|content| content.pixel_size);
    let pixel_size = options.pixel_size.or(of_pred).or(true_content.pixel_size);
    let mut regions = |annotation, content| rasterised(annotation, content, picture, pixel_size, &mut warnings);
    let true_regions = regions(truth, true_content)?;
    let pred_regions = match pred.zip(pred_content) {
        Some((pred, content)) => regions(pred, content)?,
        None => Vec::new(),
    };

    let mut score = score(&true_regions, &pred_regions, options.iou_min, pixel_size);
    for pair in &mut score.pairs {
        let row = candidates.into_iter().flatten().find(|c| c.id == pair.prediction_id);
        pair.diameter_uncertainty_nm = row.and_then(|row| row.diameter_uncertainty_nm);
    }
    let judged = candidates.map(|candidates| judge(&true_regions, &pred_regions, candidates, picture, options.iou_min));
    Ok(Done {
        image: Image {
            image: name.into(),
            group: name.rsplit_once('-').map_or(name, |(group, _)| group).into(),
            truth_file: truth.path.display().to_string(),
            prediction_file: pred.map(|pred| pred.path.display().to_string()),
            width_px: picture.0,
            height_px: picture.1,
            pixel_size_nm: pixel_size.map(|size| size.mean_nm()),
            figures: Figures::of([&score]),
            pairs: score.pairs.clone(),
        },
        score,
        judged,
        warnings,
    })
}

/// Width and height of the image, on which both sides have to agree.
fn size(truth: &Annotation, content: &Content, pred: Option<(&Annotation, &Content)>) -> Result<(usize, usize)> {
    let of_pred = pred.and_then(|(annotation, content)| Some((annotation, content.size_px?)));
    match (content.size_px, of_pred) {
        (Some(own), Some((annotation, other))) if own != other => Err(Error::input(
            &truth.path,
            format!("it is {} x {} px, but {} is {} x {}", own.0, own.1, annotation.path.display(), other.0, other.1),
            "compare outlines of the same picture, neither cropped nor scaled",
        )),
        (Some(own), _) => Ok(own),
        (None, Some((_, other))) => Ok(other),
        (None, None) => Err(Error::input(
            &truth.path,
            "nothing says how large the picture is: ROIs and circles don't, and there is no label picture of it",
            "give a label picture as the prediction, one of zeros if nothing was found",
        )),
    }
}

/// The regions of an image of a known size. Warnings are added to `warnings`.
///
/// # Errors
/// [`Error::Config`] for circles in nm without a pixel size.
pub fn rasterised(
    annotation: &Annotation,
    content: Content,
    picture: (usize, usize),
    pixel_size: Option<PixelSize>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Region>> {
    let shapes = match content.outlines {
        Outlines::Regions(regions) => return Ok(regions),
        Outlines::Shapes(shapes) => shapes,
        Outlines::CirclesNm(circles) => {
            let Some(size) = pixel_size else {
                let cause = format!("{}: circles in nm need the pixel size", annotation.path.display());
                return Err(Error::config(cause, "give it as --pixel-size, such as --pixel-size 0.62nm"));
            };
            circles.iter().map(|&circle| shape(circle, [size.x_nm, size.y_nm])).collect()
        }
    };
    let regions = regions::of_shapes(&shapes, picture);
    let lost = shapes.len() - regions.len();
    if lost > 0 {
        let (width, height) = picture;
        let file = annotation.path.display();
        warnings.push(format!("{file}: {lost} outlines have no pixel in the picture of {width} x {height} px"));
    }
    Ok(regions)
}
