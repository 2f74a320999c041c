//! Mean, spread and what a weighted sample is worth.

/// Weighted mean; `None` of nothing.
pub(super) fn mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    mean_of(pairs(values, weights))
}

/// Mean of the squared deviations from the mean; `None` of nothing.
pub(super) fn variance(values: &[f64], weights: &[f64]) -> Option<f64> {
    variance_of(pairs(values, weights))
}

/// Kish's effective number: equally weighted values that would tell as much (L. Kish, Survey Sampling, 1965).
pub(super) fn effective_count(weights: &[f64]) -> f64 {
    let mut sums = Squares::default();
    weights.iter().for_each(|&weight| sums.add(weight));
    sums.effective_count()
}

/// Standard deviation of the population that the values are a sample of: `n - 1` for equal weights, with the effective
/// number for others; `None` of fewer than two.
pub(super) fn standard_deviation(values: &[f64], weights: &[f64]) -> Option<f64> {
    standard_deviation_of(pairs(values, weights))
}

fn pairs<'a>(values: &'a [f64], weights: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
    values.iter().copied().zip(weights.iter().copied())
}

/// As [`mean`], of values with their weights, which need not lie in memory.
pub(super) fn mean_of(values: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let total: f64 = values.clone().map(|(_, w)| w).sum();
    let sum: f64 = values.map(|(v, w)| v * w).sum();
    (total > 0.0).then(|| sum / total)
}

fn variance_of(values: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let centre = mean_of(values.clone())?;
    mean_of(values.map(|(v, w)| ((v - centre).powi(2), w)))
}

/// As [`standard_deviation`], likewise.
pub(super) fn standard_deviation_of(values: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let mut sums = Squares::default();
    values.clone().for_each(|(_, weight)| sums.add(weight));
    let count = sums.effective_count();
    let is_enough = values.clone().nth(1).is_some() && count > 1.0;
    let variance = variance_of(values).filter(|_| is_enough)?;
    Some((variance * count / (count - 1.0)).sqrt())
}

/// Sums of weights and of their squares.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Squares {
    total: f64,
    squares: f64,
}

impl Squares {
    pub fn add(&mut self, weight: f64) {
        self.total += weight;
        self.squares += weight * weight;
    }

    /// As [`effective_count`].
    pub fn effective_count(&self) -> f64 {
        if self.squares > 0.0 { self.total * self.total / self.squares } else { 0.0 }
    }
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
