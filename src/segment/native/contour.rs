//! Twin of `contour.wgsl`.

use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Whole numbers per unit of reward.
const SCORE_SCALE: f32 = 4096.0;
/// Positions between neighbouring rays, in the order that decides ties.
const STEPS: [i32; 5] = [0, -1, 1, -2, 2];
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
        let path = best_path(reward, rays, positions, penalty);
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
            let from_prior = (position as f32 + shift - 0.5 * (p.positions - 1) as f32) * candidates[4 * c + 2];
            radii[ray] = prior[c * rays + ray] + from_prior;
            total += here;
        }
        radii[rays] = total / rays as f32;
    });
}

/// A reward as a whole number, rounded as WGSL's `round` does. Adding and taking away 1.5 * 2^23 leaves no room for a
/// fraction: the same as `round_ties_even` for these small numbers, without a function call on old processors.
fn score_of(reward: f32) -> i32 {
    const NO_FRACTION: f32 = 12_582_912.0;
    ((reward * SCORE_SCALE + NO_FRACTION) - NO_FRACTION) as i32
}

/// Positions along two turns.
fn best_path(reward: &[f32], rays: usize, positions: usize, penalty: i32) -> Vec<usize> {
    let turn = 2 * rays;
    let mut score = vec![0i32; positions];
    let mut next = vec![0i32; positions];
    let mut steps = vec![0i8; turn * positions];
    for k in 0..turn {
        let rewards = &reward[(k % rays) * positions..][..positions];
        for j in 0..positions {
            let (mut best, mut best_step) = (FORBIDDEN, 0);
            for step in STEPS {
                let from = j as i32 + step;
                if from >= 0 && (from as usize) < positions {
                    let sum = score[from as usize] - penalty * step.abs();
                    if sum > best {
                        (best, best_step) = (sum, step);
                    }
                }
            }
            next[j] = best + score_of(rewards[j]);
            steps[k * positions + j] = best_step as i8;
        }
        std::mem::swap(&mut score, &mut next);
    }
    let mut position = 0;
    for j in 1..positions {
        if score[j] > score[position] {
            position = j;
        }
    }
    let mut path = vec![0; turn];
    for k in (0..turn).rev() {
        path[k] = position;
        position = (position as i32 + i32::from(steps[k * positions + position])) as usize;
    }
    path
}
