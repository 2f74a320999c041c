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
    let k = (dy.atan2(dx) / TAU * RAYS as f64).round().rem_euclid(RAYS as f64) as usize % RAYS;
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
