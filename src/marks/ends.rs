//! Where a bar ends, to a fraction of a pixel: half-way between its grey value and what follows.

use super::bars::Candidate;
use super::plane::Plane;

/// How far beyond the bar's pixels the edge may lie, and how far inside, pixels.
const OUTSIDE_PX: usize = 5;
const INSIDE_PX: usize = 4;

/// How far a bar's pixels lie from its mean, in standard deviations of its inner ones and in grey values: what is farther
/// away, twice in a row, is beyond its end.
const DEVIATIONS: f64 = 4.0;
const DEVIATION_MIN: f64 = 6.0;
/// Pixels beyond an end whose median must be so different from the bar, as a share of the bar's contrast.
const BEYOND_PX: usize = 7;
const STEP_MIN_SHARE: f64 = 0.3;
/// Share of the bar that may be lost so.
const LOST_MAX: f64 = 0.15;
/// Pixels behind an end within which nothing like the bar may follow, and how like it, as a share of the step.
const BEHIND_PX: usize = 4;
const LIKE_SHARE: f64 = 0.15;

/// Left and right end, and whether both are sure; a pixel's centre is its index and a half.
pub(super) fn ends(plane: &Plane, bar: &Candidate) -> (f64, f64, bool) {
    let rows = core(bar);
    let mean = |x: usize| rows.clone().map(|y| f64::from(plane.at(x, y))).sum::<f64>() / rows.len() as f64;
    let outwards = |from: usize, to: &mut dyn Iterator<Item = usize>| -> Vec<f64> {
        std::iter::once(from).chain(to).map(mean).collect()
    };
    let (first, last) = drawn(bar, &mean);
    // So much can only be ground that looks like the bar.
    let lost = (first - bar.left) + (bar.right - last);
    let inside = INSIDE_PX.min((last - first) / 4);
    let (l, r) = (first + inside, last - 1 - inside);
    let left = outwards(l, &mut (first.saturating_sub(OUTSIDE_PX)..l).rev());
    let right = outwards(r, &mut (r + 1..(last + OUTSIDE_PX).min(plane.width)));
    let sign = if bar.bright { 1.0 } else { -1.0 };
    let (to_left, left_sure) = crossing(&left, inside, sign, f64::from(bar.grey));
    let (to_right, right_sure) = crossing(&right, inside, sign, f64::from(bar.grey));
    // Where the ground is as bright as the bar, the bar may go on unseen.
    let seen = |columns: std::ops::Range<usize>| {
        let mut beyond: Vec<f64> = columns.map(mean).collect();
        let middle = beyond.len() / 2;
        beyond.sort_by(f64::total_cmp);
        beyond.get(middle).is_some_and(|v| (f64::from(bar.grey) - v) * sign >= STEP_MIN_SHARE * f64::from(bar.contrast))
    };
    let (before, after) = (first.saturating_sub(1 + BEYOND_PX), (last + 1 + BEYOND_PX).min(plane.width));
    let sure = seen(before..first.saturating_sub(1))
        && seen((last + 1).min(after)..after)
        && left_sure
        && right_sure
        && (lost as f64) <= LOST_MAX * bar.length() as f64;
    (l as f64 + 0.5 - to_left, r as f64 + 0.5 + to_right, sure)
}

/// First column of the bar and the one behind its last: on ground much like the bar, the run of like pixels goes on.
fn drawn(bar: &Candidate, mean: &impl Fn(usize) -> f64) -> (usize, usize) {
    let inner: Vec<f64> = (bar.left + bar.length() / 8..bar.right - bar.length() / 8).map(mean).collect();
    let middle = inner.iter().sum::<f64>() / inner.len() as f64;
    let variance = inner.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / inner.len() as f64;
    let far = |x: usize| (mean(x) - middle).abs() > (DEVIATIONS * variance.sqrt()).max(DEVIATION_MIN);
    let centre = (bar.left + bar.right) / 2;
    let first = (bar.left + 1..centre).rev().find(|x| far(*x) && far(*x - 1)).map_or(bar.left, |x| x + 1);
    let last = (centre..bar.right - 1).find(|x| far(*x) && far(*x + 1)).unwrap_or(bar.right);
    (first, last)
}

/// The rows that the bar's edge does not touch.
fn core(bar: &Candidate) -> std::ops::Range<usize> {
    let rim = if bar.thickness() >= 3 { (bar.thickness() / 4).max(1) } else { 0 };
    bar.top + rim..bar.bottom - rim
}

/// Steps from the first value to where the profile has left half of the bar's height, and whether it stays away.
fn crossing(profile: &[f64], inside: usize, sign: f64, grey: f64) -> (f64, bool) {
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
            let like = |v: &f64| drop(v) * (grey - most) * sign <= LIKE_SHARE * (grey - most).powi(2);
            let behind = &profile[i + 1..(i + 1 + BEHIND_PX).min(profile.len())];
            let step = i as f64 + ((half - pair[0]) / (pair[1] - pair[0])).clamp(0.0, 1.0);
            return (step, !behind.iter().any(like));
        }
    }
    (inside as f64 + 0.5, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_lie_where_half_of_the_step_is() {
        // Covers half of columns 19 and 80.
        let row: Vec<u8> = (0..100)
            .map(|x| {
                if x == 19 || x == 80 {
                    150
                } else if (20..80).contains(&x) {
                    250
                } else {
                    50
                }
            })
            .collect();
        let value = (0..9).flat_map(|y| if (3..6).contains(&y) { row.clone() } else { vec![50; 100] }).collect();
        let plane = Plane { width: 100, height: 9, value };
        let bar =
            Candidate { left: 20, right: 80, top: 3, bottom: 6, grey: 250.0, bright: true, contrast: 200.0, gap: None };
        let (left, right, sure) = ends(&plane, &bar);
        assert!((left - 19.5).abs() < 0.01 && (right - 80.5).abs() < 0.01 && sure, "{left} {right}");
    }
}
