//! Whether two samples differ.

use super::interval::student;
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
