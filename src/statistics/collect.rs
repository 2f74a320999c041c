//! What the statistics are made from: the vesicles that are whole in the picture, image by image.

use crate::image::Region;
use crate::measure::{Class, Status};
use crate::results::{ImageResult, Particle};
use crate::units::PixelSize;

/// All images of a run that were analysed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Population {
    pub fields: Vec<Field>,
    /// Images that failed.
    pub failed_count: usize,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Place of the image in the run, from 0 on.
    pub index: usize,
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
    pub id: u32,
    /// Area-equivalent diameter, nm; px where the image has no pixel size.
    pub diameter: f64,
    /// Extent of the outline along a row and a column, px.
    pub width_px: f64,
    pub height_px: f64,
    pub circularity: f64,
    pub aspect_ratio: f64,
    pub solidity: f64,
    /// `None` where a person drew the outline.
    pub cup_depth: Option<f64>,
    pub confidence: Option<f64>,
    pub is_cup_shaped: bool,
}

impl Population {
    /// Takes in what an image has to say.
    pub fn add(&mut self, image: &ImageResult) {
        if image.row.error.is_some() {
            self.failed_count += 1;
            return;
        }
        let of = |status: Status| image.particles.iter().filter(move |p| p.status == status);
        let class_count = |class| of(Status::Rejected).filter(|p| p.class == class).count();
        self.fields.push(Field {
            index: self.fields.len() + self.failed_count,
            size_px: image.size_px(),
            pixel_size: image.row.pixel_size,
            marks: image.marks.clone(),
            accepted: of(Status::Accepted).map(|p| Sized::new(p, image.row.pixel_size)).collect(),
            border_count: of(Status::Border).count(),
            rejected: Class::ALL.map(class_count),
        });
    }
}

impl Sized {
    fn new(particle: &Particle, pixel_size: Option<PixelSize>) -> Self {
        let [left, top, right, bottom] = particle.bounds_px();
        let shape = &particle.shape;
        Self {
            id: particle.id,
            diameter: shape.diameter_px * pixel_size.map_or(1.0, |p| p.mean_nm()),
            width_px: right - left,
            height_px: bottom - top,
            circularity: shape.circularity,
            aspect_ratio: shape.aspect_ratio,
            solidity: shape.solidity,
            cup_depth: particle.appearance.map(|a| a.cup_depth),
            confidence: particle.confidence,
            is_cup_shaped: particle.class == Class::CupShapedVesicle,
        }
    }
}
