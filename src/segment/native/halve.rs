//! Twin of `halve.wgsl`.

use crate::widest::widest;
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
        let whole = width / 2;
        means(&mut row[..whole], upper, lower);
        if let [last] = &mut row[whole..] {
            let (a, b) = (upper[width - 1], lower[width - 1]);
            *last = ((a + a) + (b + b)) * 0.25;
        }
    });
}

widest! {
    fn means(out: &mut [f32], upper: &[f32], lower: &[f32]) {
        let n = out.len();
        let (upper, lower) = (&upper[..2 * n], &lower[..2 * n]);
        for x in 0..n {
            out[x] = ((upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1])) * 0.25;
        }
    }
}
