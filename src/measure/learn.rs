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
    let covers = |[cx, cy, diameter]: [f64; 3]| circle_iou(libm::hypot(cx - x, cy - y), radius, 0.5 * diameter);
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
        let angle = |r: f64, s: f64| {
            libm::acos(((distance * distance + r * r - s * s) / (2.0 * distance * r)).clamp(-1.0, 1.0))
        };
        let (p, q) = (angle(a, b), angle(b, a));
        a * a * (p - libm::sin(p) * libm::cos(p)) + b * b * (q - libm::sin(q) * libm::cos(q))
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

#[cfg(test)]
mod tests {
    use super::super::planted::{BODIES, FIELD, Field, body, circle, close};
    use super::*;
    use crate::calibrate::Working;
    use crate::gpu::tiles::Picture;

    #[test]
    fn circles_overlap_as_far_as_they_reach_into_each_other() {
        assert_eq!((circle_iou(0.0, 3.0, 3.0), circle_iou(6.0, 3.0, 3.0), circle_iou(7.0, 3.0, 3.0)), (1.0, 0.0, 0.0));
        close(circle_iou(1.0, 2.0, 4.0), 0.25, 1e-12);
        close(circle_iou(1.9, 4.0, 2.0), 0.25, 1e-12);
        for (distance, a, b) in [(2.0, 3.0, 3.0), (3.0, 2.0, 4.0), (4.5, 4.0, 1.5), (2.3, 4.0, 2.0)] {
            // By counting small squares.
            let (mut shared, mut all) = (0.0, 0.0);
            for i in 0..40_000 {
                let (x, y) = (f64::from(i % 200) * 0.06 - 5.0, f64::from(i / 200) * 0.06 - 6.0);
                let (in_a, in_b) = (libm::hypot(x, y) < a, libm::hypot(x - distance, y) < b);
                shared += f64::from(u8::from(in_a && in_b));
                all += f64::from(u8::from(in_a || in_b));
            }
            close(circle_iou(distance, a, b), shared / all, 0.01);
            assert_eq!(circle_iou(distance, a, b), circle_iou(distance, b, a));
        }
    }

    const SIDE: usize = 2 * FIELD;

    /// Labels 1 and 2 are the two bodies, as far as an edge 2.2 nm outside their slope.
    fn labels() -> Labels {
        let label = |i: usize| {
            let (x, y) = ((i % SIDE) as f64 + 0.5, (i / SIDE) as f64 + 0.5);
            let on = |[cx, cy, r]: [f64; 3]| libm::hypot(x - 2.0 * cx - 1.0, y - 2.0 * cy - 1.0) < 2.0 * (r + 2.2);
            if on(BODIES[0]) {
                1
            } else if on(BODIES[1]) {
                2
            } else {
                0
            }
        };
        Labels { width: SIDE, height: SIDE, label: (0..SIDE * SIDE).map(label).collect() }
    }

    fn taught(
        contours: &[Contour],
        undecided: &dyn Fn(u16) -> bool,
        others: &[([f64; 3], Likeness)],
    ) -> Vec<Option<Example>> {
        let labels = labels();
        let known = Known { labels: &labels, whole: &|label| label == 1, undecided, others };
        examples(&Field::get().scene(), contours, &known)
    }

    #[test]
    fn an_outline_of_a_body_covers_it_and_says_where_its_edge_is() {
        let half = circle(48.0, 46.0, 22.2 / 2f64.sqrt() - 2.2);
        let beside = circle(48.0 + 44.0, 60.0, 10.0);
        let all = [body(0), half, body(1), beside];
        let found = taught(&all, &|_| false, &[]);
        let [first, part, cut, nothing] = [0, 1, 2, 3].map(|i| found[i].as_ref().unwrap());
        close(first.iou, 1.0, 0.02);
        close(first.offset_nm.unwrap(), 2.2, 0.05);
        assert_eq!((first.likeness, first.touches_border), (Likeness::Vesicle, false));
        close(part.iou, 0.5, 0.02);
        close(part.offset_nm.unwrap(), 22.2 - 22.2 / 2f64.sqrt() + 2.2, 0.05);
        // What is cut off says nothing of the edge, and only the part that is seen is compared.
        close(cut.iou, 1.0, 0.05);
        assert_eq!((cut.offset_nm, cut.touches_border, cut.likeness), (None, true, Likeness::Vesicle));
        assert_eq!((nothing.iou, nothing.offset_nm, nothing.likeness), (0.0, None, Likeness::Other));
        assert_eq!(first.features, describe(&Field::get().scene(), &all)[0].features);
    }

    #[test]
    fn what_lies_outside_the_picture_is_not_compared() {
        let (labels, mut areas) = (labels(), vec![0.0; 3]);
        labels.label.iter().for_each(|&label| areas[usize::from(label)] += 1.0);
        let covered = |contour: Contour| {
            let Covered { iou, label, visible_share } = best_overlap(&Field::get().scene(), &contour, &labels, &areas);
            (iou, label, visible_share)
        };
        // Half outside on each side, a quarter at a corner, all of it.
        let last = FIELD as f64 - 0.5;
        for (x, y) in [(-0.5, 60.0), (last, 60.0), (20.0, -0.5), (20.0, last)] {
            let (iou, label, visible_share) = covered(circle(x, y, 10.0));
            assert_eq!((iou, label), (0.0, 0));
            close(visible_share, 0.5, 0.02);
        }
        close(covered(circle(last, last, 10.0)).2, 0.25, 0.02);
        assert_eq!(covered(circle(-60.0, -60.0, 10.0)), (0.0, 0, 0.0));
        // Of a circle that lies half on the body, the quarter of it that is not seen counts for nothing.
        let (iou, label, visible_share) = covered(circle(BODIES[1][0], BODIES[1][1], 30.0));
        let visible = PI * 900.0 * visible_share;
        assert_eq!(label, 2);
        close(iou, areas[2] / 4.0 / visible, 0.04);
    }

    /// Twice two is two and two: other factors tell whether areas are scaled as areas.
    #[test]
    fn an_overlap_is_the_same_on_any_working_grid() {
        let working = Working {
            picture: Picture::new(vec![0; 900], (30, 30)),
            width: 30,
            height: 30,
            factor: 3,
            pixel_nm: 1.0,
            grey_per_unit: 1.0,
            grey_at_zero: 0.0,
        };
        let on = |i: usize| libm::hypot((i % 90) as f64 - 46.0, (i / 90) as f64 - 46.0) < 30.0;
        let labels = Labels { width: 90, height: 90, label: (0..90 * 90).map(|i| u16::from(on(i))).collect() };
        let areas = [0.0, f64::from(labels.label.iter().map(|&l| u32::from(l)).sum::<u32>())];
        let scene = Scene { working: &working, ..Field::get().scene() };
        close(best_overlap(&scene, &circle(15.0, 15.0, 10.0), &labels, &areas).iou, 1.0, 0.02);
    }

    #[test]
    fn what_nobody_can_decide_teaches_nothing() {
        let quarter = circle(48.0, 46.0, 22.2 * 0.4 - 2.2);
        let found = taught(&[body(0), quarter, body(1)], &|label| label == 1, &[]);
        // An overlap of 0.16 with it does not count.
        assert!(found[0].is_none() && found[1].is_some() && found[2].is_some());
    }

    #[test]
    fn what_is_no_vesicle_looks_like_the_circle_that_it_covers() {
        // In original pixels: centre and diameter.
        let others = [([41.0, 161.0, 40.0], Likeness::Dot), ([45.0, 161.0, 44.0], Likeness::Debris)];
        let like = |contour: Contour| taught(&[contour], &|_| false, &others)[0].as_ref().unwrap().likeness;
        assert_eq!(like(circle(20.0, 80.0, 7.8)), Likeness::Dot);
        assert_eq!(like(circle(22.0, 80.0, 8.8)), Likeness::Debris);
        // One above the other, far from the middle of the picture.
        let above = [([41.0, 181.0, 40.0], Likeness::Dot), ([41.0, 121.0, 40.0], Likeness::Debris)];
        let at = |y: f64| taught(&[circle(20.0, y, 7.8)], &|_| false, &above)[0].as_ref().unwrap().likeness;
        assert_eq!(
            [90.0, 60.0, 75.0, 110.0].map(at),
            [Likeness::Dot, Likeness::Debris, Likeness::Other, Likeness::Other]
        );
        // A fifth of the area is too little; a third is enough.
        assert_eq!(like(circle(20.0, 80.0, 10.0 / 5f64.sqrt() - 2.2)), Likeness::Other);
        assert_eq!(like(circle(20.0, 80.0, 10.0 / 3f64.sqrt() - 2.2)), Likeness::Dot);
        // Two fifths of a vesicle are none, whatever lies there.
        let on_body = [([97.0, 93.0, 30.0], Likeness::Dot)];
        let part = |share: f64| {
            let contour = circle(48.0, 46.0, 22.2 * share.sqrt() - 2.2);
            taught(&[contour], &|_| false, &on_body)[0].as_ref().unwrap().likeness
        };
        assert_eq!((part(0.4), part(0.2)), (Likeness::Other, Likeness::Dot));
    }

    #[test]
    fn darker_bodies_have_their_edge_nearer_to_the_slope() {
        let dark = Contour { polarity: Polarity::Darker, ..circle(48.0, 46.0, 20.7) };
        let light = circle(48.0, 46.0, 20.0);
        let found = taught(&[dark, light], &|_| false, &[]);
        let [dark, light] = [0, 1].map(|i| found[i].as_ref().unwrap().iou);
        close(dark, light, 1e-9);
    }

    #[test]
    fn the_more_confident_outline_of_a_body_is_kept() {
        assert_eq!(kept(&[body(0), circle(49.0, 46.0, 19.0), body(1)], &[0.4, 0.6, 0.5]), [1, 2]);
    }
}
