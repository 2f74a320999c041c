//! Twin of `polar.wgsl`.

use super::gradient::{TOP, unpacked};
use crate::widest::widest;
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct PolarParams {
    pub width: u32,
    pub height: u32,
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
    pub candidates: u32,
    pub rays: u32,
    pub positions: u32,
}

/// Numbers of a candidate: pixel (x, y), place in it (x, y; 0 is its centre, 1 the next one's), radial step, sign.
pub const CANDIDATE: usize = 6;
/// Radial positions at most.
pub const POSITIONS_MAX: usize = 64;

/// Rewards per candidate, ray and radial position.
pub fn polar(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: PolarParams = pod_read_unaligned(params);
    let (rays, positions) = (p.rays as usize, p.positions as usize);
    let gradient: &[u32] = bytemuck::cast_slice(inputs[0]);
    let (candidates, _) = inputs[1].as_chunks::<CANDIDATE>();
    let prior = inputs[2].par_chunks_exact(rays);
    let (directions, _) = inputs[3].as_chunks::<2>();
    if p.width < 2 || p.height < 2 {
        return out.fill(0.0); // nothing lies between two pixels
    }
    out.par_chunks_mut(rays * positions)
        .zip(candidates)
        .zip(prior)
        .for_each(|((rewards, candidate), prior)| rewards_of(&p, gradient, candidate, prior, directions, rewards));
}

widest! {
    /// All rewards of a candidate. A ray's positions are worked on side by side; only reading the picture is one by one.
    fn rewards_of(
        p: &PolarParams,
        gradient: &[u32],
        candidate: &[f32; CANDIDATE],
        prior: &[f32],
        directions: &[[f32; 2]],
        rewards: &mut [f32],
    ) {
        let [pixel_x, pixel_y, part_x, part_y, step, sign] = *candidate;
        let (pixel_x, pixel_y) = (pixel_x as i32, pixel_y as i32);
        let (width, last_x, last_y) = (p.width as usize, p.width as i32 - 2, p.height as i32 - 2);
        let middle = 0.5 * (p.positions - 1) as f32;
        let mut place = [0u32; POSITIONS_MAX];
        let (mut beside, mut below) = ([0.0f32; POSITIONS_MAX], [0.0f32; POSITIONS_MAX]);
        let (mut factor, mut base) = ([0.0f32; POSITIONS_MAX], [0.0f32; POSITIONS_MAX]);
        let mut corners = [[0u32; POSITIONS_MAX]; 4];
        let n = (p.positions as usize).min(POSITIONS_MAX);
        for ray in 0..prior.len().min(directions.len()) {
            let ([dx, dy], prior) = (directions[ray], prior[ray]);
            let rewards = &mut rewards[ray * n..][..n];
            for i in 0..n {
                let radius = prior + (i as f32 - middle) * step;
                let (x, y) = (part_x + radius * dx, part_y + radius * dy);
                let (x0, y0) = (floor(x), floor(y));
                let (fx, fy) = (x - x0 as f32, y - y0 as f32);
                let (x0, y0) = (x0 + pixel_x, y0 + pixel_y);
                let after = |v: i32, f: f32, border: i32| (v >= border) | ((v == border - 1) & (f >= 0.5));
                let before = |v: i32, f: f32, border: i32| (v < border - 1) | ((v == border - 1) & (f <= 0.5));
                let is_known =
                    after(x0, fx, p.left) & after(y0, fy, p.top) & before(x0, fx, p.right) & before(y0, fy, p.bottom);
                let is_outline = radius >= 1.0;
                factor[i] = if is_known & is_outline { -sign / TOP } else { 0.0 };
                base[i] = if is_outline { 0.0 } else { -1.0 };
                // The border pixel is repeated outwards.
                beside[i] = if x0 < 0 { 0.0 } else if x0 > last_x { 1.0 } else { fx };
                below[i] = if y0 < 0 { 0.0 } else if y0 > last_y { 1.0 } else { fy };
                place[i] = y0.max(0).min(last_y) as u32 * p.width + x0.max(0).min(last_x) as u32;
            }
            for i in 0..n {
                let upper = &gradient[place[i] as usize..][..width + 2];
                (corners[0][i], corners[1][i]) = (upper[0], upper[1]);
                (corners[2][i], corners[3][i]) = (upper[width], upper[width + 1]);
            }
            for i in 0..n {
                let along = |word: u32| {
                    let (gx, gy) = unpacked(word);
                    gx * dx + gy * dy
                };
                let (a, b) = (along(corners[0][i]), along(corners[1][i]));
                let (c, d) = (along(corners[2][i]), along(corners[3][i]));
                let (upper, lower) = (a * (1.0 - beside[i]) + b * beside[i], c * (1.0 - beside[i]) + d * beside[i]);
                rewards[i] = base[i] + factor[i] * (upper * (1.0 - below[i]) + lower * below[i]);
            }
        }
    }
}

/// The whole number below, without the function call that it costs on old processors.
#[inline(always)]
fn floor(v: f32) -> i32 {
    let whole = v as i32;
    whole - i32::from(v < whole as f32)
}
