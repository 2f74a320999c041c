//! TIFF and BigTIFF, first image: 8 to 64 bits, integer or real, strips or tiles, uncompressed, LZW, Deflate or PackBits.
//!
//! The `tiff` crate decodes; this file decides what may be decoded and what the samples mean. Larger is always
//! brighter: where the file says that zero is white (PhotometricInterpretation 0) the values come inverted, `max - v`
//! for unsigned integers and `1 - v` for reals.

mod ifd;
mod stated;

use super::{Fault, Limits};
use crate::image::{Colour, RawImage, Samples};
use ifd::Directory;
use std::io::{Cursor, ErrorKind};
use tiff::decoder::{ChunkType, Decoder, DecodingResult};
use tiff::tags::CompressionMethod;
use tiff::{ColorType, TiffError};

const REMEDY: &str = "save it as an uncompressed 8-bit, 16-bit or 32-bit greyscale TIFF, for example with Fiji";

/// Either byte order, classic (42) or BigTIFF (43).
pub(super) fn recognises(bytes: &[u8]) -> bool {
    matches!(bytes, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..])
}

pub(super) fn read(bytes: &[u8], limits: &Limits, _frame: usize) -> Result<RawImage, Fault> {
    let directory = Directory::first(bytes).ok_or_else(|| Fault::damaged("the TIFF is cut off"))?;
    if let Some(tag) = directory.missing() {
        return Err(Fault::damaged(format!("the TIFF is cut off or damaged (tag {tag} points outside the file)")));
    }
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(fault)?;
    let (width, height) = decoder.dimensions().map_err(fault)?;
    let color = decoder.colortype().map_err(fault)?;
    let channels = channels(&directory, color, decoder.get_chunk_type())?;
    let bits = color.bit_depth();
    if !matches!(bits, 8 | 16 | 32 | 64) {
        return Err(Fault::unsupported(format!("the TIFF has {bits} bits per sample"), REMEDY));
    }
    let pixel_bytes = channels as u64 * u64::from(bits / 8);
    let decoded_bytes = limits.check(width.into(), height.into(), pixel_bytes)?;
    check_compression(&directory, bytes, decoded_bytes)?;
    // A row of tiles is decoded through a buffer of its own.
    let (chunk_width, chunk_height) = decoder.chunk_dimensions();
    limits.check(chunk_width.into(), chunk_height.min(height).into(), pixel_bytes)?;

    let mut tiff_limits = tiff::decoder::Limits::default();
    tiff_limits.decoding_buffer_size = decoded_bytes as usize;
    tiff_limits.intermediate_buffer_size = usize::MAX; // compared with chunk lengths, which are never allocated
    let mut decoded = DecodingResult::U8(Vec::new());
    let layout = decoder.with_limits(tiff_limits).read_image_to_buffer(&mut decoded).map_err(fault)?;

    let pixels = width as usize * height as usize;
    let samples = samples(decoded, pixels, if layout.planes > 1 { channels } else { 1 });
    if samples.len() != pixels * channels {
        return Err(Fault::damaged(format!("the TIFF holds {} samples for {pixels} pixels", samples.len())));
    }
    let colour = if channels >= 3 { Colour::Rgb } else { Colour::Grey };
    let statements = stated::statements(&directory);
    Ok(RawImage { channels, colour, statements, ..RawImage::grey("TIFF", width as usize, height as usize, samples) })
}

/// Samples per pixel in the result: 1 to 4.
fn channels(directory: &Directory, color: ColorType, chunks: ChunkType) -> Result<usize, Fault> {
    let channels = match color {
        ColorType::Gray(_) => 1,
        // Grey and one more sample, or three samples that nothing but the name RGB is missing from.
        ColorType::Multiband { num_samples: n @ 2..=3, .. } => usize::from(n),
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        other => return Err(Fault::unsupported(format!("the TIFF stores its pixels as {other:?}"), REMEDY)),
    };
    let stored = directory.uint(ifd::SAMPLES_PER_PIXEL).unwrap_or(1);
    let planar = directory.uint(ifd::PLANAR_CONFIGURATION) == Some(2);
    let tiled = chunks == ChunkType::Tile;
    let predicted = directory.uint(ifd::PREDICTOR).unwrap_or(1) != 1;
    // Two things that tiff 0.11 gets wrong: it takes the lower edge of the second plane's tiles for inner ones and
    // panics, and where it drops samples it cuts tiles and undoes predictors as if they had not been there (a third to
    // nearly all of the values came out wrong).
    if planar && tiled && channels > 1 {
        return Err(Fault::unsupported("the TIFF stores planes of tiles", REMEDY));
    }
    if stored != channels as u64 && !planar && (tiled || predicted) {
        return Err(Fault::unsupported(format!("the TIFF has {stored} samples per pixel"), REMEDY));
    }
    Ok(channels)
}

/// Refuses compressions that are not read, and a picture that can't be inside a file of this length, before it gets any
/// memory.
fn check_compression(directory: &Directory, bytes: &[u8], decoded_bytes: u64) -> Result<(), Fault> {
    let method = directory.uint(ifd::COMPRESSION).unwrap_or(1);
    let method = CompressionMethod::from_u16_exhaustive(u16::try_from(method).unwrap_or(0));
    // Most bytes that one stored byte can stand for: PackBits repeats one byte up to 128 times in two, Deflate reaches
    // 1032, an LZW code of 12 bits stands for up to 4096 bytes.
    let ratio = match method {
        CompressionMethod::None => 1,
        CompressionMethod::PackBits => 64,
        CompressionMethod::Deflate | CompressionMethod::OldDeflate => 1032,
        CompressionMethod::LZW => 2731,
        other => return Err(Fault::unsupported(format!("the TIFF is compressed with {other:?}"), REMEDY)),
    };
    if decoded_bytes > (bytes.len() as u64).saturating_mul(ratio) {
        return Err(Fault::damaged(format!("the file of {} bytes is too short for its picture", bytes.len())));
    }
    // Before TIFF 6.0 the bits of LZW codes ran the other way; the first code, 256, then reads 0, 1.
    let strip = directory.uint(ifd::STRIP_OFFSETS).and_then(|at| bytes.get(usize::try_from(at).ok()?..));
    if method == CompressionMethod::LZW && matches!(strip, Some([0, odd, ..]) if odd & 1 == 1) {
        return Err(Fault::unsupported("the TIFF is compressed with LZW as it was before 1992", REMEDY));
    }
    Ok(())
}

/// What the crate decoded, planes woven together and half precision widened (exact).
fn samples(decoded: DecodingResult, pixels: usize, planes: usize) -> Samples {
    fn weave<T: Copy>(planar: Vec<T>, pixels: usize, planes: usize) -> Vec<T> {
        if planes == 1 || planar.len() != pixels * planes {
            return planar;
        }
        (0..planar.len()).map(|i| planar[i % planes * pixels + i / planes]).collect()
    }
    match decoded {
        DecodingResult::U8(v) => Samples::U8(weave(v, pixels, planes)),
        DecodingResult::U16(v) => Samples::U16(weave(v, pixels, planes)),
        DecodingResult::U32(v) => Samples::U32(weave(v, pixels, planes)),
        DecodingResult::U64(v) => Samples::U64(weave(v, pixels, planes)),
        DecodingResult::I8(v) => Samples::I8(weave(v, pixels, planes)),
        DecodingResult::I16(v) => Samples::I16(weave(v, pixels, planes)),
        DecodingResult::I32(v) => Samples::I32(weave(v, pixels, planes)),
        DecodingResult::I64(v) => Samples::I64(weave(v, pixels, planes)),
        DecodingResult::F16(v) => Samples::F32(weave(v.iter().map(|h| h.to_f32()).collect(), pixels, planes)),
        DecodingResult::F32(v) => Samples::F32(weave(v, pixels, planes)),
        DecodingResult::F64(v) => Samples::F64(weave(v, pixels, planes)),
    }
}

fn fault(error: TiffError) -> Fault {
    match error {
        TiffError::UnsupportedError(e) => Fault::unsupported(format!("this kind of TIFF is not read ({e})"), REMEDY),
        TiffError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => Fault::damaged("the TIFF is cut off"),
        e => Fault::damaged(format!("the TIFF is damaged ({e})")),
    }
}
