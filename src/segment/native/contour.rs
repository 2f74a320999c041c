//! Twin of `contour.wgsl`.

use super::polar::{CANDIDATE, POSITIONS_MAX};
use crate::widest::widest;
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Whole numbers per unit of reward.
const SCORE_SCALE: f32 = 4096.0;
/// Largest step between neighbouring rays, positions.
const STEP_MAX: usize = 2;
/// Rays of two turns.
const TURN_MAX: usize = 128;
/// Below any sum of two turns.
const FORBIDDEN: i32 = -1_000_000;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct ContourParams {
    pub candidates: u32,
    pub rays: u32,
    pub positions: u32,
    pub penalty: f32,
}

/// The best closed outline of each candidate: its radii, then the mean reward along it.
pub fn contour(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: ContourParams = pod_read_unaligned(params);
    let (rays, positions) = (p.rays as usize, p.positions as usize);
    let (reward, candidates, prior) = (inputs[0], inputs[1], inputs[2]);
    let penalty = score_of(p.penalty);
    out.par_chunks_mut(rays + 1).enumerate().for_each(|(c, radii)| {
        let reward = &reward[c * rays * positions..][..rays * positions];
        let at = |ray: usize, position: usize| reward[ray * positions + position];
        let mut path = [0; TURN_MAX];
        best_path(&mut path, reward, rays, positions, penalty);
        let mut total = 0.0;
        for i in 0..rays {
            let k = rays / 2 + i;
            let ray = k % rays;
            let position = path[k];
            let here = at(ray, position);
            let mut shift = 0.0;
            if position > 0 && position < positions - 1 {
                let (below, above) = (at(ray, position - 1), at(ray, position + 1));
                let bend = below - 2.0 * here + above;
                if bend < 0.0 {
                    shift = (0.5 * (below - above) / bend).clamp(-0.5, 0.5);
                }
            }
            let from_prior = (position as f32 + shift - 0.5 * (p.positions - 1) as f32) * candidates[CANDIDATE * c + 4];
            radii[ray] = prior[c * rays + ray] + from_prior;
            total += here;
        }
        radii[rays] = total / rays as f32;
    });
}

/// A reward as a whole number, rounded as WGSL's `round` does. Adding and taking away 1.5 * 2^23 leaves no room for a
/// fraction: the same as `round_ties_even` for these small numbers, without a function call on old processors.
#[inline(always)]
fn score_of(reward: f32) -> i32 {
    const NO_FRACTION: f32 = 12_582_912.0;
    ((reward * SCORE_SCALE + NO_FRACTION) - NO_FRACTION) as i32
}

/// Scores of all positions, framed by what no step may come from.
type Scores = [i32; POSITIONS_MAX + 2 * STEP_MAX];

widest! {
    /// Positions along two turns.
    fn best_path(path: &mut [usize; TURN_MAX], reward: &[f32], rays: usize, positions: usize, penalty: i32) {
        let turn = 2 * rays;
        let (mut score, mut next): (Scores, Scores) = ([FORBIDDEN; _], [FORBIDDEN; _]);
        score[STEP_MAX..STEP_MAX + positions].fill(0);
        let mut steps = [[0i8; POSITIONS_MAX]; TURN_MAX];
        for (k, steps) in steps[..turn].iter_mut().enumerate() {
            let rewards = &reward[(k % rays) * positions..][..positions];
            for j in 0..positions.min(POSITIONS_MAX) {
                // No step first, then the smaller ones: the order decides ties. Without branches, so that it runs on several
                // positions at once.
                let (mut best, mut taken) = (score[j + STEP_MAX], 0);
                for step in [-1, 1, -2, 2i32] {
                    let sum = score[(j + STEP_MAX).wrapping_add_signed(step as isize)] - penalty * step.abs();
                    let better = sum > best;
                    best = if better { sum } else { best };
                    taken = if better { step } else { taken };
                }
                next[j + STEP_MAX] = best + score_of(rewards[j]);
                steps[j] = taken as i8;
            }
            std::mem::swap(&mut score, &mut next);
        }
        let score = &score[STEP_MAX..STEP_MAX + positions];
        let mut position = 0;
        for j in 1..positions {
            if score[j] > score[position] {
                position = j;
            }
        }
        for k in (0..turn).rev() {
            path[k] = position;
            position = position.wrapping_add_signed(isize::from(steps[k][position]));
        }
    }
}
