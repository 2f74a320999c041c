//! Twin of `blur.wgsl`.

use crate::widest::{add_pair, scale};
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct BlurParams {
    pub width: u32,
    pub height: u32,
    pub radius: u32,
    pub axis: u32,
}

/// Convolution with a symmetric kernel along one axis.
pub fn blur(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: BlurParams = pod_read_unaligned(params);
    let (width, height, radius) = (p.width as usize, p.height as usize, p.radius as usize);
    let (plane, weights) = (inputs[0], inputs[1]);
    let line = |y: usize| &plane[y * width..][..width];
    out.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        scale(row, line(y), weights[0]);
        if p.axis == 0 {
            let source = line(y);
            let mut padded = vec![source[0]; width + 2 * radius];
            padded[radius..radius + width].copy_from_slice(source);
            padded[radius + width..].fill(source[width - 1]);
            for (k, &weight) in weights.iter().enumerate().skip(1) {
                add_pair(row, &padded[radius - k..], &padded[radius + k..], weight);
            }
        } else {
            for (k, &weight) in weights.iter().enumerate().skip(1) {
                add_pair(row, line(y.saturating_sub(k)), line((y + k).min(height - 1)), weight);
            }
        }
    });
}
