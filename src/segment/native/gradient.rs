//! Twin of `gradient.wgsl`.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct GradientParams {
    pub width: u32,
    pub height: u32,
    pub half_saturation: f32,
}

/// Saturated central differences: the x plane, then the y plane.
pub fn gradient(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: GradientParams = pod_read_unaligned(params);
    let (width, height) = (p.width as usize, p.height as usize);
    let line = |y: usize| &inputs[0][y * width..][..width];
    let (x_plane, y_plane) = out.split_at_mut(width * height);
    x_plane.par_chunks_mut(width).zip(y_plane.par_chunks_mut(width)).enumerate().for_each(|(y, (gx, gy))| {
        let (above, here, below) = (line(y.saturating_sub(1)), line(y), line((y + 1).min(height - 1)));
        for x in 0..width {
            gx[x] = 0.5 * (here[(x + 1).min(width - 1)] - here[x.saturating_sub(1)]);
            gy[x] = 0.5 * (below[x] - above[x]);
        }
        if p.half_saturation >= 0.0 {
            saturate(gx, gy, p.half_saturation);
        }
    });
}

fn saturate(gx: &mut [f32], gy: &mut [f32], half_saturation: f32) {
    for (gx, gy) in gx.iter_mut().zip(gy) {
        let total = (*gx * *gx + *gy * *gy).sqrt() + half_saturation;
        let factor = if total > 0.0 { 1.0 / total } else { 0.0 };
        *gx *= factor;
        *gy *= factor;
    }
}
