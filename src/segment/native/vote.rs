//! Twin of `vote.wgsl`.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct VoteParams {
    pub width: u32,
    pub height: u32,
    pub directions: u32,
    pub radii: u32,
}

/// Ring votes: the plane of lighter objects, then the plane of darker ones.
pub fn vote(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: VoteParams = pod_read_unaligned(params);
    let (width, height) = (p.width as usize, p.height as usize);
    let (gradient, ring) = (inputs[0], inputs[1]);
    let (x_plane, y_plane) = gradient.split_at(width * height);
    let (lighter, darker) = out.split_at_mut(width * height);
    lighter.par_chunks_mut(width).zip(darker.par_chunks_mut(width)).enumerate().for_each(|(y, (lighter, darker))| {
        let mut low = vec![0.0f32; width];
        let mut high = vec![0.0f32; width];
        for direction in ring.chunks_exact(2 + 2 * p.radii as usize) {
            low.fill(1.0);
            high.fill(-1.0);
            for offset in direction[2..].chunks_exact(2) {
                let (dx, dy) = (offset[0] as isize, offset[1] as isize);
                let row = y as isize + dy;
                let first = (-dx).clamp(0, width as isize) as usize;
                let last = (width as isize - dx).clamp(first as isize, width as isize) as usize;
                if row < 0 || row >= height as isize || first == last {
                    extend(&mut low, &mut high, 0..width);
                    continue;
                }
                extend(&mut low, &mut high, 0..first);
                extend(&mut low, &mut high, last..width);
                let start = row as usize * width + (first as isize + dx) as usize;
                let span = start..start + (last - first);
                let along = (direction[0], direction[1]);
                outward(&mut low[first..last], &mut high[first..last], &x_plane[span.clone()], &y_plane[span], along);
            }
            for x in 0..width {
                lighter[x] += -low[x];
                darker[x] += high[x];
            }
        }
        let count = p.directions as f32;
        for x in 0..width {
            lighter[x] /= count;
            darker[x] /= count;
        }
    });
}

/// Beyond the border nothing is known: a derivative of 0.
fn extend(low: &mut [f32], high: &mut [f32], span: std::ops::Range<usize>) {
    for x in span {
        low[x] = low[x].min(0.0);
        high[x] = high[x].max(0.0);
    }
}

/// Smallest and largest outward derivative so far.
fn outward(low: &mut [f32], high: &mut [f32], gx: &[f32], gy: &[f32], along: (f32, f32)) {
    for (((low, high), gx), gy) in low.iter_mut().zip(high).zip(gx).zip(gy) {
        let value = gx * along.0 + gy * along.1;
        // Written as comparisons because f32::min and max also sort out NaN, which costs instructions.
        *low = if value < *low { value } else { *low };
        *high = if value > *high { value } else { *high };
    }
}
