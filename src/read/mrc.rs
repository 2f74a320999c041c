//! MRC and MRCS, first section: modes 0, 1, 2 and 6, both byte orders.
//!
//! Layout: a header of 1024 bytes (MRC2014, <https://www.ccpem.ac.uk/mrc_format/mrc2014.php>), an extended header of
//! NSYMBT bytes, then the sections. Rows stay in stored order; viewers that put the origin at the bottom show them
//! upside down.

use super::{Fault, Limits};
use crate::image::{RawImage, Samples, Source, Statement};

const HEADER_BYTES: usize = 1024;
/// Mark of files written by IMOD, whose flag then says whether bytes are signed.
const IMOD_STAMP: i32 = 1_146_047_817;
/// Nanometres in an ångström.
const ANGSTROM_NM: f64 = 0.1;
const REMEDY: &str = "save it as MRC mode 1, 2 or 6, for example with newstack of IMOD or with mrcfile";

/// Reads words of the header in one byte order.
struct Header<'a> {
    bytes: &'a [u8; HEADER_BYTES],
    little: bool,
}

impl Header<'_> {
    /// The header in the order that the machine stamp gives, or in the other one when only that makes sense: stamps are
    /// often missing or wrong.
    fn of(bytes: &[u8]) -> Option<Header<'_>> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let stamped = Header { bytes, little: bytes[212] != 0x11 };
        let swapped = Header { bytes, little: !stamped.little };
        Some(if !stamped.is_sane() && swapped.is_sane() { swapped } else { stamped })
    }

    fn int(&self, at: usize) -> i32 {
        let word = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]];
        if self.little { i32::from_le_bytes(word) } else { i32::from_be_bytes(word) }
    }

    fn real(&self, at: usize) -> f32 {
        f32::from_bits(self.int(at) as u32)
    }

    fn is_sane(&self) -> bool {
        let dimension = |at| (1..1 << 24).contains(&self.int(at));
        dimension(0) && dimension(4) && dimension(8) && (0..=101).contains(&self.int(12)) && self.int(92) >= 0
    }
}

/// `MAP` at 208 (the fourth character varies), or an MRC extension and a header that makes sense: older programs leave
/// the mark out.
pub(super) fn recognises(bytes: &[u8], extension: &str) -> bool {
    let marked = bytes.get(208..211) == Some(b"MAP");
    let named = matches!(extension, "mrc" | "mrcs" | "map");
    // A named file too short for a header is worth a message about that.
    marked || named && Header::of(bytes).is_none_or(|h| h.is_sane())
}

pub(super) fn read(bytes: &[u8], limits: &Limits, _frame: usize) -> Result<RawImage, Fault> {
    let header = Header::of(bytes).ok_or_else(|| Fault::damaged("the MRC is shorter than its header of 1024 bytes"))?;
    let positive = |at, name: &str| {
        u64::try_from(header.int(at)).map_err(|_| Fault::damaged(format!("the MRC states a negative {name}")))
    };
    let (width, height, skip) = (positive(0, "width")?, positive(4, "height")?, positive(92, "extended header")?);
    let mode = header.int(12);
    let sample_bytes = match mode {
        0 => 1,
        1 | 6 => 2,
        2 => 4,
        _ => return Err(Fault::unsupported(format!("MRC mode {mode} ({}) is not read", mode_name(mode)), REMEDY)),
    };
    let section_bytes = limits.check(width, height, sample_bytes)?;
    let start = HEADER_BYTES as u64 + skip;
    let end = start + section_bytes;
    let section = usize::try_from(start).ok().zip(usize::try_from(end).ok()).and_then(|(s, e)| bytes.get(s..e));
    let Some(section) = section else {
        return Err(Fault::damaged(format!("the MRC needs {end} bytes, but has {}", bytes.len())));
    };
    let little = header.little;
    let samples = match mode {
        0 if is_unsigned(&header) => Samples::U8(section.to_vec()),
        0 => Samples::I8(section.iter().map(|&b| b as i8).collect()),
        1 => Samples::I16(words(section, if little { i16::from_le_bytes } else { i16::from_be_bytes })),
        6 => Samples::U16(words(section, if little { u16::from_le_bytes } else { u16::from_be_bytes })),
        _ => Samples::F32(words(section, if little { f32::from_le_bytes } else { f32::from_be_bytes })),
    };
    let statements = vec![stated(&header)];
    Ok(RawImage { statements, ..RawImage::grey("MRC", width as usize, height as usize, samples) })
}

/// Pixel size of the header: cell edges CELLA in ångström over the sampling intervals MX, MY.
fn stated(header: &Header) -> Statement {
    let (cell, intervals) = ((header.real(40), header.real(44)), (header.int(28), header.int(32)));
    let x = f64::from(cell.0) / f64::from(intervals.0);
    let y = f64::from(cell.1) / f64::from(intervals.1);
    let raw = format!("{} x {} Å in {} x {}", cell.0, cell.1, intervals.0, intervals.1);
    let sound = |cell: f32, intervals: i32| cell.is_finite() && cell > 0.0 && intervals > 0;
    let nm = if sound(cell.0, intervals.0) && sound(cell.1, intervals.1) {
        Ok((x * ANGSTROM_NM, y * ANGSTROM_NM))
    } else {
        Err("the header states no size".into())
    };
    let is_default = x == 1.0 && y == 1.0;
    let doubt = "exactly 1 Å per pixel is what programs write that do not know the size";
    Statement { doubt: is_default.then(|| doubt.into()), ..Statement::new(Source::Mrc, raw, nm) }
}

/// Mode 0 is signed in MRC2014; IMOD wrote it unsigned and says so by leaving bit 0 of its flags clear.
fn is_unsigned(header: &Header) -> bool {
    header.int(152) == IMOD_STAMP && header.int(156) & 1 == 0
}

fn words<T, const N: usize>(bytes: &[u8], word: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| word(chunk)).collect()
}

fn mode_name(mode: i32) -> &'static str {
    match mode {
        3 => "complex 16-bit integers: a transform, not a picture",
        4 => "complex 32-bit reals: a transform, not a picture",
        12 => "16-bit reals",
        16 => "RGB bytes",
        101 => "4-bit integers",
        _ => "unknown",
    }
}
