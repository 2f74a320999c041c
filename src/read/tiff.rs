//! TIFF and BigTIFF, first image: 8 to 64 bits, integer or real, strips or tiles, uncompressed, LZW, Deflate or PackBits.
//!
//! The `tiff` crate decodes; this file decides what may be decoded and what the samples mean. Larger is always
//! brighter: where the file says that zero is white (PhotometricInterpretation 0) the values come inverted, `max - v`
//! for unsigned integers and `1 - v` for reals.

use super::{Fault, Limits};
use crate::image::{Metadata, RawImage, Samples};
use std::io::{Cursor, ErrorKind};
use tiff::decoder::{Decoder, DecodingResult, ifd::Value};
use tiff::tags::{CompressionMethod, PlanarConfiguration, Tag, Type, ValueBuffer};
use tiff::{ColorType, TiffError};

/// Longest ImageDescription that is read: an OME-XML of a large plate fits.
const MAX_DESCRIPTION_BYTES: usize = 16 << 20;
const REMEDY: &str = "save it as an uncompressed 8-bit, 16-bit or 32-bit greyscale TIFF, for example with Fiji";

type Bytes<'a> = Decoder<Cursor<&'a [u8]>>;

/// Either byte order, classic (42) or BigTIFF (43).
pub(super) fn recognises(bytes: &[u8]) -> bool {
    matches!(bytes, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..])
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<RawImage, Fault> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(fault)?;
    let (width, height) = decoder.dimensions().map_err(fault)?;
    let color = decoder.colortype().map_err(fault)?;
    let channels = channels(&mut decoder, color)?;
    let bits = color.bit_depth();
    if !matches!(bits, 8 | 16 | 32 | 64) {
        return Err(Fault::unsupported(format!("the TIFF has {bits} bits per sample"), REMEDY));
    }
    let decoded_bytes = limits.check(width.into(), height.into(), channels as u64 * u64::from(bits / 8))?;
    check_against_file(&mut decoder, decoded_bytes, bytes.len() as u64)?;
    // A row of tiles is decoded through a buffer of its own.
    let (chunk_width, chunk_height) = decoder.chunk_dimensions();
    limits.check(chunk_width.into(), chunk_height.min(height).into(), channels as u64 * u64::from(bits / 8))?;

    let mut tiff_limits = tiff::decoder::Limits::default();
    tiff_limits.decoding_buffer_size = decoded_bytes as usize;
    tiff_limits.intermediate_buffer_size = usize::MAX; // compared with chunk lengths, which are never allocated
    tiff_limits.ifd_value_size = MAX_DESCRIPTION_BYTES.min(bytes.len());
    let mut decoder = decoder.with_limits(tiff_limits);
    let metadata = metadata(&mut decoder);
    let mut decoded = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut decoded).map_err(fault)?;

    let pixels = width as usize * height as usize;
    let samples = samples(decoded, pixels, if layout.planes > 1 { channels } else { 1 });
    if samples.len() != pixels * channels {
        return Err(Fault::damaged(format!("the TIFF holds {} samples for {pixels} pixels", samples.len())));
    }
    Ok(RawImage { width: width as usize, height: height as usize, channels, samples, format: "TIFF", metadata })
}

/// Samples per pixel in the result: 1 to 4.
fn channels(decoder: &mut Bytes, color: ColorType) -> Result<usize, Fault> {
    let channels = match color {
        ColorType::Gray(_) => 1,
        // Grey and one more sample, or three samples that nothing but the name RGB is missing from.
        ColorType::Multiband { num_samples: n @ 2..=3, .. } => usize::from(n),
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        other => return Err(Fault::unsupported(format!("the TIFF stores its pixels as {other:?}"), REMEDY)),
    };
    // tiff 0.11 drops further samples of RGB pixels wrongly (measured) where it also has to cut tiles or undo a
    // predictor.
    let stored = short(decoder, Tag::SamplesPerPixel).unwrap_or(1);
    let planar = short(decoder, Tag::PlanarConfiguration) == Some(PlanarConfiguration::Planar.to_u16());
    let tiled = decoder.get_chunk_type() == tiff::decoder::ChunkType::Tile;
    let predicted = short(decoder, Tag::Predictor).unwrap_or(1) != 1;
    if usize::from(stored) != channels && !planar && (tiled || predicted) {
        return Err(Fault::unsupported(format!("the TIFF has {stored} samples per pixel"), REMEDY));
    }
    Ok(channels)
}

/// Refuses a picture that can't be inside a file of this length, before it gets any memory.
fn check_against_file(decoder: &mut Bytes, decoded_bytes: u64, file_bytes: u64) -> Result<(), Fault> {
    let method = short(decoder, Tag::Compression).unwrap_or(1);
    // Most bytes that one stored byte can stand for: PackBits repeats one byte up to 128 times in two, Deflate reaches
    // 1032, an LZW code of 12 bits stands for up to 4096 bytes.
    let ratio = match CompressionMethod::from_u16_exhaustive(method) {
        CompressionMethod::None => 1,
        CompressionMethod::PackBits => 64,
        CompressionMethod::Deflate | CompressionMethod::OldDeflate => 1032,
        CompressionMethod::LZW => 2731,
        other => return Err(Fault::unsupported(format!("the TIFF is compressed with {other:?}"), REMEDY)),
    };
    if decoded_bytes > file_bytes.saturating_mul(ratio) {
        return Err(Fault::damaged(format!("the file of {file_bytes} bytes is too short for its picture")));
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

/// The tags that calibration wants. A damaged one counts as absent: it must not cost the picture.
fn metadata(decoder: &mut Bytes) -> Metadata {
    let x = rational(decoder, Tag::XResolution);
    let y = rational(decoder, Tag::YResolution);
    Metadata {
        image_description: description(decoder),
        resolution: x.zip(y),
        resolution_unit: short(decoder, Tag::ResolutionUnit),
        mrc_cell: None,
    }
}

/// ImageDescription as UTF-8, else as Latin-1, which is what microscopes write `µ` in.
fn description(decoder: &mut Bytes) -> Option<String> {
    let mut buffer = ValueBuffer::empty(Type::ASCII);
    decoder.image_ifd().find_tag_buf(Tag::ImageDescription, &mut buffer).ok()??;
    let bytes = buffer.as_bytes();
    let text = &bytes[..bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len())];
    Some(match std::str::from_utf8(text) {
        Ok(utf8) => utf8.to_string(),
        Err(_) => text.iter().map(|&b| char::from(b)).collect(),
    })
}

fn short(decoder: &mut Bytes, tag: Tag) -> Option<u16> {
    decoder.find_tag_unsigned(tag).ok().flatten()
}

fn rational(decoder: &mut Bytes, tag: Tag) -> Option<f64> {
    match decoder.find_tag(tag).ok()?? {
        Value::Rational(n, d) => Some(f64::from(n) / f64::from(d)),
        Value::SRational(n, d) => Some(f64::from(n) / f64::from(d)),
        Value::Float(v) => Some(f64::from(v)),
        Value::Double(v) => Some(v),
        _ => None,
    }
}

fn fault(error: TiffError) -> Fault {
    match error {
        TiffError::UnsupportedError(e) => Fault::unsupported(format!("this kind of TIFF is not read ({e})"), REMEDY),
        TiffError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => Fault::damaged("the TIFF is cut off"),
        e => Fault::damaged(format!("the TIFF is damaged ({e})")),
    }
}
