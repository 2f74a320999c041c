//! JPEG: 8 bits, grey or colour, baseline or progressive.

use super::{Fault, Limits, check_frame, raster};
use crate::image::RawImage;
use image::codecs::jpeg::JpegDecoder;
use std::io::Cursor;

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    check_frame(frame, 1)?;
    // The decoder paints what is missing from a cut file grey and says nothing.
    if !has_end(bytes) {
        return Err(Fault::damaged("the JPEG is cut off"));
    }
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|e| raster::fault(e, "JPEG"))?;
    raster::read(decoder, "JPEG", limits)
}

/// Whether the end marker follows the first scan. Segments before it are stepped over, because a preview inside one has
/// an end marker of its own; inside a scan `ff` is never followed by `d9`.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xda => return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]),
            0xff => at += 1,               // fill byte
            0x01 | 0xd0..=0xd8 => at += 2, // markers without a segment
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_end;

    #[test]
    fn the_end_of_a_preview_is_not_the_end_of_the_picture() {
        let preview = b"\xff\xd8\xff\xe1\0\x06\xff\xd9\0\0\xff\xda\0\x02data";
        assert!(!has_end(preview));
        assert!(has_end(&[preview as &[u8], b"\xff\xd9"].concat()));
        assert!(!has_end(b"\xff\xd8\xff\xd9"));
    }
}
