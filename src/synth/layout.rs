//! Where vesicles go: apart, touching, overlapping, cut by the border.

use super::dice::Dice;
use super::marks::Marks;
use super::style::Style;
use super::vesicle::{DIAMETER_MAX_NM, Vesicle};

/// Most vesicles in a scene.
const VESICLES_MAX: usize = 250;
/// How many vesicles a clump holds.
const CLUMP: (usize, usize) = (3, 10);
/// Attempts at a free place before a vesicle is given up.
const ATTEMPTS: usize = 40;
/// Deepest overlap, as a share of the smaller radius: more of it than this and one can't tell that there are two.
const OVERLAP_MAX: f64 = 0.6;
/// Widest gap at which two count as touching neighbours, nm.
const TOUCH_GAP_NM: f64 = 3.0;
/// Share of the radius by which a centre may lie outside the field.
const OUTSIDE_RADII: f64 = 0.2;

/// Draws vesicles until they cover the wanted share of the field, and at least as many as the style asks for.
pub(super) fn vesicles(width_nm: f64, marks: &Marks, style: &Style, dice: &mut Dice) -> Vec<Vesicle> {
    let height_nm = marks.open_height_nm();
    let wanted_nm2 = style.coverage * width_nm * height_nm;
    let mut placed: Vec<Vesicle> = Vec::new();
    let mut covered_nm2 = 0.0;
    // The clump being built: its first vesicle and how many are to come.
    let (mut clump, mut missing) = (0, 0);
    while placed.len() < VESICLES_MAX && (placed.len() < style.vesicles_min || covered_nm2 < wanted_nm2) {
        let vesicle = Vesicle::draw(style, dice);
        let diameter_nm = vesicle.body.outline.diameter_nm();
        // Given-up ones count as well, which bounds the attempts in a full field.
        covered_nm2 += std::f64::consts::PI * (0.5 * diameter_nm).powi(2);
        if missing == 0 && dice.chance(style.clumping) {
            (clump, missing) = (placed.len(), dice.count(CLUMP.0, CLUMP.1));
        }
        let clumped = missing > 0 && clump < placed.len();
        let place = (0..ATTEMPTS).find_map(|_| {
            let partner = if clumped { dice.count(clump, placed.len() - 1) } else { dice.count(0, placed.len()) };
            let partner = placed.get(partner);
            let (place, overlap) = match partner.filter(|_| clumped || dice.chance(style.touching)) {
                Some(partner) => beside(partner, &vesicle, style, dice),
                None => {
                    let out_nm = OUTSIDE_RADII * 0.5 * diameter_nm;
                    let x_nm = dice.uniform(-out_nm, width_nm + out_nm);
                    ((x_nm, dice.uniform(-out_nm, height_nm + out_nm)), 0.0)
                }
            };
            let in_field = (0.0..width_nm).contains(&place.0) && (0.0..height_nm).contains(&place.1);
            let hidden = marks.hide(place.0, place.1, vesicle.body.outline.reach_nm());
            (in_field && !hidden && is_free(place, &vesicle, &placed, overlap)).then_some(place)
        });
        missing = missing.saturating_sub(1);
        match place {
            Some((x_nm, y_nm)) => placed.push(vesicle.moved(x_nm, y_nm)),
            None if placed.is_empty() => placed.push(vesicle.moved(0.5 * width_nm, 0.5 * height_nm)),
            None => (),
        }
    }
    placed
}

/// A place that touches or overlaps a partner, and the overlap allowed there.
fn beside(partner: &Vesicle, vesicle: &Vesicle, style: &Style, dice: &mut Dice) -> ((f64, f64), f64) {
    let (partner, own) = (&partner.body.outline, &vesicle.body.outline);
    let angle = dice.angle();
    let contact_nm = partner.radius_nm(angle) + own.radius_nm(angle + std::f64::consts::PI);
    let smaller_nm = 0.5 * partner.diameter_nm().min(own.diameter_nm());
    let overlap = if dice.chance(style.overlapping) { dice.uniform(0.05, OVERLAP_MAX) } else { 0.0 };
    let gap_nm = if overlap > 0.0 { -overlap * smaller_nm } else { dice.uniform(0.0, TOUCH_GAP_NM) };
    let distance_nm = contact_nm + gap_nm;
    ((partner.x_nm + distance_nm * libm::cos(angle), partner.y_nm + distance_nm * libm::sin(angle)), overlap)
}

/// Whether a vesicle can lie at a place without covering more of another than the overlap allows, in radii of the
/// smaller one.
fn is_free((x_nm, y_nm): (f64, f64), vesicle: &Vesicle, placed: &[Vesicle], overlap: f64) -> bool {
    let own = &vesicle.body.outline;
    placed.iter().all(|other| {
        let other = &other.body.outline;
        let (dx, dy) = (x_nm - other.x_nm, y_nm - other.y_nm);
        let distance_nm = libm::hypot(dx, dy);
        if distance_nm > 2.0 * DIAMETER_MAX_NM {
            return true;
        }
        // Outlines are checked along directions around the line of centres, where they come closest.
        let towards = libm::atan2(dy, dx);
        let closest_nm = (-6..=6)
            .map(|k| {
                let turn = 0.12 * f64::from(k);
                let reach_nm = other.radius_nm(towards + turn) * libm::cos(turn);
                reach_nm + own.radius_nm(towards + std::f64::consts::PI - turn) * libm::cos(turn)
            })
            .fold(0.0, f64::max);
        let smaller_nm = 0.5 * other.diameter_nm().min(own.diameter_nm());
        distance_nm > closest_nm - (overlap * smaller_nm + 1.0)
    })
}
