//! Pictures inside the page: JPEG in grey, as data.

use crate::error::{Error, Result};
use crate::results::{Particle, Picture};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, GrayImage};
use std::path::Path;

/// Side of a particle's picture, px.
pub const THUMB_SIDE: u32 = 64;
/// How much of the surroundings it shows: its side over the particle's diameter.
const CONTEXT: f64 = 1.6;
/// Its side over the particle's largest extent, at least, so that a long one is whole.
const CONTEXT_MIN: f64 = 1.15;
/// Least side of what it shows, px of the image: below it only grain would be seen.
const SIDE_MIN_PX: f64 = 8.0;
/// Grey outside of the image.
const OUTSIDE: u8 = 128;
/// JPEG qualities: a particle's picture is for the eye, beside the exact outline.
const THUMB_QUALITY: u8 = 72;
const PICTURE_QUALITY: u8 = 80;

/// Which part of an image a particle's picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Left, top and side, px of the image.
    left: f64,
    top: f64,
    side: f64,
}

impl Window {
    /// `None` for a particle that has no place in the image.
    pub fn of(particle: &Particle) -> Option<Self> {
        let [left, top, right, bottom] = particle.bounds_px();
        let extent = (right - left).max(bottom - top) * CONTEXT_MIN;
        let side = (particle.shape.diameter_px * CONTEXT).max(extent).max(SIDE_MIN_PX);
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        let is_placed = [x, y, side].iter().all(|v| v.is_finite()) && side < 1e5 && x.abs() < 1e6 && y.abs() < 1e6;
        is_placed.then_some(Self { left: x - side / 2.0, top: y - side / 2.0, side })
    }

    /// A polygon of the image in the particle's picture.
    pub fn polygon(&self, polygon: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let scale = f64::from(THUMB_SIDE) / self.side;
        polygon.iter().map(|[x, y]| [(x - self.left) * scale, (y - self.top) * scale]).collect()
    }

    /// The picture itself.
    pub fn cut(&self, picture: &Picture) -> GrayImage {
        let reduce = picture.reduce as f64;
        let side = (self.side / reduce).round().max(1.0) as u32;
        let (left, top) = ((self.left / reduce).round() as i64, (self.top / reduce).round() as i64);
        let mut part = GrayImage::from_pixel(side, side, image::Luma([OUTSIDE]));
        // Only what of the picture lies in the window; `replace` takes negative positions.
        let (x, y) = (left.max(0), top.max(0));
        let (width, height) = (i64::from(picture.grey.width()), i64::from(picture.grey.height()));
        let (right, bottom) = ((left + i64::from(side)).min(width), (top + i64::from(side)).min(height));
        if right > x && bottom > y {
            let size = ((right - x) as u32, (bottom - y) as u32);
            let seen = imageops::crop_imm(&picture.grey, x as u32, y as u32, size.0, size.1);
            imageops::replace(&mut part, &*seen, x - left, y - top);
        }
        imageops::resize(&part, THUMB_SIDE, THUMB_SIDE, FilterType::Triangle)
    }
}

/// A particle's picture as data.
///
/// # Errors
/// As [`picture_data`].
pub fn thumb_data(window: &Window, picture: &Picture, path: &Path) -> Result<String> {
    data(&window.cut(picture), THUMB_QUALITY, path)
}

/// A picture as data, its longest side reduced to `side` pixels if it is longer.
///
/// # Errors
/// [`Error::Output`] for the page at `path`, which can't be made.
pub fn picture_data(picture: &Picture, side: u32, path: &Path) -> Result<String> {
    let grey = &picture.grey;
    let longest = grey.width().max(grey.height());
    if longest <= side {
        return data(grey, PICTURE_QUALITY, path);
    }
    let reduced = |v: u32| (u64::from(v) * u64::from(side) / u64::from(longest)).max(1) as u32;
    data(&imageops::thumbnail(grey, reduced(grey.width()), reduced(grey.height())), PICTURE_QUALITY, path)
}

fn data(grey: &GrayImage, quality: u8, path: &Path) -> Result<String> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode(grey.as_raw(), grey.width(), grey.height(), ExtendedColorType::L8)
        .map_err(|error| Error::output(path, error, "analyse the image again"))?;
    let mut text = String::from("data:image/jpeg;base64,");
    STANDARD.encode_string(&jpeg, &mut text);
    Ok(text)
}
