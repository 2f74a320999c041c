//! Whether two samples differ.

use super::interval::{share, student};
use super::moments::effective_count;
use super::population::IMAGES_MIN;
use super::{Estimate, Summary};

/// What of the second sample is larger than the first.
pub type Difference = Estimate;

/// D50 of `second` minus that of `first`, nm; `None` where either has none.
///
/// Both are resampled on their own, so their variances add up; Student's t with the degrees of freedom of B. L. Welch
/// (Biometrika 34 (1947) 28).
pub fn median_difference(first: &Summary, second: &Summary) -> Option<Difference> {
    let of = |summary: &Summary| {
        let estimate = summary.weighted.d50_nm?;
        let freedom = summary.degrees_of_freedom;
        let error = estimate.high.zip(freedom).map(|(high, freedom)| {
            // Undoes the interval, which is symmetric on the scale of the logarithm.
            (estimate.value * (high / estimate.value).ln() / student(freedom), freedom)
        });
        Some((estimate.value, error))
    };
    let ((first, first_error), (second, second_error)) = (of(first)?, of(second)?);
    let value = second - first;
    let half = first_error.zip(second_error).map(|((a, a_freedom), (b, b_freedom))| {
        let variances = a * a + b * b;
        let parts = a.powi(4) / a_freedom + b.powi(4) / b_freedom;
        let freedom = if parts > 0.0 { variances * variances / parts } else { f64::MAX };
        student(freedom) * variances.sqrt()
    });
    Some(Estimate { value, low: half.map(|h| value - h), high: half.map(|h| value + h) })
}

/// A share of things that are counted image by image, as (part, all), with an interval that contains the difference between
/// images; with too few of them that of independent things. `None` without any.
///
/// The standard error is that of a ratio of sums over images (W. G. Cochran, Sampling Techniques, 1977, section 6.3), which
/// the bootstrap by image tends to.
pub fn share_by_image(images: &[(usize, usize)]) -> Option<Estimate> {
    let filled: Vec<(f64, f64)> =
        images.iter().filter(|image| image.1 > 0).map(|&(part, all)| (part as f64, all as f64)).collect();
    let (part, all) = filled.iter().fold((0.0, 0.0), |sum, image| (sum.0 + image.0, sum.1 + image.1));
    if all == 0.0 {
        return None;
    }
    let (value, count) = (part / all, filled.len() as f64);
    if filled.len() < IMAGES_MIN {
        return Some(share(value, Some((value * (1.0 - value) / all).sqrt()), f64::MAX, all));
    }
    let squares: f64 = filled.iter().map(|(part, all)| (part - value * all).powi(2)).sum();
    let sizes: Vec<f64> = filled.iter().map(|image| image.1).collect();
    let error = (squares * count / (count - 1.0)).sqrt() / all;
    Some(share(value, Some(error), effective_count(&sizes) - 1.0, all))
}

/// Share of `second` minus that of `first`, from the intervals of both (R. G. Newcombe, Statistics in Medicine 17 (1998)
/// 873, method 10).
pub fn share_difference(first: Estimate, second: Estimate) -> Difference {
    let value = second.value - first.value;
    let side = |toward: Option<f64>, away: Option<f64>| {
        toward.zip(away).map(|(a, b)| (second.value - a).hypot(first.value - b))
    };
    Estimate {
        value,
        low: side(second.low, first.high).map(|d| value - d),
        high: side(second.high, first.low).map(|d| value + d),
    }
}
