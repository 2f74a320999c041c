//! MRC and MRCS: modes 0, 1, 2, 6, 12, 16 and 101 in both byte orders, every section of a stack or volume.
//!
//! Layout: a header of 1024 bytes (MRC2014, <https://www.ccpem.ac.uk/mrc_format/mrc2014.php>), an extended header of
//! NSYMBT bytes, then the sections. Half bytes come low half first, each row beginning on a whole byte; IMOD's own form of
//! them is mode 0 with a flag and half the width (<https://bio3d.colorado.edu/imod/doc/mrc_format.txt>). Rows stay in
//! stored order; viewers that put the origin at the bottom show them upside down.

mod scale;

use super::words::{self, Kind};
use super::{Fault, Limits, check_frame};
use crate::image::{Colour, RawImage, Samples};

pub(super) const HEADER_BYTES: usize = 1024;
/// Mark of files written by IMOD, whose flags then mean something.
const IMOD_STAMP: i32 = 1_146_047_817;
/// IMOD's flag: bytes are signed.
const IMOD_SIGNED: i32 = 1;
/// IMOD's flag: each byte holds two pixels, and the stated width is that of the bytes.
const IMOD_HALF_BYTES: i32 = 16;
/// All modes of the format, the ones that are no picture included.
const MODES: [i32; 9] = [0, 1, 2, 3, 4, 6, 12, 16, 101];
/// Largest width, height or number of sections of a header that makes sense. Cameras have up to 2^14 pixels.
const DIMENSION_MAX: i32 = 1 << 24;
const REMEDY: &str = "save it as MRC mode 1, 2 or 6, for example with newstack of IMOD or with mrcfile";

/// Reads words of the header in one byte order.
struct Header<'a> {
    bytes: &'a [u8; HEADER_BYTES],
    little: bool,
}

impl Header<'_> {
    /// The header in the order that the machine stamp gives, or in the other one when only that makes sense: stamps are
    /// often missing or wrong. `file_bytes` is the length of the file, where it is known.
    fn of(bytes: &[u8], file_bytes: Option<usize>) -> Option<Header<'_>> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let stamped = Header { bytes, little: bytes[212] != 0x11 };
        let swapped = Header { bytes, little: !stamped.little };
        // A size such as 256 makes sense either way, but only one way the picture fits into the file.
        let fits = |h: &Header| {
            let end = Layout::of(h).ok().and_then(|layout| layout.section_end(0));
            file_bytes.is_none_or(|len| end.is_some_and(|end| end <= len as u64))
        };
        let stamp_fails = !stamped.is_sane() || !fits(&stamped);
        let better = swapped.is_sane() && (fits(&swapped) || !stamped.is_sane());
        Some(if stamp_fails && better { swapped } else { stamped })
    }

    fn int(&self, at: usize) -> i32 {
        let word = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]];
        if self.little { i32::from_le_bytes(word) } else { i32::from_be_bytes(word) }
    }

    fn real(&self, at: usize) -> f32 {
        f32::from_bits(self.int(at) as u32)
    }

    /// Kind of the extended header, `EXTTYP`.
    fn extension_type(&self) -> [u8; 4] {
        [self.bytes[104], self.bytes[105], self.bytes[106], self.bytes[107]]
    }

    /// The first of the ten labels.
    fn label(&self) -> &[u8] {
        &self.bytes[224..304]
    }

    fn is_sane(&self) -> bool {
        let dimension = |at| (1..DIMENSION_MAX).contains(&self.int(at));
        dimension(0) && dimension(4) && dimension(8) && MODES.contains(&self.int(12)) && self.int(92) >= 0
    }

    fn has_imod_flag(&self, flag: i32) -> bool {
        self.int(152) == IMOD_STAMP && self.int(156) & flag != 0
    }
}

/// How the pixels of a section are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pixels {
    Grey(Kind),
    Rgb,
    HalfBytes,
}

/// Where the sections lie; no number is checked against the file yet.
struct Layout {
    width: u64,
    height: u64,
    sections: u64,
    /// Where the first section begins.
    start: u64,
    pixels: Pixels,
}

impl Layout {
    fn of(header: &Header) -> Result<Self, Fault> {
        let positive = |at, name: &str| {
            u64::try_from(header.int(at)).map_err(|_| Fault::damaged(format!("the MRC states a negative {name}")))
        };
        let mut width = positive(0, "width")?;
        let (height, sections) = (positive(4, "height")?, positive(8, "number of sections")?);
        let start = HEADER_BYTES as u64 + positive(92, "extended header")?;
        let pixels = match header.int(12) {
            0 if header.has_imod_flag(IMOD_HALF_BYTES) => {
                width *= 2;
                Pixels::HalfBytes
            }
            // Bytes are signed in MRC2014; IMOD wrote them unsigned and says so by leaving the flag clear.
            0 if header.int(152) == IMOD_STAMP && !header.has_imod_flag(IMOD_SIGNED) => Pixels::Grey(Kind::U8),
            0 => Pixels::Grey(Kind::I8),
            1 => Pixels::Grey(Kind::I16),
            2 => Pixels::Grey(Kind::F32),
            mode @ (3 | 4) => {
                let cause = format!("MRC mode {mode} holds complex numbers: a transform, not a picture");
                return Err(Fault::unsupported(cause, "save the picture itself, not its Fourier transform"));
            }
            6 => Pixels::Grey(Kind::U16),
            12 => Pixels::Grey(Kind::F16),
            16 => Pixels::Rgb,
            101 => Pixels::HalfBytes,
            mode => return Err(Fault::unsupported(format!("MRC mode {mode} (unknown) is not read"), REMEDY)),
        };
        Ok(Self { width, height, sections, start, pixels })
    }

    /// Decoded bytes of a pixel.
    fn pixel_bytes(&self) -> u64 {
        match self.pixels {
            Pixels::Grey(kind) => kind.bytes(),
            Pixels::Rgb => 3,
            Pixels::HalfBytes => 1,
        }
    }

    /// Stored bytes of a section.
    fn section_bytes(&self) -> Option<u64> {
        let row = match self.pixels {
            Pixels::HalfBytes => self.width.div_ceil(2),
            _ => self.width.checked_mul(self.pixel_bytes())?,
        };
        row.checked_mul(self.height)
    }

    /// Where a section ends in the file.
    fn section_end(&self, section: u64) -> Option<u64> {
        self.section_bytes()?.checked_mul(section.checked_add(1)?)?.checked_add(self.start)
    }
}

/// `MAP` at 208 (the fourth character varies), or an MRC extension and a header that makes sense: older programs leave
/// the mark out.
pub(super) fn recognises(bytes: &[u8], extension: &str) -> bool {
    // A named file too short for a header is worth a message about that.
    has_mark(bytes) || is_named(extension) && Header::of(bytes, Some(bytes.len())).is_none_or(|h| h.is_sane())
}

/// As [`recognises`], where nothing but the header is at hand.
pub(super) fn recognises_header(bytes: &[u8], extension: &str) -> bool {
    has_mark(bytes) || is_named(extension) && Header::of(bytes, None).is_some_and(|h| h.is_sane())
}

fn has_mark(bytes: &[u8]) -> bool {
    bytes.get(208..211) == Some(b"MAP")
}

fn is_named(extension: &str) -> bool {
    // The last three are IMOD's names for stacks, reconstructions and aligned stacks.
    matches!(extension, "mrc" | "mrcs" | "map" | "st" | "rec" | "ali")
}

/// What a header asks for.
pub(super) struct Needs {
    /// Bytes up to the end of the last section.
    pub(super) bytes: u64,
    pub(super) extended_bytes: u64,
}

/// What the first 1024 bytes of a file ask for.
pub(super) fn needed(header: &[u8], limits: &Limits) -> Result<Needs, Fault> {
    let header = Header::of(header, None).ok_or_else(too_short)?;
    let layout = Layout::of(&header)?;
    limits.check(layout.width, layout.height, layout.pixel_bytes())?;
    let end = layout.section_end(layout.sections.saturating_sub(1));
    Ok(Needs { bytes: end.unwrap_or(u64::MAX), extended_bytes: layout.start - HEADER_BYTES as u64 })
}

fn too_short() -> Fault {
    Fault::damaged("the MRC is shorter than its header of 1024 bytes")
}

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    let header = Header::of(bytes, Some(bytes.len())).ok_or_else(too_short)?;
    let layout = Layout::of(&header)?;
    limits.check(layout.width, layout.height, layout.pixel_bytes())?;
    if layout.sections == 0 {
        return Err(Fault::damaged("the MRC states that it has no section"));
    }
    let section_bytes = layout.section_bytes().unwrap_or(u64::MAX);
    // The first section that is cut off counts too, so that somebody hears of it.
    let whole = (bytes.len() as u64).saturating_sub(layout.start) / section_bytes;
    let frames = layout.sections.min(whole + 1) as usize;
    check_frame(frame, frames)?;
    let end = layout.section_end(frame as u64).unwrap_or(u64::MAX);
    let start = end.saturating_sub(section_bytes);
    let section = usize::try_from(start).ok().zip(usize::try_from(end).ok()).and_then(|(s, e)| bytes.get(s..e));
    let Some(section) = section else {
        return Err(Fault::damaged(format!("the MRC needs {end} bytes, but has {}", bytes.len())));
    };
    let (width, height) = (layout.width as usize, layout.height as usize);
    let samples = match layout.pixels {
        Pixels::Grey(kind) => words::samples(section, kind, header.little),
        Pixels::Rgb => Samples::U8(section.to_vec()),
        Pixels::HalfBytes => Samples::U8(half_bytes(section, width)),
    };
    let (channels, colour) = if layout.pixels == Pixels::Rgb { (3, Colour::Rgb) } else { (1, Colour::Grey) };
    let extended = bytes.get(HEADER_BYTES..layout.start as usize).unwrap_or_default();
    let statements = scale::stated(&header, extended, frame);
    Ok(RawImage { channels, colour, frames, statements, ..RawImage::grey("MRC", width, height, samples) })
}

/// Two pixels a byte, the low half first; the last half of an odd row is empty.
fn half_bytes(section: &[u8], width: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(section.len() * 2);
    for row in section.chunks(width.div_ceil(2).max(1)) {
        pixels.extend(row.iter().flat_map(|&b| [b & 0xf, b >> 4]).take(width));
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Statement;

    /// A file of one byte order whose pixels are the low bytes of their index.
    fn file(size: [i32; 3], mode: i32, little: bool, data_bytes: usize) -> Vec<u8> {
        let mut file = vec![0; HEADER_BYTES];
        put(&mut file, 0, &size, little);
        put(&mut file, 12, &[mode], little);
        file[208..212].copy_from_slice(b"MAP ");
        file[212..214].copy_from_slice(if little { &[0x44, 0x44] } else { &[0x11, 0x11] });
        file.extend((0..data_bytes).map(|i| i as u8));
        file
    }

    fn put(file: &mut [u8], at: usize, words: &[i32], little: bool) {
        for (i, word) in words.iter().enumerate() {
            let word = if little { word.to_le_bytes() } else { word.to_be_bytes() };
            file[at + 4 * i..][..4].copy_from_slice(&word);
        }
    }

    fn taken(file: &[u8], frame: usize) -> Result<RawImage, String> {
        read(file, &Limits::default(), frame).map_err(|fault| format!("{fault:?}"))
    }

    #[test]
    fn half_bytes_come_low_half_first_and_rows_on_whole_bytes() {
        let image = taken(&file([3, 2, 1], 101, true, 4), 0).unwrap();
        assert_eq!(image.samples, Samples::U8(vec![0, 0, 1, 2, 0, 3]));
        let mut imod = file([2, 2, 1], 0, true, 4);
        put(&mut imod, 152, &[IMOD_STAMP, IMOD_HALF_BYTES], true);
        let image = taken(&imod, 0).unwrap();
        assert_eq!((image.width, image.samples), (4, Samples::U8(vec![0, 0, 1, 0, 2, 0, 3, 0])));
    }

    #[test]
    fn sections_are_frames_and_a_cut_one_is_told() {
        let mut stack = file([2, 2, 3], 1, true, 20);
        assert_eq!(taken(&stack, 1).unwrap().samples.to_le_bytes()[..], [8, 9, 10, 11, 12, 13, 14, 15]);
        // Two sections and a half: the third is missed aloud.
        assert_eq!(taken(&stack, 0).unwrap().frames, 3);
        assert!(taken(&stack, 2).unwrap_err().contains("needs"));
        assert!(taken(&stack, 3).unwrap_err().contains("3"));
        // A hostile number of sections promises no more than the file can hold.
        put(&mut stack, 8, &[i32::MAX], true);
        assert_eq!(taken(&stack, 0).unwrap().frames, 3);
    }

    #[test]
    fn a_wrong_stamp_is_seen_by_the_length() {
        // 256 and mode 0 make sense in both orders.
        let mut wrong = file([256, 256, 1], 0, false, 1 << 16);
        wrong[212..214].copy_from_slice(&[0x44, 0x44]);
        let image = taken(&wrong, 0).unwrap();
        assert_eq!((image.width, image.height), (256, 256));
    }

    #[test]
    fn transforms_are_refused_by_name() {
        for mode in [3, 4] {
            assert!(taken(&file([2, 2, 1], mode, true, 32), 0).unwrap_err().contains("transform"));
        }
    }

    #[test]
    fn colour_and_half_precision_are_read() {
        let image = taken(&file([1, 2, 1], 16, true, 6), 0).unwrap();
        assert_eq!((image.channels, image.colour), (3, Colour::Rgb));
        let mut half = file([1, 1, 1], 12, false, 0);
        half.extend([0x3c, 0]);
        let image = taken(&half, 0).unwrap();
        assert_eq!(image.samples, Samples::F16(vec![half::f16::ONE]));
        assert!(matches!(&image.statements[..], [Statement { nm: Err(_), .. }]));
    }
}
