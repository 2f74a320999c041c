//! PNG: grey or colour, with or without alpha, 1 to 16 bits. Palettes come as RGB, 1 to 4 bits stretched to 8.

use super::{Fault, Limits, raster};
use crate::image::RawImage;
use image::codecs::png::PngDecoder;
use std::io::Cursor;

pub(super) fn read(bytes: &[u8], limits: &Limits, _frame: usize) -> Result<RawImage, Fault> {
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), raster::limits(limits)).map_err(|e| raster::fault(e, "PNG"))?;
    raster::read(decoder, "PNG", limits)
}
