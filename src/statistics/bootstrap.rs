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
