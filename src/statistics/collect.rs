//! What the statistics are made from: the vesicles that are whole in the picture, taken in image by image.
//!
//! Of an image little more stays than its area, and of a particle what is resampled or drawn: a run of a hundred thousand
//! images fits into a few megabytes.

use super::Population;
use super::frame::Frame;
use crate::image::Region;
use crate::measure::{Class, Status};
use crate::results::{ImageResult, Particle};
use crate::units::PixelSize;

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Width and height, px.
    pub size_px: (usize, usize),
    /// `None`: its particles have no size and are in no statistic of sizes.
    pub pixel_size: Option<PixelSize>,
    /// What was drawn into the picture: no specimen is seen there.
    pub marks: Vec<Region>,
    /// Accepted particles.
    pub accepted: Vec<Sized>,
    /// Vesicles that are cut off.
    pub border_count: usize,
    /// Rejected candidates by class, in the order of [`Class::ALL`].
    pub rejected: [usize; Class::ALL.len()],
}

/// One accepted particle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sized {
    /// Area-equivalent diameter, nm; px where the image has no pixel size.
    pub diameter: f64,
    /// Extent of the outline along a row and a column, px.
    pub width_px: f64,
    pub height_px: f64,
    pub circularity: f64,
    pub aspect_ratio: f64,
    /// `None` where a person drew the outline.
    pub cup_depth: Option<f64>,
    pub is_cup_shaped: bool,
}

/// Takes in images, in the order of the run.
#[derive(Debug, Default)]
pub struct Collector(Population);

impl Collector {
    /// Takes in what an image has to say.
    pub fn add(&mut self, image: &ImageResult) {
        if image.row.error.is_some() {
            self.add_failed();
        } else {
            self.add_field(&Field::of(image));
        }
    }

    /// Takes in an image that failed.
    pub fn add_failed(&mut self) {
        self.0.failed_count += 1;
    }

    /// Takes in an image that was analysed.
    pub fn add_field(&mut self, field: &Field) {
        let all = &mut self.0;
        all.accepted_count += field.accepted.len();
        all.border_count += field.border_count;
        all.rejected.iter_mut().zip(field.rejected).for_each(|(sum, count)| *sum += count);
        let Some(pixel_size) = field.pixel_size else {
            all.unscaled_count += 1;
            return;
        };
        all.scaled_border_count += field.border_count;
        all.pixel_nm.add(pixel_size.mean_nm());
        let frame = Frame::of(field);
        let image = u32::try_from(all.areas_um2.len()).unwrap_or(u32::MAX);
        all.areas_um2.push(frame.visible_px2() * pixel_size.x_nm * pixel_size.y_nm / 1e6);
        let (mut count, mut sum) = (0, 0.0);
        for particle in field.accepted.iter().filter(|p| p.diameter.is_finite() && p.diameter > 0.0) {
            let (weight, is_capped) = frame.weight(particle.width_px, particle.height_px);
            all.capped_count += usize::from(is_capped);
            count += 1;
            sum += weight;
            all.push(particle, weight, image);
        }
        *all.image_counts.entry(count).or_default() += 1;
        all.image_weights.add(sum);
    }

    /// All of them, the particles by rising diameter.
    pub fn finish(self) -> Population {
        self.0.sorted()
    }
}

impl Field {
    /// An image that was analysed.
    pub fn of(image: &ImageResult) -> Self {
        let of = |status: Status| image.particles.iter().filter(move |p| p.status == status);
        let class_count = |class| of(Status::Rejected).filter(|p| p.class == class).count();
        Self {
            size_px: image.size_px(),
            pixel_size: image.row.pixel_size,
            marks: image.marks.clone(),
            accepted: of(Status::Accepted).map(|p| Sized::new(p, image.row.pixel_size)).collect(),
            border_count: of(Status::Border).count(),
            rejected: Class::ALL.map(class_count),
        }
    }
}

impl Sized {
    fn new(particle: &Particle, pixel_size: Option<PixelSize>) -> Self {
        let [left, top, right, bottom] = particle.bounds_px();
        let shape = &particle.shape;
        Self {
            diameter: shape.diameter_px * pixel_size.map_or(1.0, |p| p.mean_nm()),
            width_px: right - left,
            height_px: bottom - top,
            circularity: shape.circularity,
            aspect_ratio: shape.aspect_ratio,
            cup_depth: particle.appearance.map(|a| a.cup_depth),
            is_cup_shaped: particle.class == Class::CupShapedVesicle,
        }
    }
}
