//! Results against a truth: what was found, missed and made up, and how right the sizes are.
//!
//! [`find`] says which files hold outlines, [`read`](read()) reads one (label picture, ImageJ ROIs in [`roi`], circles
//! in [`circles`]) and [`regions`] turns any of them into sets of pixels. [`matching`] pairs true regions with predicted
//! ones, [`score`] counts, [`calibration`] asks whether the confidence can be believed, [`run`](run()) does it all for
//! two folders. [`drawn`](drawn()) reads outlines with their names, to take them back into a run.
//!
//! # The rules
//! * A true and a predicted region may be a match when their IoU (Jaccard index, shared over united pixels) reaches the
//!   threshold. Each region is in one match at most; of all such choices the one with the largest sum of IoU counts.
//! * *Neutral* is what neither helps nor harms: a true region that touches the picture's border or has the label 65535
//!   ([`NEUTRAL_LABEL`]: nobody could say), its match, a prediction at least half of which lies in one neutral true region, and
//!   a prediction without a match that touches the border itself.
//! * A figure without anything to compute it from (0/0) is `None`, never 0 or NaN.

pub mod calibration;
pub mod circles;
mod drawn;
pub mod find;
pub mod matching;
mod particles;
mod read;
pub mod regions;
pub mod roi;
mod run;
pub mod score;
mod statistics;
mod table;

pub use drawn::drawn;
pub use read::read;
pub use run::{Evaluation, Group, Image, Options, rasterised, run};
pub use table::table;

use crate::units::PixelSize;

/// Label of true regions that nobody could judge: they neither help nor harm.
pub const NEUTRAL_LABEL: u32 = 65_535;

/// Columns `start..end` of a row that belong to a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub row: u32,
    pub start: u32,
    pub end: u32,
}

/// A set of pixels of a picture. Regions of a label picture share no pixel; ROIs and circles may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The label, or the place in the list of ROIs or circles, from 1.
    pub id: u32,
    /// In reading order, without overlap; never empty.
    pub runs: Vec<Run>,
    pub area_px2: u64,
    /// Whether a pixel lies in the first or last row or column of the picture.
    pub touches_border: bool,
    /// Label 65535, which means something in a truth only.
    pub is_undecided: bool,
}

impl Region {
    /// Diameter of the disc of the same area, px.
    pub fn diameter_px(&self) -> f64 {
        2.0 * (self.area_px2 as f64 / std::f64::consts::PI).sqrt()
    }
}

/// What a file says about one image, before its size is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    pub outlines: Outlines,
    /// Width and height, px, where the file has them.
    pub size_px: Option<(usize, usize)>,
    /// From the file's own calibration.
    pub pixel_size: Option<PixelSize>,
}

/// Outlines in any of the forms that are read.
#[derive(Debug, Clone, PartialEq)]
pub enum Outlines {
    /// Regions of a label picture.
    Regions(Vec<Region>),
    /// ROIs or circles in px, one per region.
    Shapes(Vec<Shape>),
    /// Circles in nm.
    CirclesNm(Vec<circles::Circle>),
}

/// An outline in px, origin in the picture's top-left corner, the first pixel's centre at 0.5.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Closed polygons of `[x, y]`; inside by the even-odd rule.
    Polygons(Vec<Vec<[f64; 2]>>),
    /// An ellipse whose axes lie along the picture's.
    Ellipse { x_px: f64, y_px: f64, radius_x_px: f64, radius_y_px: f64 },
}
