//! What cameras and hands do to whole pictures: vignettes, row noise, hot pixels, resampling, median filters.

use super::dice::Dice;
use super::field::Field;

/// Darkens towards the corners, which lose the given share.
pub(super) fn vignette(grey: &mut Field, share: f64) {
    let (cx, cy) = (0.5 * grey.width as f64, 0.5 * grey.height as f64);
    let corner2 = cx * cx + cy * cy;
    let width = grey.width;
    for (y, row) in grey.value.chunks_exact_mut(width).enumerate() {
        for (x, v) in row.iter_mut().enumerate() {
            let (dx, dy) = (x as f64 + 0.5 - cx, y as f64 + 0.5 - cy);
            *v *= (1.0 - share * (dx * dx + dy * dy) / corner2) as f32;
        }
    }
}

/// Shifts each row by a random amount, given as a share of the picture's range.
pub(super) fn rows(grey: &mut Field, share: f64, dice: &mut Dice) {
    let amount = share * f64::from(grey.quantile(0.99) - grey.quantile(0.01));
    let width = grey.width;
    for row in grey.value.chunks_exact_mut(width) {
        let shift = (amount * dice.normal()) as f32;
        row.iter_mut().for_each(|v| *v = (*v + shift).max(0.0));
    }
}

/// Sets single pixels to black or white.
pub(super) fn hot_pixels(grey: &mut Field, share: f64, dice: &mut Dice) {
    let (black, white) = (grey.quantile(0.0005), grey.quantile(0.9995));
    let last = grey.value.len().saturating_sub(1);
    for _ in 0..dice.poisson(share * grey.value.len() as f64) as usize {
        let at = dice.count(0, last);
        grey.value[at] = if dice.chance(0.5) { white } else { black };
    }
}

/// The picture as if it had been taken with pixels `factor` times larger and enlarged again.
pub(super) fn enlarged(grey: &Field, factor: f64) -> Field {
    let small = |size: usize| ((size as f64 / factor).round() as usize).max(1);
    let reduced = resized(grey, small(grey.width), small(grey.height));
    resized(&reduced, grey.width, grey.height)
}

/// Another size, linear between pixels.
fn resized(grey: &Field, width: usize, height: usize) -> Field {
    let at = |i: usize, new: usize, old: usize| {
        let position = ((i as f64 + 0.5) * old as f64 / new as f64 - 0.5).clamp(0.0, old as f64 - 1.0);
        let low = position as usize;
        (low, (low + 1).min(old - 1), position.fract() as f32)
    };
    let columns: Vec<_> = (0..width).map(|x| at(x, width, grey.width)).collect();
    let mut value = Vec::with_capacity(width * height);
    for y in 0..height {
        let (top, bottom, v) = at(y, height, grey.height);
        let (top, bottom) = (&grey.value[top * grey.width..], &grey.value[bottom * grey.width..]);
        value.extend(columns.iter().map(|&(left, right, u)| {
            let mix = |row: &[f32]| row[left] + u * (row[right] - row[left]);
            mix(top) + v * (mix(bottom) - mix(top))
        }));
    }
    Field { width, height, value }
}

/// Median over 3 x 3 pixels; the outermost pixels stay.
pub(super) fn median(grey: &Field) -> Field {
    let (w, h) = (grey.width, grey.height);
    let mut out = grey.clone();
    for y in 1..h.saturating_sub(1) {
        for x in 1..w.saturating_sub(1) {
            let mut around = [0f32; 9];
            for (k, a) in around.iter_mut().enumerate() {
                *a = grey.value[(y + k / 3 - 1) * w + x + k % 3 - 1];
            }
            out.value[y * w + x] = *around.select_nth_unstable_by(4, f32::total_cmp).1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enlarging_and_filtering_move_nothing() {
        let mut grey = Field::constant(64, 48, 10.0);
        for (i, v) in grey.value.iter_mut().enumerate() {
            *v += (i % 64) as f32 + 2.0 * (i / 64) as f32;
        }
        for changed in [enlarged(&grey, 1.6), median(&grey)] {
            for y in 4..44 {
                for x in 4..60 {
                    let at = y * 64 + x;
                    assert!((changed.value[at] - grey.value[at]).abs() < 0.1, "({x}, {y})");
                }
            }
        }
    }
}
