//! What a directory says of its picture: shape, type and where the pieces lie, checked and with the defaults of TIFF 6.0.

use super::ifd::{self, Directory, Uints};
use crate::image::Colour;
use crate::read::{Fault, Limits};

const REMEDY: &str = "save it as an uncompressed 8-bit, 16-bit or 32-bit greyscale TIFF, for example with Fiji";

pub(super) fn unsupported(cause: impl ToString) -> Fault {
    Fault::unsupported(cause, REMEDY)
}

/// What the bits of a sample are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unsigned,
    Signed,
    Real,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    /// Modified Huffman: Group 3 without line ends, lines begin at bytes.
    CcittRle,
    CcittGroup3 {
        two_dimensional: bool,
    },
    CcittGroup4,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
    Zstd,
}

impl Compression {
    /// Most bytes that one stored byte can stand for, so that a picture that can't be inside a file gets no memory.
    ///
    /// PackBits repeats one byte up to 128 times in two, Deflate reaches 1032, an LZW code of 12 bits stands for up to 4096
    /// bytes, a block of zstd of 4 bytes for 128 KiB. A line that is like the one above costs Group 4 one bit, and an empty
    /// band a progressive JPEG a few bits per 32767 blocks: with those the limits alone decide.
    fn ratio(self) -> u64 {
        match self {
            Self::None => 1,
            Self::PackBits => 64,
            Self::Deflate => 1032,
            Self::Lzw => 2731,
            Self::Zstd => 1 << 15,
            Self::CcittRle | Self::CcittGroup3 { .. } | Self::CcittGroup4 | Self::Jpeg => u64::MAX,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    /// Differences of neighbouring samples.
    Horizontal,
    /// Differences of neighbouring bytes, the bytes of a row sorted by their weight.
    Floating,
}

/// What makes two pages frames of one stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) channels: u64,
    bits: u64,
    format: u64,
    pub(super) is_jpeg: bool,
}

impl Shape {
    /// `None` for a directory without a picture.
    pub(super) fn of(directory: &Directory) -> Option<Self> {
        let bits = directory.uints(ifd::BITS_PER_SAMPLE);
        Some(Self {
            width: directory.uint(ifd::IMAGE_WIDTH)?,
            height: directory.uint(ifd::IMAGE_LENGTH)?,
            // Some writers leave the number of samples out and give the bits of each.
            channels: directory
                .uint(ifd::SAMPLES_PER_PIXEL)
                .unwrap_or_else(|| bits.map_or(1, |bits| bits.len().max(1) as u64)),
            bits: bits.and_then(|bits| bits.get(0)).unwrap_or(1),
            format: directory.uint(ifd::SAMPLE_FORMAT).unwrap_or(1),
            is_jpeg: matches!(directory.uint(ifd::COMPRESSION), Some(6 | 7)),
        })
    }

    pub(super) fn area(&self) -> u64 {
        self.width.saturating_mul(self.height)
    }
}

/// A picture that can be decoded. Widths and heights are in pixels.
pub(super) struct Page<'a> {
    pub(super) little: bool,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) bits: usize,
    pub(super) kind: Kind,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// Whether the bits of each byte run from the lowest.
    pub(super) reversed: bool,
    /// Whether each channel has pieces of its own.
    pub(super) planar: bool,
    pub(super) colour: Colour,
    /// Whether a JPEG's colours are stored as brightness and two differences.
    pub(super) is_ycbcr: bool,
    pub(super) jpeg_tables: &'a [u8],
    /// Of a strip or tile.
    pub(super) chunk_width: usize,
    pub(super) chunk_height: usize,
    /// Strips or tiles side by side, and below each other.
    pub(super) columns: usize,
    pub(super) bands: usize,
    offsets: Uints<'a>,
    counts: Option<Uints<'a>>,
    /// Bytes behind the offsets where the pieces are: those of earlier frames that have no directory of their own.
    pub(super) shift: u64,
}

impl<'a> Page<'a> {
    pub(super) fn new(directory: &Directory<'a>, file_bytes: usize, limits: &Limits) -> Result<Self, Fault> {
        if let Some(tag) = directory.cut() {
            return Err(Fault::damaged(format!("the TIFF is cut off or damaged (tag {tag} points outside the file)")));
        }
        let shape = Shape::of(directory).ok_or_else(|| Fault::damaged("the TIFF does not say how large it is"))?;
        let (bits, kind) = sample_type(directory, &shape)?;
        let compression = compression(directory)?;
        let reversed = directory.uint(ifd::FILL_ORDER) == Some(2);
        // The widened samples.
        let sample_bytes = (bits as u64).next_power_of_two().max(8) / 8;
        let pixel_bytes = shape.channels.checked_mul(sample_bytes).filter(|&n| n > 0);
        let pixel_bytes = pixel_bytes.ok_or_else(|| Fault::damaged("the TIFF has no samples"))?;
        limits.check(shape.width, shape.height, pixel_bytes)?;
        let (width, height, channels) = (shape.width as usize, shape.height as usize, shape.channels as usize);

        let colour = colour(directory, &shape, bits, kind, compression)?;
        let planar = directory.uint(ifd::PLANAR_CONFIGURATION) == Some(2) && channels > 1;
        let tiled = directory.uints(ifd::TILE_OFFSETS).is_some();
        let (offsets, counts) = if tiled {
            (ifd::TILE_OFFSETS, ifd::TILE_BYTE_COUNTS)
        } else {
            (ifd::STRIP_OFFSETS, ifd::STRIP_BYTE_COUNTS)
        };
        let counts = directory.uints(counts);
        let offsets =
            directory.uints(offsets).ok_or_else(|| Fault::damaged("the TIFF does not say where its pixels are"))?;
        let planes = if planar { channels } else { 1 };
        let (chunk_width, chunk_height) = chunk_size(directory, tiled, (width, height), offsets.len() / planes)?;
        // The pixels of a tile beyond the picture's edge are decoded, too.
        limits.check(chunk_width as u64, chunk_height.min(height) as u64, pixel_bytes)?;
        let page = Self {
            little: directory.little,
            width,
            height,
            channels,
            bits,
            kind,
            compression,
            predictor: predictor(directory, kind, bits, compression)?,
            reversed,
            planar,
            colour,
            is_ycbcr: directory.uint(ifd::PHOTOMETRIC) == Some(YCBCR),
            jpeg_tables: directory.bytes(ifd::JPEG_TABLES).unwrap_or_default(),
            chunk_width,
            chunk_height,
            columns: width.div_ceil(chunk_width),
            bands: height.div_ceil(chunk_height),
            offsets,
            counts,
            shift: 0,
        };
        let chunks = page.columns.saturating_mul(page.bands).saturating_mul(planes);
        if chunks > offsets.len() {
            return Err(Fault::damaged(format!("the TIFF has {} of {chunks} strips or tiles", offsets.len())));
        }
        let stored = (page.row_bytes(width) as u64).saturating_mul(height as u64).saturating_mul(planes as u64);
        if stored > (file_bytes as u64).saturating_mul(compression.ratio()) {
            return Err(Fault::damaged(format!("the file of {file_bytes} bytes is too short for its picture")));
        }
        Ok(page)
    }

    /// Samples of a pixel that lie together.
    pub(super) fn samples(&self) -> usize {
        if self.planar { 1 } else { self.channels }
    }

    /// Stored bytes of a row of pixels that lie together.
    pub(super) fn row_bytes(&self, width: usize) -> usize {
        (width * self.samples() * self.bits).div_ceil(8)
    }

    /// Rows of the picture in a band.
    pub(super) fn rows(&self, band: usize) -> usize {
        self.chunk_height.min(self.height - band * self.chunk_height)
    }

    /// The stored bytes of one strip or tile, which may be followed by others. Of an uncompressed one exactly what is needed.
    pub(super) fn chunk<'b>(
        &self,
        file: &'b [u8],
        plane: usize,
        band: usize,
        column: usize,
    ) -> Result<&'b [u8], Fault> {
        let cut = || Fault::damaged("the TIFF is cut off or damaged (its pixels are outside the file)");
        let i = (plane * self.bands + band) * self.columns + column;
        let at = self.offsets.get(i).filter(|&at| at > 0).ok_or_else(cut)?;
        let body = usize::try_from(at.checked_add(self.shift).ok_or_else(cut)?).ok().and_then(|at| file.get(at..));
        let body = body.filter(|body| !body.is_empty()).ok_or_else(cut)?;
        let count = self.counts.and_then(|counts| usize::try_from(counts.get(i)?).ok()).filter(|&n| n > 0);
        if self.compression != Compression::None {
            // The decoders tell when something is missing; some writers give the length of the picture here.
            return Ok(&body[..count.unwrap_or(body.len()).min(body.len())]);
        }
        let needed = self.row_bytes(self.chunk_width) * self.rows(band);
        // A length that is too small is wrong if the piece before or behind begins where the pixels would be.
        let inside = |neighbour: Option<usize>| {
            let other = neighbour.and_then(|i| self.offsets.get(i)).unwrap_or(0);
            other > at && other - at < needed as u64
        };
        if count.is_some_and(|count| count < needed) && (inside(i.checked_add(1)) || inside(i.checked_sub(1))) {
            return Err(Fault::damaged("the TIFF has strips or tiles that are too short"));
        }
        body.get(..needed).ok_or_else(cut)
    }

    /// Bytes of the picture where it lies in the file in one piece and as it is, so that others of its kind may follow.
    pub(super) fn contiguous_bytes(&self) -> Option<u64> {
        let plain = self.compression == Compression::None && self.columns == 1 && !self.planar;
        let row_bytes = self.row_bytes(self.width) as u64;
        let strip_bytes = row_bytes.checked_mul(self.chunk_height as u64);
        let first = self.offsets.get(0)?;
        let next = |i: usize| first.checked_add(strip_bytes?.checked_mul(i as u64)?);
        let joined = plain && (1..self.bands).all(|i| self.offsets.get(i).is_some() && self.offsets.get(i) == next(i));
        joined.then(|| row_bytes.checked_mul(self.height as u64))?
    }

    pub(super) fn first_offset(&self) -> u64 {
        self.offsets.get(0).unwrap_or(0)
    }
}

/// Bits per sample and what they are.
fn sample_type(directory: &Directory, shape: &Shape) -> Result<(usize, Kind), Fault> {
    for (tag, what) in [(ifd::BITS_PER_SAMPLE, "bits"), (ifd::SAMPLE_FORMAT, "types")] {
        let Some(values) = directory.uints(tag) else { continue };
        let mut used = values.iter().take(usize::try_from(shape.channels).unwrap_or(usize::MAX));
        let first = used.next();
        if used.any(|value| Some(value) != first) {
            return Err(unsupported(format!("the TIFF has samples of different {what}")));
        }
    }
    let kind = match shape.format {
        1 | 4 => Kind::Unsigned, // 4: nobody knows what
        2 => Kind::Signed,
        3 => Kind::Real,
        5 | 6 => return Err(unsupported("the TIFF holds complex numbers")),
        other => return Err(unsupported(format!("the TIFF has samples of the unknown type {other}"))),
    };
    match (shape.bits, kind) {
        (16 | 32 | 64, _) | (1..=32, Kind::Unsigned | Kind::Signed) => Ok((shape.bits as usize, kind)),
        (bits, Kind::Real) => Err(unsupported(format!("the TIFF has real numbers of {bits} bits"))),
        (bits, _) => Err(unsupported(format!("the TIFF has {bits} bits per sample"))),
    }
}

fn compression(directory: &Directory) -> Result<Compression, Fault> {
    let name = match directory.uint(ifd::COMPRESSION).unwrap_or(1) {
        1 => return Ok(Compression::None),
        2 => return Ok(Compression::CcittRle),
        3 => {
            let two_dimensional = directory.uint(ifd::T4_OPTIONS).unwrap_or(0) & 1 == 1;
            return Ok(Compression::CcittGroup3 { two_dimensional });
        }
        4 => return Ok(Compression::CcittGroup4),
        5 => return Ok(Compression::Lzw),
        7 => return Ok(Compression::Jpeg),
        8 | 32946 => return Ok(Compression::Deflate),
        32773 => return Ok(Compression::PackBits),
        50000 => return Ok(Compression::Zstd),
        6 => "JPEG as it was before 1995".to_string(),
        34712 | 33003 | 33005 => "JPEG 2000".to_string(),
        34887 => "LERC".to_string(),
        34925 => "LZMA".to_string(),
        50001 | 34927 => "WebP".to_string(),
        22610 | 34934 => "JPEG XR".to_string(),
        50002 | 52546 => "JPEG XL".to_string(),
        other => format!("method {other}"),
    };
    Err(unsupported(format!("the TIFF is compressed with {name}")))
}

fn predictor(directory: &Directory, kind: Kind, bits: usize, compression: Compression) -> Result<Predictor, Fault> {
    // The others have no such step, whatever the tag says.
    if !matches!(compression, Compression::Lzw | Compression::Deflate | Compression::Zstd) {
        return Ok(match (compression, directory.uint(ifd::PREDICTOR)) {
            // Not by the book, but written.
            (Compression::None | Compression::PackBits, Some(2)) => Predictor::Horizontal,
            _ => Predictor::None,
        });
    }
    match directory.uint(ifd::PREDICTOR).unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 => Ok(Predictor::Horizontal),
        3 if kind == Kind::Real || matches!(bits, 16 | 32 | 64) => Ok(Predictor::Floating),
        other => Err(unsupported(format!("the TIFF has {bits}-bit samples with predictor {other}"))),
    }
}

const WHITE_IS_ZERO: u64 = 0;
const BLACK_IS_ZERO: u64 = 1;
const RGB: u64 = 2;
const PALETTE: u64 = 3;
const MASK: u64 = 4;
const CMYK: u64 = 5;
const YCBCR: u64 = 6;
/// Adobe's DNG: values of the sensor.
const LINEAR_RAW: u64 = 34892;

fn colour(
    directory: &Directory,
    shape: &Shape,
    bits: usize,
    kind: Kind,
    compression: Compression,
) -> Result<Colour, Fault> {
    let channels = shape.channels;
    let full = if kind == Kind::Real { 1.0 } else { 2f64.powi(bits as i32) - 1.0 };
    let needs = |needed: u64, colour: Colour| {
        if channels >= needed { Ok(colour) } else { Err(Fault::damaged(format!("the TIFF has {channels} colours"))) }
    };
    // Three samples that nothing but the name is missing from.
    let extras = directory.uints(ifd::EXTRA_SAMPLES).map_or(0, |extras| extras.len() as u64);
    let colourful = channels.saturating_sub(extras) >= 3;
    let default = if colourful { RGB } else { BLACK_IS_ZERO };
    match directory.uint(ifd::PHOTOMETRIC).unwrap_or(default) {
        WHITE_IS_ZERO => Ok(Colour::WhiteIsZero { white_at: full }),
        BLACK_IS_ZERO | LINEAR_RAW if colourful => Ok(Colour::Rgb),
        BLACK_IS_ZERO | LINEAR_RAW | MASK => Ok(Colour::Grey),
        RGB => needs(3, Colour::Rgb),
        PALETTE => palette(directory, bits),
        CMYK => needs(4, Colour::Cmyk { full }),
        YCBCR if compression == Compression::Jpeg => needs(3, Colour::Rgb),
        YCBCR => Err(unsupported("the TIFF stores its colours as YCbCr")),
        8..=10 => Err(unsupported("the TIFF stores its colours as CIELab")),
        other => Err(unsupported(format!("the TIFF stores its colours in the unknown way {other}"))),
    }
}

/// The red values of all indices, then the green ones, then the blue ones.
fn palette(directory: &Directory, bits: usize) -> Result<Colour, Fault> {
    let map = directory.uints(ifd::COLOR_MAP).filter(|map| bits <= 16 && map.len() >= 3 << bits);
    let map = map.ok_or_else(|| Fault::damaged("the TIFF has no colours for its palette"))?;
    let entries = 1 << bits;
    let value = |i: usize| map.get(i).unwrap_or(0) as u16;
    Ok(Colour::Palette((0..entries).map(|i| [value(i), value(entries + i), value(2 * entries + i)]).collect()))
}

/// Width and height of a strip or tile.
fn chunk_size(
    directory: &Directory,
    tiled: bool,
    (width, height): (usize, usize),
    strips: usize,
) -> Result<(usize, usize), Fault> {
    let positive = |tag: u16, value: u64| {
        let value = usize::try_from(value).unwrap_or(usize::MAX);
        if value == 0 { Err(Fault::damaged(format!("tag {tag} of the TIFF is 0"))) } else { Ok(value) }
    };
    if tiled {
        let size = |tag: u16| positive(tag, directory.uint(tag).unwrap_or(0));
        return Ok((size(ifd::TILE_WIDTH)?, size(ifd::TILE_LENGTH)?));
    }
    let rows = match directory.uint(ifd::ROWS_PER_STRIP) {
        Some(rows) => positive(ifd::ROWS_PER_STRIP, rows)?,
        // The default is one strip, but with several of them something was forgotten.
        None => height.div_ceil(strips.max(1)),
    };
    Ok((width, rows.min(height)))
}
