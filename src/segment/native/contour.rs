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
    const MARGIN: usize = 2; // the largest step: beyond the ends everything is forbidden
    let turn = 2 * rays;
    let mut score = vec![FORBIDDEN; positions + 2 * MARGIN];
    score[MARGIN..MARGIN + positions].fill(0);
    let mut best = vec![0i32; positions];
    let mut steps = vec![0i32; turn * positions];
    for (k, steps) in steps.chunks_exact_mut(positions).enumerate() {
        best.fill(FORBIDDEN);
        for step in STEPS {
            let from = &score[(MARGIN as i32 + step) as usize..];
            improve(&mut best, steps, &from[..positions], step, penalty * step.abs());
        }
        let rewards = &reward[(k % rays) * positions..][..positions];
        for ((score, best), reward) in score[MARGIN..].iter_mut().zip(&best).zip(rewards) {
            *score = best + score_of(*reward);
        }
    }
    let score = &score[MARGIN..MARGIN + positions];
    let mut position = 0;
    for j in 1..positions {
        if score[j] > score[position] {
            position = j;
        }
    }
    let mut path = vec![0; turn];
    for k in (0..turn).rev() {
        path[k] = position;
        position = (position as i32 + steps[k * positions + position]) as usize;
    }
    path
}

/// Takes a step where it is better than what was best so far. Without branches, so that it runs on several positions at
/// once.
fn improve(best: &mut [i32], steps: &mut [i32], from: &[i32], step: i32, cost: i32) {
    for ((best, taken), from) in best.iter_mut().zip(steps).zip(from) {
        let sum = from - cost;
        let better = sum > *best;
        *best = if better { sum } else { *best };
        *taken = if better { step } else { *taken };
    }
}
