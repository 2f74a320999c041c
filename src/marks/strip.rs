//! Data bars: strips along the picture's upper or lower border that show no specimen.

use super::plane::Plane;
use std::ops::Range;

/// Highest strip as a share of the picture.
const HEIGHT_MAX_SHARE: f64 = 0.3;
const HEIGHT_MIN_PX: usize = 8;
/// Grey values that count as the strip's own colour.
const SPREAD: u8 = 10;
/// Share of a row that has this colour: at least, with text on it; of an empty row; on the specimen beside it, at most.
const TEXT_SHARE: f64 = 0.4;
const EMPTY_SHARE: f64 = 0.96;
const SPECIMEN_SHARE: f64 = 0.6;
/// Rows within which the specimen begins.
const EDGE_PX: usize = 4;
/// Rows of the specimen that are looked at.
const SPECIMEN_ROWS: usize = 12;
/// Empty rows that a strip has at least.
const EMPTY_MIN: usize = 3;

/// Rows of the data bars.
pub(super) fn strips(plane: &Plane) -> Vec<Range<usize>> {
    let h = plane.height;
    let lower = strip(plane, |i| h - 1 - i).map(|n| h - n..h);
    let upper = strip(plane, |i| i).map(|n| 0..n);
    lower.into_iter().chain(upper).collect()
}

/// How many rows from the border on belong to a strip; `row` counts from the border inwards.
fn strip(plane: &Plane, row: impl Fn(usize) -> usize) -> Option<usize> {
    let limit = (HEIGHT_MAX_SHARE * plane.height as f64) as usize;
    // The strip's colour is that of its empty rows. Its frame may lie outside.
    let colours: Vec<(u8, f64)> =
        (0..plane.height.min(limit + SPECIMEN_ROWS + EDGE_PX)).map(|i| ruling(plane.row(row(i)))).collect();
    let colour = colours.iter().take(limit).take(60).find(|(_, share)| *share >= EMPTY_SHARE).map(|(c, _)| *c)?;
    let colour = colours
        .iter()
        .take(limit)
        .filter(|(_, share)| *share >= EMPTY_SHARE)
        .map(|(c, _)| *c)
        .find(|c| {
            colours.iter().take(limit).filter(|(o, s)| *s >= EMPTY_SHARE && o.abs_diff(*c) <= SPREAD).count()
                >= EMPTY_MIN
        })
        .unwrap_or(colour);
    let share = |i: usize| {
        let row = plane.row(row(i));
        row.iter().filter(|v| v.abs_diff(colour) <= SPREAD).count() as f64 / row.len() as f64
    };
    let shares: Vec<f64> = (0..colours.len()).map(share).collect();
    // Frames are rows of one other colour.
    let belongs = |i: usize| shares[i] >= TEXT_SHARE || colours[i].1 >= EMPTY_SHARE;
    let mut rows = 0;
    while rows < shares.len() && (rows..(rows + EDGE_PX).min(shares.len())).any(belongs) {
        rows += 1;
    }
    while rows > 0 && !belongs(rows - 1) {
        rows -= 1;
    }
    if rows < HEIGHT_MIN_PX || rows > limit {
        return None;
    }
    let empty = shares[..rows].iter().filter(|s| **s >= EMPTY_SHARE).count();
    let specimen = &shares[(rows + 1).min(shares.len())..(rows + 1 + SPECIMEN_ROWS).min(shares.len())];
    // The last of the strip's rows are empty, and what follows is not.
    let near_edge = shares[rows.saturating_sub(2 * EDGE_PX)..rows].iter().any(|s| *s >= EMPTY_SHARE)
        || colours[rows.saturating_sub(EDGE_PX)..rows].iter().any(|c| c.1 >= EMPTY_SHARE);
    let specimen_share = specimen.iter().sum::<f64>() / specimen.len().max(1) as f64;
    (empty >= EMPTY_MIN && near_edge && specimen_share <= SPECIMEN_SHARE).then_some(rows)
}

/// The grey value that most of a row has, and how much of it.
fn ruling(row: &[u8]) -> (u8, f64) {
    let mut counts = [0u32; 256];
    row.iter().for_each(|v| counts[usize::from(*v)] += 1);
    let top = (0..=u8::MAX).max_by_key(|v| counts[usize::from(*v)]).unwrap_or(0);
    let like = row.iter().filter(|v| v.abs_diff(top) <= SPREAD).count();
    (top, like as f64 / row.len().max(1) as f64)
}
