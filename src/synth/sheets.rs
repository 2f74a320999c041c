//! Clutter with an outline of its own: debris, open rims, discs, clouds, crystals, tears. Painted with the same brush as
//! vesicles, so that a verdict has to look at what makes them different.

use super::body::{Body, Gap, Pool, Rim};
use super::canvas::Canvas;
use super::clutter::Piece;
use super::dice::Dice;
use super::interior::{draw_body, draw_pool};
use super::outline::Outline;
use super::shapes::Shape;
use super::style::Style;
use super::vesicle::Appearance;

/// A ragged sheet, whole or in fragments.
pub(super) fn debris(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(30.0, 250.0);
    let fragments = if dice.chance(0.5) { 1 } else { dice.count(2, 6) };
    let pool = draw_pool(0.5 * size_nm, style, dice);
    let around = Outline::draw(Shape::Irregular, size_nm, dice).at(at.0, at.1);
    pool.paint(&around, canvas);
    (0..fragments)
        .map(|_| {
            let own_nm = size_nm * if fragments == 1 { 1.0 } else { dice.uniform(0.15, 0.5) };
            let shift_nm = if fragments == 1 { 0.0 } else { 0.45 * size_nm };
            let outline = Outline::draw(Shape::Ragged, own_nm, dice)
                .at(at.0 + shift_nm * dice.normal(), at.1 + shift_nm * dice.normal());
            let appearance = dice.weighted(&[
                (Appearance::Granular, 3.0),
                (Appearance::Creased, 2.0),
                (Appearance::HalfDark, 2.0),
                (Appearance::Crescent, 1.0),
            ]);
            let mut body = draw_body(outline, appearance, style, dice);
            body.opacity *= dice.uniform(0.2, 0.9);
            body.texture.0 = body.texture.0.max(style.contrast * dice.uniform(0.1, 0.4));
            body.texture.1 = body.texture.1.max(style.contrast * dice.uniform(0.05, 0.3));
            body.rims.iter_mut().for_each(|r| r.level *= 0.5);
            body.paint(canvas);
            Piece::outlined(&body.outline)
        })
        .collect()
}

/// A membrane ring of which a fifth or more is missing: from a C whose ends nearly meet to a bow.
pub(super) fn open_rim(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(35.0, 200.0);
    let shape =
        dice.weighted(&[(Shape::Circle, 2.0), (Shape::Ellipse, 2.0), (Shape::Irregular, 2.0), (Shape::Kidney, 1.0)]);
    let outline = Outline::draw(shape, size_nm, dice).at(at.0, at.1);
    draw_pool(0.5 * size_nm, style, dice).paint(&outline, canvas);
    let mut body = draw_body(outline, Appearance::Membrane, style, dice);
    body.opacity *= dice.uniform(0.0, 0.8);
    let (share, soft_angle) = if dice.chance(0.45) {
        (dice.uniform(0.2, 0.35), (0.04, 0.12))
    } else {
        (dice.uniform(0.3, 0.6), (0.06, 0.25))
    };
    let missing = std::f64::consts::PI * share;
    let thicker = if dice.chance(0.5) { dice.uniform(1.0, 3.0) } else { 1.0 };
    body.rims.iter_mut().for_each(|r| r.inner_nm *= thicker);
    body.gaps = vec![Gap {
        angle: dice.angle(),
        half_angle: missing,
        soft_angle: dice.uniform(soft_angle.0, soft_angle.1),
        rim_loss: 1.0,
        cover_loss: 1.0,
    }];
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}

/// A round spot where the stain is thin: bright, without membrane, and what lies there shows through.
pub(super) fn disc(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(30.0, 200.0);
    let shape = dice.weighted(&[(Shape::Circle, 3.0), (Shape::Ellipse, 1.0), (Shape::Irregular, 1.0)]);
    let outline = Outline::draw(shape, size_nm, dice).at(at.0, at.1);
    // Either faint with an edge, or strong and soft: strong with an edge would be a vesicle.
    let sharp = dice.chance(0.4);
    let level = style.sign() * style.contrast * if sharp { dice.uniform(0.05, 0.3) } else { dice.uniform(0.1, 0.7) };
    let mut body = Body::plain(outline, level, dice.uniform(0.0, 0.3));
    body.edge_nm = if sharp { dice.uniform(1.0, 3.0) } else { size_nm * dice.uniform(0.07, 0.2) };
    body.shoulder_nm = if sharp { body.edge_nm } else { 0.0 };
    body.dome = if dice.chance(0.5) { level * dice.uniform(0.0, 1.0) } else { 0.0 };
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}

/// A soft bright or dark patch.
pub(super) fn cloud(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(60.0, 500.0);
    let level = style.contrast * dice.uniform(0.1, 0.7) * dice.sign();
    // It falls off from a small core on, so that no plateau with a visible end remains.
    let core = Outline::draw(Shape::Irregular, 0.3 * size_nm, dice).at(at.0, at.1);
    let lean = dice.uniform(0.0, 0.5);
    Pool { level, width_nm: 0.35 * size_nm, power: 2.0, lean, lean_angle: dice.angle() }.paint(&core, canvas);
    vec![Piece::round(at, size_nm)]
}

/// A dark polygon.
pub(super) fn crystal(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(15.0, 120.0);
    let outline = Outline::draw(Shape::Angular, size_nm, dice).at(at.0, at.1);
    let mut body = Body::plain(outline, style.contrast * dice.uniform(0.6, 2.5), 0.0);
    body.edge_nm = 0.8;
    body.texture = (0.0, style.contrast * dice.uniform(0.0, 0.2));
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}

/// A tear or hole in the film: bright, with a rolled edge.
pub(super) fn hole(at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
    let size_nm = dice.log_uniform(150.0, 900.0);
    let shape = dice.weighted(&[(Shape::Ragged, 2.0), (Shape::Irregular, 1.0), (Shape::Ellipse, 1.0)]);
    let outline = Outline::draw(shape, size_nm, dice).at(at.0, at.1);
    let mut body = Body::plain(outline, -style.contrast * dice.uniform(0.5, 1.5), dice.uniform(0.6, 1.0));
    body.edge_nm = dice.uniform(1.0, 5.0);
    body.rims.push(Rim {
        level: style.contrast * dice.uniform(-0.3, 0.8),
        depth_nm: dice.uniform(-8.0, 0.0),
        outer_nm: dice.uniform(3.0, 12.0),
        inner_nm: dice.uniform(2.0, 5.0),
        lean: dice.uniform(0.0, 0.8),
        lean_angle: dice.angle(),
    });
    body.paint(canvas);
    vec![Piece::outlined(&body.outline)]
}
