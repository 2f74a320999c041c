//! What happens to a picture between the camera and the file: resampling, filters, marks, 8 bits, JPEG.

use super::dice::Dice;
use super::field::Field;
use super::marks::Marks;
use super::retouch;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};

/// Factor from 8 to 16 bits that maps white to white.
const EIGHT_TO_SIXTEEN: f32 = 257.0;
/// Share of the pixels that an export turns black, and as many white: the stretch of common viewers.
const CUT_SHARE: f64 = 0.001;

/// What a picture goes through; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Export {
    /// Blur of resampling, pixels.
    pub blur_px: f64,
    /// Whether grey values were stretched and cut to 8 bits.
    pub eight_bit: bool,
    /// Quality of a JPEG passed through on the way, 1 to 100; 0 for none. Needs the 8 bits.
    pub jpeg_quality: u8,
    /// Share of the light that the corners lack.
    pub vignette: f64,
    /// Random shift of whole rows, as a share of the grey range.
    pub row_noise: f64,
    /// Share of pixels that are stuck at black or white.
    pub hot_share: f64,
    /// How many times larger the pixels once were.
    pub enlarged: f64,
    /// Whether a median filter over 3 x 3 pixels was used.
    pub median: bool,
    /// Share of pixels that the stretch to 8 bits turned black, and as many white.
    pub cut_share: f64,
    /// Power that the stretched grey values (0 to 1) were raised to.
    pub gamma: f64,
    /// Grey levels that are left of 256.
    pub levels: u16,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            blur_px: 0.0,
            eight_bit: false,
            jpeg_quality: 0,
            vignette: 0.0,
            row_noise: 0.0,
            hot_share: 0.0,
            enlarged: 1.0,
            median: false,
            cut_share: CUT_SHARE,
            gamma: 1.0,
            levels: 256,
        }
    }
}

impl Export {
    /// A random export: each step with its own probability.
    pub(super) fn draw(blurred: f64, eight_bit: f64, jpeg: f64, dice: &mut Dice) -> Self {
        let blur_px = if dice.chance(blurred) { dice.uniform(0.2, 0.8) } else { 0.0 };
        let jpeg_quality = if dice.chance(jpeg) { dice.count(60, 96) as u8 } else { 0 };
        let eight_bit = jpeg_quality > 0 || dice.chance(eight_bit);
        Self { blur_px, eight_bit, jpeg_quality, ..Self::default() }
    }

    /// The same after more has been done to the picture: each thing is rare, several may meet.
    pub(super) fn retouched(mut self, dice: &mut Dice) -> Self {
        if dice.chance(0.25) {
            self.enlarged = dice.uniform(1.3, 2.0);
        }
        if dice.chance(0.15) {
            self.blur_px = dice.uniform(0.8, 1.8);
        }
        self.median = dice.chance(0.15);
        if dice.chance(0.25) {
            self.vignette = dice.uniform(0.1, 0.45);
        }
        if dice.chance(0.15) {
            self.row_noise = dice.log_uniform(0.005, 0.05);
        }
        if dice.chance(0.2) {
            self.hot_share = dice.log_uniform(1e-5, 2e-3);
        }
        if dice.chance(0.3) {
            self.cut_share = dice.log_uniform(0.004, 0.06);
            self.eight_bit = true;
        }
        if dice.chance(0.4) {
            self.gamma = dice.log_uniform(0.6, 1.6);
            self.eight_bit = true;
        }
        if dice.chance(0.15) {
            self.levels = 64;
            self.eight_bit = true;
        }
        self
    }

    /// The counts that end up in the file, marks burned in.
    pub(super) fn applied(&self, mut grey: Field, marks: &Marks, dice: &mut Dice) -> Vec<u16> {
        if self.vignette > 0.0 {
            retouch::vignette(&mut grey, self.vignette);
        }
        if self.row_noise > 0.0 {
            retouch::rows(&mut grey, self.row_noise, dice);
        }
        if self.hot_share > 0.0 {
            retouch::hot_pixels(&mut grey, self.hot_share, dice);
        }
        if self.enlarged > 1.0 {
            grey = retouch::enlarged(&grey, self.enlarged);
        }
        if self.median {
            grey = retouch::median(&grey);
        }
        if self.blur_px > 0.0 {
            grey = grey.blurred(self.blur_px);
        }
        marks.stamp(&mut grey);
        if !self.eight_bit {
            return grey.value.iter().map(|&v| super::count(v)).collect();
        }
        let (black, white) = (grey.quantile(self.cut_share), grey.quantile(1.0 - self.cut_share));
        let scale = 1.0 / (white - black).max(1e-3);
        let coarser = u16::max(256 / self.levels.max(1), 1);
        let byte = |v: f32| {
            let share = ((v - black) * scale).clamp(0.0, 1.0);
            let share = if self.gamma == 1.0 { share } else { libm::powf(share, self.gamma as f32) };
            ((255.0 * share).round() as u16 / coarser * coarser) as u8
        };
        let bytes: Vec<u8> = grey.value.iter().map(|&v| byte(v)).collect();
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
