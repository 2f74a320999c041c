//! JPEG inside TIFF (compression 7): each strip or tile is a JPEG whose tables may be in tag 347.
//!
//! Source: TIFF Technical Note 2 (Lane, 1995).

use super::super::page::{Page, unsupported};
use crate::read::{Fault, jpeg};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];

/// Fills `out`, which holds whole rows of the strip or tile.
pub(super) fn decode(page: &Page, stored: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    if page.bits != 8 {
        return Err(unsupported(format!("the TIFF holds JPEGs of {} bits", page.bits)));
    }
    let fault =
        |error: String| Fault::damaged(format!("a JPEG in the TIFF is damaged or of an unknown kind ({error})"));
    let body = stored.strip_prefix(&START).ok_or_else(|| fault("no start".into()))?;
    // The decoder paints what is missing grey and says nothing.
    if !jpeg::has_end(stored) {
        return Err(Fault::damaged("a JPEG in the TIFF is cut off"));
    }
    let tables = page.jpeg_tables.strip_prefix(&START).unwrap_or_default();
    let tables = tables.strip_suffix(&END).unwrap_or(tables);
    let whole = [&START, tables, body].concat();

    let samples = page.samples();
    let options = DecoderOptions::default()
        .set_max_width(page.chunk_width)
        .set_max_height(page.chunk_height)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&whole), options);
    decoder.decode_headers().map_err(|e| fault(e.to_string()))?;
    // Brightness and differences become colours where the TIFF says that they are that, all else stays as stored.
    let colours = match decoder.input_colorspace() {
        Some(ColorSpace::YCbCr) if page.is_ycbcr => ColorSpace::RGB,
        Some(stored) => stored,
        None => return Err(fault("no colours".into())),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let (width, height) = decoder.dimensions().ok_or_else(|| fault("no size".into()))?;
    let row_bytes = page.row_bytes(page.chunk_width);
    if width != page.chunk_width || height * row_bytes < out.len() || colours.num_components() != samples {
        return Err(fault(format!("{width} x {height} pixels of {} colours", colours.num_components())));
    }
    let pixels = decoder.decode().map_err(|e| fault(e.to_string()))?;
    let needed = pixels.get(..out.len()).ok_or_else(|| fault("too few pixels".into()))?;
    out.copy_from_slice(needed);
    Ok(())
}
