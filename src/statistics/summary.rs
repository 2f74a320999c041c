//! The figures of a sample.

use super::Population;
use super::bootstrap::{self, Errors, Figures, RANGES, RESAMPLES, SHARES, Sizes};
use super::counts::counts;
use super::density::mode_nm;
use super::interval;
use super::lognormal;
use super::moments::{effective_count, mean, standard_deviation};
use super::needed;
use super::warnings::warnings;
use serde::{Deserialize, Serialize};

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    /// 95 % interval; `None` where there is too little to tell.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Figures of a distribution of diameters, nm.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Distribution {
    pub d10_nm: Option<Estimate>,
    pub d50_nm: Option<Estimate>,
    pub d90_nm: Option<Estimate>,
    /// Of the kernel density.
    pub mode_nm: Option<f64>,
    pub mean_nm: Option<Estimate>,
    pub sd_nm: Option<f64>,
    pub geometric_mean_nm: Option<f64>,
    /// Ratio, at least 1.
    pub geometric_sd: Option<f64>,
    /// (D90 - D10) / D50.
    pub span: Option<f64>,
    pub lognormal: Option<Lognormal>,
}

/// A lognormal distribution fitted by maximum likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lognormal {
    /// Count median diameter, exp(mu).
    pub median_nm: f64,
    pub median_standard_error_nm: f64,
    /// Geometric standard deviation, exp(sigma).
    pub geometric_sd: f64,
    pub geometric_sd_standard_error: f64,
    /// Largest distance of the cumulative distributions (Kolmogorov-Smirnov), 0 to 1.
    pub distance: f64,
}

/// Share of the particles in a range of diameters, or of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub name: String,
    /// From (inclusive) and to (exclusive), nm; `None` for no limit.
    pub from_nm: Option<f64>,
    pub to_nm: Option<f64>,
    /// 0 to 1.
    pub share: Estimate,
}

/// How many particles the images have.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Per image.
    pub mean: f64,
    /// `None` with one image.
    pub sd: Option<f64>,
    pub median: f64,
    /// Variance over mean: 1 for particles scattered at random, more for clusters; `None` without particles or with one
    /// image.
    pub dispersion_index: Option<f64>,
    /// Share of images without a particle.
    pub empty_share: f64,
}

/// The figures of a sample: of accepted particles in images with a pixel size.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Images that were analysed and have a pixel size, and those that have none.
    pub image_count: usize,
    pub unscaled_image_count: usize,
    pub failed_image_count: usize,
    /// Accepted particles, and vesicles that are cut off and left out.
    pub count: usize,
    pub border_count: usize,
    /// Area of the specimen that was seen, µm².
    pub area_um2: f64,
    /// Each particle weighted by how likely one of its size is whole in the picture (Miles and Lantuejoul).
    pub weighted: Distribution,
    /// Each particle counted once.
    pub unweighted: Distribution,
    /// Largest weight; above 4 the weighted figures rest on few particles.
    pub weight_max: Option<f64>,
    pub per_um2: Option<Estimate>,
    pub per_image: Counts,
    /// Weighted: below 30, 30 to 200, 50 to 150, 200 nm and above.
    pub size_shares: Vec<Share>,
    /// Weighted: particles with a cup.
    pub cup_share: Option<Estimate>,
    /// Particles that it takes in all for D50 to be known to 5 % either way, and how many more that are.
    pub count_for_5_percent: Option<usize>,
    pub more_for_5_percent: Option<usize>,
    /// Of Student's t in the intervals of sizes and shares: effective number of images (or particles) less one.
    pub degrees_of_freedom: Option<f64>,
    /// Resamples, and what was resampled: `images`, or `particles` where there are too few images.
    pub resample_count: usize,
    pub resampled: String,
    /// In plain words.
    pub warnings: Vec<String>,
}

/// The figures of a population.
pub fn summarize(population: &Population) -> Summary {
    let found = bootstrap::figures(population);
    let (figures, errors) = (found.map(|f| f.0), found.and_then(|f| f.1));
    let weights = &population.weights;
    let freedom =
        if population.is_by_image() { population.image_weights.effective_count() } else { effective_count(weights) }
            - 1.0;
    let shares = figures.map(|figures| {
        let count = effective_count(weights);
        std::array::from_fn(|i| interval::share(figures.shares[i], errors.map(|e| e.shares[i]), freedom, count))
    });
    let count_for_5_percent = figures.and_then(|f| needed::count_for_5_percent(population, f.weighted.quantiles[1]));
    let told = |weights: &[f64], of: fn(&Figures) -> Sizes, error: fn(&Errors) -> Sizes| {
        distribution(&population.diameters_nm, weights, figures.as_ref().map(of), errors.as_ref().map(error), freedom)
    };
    let mut summary = Summary {
        image_count: population.image_count(),
        unscaled_image_count: population.unscaled_count,
        failed_image_count: population.failed_count,
        count: population.count(),
        border_count: population.scaled_border_count,
        area_um2: population.area_um2(),
        weighted: told(weights, |f| f.weighted, |e| e.weighted),
        unweighted: told(&vec![1.0; population.count()], |f| f.unweighted, |e| e.unweighted),
        weight_max: weights.iter().copied().reduce(f64::max),
        per_um2: density(population, errors),
        per_image: counts(&population.image_counts),
        size_shares: shares.map(size_shares).unwrap_or_default(),
        cup_share: shares.and_then(|shares: [Estimate; SHARES]| shares.last().copied()),
        count_for_5_percent,
        more_for_5_percent: count_for_5_percent.map(|count| count.saturating_sub(population.count())),
        degrees_of_freedom: errors.map(|_| freedom),
        resample_count: errors.map_or(0, |_| RESAMPLES),
        resampled: if population.is_by_image() { "images" } else { "particles" }.into(),
        warnings: Vec::new(),
    };
    summary.warnings = warnings(population, &summary);
    summary
}

/// What is told of the diameters with the given weights.
fn distribution(
    diameters: &[f64],
    weights: &[f64],
    sizes: Option<Sizes>,
    errors: Option<Sizes>,
    freedom: f64,
) -> Distribution {
    let Some(sizes) = sizes else { return Distribution::default() };
    let logs: Vec<f64> = diameters.iter().map(|d| libm::log(*d)).collect();
    let quantile = |i: usize| interval::positive(sizes.quantiles[i], errors.map(|e| e.quantiles[i]), freedom);
    let [d10, d50, d90] = sizes.quantiles;
    Distribution {
        d10_nm: Some(quantile(0)),
        d50_nm: Some(quantile(1)),
        d90_nm: Some(quantile(2)),
        mode_nm: mode_nm(diameters, weights),
        mean_nm: Some(interval::positive(sizes.mean, errors.map(|e| e.mean), freedom)),
        sd_nm: standard_deviation(diameters, weights),
        geometric_mean_nm: mean(&logs, weights).map(libm::exp),
        geometric_sd: standard_deviation(&logs, weights).map(libm::exp),
        span: (diameters.len() > 1).then(|| (d90 - d10) / d50),
        lognormal: lognormal::fit(diameters, weights),
    }
}

/// Particles per µm², with an interval by image; with too few images that of particles scattered at random (Poisson).
fn density(population: &Population, errors: Option<Errors>) -> Option<Estimate> {
    let area = population.area_um2();
    let value = population.weights.iter().sum::<f64>() / area;
    (area > 0.0).then(|| {
        if population.is_by_image() {
            interval::positive(value, errors.map(|e| e.per_um2), effective_count(&population.areas_um2) - 1.0)
        } else {
            interval::positive(value, Some(libm::pow(effective_count(&population.weights), -0.5)), f64::MAX)
        }
    })
}

fn size_shares(shares: [Estimate; SHARES]) -> Vec<Share> {
    let name = |(from, to): (f64, f64)| match (from > 0.0, to.is_finite()) {
        (false, _) => format!("below {to} nm"),
        (true, false) => format!("{from} nm and above"),
        (true, true) => format!("{from} to {to} nm"),
    };
    let share = |(range, share): ((f64, f64), Estimate)| Share {
        name: name(range),
        from_nm: Some(range.0).filter(|from| *from > 0.0),
        to_nm: Some(range.1).filter(|to| to.is_finite()),
        share,
    };
    RANGES.into_iter().zip(shares).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::super::planted::{close, field, population};
    use super::*;

    #[test]
    fn a_summary_tells_what_there_is() {
        let mut fields = vec![field(&[60.0, 80.0]), field(&[100.0, 120.0]), field(&[70.0]), field(&[])];
        fields.iter_mut().for_each(|field| field.border_count = 3);
        fields.push(crate::statistics::Field { pixel_size: None, ..field(&[50.0]) });
        let found = summarize(&Population { failed_count: 2, ..population(fields) });
        assert_eq!((found.image_count, found.unscaled_image_count, found.failed_image_count), (4, 1, 2));
        assert_eq!((found.count, found.border_count, found.resampled.as_str()), (5, 12, "images"));
        assert_eq!((found.per_image.mean, found.resample_count), (1.25, RESAMPLES));
        // Images of 2, 2 and 1 particles: 25 / 9 of them.
        close(found.degrees_of_freedom.unwrap(), 25.0 / 9.0 - 1.0, 1e-3);
        let sizes = &found.unweighted;
        let [d10, d50, d90] = [sizes.d10_nm, sizes.d50_nm, sizes.d90_nm].map(|d| d.unwrap().value);
        assert_eq!([d10, d50, d90], [60.0, 80.0, 120.0]);
        close(sizes.span.unwrap(), 60.0 / 80.0, 1e-12);
        close(sizes.sd_nm.unwrap(), 580f64.sqrt(), 1e-9);
        close(sizes.geometric_mean_nm.unwrap(), libm::pow(60.0 * 80.0 * 100.0 * 120.0 * 70.0, 0.2), 1e-9);
        assert!(sizes.geometric_sd.unwrap() > 1.0 && sizes.mode_nm.is_some() && sizes.lognormal.is_some());
        let density = found.per_um2.unwrap();
        close(density.value, 5.0 / 4e6, 1e-9);
        assert!(density.low.unwrap() < density.value && density.value < density.high.unwrap());
        let names: Vec<&str> = found.size_shares.iter().map(|share| share.name.as_str()).collect();
        assert_eq!(names, ["below 30 nm", "30 to 200 nm", "50 to 150 nm", "200 nm and above"]);
        let limits: Vec<_> = found.size_shares.iter().map(|share| (share.from_nm, share.to_nm)).collect();
        assert_eq!(
            limits,
            [(None, Some(30.0)), (Some(30.0), Some(200.0)), (Some(50.0), Some(150.0)), (Some(200.0), None)]
        );
        assert_eq!(found.cup_share.unwrap().value, 0.0);
    }

    #[test]
    fn the_density_of_few_images_is_that_of_scattered_particles() {
        let found = summarize(&population([field(&[60.0, 80.0, 90.0, 100.0])]));
        let density = found.per_um2.unwrap();
        close(density.high.unwrap() / density.value, libm::exp(1.959_964f64 / 2.0), 1e-3);
        close(found.degrees_of_freedom.unwrap(), 3.0, 1e-3);
        assert_eq!((found.unweighted.span.is_some(), found.resampled.as_str()), (true, "particles"));
        let single = summarize(&population([field(&[60.0])]));
        assert_eq!((single.unweighted.span, single.degrees_of_freedom, single.resample_count), (None, None, 0));
        assert_eq!(summarize(&population([])).per_um2, None);
    }
}
