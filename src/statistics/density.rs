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
        let logs: Vec<f64> = diameters_nm.iter().map(|d| d.ln()).collect();
        let spread = standard_deviation(&logs, weights).filter(|s| *s > 0.0)?;
        let bandwidth = spread * (4.0 / (3.0 * effective_count(weights))).powf(0.2);
        let total: f64 = weights.iter().sum();
        Some(Self { logs, weights, total, bandwidth })
    }

    /// Share of the particles per nm of diameter.
    pub fn per_nm(&self, diameter_nm: f64) -> f64 {
        let height = 1.0 / (self.bandwidth * std::f64::consts::TAU.sqrt());
        if diameter_nm > 0.0 { height * self.sums(diameter_nm.ln()).0 / diameter_nm } else { 0.0 }
    }

    /// Where the density per nm is largest, nm.
    pub fn mode_nm(&self) -> f64 {
        let (first, last) = (self.logs.first().copied().unwrap_or(0.0), self.logs.last().copied().unwrap_or(0.0));
        // Dividing by the diameter shifts the modes of single kernels down by the bandwidth squared.
        let low = first - self.bandwidth.powi(2) - self.bandwidth;
        let step = self.bandwidth / STEPS;
        let count = ((last - low) / step).ceil().max(1.0) as usize;
        let at = |i: usize| low + i as f64 * step;
        let height = |x: f64| self.sums(x).0.ln() - x;
        let best = (0..=count)
            .map(|i| (height(at(i)), i))
            .fold((f64::NEG_INFINITY, 0), |best, this| if this.0 > best.0 { this } else { best });
        let (mut left, mut right) = (at(best.1) - step, at(best.1) + step);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (left + right);
            if self.rises(middle) { left = middle } else { right = middle }
        }
        (0.5 * (left + right)).exp()
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
            let value = weight / self.total * (-0.5 * u * u).exp();
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
