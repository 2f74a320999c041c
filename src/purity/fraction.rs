//! EV-like over all, with intervals and bounds.

use crate::measure::Class;
use crate::statistics::Estimate;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// EV-like over all, with what the unresolved could make of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fraction {
    /// Unresolved particles left out; the interval by Wilson, for numbers, by bootstrap over the images, for areas.
    pub left_out: Estimate,
    /// Unresolved particles taken for non-EV: the lower bound.
    pub as_other: f64,
    /// Unresolved particles taken for EV-like: the upper bound.
    pub as_ev_like: f64,
    /// Mean and standard deviation over the images that have EV-like or other particles, the unresolved left out.
    pub image_mean: Option<f64>,
    pub image_sd: Option<f64>,
}

/// 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// Fewer images than this say too little about their spread for a bootstrap.
const BOOTSTRAP_IMAGES_MIN: usize = 5;
const RESAMPLES: usize = 2000;
const SEED: u64 = 0x00c0_ffee;

/// Numbers or areas.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Amounts {
    pub ev_like: f64,
    pub other: f64,
    pub unresolved: f64,
}

impl Amounts {
    /// Where a class counts.
    pub fn of(&mut self, class: Class) -> &mut f64 {
        match class {
            class if class.is_vesicle() => &mut self.ev_like,
            Class::Unresolved => &mut self.unresolved,
            _ => &mut self.other,
        }
    }

    /// EV-like over EV-like and other.
    pub fn fraction(&self) -> Option<f64> {
        let all = self.ev_like + self.other;
        (all > 0.0).then(|| self.ev_like / all)
    }
}

/// The amounts of all images together, and of those that have EV-like or other particles each: the others take no part in
/// the scatter.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub count: usize,
    pub sum: Amounts,
    /// EV-like and other.
    pub resolved: Vec<[f64; 2]>,
}

impl Sums {
    /// Takes in those of an image.
    pub fn add(&mut self, amounts: Amounts) {
        self.count += 1;
        self.sum.ev_like += amounts.ev_like;
        self.sum.other += amounts.other;
        self.sum.unresolved += amounts.unresolved;
        if amounts.fraction().is_some() {
            self.resolved.push([amounts.ev_like, amounts.other]);
        }
    }
}

/// Of numbers. `None` without anything that is resolved.
pub(super) fn number_fraction(images: &Sums) -> Option<Fraction> {
    let sum = &images.sum;
    fraction(images, || wilson(sum.ev_like, sum.ev_like + sum.other).into())
}

/// Of areas.
pub(super) fn area_fraction(images: &Sums) -> Option<Fraction> {
    fraction(images, || bootstrap(&images.resolved))
}

fn fraction(images: &Sums, interval: impl Fn() -> Option<(f64, f64)>) -> Option<Fraction> {
    let sum = &images.sum;
    let value = sum.fraction()?;
    let interval = interval();
    let all = sum.ev_like + sum.other + sum.unresolved;
    let each = || images.resolved.iter().map(|[ev_like, other]| ev_like / (ev_like + other));
    let count = images.resolved.len();
    let n = count as f64;
    let mean = each().sum::<f64>() / n;
    let sd = (each().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    Some(Fraction {
        left_out: Estimate { value, low: interval.map(|i| i.0), high: interval.map(|i| i.1) },
        as_other: sum.ev_like / all,
        as_ev_like: (sum.ev_like + sum.unresolved) / all,
        image_mean: (count > 0).then_some(mean),
        image_sd: (count > 1).then_some(sd),
    })
}

/// 95 % interval of a share of `count` in `all` (Wilson 1927, without continuity correction).
fn wilson(count: f64, all: f64) -> (f64, f64) {
    let (share, z2) = (count / all, Z * Z);
    let middle = share + z2 / (2.0 * all);
    let half = Z * (share * (1.0 - share) / all + z2 / (4.0 * all * all)).sqrt();
    let scale = 1.0 + z2 / all;
    // The ends are exact at shares of 0 and 1, which rounding would miss.
    let low = if count == 0.0 { 0.0 } else { (middle - half) / scale };
    let high = if count == all { 1.0 } else { (middle + half) / scale };
    (low, high)
}

/// 95 % interval by percentiles of the ratio over images drawn anew: particles of one image are not independent.
fn bootstrap(images: &[[f64; 2]]) -> Option<(f64, f64)> {
    if images.len() < BOOTSTRAP_IMAGES_MIN {
        return None;
    }
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let (mut ev_like, mut other) = (0.0, 0.0);
            for _ in 0..images.len() {
                let image = images[dice.random_range(0..images.len() as u32) as usize];
                ev_like += image[0];
                other += image[1];
            }
            ev_like / (ev_like + other)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |q: f64| ratios.get(((ratios.len() - 1) as f64 * q).round() as usize).copied();
    Some((at(0.025)?, at(0.975)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (f64, f64), expected: (f64, f64)) {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(found.0, expected.0) && near(found.1, expected.1), "{found:?} is not {expected:?}");
    }

    fn sums(images: &[Amounts]) -> Sums {
        let mut sums = Sums::default();
        images.iter().for_each(|image| sums.add(*image));
        sums
    }

    /// As `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.
    #[test]
    fn the_interval_is_that_of_wilson() {
        close(wilson(8.0, 10.0), (0.490_162_471_536_641_8, 0.943_317_848_545_624_8));
        close(wilson(0.0, 10.0), (0.0, 0.277_532_799_862_889_26));
        close(wilson(10.0, 10.0), (0.722_467_200_137_110_9, 1.0));
    }

    #[test]
    fn the_unresolved_open_the_bounds() {
        let image = |ev_like, other, unresolved| Amounts { ev_like, other, unresolved };
        let number_fraction = |images: &[Amounts]| number_fraction(&sums(images));
        let found = number_fraction(&[image(6.0, 2.0, 1.0), image(2.0, 0.0, 1.0), image(0.0, 0.0, 2.0)]).unwrap();
        assert_eq!((found.left_out.value, found.as_other, found.as_ev_like), (0.8, 8.0 / 14.0, 12.0 / 14.0));
        assert_eq!((found.image_mean, found.image_sd), (Some(0.875), Some((2.0f64 * 0.125 * 0.125).sqrt())));
        assert_eq!(number_fraction(&[image(0.0, 0.0, 5.0)]), None);
    }

    #[test]
    fn images_of_like_mixture_give_a_narrower_interval() {
        let area_fraction = |images: &[Amounts]| area_fraction(&sums(images));
        let alike = [Amounts { ev_like: 8.0, other: 2.0, unresolved: 0.0 }; 10];
        assert_eq!(area_fraction(&alike).unwrap().left_out, Estimate { value: 0.8, low: Some(0.8), high: Some(0.8) });
        let apart: Vec<Amounts> = (0..10)
            .map(|i| Amounts { ev_like: f64::from(i % 2) * 16.0, other: f64::from((i + 1) % 2) * 4.0, unresolved: 0.0 })
            .collect();
        let found = area_fraction(&apart).unwrap().left_out;
        assert!(found.low.unwrap() < 0.65 && found.high.unwrap() > 0.9, "{found:?}");
        assert_eq!(area_fraction(&apart[..4]).unwrap().left_out.low, None);
    }
}
