//! What makes a cup: where the dent is and how wide the rim around it.

use super::features::{Grey, Picture};
use crate::segment::{Contour, RAY_DIRECTIONS, RAYS};

/// Rings of equal area, up to [`DENT_REACH`] of the radius, on which the dent is looked for.
const RINGS: usize = 12;
/// Share of the radius within which a dent is looked for: short of the rim's own flank.
const DENT_REACH: f64 = 0.85;
/// Depth, over the rim's step to the surroundings, from which there is a dent to speak of: more than grain makes.
const DENT_MIN: f64 = 0.2;
/// Share of the deepest places (their 90th percentile) from which a place counts as the dent.
const DENT_SHARE: f64 = 0.5;
/// Distance between samples across the rim, working pixels.
const STEP_PX: f64 = 0.25;
/// Largest share of the radius that a rim may take: beyond it the body is filled.
const RIM_REACH: f64 = 0.9;

/// A rim and what it surrounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cup {
    /// Distance between the dent's and the outline's centre over the outline's mean radius; `None` without a dent.
    pub dent_offset: Option<f64>,
    /// Distance from the outer edge to where the rim has fallen half way to the middle's grey value, working pixels;
    /// `None` where it never does.
    pub rim_width_px: Option<f64>,
}

impl Cup {
    /// Reads the inside of a contour whose outer edge lies `offset_px` outside its steepest slope. `rim` and `surroundings`
    /// are mean grey values.
    pub fn new<T: Grey>(picture: &Picture<T>, contour: &Contour, offset_px: f64, rim: f64, surroundings: f64) -> Self {
        let step = rim - surroundings;
        if step * f64::from(contour.polarity.sign()) <= 0.0 {
            return Self::default();
        }
        Self {
            dent_offset: dent_offset(picture, contour, rim, step),
            rim_width_px: rim_width(picture, contour, step.signum()).map(|width| width + offset_px),
        }
    }
}

/// Centre of what lies deepest, from the centre of the outline, over its mean radius.
fn dent_offset<T: Grey>(picture: &Picture<T>, contour: &Contour, rim: f64, step: f64) -> Option<f64> {
    let mut samples = Vec::with_capacity(RAYS * RINGS);
    for (k, [cos, sin]) in RAY_DIRECTIONS.iter().enumerate() {
        let radius = f64::from(contour.radius[k]);
        for ring in 0..RINGS {
            let d = DENT_REACH * radius * ((ring as f64 + 0.5) / RINGS as f64).sqrt();
            let (dx, dy) = (d * cos, d * sin);
            let grey = picture.at((contour.x + dx) as f32, (contour.y + dy) as f32);
            // Each sample stands for an area that grows with the square of the ray's length.
            samples.push(((rim - f64::from(grey)) / step, dx, dy, radius * radius));
        }
    }
    let mut depths: Vec<f64> = samples.iter().map(|s| s.0).collect();
    depths.sort_by(f64::total_cmp);
    let deepest = depths[depths.len() * 9 / 10];
    if deepest < DENT_MIN {
        return None;
    }
    let weight = |&(depth, .., area): &(f64, f64, f64, f64)| (depth - DENT_SHARE * deepest).max(0.0) * area;
    let total: f64 = samples.iter().map(weight).sum();
    let x: f64 = samples.iter().map(|s| weight(s) * s.1).sum();
    let y: f64 = samples.iter().map(|s| weight(s) * s.2).sum();
    Some(libm::hypot(x, y) / total / contour.mean_radius())
}

/// Distance from the steepest slope inwards to where the rim is half way down, working pixels; grey values are averaged
/// over all rays at equal distances from the slope.
fn rim_width<T: Grey>(picture: &Picture<T>, contour: &Contour, sign: f64) -> Option<f64> {
    let count = (RIM_REACH * contour.mean_radius() / STEP_PX) as usize;
    let inwards = |i: usize| {
        let sum: f64 = (0..RAYS)
            .map(|k| {
                let [cos, sin] = RAY_DIRECTIONS[k];
                let d = (f64::from(contour.radius[k]) - i as f64 * STEP_PX).max(0.0);
                f64::from(picture.at((contour.x + d * cos) as f32, (contour.y + d * sin) as f32))
            })
            .sum();
        sign * sum / RAYS as f64
    };
    let profile: Vec<f64> = (0..=count).map(inwards).collect();
    let crest = (0..profile.len() * 2 / 3).max_by(|&a, &b| profile[a].total_cmp(&profile[b]).then(b.cmp(&a)))?;
    let floor = profile[crest..].iter().fold(f64::MAX, |m, &v| m.min(v));
    let outside = profile[0];
    // A middle nearly as light as the rim: the body is filled.
    if profile[crest] - floor < DENT_MIN * 2.0 * (profile[crest] - outside).max(0.0) || profile[crest] <= floor {
        return None;
    }
    let half = 0.5 * (profile[crest] + floor);
    let fallen = (crest..profile.len()).find(|&i| profile[i] <= half)?;
    let (before, after) = (profile[fallen.max(1) - 1], profile[fallen]);
    let part = if before > after { (before - half) / (before - after) } else { 1.0 };
    Some((fallen as f64 - 1.0 + part) * STEP_PX)
}

#[cfg(test)]
mod tests {
    use super::super::planted::{circle, close, outline, square};
    use super::*;
    use crate::segment::Polarity;

    const SIDE: usize = 120;
    const RADIUS: f64 = 40.0;

    /// Grey values of a body of radius 40 around (60, 58): 100 high, 0 outside, and what `dent` takes away inside.
    fn body(sign: f64, dent: impl Fn(f64, f64) -> f64) -> Vec<f32> {
        square(SIDE, |x, y| {
            let (dx, dy) = (x - 60.0, y - 58.0);
            let height = (RADIUS + 0.5 - libm::hypot(dx, dy)).clamp(0.0, 1.0);
            1000.0 + sign * height * (100.0 - dent(dx, dy))
        })
    }

    fn cup(grey: &[f32], sign: f64) -> Cup {
        let picture = Picture { grey, width: SIDE, height: SIDE };
        let polarity = if sign > 0.0 { Polarity::Lighter } else { Polarity::Darker };
        let contour = Contour { polarity, ..circle(60.0, 58.0, RADIUS) };
        Cup::new(&picture, &contour, 2.0, 1000.0 + sign * 100.0, 1000.0)
    }

    #[test]
    fn a_dent_lies_where_it_was_planted() {
        for sign in [1.0, -1.0] {
            for (x, y) in [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0), (-8.0, 6.0), (3.0, -4.0)] {
                let dent = |dx: f64, dy: f64| 60.0 * (15.5 - libm::hypot(dx - x, dy - y)).clamp(0.0, 1.0);
                let found = cup(&body(sign, dent), sign).dent_offset.unwrap();
                close(found, libm::hypot(x, y) / RADIUS, 0.02);
            }
        }
        // A dent of an eighth of the height is no more than grain; one of a quarter is, if a tenth of the area has it.
        let shallow = |depth: f64, radius: f64| {
            cup(&body(1.0, |dx, dy| if libm::hypot(dx, dy) < radius { depth } else { 0.0 }), 1.0).dent_offset
        };
        assert_eq!((shallow(15.0, 20.0), shallow(60.0, 8.0)), (None, None));
        assert!(shallow(25.0, 20.0).unwrap() < 0.01 && shallow(60.0, 13.0).unwrap() < 0.01);
    }

    #[test]
    fn what_is_less_deep_than_half_pulls_nothing() {
        // A second, shallow dent on the left of the first; then one of three quarters, that counts by half.
        let two = |depth: f64| {
            let at = |dx: f64, dy: f64, x: f64| libm::hypot(dx, dy) < 99.0 && libm::hypot(dx - x, dy) < 12.0;
            let dent = |dx, dy| {
                if at(dx, dy, 14.0) {
                    80.0
                } else if at(dx, dy, -14.0) {
                    depth
                } else {
                    0.0
                }
            };
            cup(&body(1.0, dent), 1.0).dent_offset.unwrap() * RADIUS
        };
        close(two(0.0), 14.0, 0.5);
        close(two(38.0), 14.0, 0.5);
        close(two(60.0), 14.0 / 3.0, 0.6);
    }

    #[test]
    fn a_rim_is_as_wide_as_it_was_planted() {
        for sign in [1.0, -1.0] {
            for width in [6.0, 12.0, 18.0] {
                // Falls over four pixels, half way down at the width.
                let hollow =
                    |dx: f64, dy: f64| 80.0 * ((RADIUS - width + 2.0 - libm::hypot(dx, dy)) / 4.0).clamp(0.0, 1.0);
                let found = cup(&body(sign, hollow), sign).rim_width_px.unwrap();
                close(found, width + 2.0, 0.15);
            }
        }
    }

    #[test]
    fn a_rim_is_as_wide_from_any_place_inside() {
        let hollow = |dx: f64, dy: f64| 80.0 * ((RADIUS - 10.0 - libm::hypot(dx, dy)) / 4.0).clamp(0.0, 1.0);
        let grey = body(1.0, hollow);
        for (x, y) in [(5.0, 0.0), (0.0, 5.0), (-3.0, -4.0)] {
            // The same circle, seen from beside its middle.
            let reach = |t: f64| {
                let along = x * libm::cos(t) + y * libm::sin(t);
                -along + (along * along + RADIUS * RADIUS - x * x - y * y).sqrt()
            };
            let contour = outline(60.0 + x, 58.0 + y, reach);
            let picture = Picture { grey: &grey, width: SIDE, height: SIDE };
            let found = Cup::new(&picture, &contour, 2.0, 1100.0, 1000.0);
            close(found.rim_width_px.unwrap(), 12.0 + 2.0, 0.4);
            close(found.dent_offset.unwrap(), 5.0 / RADIUS, 0.03);
        }
    }

    #[test]
    fn a_filled_body_has_neither_dent_nor_rim() {
        assert_eq!(cup(&body(1.0, |_, _| 0.0), 1.0), Cup::default());
        // A body on the wrong side of its surroundings is none at all.
        let hollow = body(1.0, |dx, dy| if libm::hypot(dx, dy) < 25.0 { 80.0 } else { 0.0 });
        let picture = Picture { grey: &hollow, width: SIDE, height: SIDE };
        let contour = circle(60.0, 58.0, RADIUS);
        assert_eq!(Cup::new(&picture, &contour, 2.0, 1000.0, 1100.0), Cup::default());
        assert_eq!(Cup::new(&picture, &contour, 2.0, 1000.0, 1000.0), Cup::default());
        // A pinhole in the innermost tenth is no end of a rim.
        assert_eq!(cup(&body(1.0, |dx, dy| if libm::hypot(dx, dy) < 3.0 { 90.0 } else { 0.0 }), 1.0), Cup::default());
        // The rim has to fall by 0.4 of its height over the edge.
        let step = |depth: f64| {
            // At the slope itself the height is half of the body's.
            cup(&body(1.0, move |dx, dy| if libm::hypot(dx, dy) < 25.0 { depth } else { 0.0 }), 1.0)
                .rim_width_px
                .is_some()
        };
        assert_eq!((step(15.0), step(25.0)), (false, true));
    }
}
