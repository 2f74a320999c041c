//! Mean, spread and what a weighted sample is worth.

/// Weighted mean; `None` of nothing.
pub(super) fn mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    let total: f64 = weights.iter().sum();
    let sum: f64 = values.iter().zip(weights).map(|(v, w)| v * w).sum();
    (total > 0.0).then(|| sum / total)
}

/// Mean of the squared deviations from the mean; `None` of nothing.
pub(super) fn variance(values: &[f64], weights: &[f64]) -> Option<f64> {
    let centre = mean(values, weights)?;
    let squares: Vec<f64> = values.iter().map(|v| (v - centre).powi(2)).collect();
    mean(&squares, weights)
}

/// Kish's effective number: equally weighted values that would tell as much (L. Kish, Survey Sampling, 1965).
pub(super) fn effective_count(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    if squares > 0.0 { total * total / squares } else { 0.0 }
}

/// Standard deviation of the population that the values are a sample of: `n - 1` for equal weights, with the effective
/// number for others; `None` of fewer than two.
pub(super) fn standard_deviation(values: &[f64], weights: &[f64]) -> Option<f64> {
    let count = effective_count(weights);
    let variance = variance(values, weights).filter(|_| values.len() > 1 && count > 1.0)?;
    Some((variance * count / (count - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::planted::close;
    use super::*;

    #[test]
    fn weighted_moments_are_those_computed_by_hand() {
        let (values, weights) = ([1.0, 2.0, 4.0], [1.0, 2.0, 1.0]);
        assert_eq!((mean(&values, &weights), variance(&values, &weights)), (Some(2.25), Some(1.1875)));
        close(effective_count(&weights), 16.0 / 6.0, 1e-12);
        close(standard_deviation(&values, &weights).unwrap(), 1.9f64.sqrt(), 1e-12);
        close(standard_deviation(&values, &[3.0; 3]).unwrap(), (7.0f64 / 3.0).sqrt(), 1e-12);
        assert_eq!(effective_count(&[0.5; 8]), 8.0);
    }

    #[test]
    fn nothing_has_no_mean_and_one_no_spread() {
        assert_eq!((mean(&[], &[]), variance(&[], &[]), effective_count(&[])), (None, None, 0.0));
        assert_eq!((standard_deviation(&[5.0], &[1.0]), standard_deviation(&[5.0, 6.0], &[1.0, 0.0])), (None, None));
        assert_eq!(standard_deviation(&[5.0], &[2.0]), None);
        assert_eq!(standard_deviation(&[5.0, 5.0], &[1.0, 1.0]), Some(0.0));
    }
}
