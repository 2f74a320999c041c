//! Samples with known truth: discs scattered over fields, of which only whole ones are measured.

use cupule::image::{Region, RegionKind};
use cupule::statistics::{Collector, Field, Population, Sized};
use cupule::units::PixelSize;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// How particles come about.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub median_nm: f64,
    pub geometric_sd: f64,
    /// Particles per µm² of specimen.
    pub per_um2: f64,
    /// Standard deviation over the fields of the logarithms of size and of density.
    pub field_size_sd: f64,
    pub field_density_sd: f64,
    pub frame_px: usize,
    pub pixel_nm: f64,
}

/// Median and spread of the design's simulations.
pub const PLAIN: World = World {
    median_nm: 80.0,
    geometric_sd: 1.5,
    per_um2: 5.0,
    field_size_sd: 0.0,
    field_density_sd: 0.0,
    frame_px: 2048,
    pixel_nm: 1.0,
};

/// Share of the particles with a cup.
pub const CUP_SHARE: f64 = 0.25;

/// Standard normal quantiles of 10, 50 and 90 %.
const Z: [f64; 3] = [-1.281_551_565_544_6, 0.0, 1.281_551_565_544_6];

impl World {
    /// Standard deviation of the logarithm of the size over all fields.
    fn log_sd(&self) -> f64 {
        libm::hypot(libm::log(self.geometric_sd), self.field_size_sd)
    }

    /// D10, D50, D90, nm.
    pub fn quantiles_nm(&self) -> [f64; 3] {
        Z.map(|z| self.median_nm * libm::exp(z * self.log_sd()))
    }

    pub fn mean_nm(&self) -> f64 {
        self.median_nm * libm::exp(0.5 * self.log_sd().powi(2))
    }

    /// Fields with their whole particles; and, for comparison, the diameters of what is seen at all, cut off ones as large
    /// as the part that is seen.
    pub fn sample(&self, fields: usize, seed: u64) -> (Population, Vec<f64>) {
        let (fields, seen) = self.fields(fields, seed);
        (population(&fields), seen)
    }

    /// The same, field by field.
    pub fn fields(&self, count: usize, seed: u64) -> (Vec<Field>, Vec<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut fields, mut seen) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (field, clipped) = self.field(&mut rng);
            fields.push(field);
            seen.extend(clipped);
        }
        (fields, seen)
    }

    fn field(&self, rng: &mut ChaCha8Rng) -> (Field, Vec<f64>) {
        // Centres may lie this far outside.
        let margin = 3.0 * self.median_nm / self.pixel_nm;
        let side = self.frame_px as f64;
        let area_um2 = ((side + 2.0 * margin) * self.pixel_nm / 1e3).powi(2);
        let (size_shift, density_shift) = (self.field_size_sd * normal(rng), self.field_density_sd * normal(rng));
        // The mean density over the fields is that of the world.
        let density = self.per_um2 * libm::exp(density_shift - 0.5 * self.field_density_sd.powi(2));
        let (mut accepted, mut seen, mut border_count) = (Vec::new(), Vec::new(), 0);
        for _ in 0..poisson(density * area_um2, rng) {
            let diameter = self.median_nm * libm::exp(libm::log(self.geometric_sd) * normal(rng) + size_shift);
            let extent = diameter / self.pixel_nm;
            let mut overlap = || {
                let centre = rng.random::<f64>() * (side + 2.0 * margin) - margin;
                let (low, high) = (centre - 0.5 * extent, centre + 0.5 * extent);
                high.min(side) - low.max(0.0)
            };
            let (x, y) = (overlap(), overlap());
            if x <= 0.0 || y <= 0.0 {
                continue;
            }
            // But for rounding.
            if x.min(y) > 0.999_999 * extent {
                let is_cup_shaped = rng.random::<f64>() < CUP_SHARE;
                accepted.push(Sized { is_cup_shaped, ..disc(diameter, extent) });
                seen.push(diameter);
            } else {
                border_count += 1;
                // The circle as large as the ellipse within what is left of the box.
                seen.push((x * y).sqrt() * self.pixel_nm);
            }
        }
        let field = Field {
            size_px: (self.frame_px, self.frame_px),
            pixel_size: PixelSize::square(self.pixel_nm),
            marks: Vec::new(),
            accepted,
            border_count,
            rejected: Default::default(),
        };
        (field, seen)
    }
}

/// Fields as the statistics take them in.
pub fn population(fields: &[Field]) -> Population {
    let mut collector = Collector::default();
    fields.iter().for_each(|field| collector.add_field(field));
    collector.finish()
}

pub fn disc(diameter: f64, extent_px: f64) -> Sized {
    Sized {
        diameter,
        width_px: extent_px,
        height_px: extent_px,
        circularity: 1.0,
        aspect_ratio: 1.0,
        cup_depth: None,
        is_cup_shaped: false,
    }
}

pub fn mark(x0: usize, y0: usize, x1: usize, y1: usize) -> Region {
    Region { kind: RegionKind::Text, x0, y0, x1, y1 }
}

/// A standard normal number (Box and Muller).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (-2.0 * libm::log(1.0 - rng.random::<f64>())).sqrt() * libm::cos(TAU * rng.random::<f64>())
}

/// A Poisson count, in parts whose floor is no underflow.
fn poisson(mean: f64, rng: &mut ChaCha8Rng) -> usize {
    const PART: f64 = 100.0;
    let (mut left, mut count) = (mean, 0);
    while left > 0.0 {
        let floor = libm::exp(-left.min(PART));
        let mut product = rng.random::<f64>();
        while product > floor {
            product *= rng.random::<f64>();
            count += 1;
        }
        left -= PART;
    }
    count
}
