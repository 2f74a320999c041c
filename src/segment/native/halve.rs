//! Twin of `halve.wgsl`.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct HalveParams {
    pub width: u32,
    pub height: u32,
    pub out_width: u32,
    pub out_height: u32,
}

/// Mean of 2 x 2 pixels.
pub fn halve(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: HalveParams = pod_read_unaligned(params);
    let (width, height) = (p.width as usize, p.height as usize);
    let plane = inputs[0];
    out.par_chunks_mut(p.out_width as usize).enumerate().for_each(|(y, row)| {
        let upper = &plane[2 * y * width..][..width];
        let lower = &plane[(2 * y + 1).min(height - 1) * width..][..width];
        for (x, value) in row.iter_mut().enumerate() {
            let (a, b) = (2 * x, (2 * x + 1).min(width - 1));
            *value = ((upper[a] + upper[b]) + (lower[a] + lower[b])) * 0.25;
        }
    });
}
