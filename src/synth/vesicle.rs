//! Vesicles: a shape, an appearance and a place.

use super::body::{Body, Crease, Dent, Gap, Half, Pool, Rim};
use super::dice::Dice;
use super::outline::{Outline, Shape};
use super::style::{Stain, Style};

/// Smallest and largest diameter of what counts as a vesicle here, nm.
pub const DIAMETER_MIN_NM: f64 = 30.0;
pub const DIAMETER_MAX_NM: f64 = 250.0;

/// Median (nm) and geometric spread of the smallest vesicles, which some preparations are full of.
const SMALL: (f64, f64) = (38.0, 1.2);
/// Smallest step between body and halo, in contrasts: truth that nobody could see would teach nonsense.
const VISIBLE_STEP: f64 = 0.3;
/// Distance from the foot of a flank to its middle, in units of the flank's softness: the foot is where an eighth of the
/// body's thickness is reached, give or take what hands disagree by.
const FOOT_EDGES: (f64, f64) = (0.9, 1.2);
/// What they disagree by however sharp the edge is, nm.
const FOOT_LOOSE_NM: f64 = 0.4;
/// Softest flank of a small body, as a share of its radius: softer ones would leave no plateau.
const FLANK_MAX_RADII: f64 = 0.13;
/// Draws until a diameter falls into the range; with the spreads in use the second draw nearly always does.
const DRAWS_MAX: usize = 64;

/// How the inside of a body looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appearance {
    Filled,
    /// Bright rim around a stained dent in the middle.
    Cup,
    /// Several dents, or a crescent beside the middle.
    Crescent,
    /// Little but the membrane.
    Membrane,
    Granular,
    /// Folds across the interior.
    Creased,
    /// One side collapsed, granular or stained through.
    HalfDark,
    /// Two dark leaflets, as in ice.
    Double,
}

impl Appearance {
    /// How often each is seen in negative stain.
    pub const STAINED: [(Self, f64); 8] = [
        (Self::Filled, 3.0),
        (Self::Cup, 2.0),
        (Self::Crescent, 1.2),
        (Self::Membrane, 0.8),
        (Self::Granular, 1.2),
        (Self::Creased, 1.2),
        (Self::HalfDark, 1.2),
        (Self::Double, 0.0),
    ];

    /// Name used in the truth table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Cup => "cup",
            Self::Crescent => "crescent",
            Self::Membrane => "membrane",
            Self::Granular => "granular",
            Self::Creased => "creased",
            Self::HalfDark => "half-dark",
            Self::Double => "double",
        }
    }
}

/// A vesicle on the film.
#[derive(Debug, Clone)]
pub(super) struct Vesicle {
    pub shape: Shape,
    pub appearance: Appearance,
    pub body: Body,
    /// The wide pool, laid down before all bodies.
    pub pool: Pool,
}

impl Vesicle {
    /// A random vesicle of the scene's style, centred at the origin.
    pub fn draw(style: &Style, dice: &mut Dice) -> Self {
        let (median_nm, sigma_g) =
            if dice.chance(style.small_share) { SMALL } else { (style.median_nm, style.sigma_g) };
        let drawn_nm = (0..DRAWS_MAX).map(|_| median_nm * sigma_g.powf(dice.normal()));
        let in_range = |d: &f64| (DIAMETER_MIN_NM..=DIAMETER_MAX_NM).contains(d);
        let diameter_nm = drawn_nm.into_iter().find(in_range).unwrap_or(median_nm);
        let shape = dice.weighted(&[
            (Shape::Circle, 3.0),
            (Shape::Ellipse, 3.0),
            (Shape::Faceted, 1.5),
            (Shape::Pear, 0.8),
            (Shape::Kidney, 1.0),
            (Shape::Rod, 0.8),
            (Shape::Irregular, 2.5),
        ]);
        let appearance = dice.weighted(&style.appearances);
        let outline = Outline::draw(shape, diameter_nm, dice);
        let mut body = draw_body(outline, appearance, style, dice);
        let pool = draw_pool(0.5 * diameter_nm, style, dice);
        if style.stain == Stain::Negative {
            let rim: f64 = body.rims.iter().map(|r| 0.5 * r.level).sum();
            let step = body.opacity * pool.level + 0.5 * body.meniscus.level - body.level - rim;
            body.level -= (VISIBLE_STEP * style.contrast - step).max(0.0);
        }
        Self { shape, appearance, body, pool }
    }

    /// The same vesicle elsewhere.
    pub fn moved(mut self, x_nm: f64, y_nm: f64) -> Self {
        self.body.outline = self.body.outline.at(x_nm, y_nm);
        self
    }
}

/// The stain that gathers around a body of the given radius.
pub(super) fn draw_pool(radius_nm: f64, style: &Style, dice: &mut Dice) -> Pool {
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
        Appearance::Double => {
            let strength = rim.abs().max(0.4 * c);
            // The outline is the outer foot of the outer leaflet: one standard deviation outside its crest.
            let sharp_nm = dice.uniform(0.8, 1.6);
            for depth_nm in [sharp_nm, (style.membrane_nm - sharp_nm).max(2.0 * sharp_nm)] {
                let level = strength * dice.uniform(0.7, 1.0);
                body.rims.push(Rim {
                    level,
                    depth_nm,
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
    if appearance != Appearance::Double {
        relieve(&mut body, c, dice);
        if dice.chance(0.25) {
            body.gaps.push(fade(appearance, dice));
        }
    }
    body
}

/// Gives a body its flank, whose foot is the outline: what softens the flank moves its middle inwards with it.
pub(super) fn soften(body: &mut Body, style: &Style, dice: &mut Dice) {
    let radius_nm = 0.5 * body.outline.diameter_nm();
    body.edge_nm = (style.edge_nm * dice.uniform(0.85, 1.2)).min(FLANK_MAX_RADII * radius_nm);
    body.shoulder_nm = body.edge_nm * dice.uniform(FOOT_EDGES.0, FOOT_EDGES.1) + dice.uniform(0.0, FOOT_LOOSE_NM);
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
        x: distance * direction.cos(),
        y: distance * direction.sin(),
        long,
        short: long * dice.uniform(0.5, 1.0),
        angle: dice.angle(),
        soft: dice.log_uniform(0.08, 0.5),
        crescent: 0.0,
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
