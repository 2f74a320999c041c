//! How far the figures of a sample would scatter if it were taken again.
//!
//! Images are drawn with replacement, each with all its particles: particles of one field are not independent (A. C.
//! Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). With too few images particles
//! are drawn instead, which leaves the difference between fields out. Every resample has a random stream of its own, so
//! that the figures do not depend on the number of threads.

use super::Population;
use super::quantile::quantiles;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::borrow::Cow;

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

/// Sums over the particles of what is drawn as a whole: an image or a particle.
#[derive(Clone, Copy, Default)]
struct Unit {
    /// Which of those that are drawn it is.
    at: u32,
    count: u32,
    weight: f64,
    weighted_sum: f64,
    sum: f64,
    shares: [f64; SHARES],
}

/// The particles of a population by what they are drawn with.
struct Units<'a> {
    population: &'a Population,
    /// Of each particle.
    index: Cow<'a, [u32]>,
    /// What is seen in each of those that are drawn.
    areas_um2: Cow<'a, [f64]>,
    /// Those that have particles: most of the images of a thin sample have none.
    filled: Vec<Unit>,
}

impl<'a> Units<'a> {
    fn new(population: &'a Population) -> Self {
        let count = population.count();
        let (index, areas_um2): (Cow<[u32]>, Cow<[f64]>) = if population.is_by_image() {
            ((&population.image).into(), (&population.areas_um2).into())
        } else {
            // The density of particles drawn one by one is not asked for.
            let area_um2 = population.area_um2() / count.max(1) as f64;
            ((0..).take(count).collect::<Vec<u32>>().into(), vec![area_um2; count].into())
        };
        let mut filled: Vec<Unit> = filled(&index, areas_um2.len());
        for (particle, at) in index.iter().enumerate() {
            let Ok(place) = filled.binary_search_by_key(at, |unit| unit.at) else { continue };
            let (unit, diameter) = (&mut filled[place], population.diameters_nm[particle]);
            let weight = population.weights[particle];
            unit.weight += weight;
            unit.weighted_sum += weight * diameter;
            unit.count += 1;
            unit.sum += diameter;
            let is_in = RANGES.map(|(from, to)| from <= diameter && diameter < to);
            for (share, is_in) in unit.shares.iter_mut().zip(is_in.into_iter().chain([population.is_cup[particle]])) {
                *share += if is_in { weight } else { 0.0 };
            }
        }
        Self { population, index, areas_um2, filled }
    }

    /// How many there are to draw from.
    fn count(&self) -> usize {
        self.areas_um2.len()
    }

    /// The figures with every unit taken so many times; `None` without a particle.
    fn figures(&self, times: &[Times]) -> Option<Figures> {
        let area_um2: f64 = self.areas_um2.iter().zip(times).map(|(area, &times)| f64::from(times) * area).sum();
        let (mut all, mut count) = (Unit::default(), 0.0);
        for unit in &self.filled {
            let times = f64::from(times[unit.at as usize]);
            all.weight += times * unit.weight;
            all.weighted_sum += times * unit.weighted_sum;
            count += times * f64::from(unit.count);
            all.sum += times * unit.sum;
            all.shares.iter_mut().zip(unit.shares).for_each(|(sum, share)| *sum += times * share);
        }
        let drawn = || {
            let times = self.index.iter().map(|&at| u32::from(times[at as usize]));
            self.population.diameters_nm.iter().copied().zip(times)
        };
        let weighted = drawn().zip(&self.population.weights).map(|((diameter, times), &w)| (diameter, w, times));
        let unweighted = drawn().map(|(diameter, times)| (diameter, 1.0, times));
        Some(Figures {
            weighted: Sizes {
                quantiles: quantiles(weighted, all.weight, QUANTILES)?,
                mean: all.weighted_sum / all.weight,
            },
            unweighted: Sizes { quantiles: quantiles(unweighted, count, QUANTILES)?, mean: all.sum / count },
            shares: all.shares.map(|share| (share / all.weight).min(1.0)),
            per_um2: all.weight / area_um2,
        })
    }
}

/// Units without a sum yet: those among so many that have a particle, in order.
fn filled(index: &[u32], count: usize) -> Vec<Unit> {
    let mut is_filled = vec![false; count];
    index.iter().for_each(|&at| is_filled[at as usize] = true);
    let of = (0..).zip(&is_filled).filter(|(_, is_filled)| **is_filled).map(|(at, _)| Unit { at, ..Unit::default() });
    let mut filled = Vec::with_capacity(is_filled.iter().filter(|is_filled| **is_filled).count());
    filled.extend(of);
    filled
}

/// How often one unit is drawn: of so many draws as there are units hardly ever more than ten times, and 255 times with a
/// chance of 1 in 255! at most.
type Times = u8;

/// The figures of a sample, and their standard errors; `None` without a particle, no errors with a single one.
pub(super) fn figures(population: &Population) -> Option<(Figures, Option<Errors>)> {
    let units = Units::new(population);
    let figures = units.figures(&vec![1; units.count()])?;
    // Images without a particle take no part in the scatter of sizes.
    let filled = if population.is_by_image() { population.filled_count() } else { population.count() };
    if filled < 2 {
        return Some((figures, None));
    }
    let draw = |number: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        rng.set_stream(number as u64);
        let mut times: Vec<Times> = vec![0; units.count()];
        for _ in 0..times.len() {
            let drawn = &mut times[rng.random_range(0..units.count())];
            *drawn = drawn.saturating_add(1);
        }
        units.figures(&times)
    };
    let draws: Vec<Figures> = (0..RESAMPLES).into_par_iter().filter_map(draw).collect();
    // The mean square deviation of n drawn from n is (n-1)/n of that of a sample from the whole.
    let widen = (filled as f64 / (filled as f64 - 1.0)).sqrt();
    let error = |of: &dyn Fn(&Figures) -> f64| widen * scatter(&draws, of);
    let sizes = |of: fn(&Figures) -> &Sizes| Sizes {
        quantiles: [0, 1, 2].map(|i| error(&|f| libm::log(of(f).quantiles[i]))),
        mean: error(&|f| libm::log(of(f).mean)),
    };
    let errors = Errors {
        weighted: sizes(|f| &f.weighted),
        unweighted: sizes(|f| &f.unweighted),
        shares: std::array::from_fn(|i| error(&|f| f.shares[i])),
        per_um2: error(&|f| libm::log(f.per_um2)),
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

    #[test]
    fn figures_of_few_particles_are_computed_by_hand() {
        let mut plain = field(&[20.0, 60.0, 100.0, 240.0]);
        plain.accepted[1].is_cup_shaped = true;
        // Twice as much weight for the largest: half of the places of the field are too near to its border.
        plain.accepted[3].width_px = 500_000.0;
        let (found, errors) = figures(&population([plain, field(&[])])).unwrap();
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
        let (single, none) = figures(&population([field(&[80.0])])).unwrap();
        assert_eq!((single.weighted.mean, none.is_none()), (80.0, true));
        assert!(figures(&population([field(&[])])).is_none());
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
        let apart = population(sizes.iter().map(|d| field(&[*d])));
        for sample in [apart, population([field(&sizes)])] {
            let (_, errors) = figures(&sample).unwrap();
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
        let (_, errors) = figures(&population(fields.clone())).unwrap();
        close(errors.unwrap().per_um2 / (deviation(&counts) / 30f64.sqrt() / 2.5), 1.0, 0.06);
        for (i, field) in fields.iter_mut().enumerate() {
            field.accepted.truncate(1);
            field.accepted[0].is_cup_shaped = i % 3 == 0;
        }
        let (found, errors) = figures(&population(fields)).unwrap();
        close(found.shares[4], 1.0 / 3.0, 1e-9);
        close(errors.unwrap().shares[4] / (2.0f64 / 9.0 / 29.0).sqrt(), 1.0, 0.06);
    }

    #[test]
    fn empty_images_thin_the_density_and_leave_the_sizes_alone() {
        let filled = || (0..4).map(|i| field(&[70.0 + 20.0 * f64::from(i), 90.0]));
        let (alone, _) = figures(&population(filled())).unwrap();
        let (among, errors) = figures(&population(filled().chain((0..4).map(|_| field(&[]))))).unwrap();
        close(among.per_um2, alone.per_um2 / 2.0, 1e-9);
        assert_eq!((among.weighted.mean, among.weighted.quantiles), (alone.weighted.mean, alone.weighted.quantiles));
        assert!(errors.unwrap().per_um2 > 0.2);
    }
}
