//! The sizes and shapes of a sample as the charts take them: each particle with what it counts for.

use crate::statistics::{Population, weights};

/// Accepted particles of the images with a pixel size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Particles {
    /// By rising diameter.
    pub all: Vec<Weighted>,
}

/// One particle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted {
    pub diameter_nm: f64,
    /// By Miles and Lantuejoul.
    pub weight: f64,
    pub circularity: f64,
    pub aspect_ratio: f64,
    pub cup_depth: Option<f64>,
}

impl Particles {
    /// Takes those of a population.
    pub fn of(population: &Population) -> Self {
        let mut all = Vec::new();
        for field in population.fields.iter().filter(|field| field.pixel_size.is_some()) {
            for (p, weight) in field.accepted.iter().zip(weights(field)) {
                if p.diameter.is_finite() && p.diameter > 0.0 {
                    all.push(Weighted {
                        diameter_nm: p.diameter,
                        weight,
                        circularity: p.circularity,
                        aspect_ratio: p.aspect_ratio,
                        cup_depth: p.cup_depth,
                    });
                }
            }
        }
        all.sort_by(|a, b| a.diameter_nm.total_cmp(&b.diameter_nm).then(a.weight.total_cmp(&b.weight)));
        Self { all }
    }

    /// Diameters, nm, rising.
    pub fn diameters_nm(&self) -> Vec<f64> {
        self.all.iter().map(|p| p.diameter_nm).collect()
    }

    /// What each counts for.
    pub fn weights(&self) -> Vec<f64> {
        self.all.iter().map(|p| p.weight).collect()
    }
}

/// A histogram: bars of one width, as shares of the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    pub width: f64,
    pub bins: Vec<Bin>,
}

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    pub from: f64,
    /// Particles in it.
    pub count: usize,
    /// Weighted share of all.
    pub share: f64,
}

/// Most bars of a chart: more could not be told apart.
const BINS_MAX: f64 = 80.0;

impl Histogram {
    /// Bars as wide as the rule of D. Freedman and P. Diaconis (1981) says: twice the interquartile range over the cube root
    /// of the number, rounded to 1, 2 or 5 times a power of ten. `None` without a value.
    pub fn new(values: &[(f64, f64)]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().map(|v| v.0).filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let quartile = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
        let rule = 2.0 * (quartile(0.75) - quartile(0.25)) / (sorted.len() as f64).cbrt();
        let width = round(rule.max((last - first) / BINS_MAX).max(1e-3 * last.abs()).max(1e-9));
        let start = (first / width).floor();
        let count = ((last / width).floor() - start) as usize + 1;
        let mut bins: Vec<Bin> =
            (0..count).map(|i| Bin { from: (start + i as f64) * width, count: 0, share: 0.0 }).collect();
        let total: f64 = values.iter().filter(|v| v.0.is_finite()).map(|v| v.1).sum();
        for (value, weight) in values.iter().filter(|v| v.0.is_finite()) {
            let bin = &mut bins[(((value / width).floor() - start) as usize).min(count - 1)];
            bin.count += 1;
            bin.share += weight / total;
        }
        Some(Self { width, bins })
    }

    /// The largest share.
    pub fn share_max(&self) -> f64 {
        self.bins.iter().map(|bin| bin.share).fold(0.0, f64::max)
    }
}

/// The next of 1, 2 or 5 times a power of ten, on the scale of factors.
fn round(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let near = |m: &f64| (m * power / value).ln().abs();
    [1.0, 2.0, 5.0, 10.0].into_iter().min_by(|a, b| near(a).total_cmp(&near(b))).unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_every_particle_once() {
        let values: Vec<(f64, f64)> = (0..1000).map(|i| (40.0 + f64::from(i * 37 % 997) / 7.0, 1.0)).collect();
        let histogram = Histogram::new(&values).unwrap();
        assert_eq!(histogram.bins.iter().map(|bin| bin.count).sum::<usize>(), 1000);
        assert!((histogram.bins.iter().map(|bin| bin.share).sum::<f64>() - 1.0).abs() < 1e-12);
        // The interquartile range is 71, so that the rule says 14.2, which is nearer to 20 than to 10 by its factor.
        assert_eq!((histogram.width, histogram.bins[0].from), (20.0, 40.0));
        assert_eq!(Histogram::new(&[(5.0, 1.0)]).unwrap().bins.len(), 1);
        assert_eq!(Histogram::new(&[(0.0, 1.0), (0.0, 2.0)]).unwrap().bins.len(), 1);
        assert_eq!(Histogram::new(&[]), None);
    }
}
