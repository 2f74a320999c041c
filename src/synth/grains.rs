//! Clutter made of small round things: dots, clumps of dots, rings of dots.

use super::canvas::Canvas;
use super::clutter::Piece;
use super::dice::Dice;
use super::style::{Stain, Style};
use std::f64::consts::TAU;

/// Diameters of protein and lipoprotein particles, nm.
const DOT_MIN_NM: f64 = 5.0;
const DOT_MAX_NM: f64 = 25.0;
/// Diameter of the largest ring that is still no vesicle, nm.
const RINGLET_MAX_NM: f64 = 24.0;

/// One dot, a chain, or a loose clump.
pub(super) fn dots(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let [single, row, clump] = style.dot_groups;
    let count = match dice.weighted(&[(0, single), (1, row), (2, clump)]) {
        0 => 1,
        1 => dice.count(2, 5),
        _ => dice.count(5, 25),
    };
    let diameter_nm = style.dot_nm * dice.log_uniform(0.5, if count > 1 { 1.2 } else { 2.0 });
    let strength = style.contrast * style.dot_strength * dice.log_uniform(0.4, 2.2);
    if count > 4 && dice.chance(0.6) {
        pool(at, diameter_nm * (count as f64).sqrt(), 0.4, style, canvas, dice);
    }
    let mut heading = dice.angle();
    let curl = dice.uniform(0.4, 2.0);
    let branching = dice.uniform(0.1, 0.8);
    let mut pieces: Vec<Piece> = Vec::with_capacity(count);
    let (mut x, mut y) = at;
    for _ in 0..count {
        let own_nm = (diameter_nm * dice.uniform(0.75, 1.3)).clamp(DOT_MIN_NM, DOT_MAX_NM);
        dot((x, y), own_nm, strength * dice.uniform(0.6, 1.3), style, canvas, dice);
        pieces.push(Piece::round((x, y), own_nm));
        // The next one goes on where this one is, or buds from any earlier one.
        if dice.chance(branching) {
            let earlier = pieces[dice.count(0, pieces.len() - 1)];
            (x, y, heading) = (earlier.x_nm, earlier.y_nm, dice.angle());
        }
        heading += curl * dice.normal();
        let step_nm = own_nm * dice.uniform(0.7, 1.3);
        (x, y) = (x + step_nm * libm::cos(heading), y + step_nm * libm::sin(heading));
    }
    pieces
}

/// A grape-like clump in its own pool of stain.
pub(super) fn aggregate(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(40.0, 300.0);
    vec![clump(at, size_nm, style, canvas, dice)]
}

/// The same of a given size.
pub(super) fn clump(at: (f64, f64), size_nm: f64, style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Piece {
    let blob_nm = dice.uniform(8.0, 20.0).min(0.35 * size_nm);
    let squeeze = dice.uniform(0.5, 1.0);
    let turn = dice.angle();
    pool(at, 0.5 * size_nm, 1.0, style, canvas, dice);
    let density = dice.uniform(0.3, 1.0);
    let count = (density * squeeze * (size_nm / blob_nm).powi(2)).clamp(5.0, 250.0) as usize;
    let strength = style.contrast * dice.uniform(0.2, 0.9);
    let mut points = Vec::with_capacity(count);
    let (mut u, mut v) = (0.0, 0.0);
    for _ in 0..count {
        // A walk that is drawn back to the middle: worm-like strands in a round clump.
        let heading = dice.angle();
        let step = 1.1 * blob_nm / (0.5 * size_nm);
        (u, v) = (u + step * libm::cos(heading), v + step * libm::sin(heading));
        if libm::hypot(u, v) > 0.9 {
            let (radius, angle) = (dice.uniform(0.0, 0.8f64).sqrt(), dice.angle());
            (u, v) = (radius * libm::cos(angle), radius * libm::sin(angle));
        }
        let (dx, dy) = (0.5 * size_nm * u, 0.5 * size_nm * squeeze * v);
        let (sin, cos) = libm::sincos(turn);
        let point = (at.0 + dx * cos - dy * sin, at.1 + dx * sin + dy * cos);
        dot(point, blob_nm * dice.uniform(0.6, 1.2), strength * dice.uniform(0.4, 1.3), style, canvas, dice);
        points.push(point);
    }
    Piece::spanning(&points, 0.5 * blob_nm)
}

/// Dots around nothing: from afar, a vesicle's rim.
pub(super) fn ring(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let radius_nm = dice.uniform(18.0, 70.0);
    let dot_nm = dice.uniform(DOT_MIN_NM, 14.0);
    let squeeze = dice.uniform(0.6, 1.0);
    let kept = dice.uniform(0.5, 0.95);
    if dice.chance(0.5) {
        pool(at, radius_nm, 0.7, style, canvas, dice);
    }
    let strength = style.contrast * dice.uniform(0.25, 0.8);
    let slots = (TAU * radius_nm / (1.15 * dot_nm)) as usize;
    for i in 0..slots {
        if dice.chance(kept) {
            let (sin, cos) = libm::sincos(TAU * i as f64 / slots as f64);
            let radius_nm = radius_nm + 0.2 * dot_nm * dice.normal();
            let point = (at.0 + radius_nm * cos, at.1 + squeeze * radius_nm * sin);
            dot(point, dot_nm * dice.uniform(0.7, 1.2), strength * dice.uniform(0.5, 1.2), style, canvas, dice);
        }
    }
    vec![Piece::round(at, 2.0 * radius_nm * squeeze.sqrt())]
}

/// A bright ring with a dark centre, smaller than any vesicle.
pub(super) fn ringlet(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let diameter_nm = dice.uniform(13.0, RINGLET_MAX_NM);
    let radius_nm = 0.5 * diameter_nm;
    let width_nm = radius_nm * dice.uniform(0.25, 0.4) + 0.3 * canvas.pitch_nm;
    let crest_nm = radius_nm - width_nm;
    let level = style.sign() * style.contrast * dice.uniform(0.3, 1.1);
    let centre = -level * dice.uniform(0.0, 0.8);
    let seam = if style.stain == Stain::Negative { style.contrast * dice.uniform(0.0, 0.7) } else { 0.0 };
    let (squeeze, (sin, cos)) = (dice.uniform(0.8, 1.0), libm::sincos(dice.angle()));
    canvas.add(at.0, at.1, 2.5 * radius_nm, |dx, dy| {
        let r = libm::hypot(dx * cos + dy * sin, (dy * cos - dx * sin) / squeeze);
        let bell = |z: f64| libm::exp(-0.5 * z * z);
        level * bell((r - crest_nm) / width_nm)
            + centre * bell(r / (0.5 * crest_nm))
            + seam * bell((r - 1.3 * radius_nm) / (0.3 * radius_nm))
    });
    vec![Piece::round(at, diameter_nm)]
}

/// A small blob with a thin dark seam of stain; in ice a dark one.
fn dot(at: (f64, f64), diameter_nm: f64, strength: f64, style: &Style, canvas: &mut Canvas, dice: &mut Dice) {
    let (long, squeeze) = (0.5 * diameter_nm, dice.uniform(0.6, 1.0));
    let (sin, cos) = libm::sincos(dice.angle());
    let seam = if style.stain == Stain::Negative { 0.45 * strength * dice.uniform(0.0, 1.0) } else { 0.0 };
    let level = style.sign() * strength;
    // Softened by the pixel, so that the smallest ones do not alias.
    let soft = 1.0 + canvas.pitch_nm / long.max(1.0);
    canvas.add(at.0, at.1, 2.2 * long * soft, |dx, dy| {
        let r = libm::hypot((dx * cos + dy * sin) / long, (dy * cos - dx * sin) / (long * squeeze)) / soft;
        level * libm::exp(-1.2 * r * r * r) / soft + seam * libm::exp(-((r - 1.25) / 0.3).powi(2))
    });
}

/// The stain around a clump.
fn pool(at: (f64, f64), radius_nm: f64, share: f64, style: &Style, canvas: &mut Canvas, dice: &mut Dice) {
    let level = share * style.amount(style.halo, dice) * dice.uniform(0.5, 1.3);
    let reach_nm = radius_nm * dice.uniform(0.9, 1.5);
    let (sin, cos) = libm::sincos(dice.angle());
    let squeeze = dice.uniform(0.6, 1.0);
    canvas.add(at.0, at.1, 2.2 * reach_nm, |dx, dy| {
        let r = libm::hypot(dx * cos + dy * sin, (dy * cos - dx * sin) / squeeze) / reach_nm;
        level * libm::exp(-r * r)
    });
}
