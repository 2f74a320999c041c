//! Twin of `polar.wgsl`.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct PolarParams {
    pub width: u32,
    pub height: u32,
    pub candidates: u32,
    pub rays: u32,
    pub positions: u32,
}

/// Rewards per candidate, ray and radial position.
pub fn polar(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: PolarParams = pod_read_unaligned(params);
    let (width, height) = (p.width as usize, p.height as usize);
    let (rays, positions) = (p.rays as usize, p.positions as usize);
    let (gradient, candidates, prior, direction) = (inputs[0], inputs[1], inputs[2], inputs[3]);
    let (x_plane, y_plane) = gradient.split_at(width * height);
    out.par_chunks_mut(rays * positions).enumerate().for_each(|(c, rewards)| {
        let &[cx, cy, step, sign] = &candidates[4 * c..4 * c + 4] else { return };
        for (ray, rewards) in rewards.chunks_exact_mut(positions).enumerate() {
            let (dx, dy) = (direction[2 * ray], direction[2 * ray + 1]);
            for (position, reward) in rewards.iter_mut().enumerate() {
                let from_prior = (position as f32 - 0.5 * (p.positions - 1) as f32) * step;
                let radius = prior[c * rays + ray] + from_prior;
                let (x, y) = (cx + radius * dx, cy + radius * dy);
                let known = x >= -0.5 && y >= -0.5 && x <= width as f32 - 0.5 && y <= height as f32 - 0.5;
                *reward = if radius < 1.0 {
                    -1.0
                } else if !known {
                    0.0
                } else {
                    let (gx, gy) = bilinear((x_plane, y_plane), width, height, x, y);
                    -sign * (gx * dx + gy * dy)
                };
            }
        }
    });
}

/// Both values between four pixel centres, which have whole coordinates here; the border pixel is repeated outwards.
fn bilinear(planes: (&[f32], &[f32]), width: usize, height: usize, x: f32, y: f32) -> (f32, f32) {
    // The picture's corner is at -0.5, so that this is the floor, without the function call that it costs.
    let (x0, y0) = ((x + 1.0) as i32 - 1, (y + 1.0) as i32 - 1);
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let inside = |v: i32, size: usize| v.clamp(0, size as i32 - 1) as usize;
    let (u0, u1) = (inside(x0, width), inside(x0 + 1, width));
    let (v0, v1) = (inside(y0, height) * width, inside(y0 + 1, height) * width);
    let value = |plane: &[f32]| {
        let upper = plane[v0 + u0] * (1.0 - fx) + plane[v0 + u1] * fx;
        let lower = plane[v1 + u0] * (1.0 - fx) + plane[v1 + u1] * fx;
        upper * (1.0 - fy) + lower * fy
    };
    (value(planes.0), value(planes.1))
}
