//! Native twin of `shaders/calibrate`.

use crate::widest::{whole, widest};
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
            add(row, &grey[(y * factor + j) * width..][..out_width * factor], factor, p.offset);
        }
        finish(row, p.scale);
    });
}

widest! {
    /// Adds the pixels of a row, as many to each output as the factor says.
    fn add(out: &mut [f32], line: &[f32], factor: usize, offset: f32) {
        match factor {
            1 => add_each(out, line.as_chunks::<1>().0, offset),
            2 => add_each(out, line.as_chunks::<2>().0, offset),
            3 => add_each(out, line.as_chunks::<3>().0, offset),
            4 => add_each(out, line.as_chunks::<4>().0, offset),
            _ => {
                for (value, pixels) in out.iter_mut().zip(line.chunks_exact(factor)) {
                    for pixel in pixels {
                        *value += pixel - offset;
                    }
                }
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn add_each<const FACTOR: usize>(out: &mut [f32], line: &[[f32; FACTOR]], offset: f32) {
    let line = &line[..out.len()];
    for x in 0..out.len() {
        for k in 0..FACTOR {
            out[x] += line[x][k] - offset;
        }
    }
}

widest! {
    fn finish(row: &mut [f32], scale: f32) {
        for value in row {
            *value = whole((*value * scale).clamp(0.0, 65535.0));
        }
    }
}
