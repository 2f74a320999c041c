//! The pictures that travel between the rooms: pixels as stored and what is said about their scale, grey values, labels.
//!
//! All are row-major with the origin in the top-left corner; pixel centres have integer coordinates plus one half, so
//! that a picture of width `w` spans 0 to `w`.

use crate::units::PixelSize;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Sample values as stored in a file, interleaved when there are several per pixel; packed ones (1 to 7, 10, 12, 14, 24
/// bits) in the next wider type. [`Colour`] says what they mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Single bits, 0 or 1.
    Bool(Vec<u8>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F16(Vec<half::f16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Samples {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(v) | Self::U8(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::F16(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples' bytes in little-endian order: what checksums of decoded pictures are taken of.
    pub fn to_le_bytes(&self) -> Cow<'_, [u8]> {
        // On a big-endian machine each sample's bytes are turned round.
        fn words<T: bytemuck::NoUninit>(samples: &[T]) -> Cow<'_, [u8]> {
            let bytes: &[u8] = bytemuck::cast_slice(samples);
            if cfg!(target_endian = "little") {
                return Cow::Borrowed(bytes);
            }
            Cow::Owned(bytes.chunks_exact(size_of::<T>()).flat_map(|sample| sample.iter().rev().copied()).collect())
        }
        match self {
            Self::Bool(v) | Self::U8(v) => Cow::Borrowed(v),
            Self::U16(v) => words(v),
            Self::U32(v) => words(v),
            Self::U64(v) => words(v),
            Self::I8(v) => words(v),
            Self::I16(v) => words(v),
            Self::I32(v) => words(v),
            Self::I64(v) => words(v),
            Self::F16(v) => words(v),
            Self::F32(v) => words(v),
            Self::F64(v) => words(v),
        }
    }

    /// Name of the sample type as NumPy spells it, e.g. `uint16`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::U8(_) => "uint8",
            Self::U16(_) => "uint16",
            Self::U32(_) => "uint32",
            Self::U64(_) => "uint64",
            Self::I8(_) => "int8",
            Self::I16(_) => "int16",
            Self::I32(_) => "int32",
            Self::I64(_) => "int64",
            Self::F16(_) => "float16",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }
}

/// What the samples of a pixel mean. Samples beyond those named here (alpha and other extras) mean nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Colour {
    /// The first sample is grey, larger is brighter.
    #[default]
    Grey,
    /// The first sample is grey, and 0 is white; `white_at` is the value of black: `2^bits - 1`, or 1 for reals.
    WhiteIsZero { white_at: f64 },
    /// The first sample is an index into these red, green and blue values.
    Palette(Vec<[u16; 3]>),
    /// The first three samples are red, green and blue.
    Rgb,
    /// The first four samples are cyan, magenta, yellow and black; `full` is the value of full ink.
    Cmyk { full: f64 },
}

/// Where a pixel size comes from, in falling order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Typed by a person.
    User,
    /// Calibration of a DM3 or DM4 file's image.
    Dm,
    /// Header or extended header of an MRC file.
    Mrc,
    /// Velox metadata or axes of an EMD file.
    Emd,
    /// Element header of a TIA SER file.
    Ser,
    /// FEI and Thermo Fisher TIFF: tags 34680, 34682, 34683.
    Fei,
    /// Olympus and EMSIS TIFF: tag 33560.
    Sis,
    /// TVIPS TIFF: tag 37706.
    Tvips,
    /// TIFF exported by DigitalMicrograph: tags 65003 to 65011.
    Gatan,
    /// Zeiss SmartSEM TIFF: tag 34118.
    Zeiss,
    /// Tescan TIFF: tag 50431.
    Tescan,
    /// JEOL SightX TIFF: XML in the description.
    Jeol,
    /// AMT camera TIFF: lines in the description.
    Amt,
    /// OME-XML in a TIFF's description.
    Ome,
    /// ImageJ's lines in a TIFF's description.
    #[serde(rename = "imagej")]
    ImageJ,
    /// A text file of the same name beside the image (Hitachi, JEOL, Direct Electron, Tescan).
    Sidecar,
    /// The scale bar that is drawn into the picture.
    ScaleBar,
    /// Print resolution of a TIFF, PNG or JPEG: shown, but never used.
    Print,
    /// Nobody could be believed.
    None,
}

impl Source {
    /// Name for tables, as in JSON: `user`, `dm`, `mrc`, ...
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Dm => "dm",
            Self::Mrc => "mrc",
            Self::Emd => "emd",
            Self::Ser => "ser",
            Self::Fei => "fei",
            Self::Sis => "sis",
            Self::Tvips => "tvips",
            Self::Gatan => "gatan",
            Self::Zeiss => "zeiss",
            Self::Tescan => "tescan",
            Self::Jeol => "jeol",
            Self::Amt => "amt",
            Self::Ome => "ome",
            Self::ImageJ => "imagej",
            Self::Sidecar => "sidecar",
            Self::ScaleBar => "scale_bar",
            Self::Print => "print",
            Self::None => "none",
        }
    }
}

/// What one place says about the pixel size.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub source: Source,
    /// In the file's own words.
    pub raw: String,
    /// Edges of a pixel along x and y, nm, however impossible; or why the words mean none.
    pub nm: Result<(f64, f64), String>,
    /// Why the value may be wrong although it is possible.
    pub doubt: Option<String>,
}

impl Statement {
    /// A statement without a doubt.
    pub fn new(source: Source, raw: impl Into<String>, nm: Result<(f64, f64), String>) -> Self {
        Self { source, raw: raw.into(), nm, doubt: None }
    }
}

/// One image of a file, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RawImage {
    pub width: usize,
    pub height: usize,
    /// Samples per pixel; `samples` holds width x height x this many.
    pub channels: usize,
    pub samples: Samples,
    pub colour: Colour,
    /// Name of the format, e.g. `TIFF`.
    pub format: &'static str,
    /// Images of this shape in the file.
    pub frames: usize,
    /// What is said about the pixel size, in no order.
    pub statements: Vec<Statement>,
    /// Rows from the top that show the specimen, where the file says that a data bar follows below.
    pub specimen_rows: Option<usize>,
}

impl RawImage {
    /// A single grey image about whose scale nothing is said.
    pub fn grey(format: &'static str, width: usize, height: usize, samples: Samples) -> Self {
        Self {
            width,
            height,
            channels: 1,
            samples,
            colour: Colour::Grey,
            format,
            frames: 1,
            statements: Vec::new(),
            specimen_rows: None,
        }
    }
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
    /// Where something was drawn into the picture: nothing is looked for there.
    pub marks: Vec<Region>,
}

impl Micrograph {
    /// Finite grey values into which nothing was drawn.
    pub fn new(width: usize, height: usize, grey: Vec<f32>, pixel_size: Option<PixelSize>) -> Self {
        Self { width, height, grey, nonfinite_count: 0, pixel_size, marks: Vec::new() }
    }
}

/// A rectangle of pixels: columns `x0` to before `x1`, rows `y0` to before `y1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Region {
    pub kind: RegionKind,
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
}

/// What was drawn into a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionKind {
    /// A strip with the microscope's settings.
    DataBar,
    /// A scale bar with its label.
    ScaleBar,
    /// Letters, numbers, arrows.
    Text,
}

impl RegionKind {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataBar => "data bar",
            Self::ScaleBar => "scale bar",
            Self::Text => "text",
        }
    }
}

/// Which pixels of a picture of (width, height) lie in one of the regions, row-major; empty when there is no region.
pub fn covered(regions: &[Region], (width, height): (usize, usize)) -> Vec<bool> {
    if regions.is_empty() {
        return Vec::new();
    }
    let mut covered = vec![false; width * height];
    for region in regions {
        let (x0, x1) = (region.x0.min(width), region.x1.min(width));
        for y in region.y0.min(height)..region.y1.min(height) {
            covered[y * width..][x0..x1.max(x0)].fill(true);
        }
    }
    covered
}

/// Which particle each pixel belongs to: 0 is background.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    pub width: usize,
    pub height: usize,
    pub label: Vec<u16>,
}
