//! Random draws: one ChaCha stream per scene, so that a scene depends on its seed and index and on nothing else.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Mean above which a Poisson count is drawn from the normal distribution: its skewness, 1/sqrt(mean), is below 0.16 there.
const POISSON_NORMAL_MEAN: f64 = 40.0;

/// The source of every random number of one scene.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Draws of scene number `stream` of the set `seed`.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Evenly between `low` and `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Evenly in the logarithm, for scales that span factors.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        libm::exp(self.uniform(libm::log(low), libm::log(high)))
    }

    /// A direction, radian.
    pub fn angle(&mut self) -> f64 {
        self.uniform(0.0, TAU)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.0.random::<f64>() < p
    }

    /// -1 or 1.
    pub fn sign(&mut self) -> f64 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// A whole number from `low` to `high`, both possible.
    pub fn count(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low..=high.max(low))
    }

    /// Two independent standard normal numbers (Box and Muller).
    pub fn normal_pair(&mut self) -> (f64, f64) {
        let radius = (-2.0 * libm::log(1.0 - self.0.random::<f64>())).sqrt();
        let (sin, cos) = libm::sincos(self.angle());
        (radius * cos, radius * sin)
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        self.normal_pair().0
    }

    /// A Poisson count.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean > POISSON_NORMAL_MEAN {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let floor = libm::exp(-mean);
        let mut product = self.0.random::<f64>();
        let mut count = 0.0;
        while product > floor {
            product *= self.0.random::<f64>();
            count += 1.0;
        }
        count
    }

    /// One of `choices`, each with its weight; the first when all weights are nought.
    pub fn weighted<T: Copy, const N: usize>(&mut self, choices: &[(T, f64); N]) -> T {
        let total: f64 = choices.iter().map(|c| c.1).sum();
        let mut left = self.uniform(0.0, total);
        for &(choice, weight) in choices {
            left -= weight;
            if left < 0.0 {
                return choice;
            }
        }
        choices[0].0
    }
}
