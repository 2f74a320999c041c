//! The pictures that travel between the rooms: pixels as stored, grey values, labels.
//!
//! All are row-major with the origin in the top-left corner; pixel centres have integer coordinates plus one half, so
//! that a picture of width `w` spans 0 to `w`.

use crate::units::PixelSize;

/// Sample values exactly as stored in a file, interleaved when there are several per pixel.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// What a file says about its pixel size, untouched; `calibrate` makes sense of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// TIFF ImageDescription (270) of the image that was read: ImageJ's lines or OME's XML.
    pub image_description: Option<String>,
    /// TIFF XResolution, YResolution (282, 283): pixels per unit.
    pub resolution: Option<(f64, f64)>,
    /// TIFF ResolutionUnit (296): 1 none, 2 inch, 3 centimetre.
    pub resolution_unit: Option<u16>,
    /// MRC header: cell edges x, y in ångström (CELLA) and sampling intervals (MX, MY).
    pub mrc_cell: Option<MrcCell>,
}

/// The part of an MRC header that gives the pixel size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MrcCell {
    /// Cell edge along x and y, ångström.
    pub cell_a: (f32, f32),
    /// Number of intervals along x and y.
    pub intervals: (i32, i32),
}

/// The first image of a file, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RawImage {
    pub width: usize,
    pub height: usize,
    /// Samples per pixel: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA. `samples` holds width x height x this many.
    pub channels: usize,
    pub samples: Samples,
    /// Name of the format, e.g. `TIFF`.
    pub format: &'static str,
    pub metadata: Metadata,
}

/// A micrograph of finite grey values and what is known about its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Micrograph {
    pub width: usize,
    pub height: usize,
    /// Grey values in the file's own units, all finite, row-major.
    pub grey: Vec<f32>,
    /// How many pixels were not finite and were replaced by the median of the others.
    pub nonfinite_count: usize,
    /// `None` when no witness of the scale could be believed.
    pub pixel_size: Option<PixelSize>,
}

/// Which particle each pixel belongs to: 0 is background.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    pub width: usize,
    pub height: usize,
    pub label: Vec<u16>,
}
