//! Vesicles: a shape, an appearance and a place.

use super::body::{Body, Pool};
use super::dice::Dice;
use super::interior::{draw_body, draw_pool};
use super::outline::Outline;
use super::shapes::Shape;
use super::style::{Stain, Style};

/// Smallest and largest diameter of what counts as a vesicle here, nm.
pub const DIAMETER_MIN_NM: f64 = 25.0;
pub const DIAMETER_MAX_NM: f64 = 250.0;

/// Smallest diameter outside the population of the smallest, nm.
const COMMON_MIN_NM: f64 = 30.0;
/// Geometric spread of the smallest vesicles, which some preparations are full of.
const SMALL_SIGMA_G: f64 = 1.2;
/// Diameters of pale ones, nm.
const PALE_NM: (f64, f64) = (90.0, 230.0);
/// Smallest step between body and halo, in contrasts: truth that nobody could see would teach nonsense.
const VISIBLE_STEP: f64 = 0.3;
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
    /// A cup whose inside is as dark as the ground, or darker.
    DeepCup,
    /// A round dark spot inside.
    Inclusion,
    /// Another vesicle inside.
    Nested,
    /// Large, and hardly more than rim and halo.
    Pale,
    /// An even disc: in plain scenes.
    Disc,
    /// A rim and nothing else: in plain scenes.
    Ring,
    /// Two dark leaflets, as in ice.
    Double,
}

impl Appearance {
    /// How often each is seen in negative stain.
    pub const STAINED: [(Self, f64); 14] = [
        (Self::Filled, 3.0),
        (Self::Cup, 2.0),
        (Self::Crescent, 1.2),
        (Self::Membrane, 0.8),
        (Self::Granular, 1.2),
        (Self::Creased, 1.2),
        (Self::HalfDark, 1.2),
        (Self::DeepCup, 0.8),
        (Self::Inclusion, 0.8),
        (Self::Nested, 0.5),
        (Self::Pale, 0.5),
        (Self::Disc, 0.0),
        (Self::Ring, 0.0),
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
            Self::DeepCup => "deep-cup",
            Self::Inclusion => "inclusion",
            Self::Nested => "nested",
            Self::Pale => "pale",
            Self::Disc => "plain-disc",
            Self::Ring => "plain-ring",
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
        let (median_nm, sigma_g, least_nm) = if dice.chance(style.small_share) {
            (style.small_nm, SMALL_SIGMA_G, (0.75 * style.small_nm).max(DIAMETER_MIN_NM))
        } else {
            (style.median_nm, style.sigma_g, COMMON_MIN_NM)
        };
        let least_nm = least_nm.max(style.least_nm);
        let drawn_nm: Vec<f64> = (0..DRAWS_MAX).map(|_| median_nm * libm::pow(sigma_g, dice.normal())).collect();
        let in_range = |d: &f64| (least_nm..=DIAMETER_MAX_NM).contains(d);
        let appearance = dice.weighted(&style.appearances);
        let diameter_nm = match drawn_nm.into_iter().find(in_range) {
            _ if appearance == Appearance::Pale => dice.log_uniform(PALE_NM.0, PALE_NM.1),
            drawn => drawn.unwrap_or(median_nm.max(least_nm)),
        };
        // Drawings hold hardly anything but discs and ellipses.
        let odd = if style.plain { 0.1 } else { 1.0 };
        let shape = dice.weighted(&[
            (Shape::Circle, 3.0),
            (Shape::Ellipse, 3.0),
            (Shape::Faceted, 1.5 * odd),
            (Shape::Pear, 0.8 * odd),
            (Shape::Kidney, 1.0 * odd),
            (Shape::Rod, 0.8 * odd),
            (Shape::Tube, 0.4 * odd),
            (Shape::Bleb, 0.6 * odd),
            (Shape::Collapsed, 0.8 * odd),
            (Shape::Irregular, 2.5 * odd),
        ]);
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
