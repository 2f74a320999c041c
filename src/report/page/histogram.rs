//! Histograms of the sizes and shapes of a sample.

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
    /// Bars of values with what they weigh, as wide as the rule of D. Freedman and P. Diaconis (1981) says: twice the interquartile range over the cube root
    /// of the number, rounded to 1, 2 or 5 times a power of ten. `None` without a value.
    pub fn new(values: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let values = || values.clone().filter(|(value, _)| value.is_finite());
        let mut sorted: Vec<f64> = values().map(|(value, _)| value).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let quartile = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
        let rule = 2.0 * (quartile(0.75) - quartile(0.25)) / libm::cbrt(sorted.len() as f64);
        let width = round(rule.max((last - first) / BINS_MAX).max(1e-3 * last.abs()).max(1e-9));
        let start = (first / width).floor();
        let count = ((last / width).floor() - start) as usize + 1;
        let mut bins: Vec<Bin> =
            (0..count).map(|i| Bin { from: (start + i as f64) * width, count: 0, share: 0.0 }).collect();
        let total: f64 = values().map(|(_, weight)| weight).sum();
        for (value, weight) in values() {
            let bin = &mut bins[(((value / width).floor() - start) as usize).min(count - 1)];
            bin.count += 1;
            bin.share += weight / total;
        }
        Some(Self { width, bins })
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// The largest share.
    pub fn share_max(&self) -> f64 {
        self.bins.iter().map(|bin| bin.share).fold(0.0, f64::max)
    }
}

/// The next of 1, 2 or 5 times a power of ten, on the scale of factors.
fn round(value: f64) -> f64 {
    let power = 10f64.powi(libm::log10(value).floor() as i32);
    let near = |m: &f64| libm::log(m * power / value).abs();
    [1.0, 2.0, 5.0, 10.0].into_iter().min_by(|a, b| near(a).total_cmp(&near(b))).unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_every_particle_once() {
        let values: Vec<(f64, f64)> = (0..1000).map(|i| (40.0 + f64::from(i * 37 % 997) / 7.0, 1.0)).collect();
        let histogram = Histogram::new(values.into_iter()).unwrap();
        assert_eq!(histogram.bins.iter().map(|bin| bin.count).sum::<usize>(), 1000);
        assert!((histogram.bins.iter().map(|bin| bin.share).sum::<f64>() - 1.0).abs() < 1e-12);
        // The interquartile range is 71, so that the rule says 14.2, which is nearer to 20 than to 10 by its factor.
        assert_eq!((histogram.width, histogram.bins[0].from), (20.0, 40.0));
        assert_eq!(Histogram::new([(5.0, 1.0)].into_iter()).unwrap().bins.len(), 1);
        assert_eq!(Histogram::new([(0.0, 1.0), (0.0, 2.0)].into_iter()).unwrap().bins.len(), 1);
        assert_eq!(Histogram::new([].into_iter()), None);
    }
}
