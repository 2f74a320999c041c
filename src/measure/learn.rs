//! Outlines with the truth beside them, for training the verdict.

use super::verdict::Likeness;
use super::verdict::train::Example;
use super::{Scene, describe, overlap};
use crate::image::Labels;
use crate::segment::{Contour, Polarity};
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// What is true of a micrograph.
pub struct Known<'a> {
    /// Which vesicle each original pixel belongs to.
    pub labels: &'a Labels,
    /// Whether a label shows its vesicle whole, so that its area says where the edge is.
    pub whole: &'a dyn Fn(u16) -> bool,
    /// Whether nobody can say if a label is a vesicle: what covers it teaches nothing.
    pub undecided: &'a dyn Fn(u16) -> bool,
    /// What is no vesicle: circles in original pixels (centre, diameter) and what each looks like.
    pub others: &'a [([f64; 3], Likeness)],
}

/// Distance of the outer edge from the steepest slope that an outline's overlap with the truth is judged by, nm, for lighter and
/// darker bodies: about what the edges of synthetic scenes (1 to 3.2 nm soft) give. An overlap hardly depends on it; where
/// the edge really is, the gauge learns.
const OFFSET_NM: [f64; 2] = [2.2, 1.5];
/// Least overlap of an outline with a circle for it to be an outline of that.
const OTHER_IOU: f64 = 0.25;

/// Least overlap with something undecided from which nothing can be learned.
const UNDECIDED_IOU: f64 = 0.2;

/// Describes outlines and says how right each one is; `None` where nobody can say.
pub fn examples(scene: &Scene, contours: &[Contour], known: &Known) -> Vec<Option<Example>> {
    let truth = known.labels;
    let mut areas = vec![0.0; usize::from(u16::MAX) + 1];
    truth.label.iter().for_each(|&label| areas[usize::from(label)] += 1.0);
    let pixel_nm = scene.working.pixel_nm / scene.working.factor as f64;
    let described = describe(scene, contours);
    described
        .into_iter()
        .zip(contours)
        .map(|(described, contour)| {
            let offset_nm = OFFSET_NM[usize::from(contour.polarity == Polarity::Darker)];
            let edge = contour.widened(offset_nm / scene.working.pixel_nm);
            let Covered { iou, label, visible_share } = best_overlap(scene, &edge, truth, &areas);
            if iou >= UNDECIDED_IOU && (known.undecided)(label) {
                return None;
            }
            let whole = label != 0 && (known.whole)(label);
            let radius_nm = |area_px2: f64| (area_px2 / PI).sqrt();
            let offset = radius_nm(areas[usize::from(label)]) * pixel_nm
                - radius_nm(overlap::area(contour)) * scene.working.pixel_nm;
            Some(Example {
                features: described.features,
                iou,
                offset_nm: whole.then_some(offset as f32),
                likeness: if iou >= 0.5 { Likeness::Vesicle } else { likeness(scene, &edge, known.others, iou) },
                touches_border: visible_share < 1.0,
            })
        })
        .collect()
}

/// Positions of the outlines that are kept, given their confidences.
pub fn kept(contours: &[Contour], confidence: &[f64]) -> Vec<usize> {
    overlap::suppress(contours, confidence)
}

/// What an outline looks like that is no vesicle's, by the circle that it covers best.
fn likeness(scene: &Scene, contour: &Contour, others: &[([f64; 3], Likeness)], iou: f64) -> Likeness {
    // A part of a vesicle, or more than one, is neither.
    if iou > OTHER_IOU {
        return Likeness::Other;
    }
    let factor = scene.working.factor as f64;
    let (x, y) = (scene.working.to_original_px(contour.x), scene.working.to_original_px(contour.y));
    let radius = (overlap::area(contour) / PI).sqrt() * factor;
    let covers = |[cx, cy, diameter]: [f64; 3]| circle_iou((cx - x).hypot(cy - y), radius, 0.5 * diameter);
    let best = others.iter().map(|(circle, like)| (covers(*circle), *like)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(iou, _)| *iou >= OTHER_IOU).map_or(Likeness::Other, |(_, like)| like)
}

/// Intersection over union of two circles.
fn circle_iou(distance: f64, a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    if distance >= a + b {
        return 0.0;
    }
    let shared = if distance <= large - small {
        PI * small * small
    } else {
        let angle =
            |r: f64, s: f64| ((distance * distance + r * r - s * s) / (2.0 * distance * r)).clamp(-1.0, 1.0).acos();
        let (p, q) = (angle(a, b), angle(b, a));
        a * a * (p - p.sin() * p.cos()) + b * b * (q - q.sin() * q.cos())
    };
    shared / (PI * (a * a + b * b) - shared)
}

/// The true region that an outline covers best.
struct Covered {
    /// Intersection over union; 0 where there is none.
    iou: f64,
    /// Label of the region; 0 where there is none.
    label: u16,
    /// Share of the outline inside the picture.
    visible_share: f64,
}

/// `areas` holds the area of each true region, squared original pixels. Only the part inside the picture counts.
fn best_overlap(scene: &Scene, contour: &Contour, truth: &Labels, areas: &[f64]) -> Covered {
    let to_original = (scene.working.factor * scene.working.factor) as f64;
    let mut shared = BTreeMap::<u16, f64>::new();
    let (mut visible, mut all) = (0.0, 0.0);
    for (x, y, area) in overlap::samples(contour) {
        let (x, y) = (scene.working.to_original_px(x), scene.working.to_original_px(y));
        all += area * to_original;
        if x >= 0.0 && y >= 0.0 && x < truth.width as f64 && y < truth.height as f64 {
            visible += area * to_original;
            *shared.entry(truth.label[y as usize * truth.width + x as usize]).or_default() += area * to_original;
        }
    }
    let fits = shared.into_iter().filter(|(label, _)| *label != 0);
    let fits = fits.map(|(label, shared)| (shared / (areas[usize::from(label)] + visible - shared), label));
    let (iou, label) = fits.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
    Covered { iou, label, visible_share: if all > 0.0 { visible / all } else { 0.0 } }
}
