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
