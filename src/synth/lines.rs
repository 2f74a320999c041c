//! Clutter made of lines: branched precipitate, open folded membranes, wrinkles, scratches.

use super::canvas::Canvas;
use super::clutter::Piece;
use super::dice::Dice;
use super::style::Style;

/// How much a line's strength varies along its way, as a share of it.
const UNEVENNESS: f64 = 0.3;

/// A point of a line and the half-width there, nm.
type Knot = (f64, f64, f64);

/// Branched dark stain.
pub(super) fn precipitate(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let level = style.contrast * dice.uniform(0.2, 1.1);
    let width_nm = dice.uniform(2.0, 7.0);
    let mut open = vec![(at.0, at.1, dice.angle(), width_nm, dice.uniform(60.0, 260.0))];
    let mut points = Vec::new();
    while let Some((mut x, mut y, mut heading, mut half_nm, mut left_nm)) = open.pop() {
        let mut knots = vec![(x, y, half_nm)];
        while left_nm > 0.0 && half_nm > 1.0 {
            let step_nm = 1.5 * half_nm + 2.0;
            heading += 0.45 * dice.normal();
            (x, y) = (x + step_nm * libm::cos(heading), y + step_nm * libm::sin(heading));
            half_nm *= dice.uniform(0.88, 1.06);
            left_nm -= step_nm;
            knots.push((x, y, half_nm));
            points.push((x, y));
            if dice.chance(0.18) && open.len() < 12 && points.len() < 200 {
                open.push((x, y, heading + dice.sign() * dice.uniform(0.5, 1.2), 0.75 * half_nm, 0.6 * left_nm));
            }
        }
        stroke(&knots, canvas, |z| level * libm::exp(-(0.8 * z).powi(2)));
    }
    points.push(at);
    vec![Piece::spanning(&points, width_nm)]
}

/// A bent piece of membrane seen edge-on: a bright line with stain along it, often nearly closing on itself.
pub(super) fn fold(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let radius_nm = dice.uniform(15.0, 80.0);
    let turn = dice.uniform(1.5, 5.0) * dice.sign();
    let half_nm = 0.5 * style.membrane_nm * dice.uniform(0.8, 2.0);
    let strength = style.contrast * dice.uniform(0.3, 1.0) * style.sign();
    let halo = style.amount(style.halo, dice).max(0.0) * 0.6;
    let mut heading = dice.angle();
    let (mut x, mut y) = at;
    let steps = (turn.abs() * radius_nm / 4.0) as usize + 4;
    let kinks = dice.uniform(0.02, 0.15);
    let mut knots = Vec::with_capacity(steps);
    for _ in 0..steps {
        heading += turn / steps as f64 * dice.uniform(0.3, 1.7) + if dice.chance(kinks) { dice.normal() } else { 0.0 };
        (x, y) = (x + 4.0 * libm::cos(heading), y + 4.0 * libm::sin(heading));
        knots.push((x, y, half_nm * dice.uniform(0.85, 1.15)));
    }
    stroke(&knots, canvas, |z| strength * libm::exp(-z * z) + halo * libm::exp(-(0.3 * z).powi(2)));
    vec![Piece::spanning(&knots.iter().map(|k| (k.0, k.1)).collect::<Vec<_>>(), half_nm)]
}

/// A long band across the film.
pub(super) fn wrinkle(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let half_nm = dice.log_uniform(8.0, 60.0);
    let level = style.contrast * dice.uniform(0.2, 1.0) * dice.sign();
    let edge = style.contrast * dice.uniform(-0.4, 0.4);
    let knots = long_line(at, half_nm, 0.02, canvas, dice);
    stroke(&knots, canvas, |z| level * libm::exp(-z.powi(4)) + edge * libm::exp(-((z.abs() - 1.1) / 0.25).powi(2)));
    vec![Piece::spanning(&knots.iter().map(|k| (k.0, k.1)).collect::<Vec<_>>(), half_nm)]
}

/// A thin straight line.
pub(super) fn scratch(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let half_nm = dice.log_uniform(1.5, 6.0).max(0.6 * canvas.pitch_nm);
    let level = style.contrast * dice.uniform(0.2, 0.9) * dice.sign();
    let knots = long_line(at, half_nm, 0.002, canvas, dice);
    stroke(&knots, canvas, |z| level * libm::exp(-z * z));
    vec![Piece::spanning(&knots.iter().map(|k| (k.0, k.1)).collect::<Vec<_>>(), half_nm)]
}

/// A slowly wandering line through a point, long enough to leave the field on one side.
fn long_line(at: (f64, f64), half_nm: f64, wander: f64, canvas: &Canvas, dice: &mut Dice) -> Vec<Knot> {
    let (width_nm, height_nm) = canvas.size_nm();
    let step_nm = (2.0 * half_nm).max(10.0);
    let start = dice.angle();
    let length_nm = width_nm.max(height_nm) * dice.uniform(0.4, 1.4);
    let mut heading = start;
    let (mut x, mut y) = (at.0 - 0.5 * length_nm * libm::cos(start), at.1 - 0.5 * length_nm * libm::sin(start));
    (0..(length_nm / step_nm) as usize + 2)
        .map(|_| {
            heading += wander * step_nm.sqrt() * dice.normal();
            (x, y) = (x + step_nm * libm::cos(heading), y + step_nm * libm::sin(heading));
            (x, y, half_nm * dice.uniform(0.9, 1.1))
        })
        .collect()
}

/// Adds a profile across a line; it is given the distance from the line in half-widths. Each pixel takes the nearest
/// piece of the line only, so that joints do not add up.
fn stroke(knots: &[Knot], canvas: &mut Canvas, profile: impl Fn(f64) -> f64) {
    const REACH: f64 = 6.0;
    let (Some(piece), Some(widest_nm)) = (
        (knots.len() > 1).then(|| Piece::spanning(&knots.iter().map(|k| (k.0, k.1)).collect::<Vec<_>>(), 0.0)),
        knots.iter().map(|k| k.2).max_by(f64::total_cmp),
    ) else {
        return;
    };
    let pitch_nm = canvas.pitch_nm;
    let (left, top) = (piece.x_nm - 0.5 * piece.feret_max_nm, piece.y_nm - 0.5 * piece.feret_max_nm);
    let margin_nm = REACH * widest_nm.max(0.5 * pitch_nm);
    let cells = |length_nm: f64| ((length_nm + 2.0 * margin_nm) / pitch_nm).ceil() as usize + 1;
    // A scratch plane of the nearest distance, over the part of the line's box that lies in the field.
    let clip = |from_nm: f64, size: usize| {
        let low = ((from_nm - margin_nm) / pitch_nm).floor().clamp(0.0, size as f64) as usize;
        let high = ((from_nm - margin_nm) / pitch_nm).floor() + cells(piece.feret_max_nm) as f64;
        low..high.clamp(low as f64, size as f64) as usize
    };
    let (columns, rows) = (clip(left, canvas.width), clip(top, canvas.height));
    let width = columns.len();
    let mut nearest = vec![f32::MAX; width * rows.len()];
    for pair in knots.windows(2) {
        let ((ax, ay, ar), (bx, by, br)) = (pair[0], pair[1]);
        let reach_nm = REACH * ar.max(br).max(0.5 * pitch_nm);
        let span = |a: f64, b: f64, range: &std::ops::Range<usize>| {
            let low = ((a.min(b) - reach_nm) / pitch_nm).floor().clamp(range.start as f64, range.end as f64) as usize;
            let high = ((a.max(b) + reach_nm) / pitch_nm).ceil().clamp(range.start as f64, range.end as f64) as usize;
            low..high
        };
        let length2 = ((bx - ax).powi(2) + (by - ay).powi(2)).max(1e-9);
        for y in span(ay, by, &rows) {
            for x in span(ax, bx, &columns) {
                let (px, py) = ((x as f64 + 0.5) * pitch_nm, (y as f64 + 0.5) * pitch_nm);
                let t = (((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length2).clamp(0.0, 1.0);
                let off_nm = libm::hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
                let half_nm = (ar + t * (br - ar)).max(0.5 * pitch_nm);
                let at = (y - rows.start) * width + x - columns.start;
                nearest[at] = nearest[at].min((off_nm / half_nm) as f32);
            }
        }
    }
    for (i, &z) in nearest.iter().enumerate() {
        if f64::from(z) < REACH {
            let at = (rows.start + i / width) * canvas.width + columns.start + i % width;
            let (fine, coarse) = canvas.texture(columns.start + i % width, rows.start + i / width, (0, 0));
            let uneven = (1.0 + UNEVENNESS * (fine + coarse)).max(0.0);
            canvas.thickness.value[at] += (uneven * profile(f64::from(z))) as f32;
        }
    }
}
