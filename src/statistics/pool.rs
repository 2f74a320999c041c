//! All particles of a sample side by side, with what each counts for and what it is resampled with.

use super::frame::Frame;
use super::{Field, Population};

/// Fewest images with particles that are resampled as wholes: two say next to nothing about the difference between fields.
pub(super) const IMAGES_MIN: usize = 3;

/// Accepted particles of the images with a pixel size, by rising diameter.
pub(super) struct Pool {
    pub diameters_nm: Vec<f64>,
    /// By Miles and Lantuejoul.
    pub weights: Vec<f64>,
    /// Each once.
    pub ones: Vec<f64>,
    pub is_cup: Vec<bool>,
    /// Number of the image among [`Pool::images`].
    pub image: Vec<usize>,
    pub images: Vec<Image>,
    /// Particles whose weight was capped.
    pub capped_count: usize,
}

/// One image with a pixel size.
pub(super) struct Image {
    pub area_um2: f64,
    pub count: usize,
    /// Sum of the weights.
    pub weight: f64,
}

impl Pool {
    pub fn of(population: &Population) -> Self {
        let (mut images, mut rows, mut capped_count) = (Vec::new(), Vec::new(), 0);
        for (field, pixel_size) in population.fields.iter().filter_map(|f| f.pixel_size.map(|p| (f, p))) {
            let frame = Frame::of(field);
            let mut image = Image {
                area_um2: frame.visible_px2() * pixel_size.x_nm * pixel_size.y_nm / 1e6,
                count: 0,
                weight: 0.0,
            };
            for particle in field.accepted.iter().filter(|p| p.diameter.is_finite() && p.diameter > 0.0) {
                let (weight, is_capped) = frame.weight(particle.width_px, particle.height_px);
                capped_count += usize::from(is_capped);
                image.count += 1;
                image.weight += weight;
                rows.push((particle.diameter, weight, particle.is_cup_shaped, images.len()));
            }
            images.push(image);
        }
        // Weights and images break ties, so that the order of the files changes no last digit.
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Self {
            diameters_nm: rows.iter().map(|r| r.0).collect(),
            weights: rows.iter().map(|r| r.1).collect(),
            ones: vec![1.0; rows.len()],
            is_cup: rows.iter().map(|r| r.2).collect(),
            image: rows.iter().map(|r| r.3).collect(),
            images,
            capped_count,
        }
    }

    pub fn count(&self) -> usize {
        self.diameters_nm.len()
    }

    pub fn area_um2(&self) -> f64 {
        self.images.iter().map(|image| image.area_um2).sum()
    }

    /// Images with at least one particle.
    pub fn filled_count(&self) -> usize {
        self.images.iter().filter(|image| image.count > 0).count()
    }

    /// Whether there are enough images to resample them as wholes.
    pub fn is_by_image(&self) -> bool {
        self.filled_count() >= IMAGES_MIN
    }
}

/// Diameters of the accepted particles in images with a pixel size, nm, rising, and what each counts for.
pub fn weighted_diameters_nm(population: &Population) -> (Vec<f64>, Vec<f64>) {
    let pool = Pool::of(population);
    (pool.diameters_nm, pool.weights)
}

/// What each accepted particle of an image counts for (Miles and Lantuejoul), in their order.
pub fn weights(field: &Field) -> Vec<f64> {
    let frame = Frame::of(field);
    field.accepted.iter().map(|p| frame.weight(p.width_px, p.height_px).0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::planted::{disc, field, population};
    use super::*;
    use crate::statistics::{Sized, WEIGHT_MAX};
    use crate::units::PixelSize;

    #[test]
    fn a_pool_holds_what_has_a_size_by_rising_diameter() {
        let mut first = field(&[30.0, f64::NAN, 10.0, 0.0, -4.0, f64::INFINITY]);
        first.size_px = (200, 100);
        first.pixel_size = Some(PixelSize { x_nm: 2.0, y_nm: 0.5 });
        first.accepted[0].is_cup_shaped = true;
        let unscaled = Field { pixel_size: None, ..field(&[20.0]) };
        let mut third = field(&[20.0]);
        third.size_px = (20, 40);
        let pool = Pool::of(&population([first.clone(), unscaled, third, field(&[])]));
        assert_eq!(pool.diameters_nm, [10.0, 20.0, 30.0]);
        let weight = |d: f64| 20_000.0 / ((200.0 - d) * (100.0 - d));
        // The second one fills its field.
        assert_eq!(pool.weights, [weight(10.0), WEIGHT_MAX, weight(30.0)]);
        assert_eq!(
            (pool.ones.as_slice(), pool.is_cup.as_slice()),
            ([1.0; 3].as_slice(), [false, false, true].as_slice())
        );
        assert_eq!((pool.image.as_slice(), pool.capped_count, pool.count()), ([0, 1, 0].as_slice(), 1, 3));
        assert_eq!(pool.images.iter().map(|i| i.count).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(pool.images[0].weight, weight(30.0) + weight(10.0));
        assert_eq!((pool.images[0].area_um2, pool.images[1].area_um2), (0.02, 800.0 / 1e6));
        assert_eq!((pool.filled_count(), pool.is_by_image()), (2, false));
        assert!((pool.area_um2() - 0.0208 - 1e6).abs() < 1e-6);
        let three = population([first.clone(), first.clone(), first.clone()]);
        assert!(Pool::of(&three).is_by_image());
        assert_eq!(
            weighted_diameters_nm(&population([first.clone()])),
            (vec![10.0, 30.0], vec![weight(10.0), weight(30.0)])
        );
        let mut two = first;
        two.accepted = vec![disc(30.0), Sized { width_px: 20.0, ..disc(10.0) }];
        assert_eq!(weights(&two), [weight(30.0), 20_000.0 / (180.0 * 90.0)]);
    }
}
