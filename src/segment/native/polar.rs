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
        let n = (p.positions as usize).min(POSITIONS_MAX);
        // A ray's positions, a register after the other; what lies behind the last position is computed and left.
        let registers = n.div_ceil(LANES);
        let mut spots = [Spot::<LANES>::NONE; REGISTERS_MAX];
        for ray in 0..prior.len().min(directions.len()) {
            let ([dx, dy], prior) = (directions[ray], prior[ray]);
            for (register, spot) in spots[..registers].iter_mut().enumerate() {
                for lane in 0..LANES {
                    let radius = prior + ((register * LANES + lane) as f32 - middle) * step;
                    let (x, y) = (part_x + radius * dx, part_y + radius * dy);
                    let (x0, y0) = (floor(x), floor(y));
                    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
                    let (x0, y0) = (x0 + pixel_x, y0 + pixel_y);
                    let after = |v: i32, f: f32, border: i32| (v >= border) | ((v == border - 1) & (f >= 0.5));
                    let before = |v: i32, f: f32, border: i32| (v < border - 1) | ((v == border - 1) & (f <= 0.5));
                    let is_known = after(x0, fx, p.left)
                        & after(y0, fy, p.top)
                        & before(x0, fx, p.right)
                        & before(y0, fy, p.bottom);
                    let is_outline = radius >= 1.0;
                    spot.factor[lane] = if is_known & is_outline { -sign / TOP } else { 0.0 };
                    spot.base[lane] = if is_outline { 0.0 } else { -1.0 };
                    // The border pixel is repeated outwards.
                    spot.beside[lane] = if x0 < 0 { 0.0 } else if x0 > last_x { 1.0 } else { fx };
                    spot.below[lane] = if y0 < 0 { 0.0 } else if y0 > last_y { 1.0 } else { fy };
                    spot.place[lane] = y0.max(0).min(last_y) as u32 * p.width + x0.max(0).min(last_x) as u32;
                }
            }
            for spot in &mut spots[..registers] {
                for lane in 0..LANES {
                    let around = &gradient[spot.place[lane] as usize..][..width + 2];
                    (spot.corners[0][lane], spot.corners[1][lane]) = (around[0], around[1]);
                    (spot.corners[2][lane], spot.corners[3][lane]) = (around[width], around[width + 1]);
                }
            }
            let along = |word: u32| {
                let (gx, gy) = unpacked(word);
                gx * dx + gy * dy
            };
            for (register, spot) in spots[..registers].iter().enumerate() {
                let mut found = [0.0f32; LANES];
                for lane in 0..LANES {
                    let [a, b, c, d] = &spot.corners;
                    let (beside, below) = (spot.beside[lane], spot.below[lane]);
                    let above = along(a[lane]) * (1.0 - beside) + along(b[lane]) * beside;
                    let under = along(c[lane]) * (1.0 - beside) + along(d[lane]) * beside;
                    found[lane] = spot.base[lane] + spot.factor[lane] * (above * (1.0 - below) + under * below);
                }
                let first = register * LANES;
                let count = LANES.min(n - first);
                rewards[ray * n + first..][..count].copy_from_slice(&found[..count]);
            }
        }
    }
}

/// Registers of a ray's positions at most, where a register is narrowest.
const REGISTERS_MAX: usize = POSITIONS_MAX / 4;

/// A register of positions along a ray: where they lie in the picture and what is read there.
#[derive(Clone, Copy)]
struct Spot<const LANES: usize> {
    /// Index of the pixel above and left of each.
    place: [u32; LANES],
    /// How far towards the next pixel along each axis.
    beside: [f32; LANES],
    below: [f32; LANES],
    /// What turns the derivative into a reward, and what it is added to.
    factor: [f32; LANES],
    base: [f32; LANES],
    /// Gradients of the four pixels around.
    corners: [[u32; LANES]; 4],
}

impl<const LANES: usize> Spot<LANES> {
    const NONE: Self = Self {
        place: [0; LANES],
        beside: [0.0; LANES],
        below: [0.0; LANES],
        factor: [0.0; LANES],
        base: [0.0; LANES],
        corners: [[0; LANES]; 4],
    };
}

/// The whole number below, without the function call that it costs on old processors.
#[inline(always)]
fn floor(v: f32) -> i32 {
    let whole = v as i32;
    whole - i32::from(v < whole as f32)
}
