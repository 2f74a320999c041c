//! 95 % intervals from standard errors that rest on few images.
//!
//! Percentiles of a bootstrap are too narrow with few images: their spread lacks the factor `sqrt(n / (n-1))`, and nothing
//! in them knows Student's t (T. C. Hesterberg, The American Statistician 69 (2015) 371). The intervals here are
//! Student's around the figure, with the bootstrap's standard error, on a scale where the figure's distribution is nearly
//! symmetric: the logarithm for sizes and densities, Wilson's for shares. The coverage is measured in tests/statistics.rs.

use super::Estimate;

/// Standard normal quantile of 97.5 %.
pub(super) const Z: f64 = 1.959_963_984_540_054;
/// Fewest degrees of freedom that an interval is made with: below, it would say nothing, and [`student`] is wrong.
const FREEDOM_MIN: f64 = 2.0;

/// A share or its standard error that is nought but for rounding.
const EXACT: f64 = 1e-9;

/// Quantile of 97.5 % of Student's t, with real degrees of freedom, at least 2.
///
/// M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 26.7.5: 0.8 % too small at 2, 0.03 % at 4.
pub(super) fn student(freedom: f64) -> f64 {
    let freedom = freedom.max(FREEDOM_MIN);
    let z2 = Z * Z;
    let terms = [
        (z2 + 1.0) / 4.0,
        ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0,
        (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0,
        ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0,
    ];
    Z * (1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom))
}

/// A positive figure with the standard error of its logarithm.
pub(super) fn positive(value: f64, log_error: Option<f64>, freedom: f64) -> Estimate {
    let factor = log_error.filter(|_| value > 0.0).map(|error| libm::exp(student(freedom) * error));
    Estimate { value, low: factor.map(|f| value / f), high: factor.map(|f| value * f) }
}

/// A share by Wilson's formula, with Student's t and the number of independent particles that would give the standard
/// error; `particles` is the number that there are.
pub(super) fn share(value: f64, error: Option<f64>, freedom: f64, particles: f64) -> Estimate {
    let Some(error) = error.filter(|_| particles > 0.0) else { return Estimate { value, low: None, high: None } };
    let spread = value * (1.0 - value);
    // Where every image says the same, as when there is nothing in any, there is no error to go by.
    let count = if error > EXACT && spread > EXACT { spread / error.powi(2) } else { particles };
    let t2 = student(freedom).powi(2);
    let centre = (value + t2 / (2.0 * count)) / (1.0 + t2 / count);
    let half = (t2 * (spread / count + t2 / (4.0 * count * count))).sqrt() / (1.0 + t2 / count);
    let clamp = |v: f64| v.clamp(0.0, 1.0);
    Estimate { value, low: Some(clamp(centre - half).min(value)), high: Some(clamp(centre + half).max(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantile_is_that_of_the_tables() {
        for (freedom, expected, tolerance) in
            [(2.0, 4.302_65, 0.01), (4.0, 2.776_45, 5e-4), (9.0, 2.262_16, 2e-5), (29.0, 2.045_23, 1e-5)]
        {
            assert!((student(freedom) / expected - 1.0).abs() < tolerance, "{freedom}: {}", student(freedom));
        }
        assert!((student(1e9) - Z).abs() < 1e-8);
    }

    #[test]
    fn a_share_of_none_is_not_known_to_be_nought() {
        let none = share(0.0, Some(0.0), 1e9, 10.0);
        // Wilson's upper limit of 0 of 10.
        assert_eq!((none.value, none.low), (0.0, Some(0.0)));
        assert!((none.high.unwrap() - 0.277_533).abs() < 1e-5, "{none:?}");
        let all = share(1.0, Some(0.0), 1e9, 10.0);
        assert!((1.0 - all.low.unwrap() - 0.277_533).abs() < 1e-5 && all.high == Some(1.0));
    }

    use super::super::planted::close;

    #[test]
    fn a_positive_figure_has_an_interval_of_factors() {
        let found = positive(10.0, Some(0.1), 1e12);
        close(found.high.unwrap(), 10.0 * libm::exp(0.1 * Z), 1e-9);
        close(found.low.unwrap(), 10.0 / libm::exp(0.1 * Z), 1e-9);
        let few = positive(10.0, Some(0.1), 4.0);
        close(few.high.unwrap(), 10.0 * libm::exp(0.1 * student(4.0)), 1e-9);
        assert_eq!(positive(0.0, Some(0.1), 4.0), Estimate { value: 0.0, low: None, high: None });
        assert_eq!(positive(10.0, None, 4.0), Estimate { value: 10.0, low: None, high: None });
        assert_eq!((student(0.5), student(1.9)), (student(2.0), student(2.0)));
    }

    #[test]
    fn a_share_has_wilsons_interval() {
        let binomial = |value: f64, count: f64| Some((value * (1.0 - value) / count).sqrt());
        // 5 of 20, as every table has it.
        let found = share(0.25, binomial(0.25, 20.0), 1e12, 20.0);
        close(found.low.unwrap(), 0.111_862, 1e-6);
        close(found.high.unwrap(), 0.468_701, 1e-6);
        // What scatters as 5 particles would is worth 5, whatever there are.
        let scattered = share(0.25, binomial(0.25, 5.0), 1e12, 20.0);
        let z2 = Z * Z;
        let (centre, half) =
            ((0.25 + z2 / 10.0) / (1.0 + z2 / 5.0), (z2 * (0.1875 / 5.0 + z2 / 100.0)).sqrt() / (1.0 + z2 / 5.0));
        close(scattered.low.unwrap(), centre - half, 1e-9);
        close(scattered.high.unwrap(), centre + half, 1e-9);
        // No scatter at all is no error to go by.
        assert_eq!(share(0.25, Some(0.0), 1e12, 20.0), share(0.25, Some(1e-10), 1e12, 20.0));
        close(share(0.25, Some(0.0), 1e12, 20.0).high.unwrap(), 0.468_701, 1e-6);
        // Between images that are all the same but for rounding, and with none.
        close(share(1.0, Some(0.5), 1e12, 10.0).low.unwrap(), 1.0 - 0.277_533, 1e-5);
        let unknown = Estimate { value: 0.25, low: None, high: None };
        assert_eq!((share(0.25, None, 9.0, 20.0), share(0.25, Some(0.1), 9.0, 0.0)), (unknown, unknown));
    }
}
