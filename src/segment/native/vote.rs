//! Twin of `vote.wgsl`.

use super::gradient::{TOP, packed, unpacked};
use crate::widest::widest;
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;
use std::ops::Range;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct VoteParams {
    pub width: u32,
    pub height: u32,
    pub directions: u32,
    pub radii: u32,
}

/// Ring votes, both of a pixel in one word: for a lighter object, for a darker one.
pub fn vote(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: VoteParams = pod_read_unaligned(params);
    let (width, height) = (p.width as usize, p.height as usize);
    let (gradient, ring): (&[u32], _) = (bytemuck::cast_slice(inputs[0]), inputs[1]);
    let out: &mut [u32] = bytemuck::cast_slice_mut(out);
    out.par_chunks_mut(width).enumerate().for_each_init(
        || std::array::from_fn(|_| vec![0.0f32; width]),
        |[low, high, lighter, darker]: &mut [Vec<f32>; 4], (y, out)| {
            lighter.fill(0.0);
            darker.fill(0.0);
            for direction in ring.chunks_exact(2 + 2 * p.radii as usize) {
                low.fill(1.0);
                high.fill(-1.0);
                for offset in direction[2..].chunks_exact(2) {
                    let (dx, dy) = (offset[0] as isize, offset[1] as isize);
                    let row = y as isize + dy;
                    let first = (-dx).clamp(0, width as isize) as usize;
                    let last = (width as isize - dx).clamp(first as isize, width as isize) as usize;
                    if row < 0 || row >= height as isize || first == last {
                        extend(low, high, 0..width);
                        continue;
                    }
                    extend(low, high, 0..first);
                    extend(low, high, last..width);
                    let start = row as usize * width + (first as isize + dx) as usize;
                    let along = [direction[0] / TOP, direction[1] / TOP];
                    let span = &gradient[start..start + (last - first)];
                    outward(&mut low[first..last], &mut high[first..last], span, along);
                }
                add(lighter, darker, low, high);
            }
            mean(out, lighter, darker, p.directions as f32);
        },
    );
}

/// Beyond the border nothing is known: a derivative of 0.
fn extend(low: &mut [f32], high: &mut [f32], span: Range<usize>) {
    for x in span {
        low[x] = low[x].min(0.0);
        high[x] = high[x].max(0.0);
    }
}

widest! {
    /// Smallest and largest outward derivative so far.
    fn outward(low: &mut [f32], high: &mut [f32], gradient: &[u32], along: [f32; 2]) {
        let n = gradient.len();
        let (low, high) = (&mut low[..n], &mut high[..n]);
        for x in 0..n {
            let (gx, gy) = unpacked(gradient[x]);
            let value = gx * along[0] + gy * along[1];
            // Written as comparisons because f32::min and max also sort out NaN, which costs instructions.
            low[x] = if value < low[x] { value } else { low[x] };
            high[x] = if value > high[x] { value } else { high[x] };
        }
    }
}

widest! {
    fn add(lighter: &mut [f32], darker: &mut [f32], low: &[f32], high: &[f32]) {
        let n = low.len();
        let (lighter, darker, high) = (&mut lighter[..n], &mut darker[..n], &high[..n]);
        for x in 0..n {
            lighter[x] -= low[x];
            darker[x] += high[x];
        }
    }
}

widest! {
    fn mean(out: &mut [u32], lighter: &[f32], darker: &[f32], count: f32) {
        let n = out.len();
        let (lighter, darker) = (&lighter[..n], &darker[..n]);
        for x in 0..n {
            out[x] = packed(lighter[x] / count, darker[x] / count);
        }
    }
}
