//! What happens to a picture between the camera and the file: resampling, 8 bits, JPEG.

use super::dice::Dice;
use super::field::Field;
use super::marks::Marks;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};

/// Factor from 8 to 16 bits that maps white to white.
const EIGHT_TO_SIXTEEN: f32 = 257.0;
/// Shares of the pixels that an export turns black and white: the stretch of common viewers.
const BLACK_SHARE: f64 = 0.001;
const WHITE_SHARE: f64 = 0.999;

/// What a picture goes through; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Export {
    /// Blur of resampling, pixels.
    pub blur_px: f64,
    /// Whether grey values were stretched and cut to 8 bits.
    pub eight_bit: bool,
    /// Quality of a JPEG passed through on the way, 1 to 100; 0 for none. Needs the 8 bits.
    pub jpeg_quality: u8,
}

impl Export {
    /// A random export: each step with its own probability.
    pub(super) fn draw(blurred: f64, eight_bit: f64, jpeg: f64, dice: &mut Dice) -> Self {
        let blur_px = if dice.chance(blurred) { dice.uniform(0.2, 0.8) } else { 0.0 };
        let jpeg_quality = if dice.chance(jpeg) { dice.count(60, 96) as u8 } else { 0 };
        Self { blur_px, eight_bit: jpeg_quality > 0 || dice.chance(eight_bit), jpeg_quality }
    }

    /// The counts that end up in the file, marks burned in.
    pub(super) fn applied(&self, mut grey: Field, marks: &Marks) -> Vec<u16> {
        if self.blur_px > 0.0 {
            grey = grey.blurred(self.blur_px);
        }
        marks.stamp(&mut grey);
        if !self.eight_bit {
            return grey.value.iter().map(|v| v.round().clamp(0.0, f32::from(u16::MAX)) as u16).collect();
        }
        let (black, white) = (grey.quantile(BLACK_SHARE), grey.quantile(WHITE_SHARE));
        let scale = 255.0 / (white - black).max(1e-3);
        let bytes: Vec<u8> = grey.value.iter().map(|v| ((v - black) * scale).round().clamp(0.0, 255.0) as u8).collect();
        let bytes = self.through_jpeg(&bytes, grey.width, grey.height).unwrap_or(bytes);
        bytes.iter().map(|&b| (f32::from(b) * EIGHT_TO_SIXTEEN) as u16).collect()
    }

    /// The bytes after a JPEG of the chosen quality; `None` when there is none, or when the format can't hold the
    /// picture (more than 65535 pixels along a side).
    fn through_jpeg(&self, bytes: &[u8], width: usize, height: usize) -> Option<Vec<u8>> {
        if self.jpeg_quality == 0 {
            return None;
        }
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, self.jpeg_quality)
            .encode(bytes, width as u32, height as u32, ExtendedColorType::L8)
            .ok()?;
        Some(image::load_from_memory_with_format(&file, ImageFormat::Jpeg).ok()?.into_luma8().into_raw())
    }
}
