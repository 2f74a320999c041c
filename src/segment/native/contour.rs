//! Twin of `contour.wgsl`.

use super::polar::{CANDIDATE, POSITIONS_MAX};
use crate::widest::{whole, widest};
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

/// A reward as a whole number, rounded as WGSL's `round` does.
#[inline(always)]
fn score_of(reward: f32) -> i32 {
    whole(reward * SCORE_SCALE) as i32
}

/// Scores of all positions, framed by what no step may come from.
type Scores = [i32; POSITIONS_MAX + 2 * STEP_MAX];

widest! {
    /// Positions along two turns.
    fn best_path(path: &mut [usize; TURN_MAX], reward: &[f32], rays: usize, positions: usize, penalty: i32) {
        let turn = 2 * rays;
        // Both turns meet the same rewards. Behind the last position they are never met.
        let mut rewards = [[FORBIDDEN; POSITIONS_MAX]; TURN_MAX / 2];
        let mut row = [0.0; POSITIONS_MAX];
        for ray in 0..rays {
            row[..positions].copy_from_slice(&reward[ray * positions..][..positions]);
            let rewards = &mut rewards[ray];
            for j in 0..POSITIONS_MAX {
                rewards[j] = if j < positions { score_of(row[j]) } else { FORBIDDEN };
            }
        }
        let (mut score, mut next): (Scores, Scores) = ([FORBIDDEN; _], [FORBIDDEN; _]);
        score[STEP_MAX..STEP_MAX + positions].fill(0);
        let mut steps = [[0i8; POSITIONS_MAX]; TURN_MAX];
        for k in 0..turn {
            let (rewards, steps) = (&rewards[k % rays], &mut steps[k]);
            // Whole registers of positions.
            for first in (0..positions).step_by(LANES) {
                let from = |step: i32| register::<LANES>(&score, (first + STEP_MAX).wrapping_add_signed(step as isize));
                // No step first, then the smaller ones: the order decides ties.
                let mut best = Best { score: from(0), step: [0; LANES] };
                best = best.or(from(-1), penalty, -1);
                best = best.or(from(1), penalty, 1);
                best = best.or(from(-2), 2 * penalty, -2);
                best = best.or(from(2), 2 * penalty, 2);
                let rewards = register::<LANES>(rewards, first);
                let next = &mut next[first + STEP_MAX..][..LANES];
                let steps = &mut steps[first..][..LANES];
                for lane in 0..LANES {
                    // Far below what any path comes to, and yet far from the end of the numbers.
                    next[lane] = (best.score[lane] + rewards[lane]).max(FORBIDDEN);
                    steps[lane] = best.step[lane] as i8;
                }
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

/// As many numbers as a register holds.
#[inline(always)]
fn register<const LANES: usize>(numbers: &[i32], first: usize) -> [i32; LANES] {
    let (numbers, mut register) = (&numbers[first..][..LANES], [0; LANES]);
    register.copy_from_slice(numbers);
    register
}

/// The best ways to some positions so far.
#[derive(Clone, Copy)]
struct Best<const LANES: usize> {
    score: [i32; LANES],
    step: [i32; LANES],
}

impl<const LANES: usize> Best<LANES> {
    /// Takes a step where it is better. Without branches, so that it is done for all positions at once.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn or(mut self, from: [i32; LANES], cost: i32, step: i32) -> Self {
        for lane in 0..LANES {
            let sum = from[lane] - cost;
            let better = sum > self.score[lane];
            self.score[lane] = if better { sum } else { self.score[lane] };
            self.step[lane] = if better { step } else { self.step[lane] };
        }
        self
    }
}
