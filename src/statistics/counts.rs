//! How particles are spread over the images.

use super::Counts;
use super::moments::{mean, standard_deviation};

/// Of the numbers of particles of the images.
pub(super) fn counts(numbers: &[usize]) -> Counts {
    let mut sorted: Vec<f64> = numbers.iter().map(|&n| n as f64).collect();
    sorted.sort_by(f64::total_cmp);
    let ones = vec![1.0; sorted.len()];
    let Some(mean) = mean(&sorted, &ones) else { return Counts::default() };
    let sd = standard_deviation(&sorted, &ones);
    let middle = |at: usize| sorted.get(at).copied().unwrap_or_default();
    Counts {
        mean,
        sd,
        median: 0.5 * (middle((sorted.len() - 1) / 2) + middle(sorted.len() / 2)),
        dispersion_index: sd.filter(|_| mean > 0.0).map(|sd| sd * sd / mean),
        empty_share: sorted.iter().filter(|n| **n == 0.0).count() as f64 / sorted.len() as f64,
    }
}
