//! How steep a gradient has to be to count half: what noise reaches.

use crate::gpu::tiles::Picture;
use crate::widest::{add_pair, scale};
use rayon::prelude::*;

/// Pixels of whole rows that the median is taken of: it is then known to a few parts in a thousand.
const SAMPLE_PX: usize = 1 << 17;

/// Half of a Gaussian's weights, the centre first, cut at three standard deviations; all together sum to 1.
pub fn gaussian_weights(sigma_px: f64) -> Vec<f32> {
    let radius = (3.0 * sigma_px).ceil() as usize;
    let raw: Vec<f64> = (0..=radius).map(|k| libm::exp(-0.5 * (k as f64 / sigma_px).powi(2))).collect();
    let total = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    raw.iter().map(|w| (w / total) as f32).collect()
}

/// Median length of the gradient of a picture that was halved so often and then blurred: most of a micrograph is empty film,
/// so this is what noise reaches. Taken from rows all over the picture, here and not on a device, so that it is the same for
/// every device.
pub fn half_saturation(picture: &Picture, halvings: u32, sigma_px: f64) -> f32 {
    let weights = gaussian_weights(sigma_px);
    let block = 1usize << halvings;
    let (width, height) = (picture.width.div_ceil(block), picture.height.div_ceil(block));
    let count = (SAMPLE_PX / width).clamp(1, height);
    let mut lengths: Vec<f32> = (0..count)
        .into_par_iter()
        .flat_map_iter(|i| {
            let y = (2 * i + 1) * height / (2 * count);
            let smooth = |y: usize| across(&along(picture, block, y, height, &weights), &weights);
            let (above, here, below) = (smooth(y.saturating_sub(1)), smooth(y), smooth((y + 1).min(height - 1)));
            let square = move |x: usize| {
                let gx = 0.5 * (here[(x + 1).min(width - 1)] - here[x.saturating_sub(1)]);
                let gy = 0.5 * (below[x] - above[x]);
                gx * gx + gy * gy
            };
            (0..width).map(square)
        })
        .collect();
    let middle = lengths.len() / 2;
    lengths.select_nth_unstable_by(middle, f32::total_cmp).1.sqrt()
}

/// A row blurred along the columns.
fn along(picture: &Picture, block: usize, y: usize, height: usize, weights: &[f32]) -> Vec<f32> {
    let mut sum = vec![0.0; picture.width.div_ceil(block)];
    scale(&mut sum, &means(picture, block, y), weights[0]);
    for (k, weight) in weights.iter().enumerate().skip(1) {
        let (before, after) =
            (means(picture, block, y.saturating_sub(k)), means(picture, block, (y + k).min(height - 1)));
        add_pair(&mut sum, &before, &after, *weight);
    }
    sum
}

/// A row blurred along itself.
fn across(row: &[f32], weights: &[f32]) -> Vec<f32> {
    let radius = weights.len() - 1;
    let mut padded = vec![row[0]; row.len() + 2 * radius];
    padded[radius..radius + row.len()].copy_from_slice(row);
    padded[radius + row.len()..].fill(row[row.len() - 1]);
    let mut sum = vec![0.0; row.len()];
    scale(&mut sum, row, weights[0]);
    for (k, weight) in weights.iter().enumerate().skip(1) {
        add_pair(&mut sum, &padded[radius - k..], &padded[radius + k..], *weight);
    }
    sum
}

/// A row of means of square blocks of pixels; border pixels are repeated outwards.
fn means(picture: &Picture, block: usize, y: usize) -> Vec<f32> {
    let rows = (y * block..(y + 1) * block).map(|y| {
        let y = y.min(picture.height - 1);
        &picture.values[y * picture.width..][..picture.width]
    });
    let mut sums = vec![0u32; picture.width.next_multiple_of(block)];
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += u32::from(*v));
    }
    let last = sums[picture.width - 1];
    sums[picture.width..].fill(last);
    let share = 1.0 / (block * block) as f32;
    sums.chunks_exact(block).map(|sums| sums.iter().sum::<u32>() as f32 * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_has_its_own_steepness_on_every_level() {
        let (width, height) = (301, 203);
        let values = (0..width * height).map(|i| (30 * (i % width) + 40 * (i / width)) as u16).collect();
        let picture = Picture::new(values, (width, height));
        for halvings in 0..4 {
            let steep = half_saturation(&picture, halvings, 1.0);
            assert!((steep / (50 << halvings) as f32 - 1.0).abs() < 1e-3, "{halvings}: {steep}");
        }
    }

    #[test]
    fn a_picture_of_one_pixel_is_flat() {
        assert_eq!(half_saturation(&Picture::new(vec![7], (1, 1)), 0, 1.0), 0.0);
    }
}
