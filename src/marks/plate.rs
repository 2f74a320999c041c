//! Plates: the boxes of one colour that labels stand on.

use super::Region;
use super::plane::Plane;

/// How far a plate reaches beyond what stands on it, in heights of that.
const REACH: f64 = 1.5;
/// Difference of a plate's grey values to their median at most.
const SPREAD: u8 = 12;
/// Share of a plate's row or column that must have its colour, and that a row beyond may have at most.
const WITHIN_SHARE: f64 = 0.9;
const BEYOND_SHARE: f64 = 0.5;
/// Pixels around a mark in which its plate shows.
const RIM_PX: usize = 2;

/// The plate that something stands on, if any.
pub(super) fn plate(plane: &Plane, mark: &Region) -> Option<Region> {
    let (w, h) = (plane.width, plane.height);
    let mut on = Region {
        x0: mark.x0.saturating_sub(RIM_PX),
        y0: mark.y0.saturating_sub(RIM_PX),
        x1: (mark.x1 + RIM_PX).min(w),
        y1: (mark.y1 + RIM_PX).min(h),
        ..*mark
    };
    let mut rim: Vec<u8> = (on.x0..on.x1)
        .flat_map(|x| [plane.at(x, on.y0), plane.at(x, on.y1 - 1)])
        .chain((on.y0..on.y1).flat_map(|y| [plane.at(on.x0, y), plane.at(on.x1 - 1, y)]))
        .collect();
    let middle = rim.len() / 2;
    let colour = *rim.select_nth_unstable(middle).1;
    let like = |v: u8| v.abs_diff(colour) <= SPREAD;
    if (rim.iter().filter(|v| like(**v)).count() as f64) < WITHIN_SHARE * rim.len() as f64 {
        return None;
    }
    let reach = (REACH * (mark.y1 - mark.y0) as f64) as usize + RIM_PX;
    let share = |on: &Region, side: usize, step: usize| -> Option<f64> {
        let values: Vec<u8> = match side {
            0 => (on.y0..on.y1).map(|y| Some(plane.at(on.x0.checked_sub(step)?, y))).collect::<Option<_>>()?,
            1 if on.x1 - 1 + step < w => (on.y0..on.y1).map(|y| plane.at(on.x1 - 1 + step, y)).collect(),
            2 => (on.x0..on.x1).map(|x| Some(plane.at(x, on.y0.checked_sub(step)?))).collect::<Option<_>>()?,
            3 if on.y1 - 1 + step < h => (on.x0..on.x1).map(|x| plane.at(x, on.y1 - 1 + step)).collect(),
            _ => return None,
        };
        Some(values.iter().filter(|v| like(**v)).count() as f64 / values.len() as f64)
    };
    let mut left = [reach; 4];
    loop {
        let mut grown = false;
        for (side, left) in left.iter_mut().enumerate() {
            if *left > 0 && share(&on, side, 1).is_some_and(|s| s >= WITHIN_SHARE) {
                match side {
                    0 => on.x0 -= 1,
                    1 => on.x1 += 1,
                    2 => on.y0 -= 1,
                    _ => on.y1 += 1,
                }
                *left -= 1;
                grown = true;
            }
        }
        if !grown {
            break;
        }
    }
    // A plate ends all around, at the picture's border or at once.
    let ends = (0..4).all(|side| {
        share(&on, side, 1).is_none() || (left[side] > 0 && share(&on, side, 3).is_none_or(|s| s <= BEYOND_SHARE))
    });
    ends.then_some(on)
}
