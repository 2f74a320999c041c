//! Quantiles of weighted values.
//!
//! A value with weight `w` stands in the middle of its part of the total weight, `(sum of the weights before it + w/2) /
//! total`; between neighbours the quantile is interpolated, beyond the outermost it is theirs. Equal weights make it
//! Hazen's (type 5 of R. J. Hyndman and Y. Fan, The American Statistician 50 (1996) 361; `hazen` in NumPy), whose median
//! is the usual one.

/// A value, what it weighs, and how often it occurs.
pub(super) type Weighed = (f64, f64, u32);

/// Quantiles of `values`, which rise and weigh `total`, at rising `shares` from 0 to 1; `None` when nothing weighs anything.
///
/// A value that occurs several times takes as many places.
pub(super) fn quantiles<const N: usize>(
    values: impl Iterator<Item = Weighed>,
    total: f64,
    shares: [f64; N],
) -> Option<[f64; N]> {
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let mut found = [0.0; N];
    let (mut next, mut before) = (0, 0.0);
    // The last place and its value.
    let mut last: Option<(f64, f64)> = None;
    for (value, weight, times) in values.filter(|&(_, weight, times)| weight > 0.0 && times > 0) {
        let (first, end) = (before + weight / 2.0, before + weight * f64::from(times));
        while next < N && shares[next] * total <= end - weight / 2.0 {
            let at = shares[next] * total;
            found[next] = match last {
                Some((place, low)) if at < first => low + (value - low) * (at - place) / (first - place),
                _ => value,
            };
            next += 1;
        }
        if next == N {
            return Some(found);
        }
        before = end;
        last = Some((end - weight / 2.0, value));
    }
    let largest = last?.1;
    found[next..].fill(largest);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Weighed], share: f64) -> f64 {
        let total = values.iter().map(|(_, weight, times)| weight * f64::from(*times)).sum();
        quantiles(values.iter().copied(), total, [share]).unwrap()[0]
    }

    #[test]
    fn equal_weights_give_the_usual_median() {
        assert_eq!(of(&[(1.0, 3.0, 1), (2.0, 3.0, 1), (9.0, 3.0, 1)], 0.5), 2.0);
        assert_eq!(of(&[(1.0, 1.0, 1), (2.0, 1.0, 1), (4.0, 1.0, 1), (9.0, 1.0, 1)], 0.5), 3.0);
        assert_eq!(of(&[(1.0, 1.0, 1), (2.0, 1.0, 1)], 0.01), 1.0);
        assert_eq!(of(&[(1.0, 1.0, 1), (2.0, 1.0, 1)], 0.99), 2.0);
    }

    #[test]
    fn a_value_that_occurs_often_is_the_same_as_its_copies() {
        let often = [(1.0, 0.7, 2), (2.0, 1.9, 0), (3.0, 1.1, 3), (5.0, 2.0, 1)];
        let copies = [(1.0, 0.7, 1), (1.0, 0.7, 1), (3.0, 1.1, 1), (3.0, 1.1, 1), (3.0, 1.1, 1), (5.0, 2.0, 1)];
        for step in 0..=100 {
            let share = f64::from(step) / 100.0;
            assert!((of(&often, share) - of(&copies, share)).abs() < 1e-12, "{share}");
        }
    }

    #[test]
    fn what_weighs_nothing_changes_nothing() {
        assert_eq!(of(&[(1.0, 1.0, 1), (1.1, 0.0, 1), (3.0, 1.0, 1)], 0.5), 2.0);
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(quantiles([].into_iter(), 0.0, [0.5]), None);
        assert_eq!(quantiles([(1.0, 1.0, 0)].into_iter(), 0.0, [0.5]), None);
    }
}
