//! Outlines with the truth beside them, for training the verdict.

use super::verdict::train::{Example, target};
use super::{Scene, describe, overlap};
use crate::image::Labels;
use crate::segment::Contour;
use std::collections::BTreeMap;

/// Describes outlines and says how right each one is, by its overlap with the true regions of a label picture on the
/// original pixel grid.
pub fn examples(scene: &Scene, contours: &[Contour], truth: &Labels) -> Vec<Example> {
    let mut areas = vec![0.0; usize::from(u16::MAX) + 1];
    truth.label.iter().for_each(|&label| areas[usize::from(label)] += 1.0);
    describe(scene, contours)
        .into_iter()
        .zip(contours)
        .map(|(described, contour)| Example {
            features: described.features,
            target: target(best_overlap(scene, &contour.outer_edge(scene.working.pixel_nm), truth, &areas)),
        })
        .collect()
}

/// Intersection over union of a contour and the true region that fits best; 0 where there is none.
///
/// `areas` holds the area of each true region, squared original pixels. Only the part inside the picture counts.
fn best_overlap(scene: &Scene, contour: &Contour, truth: &Labels, areas: &[f64]) -> f64 {
    let to_original = (scene.working.factor * scene.working.factor) as f64;
    let mut shared = BTreeMap::<u16, f64>::new();
    let mut visible = 0.0;
    for (x, y, area) in overlap::samples(contour) {
        let (x, y) = (scene.working.to_original_px(x), scene.working.to_original_px(y));
        if x >= 0.0 && y >= 0.0 && x < truth.width as f64 && y < truth.height as f64 {
            visible += area * to_original;
            *shared.entry(truth.label[y as usize * truth.width + x as usize]).or_default() += area * to_original;
        }
    }
    let fits = shared.into_iter().filter(|(label, _)| *label != 0);
    fits.map(|(label, shared)| shared / (areas[usize::from(label)] + visible - shared)).fold(0.0, f64::max)
}
