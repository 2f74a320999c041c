//! Where a bar ends, to a fraction of a pixel: half-way between its grey value and what follows.

use super::bars::Candidate;
use super::plane::Plane;

/// How far beyond the bar's pixels the edge may lie, and how far inside, pixels.
const OUTSIDE_PX: usize = 5;
const INSIDE_PX: usize = 4;

/// Left and right end; a pixel's centre is its index and a half.
pub(super) fn ends(plane: &Plane, bar: &Candidate) -> (f64, f64) {
    let rows = core(bar);
    let mean = |x: usize| rows.clone().map(|y| f64::from(plane.at(x, y))).sum::<f64>() / rows.len() as f64;
    let outwards = |from: usize, to: &mut dyn Iterator<Item = usize>| -> Vec<f64> {
        std::iter::once(from).chain(to).map(mean).collect()
    };
    let inside = INSIDE_PX.min(bar.length() / 4);
    let (l, r) = (bar.left + inside, bar.right - 1 - inside);
    let left = outwards(l, &mut (bar.left.saturating_sub(OUTSIDE_PX)..l).rev());
    let right = outwards(r, &mut (r + 1..(bar.right + OUTSIDE_PX).min(plane.width)));
    let sign = if bar.bright { 1.0 } else { -1.0 };
    (
        l as f64 + 0.5 - crossing(&left, inside, sign, f64::from(bar.grey)),
        r as f64 + 0.5 + crossing(&right, inside, sign, f64::from(bar.grey)),
    )
}

/// The rows that the bar's edge does not touch.
fn core(bar: &Candidate) -> std::ops::Range<usize> {
    let rim = if bar.thickness() >= 3 { (bar.thickness() / 4).max(1) } else { 0 };
    bar.top + rim..bar.bottom - rim
}

/// Steps from the first value to where the profile has left half of the bar's height.
fn crossing(profile: &[f64], inside: usize, sign: f64, grey: f64) -> f64 {
    // What follows: the value most unlike the bar, in the direction in which the bar differs from its surroundings or, with
    // a background like the bar's, in any.
    let beyond = &profile[inside.min(profile.len() - 1)..];
    let drop = |v: &f64| (grey - v) * sign;
    let most = beyond.iter().copied().max_by(|a, b| drop(a).total_cmp(&drop(b))).unwrap_or(grey);
    let most = if drop(&most) > 0.1 * 255.0 {
        most
    } else {
        beyond.iter().copied().max_by(|a, b| drop(a).abs().total_cmp(&drop(b).abs())).unwrap_or(grey)
    };
    let half = (grey + most) / 2.0;
    let over = |v: f64| (v - half) * (most - half) >= 0.0;
    for (i, pair) in profile.windows(2).enumerate() {
        if over(pair[1]) {
            return i as f64 + ((half - pair[0]) / (pair[1] - pair[0])).clamp(0.0, 1.0);
        }
    }
    inside as f64 + 0.5
}
