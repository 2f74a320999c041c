//! What is known about an image as a whole.

use crate::measure::Quality;
use crate::units::PixelSize;
use serde::{Deserialize, Serialize};

/// What a row of `images.csv` is made from. What a failed image never reached is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageRow {
    /// The image as the user named it.
    pub image: String,
    /// Its folder under `images/`, if it has one.
    pub output: Option<String>,
    /// Why the image failed; `None` when it did not.
    pub error: Option<String>,
    pub format: Option<String>,
    pub width_px: Option<usize>,
    pub height_px: Option<usize>,
    pub pixel_size: Option<PixelSize>,
    pub pixel_size_source: Option<String>,
    pub counts: Option<ImageCounts>,
    /// Median grey of the background and its swing over the picture, in the file's grey units.
    pub background_grey: Option<f64>,
    pub background_swing: Option<f64>,
    /// Standard deviation of the noise, in the file's grey units.
    pub noise_grey: Option<f64>,
    pub nonfinite_count: Option<usize>,
    pub device: Option<String>,
    pub warnings: Vec<String>,
    pub input_sha256: Option<String>,
    /// Which image of the file: a number from 0 on, or `mean`.
    pub frame: Option<String>,
    /// Images in the file.
    pub frame_count: Option<usize>,
    /// The scale bar that was read.
    pub scale_bar: Option<ScaleBarRow>,
    /// Share of the picture under things drawn into it.
    pub covered_share: Option<f64>,
    /// Median diameter of the accepted particles, nm; told from the particles, after all decisions.
    #[serde(skip)]
    pub diameter_median_nm: Option<f64>,
    /// Accepted particles per µm² of the specimen that is seen, likewise.
    #[serde(skip)]
    pub per_um2: Option<f64>,
    /// Stain, grain, sharpness, crowding; `None` for an image that failed.
    pub quality: Option<Quality>,
}

/// A scale bar that was read, whether it was used or not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScaleBarRow {
    pub length_nm: f64,
    pub length_px: f64,
    /// 0 to 1.
    pub confidence: f64,
}

/// How many candidates of an image ended where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCounts {
    /// Closed outlines that were traced.
    pub contour: usize,
    /// Outlines dropped in favour of a better one of the same object.
    pub suppressed: usize,
    pub accepted: usize,
    pub border: usize,
    pub rejected: usize,
}
