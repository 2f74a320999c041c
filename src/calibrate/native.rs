//! Native twin of `shaders/calibrate`.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters of `bin`, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct BinParams {
    pub width: u32,
    pub out_width: u32,
    pub out_height: u32,
    pub factor: u32,
    pub offset: f32,
    pub scale: f32,
}

/// Twin of `bin.wgsl`.
pub fn bin(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: BinParams = pod_read_unaligned(params);
    let (width, out_width, factor) = (p.width as usize, p.out_width as usize, p.factor as usize);
    let grey = inputs[0];
    out.par_chunks_mut(out_width).enumerate().for_each(|(y, row)| {
        for j in 0..factor {
            let line = &grey[(y * factor + j) * width..][..out_width * factor];
            for (value, pixels) in row.iter_mut().zip(line.chunks_exact(factor)) {
                for pixel in pixels {
                    *value += pixel - p.offset;
                }
            }
        }
        for value in row {
            *value = (*value * p.scale).round_ties_even().clamp(0.0, 65535.0);
        }
    });
}
