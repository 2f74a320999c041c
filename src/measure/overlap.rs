//! Which outlines describe the same thing, and which of them stays.

use crate::segment::{Contour, Neighbours, RAY_DIRECTIONS, RAYS};
use std::f64::consts::TAU;

/// Rings of sample points inside an outline: with 64 rays, 512 points give an area share to a percent.
const RINGS: usize = 8;

/// Share of the smaller outline that may lie inside another, kept one: touching and slightly overlapping vesicles stay.
const OVERLAP_MAX: f64 = 0.3;

/// Points spread evenly over the rays and rings of an outline, with the area each stands for.
pub fn samples(contour: &Contour) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    (0..RAYS).flat_map(move |k| {
        let [cos, sin] = RAY_DIRECTIONS[k];
        let r = f64::from(contour.radius[k]);
        let area = r * r * TAU / (2.0 * (RAYS * RINGS) as f64);
        (0..RINGS).map(move |ring| {
            let d = r * ((ring as f64 + 0.5) / RINGS as f64).sqrt();
            (contour.x + d * cos, contour.y + d * sin, area)
        })
    })
}

/// Area of an outline, squared working pixels.
pub fn area(contour: &Contour) -> f64 {
    contour.radius.iter().map(|&r| f64::from(r).powi(2)).sum::<f64>() * TAU / (2.0 * RAYS as f64)
}

fn contains(contour: &Contour, x: f64, y: f64) -> bool {
    let (dx, dy) = (x - contour.x, y - contour.y);
    let k = (libm::atan2(dy, dx) / TAU * RAYS as f64).round().rem_euclid(RAYS as f64) as usize % RAYS;
    dx * dx + dy * dy < f64::from(contour.radius[k]).powi(2)
}

/// An outline with what comparing it needs.
struct Measured<'a> {
    contour: &'a Contour,
    area: f64,
    reach: f64,
}

impl<'a> Measured<'a> {
    fn new(contour: &'a Contour) -> Self {
        Self { contour, area: area(contour), reach: f64::from(contour.radius.iter().fold(0.0, |m: f32, &r| m.max(r))) }
    }

    /// Area shared with another outline over that of the smaller one.
    fn overlap(&self, other: &Self) -> f64 {
        let (small, large) = if self.area <= other.area { (self, other) } else { (other, self) };
        let (dx, dy) = (small.contour.x - large.contour.x, small.contour.y - large.contour.y);
        let reach = small.reach + large.reach;
        if dx.abs() > reach || dy.abs() > reach {
            return 0.0;
        }
        let inside = samples(small.contour).filter(|&(x, y, _)| contains(large.contour, x, y));
        inside.map(|(_, _, area)| area).sum::<f64>() / small.area
    }
}

/// Goes through the outlines from the most to the least confident and keeps those that share no more than
/// `OVERLAP_MAX` with a kept one. Returns the kept ones' positions, most confident first.
pub fn suppress(contours: &[Contour], confidence: &[f64]) -> Vec<usize> {
    let sized: Vec<Measured> = contours.iter().map(Measured::new).collect();
    let mut order: Vec<usize> = (0..contours.len()).collect();
    // Equal confidences: position decides, so that the order in which outlines were found does not.
    order.sort_by(|&a, &b| {
        let (p, q) = (&contours[a], &contours[b]);
        confidence[b].total_cmp(&confidence[a]).then(p.y.total_cmp(&q.y)).then(p.x.total_cmp(&q.x))
    });
    let largest = sized.iter().fold(0.0f64, |m, s| m.max(s.reach));
    let mut index = Neighbours::covering(contours.iter().map(|c| (c.x, c.y)));
    let mut kept = Vec::new();
    for i in order {
        let (x, y) = (contours[i].x, contours[i].y);
        if index.near(x, y, sized[i].reach + largest).all(|k| sized[i].overlap(&sized[k]) <= OVERLAP_MAX) {
            index.insert(i, x, y);
            kept.push(i);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::planted::{circle, close, ellipse, outline};
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn samples_are_spread_evenly_over_the_inside() {
        let contour = ellipse(50.0, 40.0, [20.0, 10.0], 0.4);
        let points: Vec<_> = samples(&contour).collect();
        let total: f64 = points.iter().map(|p| p.2).sum();
        close(total, PI * 20.0 * 10.0, 1.0);
        close(area(&contour), total, 1e-6);
        let mean = |of: &dyn Fn(&(f64, f64, f64)) -> f64| points.iter().map(|p| of(p) * p.2).sum::<f64>() / total;
        close(mean(&|p| p.0), 50.0, 1e-3);
        close(mean(&|p| p.1), 40.0, 1e-3);
        // Second moments of an ellipse about its centre: a quarter of the squares of its axes.
        close(mean(&|p| (p.0 - 50.0).powi(2) + (p.1 - 40.0).powi(2)), (400.0 + 100.0) / 4.0, 2.0);
        assert!(points.iter().all(|&(x, y, _)| contains(&contour, x, y)));
    }

    #[test]
    fn inside_is_what_is_nearer_than_the_outline() {
        let wide = ellipse(50.0, 40.0, [20.0, 10.0], 0.0);
        for (x, y) in [(69.5, 40.0), (30.5, 40.0), (50.0, 49.5), (50.0, 30.5)] {
            assert!(contains(&wide, x, y), "{x} {y}");
        }
        for (x, y) in [(70.5, 40.0), (29.5, 40.0), (50.0, 50.5), (50.0, 29.5), (65.0, 55.0)] {
            assert!(!contains(&wide, x, y), "{x} {y}");
        }
        // One side of it only.
        let bump = outline(0.0, 0.0, |t| if (0.5..1.0).contains(&t) { 30.0 } else { 10.0 });
        assert!(contains(&bump, 20.0 * libm::cos(0.75), 20.0 * libm::sin(0.75)));
        assert!(!contains(&bump, 20.0 * libm::cos(0.75), -20.0 * libm::sin(0.75)));
    }

    fn shared(a: &Contour, b: &Contour) -> f64 {
        let there = Measured::new(a).overlap(&Measured::new(b));
        assert_eq!(there, Measured::new(b).overlap(&Measured::new(a)));
        there
    }

    #[test]
    fn circles_share_a_lens() {
        for distance in [0.0, 5.0, 20.0, 35.0] {
            let half = libm::acos(distance / 40.0);
            let lens = 2.0 * 400.0 * (half - libm::sin(half) * libm::cos(half));
            for (dx, dy) in [(distance, 0.0), (0.0, distance), (-0.6 * distance, 0.8 * distance)] {
                let found = shared(&circle(50.0, 50.0, 20.0), &circle(50.0 + dx, 50.0 + dy, 20.001));
                close(found, lens / (PI * 400.0), 0.02);
            }
        }
        close(shared(&circle(50.0, 50.0, 20.0), &circle(58.0, 50.0, 5.0)), 1.0, 1e-12);
        assert_eq!(shared(&circle(50.0, 50.0, 20.0), &circle(80.0, 80.0, 20.0)), 0.0);
        assert_eq!(shared(&circle(50.0, 50.0, 20.0), &circle(50.0, 95.0, 20.0)), 0.0);
    }

    #[test]
    fn the_more_confident_of_two_stays() {
        // Shares of a lens: 0.39 at a distance of a radius, 0.25 at 1.25 radii.
        let row = |step: f64| [0.0, 1.0, 2.0].map(|i| circle(100.0 + step * i, 60.0, 20.0));
        assert_eq!(suppress(&row(20.0), &[0.5, 0.9, 0.6]), [1]);
        assert_eq!(suppress(&row(20.0), &[0.5, 0.4, 0.6]), [2, 0]);
        assert_eq!(suppress(&row(25.0), &[0.5, 0.9, 0.6]), [1, 2, 0]);
        // Of equals the upper one, then the left one, whatever comes first.
        let [mut a, b, _] = row(10.0);
        assert_eq!(suppress(&[b.clone(), a.clone()], &[0.5; 2]), [1]);
        a.y += 1.0;
        assert_eq!(suppress(&[a.clone(), b.clone()], &[0.5; 2]), [1]);
        assert_eq!(suppress(&[b, a], &[0.5; 2]), [0]);
        // Far along one axis a large one is still found.
        let large = outline(100.0, 100.0, |t| if libm::cos(t) > 0.9 { 300.0 } else { 20.0 });
        assert_eq!(suppress(&[circle(300.0, 100.0, 10.0), large], &[0.5, 0.9]), [1]);
    }
}
