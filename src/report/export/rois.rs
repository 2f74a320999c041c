//! `rois.zip`: outlines for ImageJ's ROI Manager, one sub-pixel polygon per vesicle.
//!
//! The format is known from ImageJ's public `ij.io.RoiEncoder` and `RoiDecoder`: big-endian, a header of 64 bytes, whole
//! coordinates from the corner of the box, real ones from the corner of the picture, a second header, the name. ImageJ's
//! polygons have the corner of the first pixel at 0, as ours do.

use super::identity::{name, status_colour};
use crate::results::{ImageResult, Particle};
use std::io::{self, Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The version of the format: that of ImageJ 1.52i and later.
const VERSION: u16 = 228;
const POLYGON: u8 = 0;
/// Option: real coordinates follow the whole ones.
const SUBPIXEL: u16 = 128;
const HEADER_BYTES: usize = 64;
/// Where the headers keep things, bytes from their start.
const TYPE: usize = 6;
const BOUNDS: usize = 8;
const COUNT: usize = 16;
const LARGE_COUNT: usize = 18;
const STROKE_COLOUR: usize = 40;
const OPTIONS: usize = 50;
const SECOND_HEADER: usize = 60;
const NAME_START: usize = 16;
const NAME_LENGTH: usize = 20;

/// Writes the outlines of the vesicles of an image as a zip.
pub fn write_rois(out: &mut dyn Write, image: &ImageResult) -> io::Result<()> {
    // No clock and no umask in the file.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    // In memory first: a zip's directory refers back to its entries.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for particle in image.particles.iter().filter(|p| p.is_vesicle()) {
        zip.start_file(format!("{}.roi", name(particle)), options)?;
        zip.write_all(&roi(particle))?;
    }
    out.write_all(zip.finish()?.get_ref())
}

/// One outline as a `.roi` file.
fn roi(particle: &Particle) -> Vec<u8> {
    let vertices = &particle.polygon;
    let count = vertices.len();
    // ImageJ counts pixels up to 65535 and, like us, wants every vertex in the box.
    let whole = |v: f64| v.clamp(f64::from(i16::MIN), f64::from(u16::MAX)) as i32;
    let bounds = particle.bounds_px();
    let [left, top] = [bounds[0], bounds[1]].map(|v| whole(v.floor()));
    let [right, bottom] = [bounds[2], bounds[3]].map(|v| whole(v.ceil()));

    let mut bytes = vec![0; HEADER_BYTES];
    bytes[..4].copy_from_slice(b"Iout");
    put_short(&mut bytes, 4, i32::from(VERSION));
    bytes[TYPE] = POLYGON;
    for (i, v) in [top, left, bottom, right].into_iter().enumerate() {
        put_short(&mut bytes, BOUNDS + 2 * i, v);
    }
    match i32::try_from(count) {
        Ok(count) if count <= i32::from(u16::MAX) => put_short(&mut bytes, COUNT, count),
        _ => put_long(&mut bytes, LARGE_COUNT, count as u32),
    }
    let [r, g, b] = status_colour(particle.status);
    put_long(&mut bytes, STROKE_COLOUR, u32::from_be_bytes([255, r, g, b]));
    put_short(&mut bytes, OPTIONS, i32::from(SUBPIXEL));
    for (axis, origin) in [(0, left), (1, top)] {
        bytes.extend(vertices.iter().flat_map(|v| ((whole(v[axis]) - origin) as u16).to_be_bytes()));
    }
    for axis in [0, 1] {
        bytes.extend(vertices.iter().flat_map(|v| (v[axis] as f32).to_be_bytes()));
    }

    let second = bytes.len();
    put_long(&mut bytes, SECOND_HEADER, second as u32);
    bytes.resize(second + HEADER_BYTES, 0);
    let name: Vec<u16> = name(particle).encode_utf16().collect();
    put_long(&mut bytes, second + NAME_START, (second + HEADER_BYTES) as u32);
    put_long(&mut bytes, second + NAME_LENGTH, name.len() as u32);
    bytes.extend(name.into_iter().flat_map(u16::to_be_bytes));
    bytes
}

/// The two low bytes; ImageJ reads what does not fit a signed short as unsigned.
fn put_short(bytes: &mut [u8], at: usize, value: i32) {
    bytes[at..at + 2].copy_from_slice(&(value as u16).to_be_bytes());
}

fn put_long(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}
