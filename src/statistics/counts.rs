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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_computed_by_hand() {
        let four = counts(&[5, 0, 3, 0]);
        assert_eq!((four.mean, four.median, four.empty_share), (2.0, 1.5, 0.5));
        assert!((four.sd.unwrap() - 6f64.sqrt()).abs() < 1e-12);
        assert!((four.dispersion_index.unwrap() - 3.0).abs() < 1e-12);
        assert_eq!((counts(&[9, 1, 2]).median, counts(&[9, 1, 2]).empty_share), (2.0, 0.0));
        let one = counts(&[4]);
        assert_eq!((one.mean, one.median, one.sd, one.dispersion_index), (4.0, 4.0, None, None));
        assert_eq!((counts(&[0, 0]).dispersion_index, counts(&[0, 0]).sd), (None, Some(0.0)));
        assert_eq!(counts(&[]), Counts::default());
    }
}
