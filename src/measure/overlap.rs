//! Which outlines describe the same thing, and which of them stays.

use crate::segment::{Contour, RAYS};
use std::f64::consts::TAU;

/// Rings of sample points inside an outline: with 64 rays, 512 points give an area share to a percent.
const RINGS: usize = 8;

/// Share of the smaller outline that may lie inside another, kept one: touching and slightly overlapping vesicles stay.
const OVERLAP_MAX: f64 = 0.3;

/// Points spread evenly over the rays and rings of an outline, with the area each stands for.
pub fn samples(contour: &Contour) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    (0..RAYS).flat_map(move |k| {
        let (sin, cos) = (TAU * k as f64 / RAYS as f64).sin_cos();
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

/// Area shared by two outlines over that of the smaller one.
pub fn overlap(a: &Contour, b: &Contour) -> f64 {
    let (small, large) = if area(a) <= area(b) { (a, b) } else { (b, a) };
    let reach = small.radius.iter().chain(&large.radius).fold(0.0f32, |m, &r| m.max(r));
    if (a.x - b.x).hypot(a.y - b.y) > 2.0 * f64::from(reach) {
        return 0.0;
    }
    let shared: f64 = samples(small).filter(|&(x, y, _)| contains(large, x, y)).map(|(_, _, area)| area).sum();
    shared / area(small)
}

/// Goes through the outlines from the most to the least confident and keeps those that share no more than
/// `OVERLAP_MAX` with a kept one. Returns the kept ones' positions, most confident first.
pub fn suppress(contours: &[Contour], confidence: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..contours.len()).collect();
    // Equal confidences: position decides, so that the order in which outlines were found does not.
    order.sort_by(|&a, &b| {
        let place = |i: usize| (contours[i].y, contours[i].x);
        confidence[b]
            .total_cmp(&confidence[a])
            .then(place(a).0.total_cmp(&place(b).0))
            .then(place(a).1.total_cmp(&place(b).1))
    });
    let mut kept: Vec<usize> = Vec::new();
    for i in order {
        if kept.iter().all(|&k| overlap(&contours[i], &contours[k]) <= OVERLAP_MAX) {
            kept.push(i);
        }
    }
    kept
}
