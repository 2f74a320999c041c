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
            (estimate.value * libm::log(high / estimate.value) / student(freedom), freedom)
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
        toward.zip(away).map(|(a, b)| libm::hypot(second.value - a, first.value - b))
    };
    Estimate {
        value,
        low: side(second.low, first.high).map(|d| value - d),
        high: side(second.high, first.low).map(|d| value + d),
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted::close;
    use super::*;

    /// A sample with a standard error of the logarithm of D50.
    fn sample(value: f64, log_error: f64, freedom: f64) -> Summary {
        let factor = libm::exp(student(freedom) * log_error);
        let d50 = Estimate { value, low: Some(value / factor), high: Some(value * factor) };
        let mut summary = Summary { degrees_of_freedom: Some(freedom), ..Summary::default() };
        summary.weighted.d50_nm = Some(d50);
        summary
    }

    #[test]
    fn the_difference_of_medians_is_welchs() {
        let (a, b) = (sample(100.0, 0.05, 6.0), sample(120.0, 0.1, 20.0));
        let found = median_difference(&a, &b).unwrap();
        // Standard errors of 5 and 12 nm make one of 13.
        let freedom = 169.0 * 169.0 / (625.0 / 6.0 + 20_736.0 / 20.0);
        let half = 13.0 * student(freedom);
        close(found.value, 20.0, 1e-12);
        close(found.low.unwrap(), 20.0 - half, 1e-9);
        close(found.high.unwrap(), 20.0 + half, 1e-9);
        let unsure = Summary { degrees_of_freedom: None, ..a.clone() };
        assert_eq!(median_difference(&unsure, &b), Some(Estimate { value: 20.0, low: None, high: None }));
        assert_eq!(median_difference(&Summary::default(), &b), None);
        let exact = median_difference(&sample(90.0, 0.0, 5.0), &sample(80.0, 0.0, 5.0)).unwrap();
        assert_eq!(exact, Estimate { value: -10.0, low: Some(-10.0), high: Some(-10.0) });
    }

    #[test]
    fn a_share_by_image_has_the_error_of_a_ratio() {
        let by_image = |images: &[(usize, usize)]| share_by_image(images);
        // The residuals are -1, 0 and 1.
        let three = by_image(&[(1, 4), (2, 4), (0, 0), (3, 4)]).unwrap();
        assert_eq!(three, share(0.5, Some(3f64.sqrt() / 12.0), 2.0, 12.0));
        // Residuals of -1.5, 0.5 and 1 around 0.5; sizes that are worth 64 / 26 images.
        let uneven = by_image(&[(0, 3), (1, 1), (3, 4)]).unwrap();
        let error = (3.5f64 * 3.0 / 2.0).sqrt() / 8.0;
        let expected = share(0.5, Some(error), 64.0 / 26.0 - 1.0, 8.0);
        close(uneven.low.unwrap(), expected.low.unwrap(), 1e-12);
        close(uneven.high.unwrap(), expected.high.unwrap(), 1e-12);
        let two = by_image(&[(1, 4), (1, 4)]).unwrap();
        assert_eq!(two, share(0.25, Some((0.25f64 * 0.75 / 8.0).sqrt()), f64::MAX, 8.0));
        assert_eq!((by_image(&[]), by_image(&[(0, 0), (0, 0)])), (None, None));
    }

    #[test]
    fn the_difference_of_shares_takes_the_sides_that_face_each_other() {
        let estimate = |low, value, high| Estimate { value, low: Some(low), high: Some(high) };
        let found = share_difference(estimate(0.4, 0.5, 0.7), estimate(0.5, 0.6, 0.65));
        close(found.value, 0.1, 1e-12);
        close(found.low.unwrap(), 0.1 - libm::hypot(0.1, 0.2), 1e-12);
        close(found.high.unwrap(), 0.1 + libm::hypot(0.05, 0.1), 1e-12);
    }
}
