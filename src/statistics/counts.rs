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
