//! Clutter that was taken for vesicles in real micrographs: lumps, torn bodies, smooth sheets, gaps between blots of
//! stain, bubbles.

use super::body::{Body, Dent, Gap};
use super::canvas::Canvas;
use super::clutter::Piece;
use super::dice::Dice;
use super::interior::{draw_body, draw_pool, soften};
use super::outline::Outline;
use super::shapes::Shape;
use super::style::Style;
use super::vesicle::Appearance;
use std::f64::consts::{PI, TAU};

/// A compact lump: several lobes with seams between them, rough inside and out, no membrane that goes all around.
pub(super) fn lump(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(35.0, 150.0);
    let outline = Outline::draw(Shape::Lobed, size_nm, dice).at(at.0, at.1);
    draw_pool(0.5 * size_nm, style, dice).paint(&outline, canvas);
    let mut body = draw_body(outline, Appearance::Granular, style, dice);
    let c = style.contrast;
    let rough = dice.uniform(0.4, 1.2);
    body.texture = (rough * c * dice.uniform(0.15, 0.5), rough * c * dice.uniform(0.05, 0.4));
    body.rim_unevenness = dice.uniform(0.5, 1.2);
    body.rims.iter_mut().for_each(|r| r.level *= dice.uniform(0.0, 0.6));
    for _ in 0..dice.count(2, 6) {
        let (angle, distance) = (dice.angle(), dice.uniform(0.2, 0.7));
        let long = dice.uniform(0.2, 0.45);
        body.dents.push(Dent {
            level: style.sign() * c * dice.uniform(-0.3, 0.7),
            x: distance * libm::cos(angle),
            y: distance * libm::sin(angle),
            long,
            short: long * dice.uniform(0.6, 1.0),
            angle: dice.angle(),
            soft: dice.uniform(0.1, 0.4),
            crescent: 0.0,
            rim: (0.0, 1.0),
        });
    }
    for _ in 0..dice.count(0, 3) {
        body.gaps.push(tear((0.1, 0.7), (0.2, 1.0), dice));
    }
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}

/// A few torn bodies that hang together.
pub(super) fn torn(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(50.0, 220.0);
    let around = Outline::draw(Shape::Lobed, size_nm, dice).at(at.0, at.1);
    draw_pool(0.5 * size_nm, style, dice).paint(&around, canvas);
    let mut pieces: Vec<Piece> = (0..dice.count(2, 5))
        .map(|_| {
            let own_nm = size_nm * dice.uniform(0.3, 0.75);
            let shape = dice.weighted(&[(Shape::Kidney, 2.0), (Shape::Lobed, 2.0), (Shape::Irregular, 1.0)]);
            let (angle, off_nm) = (dice.angle(), 0.35 * size_nm * dice.uniform(0.3, 1.0));
            let outline = Outline::draw(shape, own_nm, dice)
                .at(at.0 + off_nm * libm::cos(angle), at.1 + off_nm * libm::sin(angle));
            let appearance = dice.weighted(&[
                (Appearance::Membrane, 2.0),
                (Appearance::Granular, 1.0),
                (Appearance::HalfDark, 1.0),
                (Appearance::Creased, 1.0),
            ]);
            let mut body = draw_body(outline, appearance, style, dice);
            body.gaps.push(tear((0.6, 1.6), (0.5, 1.0), dice));
            body.paint(canvas);
            Piece::outlined(&body.outline)
        })
        .collect();
    pieces.push(Piece::outlined(&around));
    pieces
}

/// A place where both the rim and the body are missing.
fn tear(half_angle: (f64, f64), cover_loss: (f64, f64), dice: &mut Dice) -> Gap {
    Gap {
        angle: dice.angle(),
        half_angle: dice.uniform(half_angle.0, half_angle.1),
        soft_angle: dice.uniform(0.08, 0.3),
        rim_loss: 1.0,
        cover_loss: dice.uniform(cover_loss.0, cover_loss.1),
    }
}

/// A flat smooth sheet of low contrast with a round outline: neither rim nor pool.
pub(super) fn sheet(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(40.0, 300.0);
    let shape = dice.weighted(&[(Shape::Circle, 2.0), (Shape::Ellipse, 2.0), (Shape::Irregular, 3.0)]);
    let outline = Outline::draw(shape, size_nm, dice).at(at.0, at.1);
    let level = style.sign() * style.contrast * dice.uniform(0.05, 0.25);
    let mut body = Body::plain(outline, level, dice.uniform(0.0, 0.4));
    soften(&mut body, style, dice);
    body.texture = (0.0, style.contrast * dice.uniform(0.0, 0.05));
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}

/// Where the beam burned the film, or a bubble: round, sharp, far brighter or darker than anything else, no halo.
pub(super) fn bubble(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(15.0, 120.0);
    let outline = Outline::draw(Shape::Circle, size_nm, dice).at(at.0, at.1);
    // Rarely bright: without a halo that is what a body looks like in a drawing.
    let sign = if dice.chance(0.3) { -1.0 } else { 1.0 };
    let level = sign * style.contrast * dice.uniform(1.3, 3.0);
    let mut body = Body::plain(outline, level, 1.0);
    body.edge_nm = dice.uniform(0.7, 1.5);
    body.shoulder_nm = body.edge_nm;
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}

/// Blots of stain around a place where there is none, which looks bright.
pub(super) fn blots(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let gap_nm = dice.log_uniform(25.0, 150.0);
    let count = dice.count(3, 7);
    let level = style.contrast * dice.uniform(0.3, 1.1);
    // Stain thins out towards the edge of a blot: a sharp one would be a dark body.
    let soft = dice.uniform(0.06, 0.3);
    let turn = dice.angle();
    let mut pieces: Vec<Piece> = (0..count)
        .map(|i| {
            let blot_nm = gap_nm * PI / count as f64 * dice.uniform(0.9, 2.2);
            let angle = turn + TAU * (i as f64 + dice.uniform(-0.25, 0.25)) / count as f64;
            let off_nm = 0.5 * (gap_nm + blot_nm) * dice.uniform(0.9, 1.1);
            let shape = if dice.chance(0.7) { Shape::Irregular } else { Shape::Lobed };
            let outline = Outline::draw(shape, blot_nm, dice)
                .at(at.0 + off_nm * libm::cos(angle), at.1 + off_nm * libm::sin(angle));
            let mut body = Body::plain(outline, level * dice.uniform(0.6, 1.2), 0.3);
            body.edge_nm = soft * blot_nm;
            body.texture = (0.0, style.contrast * dice.uniform(0.0, 0.15));
            body.paint(canvas);
            Piece::outlined(&body.outline)
        })
        .collect();
    pieces.push(Piece::round(at, gap_nm));
    pieces
}

/// Mud that dried and cracked: a patch of polygons with lines between them.
pub(super) fn cracks(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let patch_nm = dice.log_uniform(120.0, 600.0);
    let cell_nm = dice.log_uniform(25.0, 130.0);
    let half_nm = dice.uniform(1.5, 6.0);
    let (line, plate) = (style.contrast * dice.uniform(0.2, 0.9) * dice.sign(), style.contrast * 0.3);
    let count = (2.0 * patch_nm / cell_nm) as usize + 4;
    let jitter = dice.uniform(0.2, 0.5);
    // One point per lattice cell, off its middle, with the level of its plate.
    let points: Vec<(f64, f64, f64)> = (0..count * count)
        .map(|i| {
            let off = |k: usize, dice: &mut Dice| (k as f64 + 0.5 + jitter * dice.uniform(-1.0, 1.0)) * cell_nm;
            (off(i % count, dice), off(i / count, dice), plate * dice.uniform(-1.0, 1.0))
        })
        .collect();
    canvas.add(at.0, at.1, patch_nm, |dx, dy| {
        let fade = 1.0 - (dx * dx + dy * dy) / (patch_nm * patch_nm);
        if fade <= 0.0 {
            return 0.0;
        }
        let (x, y) = (dx + 0.5 * count as f64 * cell_nm, dy + 0.5 * count as f64 * cell_nm);
        let cell = |v: f64| ((v / cell_nm) as usize).clamp(1, count - 2);
        let (column, row) = (cell(x), cell(y));
        let (mut first, mut second) = ((f64::MAX, 0.0), f64::MAX);
        for j in row - 1..=row + 1 {
            for &(px, py, level) in &points[j * count + column - 1..=j * count + column + 1] {
                let far = libm::hypot(x - px, y - py);
                if far < first.0 {
                    (second, first) = (first.0, (far, level));
                } else {
                    second = second.min(far);
                }
            }
        }
        let off = 0.5 * (second - first.0) / half_nm;
        // Soft at the lines, or neighbouring plates would meet in a step.
        fade.min(0.5) * 2.0 * (line * libm::exp(-off * off) + first.1 * (1.0 - libm::exp(-0.5 * off * off)))
    });
    vec![Piece::round(at, 1.6 * patch_nm)]
}
