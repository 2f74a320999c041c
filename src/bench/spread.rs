//! Times of the same work.

use serde::Serialize;

/// How long the same work took, several times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub seconds_median: f64,
    pub seconds_min: f64,
    pub seconds_max: f64,
}

impl Spread {
    /// Of at least one time, seconds.
    pub fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        let (last, middle) = (seconds.len() - 1, seconds.len() / 2);
        let median = if last % 2 == 0 { seconds[middle] } else { (seconds[middle - 1] + seconds[middle]) / 2.0 };
        Self { seconds_median: median, seconds_min: seconds[0], seconds_max: seconds[last] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        let of = |seconds: &[f64]| {
            let Spread { seconds_median, seconds_min, seconds_max } = Spread::of(seconds.to_vec());
            [seconds_median, seconds_min, seconds_max]
        };
        assert_eq!(of(&[3.0]), [3.0, 3.0, 3.0]);
        assert_eq!(of(&[4.0, 1.0]), [2.5, 1.0, 4.0]);
        assert_eq!(of(&[9.0, 1.0, 2.0]), [2.0, 1.0, 9.0]);
    }
}
