//! What PNG and JPEG share: both are decoded by the `image` crate.

use super::{Fault, Limits};
use crate::image::{Colour, RawImage, Samples};
use image::{ColorType, ImageDecoder, ImageError};

/// Takes the picture out of a decoder that has read its header.
pub(super) fn read(decoder: impl ImageDecoder, format: &'static str, limits: &Limits) -> Result<RawImage, Fault> {
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let bytes = limits.check(width.into(), height.into(), color.bytes_per_pixel().into())?;
    let mut buffer = vec![0; bytes as usize];
    decoder.read_image(&mut buffer).map_err(|e| fault(e, format))?;
    let samples = match color {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => Samples::U8(buffer),
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            Samples::U16(buffer.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect())
        }
        other => return Err(Fault::unsupported(format!("the {format} stores its pixels as {other:?}"), REMEDY)),
    };
    let channels = color.channel_count().into();
    let colour = if channels >= 3 { Colour::Rgb } else { Colour::Grey };
    Ok(RawImage { channels, colour, ..RawImage::grey(format, width as usize, height as usize, samples) })
}

/// The limits in the words of the `image` crate.
pub(super) fn limits(limits: &Limits) -> image::Limits {
    let mut theirs = image::Limits::no_limits();
    theirs.max_alloc = Some(limits.max_decoded_bytes);
    theirs
}

const REMEDY: &str = "export the image as an 8-bit or 16-bit greyscale TIFF";

pub(super) fn fault(error: ImageError, format: &str) -> Fault {
    match error {
        ImageError::Unsupported(e) => Fault::unsupported(format!("this kind of {format} is not read ({e})"), REMEDY),
        ImageError::Limits(e) => Fault::unsupported(format!("the {format} is too large ({e})"), "crop or bin it"),
        e => Fault::damaged(format!("the {format} is damaged or cut off ({e})")),
    }
}
