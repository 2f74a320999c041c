//! The pictures that travel between the rooms: pixels as stored, grey values, labels.
//!
//! All are row-major with the origin in the top-left corner; pixel centres have integer coordinates plus one half, so
//! that a picture of width `w` spans 0 to `w`.

use crate::units::PixelSize;

/// Sample values as stored in a file, interleaved when there are several per pixel. Two things are undone: values of
/// TIFFs where zero is white come inverted, so that larger is brighter, and palettes of PNGs come as RGB.
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

impl Samples {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Name of the sample type as NumPy spells it, e.g. `uint16`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "uint8",
            Self::U16(_) => "uint16",
            Self::U32(_) => "uint32",
            Self::U64(_) => "uint64",
            Self::I8(_) => "int8",
            Self::I16(_) => "int16",
            Self::I32(_) => "int32",
            Self::I64(_) => "int64",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }
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
