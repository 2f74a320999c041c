//! Whether the confidence can be believed: of candidates with confidence 0.8, are eight of ten right?

use super::matching::overlaps;
use super::particles::Candidate;
use super::score::{Counts, is_neutral, neutral_predictions, outcome};
use super::{Region, Shape, regions, statistics::mean};
use serde::Serialize;
use std::collections::BTreeMap;

/// Bins of equal width that the confidences are sorted into.
const BINS: usize = 10;

/// How the confidence compares with what is right, of every candidate in the table whose outcome is known.
///
/// A candidate is right when its best IoU with a true region that counts reaches the threshold, whatever other candidates
/// do. Those that touch the border, or lie mostly within a neutral true region, are left out. Accepted ones have the pixels
/// of the label picture; rejected ones, whose outlines are not written, are taken for circles of their centre and diameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    pub candidate_count: usize,
    /// Mean distance between confidence and share of right ones, over bins weighted by their candidates (Guo et al. 2017,
    /// <https://proceedings.mlr.press/v70/guo17a.html>).
    pub confidence_error: Option<f64>,
    pub bins: Vec<Bin>,
    /// How the figures change with `--min-confidence`, at 0.05 to 0.95. Candidates rejected for another reason stay
    /// rejected; those of overlapping outlines that were dropped before the table do not come back.
    pub curve: Vec<CurvePoint>,
}

/// Candidates with a confidence from `confidence_low` (inclusive) to `confidence_high` (exclusive but for 1).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub confidence_low: f64,
    pub confidence_high: f64,
    pub candidate_count: usize,
    pub confidence_mean: Option<f64>,
    /// Share of the bin's candidates that are right.
    pub right_share: Option<f64>,
}

/// Figures of the candidates with at least some confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePoint {
    pub confidence_min: f64,
    #[serde(flatten)]
    pub counts: Counts,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
}

/// What one image contributes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// Confidence, and whether the candidate is right.
    outcomes: Vec<(f64, bool)>,
    curve: Vec<Counts>,
}

/// Least confidences of the curve.
fn confidence_mins() -> impl Iterator<Item = f64> {
    (1..20).map(|i| f64::from(i) / 20.0)
}

/// Judges the candidates of an image; `labels` are the regions of its label picture of (width, height).
pub fn judge(
    truth: &[Region],
    labels: &[Region],
    candidates: &[Candidate],
    picture: (usize, usize),
    iou_min: f64,
) -> Judged {
    let by_id: BTreeMap<u32, &Region> = labels.iter().map(|region| (region.id, region)).collect();
    let known = candidates.iter().filter_map(|candidate| {
        let labelled = by_id.get(&candidate.id).filter(|_| !candidate.is_rejected);
        let region = labelled.map_or_else(|| circle(candidate, picture), |region| Some((*region).clone()))?;
        Some((region, candidate.confidence?, !candidate.is_rejected || candidate.is_for_confidence))
    });
    let known: Vec<(Region, f64, bool)> = known.collect();
    let pred: Vec<Region> = known.iter().map(|(region, ..)| region.clone()).collect();
    let overlaps = overlaps(truth, &pred);
    let neutral = neutral_predictions(truth, &pred, &overlaps);
    let mut is_right = vec![false; pred.len()];
    for o in overlaps.iter().filter(|o| o.iou >= iou_min && !is_neutral(&truth[o.truth])) {
        is_right[o.pred] = true;
    }
    let counts = (0..pred.len()).filter(|p| !pred[*p].touches_border && !neutral.contains(p));
    Judged {
        outcomes: counts.map(|p| (known[p].1, is_right[p])).collect(),
        curve: confidence_mins()
            .map(|min| outcome(truth, &pred, &overlaps, iou_min, |p| known[p].2 && known[p].1 >= min))
            .map(|outcome| Counts::of(&outcome))
            .collect(),
    }
}

/// The disc of a candidate's diameter; `None` when that is not known or has no pixel in the picture.
fn circle(candidate: &Candidate, picture: (usize, usize)) -> Option<Region> {
    let radius_px = candidate.diameter_px? / 2.0;
    let (x_px, y_px) = (candidate.x_px?, candidate.y_px?);
    let shape = Shape::Ellipse { x_px, y_px, radius_x_px: radius_px, radius_y_px: radius_px };
    regions::of_shapes(&[shape], picture).pop()
}

/// Puts the images together; `None` when no candidate has a known outcome.
pub fn calibration(images: &[Judged]) -> Option<Calibration> {
    let outcomes: Vec<(f64, bool)> = images.iter().flat_map(|image| image.outcomes.iter().copied()).collect();
    if outcomes.is_empty() {
        return None;
    }
    let bins = bins(&outcomes);
    let weighted = |bin: &Bin| {
        let distance = (bin.confidence_mean? - bin.right_share?).abs();
        Some(distance * bin.candidate_count as f64 / outcomes.len() as f64)
    };
    let point = |(i, confidence_min)| {
        let counts = Counts::sum(images.iter().filter_map(|image| image.curve.get(i).copied()));
        let (precision, recall, f1) = (counts.precision(), counts.recall(), counts.f1());
        CurvePoint { confidence_min, counts, precision, recall, f1 }
    };
    Some(Calibration {
        candidate_count: outcomes.len(),
        confidence_error: Some(bins.iter().filter_map(weighted).sum()),
        curve: confidence_mins().enumerate().map(point).collect(),
        bins,
    })
}

/// The reliability table of (confidence, is right).
fn bins(outcomes: &[(f64, bool)]) -> Vec<Bin> {
    let bin_of = |confidence: f64| ((confidence * BINS as f64) as usize).min(BINS - 1);
    (0..BINS)
        .map(|bin| {
            let members: Vec<&(f64, bool)> = outcomes.iter().filter(|(c, _)| bin_of(*c) == bin).collect();
            let of = |value: fn(&(f64, bool)) -> f64| mean(&members.iter().map(|m| value(m)).collect::<Vec<f64>>());
            Bin {
                confidence_low: bin as f64 / BINS as f64,
                confidence_high: (bin + 1) as f64 / BINS as f64,
                candidate_count: members.len(),
                confidence_mean: of(|m| m.0),
                right_share: of(|m| f64::from(u8::from(m.1))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_weighted_distance_of_the_bins() {
        let image = |outcomes: &[(f64, bool)]| Judged { outcomes: outcomes.to_vec(), curve: Vec::new() };
        // 0.9 to 1 says 0.95 and three of four are right; 0.2 to 0.3 says 0.25 and none of one is.
        let images =
            [image(&[(0.95, true), (0.95, false), (0.25, false)]), image(&[]), image(&[(1.0, true), (0.9, true)])];
        let found = calibration(&images).unwrap();
        assert_eq!(found.candidate_count, 5);
        assert!((found.confidence_error.unwrap() - (0.8 * 0.2 + 0.2 * 0.25)).abs() < 1e-12);
        assert_eq!((found.bins[9].candidate_count, found.bins[9].right_share), (4, Some(0.75)));
        assert_eq!((found.bins[3].confidence_mean, found.bins[3].right_share), (None, None));
        assert_eq!(calibration(&[]), None);
    }

    #[test]
    fn candidates_are_judged_one_by_one_and_the_curve_one_to_one() {
        let picture = (100, 100);
        let disc = |x_px, r: f64| Shape::Ellipse { x_px, y_px: 50.0, radius_x_px: r, radius_y_px: r };
        let truth = regions::of_shapes(&[disc(30.0, 10.0), disc(70.0, 10.0), disc(0.0, 15.0)], picture);
        let candidate = |id, x, reason: &str, confidence| Candidate {
            id,
            is_rejected: !reason.is_empty(),
            is_for_confidence: reason == "confidence",
            confidence: Some(confidence),
            x_px: Some(x),
            y_px: Some(50.0),
            diameter_px: Some(20.0),
            diameter_uncertainty_nm: None,
        };
        let candidates = [
            candidate(1, 30.0, "", 0.9),
            candidate(2, 31.0, "confidence", 0.4),
            candidate(3, 70.0, "rim", 0.8),
            candidate(4, 50.0, "confidence", 0.1),
            // Cut by the border.
            candidate(5, 2.0, "confidence", 0.7),
        ];
        let judged = judge(&truth, &[], &candidates, picture, 0.5);
        assert_eq!(judged.outcomes, [(0.9, true), (0.4, true), (0.8, true), (0.1, false)]);
        let counts = |matched, missed, extra| Counts { matched, missed, extra };
        // From 0.05, 0.15, 0.45 and 0.95 on.
        assert_eq!(
            [0, 2, 8, 18].map(|i| judged.curve[i]),
            [counts(1, 1, 2), counts(1, 1, 1), counts(1, 1, 0), counts(0, 2, 0)]
        );
    }
}
