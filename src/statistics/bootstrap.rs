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

#[cfg(test)]
mod tests {
    use super::super::planted::{close, field, population};
    use super::*;
    use crate::statistics::Field;

    fn pool(fields: impl IntoIterator<Item = Field>) -> Pool {
        Pool::of(&population(fields))
    }

    #[test]
    fn figures_of_few_particles_are_computed_by_hand() {
        let mut plain = field(&[20.0, 60.0, 100.0, 240.0]);
        plain.accepted[1].is_cup_shaped = true;
        // Twice as much weight for the largest: half of the places of the field are too near to its border.
        plain.accepted[3].width_px = 500_000.0;
        let (found, errors) = figures(&pool([plain, field(&[])])).unwrap();
        assert_eq!(found.unweighted.mean, 105.0);
        close(found.weighted.mean, (20.0 + 60.0 + 100.0 + 2.0 * 240.0) / 5.0, 0.1);
        assert_eq!(found.unweighted.quantiles, [20.0, 80.0, 240.0]);
        // Places in fifths: 0.5, 1.5, 2.5 and 4.
        close(found.weighted.quantiles[1], 100.0, 0.1);
        for (found, fifths) in found.shares.iter().zip([1.0, 2.0, 2.0, 2.0, 1.0]) {
            close(*found, fifths / 5.0, 1e-3);
        }
        close(found.per_um2, 5.0 / 2e6, 1e-8);
        assert!(errors.is_some());
        let (single, none) = figures(&pool([field(&[80.0])])).unwrap();
        assert_eq!((single.weighted.mean, none.is_none()), (80.0, true));
        assert!(figures(&pool([field(&[])])).is_none());
    }

    /// Diameters from 71 to 129 nm, in no order.
    fn diameters() -> Vec<f64> {
        (0..30).map(|i| 71.0 + 2.0 * f64::from(i * 7 % 30)).collect()
    }

    fn deviation(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
    }

    #[test]
    fn errors_are_those_of_sampling_theory() {
        // One particle in each of 30 images, 30 in one image: either way 30 things that are drawn.
        let sizes = diameters();
        let apart = pool(sizes.iter().map(|d| field(&[*d])));
        for pool in [apart, pool([field(&sizes)])] {
            let (_, errors) = figures(&pool).unwrap();
            let errors = errors.unwrap();
            // The standard error of a mean, relative to a mean of 100.
            let expected = deviation(&sizes) / 30f64.sqrt() / 100.0;
            for found in [errors.unweighted.mean, errors.weighted.mean] {
                close(found / expected, 1.0, 0.06);
            }
            // 50 to 150 nm holds all; below 30 is none.
            assert!(errors.shares[..4].iter().all(|e| *e < 1e-9), "{errors:?}");
        }
        // The standard error of a share of a third, and of a density of 1 or 4 in an image.
        let mut fields: Vec<Field> = (0..30).map(|i| field(&sizes[..if i % 2 == 0 { 1 } else { 4 }])).collect();
        let counts: Vec<f64> = fields.iter().map(|f| f.accepted.len() as f64).collect();
        let (_, errors) = figures(&pool(fields.clone())).unwrap();
        close(errors.unwrap().per_um2 / (deviation(&counts) / 30f64.sqrt() / 2.5), 1.0, 0.06);
        for (i, field) in fields.iter_mut().enumerate() {
            field.accepted.truncate(1);
            field.accepted[0].is_cup_shaped = i % 3 == 0;
        }
        let (found, errors) = figures(&pool(fields)).unwrap();
        close(found.shares[4], 1.0 / 3.0, 1e-9);
        close(errors.unwrap().shares[4] / (2.0f64 / 9.0 / 29.0).sqrt(), 1.0, 0.06);
    }

    #[test]
    fn empty_images_thin_the_density_and_leave_the_sizes_alone() {
        let filled = || (0..4).map(|i| field(&[70.0 + 20.0 * f64::from(i), 90.0]));
        let (alone, _) = figures(&pool(filled())).unwrap();
        let (among, errors) = figures(&pool(filled().chain((0..4).map(|_| field(&[]))))).unwrap();
        close(among.per_um2, alone.per_um2 / 2.0, 1e-9);
        assert_eq!((among.weighted.mean, among.weighted.quantiles), (alone.weighted.mean, alone.weighted.quantiles));
        assert!(errors.unwrap().per_um2 > 0.2);
    }
}
