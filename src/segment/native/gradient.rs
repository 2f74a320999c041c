//! Twin of `gradient.wgsl`.

use crate::widest::{whole, widest};
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct GradientParams {
    pub width: u32,
    pub height: u32,
    pub half_saturation: f32,
}

/// What 1 is packed as.
pub const TOP: f32 = 32767.0;

/// Two numbers of -1 to 1 as whole ones of 16 bits in one word, the first one in the lower half.
#[inline(always)]
pub fn packed(x: f32, y: f32) -> u32 {
    let whole = |v: f32| whole(v * TOP) as i32;
    (whole(x) & 0xffff) as u32 | (whole(y) << 16) as u32
}

/// The two numbers of a word, times [`TOP`].
#[inline(always)]
pub fn unpacked(word: u32) -> (f32, f32) {
    let word = word as i32;
    (((word << 16) >> 16) as f32, (word >> 16) as f32)
}

/// Saturated central differences, both of a pixel in one word.
pub fn gradient(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: GradientParams = pod_read_unaligned(params);
    let (width, height) = (p.width as usize, p.height as usize);
    let line = |y: usize| &inputs[0][y * width..][..width];
    let out: &mut [u32] = bytemuck::cast_slice_mut(out);
    out.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        let (above, here, below) = (line(y.saturating_sub(1)), line(y), line((y + 1).min(height - 1)));
        let mut along = vec![0.0; width];
        for x in [0, width - 1] {
            along[x] = here[(x + 1).min(width - 1)] - here[x.saturating_sub(1)];
        }
        for x in 1..width.max(1) - 1 {
            along[x] = here[x + 1] - here[x - 1];
        }
        saturate(out, &along, above, below, p.half_saturation);
    });
}

widest! {
    /// A row of gradients from the differences along it, and the rows above and below.
    fn saturate(out: &mut [u32], along: &[f32], above: &[f32], below: &[f32], half_saturation: f32) {
        let n = out.len();
        let (along, above, below) = (&along[..n], &above[..n], &below[..n]);
        for x in 0..n {
            let (gx, gy) = (0.5 * along[x], 0.5 * (below[x] - above[x]));
            let total = (gx * gx + gy * gy).sqrt() + half_saturation;
            let factor = if total > 0.0 { 1.0 / total } else { 0.0 };
            out[x] = packed(gx * factor, gy * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_both_numbers() {
        for (x, y) in [(0.0, 0.0), (1.0, -1.0), (-1.0, 1.0), (-0.25, 0.5), (1e-6, -1e-6)] {
            let (a, b) = unpacked(packed(x, y));
            assert!((a - x * TOP).abs() <= 0.5 && (b - y * TOP).abs() <= 0.5, "{x} {y}: {a} {b}");
        }
    }
}
