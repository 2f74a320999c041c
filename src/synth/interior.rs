//! What bodies are like inside and around: flank, rim, hollows, folds, stain. For vesicles and for what only looks like
//! one.

use super::body::{Body, Crease, Dent, Gap, Half, Pool, Rim};
use super::dice::Dice;
use super::outline::Outline;
use super::style::{Stain, Style};
use super::vesicle::Appearance;

/// Distance from the foot of a flank to its middle, in units of the flank's softness: the foot is where an eighth of the
/// body's thickness is reached, give or take what hands disagree by.
const FOOT_EDGES: (f64, f64) = (0.9, 1.2);
/// What they disagree by however sharp the edge is, nm.
const FOOT_LOOSE_NM: f64 = 0.4;
/// Chance that one side of a body is faint.
const HALF_FADED: f64 = 0.12;
/// Softest flank of a small body, as a share of its radius: softer ones would leave no plateau.
const FLANK_MAX_RADII: f64 = 0.13;
/// Softness of the flank that looks like a sharp edge blurred by a Gaussian, in the latter's standard deviations.
const EDGE_PER_BLUR: f64 = 1.1;
/// Farthest that the middle of a flank lies inside a small blurred body, as a share of its radius.
const SHOULDER_MAX_RADII: f64 = 0.35;

/// The stain that gathers around a body of the given radius.
pub(super) fn draw_pool(radius_nm: f64, style: &Style, dice: &mut Dice) -> Pool {
    if style.plain {
        let width_nm = radius_nm.max(15.0) * dice.uniform(style.halo_width.0, style.halo_width.1);
        return Pool { level: style.amount(style.halo, dice), width_nm, power: 2.0, lean: 0.0, lean_angle: 0.0 };
    }
    Pool {
        level: style.amount(style.halo, dice),
        width_nm: radius_nm.max(15.0) * dice.uniform(style.halo_width.0, style.halo_width.1),
        power: dice.uniform(0.9, 1.8),
        lean: if dice.chance(0.5) { dice.uniform(0.0, 0.7) } else { 0.0 },
        lean_angle: dice.angle(),
    }
}

/// The inside of a vesicle, also used for what only looks like one.
pub(super) fn draw_body(outline: Outline, appearance: Appearance, style: &Style, dice: &mut Dice) -> Body {
    let c = style.contrast;
    let opacity = dice.uniform(style.opacity.0, style.opacity.1);
    let mut body = Body::plain(outline, style.amount(style.level, dice), opacity);
    soften(&mut body, style, dice);
    body.texture_offset = (dice.count(0, 500), dice.count(0, 500));
    let texture = style.amount(style.texture, dice);
    body.texture = (0.6 * texture, 0.5 * texture * dice.uniform(0.0, 1.0));
    body.meniscus = Pool {
        level: style.amount(style.halo, dice) * dice.uniform(0.0, 0.35),
        width_nm: dice.uniform(3.0, 14.0),
        power: 1.3,
        lean: dice.uniform(0.0, 0.6),
        lean_angle: dice.angle(),
    };
    body.rim_unevenness = dice.uniform(0.0, 0.45);
    let rim = style.amount(style.rim, dice);
    match appearance {
        Appearance::Filled => {
            body.dome = style.sign() * c * dice.uniform(-0.1, 0.5);
            if dice.chance(0.4) {
                body.rims.push(line(&body, style, 0.5 * rim, dice));
            }
        }
        Appearance::Cup => {
            body.rims.push(line(&body, style, rim, dice));
            body.dents.push(dent(c, 0.25, (0.45, 0.8), dice));
        }
        Appearance::Crescent => {
            body.rims.push(line(&body, style, rim, dice));
            for _ in 0..dice.count(1, 3) {
                let mut dent = dent(c, 0.45, (0.2, 0.6), dice);
                dent.crescent = if dice.chance(0.6) { dice.sign() * dice.uniform(0.3, 0.8) } else { 0.0 };
                body.dents.push(dent);
            }
        }
        Appearance::Membrane => {
            body.rims.push(line(&body, style, rim.abs().max(0.4 * c), dice));
            body.opacity *= dice.uniform(0.2, 0.7);
            body.level *= dice.uniform(0.0, 0.5);
        }
        Appearance::Granular => {
            body.texture = (c * dice.uniform(0.06, 0.22), c * dice.uniform(0.03, 0.2));
            body.rims.push(line(&body, style, 0.5 * rim, dice));
            if dice.chance(0.3) {
                body.dome = c * dice.uniform(0.2, 0.8);
            }
        }
        Appearance::Creased => {
            body.rims.push(line(&body, style, 0.8 * rim, dice));
            for _ in 0..dice.count(1, 4) {
                body.creases.push(crease(c, dice));
            }
        }
        Appearance::HalfDark => {
            body.rims.push(line(&body, style, rim, dice));
            body.half = Some(Half {
                level: c * dice.uniform(0.1, 0.7),
                angle: dice.angle(),
                offset: dice.uniform(-0.3, 0.5),
                soft: dice.uniform(0.1, 0.4),
                cover_loss: dice.uniform(0.0, 0.6),
                texture: dice.uniform(0.0, 4.0),
            });
        }
        Appearance::DeepCup => {
            let rim = rim.abs().max(0.5 * c);
            body.rims.push(line(&body, style, rim, dice));
            let mut cup = dent(c, 0.15, (0.5, 0.85), dice);
            // As dark inside as the far ground, or darker.
            cup.level = (-body.level).max(0.0) + c * dice.uniform(0.1, 1.2);
            body.dents.push(cup);
        }
        Appearance::Inclusion => {
            body.rims.push(line(&body, style, 0.7 * rim, dice));
            let mut spot = dent(c, 0.55, (0.15, 0.4), dice);
            spot.level = c * dice.uniform(0.4, 1.6);
            spot.short = spot.long * dice.uniform(0.8, 1.0);
            spot.soft = dice.uniform(0.05, 0.25);
            body.dents.push(spot);
        }
        Appearance::Nested => {
            let rim = rim.abs().max(0.4 * c);
            body.rims.push(line(&body, style, rim, dice));
            let mut inner = dent(c, 0.25, (0.35, 0.7), dice);
            inner.level = c * dice.uniform(-0.4, 0.5);
            inner.short = inner.long * dice.uniform(0.8, 1.0);
            inner.soft = dice.uniform(0.05, 0.15);
            let width = style.membrane_nm / (body.outline.diameter_nm() * inner.long);
            inner.rim = (style.sign() * rim * dice.uniform(0.6, 1.2), width.clamp(0.05, 0.4));
            body.dents.push(inner);
        }
        Appearance::Pale => {
            body.rims.push(line(&body, style, rim.abs().max(0.35 * c), dice));
            body.rims.iter_mut().for_each(|r| r.lean *= 0.4);
            body.opacity = dice.uniform(0.05, 0.3);
            body.level = style.sign() * c * dice.uniform(-0.05, 0.15);
            body.texture = (0.4 * body.texture.0, 0.4 * body.texture.1);
        }
        Appearance::Disc => body.rim_unevenness = 0.0,
        Appearance::Ring => {
            let outer_nm = body.edge_nm * dice.uniform(0.9, 1.2);
            body.rims.push(Rim {
                level: style.sign() * c * dice.uniform(0.6, 1.3),
                depth_nm: body.shoulder_nm + outer_nm,
                outer_nm,
                inner_nm: dice.uniform(0.8, 3.0) * outer_nm,
                lean: 0.0,
                lean_angle: 0.0,
            });
            (body.rim_unevenness, body.level) = (0.0, 0.0);
            body.opacity = dice.uniform(0.0, 0.3);
        }
        Appearance::Double => {
            let strength = rim.abs().max(0.4 * c);
            // The outline is the outer foot of the outer leaflet: one standard deviation outside its crest.
            let sharp_nm = dice.uniform(0.8, 1.6);
            for depth_nm in [sharp_nm, (style.membrane_nm - sharp_nm).max(2.0 * sharp_nm)] {
                let level = strength * dice.uniform(0.7, 1.0);
                body.rims.push(Rim {
                    level,
                    depth_nm: libm::hypot(depth_nm, style.defocus_nm),
                    outer_nm: sharp_nm,
                    inner_nm: sharp_nm,
                    lean: 0.0,
                    lean_angle: 0.0,
                });
            }
            body.meniscus.level = 0.0;
            body.opacity *= 0.5;
        }
    }
    if style.plain {
        body.meniscus.level = 0.0;
        return body;
    }
    if appearance == Appearance::Pale {
        return body;
    }
    if appearance != Appearance::Double {
        relieve(&mut body, c, dice);
        if dice.chance(0.25) {
            body.gaps.push(fade(appearance, dice));
        }
        if appearance != Appearance::Membrane && dice.chance(HALF_FADED) {
            body.gaps.push(half_fade(dice));
        }
    }
    body
}

/// Gives a body its flank, whose foot is the outline: what softens the flank moves its middle inwards with it.
pub(super) fn soften(body: &mut Body, style: &Style, dice: &mut Dice) {
    let radius_nm = 0.5 * body.outline.diameter_nm();
    body.edge_nm = (style.edge_nm * dice.uniform(0.85, 1.2)).min(FLANK_MAX_RADII * radius_nm);
    // Defocus widens the flank further and moves its foot outwards, which comes to the same.
    let seen_nm = libm::hypot(body.edge_nm, EDGE_PER_BLUR * style.defocus_nm);
    let shoulder_nm = seen_nm * dice.uniform(FOOT_EDGES.0, FOOT_EDGES.1) + dice.uniform(0.0, FOOT_LOOSE_NM);
    body.shoulder_nm = shoulder_nm.min(SHOULDER_MAX_RADII * radius_nm);
}

/// Hollows, bumps and folds that any body may have on top of what its appearance says.
fn relieve(body: &mut Body, contrast: f64, dice: &mut Dice) {
    if dice.chance(0.45) {
        for _ in 0..dice.count(1, 3) {
            let mut bump = dent(contrast, 0.6, (0.15, 0.6), dice);
            bump.level *= dice.uniform(0.2, 0.6) * dice.sign();
            bump.soft = bump.soft.max(0.2);
            body.dents.push(bump);
        }
    }
    if dice.chance(0.2) {
        body.creases.push(crease(contrast, dice));
    }
}

/// The membrane is seen edge-on only where it stands up; elsewhere the rim fades. Where the rim is all there is, most
/// of it stays, or the body would be an open one.
fn fade(appearance: Appearance, dice: &mut Dice) -> Gap {
    let (half_angle_max, loss_max) = if appearance == Appearance::Membrane { (0.5, 0.7) } else { (1.0, 1.0) };
    Gap {
        angle: dice.angle(),
        half_angle: dice.uniform(0.3, half_angle_max),
        soft_angle: dice.uniform(0.1, 0.4),
        rim_loss: dice.uniform(0.4, loss_max),
        cover_loss: 0.0,
    }
}

/// One side of which little is left to see.
fn half_fade(dice: &mut Dice) -> Gap {
    Gap {
        angle: dice.angle(),
        half_angle: dice.uniform(0.8, 1.7),
        soft_angle: dice.uniform(0.2, 0.6),
        rim_loss: dice.uniform(0.6, 1.0),
        cover_loss: dice.uniform(0.0, 0.5),
    }
}

/// The line of the membrane; in stain it is broadened inwards, where the flank rises.
fn line(body: &Body, style: &Style, strength: f64, dice: &mut Dice) -> Rim {
    let radius_nm = 0.5 * body.outline.diameter_nm();
    let membrane_nm = style.membrane_nm.min(0.4 * radius_nm);
    let sign = if style.stain == Stain::Negative { -1.0 } else { 1.0 };
    let flank_nm = if dice.chance(0.7) { dice.uniform(0.03, 0.3) * radius_nm } else { 0.0 };
    // Its outer side is as steep as the flank and steepest at the same place, so that both have the same foot.
    let outer_nm = body.edge_nm * dice.uniform(0.9, 1.2);
    Rim {
        level: sign * strength,
        depth_nm: body.shoulder_nm + outer_nm,
        outer_nm,
        inner_nm: 0.4 * membrane_nm + flank_nm,
        lean: dice.uniform(0.0, 0.95),
        lean_angle: dice.angle(),
    }
}

fn dent(contrast: f64, off_centre: f64, size: (f64, f64), dice: &mut Dice) -> Dent {
    let (distance, direction) = (dice.uniform(0.0, off_centre), dice.angle());
    let long = dice.uniform(size.0, size.1);
    Dent {
        level: contrast * dice.uniform(0.2, 1.1),
        x: distance * libm::cos(direction),
        y: distance * libm::sin(direction),
        long,
        short: long * dice.uniform(0.5, 1.0),
        angle: dice.angle(),
        soft: dice.log_uniform(0.08, 0.5),
        crescent: 0.0,
        rim: (0.0, 1.0),
    }
}

fn crease(contrast: f64, dice: &mut Dice) -> Crease {
    Crease {
        level: contrast * if dice.chance(0.6) { -dice.uniform(0.15, 0.6) } else { dice.uniform(0.1, 0.5) },
        angle: dice.angle(),
        offset: dice.uniform(-0.5, 0.5),
        width_nm: dice.log_uniform(1.5, 9.0),
        bend: dice.uniform(-0.6, 0.6),
        reach: dice.uniform(0.3, 0.9),
    }
}
