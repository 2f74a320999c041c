//! How particles are spread over the images.

use super::Counts;
use super::moments::{mean_of, standard_deviation_of};
use std::collections::BTreeMap;

/// Of the numbers of particles of the images: how many images have so many.
pub(super) fn counts(images: &BTreeMap<usize, usize>) -> Counts {
    let numbers = || images.iter().flat_map(|(&number, &times)| std::iter::repeat_n(number as f64, times));
    let ones = || numbers().map(|number| (number, 1.0));
    let Some(mean) = mean_of(ones()) else { return Counts::default() };
    let sd = standard_deviation_of(ones());
    let count: usize = images.values().sum();
    let middle = |at: usize| numbers().nth(at).unwrap_or_default();
    Counts {
        mean,
        sd,
        median: 0.5 * (middle((count - 1) / 2) + middle(count / 2)),
        dispersion_index: sd.filter(|_| mean > 0.0).map(|sd| sd * sd / mean),
        empty_share: images.get(&0).copied().unwrap_or(0) as f64 / count as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many particles in each image.
    fn of(numbers: &[usize]) -> Counts {
        let mut images = BTreeMap::new();
        numbers.iter().for_each(|number| *images.entry(*number).or_default() += 1);
        counts(&images)
    }

    #[test]
    fn counts_are_those_computed_by_hand() {
        let four = of(&[5, 0, 3, 0]);
        assert_eq!((four.mean, four.median, four.empty_share), (2.0, 1.5, 0.5));
        assert!((four.sd.unwrap() - 6f64.sqrt()).abs() < 1e-12);
        assert!((four.dispersion_index.unwrap() - 3.0).abs() < 1e-12);
        assert_eq!((of(&[9, 1, 2]).median, of(&[9, 1, 2]).empty_share), (2.0, 0.0));
        let one = of(&[4]);
        assert_eq!((one.mean, one.median, one.sd, one.dispersion_index), (4.0, 4.0, None, None));
        assert_eq!((of(&[0, 0]).dispersion_index, of(&[0, 0]).sd), (None, Some(0.0)));
        assert_eq!(of(&[]), Counts::default());
    }
}
