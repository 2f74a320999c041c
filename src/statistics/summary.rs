//! The figures of a sample.

use super::Population;
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
    pub sd: f64,
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
    /// Weighted: below 30, 30 to 200, 50 to 150, above 200 nm.
    pub size_shares: Vec<Share>,
    /// Weighted: particles with a cup.
    pub cup_share: Option<Estimate>,
    /// Particles that it takes in all for D50 to be known to 5 % either way, and how many more that are.
    pub count_for_5_percent: Option<usize>,
    pub more_for_5_percent: Option<usize>,
    /// Resamples, and what was resampled: `images`, or `particles` where there are too few images.
    pub resample_count: usize,
    pub resampled: String,
    /// In plain words.
    pub warnings: Vec<String>,
}

/// The figures of a population.
pub fn summarize(population: &Population) -> Summary {
    let scaled = population.fields.iter().filter(|field| field.pixel_size.is_some());
    Summary {
        image_count: scaled.clone().count(),
        count: scaled.map(|field| field.accepted.len()).sum(),
        ..Summary::default()
    }
}
