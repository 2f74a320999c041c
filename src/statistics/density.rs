//! A smooth density of diameters.
//!
//! Gaussian kernels on the logarithm of the diameter, because sizes of vesicles spread by factors: on the scale of
//! nanometres one bandwidth would be too wide for the small or too narrow for the large ones, and put some below zero.
//! The bandwidth is Silverman's for a normal distribution, `s (4 / (3 n))^(1/5)`, with the standard deviation `s` of the
//! logarithms and Kish's effective number `n` (B. W. Silverman, Density Estimation, 1986, eq. 3.28;
//! `gaussian_kde(numpy.log(d), "silverman", weights)` in SciPy).

use super::moments::{effective_count, mean, standard_deviation};

/// Bandwidths beyond which a kernel adds nothing: exp(-32) of its height.
const REACH: f64 = 8.0;
/// Steps in a bandwidth in the search for the highest point: the density bends over a bandwidth.
const STEPS: f64 = 4.0;
/// Halvings of an interval that exhaust the digits of a number.
const HALVINGS: usize = 60;

/// The density of a sample of diameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Density<'a> {
    /// Logarithms of the diameters in nm, rising.
    logs: Vec<f64>,
    /// What they weigh, and all together.
    weights: &'a [f64],
    total: f64,
    /// Of the logarithm.
    pub bandwidth: f64,
}

impl<'a> Density<'a> {
    /// Of rising diameters with weights, nm; `None` of fewer than two different ones.
    pub fn new(diameters_nm: &[f64], weights: &'a [f64]) -> Option<Self> {
        let logs: Vec<f64> = diameters_nm.iter().map(|d| libm::log(*d)).collect();
        let spread = standard_deviation(&logs, weights).filter(|s| *s > 0.0)?;
        let bandwidth = spread * libm::pow(4.0 / (3.0 * effective_count(weights)), 0.2);
        let total: f64 = weights.iter().sum();
        Some(Self { logs, weights, total, bandwidth })
    }

    /// Share of the particles per nm of diameter.
    pub fn per_nm(&self, diameter_nm: f64) -> f64 {
        let height = 1.0 / (self.bandwidth * std::f64::consts::TAU.sqrt());
        if diameter_nm > 0.0 { height * self.sums(libm::log(diameter_nm)).0 / diameter_nm } else { 0.0 }
    }

    /// Where the density per nm is largest, nm.
    pub fn mode_nm(&self) -> f64 {
        let (first, last) = (self.logs.first().copied().unwrap_or(0.0), self.logs.last().copied().unwrap_or(0.0));
        // Dividing by the diameter shifts the modes of single kernels down by the bandwidth squared.
        let low = first - self.bandwidth.powi(2) - self.bandwidth;
        let step = self.bandwidth / STEPS;
        let count = ((last - low) / step).ceil().max(1.0) as usize;
        let at = |i: usize| low + i as f64 * step;
        let height = |x: f64| libm::log(self.sums(x).0) - x;
        let best = (0..=count)
            .map(|i| (height(at(i)), i))
            .fold((f64::NEG_INFINITY, 0), |best, this| if this.0 > best.0 { this } else { best });
        let (mut left, mut right) = (at(best.1) - step, at(best.1) + step);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (left + right);
            if self.rises(middle) { left = middle } else { right = middle }
        }
        libm::exp(0.5 * (left + right))
    }

    /// Whether the density per nm still rises at a logarithm of the diameter.
    fn rises(&self, x: f64) -> bool {
        let (sum, slope) = self.sums(x);
        slope > sum
    }

    /// Sum of the kernels at `x`, each 1 high times its share, and its slope.
    fn sums(&self, x: f64) -> (f64, f64) {
        let from = self.logs.partition_point(|log| *log < x - REACH * self.bandwidth);
        let near = self.logs[from..].iter().take_while(|log| **log <= x + REACH * self.bandwidth);
        near.zip(&self.weights[from..]).fold((0.0, 0.0), |(sum, slope), (centre, weight)| {
            let u = (x - centre) / self.bandwidth;
            let value = weight / self.total * libm::exp(-0.5 * u * u);
            (sum + value, slope - u / self.bandwidth * value)
        })
    }
}

/// As [`Density::new`], for the mean of what it says when there is nothing to smooth.
pub(super) fn mode_nm(diameters_nm: &[f64], weights: &[f64]) -> Option<f64> {
    match Density::new(diameters_nm, weights) {
        Some(density) => Some(density.mode_nm()),
        // All alike: that is the mode. A single one says nothing about the most frequent size.
        None if diameters_nm.len() > 1 => mean(diameters_nm, weights),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted::close;
    use super::*;
    use std::f64::consts::TAU;

    const DIAMETERS: [f64; 6] = [40.0, 55.0, 60.0, 90.0, 100.0, 250.0];
    const WEIGHTS: [f64; 6] = [1.0, 1.0, 2.0, 1.0, 1.5, 3.0];

    #[test]
    fn the_density_is_the_sum_of_its_kernels() {
        let density = Density::new(&DIAMETERS, &WEIGHTS).unwrap();
        let logs = DIAMETERS.map(libm::log);
        let spread = standard_deviation(&logs, &WEIGHTS).unwrap();
        let effective: f64 = 9.5 * 9.5 / (1.0 + 1.0 + 4.0 + 1.0 + 2.25 + 9.0);
        close(density.bandwidth, spread * libm::pow(4.0 / (3.0 * effective), 0.2), 1e-12);
        let h = density.bandwidth;
        for d in [10.0f64, 40.0, 77.0, 300.0, 900.0] {
            let kernel = |(log, w): (&f64, &f64)| w / 9.5 * libm::exp(-0.5 * ((libm::log(d) - log) / h).powi(2));
            let expected = logs.iter().zip(&WEIGHTS).map(kernel).sum::<f64>() / (h * TAU.sqrt() * d);
            close(density.per_nm(d), expected, 1e-12);
        }
        assert_eq!((density.per_nm(0.0), density.per_nm(-5.0)), (0.0, 0.0));
        let whole: f64 = (0..40_000).map(|i| 0.1 * density.per_nm(f64::from(i) * 0.1 + 0.05)).sum();
        close(whole, 1.0, 1e-3);
        // Where all kernels are out of reach there is nothing.
        assert_eq!(density.per_nm(1e-9), 0.0);
    }

    #[test]
    fn the_mode_is_the_highest_point() {
        let samples: [(&[f64], &[f64]); 6] = [
            (&DIAMETERS, &WEIGHTS),
            (&DIAMETERS, &[1.0; 6]),
            (&[50.0, 52.0, 54.0, 200.0], &[1.0, 1.0, 1.0, 40.0]),
            (&[50.0, 52.0, 54.0, 200.0], &[20.0, 20.0, 20.0, 1.0]),
            (&[60.0, 61.0, 400.0, 401.0], &[1.0; 4]),
            (&[10.0, 1000.0], &[1.0, 1.0]),
        ];
        for (diameters, weights) in samples {
            let density = Density::new(diameters, weights).unwrap();
            let logs = (0..20_000).map(|i| -10.0 + f64::from(i) * 1e-3);
            let highest =
                logs.max_by(|a, b| density.per_nm(libm::exp(*a)).total_cmp(&density.per_nm(libm::exp(*b)))).unwrap();
            close(libm::log(density.mode_nm()), highest, 1e-3);
        }
    }

    #[test]
    fn one_kernel_has_its_mode_below_its_centre() {
        // Of a lognormal distribution the mode is the median times exp(-sigma squared).
        let density = Density { logs: vec![libm::log(100.0)], weights: &[2.0], total: 2.0, bandwidth: 0.4 };
        close(density.mode_nm(), 100.0 * libm::exp(-0.16), 1e-6);
        let x = libm::log(density.mode_nm());
        assert!(density.rises(x - 1e-6) && !density.rises(x + 1e-6));
    }

    #[test]
    fn what_does_not_spread_has_no_density() {
        assert_eq!((Density::new(&[80.0; 3], &[1.0; 3]), Density::new(&[], &[])), (None, None));
        assert_eq!(
            (mode_nm(&[80.0, 80.0], &[1.0, 2.0]), mode_nm(&[80.0], &[1.0]), mode_nm(&[], &[])),
            (Some(80.0), None, None)
        );
        assert_eq!(mode_nm(&DIAMETERS, &WEIGHTS), Density::new(&DIAMETERS, &WEIGHTS).map(|d| d.mode_nm()));
    }
}
