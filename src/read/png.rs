//! PNG: grey or colour, with or without alpha, 1 to 16 bits. Palettes come as RGB, 1 to 4 bits stretched to 8.
//!
//! Texts stay compressed: nobody reads them, and they may be bombs. Of the chunk `pHYs` (PNG specification, 11.3.5.3) the
//! print resolution is told.

use super::{Fault, Limits, check_frame, raster, tiff};
use crate::image::{RawImage, Statement};
use crate::units::METRE_NM;
use image::codecs::png::PngDecoder;
use std::io::Cursor;

/// Bytes of the mark that the file begins with, and of a chunk's length, name and checksum.
const MARK_BYTES: usize = 8;
const WORD_BYTES: usize = 4;
/// The unit of `pHYs` that means metres.
const METRE: u8 = 1;

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    check_frame(frame, 1)?;
    // The decoder takes three bytes for the last colour whatever is left: png 0.18.1 panics.
    if chunk(bytes, b"PLTE").is_some_and(|palette| palette.len() % 3 != 0) {
        return Err(Fault::damaged("the palette of the PNG ends within a colour"));
    }
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), raster::limits(limits)).map_err(|e| raster::fault(e, "PNG"))?;
    let statements = print_resolution(bytes).into_iter().collect();
    Ok(RawImage { statements, ..raster::read(decoder, "PNG", limits)? })
}

/// Pixels per metre.
fn print_resolution(bytes: &[u8]) -> Option<Statement> {
    let &[a, b, c, d, e, f, g, h, METRE] = chunk(bytes, b"pHYs")? else { return None };
    let nm = |per_metre: [u8; 4]| METRE_NM / f64::from(u32::from_be_bytes(per_metre));
    tiff::print_statement(nm([a, b, c, d]), nm([e, f, g, h]))
}

/// Content of the first chunk of this name that stands before the pixels.
fn chunk<'a>(bytes: &'a [u8], wanted: &[u8; WORD_BYTES]) -> Option<&'a [u8]> {
    let mut rest = bytes.get(MARK_BYTES..)?;
    loop {
        let (length, body) = rest.split_first_chunk::<WORD_BYTES>()?;
        let (name, body) = body.split_first_chunk::<WORD_BYTES>()?;
        let length = u32::from_be_bytes(*length) as usize;
        match name {
            name if name == wanted => return body.get(..length),
            b"IDAT" => return None,
            _ => rest = body.get(length.checked_add(WORD_BYTES)?..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_of_micrographs_are_told() {
        let file = |per_metre: u32, unit: u8| {
            let word = per_metre.to_be_bytes();
            let other = b"\0\0\0\x02abcd..crc.";
            [b"\x89PNG\r\n\x1a\n", other as &[u8], b"\0\0\0\x09pHYs", &word, &word, &[unit]].concat()
        };
        assert_eq!(print_resolution(&file(2_000_000_000, METRE)).unwrap().nm, Ok((0.5, 0.5)));
        assert_eq!(print_resolution(&file(2_000_000_000, 0)), None);
        assert_eq!(print_resolution(&file(2835, METRE)), None);
        assert_eq!(print_resolution(&file(2_000_000_000, METRE)[..38]), None);
    }
}
