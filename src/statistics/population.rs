//! All particles of a sample side by side, with what each counts for and which image it lies in, and totals of the images.

use super::Sized;
use super::moments::Squares;
use crate::measure::Class;
use std::collections::BTreeMap;

/// Fewest images with particles that are resampled as wholes: two say next to nothing about the difference between fields.
pub(super) const IMAGES_MIN: usize = 3;

/// All images of a run, and the accepted particles of those with a pixel size by rising diameter: column by column, because
/// resampling goes through one or two of them thousands of times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Population {
    /// Images that failed, and those that were analysed but have no pixel size.
    pub failed_count: usize,
    pub unscaled_count: usize,
    /// Accepted particles, and vesicles that are cut off, of all images.
    pub accepted_count: usize,
    pub border_count: usize,
    /// Rejected candidates by class, in the order of [`Class::ALL`].
    pub rejected: [usize; Class::ALL.len()],
    /// Pixel sizes of the images that have one.
    pub pixel_nm: Spread,
    pub diameters_nm: Vec<f64>,
    /// By Miles and Lantuejoul.
    pub weights: Vec<f64>,
    pub circularities: Vec<f64>,
    pub aspect_ratios: Vec<f64>,
    /// NaN where a person drew the outline.
    pub cup_depths: Vec<f64>,
    pub(super) is_cup: Vec<bool>,
    /// Place of the particle's image in [`Population::areas_um2`].
    pub(super) image: Vec<u32>,
    /// What is seen of the specimen in each image with a pixel size, in the order of the run.
    pub(super) areas_um2: Vec<f64>,
    /// How many images with a pixel size have so many particles.
    pub(super) image_counts: BTreeMap<usize, usize>,
    /// Sums of the weights of the particles of each image with a pixel size.
    pub(super) image_weights: Squares,
    /// Vesicles that are cut off, of images with a pixel size.
    pub(super) scaled_border_count: usize,
    /// Particles whose weight was capped.
    pub(super) capped_count: usize,
}

/// Smallest, largest and mean of what occurs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub low: f64,
    pub high: f64,
    sum: f64,
    count: usize,
}

impl Default for Spread {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: 0.0, sum: 0.0, count: 0 }
    }
}

impl Spread {
    pub(super) fn add(&mut self, value: f64) {
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
        self.sum += value;
        self.count += 1;
    }

    /// `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl Population {
    /// Number of sized particles.
    pub fn count(&self) -> usize {
        self.diameters_nm.len()
    }

    /// Images with a pixel size.
    pub(super) fn image_count(&self) -> usize {
        self.areas_um2.len()
    }

    pub(super) fn area_um2(&self) -> f64 {
        self.areas_um2.iter().sum()
    }

    /// Images with at least one particle.
    pub(super) fn filled_count(&self) -> usize {
        self.image_count() - self.image_counts.get(&0).copied().unwrap_or(0)
    }

    /// Whether there are enough images to resample them as wholes.
    pub(super) fn is_by_image(&self) -> bool {
        self.filled_count() >= IMAGES_MIN
    }

    pub(super) fn push(&mut self, particle: &Sized, weight: f64, image: u32) {
        self.diameters_nm.push(particle.diameter);
        self.weights.push(weight);
        self.circularities.push(particle.circularity);
        self.aspect_ratios.push(particle.aspect_ratio);
        self.cup_depths.push(particle.cup_depth.unwrap_or(f64::NAN));
        self.is_cup.push(particle.is_cup_shaped);
        self.image.push(image);
    }

    /// Particles by rising diameter. Weights and images break ties, so that the order of the files changes no last digit.
    pub(super) fn sorted(mut self) -> Self {
        let (diameters, weights) = (&self.diameters_nm, &self.weights);
        let mut order: Vec<u32> = (0..u32::try_from(self.count()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (a as usize, b as usize);
            diameters[a].total_cmp(&diameters[b]).then(weights[a].total_cmp(&weights[b]))
        });
        let numbers = [
            &mut self.diameters_nm,
            &mut self.weights,
            &mut self.circularities,
            &mut self.aspect_ratios,
            &mut self.cup_depths,
        ];
        numbers.into_iter().for_each(|column| arrange(column, &order));
        arrange(&mut self.is_cup, &order);
        arrange(&mut self.image, &order);
        self.areas_um2.shrink_to_fit();
        self
    }
}

/// Puts a column into an order, with no room to spare.
fn arrange<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
    *column = order.iter().map(|&i| column[i as usize]).collect();
}

#[cfg(test)]
mod tests {
    use super::super::planted::{close, disc, field, population};
    use super::*;
    use crate::statistics::{Field, WEIGHT_MAX};
    use crate::units::PixelSize;

    #[test]
    fn a_population_holds_what_has_a_size_by_rising_diameter() {
        let mut first = field(&[30.0, f64::NAN, 10.0, 0.0, -4.0, f64::INFINITY]);
        first.size_px = (200, 100);
        first.pixel_size = Some(PixelSize { x_nm: 2.0, y_nm: 0.5 });
        first.accepted[0] = Sized { is_cup_shaped: true, cup_depth: Some(0.4), circularity: 0.9, ..first.accepted[0] };
        (first.border_count, first.rejected[2]) = (2, 5);
        let unscaled = Field { pixel_size: None, border_count: 1, ..field(&[20.0]) };
        let mut third = field(&[20.0]);
        (third.size_px, third.rejected[2]) = ((20, 40), 1);
        let all = population([first.clone(), unscaled, third, field(&[])]);
        assert_eq!(all.diameters_nm, [10.0, 20.0, 30.0]);
        let weight = |d: f64| 20_000.0 / ((200.0 - d) * (100.0 - d));
        // The second one fills its field.
        assert_eq!(all.weights, [weight(10.0), WEIGHT_MAX, weight(30.0)]);
        assert_eq!(
            (all.is_cup.as_slice(), all.circularities.as_slice()),
            (&[false, false, true][..], &[1.0, 1.0, 0.9][..])
        );
        assert!(all.cup_depths[0].is_nan() && all.cup_depths[2] == 0.4 && all.aspect_ratios == [1.0; 3]);
        assert_eq!((all.image.as_slice(), all.capped_count, all.count()), (&[0, 1, 0][..], 1, 3));
        assert_eq!((all.unscaled_count, all.accepted_count, all.border_count, all.scaled_border_count), (1, 8, 3, 2));
        assert_eq!((all.rejected[2], all.image_count(), all.filled_count(), all.is_by_image()), (6, 3, 2, false));
        assert_eq!(all.areas_um2, [0.02, 800.0 / 1e6, 1e6]);
        close(all.area_um2(), 1e6 + 0.0208, 1e-6);
        let (heavy, light) = (WEIGHT_MAX, weight(10.0) + weight(30.0));
        close(all.image_weights.effective_count(), (heavy + light).powi(2) / (heavy * heavy + light * light), 1e-12);
        assert!(population([first.clone(), first.clone(), first]).is_by_image());
    }

    #[test]
    fn equal_diameters_are_in_the_order_of_their_weights() {
        let wide = Sized { width_px: 5e5, ..disc(50.0) };
        let both = |first, second| population([Field { accepted: vec![first, second], ..field(&[]) }]).weights;
        assert_eq!(both(wide, disc(50.0)), both(disc(50.0), wide));
    }

    #[test]
    fn pixel_sizes_have_a_spread() {
        let of = |sizes: &[f64]| {
            population(sizes.iter().map(|&s| Field { pixel_size: PixelSize::square(s), ..field(&[]) })).pixel_nm
        };
        let found = of(&[0.7, 1.1, 0.6]);
        assert_eq!((found.low, found.high), (0.6, 1.1));
        close(found.mean().unwrap(), 0.8, 1e-12);
        assert_eq!(of(&[]).mean(), None);
    }
}
