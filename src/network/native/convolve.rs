//! Twin of `convolve.wgsl`.
//!
//! Inputs, weights and sums are whole numbers below 2^24, which `f32` holds exactly: the order of the additions, fused
//! or not, on any processor, changes nothing. So the widest instructions of the machine may be used.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct ConvolveParams {
    pub grid_width: u32,
    pub grid_height: u32,
    pub width: u32,
    pub channels: u32,
    pub enlarged: u32,
    pub skip_channels: u32,
    pub out_width: u32,
    pub out_height: u32,
    pub outputs: u32,
    pub stride: u32,
    pub scale: f32,
    pub top: f32,
}

/// Outputs that are computed together; every layer has a multiple of it.
pub const BLOCK: usize = 4;
/// Pixels of a row that are computed together.
const STRIP: usize = 64;
/// Weights of one input channel.
const TAPS: usize = 9;

/// A 3 x 3 convolution over one or two stacks of planes.
pub fn convolve(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: ConvolveParams = pod_read_unaligned(params);
    let layer = Layer { p, features: inputs[0], skip: inputs[1], weights: inputs[2], bias: inputs[3] };
    let row = (p.outputs * p.out_width) as usize;
    out.par_chunks_mut(row).enumerate().for_each(|(y, row)| layer.row_fastest(y, row));
}

struct Layer<'a> {
    p: ConvolveParams,
    features: &'a [f32],
    skip: &'a [f32],
    weights: &'a [f32],
    bias: &'a [f32],
}

impl Layer<'_> {
    fn row_fastest(&self, y: usize, out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor was just asked whether it has what the function is compiled for.
            return unsafe { self.row_avx2(y, out) };
        }
        self.row::<false>(y, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn row_avx2(&self, y: usize, out: &mut [f32]) {
        self.row::<true>(y, out);
    }

    #[inline(always)]
    fn row<const FUSED: bool>(&self, y: usize, out: &mut [f32]) {
        let p = &self.p;
        let out_width = p.out_width as usize;
        let inputs = (p.channels + p.skip_channels) as usize * TAPS;
        let weights: &[[f32; BLOCK]] = bytemuck::cast_slice(self.weights);
        let mut columns = vec![[0.0f32; STRIP]; inputs];
        for x0 in (0..out_width).step_by(STRIP) {
            self.gather(x0, y, &mut columns);
            let n = STRIP.min(out_width - x0);
            for block in 0..p.outputs as usize / BLOCK {
                let mut sums = [[0.0f32; STRIP]; BLOCK];
                for k in (0..inputs).step_by(3) {
                    add::<FUSED>(&mut sums, &columns[k..k + 3], &weights[block * inputs + k..][..3], n);
                }
                for (i, sums) in sums.iter().enumerate() {
                    let o = block * BLOCK + i;
                    let to = &mut out[o * out_width + x0..][..n];
                    if p.top > 0.0 {
                        finish(to, sums, self.bias[o], |v| ((v * p.scale) + 0.5).floor().clamp(0.0, p.top));
                    } else {
                        finish(to, sums, self.bias[o], |v| v * p.scale);
                    }
                }
            }
        }
    }

    /// What each weight meets along a strip of output pixels; 0 beyond the border.
    #[inline(always)]
    fn gather(&self, x0: usize, y: usize, columns: &mut [[f32; STRIP]]) {
        let p = &self.p;
        let (stride, enlarged, grid_width) = (p.stride as usize, p.enlarged as usize, p.grid_width as usize);
        let (channels, skip_channels) = (p.channels as usize, p.skip_channels as usize);
        for (c, taps) in columns.chunks_exact_mut(TAPS).enumerate() {
            for (ky, taps) in taps.chunks_exact_mut(3).enumerate() {
                let row = (y * stride + ky).checked_sub(1).filter(|&row| row < p.grid_height as usize);
                let Some(row) = row else {
                    taps.iter_mut().for_each(|t| t.fill(0.0));
                    continue;
                };
                let (line, enlarged) = if c < channels {
                    let width = p.width as usize;
                    (&self.features[(row / enlarged * channels + c) * width..][..width], enlarged)
                } else {
                    (&self.skip[(row * skip_channels + c - channels) * grid_width..][..grid_width], 1)
                };
                for (kx, strip) in taps.iter_mut().enumerate() {
                    let first = (x0 * stride + kx) as isize - 1;
                    let last = first + ((STRIP - 1) * stride) as isize;
                    if first >= 0 && last < grid_width as isize {
                        let first = first as usize;
                        match (stride, enlarged) {
                            (1, 1) => strip.copy_from_slice(&line[first..first + STRIP]),
                            (1, _) => {
                                strip.iter_mut().enumerate().for_each(|(i, v)| *v = line[(first + i) / enlarged]);
                            }
                            _ => strip.iter_mut().enumerate().for_each(|(i, v)| *v = line[first + i * stride]),
                        }
                    } else {
                        for (i, v) in strip.iter_mut().enumerate() {
                            let x = first + (i * stride) as isize;
                            let inside = x >= 0 && x < grid_width as isize;
                            *v = if inside { line[x as usize / enlarged] } else { 0.0 };
                        }
                    }
                }
            }
        }
    }
}

/// Adds three weighted columns to each of a block of sums, `n` pixels of them.
#[inline(always)]
fn add<const FUSED: bool>(
    sums: &mut [[f32; STRIP]; BLOCK],
    columns: &[[f32; STRIP]],
    weights: &[[f32; BLOCK]],
    n: usize,
) {
    let n = n.min(STRIP);
    let (a, b, c) = (&columns[0][..n], &columns[1][..n], &columns[2][..n]);
    for (i, sums) in sums.iter_mut().enumerate() {
        let (wa, wb, wc) = (weights[0][i], weights[1][i], weights[2][i]);
        let sums = &mut sums[..n];
        // Plain counting, because what iterators call is not compiled for the wider instructions.
        for x in 0..n {
            sums[x] = if FUSED {
                wc.mul_add(c[x], wb.mul_add(b[x], wa.mul_add(a[x], sums[x])))
            } else {
                sums[x] + wa * a[x] + wb * b[x] + wc * c[x]
            };
        }
    }
}

#[inline(always)]
fn finish(out: &mut [f32], sums: &[f32], bias: f32, end: impl Fn(f32) -> f32) {
    let sums = &sums[..out.len()];
    for x in 0..out.len() {
        out[x] = end(sums[x] + bias);
    }
}
