//! Outlines as paths of SVG, with no more vertices than can be seen.

use std::fmt::Write;

/// Farther outside than this many times the picture's side nothing is drawn: such an outline has no place.
const FAR: f64 = 1e5;

/// A closed path through a polygon, or nothing for one that has no place.
///
/// Vertices that lie nearer than `tolerance` to the line between their neighbours are left out (D. Douglas and T. Peucker
/// 1973); coordinates have `decimals`.
pub fn path(polygon: &[[f64; 2]], tolerance: f64, decimals: i32) -> String {
    if polygon.len() < 3 || polygon.iter().flatten().any(|v| !v.is_finite() || v.abs() > FAR) {
        return String::new();
    }
    let unit = 10f64.powi(decimals);
    let mut path = String::new();
    let mut last = [0, 0];
    for (i, [x, y]) in simplified(polygon, tolerance).into_iter().enumerate() {
        let at = [(x * unit).round() as i64, (y * unit).round() as i64];
        path.push_str(if i == 0 { "M" } else { "l" });
        push(&mut path, at[0] - last[0], decimals);
        path.push(' ');
        push(&mut path, at[1] - last[1], decimals);
        last = at;
    }
    path + "z"
}

/// A number in units of the last decimal.
fn push(path: &mut String, value: i64, decimals: i32) {
    if decimals == 0 || value == 0 {
        let _ = write!(path, "{value}");
        return;
    }
    let unit = 10i64.pow(decimals as u32);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.abs() / unit, value.abs() % unit);
    let _ = if rest == 0 {
        write!(path, "{sign}{whole}")
    } else {
        write!(path, "{sign}{whole}.{rest:0width$}", width = decimals as usize)
    };
}

/// The vertices that matter, in order.
fn simplified(polygon: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    let far = |from: [f64; 2]| {
        let distance = |p: &[f64; 2]| libm::hypot(p[0] - from[0], p[1] - from[1]);
        let best = polygon.iter().enumerate().max_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        best.map_or(0, |(i, _)| i)
    };
    let opposite = far(polygon[0]);
    let n = polygon.len();
    let mut kept = vec![false; n];
    (kept[0], kept[opposite]) = (true, true);
    // Stretches still to be looked at, the second one ending where the polygon closes.
    let mut open = vec![(0, opposite), (opposite, n)];
    while let Some((from, to)) = open.pop() {
        let ends = (polygon[from], polygon[to % n]);
        let farthest = (from + 1..to).map(|i| (distance(polygon[i], ends), i)).max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((distance, i)) = farthest
            && distance > tolerance
        {
            kept[i] = true;
            open.extend([(from, i), (i, to)]);
        }
    }
    polygon.iter().zip(kept).filter(|(_, kept)| *kept).map(|(vertex, _)| *vertex).collect()
}

/// Distance of a point from the line between two others.
fn distance(p: [f64; 2], (a, b): ([f64; 2], [f64; 2])) -> f64 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length = libm::hypot(along[0], along[1]);
    let off = [p[0] - a[0], p[1] - a[1]];
    if length == 0.0 { libm::hypot(off[0], off[1]) } else { (along[0] * off[1] - along[1] * off[0]).abs() / length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_corners_and_drops_what_lies_between() {
        let square = [[0.0, 0.0], [5.0, 0.02], [10.0, 0.0], [10.0, 10.0], [4.0, 10.0], [0.0, 10.0]];
        assert_eq!(path(&square, 0.1, 1), "M0 0l10 0l0 10l-10 0z");
        assert_eq!(path(&[[0.25, -0.05], [1.0, 0.0], [1.0, 1.0]], 0.0, 2), "M0.25 -0.05l0.75 0.05l0 1z");
    }

    #[test]
    fn an_outline_without_a_place_is_not_drawn() {
        assert_eq!(path(&[[0.0, 0.0], [f64::NAN, 1.0], [1.0, 0.0]], 0.1, 1), "");
        assert_eq!(path(&[[0.0, 0.0], [1e9, 1.0], [1.0, 0.0]], 0.1, 1), "");
        assert_eq!(path(&[], 0.1, 1), "");
    }
}
