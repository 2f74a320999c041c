//! Tescan: tag 50431, blocks of which one is text with `PixelSizeX=` and `PixelSizeY=` in metres.
//!
//! The same lines are in a file beside the picture. Source: gwyddion's description of the format.

use super::super::ifd::latin;
use super::{Heard, MAX_TEXT_BYTES, Tags, number};
use crate::image::{Source, Statement};
use crate::units::METRE_NM;

const TAG: u16 = 50431;

pub(super) fn hear(tags: &Tags) -> Heard {
    let bytes = tags.page(TAG).and_then(|page| page.bytes(TAG)).filter(|bytes| bytes.len() <= MAX_TEXT_BYTES);
    let Some(bytes) = bytes else { return Ok(None) };
    // Heads of blocks and a preview are between the lines; no line of either begins so.
    let lines = bytes.split(|&byte| matches!(byte, b'\r' | b'\n' | 0));
    let value = |key: &[u8]| lines.clone().find_map(|line| line.strip_prefix(key)).map(latin);
    let Some(x) = value(b"PixelSizeX=") else { return Ok(None) };
    let y = value(b"PixelSizeY=").unwrap_or_else(|| x.clone());
    let nm = number(&x).and_then(|x| Ok((x * METRE_NM, number(&y)? * METRE_NM)));
    Ok(Some(Statement::new(Source::Tescan, format!("PixelSizeX={x}, PixelSizeY={y}"), nm)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_nm, heard};
    use super::*;

    #[test]
    fn the_lines_are_found_among_the_blocks() {
        let text = b"Date=2020-01-01\r\nPixelSizeX=6.2e-010\r\nPixelSizeY=8.0e-010\r\n";
        let block = [&[text.len() as u8, 0, 0, 0, 2, 0], text as &[u8], &[2, 0, 0, 0, 0, 0]].concat();
        assert_nm(heard(hear, TAG, 1, &block), 0.62, 0.8);
        assert!(heard(hear, TAG, 1, b"\x09\0\0\0\x02\0PixelSize").unwrap().is_none());
    }
}
