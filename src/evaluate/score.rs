//! What is counted: matches, misses, extras and the error of the diameter.

use super::matching::{Overlap, matches};
use super::statistics::{mean, median, standard_deviation};
use super::{Region, matching};
use crate::units::PixelSize;
use serde::Serialize;
use std::collections::BTreeSet;

/// Thresholds of the IoU that `f1_mean` averages over: 0.50 to 0.95 in steps of 0.05, as in the COCO challenge (Lin et al.
/// 2014, doi 10.1007/978-3-319-10602-1_48).
pub const IOU_MINS: [f64; 10] = [0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95];

/// Share of a prediction's area within one neutral true region that makes it neutral too.
const NEUTRAL_SHARE: f64 = 0.5;
/// Half the width of the 95 % limits of agreement in standard deviations (Bland and Altman 1986).
const LIMIT: f64 = 1.96;

/// Who was found at a threshold; what is neutral is in none of the lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// By truth.
    pub pairs: Vec<Overlap>,
    /// Places of true regions without a prediction.
    pub missed: Vec<usize>,
    /// Places of predictions without a true region.
    pub extra: Vec<usize>,
}

/// Whether a true region neither helps nor harms.
pub fn is_neutral(truth: &Region) -> bool {
    truth.touches_border || truth.is_undecided
}

/// Predictions at least half of which lie in one neutral true region, by place.
pub fn neutral_predictions(truth: &[Region], pred: &[Region], overlaps: &[Overlap]) -> BTreeSet<usize> {
    let share = |o: &Overlap| o.shared_px2 as f64 / pred[o.pred].area_px2 as f64;
    let inside = overlaps.iter().filter(|o| is_neutral(&truth[o.truth]) && share(o) >= NEUTRAL_SHARE);
    inside.map(|o| o.pred).collect()
}

/// Matches the predictions that `is_shown` with the truth, by the rules in the module [`evaluate`](super).
///
/// `overlaps` are those of [`matching::overlaps`] for the same lists.
pub fn outcome(
    truth: &[Region],
    pred: &[Region],
    overlaps: &[Overlap],
    iou_min: f64,
    is_shown: impl Fn(usize) -> bool,
) -> Outcome {
    let shown: Vec<Overlap> = overlaps.iter().copied().filter(|o| is_shown(o.pred)).collect();
    let all = matches(&shown, iou_min, |t| is_neutral(&truth[t]));
    let (mut is_found, mut is_used) = (vec![false; truth.len()], vec![false; pred.len()]);
    for pair in &all {
        is_found[pair.truth] = true;
        is_used[pair.pred] = true;
    }
    let neutral = neutral_predictions(truth, pred, &shown);
    let is_extra = |p: usize| is_shown(p) && !is_used[p] && !pred[p].touches_border && !neutral.contains(&p);
    Outcome {
        pairs: all.into_iter().filter(|pair| !is_neutral(&truth[pair.truth])).collect(),
        missed: (0..truth.len()).filter(|&t| !is_found[t] && !is_neutral(&truth[t])).collect(),
        extra: (0..pred.len()).filter(|&p| is_extra(p)).collect(),
    }
}

/// How many matches, misses and extras there are, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    #[serde(rename = "match_count")]
    pub matched: usize,
    #[serde(rename = "missed_count")]
    pub missed: usize,
    #[serde(rename = "extra_count")]
    pub extra: usize,
}

impl Counts {
    pub fn of(outcome: &Outcome) -> Self {
        Self { matched: outcome.pairs.len(), missed: outcome.missed.len(), extra: outcome.extra.len() }
    }

    pub fn sum(counts: impl IntoIterator<Item = Self>) -> Self {
        counts.into_iter().fold(Self::default(), |a, b| Self {
            matched: a.matched + b.matched,
            missed: a.missed + b.missed,
            extra: a.extra + b.extra,
        })
    }

    /// Share of the predictions that are right.
    pub fn precision(self) -> Option<f64> {
        ratio(self.matched, self.matched + self.extra)
    }

    /// Share of the true regions that were found.
    pub fn recall(self) -> Option<f64> {
        ratio(self.matched, self.matched + self.missed)
    }

    /// Harmonic mean of precision and recall, 0 where one of them is.
    pub fn f1(self) -> Option<f64> {
        ratio(2 * self.matched, 2 * self.matched + self.extra + self.missed)
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A match that counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    pub truth_id: u32,
    pub prediction_id: u32,
    pub iou: f64,
    /// Area-equivalent diameters.
    pub truth_diameter_px: f64,
    pub prediction_diameter_px: f64,
    pub truth_diameter_nm: Option<f64>,
    pub prediction_diameter_nm: Option<f64>,
    /// Prediction over truth, less 1.
    pub diameter_error_pct: f64,
    /// What the prediction says of its own diameter, where it does.
    pub diameter_uncertainty_nm: Option<f64>,
}

impl Pair {
    pub fn of(overlap: &Overlap, truth: &[Region], pred: &[Region], pixel_size: Option<PixelSize>) -> Self {
        let (truth, pred) = (&truth[overlap.truth], &pred[overlap.pred]);
        let nm = |px: f64| pixel_size.map(|size| px * size.mean_nm());
        Self {
            truth_id: truth.id,
            prediction_id: pred.id,
            iou: overlap.iou,
            truth_diameter_px: truth.diameter_px(),
            prediction_diameter_px: pred.diameter_px(),
            truth_diameter_nm: nm(truth.diameter_px()),
            prediction_diameter_nm: nm(pred.diameter_px()),
            diameter_error_pct: 100.0 * ((pred.area_px2 as f64 / truth.area_px2 as f64).sqrt() - 1.0),
            diameter_uncertainty_nm: None,
        }
    }
}

/// The result of one image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImageScore {
    /// At the threshold that was asked for.
    pub counts: Counts,
    pub pairs: Vec<Pair>,
    /// At each of [`IOU_MINS`].
    pub ladder: [Counts; IOU_MINS.len()],
}

/// Scores an image.
pub fn score(truth: &[Region], pred: &[Region], iou_min: f64, pixel_size: Option<PixelSize>) -> ImageScore {
    let overlaps = matching::overlaps(truth, pred);
    let at = |iou_min| outcome(truth, pred, &overlaps, iou_min, |_| true);
    let main = at(iou_min);
    ImageScore {
        counts: Counts::of(&main),
        pairs: main.pairs.iter().map(|o| Pair::of(o, truth, pred, pixel_size)).collect(),
        ladder: IOU_MINS.map(|iou_min| Counts::of(&at(iou_min))),
    }
}

/// Mean difference of two measurements and the limits between which 95 % of the differences lie, prediction minus truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    pub mean: f64,
    /// `None` of fewer than two.
    pub limits: Option<(f64, f64)>,
}

impl Agreement {
    fn of(differences: &[f64]) -> Option<Self> {
        let mean = mean(differences)?;
        let limits = standard_deviation(differences).map(|sd| (mean - LIMIT * sd, mean + LIMIT * sd));
        Some(Self { mean, limits })
    }
}

/// All figures of an image or of several together. `None` where there is nothing to compute one from.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub counts: Counts,
    pub f1_mean: Option<f64>,
    pub ladder: [Counts; IOU_MINS.len()],
    /// Mean IoU of the matches.
    pub jaccard: Option<f64>,
    pub diameter_error_abs_median_pct: Option<f64>,
    pub diameter_error_median_pct: Option<f64>,
    /// Relative to the true diameter, the reference (Krouwer 2008, doi 10.1002/sim.3086).
    pub agreement_pct: Option<Agreement>,
    pub agreement_px: Option<Agreement>,
    /// `None` as soon as one match is in an image of unknown pixel size.
    pub agreement_nm: Option<Agreement>,
    /// Share of the matches with an uncertainty whose true diameter lies within two of it.
    pub diameter_coverage: Option<f64>,
}

impl Figures {
    /// Figures of images taken together: counts are added up, matches thrown into one pot.
    pub fn of<'a>(images: impl IntoIterator<Item = &'a ImageScore>) -> Self {
        let images: Vec<&ImageScore> = images.into_iter().collect();
        let pairs: Vec<&Pair> = images.iter().flat_map(|image| &image.pairs).collect();
        let of = |value: fn(&Pair) -> f64| pairs.iter().map(|pair| value(pair)).collect::<Vec<f64>>();
        let error_pct = of(|p| p.diameter_error_pct);
        let nm: Option<Vec<f64>> =
            pairs.iter().map(|p| Some(p.prediction_diameter_nm? - p.truth_diameter_nm?)).collect();
        let ladder: [Counts; IOU_MINS.len()] =
            std::array::from_fn(|i| Counts::sum(images.iter().map(|image| image.ladder[i])));
        let f1: Option<Vec<f64>> = ladder.iter().map(|counts| counts.f1()).collect();
        let covered: Vec<bool> = pairs.iter().filter_map(|p| is_covered(p)).collect();
        Self {
            counts: Counts::sum(images.iter().map(|image| image.counts)),
            f1_mean: f1.and_then(|f1| mean(&f1)),
            ladder,
            jaccard: mean(&of(|p| p.iou)),
            diameter_error_abs_median_pct: median(&of(|p| p.diameter_error_pct.abs())),
            diameter_error_median_pct: median(&error_pct),
            agreement_pct: Agreement::of(&error_pct),
            agreement_px: Agreement::of(&of(|p| p.prediction_diameter_px - p.truth_diameter_px)),
            agreement_nm: nm.and_then(|nm| Agreement::of(&nm)),
            diameter_coverage: ratio(covered.iter().filter(|c| **c).count(), covered.len()),
        }
    }
}

/// Whether the true diameter lies within twice the uncertainty of the predicted one.
fn is_covered(pair: &Pair) -> Option<bool> {
    let error_nm = pair.prediction_diameter_nm? - pair.truth_diameter_nm?;
    Some(error_nm.abs() <= 2.0 * pair.diameter_uncertainty_nm?)
}

impl Serialize for Figures {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json(self).serialize(serializer)
    }
}

fn json(f: &Figures) -> serde_json::Value {
    let Counts { matched, missed, extra } = f.counts;
    let mut object = serde_json::json!({
        "truth_count": matched + missed,
        "prediction_count": matched + extra,
        "match_count": matched,
        "missed_count": missed,
        "extra_count": extra,
        "count_error": extra as i64 - missed as i64,
        "precision": f.counts.precision(),
        "recall": f.counts.recall(),
        "f1": f.counts.f1(),
        "f1_mean": f.f1_mean,
        "jaccard": f.jaccard,
        "diameter_error_abs_median_pct": f.diameter_error_abs_median_pct,
        "diameter_error_median_pct": f.diameter_error_median_pct,
        "diameter_coverage": f.diameter_coverage,
    });
    for (unit, agreement) in [("pct", f.agreement_pct), ("px", f.agreement_px), ("nm", f.agreement_nm)] {
        let limits = agreement.and_then(|a| a.limits);
        object[format!("diameter_error_mean_{unit}")] = agreement.map(|a| a.mean).into();
        object[format!("diameter_error_limit_low_{unit}")] = limits.map(|l| l.0).into();
        object[format!("diameter_error_limit_high_{unit}")] = limits.map(|l| l.1).into();
    }
    let rung = |(iou_min, c): (f64, &Counts)| {
        serde_json::json!({ "iou_min": iou_min, "match_count": c.matched, "missed_count": c.missed,
            "extra_count": c.extra, "precision": c.precision(), "recall": c.recall(), "f1": c.f1() })
    };
    object["thresholds"] = IOU_MINS.into_iter().zip(&f.ladder).map(rung).collect();
    object
}
