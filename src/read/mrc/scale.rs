//! What an MRC file says about its pixel size: the cell, and the extended headers of FEI and Thermo Fisher.
//!
//! Places and units of the extended headers: the MRC2014 description of FEI1 and FEI2 as listed by mrcfile
//! (<https://mrcfile.readthedocs.io>); the older one of 32 reals a section, IMOD's description of the format.

use super::Header;
use crate::image::{Source, Statement};
use crate::units::{ANGSTROM_NM, METRE_NM};

/// Where an FEI1 or FEI2 block holds the pixel's edges, metres as 64-bit reals, along x and y.
const FEI_PIXEL_AT: [usize; 2] = [156, 164];
/// Bytes of a block of the older FEI header: 32 reals of 32 bits.
const OLD_FEI_BLOCK_BYTES: usize = 128;
/// Which of them is the pixel's edge in metres.
const OLD_FEI_PIXEL_AT: usize = 11 * 4;
/// How the first label of files with the older header begins that do not name its kind.
const OLD_FEI_LABEL: &[u8] = b"Fei Company";

/// All statements: the cell, and the block of this section or of the first one.
pub(super) fn stated(header: &Header, extended: &[u8], frame: usize) -> Vec<Statement> {
    let block = match &header.extension_type() {
        b"FEI1" | b"FEI2" => fei_block(header, extended, frame),
        b"AGAR" => old_fei_block(header, extended, frame),
        _ if header.label().starts_with(OLD_FEI_LABEL) => old_fei_block(header, extended, frame),
        _ => None,
    };
    std::iter::once(cell(header)).chain(block).collect()
}

/// Cell edges CELLA in ångström over the sampling intervals MX, MY.
fn cell(header: &Header) -> Statement {
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

/// The pixel of an FEI1 or FEI2 block; its first word is its length.
fn fei_block(header: &Header, extended: &[u8], frame: usize) -> Option<Statement> {
    let word: [u8; 4] = *extended.first_chunk()?;
    let bytes = if header.little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) } as usize;
    let block = block(extended, bytes, frame)?;
    let edge = |at: usize| {
        let word: [u8; 8] = *block.get(at..)?.first_chunk()?;
        Some(if header.little { f64::from_le_bytes(word) } else { f64::from_be_bytes(word) })
    };
    let (x, y) = (edge(FEI_PIXEL_AT[0])?, edge(FEI_PIXEL_AT[1])?);
    let name = String::from_utf8_lossy(&header.extension_type()).into_owned();
    in_metres(&name, x, y)
}

/// The pixel of an older FEI block.
fn old_fei_block(header: &Header, extended: &[u8], frame: usize) -> Option<Statement> {
    let word: [u8; 4] = *block(extended, OLD_FEI_BLOCK_BYTES, frame)?.get(OLD_FEI_PIXEL_AT..)?.first_chunk()?;
    let edge = f64::from(if header.little { f32::from_le_bytes(word) } else { f32::from_be_bytes(word) });
    in_metres("the older FEI", edge, edge)
}

/// Block of a section, or the first one where there are fewer.
fn block(extended: &[u8], bytes: usize, frame: usize) -> Option<&[u8]> {
    let at = |n: usize| extended.get(n.checked_mul(bytes)?..)?.get(..bytes);
    at(frame).or_else(|| at(0))
}

/// A field that nobody filled is no statement.
fn in_metres(name: &str, x: f64, y: f64) -> Option<Statement> {
    let filled = x != 0.0 || y != 0.0;
    let raw = format!("{x} x {y} m in {name} extended header");
    filled.then(|| Statement::new(Source::Mrc, raw, Ok((x * METRE_NM, y * METRE_NM))))
}
