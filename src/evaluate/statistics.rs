//! Mean, median and spread, as NumPy computes them.

/// Terms that are added without splitting, and how many sums run side by side in them.
const BLOCK: usize = 128;
const LANES: usize = 8;

/// The sum, bit by bit that of NumPy's `sum` of a contiguous array: blocks of at most 128 terms in eight lanes, and halves
/// above, which keeps rounding errors small. Figures of other programs can then be compared with `==`.
fn sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < LANES {
        return values.iter().sum();
    }
    if n > BLOCK {
        let half = n / 2 - n / 2 % LANES;
        return sum(&values[..half]) + sum(&values[half..]);
    }
    let mut lane = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        lane.iter_mut().zip(chunk).for_each(|(sum, v)| *sum += v);
    }
    let all = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    rest.iter().fold(all, |sum, v| sum + v)
}

/// Arithmetic mean, `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values) / values.len() as f64)
}

/// The middle value, or the mean of the middle two; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(if sorted.len() % 2 == 1 { upper } else { (lower + upper) / 2.0 })
}

/// Standard deviation of the population that the values are a sample of (n - 1); `None` of fewer than two.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: Vec<f64> = values.iter().map(|v| (v - mean) * (v - mean)).collect();
    Some((sum(&squares) / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_numpy() {
        // numpy.sum(0.1 * numpy.arange(1, n + 1) ** 0.5 / 3) of NumPy 2.4.6, to the last digit.
        for (n, expected) in SUMS {
            let values: Vec<f64> = (1..=n).map(|i| 0.1 * f64::from(i).sqrt() / 3.0).collect();
            assert_eq!(sum(&values), expected, "{n}");
        }
    }

    const SUMS: [(u32, f64); 7] = [
        (1, 0.03333333333333333),
        (7, 0.449252446709651),
        (8, 0.5435333508678574),
        (100, 22.382098236771593),
        (129, 32.74156420470525),
        (1000, 703.2485295826913),
        (5003, 7864.98609644734),
    ];

    #[test]
    fn of_nothing_there_is_no_figure() {
        assert_eq!((mean(&[]), median(&[]), standard_deviation(&[1.0])), (None, None, None));
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])), (Some(2.0), Some(2.5)));
        assert_eq!((mean(&[1.0, 2.0]), standard_deviation(&[1.0, 3.0])), (Some(1.5), Some(2.0_f64.sqrt())));
    }
}
