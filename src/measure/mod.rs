//! From outlines to particles: shape, appearance, and a verdict with its reason.

pub mod appearance;
mod features;
mod overlap;
mod particle;
pub mod verdict;

pub use particle::{Class, Particle, Reason, Shape, Status};

use crate::calibrate::Working;
use crate::segment::Contour;
use features::{Picture, Readings, Setting};
use rayon::prelude::*;

/// The picture that is measured.
pub struct Scene<'a> {
    pub working: &'a Working,
    /// Denoised grey values on the working grid.
    pub grey: &'a [f32],
    /// Standard deviation of a pixel of empty film, working units.
    pub noise: f64,
}

/// What was read along one contour, before any verdict.
pub struct Described {
    pub readings: Readings,
    pub features: Vec<f32>,
}

/// Describes all contours of a picture.
pub fn describe(scene: &Scene, contours: &[Contour]) -> Vec<Described> {
    let pixel_nm = scene.working.pixel_nm as f32;
    let picture = Picture { grey: scene.grey, width: scene.working.width, height: scene.working.height };
    let readings: Vec<Readings> = contours.par_iter().map(|c| Readings::new(&picture, c, pixel_nm)).collect();
    let setting =
        Setting { pixel_nm, noise: scene.noise as f32, contrast_high: features::contrast_high(contours, &readings) };
    let company = features::company(contours);
    contours
        .par_iter()
        .zip(readings)
        .zip(&company)
        .map(|((contour, readings), company)| {
            let features = features::features(contour, &readings, company, &setting);
            Described { readings, features }
        })
        .collect()
}

/// Overlap of a contour with the best true label, intersection over union; `None` when it mostly covers what nobody could
/// tell. For training and tests.
///
/// `labels` is on the original pixel grid; `unknown` is the label of regions that count neither way.
pub fn best_overlap(
    contour: &Contour,
    working: &Working,
    labels: &crate::image::Labels,
    unknown: u16,
    areas: &[usize],
) -> Option<f64> {
    let mut shared = std::collections::BTreeMap::<u16, f64>::new();
    let (mut total, mut outside) = (0.0, 0.0);
    for (x, y, area) in overlap::samples(contour) {
        let (px, py) = (working.to_original_px(x), working.to_original_px(y));
        total += area;
        if px < 0.0 || py < 0.0 || px >= labels.width as f64 || py >= labels.height as f64 {
            outside += area;
            continue;
        }
        *shared.entry(labels.label[py as usize * labels.width + px as usize]).or_default() += area;
    }
    if shared.get(&unknown).copied().unwrap_or(0.0) > 0.5 * total {
        return None;
    }
    let to_px2 = (working.factor * working.factor) as f64;
    let visible = total - outside;
    let iou = |(label, shared): (&u16, &f64)| {
        let truth = areas.get(*label as usize).map_or(0.0, |&a| a as f64 / to_px2);
        shared / (truth + visible - shared).max(1e-9)
    };
    Some(shared.iter().filter(|(label, _)| **label != 0 && **label != unknown).map(iou).fold(0.0, f64::max))
}

#[doc(hidden)]
pub fn best(contour: &Contour, working: &Working, labels: &crate::image::Labels, areas: &[usize]) -> Option<(u16, f64)> {
    let mut shared = std::collections::BTreeMap::<u16, f64>::new();
    let mut total = 0.0;
    for (x, y, area) in overlap::samples(contour) {
        let (px, py) = (working.to_original_px(x), working.to_original_px(y));
        if px < 0.0 || py < 0.0 || px >= labels.width as f64 || py >= labels.height as f64 {
            continue;
        }
        total += area;
        *shared.entry(labels.label[py as usize * labels.width + px as usize]).or_default() += area;
    }
    let k = (working.factor * working.factor) as f64;
    shared.into_iter().filter(|(l, _)| *l != 0).map(|(l, s)| (l, s / (areas[l as usize] as f64 / k + total - s))).max_by(|a, b| a.1.total_cmp(&b.1))
}

#[doc(hidden)]
pub fn keep(contours: &[Contour], confidence: &[f64]) -> Vec<usize> { overlap::suppress(contours, confidence) }
