//! How many particles it takes.

use super::Population;
use super::density::Density;
use super::interval::Z;

/// Half-width of the interval of D50 that is asked for, relative.
const PRECISION: f64 = 0.05;

/// Particles for D50 to be known to [`PRECISION`] either way, were more images taken like these: the error falls with the
/// square root of their number. `None` where there is too little to tell.
///
/// The error of D50 is that of the share of particles below it, by image, over the density there (R. S. Woodruff, Journal
/// of the American Statistical Association 47 (1952) 635). The bootstrap's own error of a median hangs on the few
/// particles next to it, and the number on the square of that: it would be wrong by factors.
pub(super) fn count_for_5_percent(population: &Population, d50_nm: f64) -> Option<usize> {
    let density = Density::new(&population.diameters_nm, &population.weights)?;
    let total: f64 = population.weights.iter().sum();
    // How much more of each unit lies below D50 than half.
    let excess = |i: usize| population.weights[i] * if population.diameters_nm[i] < d50_nm { 0.5 } else { -0.5 };
    let (squares, units) = if population.is_by_image() {
        let mut sums = vec![0.0; population.image_count()];
        (0..population.count()).for_each(|i| sums[population.image[i] as usize] += excess(i));
        (sums.iter().map(|sum| sum * sum).sum::<f64>(), population.filled_count())
    } else {
        ((0..population.count()).map(|i| excess(i).powi(2)).sum(), population.count())
    };
    let units = units as f64;
    let share_error = (squares * units / (units - 1.0)).sqrt() / total;
    let log_error = share_error / (density.per_nm(d50_nm) * d50_nm);
    let needed = population.count() as f64 * (Z * log_error / PRECISION).powi(2);
    (needed.is_finite() && needed > 0.0).then(|| needed.ceil() as usize)
}

#[cfg(test)]
mod tests {
    use super::super::planted::{field, population};
    use super::*;

    fn needed(images: &[&[f64]], squares: f64, units: f64) {
        let sample = population(images.iter().map(|d| field(d)));
        let count = sample.count() as f64;
        let density = Density::new(&sample.diameters_nm, &vec![1.0; sample.count()]).unwrap().per_nm(75.0) * 75.0;
        let error = (squares * units / (units - 1.0)).sqrt() / count / density;
        let expected = count * (1.959_964 * error / 0.05).powi(2);
        let found = count_for_5_percent(&sample, 75.0).unwrap() as f64;
        assert!((found - expected).abs() < 1.0 + 1e-4 * expected, "{found} {expected}");
        assert!(found.fract() == 0.0 && found > expected - 1e-3 * expected);
    }

    #[test]
    fn the_number_needed_follows_the_scatter_of_shares() {
        // Below and above 75 nm: 3 of 4, 1 of 2, 0 of 2, and nothing; excesses of 1, 0 and -1.
        needed(&[&[50.0, 60.0, 70.0, 80.0], &[60.0, 100.0], &[90.0, 120.0], &[]], 2.0, 3.0);
        // By particle, each is off by a half.
        needed(&[&[50.0, 60.0, 70.0, 80.0], &[60.0, 100.0]], 6.0 * 0.25, 6.0);
    }

    #[test]
    fn too_little_tells_no_number() {
        let of = |images: &[&[f64]]| count_for_5_percent(&population(images.iter().map(|d| field(d))), 75.0);
        assert_eq!((of(&[]), of(&[&[75.0]]), of(&[&[75.0, 75.0]])), (None, None, None));
        // Images that agree but for their weights leave next to no error to go by.
        assert_eq!(of(&[&[70.0, 80.0], &[70.0, 80.0], &[70.0, 80.0]]), Some(1));
        // With the same weights there is none at all.
        let mut alike = field(&[70.0, 80.0]);
        alike.accepted.iter_mut().for_each(|p| (p.width_px, p.height_px) = (10.0, 10.0));
        assert_eq!(count_for_5_percent(&population([alike.clone(), alike.clone(), alike]), 75.0), None);
    }
}
