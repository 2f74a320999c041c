//! A lognormal distribution fitted to diameters.

use super::Lognormal;
use super::moments::{effective_count, mean, variance};
use std::f64::consts::FRAC_1_SQRT_2;

/// The fit by maximum likelihood to rising diameters with weights, nm; `None` of fewer than two different ones.
///
/// The standard errors are those of independent particles: `s / sqrt(n)` and `s / sqrt(2 n)` on the scale of the logarithm.
pub(super) fn fit(diameters_nm: &[f64], weights: &[f64]) -> Option<Lognormal> {
    let logs: Vec<f64> = diameters_nm.iter().map(|d| libm::log(*d)).collect();
    let centre = mean(&logs, weights)?;
    let spread = variance(&logs, weights)?.sqrt();
    if spread.is_nan() || spread <= 0.0 {
        return None;
    }
    let (median_nm, geometric_sd, count) = (libm::exp(centre), libm::exp(spread), effective_count(weights));
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

#[cfg(test)]
mod tests {
    use super::super::planted::close;
    use super::*;

    #[test]
    fn two_values_are_fitted_by_hand() {
        let e = libm::exp(1.0);
        let found = fit(&[100.0 / e, 100.0 * e], &[2.0, 2.0]).unwrap();
        close(found.median_nm, 100.0, 1e-9);
        close(found.geometric_sd, e, 1e-9);
        close(found.median_standard_error_nm, 100.0 / 2f64.sqrt(), 1e-9);
        close(found.geometric_sd_standard_error, e / 2.0, 1e-9);
        // A step from 0 to a half at one standard deviation below the mean, where the model has 0.158655.
        close(found.distance, 0.5 - 0.158_655_254, 1e-8);
        // Three quarters at a logarithm of -1, a quarter at 1: mean -0.5, deviation sqrt 0.75.
        let uneven = fit(&[1.0 / e, e], &[3.0, 1.0]).unwrap();
        close(uneven.median_nm, libm::exp(-0.5), 1e-9);
        close(uneven.geometric_sd, libm::exp(0.75f64.sqrt()), 1e-9);
        // Weights of 3 and 1 are worth 1.6 values.
        close(uneven.median_standard_error_nm, libm::exp(-0.5) * (0.75f64 / 1.6).sqrt(), 1e-9);
        close(uneven.geometric_sd_standard_error, libm::exp(0.75f64.sqrt()) * (0.75f64 / 3.2).sqrt(), 1e-9);
        close(uneven.distance, 0.75 - normal_share(-0.5 / 0.75f64.sqrt()), 1e-9);
    }

    #[test]
    fn what_does_not_spread_has_no_fit() {
        assert_eq!((fit(&[], &[]), fit(&[80.0], &[1.0]), fit(&[80.0; 3], &[1.0; 3])), (None, None, None));
    }

    #[test]
    fn shares_and_distances_are_those_of_the_tables() {
        close(normal_share(0.0), 0.5, 1e-15);
        close(normal_share(1.959_963_985), 0.975, 1e-9);
        close(normal_share(-1.0) + normal_share(1.0), 1.0, 1e-12);
        // Against an even spread from 0 to 1: the largest distance lies before, or after, a step.
        close(distance(&[0.5, 0.9], &[1.0, 3.0], |v| v), 0.65, 1e-12);
        close(distance(&[0.1, 0.2], &[1.0, 1.0], |v| v), 0.8, 1e-12);
        close(distance(&[0.7, 0.9], &[4.0, 1.0], |v| v), 0.7, 1e-12);
    }
}
