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
const STRIP: usize = 16;
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
        let mut columns = vec![[0.0f32; STRIP]; inputs];
        for x0 in (0..out_width).step_by(STRIP) {
            self.gather(x0, y, &mut columns);
            let n = STRIP.min(out_width - x0);
            for (block, weights) in self.weights.chunks_exact(inputs * BLOCK).enumerate() {
                let mut sums = [[0.0f32; STRIP]; BLOCK];
                for (column, weights) in columns.iter().zip(weights.chunks_exact(BLOCK)) {
                    for (sums, &w) in sums.iter_mut().zip(weights) {
                        for (sum, &v) in sums.iter_mut().zip(column) {
                            *sum = if FUSED { w.mul_add(v, *sum) } else { w * v + *sum };
                        }
                    }
                }
                for (i, sums) in sums.iter().enumerate() {
                    let o = block * BLOCK + i;
                    for (value, sum) in out[o * out_width + x0..][..n].iter_mut().zip(sums) {
                        let sum = (sum + self.bias[o]) * p.scale;
                        *value = if p.top > 0.0 { (sum + 0.5).floor().clamp(0.0, p.top) } else { sum };
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
