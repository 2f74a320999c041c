//! Stored samples to finite grey values.

use crate::image::{Colour, Micrograph, RawImage, Samples};
use rayon::prelude::*;

/// Weights of red, green and blue in the luminance of ITU-R Rec. 601.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

/// Turns a picture into grey values in its own units, larger being brighter: colour becomes Rec. 601 luminance (a pixel of
/// equal channels keeps its value exactly), alpha and other extras are dropped, values that are not finite are counted and
/// become the median of the others.
///
/// Scale and marks are left open.
///
/// Integers beyond 2^24 and doubles are rounded to the nearest `f32`; a double beyond its range counts as not finite.
///
/// # Errors
/// A message, without the file's name, when the picture is empty, has no finite pixel or its parts do not fit together.
pub fn micrograph(raw: RawImage) -> Result<Micrograph, String> {
    let RawImage { width, height, channels, samples, colour, .. } = raw;
    let pixels = width.checked_mul(height).filter(|&n| n > 0);
    let pixels = pixels.ok_or(format!("the picture is {width} x {height} pixels"))?;
    let needed = match colour {
        Colour::Grey | Colour::WhiteIsZero { .. } | Colour::Palette(_) => 1,
        Colour::Rgb => 3,
        Colour::Cmyk { .. } => 4,
    };
    if channels < needed || pixels.checked_mul(channels) != Some(samples.len()) {
        return Err(format!("{} samples do not make {pixels} pixels of {channels} channels", samples.len()));
    }
    let mut grey = match samples {
        Samples::F32(v) if channels == 1 && colour == Colour::Grey => v,
        Samples::F16(v) => to_grey(&v, channels, &colour, |s| s.to_f64()),
        Samples::F32(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::F64(v) => to_grey(&v, channels, &colour, |s| s),
        Samples::Bool(v) | Samples::U8(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::U16(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::U32(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::U64(v) => to_grey(&v, channels, &colour, |s| s as f64),
        Samples::I8(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::I16(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::I32(v) => to_grey(&v, channels, &colour, f64::from),
        Samples::I64(v) => to_grey(&v, channels, &colour, |s| s as f64),
    };
    let nonfinite_count = fill_nonfinite(&mut grey)?;
    Ok(Micrograph { nonfinite_count, ..Micrograph::new(width, height, grey, None) })
}

/// Generic over `value`, not by pointer: only what is inlined is vectorised.
fn to_grey<T: Copy + Sync>(
    samples: &[T],
    channels: usize,
    colour: &Colour,
    value: impl Fn(T) -> f64 + Sync,
) -> Vec<f32> {
    let pixels = samples.par_chunks_exact(channels);
    match *colour {
        Colour::Grey if channels == 1 => samples.par_iter().map(|&s| value(s) as f32).collect(),
        Colour::Grey => pixels.map(|p| value(p[0]) as f32).collect(),
        Colour::WhiteIsZero { white_at } => pixels.map(|p| (white_at - value(p[0])) as f32).collect(),
        Colour::Palette(ref entries) => {
            let greys: Vec<f32> = entries.iter().map(|&rgb| luminance(rgb.map(f64::from))).collect();
            // An index without an entry means no colour; it is filled like a pixel without a value.
            pixels.map(|p| greys.get(value(p[0]) as usize).copied().unwrap_or(f32::NAN)).collect()
        }
        Colour::Rgb => pixels.map(|p| luminance([value(p[0]), value(p[1]), value(p[2])])).collect(),
        Colour::Cmyk { full } => {
            let ink = |s: T| 1.0 - value(s) / full;
            pixels.map(|p| luminance([p[0], p[1], p[2]].map(|s| full * ink(s) * ink(p[3])))).collect()
        }
    }
}

fn luminance(rgb: [f64; 3]) -> f32 {
    let [r, g, b] = rgb;
    // Equal channels are exact even where the weights would round.
    (if r == g && g == b { r } else { LUMA[0] * r + LUMA[1] * g + LUMA[2] * b }) as f32
}

/// Replaces what is not finite by the median of the rest; how many that were.
fn fill_nonfinite(grey: &mut [f32]) -> Result<usize, String> {
    let count = grey.par_iter().filter(|v| !v.is_finite()).count();
    if count == 0 {
        return Ok(0);
    }
    let mut finite: Vec<f32> = grey.iter().copied().filter(|v| v.is_finite()).collect();
    let median = median(&mut finite).ok_or("no pixel has a finite value")?;
    grey.par_iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = median);
    Ok(count)
}

/// The middle value, or the mean of the two middle ones.
fn median(values: &mut [f32]) -> Option<f32> {
    if values.is_empty() {
        return None;
    }
    let half = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    let lower = if even { below.iter().copied().fold(f32::NEG_INFINITY, f32::max) } else { *upper };
    Some(lower / 2.0 + *upper / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(width: usize, height: usize, channels: usize, samples: Samples) -> RawImage {
        let colour = if channels >= 3 { Colour::Rgb } else { Colour::Grey };
        RawImage { channels, colour, ..RawImage::grey("TIFF", width, height, samples) }
    }

    fn grey(width: usize, channels: usize, samples: Samples) -> Vec<f32> {
        micrograph(raw(width, 1, channels, samples)).unwrap().grey
    }

    #[test]
    fn numbers_keep_their_value() {
        assert_eq!(grey(3, 1, Samples::U16(vec![0, 1, 65535])), [0.0, 1.0, 65535.0]);
        assert_eq!(grey(2, 1, Samples::I8(vec![-128, 127])), [-128.0, 127.0]);
        assert_eq!(grey(2, 1, Samples::I64(vec![-3, 1 << 40])), [-3.0, (1u64 << 40) as f32]);
        assert_eq!(grey(2, 1, Samples::F64(vec![0.1, -7.5])), [0.1, -7.5]);
    }

    #[test]
    fn colour_becomes_luminance_and_alpha_is_dropped() {
        assert_eq!(grey(3, 3, Samples::U8(vec![255, 0, 0, 0, 255, 0, 0, 0, 255])), [76.245, 149.685, 29.07]);
        assert_eq!(grey(2, 4, Samples::U8(vec![77, 77, 77, 0, 255, 255, 255, 9])), [77.0, 255.0]);
        assert_eq!(grey(2, 2, Samples::U16(vec![500, 1, 600, 2])), [500.0, 600.0]);
        assert_eq!(grey(1, 3, Samples::F32(vec![0.1, 0.1, 0.1])), [0.1]);
    }

    #[test]
    fn stored_values_are_turned_into_brightness() {
        let of = |colour, channels, samples: Vec<u8>| {
            let width = samples.len() / channels;
            let image = RawImage { channels, colour, ..RawImage::grey("TIFF", width, 1, Samples::U8(samples)) };
            micrograph(image).unwrap()
        };
        assert_eq!(of(Colour::WhiteIsZero { white_at: 15.0 }, 1, vec![0, 15, 4]).grey, [15.0, 0.0, 11.0]);
        let palette = Colour::Palette(vec![[7, 7, 7], [300, 300, 300]]);
        let made = of(palette, 1, vec![1, 0, 1, 9]);
        assert_eq!((made.grey, made.nonfinite_count), (vec![300.0, 7.0, 300.0, 300.0], 1));
        let cmyk = Colour::Cmyk { full: 255.0 };
        assert_eq!(of(cmyk, 4, vec![0, 0, 0, 0, 9, 9, 9, 255, 0, 0, 0, 51]).grey, [255.0, 0.0, 204.0]);
    }

    #[test]
    fn what_is_not_finite_becomes_the_median() {
        let values = vec![1.0, f32::NAN, 5.0, f32::INFINITY, 3.0, f32::NEG_INFINITY, 100.0];
        let made = micrograph(raw(7, 1, 1, Samples::F32(values))).unwrap();
        assert_eq!((made.nonfinite_count, made.grey), (3, vec![1.0, 4.0, 5.0, 4.0, 3.0, 4.0, 100.0]));
        let beyond = micrograph(raw(3, 1, 1, Samples::F64(vec![1e300, 2.0, 2.0]))).unwrap();
        assert_eq!((beyond.nonfinite_count, beyond.grey), (1, vec![2.0; 3]));
    }

    #[test]
    fn pictures_without_content_are_refused() {
        assert!(micrograph(raw(2, 1, 1, Samples::F32(vec![f32::NAN; 2]))).is_err());
        assert!(micrograph(raw(0, 5, 1, Samples::U8(vec![]))).is_err());
        assert!(micrograph(raw(2, 2, 1, Samples::U8(vec![0; 3]))).is_err());
        assert!(micrograph(raw(usize::MAX, 2, 1, Samples::U8(vec![0; 3]))).is_err());
    }
}
