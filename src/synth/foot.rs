//! Check that the truth can be seen: the outline is the foot of the flank, and nothing but the flank's softness says how
//! far outside the steepest slope it lies.

use super::canvas::Canvas;
use super::dice::Dice;
use super::field::Field;
use super::kind::Kind;
use super::style::Style;
use super::vesicle::{Appearance, Vesicle};
use std::f64::consts::TAU;

/// Pitch of the rendering, nm: fine enough to place a slope within a quarter of the tolerance.
const PITCH_NM: f64 = 0.4;

/// Median over all directions of how far inside the outline a lone vesicle's picture without noise is steepest, nm.
fn steepest_inside_nm(vesicle: &Vesicle, dice: &mut Dice) -> f64 {
    let outline = &vesicle.body.outline;
    let side = (2.0 * (outline.reach_nm() + 20.0) / PITCH_NM) as usize;
    let centre_nm = 0.5 * side as f64 * PITCH_NM;
    let vesicle = vesicle.clone().moved(centre_nm, centre_nm);
    let mut canvas = Canvas::new(Field::constant(side, side, 0.3), PITCH_NM, dice);
    vesicle.pool.paint(&vesicle.body.outline, &mut canvas);
    vesicle.body.paint(&mut canvas);
    let thickness = |angle: f64, inside_nm: f64| {
        let r = vesicle.body.outline.radius_nm(angle) - inside_nm;
        let index = |part: f64| ((centre_nm + r * part) / PITCH_NM) as usize;
        canvas.thickness.value[index(libm::sin(angle)) * side + index(libm::cos(angle))]
    };
    let mut found: Vec<f64> = (0..180)
        .map(|i| {
            let angle = TAU * f64::from(i) / 180.0;
            // Inwards it has to get brighter.
            let slope = |k: &i32| {
                let at = f64::from(*k) * PITCH_NM;
                thickness(angle, at - PITCH_NM) - thickness(angle, at + PITCH_NM)
            };
            f64::from((-10..25).max_by(|a, b| slope(a).total_cmp(&slope(b))).unwrap()) * PITCH_NM
        })
        .collect();
    found.sort_by(f64::total_cmp);
    found[90]
}

#[test]
fn the_outline_is_the_foot_of_the_flank() {
    for (edge_nm, stream) in [(1.0, 1), (2.0, 2), (3.2, 3)] {
        let mut dice = Dice::new(12, stream);
        let mut far = 0;
        let count = 30;
        for _ in 0..count {
            let mut style = Style::draw(Kind::Clean, 1.0, &mut dice);
            style.edge_nm = edge_nm;
            style.appearances = Appearance::STAINED;
            // Small bodies have steeper flanks than asked for.
            (style.median_nm, style.sigma_g, style.small_share) = (110.0, 1.2, 0.0);
            let vesicle = Vesicle::draw(&style, &mut dice);
            let inside_nm = steepest_inside_nm(&vesicle, &mut dice);
            let expected_nm = 1.08 * edge_nm + 0.2;
            far += u32::from((inside_nm - expected_nm).abs() > 0.45 * edge_nm + 0.7);
        }
        assert!(far * 7 <= count, "{far} of {count} bodies of softness {edge_nm} nm have their slope elsewhere");
    }
}
