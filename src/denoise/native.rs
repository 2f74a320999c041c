//! Native twin of `shaders/denoise`.

use crate::widest::widest;
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Half width of a compared patch, px: 5 x 5, about a membrane's thickness on the working grid.
pub const PATCH_RADIUS: usize = 2;
/// Patches are compared on the upper 12 of 16 bits, so that 25 squares fit 32 bits.
pub const COMPARED_SHIFT: u32 = 4;
/// Largest half width of the search window, px: 15 x 15 weights of 8 bits times 16-bit values fit 32 bits.
pub const SEARCH_RADIUS_MAX: usize = 7;

/// Edge of the square of pixels that one invocation of the shader computes, px.
pub const BLOCK: usize = 4;

/// Rows that share one pass over the offsets: their working set stays in the second-level cache.
const STRIP: usize = 16;

/// Parameters of `nlm`, laid out as in the shader. `distance_max` fits 31 bits, weights fit 8.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct NlmParams {
    pub width: u32,
    pub height: u32,
    pub search_radius: u32,
    pub distance_max: u32,
    pub weight_shift: u32,
}

/// The picture with its border pixels repeated outwards, whole numbers.
struct Padded {
    pad: usize,
    stride: usize,
    value: Vec<u16>,
}

impl Padded {
    fn new(grey: &[f32], width: usize, height: usize, pad: usize) -> Self {
        let stride = width + 2 * pad;
        let mut value = vec![0; stride * (height + 2 * pad)];
        value.par_chunks_mut(stride).enumerate().for_each(|(y, row)| {
            let line = &grey[y.saturating_sub(pad).min(height - 1) * width..][..width];
            row[..pad].fill(line[0] as u16);
            for (v, &g) in row[pad..pad + width].iter_mut().zip(line) {
                *v = g as u16;
            }
            row[pad + width..].fill(line[width - 1] as u16);
        });
        Self { pad, stride, value }
    }

    /// `len` pixels from picture position `(x, y)`, which may lie `pad` outside.
    fn row(&self, x: isize, y: isize, len: usize) -> &[u16] {
        let start = (y + self.pad as isize) as usize * self.stride + (x + self.pad as isize) as usize;
        &self.value[start..start + len]
    }
}

/// Twin of `nlm.wgsl`: the same whole-number sums, reordered so that each offset is one pass over rows.
pub fn nlm(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: NlmParams = pod_read_unaligned(params);
    let (width, height, r) = (p.width as usize, p.height as usize, p.search_radius as isize);
    let padded = Padded::new(inputs[0], width, height, r as usize + PATCH_RADIUS);
    out.par_chunks_mut(width * STRIP).enumerate().for_each(|(strip, rows)| {
        let y0 = strip * STRIP;
        let count = rows.len() / width;
        let mut weights = vec![0u32; rows.len()];
        let mut sums = vec![0u32; rows.len()];
        let wide = width + 2 * PATCH_RADIUS;
        let mut squares = vec![0u32; wide * (count + 2 * PATCH_RADIUS)];
        let mut columns = vec![0u32; wide];
        for dy in -r..=r {
            for dx in -r..=r {
                for (j, square) in squares.chunks_exact_mut(wide).enumerate() {
                    let y = (y0 + j) as isize - PATCH_RADIUS as isize;
                    let x = -(PATCH_RADIUS as isize);
                    squared_difference(square, padded.row(x, y, wide), padded.row(x + dx, y + dy, wide));
                }
                for j in 0..count {
                    column_sums(&mut columns, &squares[j * wide..], wide);
                    let shifted = padded.row(dx, (y0 + j) as isize + dy, width);
                    let span = j * width..(j + 1) * width;
                    accumulate(&mut weights[span.clone()], &mut sums[span], &columns, shifted, &p);
                }
            }
        }
        for (j, row) in rows.chunks_exact_mut(width).enumerate() {
            let own = padded.row(0, (y0 + j) as isize, width);
            for (x, value) in row.iter_mut().enumerate() {
                let (weight, sum) = (weights[j * width + x], sums[j * width + x]);
                *value = (sum + weight / 2).checked_div(weight).unwrap_or(own[x].into()) as f32;
            }
        }
    });
}

widest! {
    /// Squares of the differences of the compared bits, which fit 13 bits: old processors multiply 16 bits much faster than 32.
    fn squared_difference(out: &mut [u32], a: &[u16], b: &[u16]) {
        let n = out.len();
        let (a, b) = (&a[..n], &b[..n]);
        for x in 0..n {
            let difference = (a[x] >> COMPARED_SHIFT) as i16 - (b[x] >> COMPARED_SHIFT) as i16;
            out[x] = (i32::from(difference) * i32::from(difference)) as u32;
        }
    }
}

widest! {
    /// Sums of the five rows of a patch.
    fn column_sums(out: &mut [u32], rows: &[u32], wide: usize) {
        let (a, rest) = rows.split_at(wide);
        let (b, rest) = rest.split_at(wide);
        let (c, rest) = rest.split_at(wide);
        let (d, e) = rest.split_at(wide);
        let n = out.len();
        let (a, b, c, d, e) = (&a[..n], &b[..n], &c[..n], &d[..n], &e[..n]);
        for x in 0..n {
            out[x] = a[x] + b[x] + c[x] + d[x] + e[x];
        }
    }
}

widest! {
    /// Adds one offset's weighted values. Distances fit 31 bits and weights 8, which is told to the compiler by going through
    /// signed and short numbers: old processors compare and multiply those much faster.
    fn accumulate(weights: &mut [u32], sums: &mut [u32], columns: &[u32], shifted: &[u16], p: &NlmParams) {
        let n = weights.len();
        let distance_max = p.distance_max as i32;
        let (sums, shifted) = (&mut sums[..n], &shifted[..n]);
        let (a, b, c, d, e) =
            (&columns[..n], &columns[1..n + 1], &columns[2..n + 2], &columns[3..n + 3], &columns[4..n + 4]);
        for i in 0..n {
            let distance = (a[i] + b[i] + c[i] + d[i] + e[i]) as i32;
            let weight = ((distance_max - distance).max(0) >> p.weight_shift) as u16;
            weights[i] += u32::from(weight);
            sums[i] += u32::from(weight) * u32::from(shifted[i]);
        }
    }
}
