//! A lognormal distribution fitted to diameters.

use super::Lognormal;
use super::moments::{effective_count, mean, variance};
use std::f64::consts::FRAC_1_SQRT_2;

/// The fit by maximum likelihood to rising diameters with weights, nm; `None` of fewer than two different ones.
///
/// The standard errors are those of independent particles: `s / sqrt(n)` and `s / sqrt(2 n)` on the scale of the logarithm.
pub(super) fn fit(diameters_nm: &[f64], weights: &[f64]) -> Option<Lognormal> {
    let logs: Vec<f64> = diameters_nm.iter().map(|d| d.ln()).collect();
    let centre = mean(&logs, weights)?;
    let spread = variance(&logs, weights)?.sqrt();
    if spread.is_nan() || spread <= 0.0 {
        return None;
    }
    let (median_nm, geometric_sd, count) = (centre.exp(), spread.exp(), effective_count(weights));
    Some(Lognormal {
        median_nm,
        median_standard_error_nm: median_nm * spread / count.sqrt(),
        geometric_sd,
        geometric_sd_standard_error: geometric_sd * spread / (2.0 * count).sqrt(),
        distance: distance(&logs, weights, |log| normal_share((log - centre) / spread)),
    })
}

/// Largest distance of the share of values up to a point from what `model` says, on either side of every step.
fn distance(values: &[f64], weights: &[f64], model: impl Fn(f64) -> f64) -> f64 {
    let total: f64 = weights.iter().sum();
    let (mut before, mut largest) = (0.0, 0.0_f64);
    for (value, weight) in values.iter().zip(weights) {
        let (expected, after) = (model(*value), before + weight);
        largest = largest.max((expected - before / total).abs()).max((after / total - expected).abs());
        before = after;
    }
    largest
}

/// Share of a standard normal distribution below `z`.
fn normal_share(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}
