//! Exact outlines: the distance from a centre to the edge as a function of direction.
//!
//! Every body here can be seen whole from its centre, so one radius per ray says everything: what is inside, how far
//! the edge is, the area, the widths. Shapes of roughly unit size are scaled to the exact area
//! asked for.

use super::dice::Dice;
use super::shapes::{Shape, unit_radii};
use std::f64::consts::{PI, TAU};

/// Rays per turn: at a radius of 125 nm they stand 1.1 nm apart.
pub(super) const RAYS: usize = 720;
/// Widths measured for the Feret diameters; 1 degree apart costs less than 0.02 % of the diameter.
const FERET_DIRECTIONS: usize = 180;
/// Strides, in rays, of the passes of the three-ray mean that make the smooth outline: together a Gaussian of about 10
/// degrees (half the sum of their squares is its variance).
const SMOOTH_STRIDES: [usize; 12] = [1, 2, 4, 8, 16, 10, 4, 16, 8, 4, 2, 1];
/// Distance from the edge, in radii, beyond which only the smooth outline counts.
const FAR_RADII: f64 = 0.5;

/// An outline around a centre. The centre is not the centroid in general.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub x_nm: f64,
    pub y_nm: f64,
    radius_nm: Vec<f64>,
    /// The radii without roughness: what stain farther out sees of the body.
    smooth_nm: Vec<f64>,
    /// Cosine between the ray and the smooth edge's normal: turns a distance along the ray into one across the edge.
    cosine: Vec<f64>,
}

impl Outline {
    /// A random outline of the given shape whose area is exactly that of a circle of `diameter_nm`.
    pub fn draw(shape: Shape, diameter_nm: f64, dice: &mut Dice) -> Self {
        let turn = dice.angle();
        let mut radius = unit_radii(shape, dice);
        let wobble = if shape == Shape::Circle { dice.uniform(0.0, 0.015) } else { dice.uniform(0.0, 0.03) };
        // Slow waves make it uneven, quick ones rough.
        let rough = dice.uniform(0.0, 0.006);
        let waves: Vec<_> = (2..28)
            .map(|k| (k as f64, (wobble / k as f64 + rough / (k as f64).sqrt()) * dice.normal(), dice.angle()))
            .collect();
        for (i, r) in radius.iter_mut().enumerate() {
            let angle = angle_of(i);
            *r *= 1.0 + waves.iter().map(|(k, a, phase)| a * libm::cos(k * angle + phase)).sum::<f64>();
        }
        radius.rotate_right((turn / TAU * RAYS as f64) as usize % RAYS);
        let mut outline = Self { x_nm: 0.0, y_nm: 0.0, radius_nm: radius, smooth_nm: Vec::new(), cosine: Vec::new() };
        let scale = diameter_nm / outline.diameter_nm();
        outline.radius_nm.iter_mut().for_each(|r| *r *= scale);
        outline.smooth_nm = smoothed(&outline.radius_nm, &SMOOTH_STRIDES);
        outline.cosine = (0..RAYS)
            .map(|i| {
                let (before, after) = (outline.smooth_nm[(i + RAYS - 1) % RAYS], outline.smooth_nm[(i + 1) % RAYS]);
                let slope = (after - before) / (2.0 * TAU / RAYS as f64) / outline.smooth_nm[i];
                1.0 / (1.0 + slope * slope).sqrt()
            })
            .collect();
        outline
    }

    /// The same outline around another centre.
    pub fn at(mut self, x_nm: f64, y_nm: f64) -> Self {
        (self.x_nm, self.y_nm) = (x_nm, y_nm);
        self
    }

    /// Radius in a direction, nm: linear between rays.
    pub fn radius_nm(&self, angle: f64) -> f64 {
        let (i, j, t) = ray(angle);
        self.radius_nm[i] * (1.0 - t) + self.radius_nm[j] * t
    }

    /// Largest radius, nm.
    pub fn reach_nm(&self) -> f64 {
        self.radius_nm.iter().fold(0.0, |a, &b| a.max(b))
    }

    /// Where a point lies.
    pub fn place(&self, x_nm: f64, y_nm: f64) -> Place {
        let (dx_nm, dy_nm) = (x_nm - self.x_nm, y_nm - self.y_nm);
        let angle = libm::atan2(dy_nm, dx_nm);
        let (i, j, t) = ray(angle);
        let radius_nm = self.radius_nm[i] * (1.0 - t) + self.radius_nm[j] * t;
        let r_nm = libm::hypot(dx_nm, dy_nm);
        let near_nm = (r_nm - radius_nm) * self.cosine[i];
        // Farther out the outline's details are forgotten, or they would cast rays.
        let far = ((r_nm / radius_nm - 1.0) / FAR_RADII).clamp(0.0, 1.0);
        let far_nm = (r_nm - self.smooth_nm[i] * (1.0 - t) - self.smooth_nm[j] * t).max(0.0);
        let outside_nm = near_nm * (1.0 - far) + far_nm * far;
        Place { outside_nm, rho: r_nm / radius_nm, angle, dx_nm, dy_nm }
    }

    /// Diameter of the circle of the same area, nm.
    pub fn diameter_nm(&self) -> f64 {
        let doubled: f64 = self.pairs().map(|(a, b)| (a * a + a * b + b * b) / 3.0).sum::<f64>() * TAU / RAYS as f64;
        2.0 * (0.5 * doubled / PI).sqrt()
    }

    /// Centroid of the area, nm.
    pub fn centroid_nm(&self) -> (f64, f64) {
        let (mut x, mut y, mut area) = (0.0, 0.0, 0.0);
        for (i, r) in self.radius_nm.iter().enumerate() {
            let (sin, cos) = libm::sincos(angle_of(i));
            x += r.powi(3) / 3.0 * cos;
            y += r.powi(3) / 3.0 * sin;
            area += r * r / 2.0;
        }
        (self.x_nm + x / area, self.y_nm + y / area)
    }

    /// Largest and smallest width between two parallel lines, nm.
    pub fn feret_nm(&self) -> (f64, f64) {
        let points: Vec<_> = self
            .radius_nm
            .iter()
            .enumerate()
            .map(|(i, r)| {
                let (sin, cos) = libm::sincos(angle_of(i));
                (r * cos, r * sin)
            })
            .collect();
        let widths = (0..FERET_DIRECTIONS).map(|k| {
            let (sin, cos) = libm::sincos(PI * k as f64 / FERET_DIRECTIONS as f64);
            let span = points.iter().map(|(x, y)| x * cos + y * sin);
            let (low, high) = span.fold((f64::MAX, f64::MIN), |(l, h), s| (l.min(s), h.max(s)));
            high - low
        });
        widths.fold((0.0, f64::MAX), |(largest, smallest), w| (f64::max(largest, w), f64::min(smallest, w)))
    }

    /// Whether any part lies outside a field of the given size, nm.
    pub fn leaves(&self, width_nm: f64, height_nm: f64) -> bool {
        self.radius_nm.iter().enumerate().any(|(i, r)| {
            let (sin, cos) = libm::sincos(angle_of(i));
            let (x, y) = (self.x_nm + r * cos, self.y_nm + r * sin);
            x < 0.0 || y < 0.0 || x > width_nm || y > height_nm
        })
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        (0..RAYS).map(|i| (self.radius_nm[i], self.radius_nm[(i + 1) % RAYS]))
    }
}

/// Where a point lies relative to an outline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Distance to the edge, nm, positive outside.
    pub outside_nm: f64,
    /// Distance from the centre as a share of the radius in that direction.
    pub rho: f64,
    pub angle: f64,
    pub dx_nm: f64,
    pub dy_nm: f64,
}

/// Direction of a ray.
pub(super) fn angle_of(i: usize) -> f64 {
    TAU * i as f64 / RAYS as f64
}

/// The two rays beside a direction and the share of the second.
fn ray(angle: f64) -> (usize, usize, f64) {
    let position = (angle / TAU).rem_euclid(1.0) * RAYS as f64;
    let i = position as usize % RAYS;
    (i, (i + 1) % RAYS, position.fract())
}

/// Repeated weighted mean (1/4, 1/2, 1/4) over rays that stand a stride apart.
pub(super) fn smoothed(radius: &[f64], strides: &[usize]) -> Vec<f64> {
    let n = radius.len();
    let mut new = radius.to_vec();
    let mut old = new.clone();
    for stride in strides {
        std::mem::swap(&mut old, &mut new);
        for i in 0..n {
            new[i] = 0.25 * old[(i + n - stride) % n] + 0.5 * old[i] + 0.25 * old[(i + stride) % n];
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_the_area_asked_for_and_sane_widths() {
        use Shape::*;
        for shape in
            [Circle, Ellipse, Faceted, Angular, Pear, Kidney, Rod, Tube, Bleb, Collapsed, Irregular, Ragged, Lobed]
        {
            for stream in 0..20 {
                let outline = Outline::draw(shape, 100.0, &mut Dice::new(5, stream));
                let (largest, smallest) = outline.feret_nm();
                assert!((outline.diameter_nm() - 100.0).abs() < 1e-9);
                assert!(largest >= 99.9 && smallest <= largest, "{shape:?}: {largest} {smallest}");
                assert!(shape == Ragged || largest / smallest < 3.2, "{shape:?}: {largest} / {smallest}");
            }
        }
    }

    #[test]
    fn a_circle_knows_how_far_its_edge_is() {
        let outline = Outline::draw(Shape::Circle, 80.0, &mut Dice::new(1, 1)).at(50.0, 60.0);
        let place = outline.place(50.0 + 45.0, 60.0);
        assert!((place.outside_nm - 5.0).abs() < 1.5);
        assert!(!outline.leaves(100.0, 110.0) && outline.leaves(100.0, 90.0));
    }
}
