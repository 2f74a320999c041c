//! How far the figures of a sample would scatter if it were taken again.
//!
//! Images are drawn with replacement, each with all its particles: particles of one field are not independent (A. C.
//! Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). With too few images particles
//! are drawn instead, which leaves the difference between fields out. Every resample has a random stream of its own, so
//! that the figures do not depend on the number of threads.

use super::pool::Pool;
use super::quantile::quantiles;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Resamples: their standard deviation is within 1.6 % of that of endlessly many.
pub const RESAMPLES: usize = 2000;
/// Where the random numbers start, the same in every run; the number of the standard of image analysis, ISO 13322.
const SEED: u64 = 13322;
/// Shares of the particles below the quantiles: D10, D50, D90.
pub(super) const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];
/// Ranges of diameters whose shares are told, from (inclusive) and to (exclusive), nm.
pub(super) const RANGES: [(f64, f64); 4] = [(0.0, 30.0), (30.0, 200.0), (50.0, 150.0), (200.0, f64::INFINITY)];
/// The ranges, and particles with a cup.
pub(super) const SHARES: usize = RANGES.len() + 1;

/// Figures of a sample or a resample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub weighted: Sizes,
    pub unweighted: Sizes,
    /// Weighted shares of [`RANGES`], and of particles with a cup.
    pub shares: [f64; SHARES],
    pub per_um2: f64,
}

/// Of diameters, nm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub quantiles: [f64; 3],
    pub mean: f64,
}

/// Standard errors of [`Figures`]: of the logarithms of sizes and density, of the shares themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errors {
    pub weighted: Sizes,
    pub unweighted: Sizes,
    pub shares: [f64; SHARES],
    pub per_um2: f64,
}

/// What is drawn as a whole: an image or a particle.
#[derive(Clone, Copy, Default)]
struct Unit {
    area_um2: f64,
    weight: f64,
    weighted_sum: f64,
    count: f64,
    sum: f64,
    shares: [f64; SHARES],
}

/// The particles of a pool by what they are drawn with.
struct Units<'a> {
    pool: &'a Pool,
    /// Of each particle.
    index: Vec<usize>,
    units: Vec<Unit>,
}

impl<'a> Units<'a> {
    fn new(pool: &'a Pool) -> Self {
        let by_image = pool.is_by_image();
        let index = if by_image { pool.image.clone() } else { (0..pool.count()).collect() };
        let mut units = if by_image {
            pool.images.iter().map(|i| Unit { area_um2: i.area_um2, ..Unit::default() }).collect()
        } else {
            // The density of particles drawn one by one is not asked for.
            vec![Unit { area_um2: pool.area_um2() / pool.count().max(1) as f64, ..Unit::default() }; pool.count()]
        };
        for (particle, &at) in index.iter().enumerate() {
            let (unit, diameter) = (&mut units[at], pool.diameters_nm[particle]);
            let weight = pool.weights[particle];
            unit.weight += weight;
            unit.weighted_sum += weight * diameter;
            unit.count += 1.0;
            unit.sum += diameter;
            let is_in = RANGES.map(|(from, to)| from <= diameter && diameter < to);
            for (share, is_in) in unit.shares.iter_mut().zip(is_in.into_iter().chain([pool.is_cup[particle]])) {
                *share += if is_in { weight } else { 0.0 };
            }
        }
        Self { pool, index, units }
    }

    /// The figures with every unit taken so many times; `None` without a particle.
    fn figures(&self, times: &[u32]) -> Option<Figures> {
        let mut all = Unit::default();
        for (unit, &times) in self.units.iter().zip(times) {
            let times = f64::from(times);
            all.area_um2 += times * unit.area_um2;
            all.weight += times * unit.weight;
            all.weighted_sum += times * unit.weighted_sum;
            all.count += times * unit.count;
            all.sum += times * unit.sum;
            all.shares.iter_mut().zip(unit.shares).for_each(|(sum, share)| *sum += times * share);
        }
        let of = |weights: &[f64], total| {
            let particles = self.pool.diameters_nm.iter().zip(weights).zip(&self.index);
            quantiles(particles.map(|((diameter, weight), &at)| (*diameter, *weight, times[at])), total, QUANTILES)
        };
        Some(Figures {
            weighted: Sizes { quantiles: of(&self.pool.weights, all.weight)?, mean: all.weighted_sum / all.weight },
            unweighted: Sizes { quantiles: of(&self.pool.ones, all.count)?, mean: all.sum / all.count },
            shares: all.shares.map(|share| (share / all.weight).min(1.0)),
            per_um2: all.weight / all.area_um2,
        })
    }
}

/// The figures of a sample, and their standard errors; `None` without a particle, no errors with a single one.
pub(super) fn figures(pool: &Pool) -> Option<(Figures, Option<Errors>)> {
    let units = Units::new(pool);
    let figures = units.figures(&vec![1; units.units.len()])?;
    // Images without a particle take no part in the scatter of sizes.
    let filled = if pool.is_by_image() { pool.filled_count() } else { pool.count() };
    if filled < 2 {
        return Some((figures, None));
    }
    let draw = |number: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        rng.set_stream(number as u64);
        let mut times = vec![0; units.units.len()];
        (0..times.len()).for_each(|_| times[rng.random_range(0..units.units.len())] += 1);
        units.figures(&times)
    };
    let draws: Vec<Figures> = (0..RESAMPLES).into_par_iter().filter_map(draw).collect();
    // The mean square deviation of n drawn from n is (n-1)/n of that of a sample from the whole.
    let widen = (filled as f64 / (filled as f64 - 1.0)).sqrt();
    let error = |of: &dyn Fn(&Figures) -> f64| widen * scatter(&draws, of);
    let sizes = |of: fn(&Figures) -> &Sizes| Sizes {
        quantiles: [0, 1, 2].map(|i| error(&|f| of(f).quantiles[i].ln())),
        mean: error(&|f| of(f).mean.ln()),
    };
    let errors = Errors {
        weighted: sizes(|f| &f.weighted),
        unweighted: sizes(|f| &f.unweighted),
        shares: std::array::from_fn(|i| error(&|f| f.shares[i])),
        per_um2: error(&|f| f.per_um2.ln()),
    };
    Some((figures, Some(errors)))
}

/// Standard deviation of a figure over resamples.
fn scatter(draws: &[Figures], of: &dyn Fn(&Figures) -> f64) -> f64 {
    let count = draws.len().max(1) as f64;
    let mean = draws.iter().map(of).sum::<f64>() / count;
    (draws.iter().map(|f| (of(f) - mean).powi(2)).sum::<f64>() / count).sqrt()
}
