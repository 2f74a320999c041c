//! What the verdict rests on: numbers that describe an outline and the grey values in and around it.
//!
//! Grey values are divided by the candidate's own edge contrast, lengths by its radius, so that the numbers mean the same at
//! any exposure, magnification and size. What has a scale (diameter, contrast over noise, pixels across) is a feature of
//! its own, as a logarithm.

use crate::segment::{Contour, Neighbours, RAY_DIRECTIONS, RAYS};

/// Distances from the centre at which grey values are read, over the outline's radius along each ray.
const PROFILE: [f32; 22] = [
    0.0, 0.15, 0.3, 0.45, 0.55, 0.65, 0.74, 0.8, 0.86, 0.92, 0.97, 1.02, 1.07, 1.13, 1.2, 1.28, 1.38, 1.5, 1.65, 1.8,
    2.0, 2.3,
];
/// First entries of [`PROFILE`] that lie inside, short of the edge's blur.
const INTERIOR: usize = 8;
/// Entries of the rim, of the surroundings next to the edge, and of those far away.
const RIM: std::ops::Range<usize> = 7..10;
const NEAR: std::ops::Range<usize> = 13..16;
const FAR: std::ops::Range<usize> = 18..22;
/// Least distance between the two sides of an edge's contrast, nm: beyond the membrane and the camera's blur.
const EDGE_REACH_NM: f32 = 4.0;
/// The same in working pixels, for coarse pictures.
const EDGE_REACH_MIN_PX: f32 = 1.0;
/// The same over the radius, for large vesicles.
const EDGE_REACH_RADIUS: f32 = 0.1;
/// A ray's edge is there when its contrast exceeds this many standard deviations of the noise ...
const SIGNIFICANT: f32 = 2.0;
/// ... and this share of the outline's mean contrast.
const SIGNIFICANT_SHARE: f32 = 0.3;
/// Sectors in which an edge is also averaged: the weakest shows whether it is open.
pub const SECTORS: usize = 8;

/// Distances from the steepest slope, outwards, at which grey values are read to tell how soft an edge is, nm: a membrane with
/// its stain lies within them.
const ACROSS_NM: [f32; 13] = [-10.0, -7.0, -5.0, -3.5, -2.0, -1.0, 0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 10.0];

/// How grey values run across an outline's edge, the mean over all its rays: 0 just outside, 1 inside (about). Read from a
/// picture that was not denoised, which would sharpen some edges and soften others.
pub fn across(raw: &Picture, contour: &Contour, readings: &Readings, pixel_nm: f32) -> [f32; ACROSS_NM.len()] {
    let scale = readings.sign * readings.edge_contrast().abs().max(1.0);
    let base = readings.surroundings();
    ACROSS_NM.map(|nm| {
        let sum: f32 = (0..RAYS)
            .map(|k| {
                let [cos, sin] = RAY_DIRECTIONS[k].map(|v| v as f32);
                let r = (contour.radius[k] + nm / pixel_nm).max(0.0);
                raw.at(contour.x as f32 + r * cos, contour.y as f32 + r * sin)
            })
            .sum();
        ((sum / RAYS as f32 - base) / scale).clamp(-5.0, 5.0)
    })
}

/// Working-grid picture on the processor.
pub struct Picture<'a> {
    pub grey: &'a [f32],
    pub width: usize,
    pub height: usize,
}

impl Picture<'_> {
    /// Value between four pixel centres; the border pixel is repeated outwards.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let at = |x: usize, y: usize| self.grey[y * self.width + x];
        (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx) * (1.0 - fy) + (at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx) * fy
    }

    fn contains(&self, x: f32, y: f32) -> bool {
        x >= -0.5 && y >= -0.5 && x <= self.width as f32 - 0.5 && y <= self.height as f32 - 0.5
    }
}

/// What describes the picture as a whole.
pub struct Setting {
    /// Edge of a working pixel, nm.
    pub pixel_nm: f32,
    /// Standard deviation of a pixel of empty film before denoising, working units.
    pub noise: f32,
    /// Edge contrast of the picture's best outlines, see [`contrast_high`], working units.
    pub contrast_high: f32,
}

/// Raw readings along the rays of one outline.
pub struct Readings {
    /// Grey values per [`PROFILE`] entry and ray.
    profile: Vec<[f32; RAYS]>,
    /// Inside minus outside per ray, positive for the outline's polarity; `None` beyond the picture.
    contrast: [Option<f32>; RAYS],
    /// Cosine between the gradient and the outline's normal, signed by polarity.
    alignment: [f32; RAYS],
    sign: f32,
}

impl Readings {
    /// Reads the picture along a contour.
    pub fn new(picture: &Picture, contour: &Contour, pixel_nm: f32) -> Self {
        let sign = contour.polarity.sign();
        let (cx, cy) = (contour.x as f32, contour.y as f32);
        let reach =
            (EDGE_REACH_NM / pixel_nm).max(EDGE_REACH_MIN_PX).max(EDGE_REACH_RADIUS * contour.mean_radius() as f32);
        let mut profile = vec![[0.0; RAYS]; PROFILE.len()];
        let mut contrast = [None; RAYS];
        let mut alignment = [0.0; RAYS];
        for k in 0..RAYS {
            let [cos, sin] = RAY_DIRECTIONS[k].map(|v| v as f32);
            let r = contour.radius[k];
            for (row, rho) in profile.iter_mut().zip(PROFILE) {
                row[k] = picture.at(cx + rho * r * cos, cy + rho * r * sin);
            }
            let (ex, ey) = (cx + r * cos, cy + r * sin);
            if picture.contains(ex, ey) {
                let side = |d: f32| picture.at(ex + d * cos, ey + d * sin);
                contrast[k] = Some(sign * (side(-reach) + side(-0.5 * reach) - side(reach) - side(0.5 * reach)) * 0.5);
            }
            // The normal of a polar curve leans away from the ray by its slope.
            let slope = 0.5 * (contour.radius[(k + 1) % RAYS] - contour.radius[(k + RAYS - 1) % RAYS]) * RAYS as f32
                / std::f32::consts::TAU
                / r.max(0.5);
            let (nx, ny) = (cos + slope * sin, sin - slope * cos);
            let gx = picture.at(ex + 1.0, ey) - picture.at(ex - 1.0, ey);
            let gy = picture.at(ex, ey + 1.0) - picture.at(ex, ey - 1.0);
            let length = (gx * gx + gy * gy).sqrt() * (nx * nx + ny * ny).sqrt();
            alignment[k] = if length > 0.0 { -sign * (gx * nx + gy * ny) / length } else { 0.0 };
        }
        Self { profile, contrast, alignment, sign }
    }

    fn known(&self) -> Vec<f32> {
        self.contrast.iter().flatten().copied().collect()
    }

    /// Mean edge contrast, working units.
    pub fn edge_contrast(&self) -> f32 {
        mean(&self.known())
    }

    /// Which rays have an edge. What lies beyond the picture can't be called a gap.
    fn significant(&self, noise: f32) -> [bool; RAYS] {
        let least = (SIGNIFICANT * noise).max(SIGNIFICANT_SHARE * self.edge_contrast());
        self.contrast.map(|c| c.is_none_or(|c| c > least))
    }

    /// Share of the rays with an edge, 0 to 1.
    pub fn completeness(&self, noise: f32) -> f32 {
        self.significant(noise).into_iter().filter(|&edge| edge).count() as f32 / RAYS as f32
    }

    /// Longest run of rays without an edge, as a share of a turn.
    pub fn longest_gap(&self, noise: f32) -> f32 {
        let edge = self.significant(noise);
        let (mut longest, mut run) = (0, 0);
        for k in 0..2 * RAYS {
            run = if edge[k % RAYS] { 0 } else { run + 1 };
            longest = longest.max(run);
        }
        longest.min(RAYS) as f32 / RAYS as f32
    }

    fn band(&self, rows: std::ops::Range<usize>) -> f32 {
        let n = rows.len() as f32;
        self.profile[rows].iter().map(|row| mean(row)).sum::<f32>() / n
    }

    /// Mean grey value from the centre to the rim, working units.
    pub fn interior(&self) -> f32 {
        // Each ring counts by its radius, as its area does.
        let weights = &PROFILE[..INTERIOR + 2];
        let sum: f32 = self.profile.iter().zip(weights).map(|(row, w)| mean(row) * w).sum();
        sum / weights.iter().sum::<f32>()
    }

    /// Mean grey value just outside the edge, working units.
    pub fn surroundings(&self) -> f32 {
        self.band(NEAR)
    }

    /// Mean grey value of the rim, working units.
    pub fn rim(&self) -> f32 {
        self.band(RIM)
    }

    /// `(rim - centre) / (rim - surroundings)`: 0 for a filled disc, 1 for a centre as far from the rim as the surroundings.
    pub fn cup_depth(&self) -> f32 {
        let rim = self.rim();
        let step = rim - self.surroundings();
        if step * self.sign > 0.0 { (rim - self.band(0..4)) / step } else { 0.0 }
    }

    /// Standard deviation of the grey values inside over the edge contrast.
    pub fn granularity(&self) -> f32 {
        let inside: Vec<f32> = self.profile[1..INTERIOR].iter().flatten().copied().collect();
        deviation(&inside) / self.edge_contrast().abs().max(1.0)
    }
}

/// Outlines from this reward on are strong: most true ones reach it, one in thirty of empty film.
const STRONG: f32 = 0.7;

/// How an outline relates to the others of the picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Company {
    /// Best reward of an outline around this one, and of one inside it; 0 without.
    pub around: f32,
    pub within: f32,
    /// Strong outlines nearby, per area of nine times this one's.
    pub crowd: f32,
}

/// Relations of all outlines; positions and sizes decide, so the order does not.
pub fn company(contours: &[Contour]) -> Vec<Company> {
    let radii: Vec<f64> = contours.iter().map(Contour::mean_radius).collect();
    let largest = radii.iter().fold(0.0f64, |m, &r| m.max(r));
    let index = Neighbours::of(contours.iter().map(|c| (c.x, c.y)));
    let one = |i: usize| {
        let (a, r) = (&contours[i], radii[i]);
        let mut company = Company::default();
        for j in index.near(a.x, a.y, largest.max(3.0 * r)) {
            let b = &contours[j];
            if i == j {
                continue;
            }
            let distance = ((a.x - b.x).powi(2) + (a.y - b.y).powi(2)).sqrt();
            if radii[j] > 1.25 * r && distance < radii[j] - 0.5 * r {
                company.around = company.around.max(b.reward);
            } else if radii[j] < 0.8 * r && distance < r - 0.5 * radii[j] {
                company.within = company.within.max(b.reward);
            }
            if b.reward >= STRONG && distance < 3.0 * r {
                company.crowd += 1.0;
            }
        }
        company
    };
    use rayon::prelude::*;
    (0..contours.len()).into_par_iter().map(one).collect()
}

/// Builds the feature vector. Its length and order are part of the verdict's version.
pub fn features(contour: &Contour, readings: &Readings, company: &Company, setting: &Setting) -> Vec<f32> {
    let mut f = Vec::with_capacity(96);
    let diameter_px = 2.0 * contour.mean_radius() as f32;
    let contrast = readings.edge_contrast();
    let scale = contrast.abs().max(0.5 * setting.noise).max(1.0);
    f.push((diameter_px * setting.pixel_nm).ln());
    f.push(diameter_px.ln());
    f.push((contrast / setting.noise.max(1.0)).max(0.01).ln());
    f.push((contrast / setting.contrast_high.max(1.0)).clamp(0.0, 4.0));
    f.push(contour.polarity.sign());
    f.push(contour.reward);
    edge(&mut f, readings, setting.noise);
    shape(&mut f, contour);
    profile(&mut f, readings, scale);
    texture(&mut f, readings, scale);
    f.extend([company.around, company.around - contour.reward, company.within, company.within - contour.reward]);
    f.push(company.crowd.ln_1p());
    f
}

fn edge(f: &mut Vec<f32>, readings: &Readings, noise: f32) {
    let mut known = readings.known();
    known.sort_by(f32::total_cmp);
    let contrast = mean(&known).abs().max(1.0);
    f.extend([0.1, 0.25, 0.5, 0.75, 0.9].map(|q| (quantile(&known, q) / contrast).clamp(-4.0, 6.0)));
    f.push(known.len() as f32 / RAYS as f32);
    f.push(readings.completeness(noise));
    f.push(readings.longest_gap(noise));
    let sector = |values: &dyn Fn(usize) -> f32| {
        let mut means: Vec<f32> = (0..SECTORS)
            .map(|s| {
                (0..RAYS / SECTORS).map(|i| values(s * RAYS / SECTORS + i)).sum::<f32>() * SECTORS as f32 / RAYS as f32
            })
            .collect();
        means.sort_by(f32::total_cmp);
        [means[0], means[1], means[SECTORS / 2]]
    };
    f.extend(sector(&|k| readings.contrast[k].unwrap_or(contrast) / contrast).map(|v| v.clamp(-4.0, 4.0)));
    f.extend(sector(&|k| readings.alignment[k]));
    let mut alignment = readings.alignment;
    alignment.sort_by(f32::total_cmp);
    f.extend([mean(&alignment), quantile(&alignment, 0.1), quantile(&alignment, 0.3)]);
}

fn shape(f: &mut Vec<f32>, contour: &Contour) {
    let r = &contour.radius;
    let m = mean(r);
    let bend = (0..RAYS).map(|k| (r[(k + 1) % RAYS] - 2.0 * r[k] + r[(k + RAYS - 1) % RAYS]).abs()).sum::<f32>();
    f.push(bend / RAYS as f32 / m);
    // Amplitudes of the outline's waves: 2 is ovalness, 3 to 5 are corners and dents, the rest is roughness.
    let wave = |n: usize| {
        let (mut c, mut s) = (0.0f64, 0.0f64);
        for (k, &r) in r.iter().enumerate() {
            let [cos, sin] = RAY_DIRECTIONS[n * k % RAYS];
            c += f64::from(r) * cos;
            s += f64::from(r) * sin;
        }
        (2.0 * c.hypot(s) / RAYS as f64) as f32 / m
    };
    f.extend([wave(2), wave(3), wave(4), wave(5)]);
    f.push((6..9).map(|n| wave(n).powi(2)).sum::<f32>().sqrt());
    f.push((9..20).map(|n| wave(n).powi(2)).sum::<f32>().sqrt());
    let mut sorted = *r;
    sorted.sort_by(f32::total_cmp);
    f.extend([sorted[0] / m, sorted[RAYS - 1] / m]);
}

fn profile(f: &mut Vec<f32>, readings: &Readings, scale: f32) {
    let base = readings.surroundings();
    let sign = readings.sign;
    let clamp = |v: f32| v.clamp(-5.0, 5.0);
    f.extend(readings.profile[1..].iter().map(|row| clamp(sign * (mean(row) - base) / scale)));
    f.extend(readings.profile[1..].iter().map(|row| clamp(deviation(row) / scale)));
}

fn texture(f: &mut Vec<f32>, readings: &Readings, scale: f32) {
    let sign = readings.sign;
    let extremes = |rows: &[[f32; RAYS]]| {
        let mut all: Vec<f32> = rows.iter().flatten().map(|v| sign * v).collect();
        all.sort_by(f32::total_cmp);
        let middle = quantile(&all, 0.5);
        [0.02, 0.1, 0.9, 0.98].map(|q| ((quantile(&all, q) - middle) / scale).clamp(-6.0, 6.0))
    };
    f.extend(extremes(&readings.profile[1..INTERIOR]));
    f.extend(extremes(&readings.profile[NEAR.start..FAR.start]));
    f.push(readings.granularity().min(5.0));
    f.push(readings.cup_depth().clamp(-3.0, 3.0));
    f.push((sign * (readings.interior() - readings.band(FAR)) / scale).clamp(-5.0, 5.0));
    // Differences between neighbouring rays: high for grains and dots, low for folds and gradients.
    let rough = |rows: std::ops::Range<usize>| {
        let n = (rows.len() * RAYS) as f32;
        let sum: f32 = readings.profile[rows]
            .iter()
            .map(|row| (0..RAYS).map(|k| (row[k] - row[(k + 1) % RAYS]).abs()).sum::<f32>())
            .sum();
        (sum / n / scale).min(3.0)
    };
    f.extend([rough(1..INTERIOR), rough(RIM), rough(NEAR), rough(FAR)]);
}

fn mean(values: &[f32]) -> f32 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f32>() / values.len() as f32 }
}

fn deviation(values: &[f32]) -> f32 {
    let m = mean(values);
    (values.iter().map(|v| (v - m).powi(2)).sum::<f32>() / values.len().max(1) as f32).sqrt()
}

/// Value below which a share `q` of the sorted values lies.
fn quantile(sorted: &[f32], q: f32) -> f32 {
    if sorted.is_empty() { 0.0 } else { sorted[((sorted.len() - 1) as f32 * q).round() as usize] }
}

/// Edge contrast of the best outlines of a picture, working units: the 90th percentile of the strong ones.
pub fn contrast_high(contours: &[Contour], readings: &[Readings]) -> f32 {
    let strong = contours.iter().zip(readings).filter(|(contour, _)| contour.reward >= STRONG);
    let mut contrasts: Vec<f32> = strong.map(|(_, readings)| readings.edge_contrast()).collect();
    contrasts.sort_by(f32::total_cmp);
    quantile(&contrasts, 0.9)
}

#[cfg(test)]
mod tests {
    use super::super::planted::{all_close, circle, close, outline, square};
    use super::*;
    use crate::segment::Polarity;
    use std::f64::consts::TAU;

    const SIDE: usize = 160;

    fn picture(grey: &[f32]) -> Picture<'_> {
        Picture { grey, width: SIDE, height: grey.len() / SIDE }
    }

    /// A cone that falls by 5 per pixel from the middle.
    fn cone() -> Vec<f32> {
        square(SIDE, |x, y| -5.0 * (x - 80.0).hypot(y - 80.0))
    }

    /// What was read where nothing differs from ray to ray: the rows' values, and a contrast of 50.
    fn readings(rows: impl Fn(usize) -> f32) -> Readings {
        let profile = (0..PROFILE.len()).map(|i| [rows(i); RAYS]).collect();
        Readings { profile, contrast: [Some(50.0); RAYS], alignment: [1.0; RAYS], sign: 1.0 }
    }

    #[test]
    fn values_between_pixels_are_those_of_a_plane() {
        let grey = square(SIDE, |x, y| 2.0 * x + 3.0 * y + 1.0);
        // Not as high as it is wide.
        let picture = picture(&grey[..SIDE * 100]);
        for (x, y) in [(0.0, 0.0), (7.25, 3.5), (158.9, 98.9), (159.0, 99.0), (12.0, 98.25)] {
            close(picture.at(x, y), 2.0 * x + 3.0 * y + 1.0, 1e-3);
        }
        assert_eq!((picture.at(-3.0, 5.0), picture.at(200.0, 5.0)), (picture.at(0.0, 5.0), picture.at(159.0, 5.0)));
        assert_eq!((picture.at(5.0, -3.0), picture.at(5.0, 200.0)), (picture.at(5.0, 0.0), picture.at(5.0, 99.0)));
        // Half a pixel around the centres of the outermost.
        for (x, y) in [(-0.5, 5.0), (5.0, -0.5), (159.5, 5.0), (5.0, 99.5)] {
            assert!(picture.contains(x, y), "{x} {y}");
        }
        for (x, y) in [(-0.6, 5.0), (5.0, -0.6), (159.6, 5.0), (5.0, 99.6)] {
            assert!(!picture.contains(x, y), "{x} {y}");
        }
    }

    #[test]
    fn on_a_cone_the_rings_lie_as_deep_as_they_are_wide() {
        let (grey, outline) = (cone(), circle(80.0, 80.0, 30.0));
        let read = Readings::new(&picture(&grey), &outline, 1.0);
        for (row, rho) in read.profile.iter().zip(PROFILE) {
            row.iter().for_each(|v| close(*v, -5.0 * 30.0 * rho, 0.5));
        }
        let dark = Contour { polarity: Polarity::Darker, ..outline.clone() };
        close(Readings::new(&picture(&grey), &dark, 1.0).edge_contrast(), -30.0, 0.1);
        // The two sides lie 4 nm, a pixel or a tenth of the radius from the edge, and half of it: 1.5 times as much apart
        // on the mean.
        for (pixel_nm, radius, reach) in [(1.0, 30.0, 4.0), (0.5, 30.0, 8.0), (8.0, 5.0, 1.0), (8.0, 60.0, 6.0)] {
            let read = Readings::new(&picture(&grey), &circle(80.0, 80.0, radius), pixel_nm);
            close(read.edge_contrast(), 5.0 * 1.5 * reach, 0.3);
        }
    }

    #[test]
    fn an_outline_along_the_level_lines_is_aligned_with_the_gradient() {
        let (a, b) = (32.0, 20.0);
        let grey = square(SIDE, |x, y| -1000.0 * (((x - 80.0) / a).powi(2) + ((y - 80.0) / b).powi(2)));
        let ellipse = outline(80.0, 80.0, |t: f64| a * b / (b * t.cos()).hypot(a * t.sin()));
        let read = |outline: &Contour| Readings::new(&picture(&grey), outline, 1.0).alignment;
        assert!(read(&ellipse).iter().all(|v| (0.99..1.0001).contains(v)), "{:?}", read(&ellipse));
        let dark = read(&Contour { polarity: Polarity::Darker, ..ellipse.clone() });
        assert!(dark.iter().all(|v| (-1.0001..-0.99).contains(v)));
        // A circle is not along these lines, except where its axes cross them; where nothing slopes, nothing is aligned.
        let round = read(&circle(80.0, 80.0, 26.0));
        assert!(round[RAYS / 8] < 0.95 && round[0] > 0.99 && round[RAYS / 4] > 0.99, "{round:?}");
        let flat = vec![7.0; SIDE * SIDE];
        assert_eq!(Readings::new(&picture(&flat), &ellipse, 1.0).alignment, [0.0; RAYS]);
    }

    #[test]
    fn what_lies_beyond_the_picture_is_not_known_and_no_gap() {
        let grey = cone();
        let read = Readings::new(&picture(&grey), &circle(-0.5, 80.0, 30.0), 1.0);
        // The upright ray and its opposite lie on the border itself, but for rounding.
        let known = read.contrast.iter().flatten().count();
        assert!((RAYS / 2 - 1..=RAYS / 2 + 1).contains(&known), "{known}");
        let unknown = Readings { contrast: [None; RAYS], ..readings(|_| 0.0) };
        assert_eq!((unknown.completeness(1.0), unknown.longest_gap(1.0), unknown.edge_contrast()), (1.0, 0.0, 0.0));
    }

    #[test]
    fn a_gap_is_what_is_weak_beside_noise_and_mean() {
        let with = |weak: f32| {
            // Across the first ray.
            let contrast = std::array::from_fn(|k| Some(if (4..60).contains(&k) { 100.0 } else { weak }));
            Readings { contrast, ..readings(|_| 0.0) }
        };
        let found = |weak: f32, noise: f32| (with(weak).completeness(noise), with(weak).longest_gap(noise));
        let (open, closed) = ((0.875, 0.125), (1.0, 0.0));
        assert_eq!((found(10.0, 10.0), found(45.0, 10.0)), (open, closed));
        // Above twice the noise, but not above 0.3 of the mean of 90.6; above that, but not above twice the noise.
        assert_eq!((found(25.0, 10.0), found(29.0, 10.0), found(45.0, 23.0)), (open, closed, open));
        assert_eq!(found(25.0, 60.0), (0.0, 1.0));
    }

    #[test]
    fn bands_are_where_the_rim_and_its_surroundings_are() {
        let at = |i: usize| match i {
            0..4 => 60.0,
            7..10 => 100.0,
            13..16 => 20.0,
            _ => 1000.0,
        };
        let cup = readings(at);
        assert_eq!((cup.rim(), cup.surroundings()), (100.0, 20.0));
        close(cup.cup_depth(), 0.5, 1e-6);
        let inverted = Readings { sign: -1.0, ..readings(at) };
        assert_eq!(inverted.cup_depth(), 0.0);
        assert_eq!(Readings { sign: -1.0, ..readings(|i| -at(i)) }.cup_depth(), cup.cup_depth());
        assert_eq!(readings(|_| 5.0).cup_depth(), 0.0);
        // The mean over a body that rises with the distance from its centre, ring by ring.
        let rising = readings(|i| PROFILE[i]).interior();
        let (sum, weights) = PROFILE[..10].iter().fold((0.0, 0.0), |(s, w), r| (s + r * r, w + r));
        close(rising, sum / weights, 1e-6);
        close(readings(|i| if i < 10 { 7.0 } else { 90.0 }).interior(), 7.0, 1e-5);
    }

    #[test]
    fn granularity_is_the_spread_inside_over_the_contrast() {
        let mut read = readings(|i| if (1..8).contains(&i) { 100.0 } else { 900.0 });
        read.profile[1..8]
            .iter_mut()
            .flatten()
            .enumerate()
            .for_each(|(i, v)| *v += if i % 2 == 0 { 10.0 } else { -10.0 });
        close(read.granularity(), 0.2, 1e-6);
        read.contrast = [Some(-50.0); RAYS];
        close(read.granularity(), 0.2, 1e-6);
    }

    #[test]
    fn an_outline_is_around_another_whose_most_it_holds() {
        let with = |circles: &[(f64, f64, f32)]| {
            let at = |&(x, radius, reward): &(f64, f64, f32)| Contour { reward, ..circle(x, 100.0, radius) };
            company(&circles.iter().map(at).collect::<Vec<_>>())
        };
        let pair = |x: f64, radius: f64| {
            let both = with(&[(100.0, 40.0, 0.5), (x, radius, 0.6)]);
            (both[1].around, both[0].within)
        };
        // Up to half of its own radius from the other's edge, and clearly smaller.
        assert_eq!([pair(110.0, 10.0), pair(134.0, 10.0), pair(66.0, 10.0)], [(0.5, 0.6); 3]);
        assert_eq!([pair(136.0, 10.0), pair(64.0, 10.0), pair(100.0, 38.0)], [(0.0, 0.0); 3]);
        assert_eq!((pair(100.0, 31.0), pair(100.0, 33.0)), ((0.5, 0.6), (0.0, 0.0)));
        let nested = with(&[(100.0, 40.0, 0.5), (100.0, 10.0, 0.3), (101.0, 12.0, 0.6), (103.0, 80.0, 0.4)]);
        assert_eq!((nested[0].within, nested[0].around), (0.6, 0.4));
        // Strong ones within three radii, itself left out.
        let crowd = with(&[
            (500.0, 10.0, 0.1),
            (529.0, 10.0, 0.7),
            (531.0, 10.0, 0.9),
            (520.0, 10.0, 0.69),
            (471.0, 10.0, 0.8),
        ]);
        assert_eq!(crowd.iter().map(|c| c.crowd).collect::<Vec<_>>(), [2.0, 1.0, 1.0, 2.0, 0.0]);
    }

    #[test]
    fn edge_features_are_quantiles_and_weakest_sectors() {
        let contrast = std::array::from_fn(|k| Some(100.0 + k as f32));
        let alignment = std::array::from_fn(|k| 1.0 - k as f32 / 64.0);
        let read = Readings { contrast, alignment, ..readings(|_| 0.0) };
        let mut found = Vec::new();
        edge(&mut found, &read, 55.0);
        let rays = [106.0, 116.0, 132.0, 147.0, 157.0, 64.0 * 131.5 / 64.0, 0.0, 0.0, 103.5, 111.5, 135.5];
        let mut expected: Vec<f64> = rays.iter().map(|v| v / 131.5).collect();
        // Eleven of 64 are not above twice the noise.
        (expected[6], expected[7]) = (53.0 / 64.0, 11.0 / 64.0);
        let aligned = [4.5, 12.5, 36.5, 32.5, 7.0, 20.0];
        expected.extend(aligned.map(|v| v / 64.0));
        all_close(&found, &expected, 1e-5);
        // What is not known is as strong as the mean.
        let mut half = Vec::new();
        let contrast = std::array::from_fn(|k| (k < 16).then_some(if k % 2 == 0 { 400.0 } else { 200.0 }));
        edge(&mut half, &Readings { contrast, ..read }, 55.0);
        all_close(&half[5..11], &[0.25, 1.0, 0.0, 1.0, 1.0, 1.0], 1e-5);
    }

    #[test]
    fn waves_of_an_outline_are_found_by_their_number() {
        for n in 2..20 {
            let phase = 0.3 * n as f64;
            let wavy = outline(0.0, 0.0, |t| 20.0 * (1.0 + 0.1 * (n as f64 * t + phase).cos()));
            let mut found = Vec::new();
            shape(&mut found, &wavy);
            let at = match n {
                2..=5 => n - 1,
                6..=8 => 5,
                _ => 6,
            };
            let angles = || (0..RAYS).map(|k| n as f64 * TAU * k as f64 / RAYS as f64 + phase);
            // Second differences of a cosine are cosines.
            let bend = 0.2 * (1.0 - (n as f64 * TAU / RAYS as f64).cos());
            let mut expected = vec![0.0; 9];
            expected[0] = bend * angles().map(|a| a.cos().abs()).sum::<f64>() / RAYS as f64;
            expected[at] = 0.1;
            expected[7] = 1.0 + 0.1 * angles().map(f64::cos).fold(1.0, f64::min);
            expected[8] = 1.0 + 0.1 * angles().map(f64::cos).fold(-1.0, f64::max);
            all_close(&found, &expected, 1e-5);
        }
        let mut rough = Vec::new();
        shape(&mut rough, &outline(0.0, 0.0, |t| 20.0 + 3.0 * (6.0 * t).cos() + 4.0 * (8.0 * t).sin()));
        close(rough[5], 0.25, 1e-5);
    }

    #[test]
    fn profiles_are_heights_over_the_surroundings() {
        let height = |i: usize| if (13..16).contains(&i) { 30.0 } else { 30.0 + 4.0 * i as f32 };
        let mut read = readings(height);
        for row in &mut read.profile {
            row.iter_mut().enumerate().for_each(|(k, v)| *v += if k % 2 == 0 { 6.0 } else { -6.0 });
        }
        let expected = |sign: f64| -> Vec<f64> {
            let means = (1..22).map(|i| sign * f64::from(height(i) - 30.0) / 20.0);
            means.chain([0.3; 21]).collect()
        };
        for sign in [1.0, -1.0] {
            read.sign = sign;
            let mut found = Vec::new();
            profile(&mut found, &read, 20.0);
            all_close(&found, &expected(f64::from(sign)), 1e-5);
        }
    }

    #[test]
    fn texture_is_extremes_and_differences_of_neighbours() {
        // Every band has its own step from ray to ray.
        let step = |i: usize| match i {
            0 => 500.0,
            1..7 => 1.0,
            7 => 1.0,
            8..10 => 3.0,
            13..16 => 5.0,
            18..22 => 7.0,
            _ => 40.0,
        };
        let base = |i: usize| {
            if i < 10 {
                200.0
            } else if i < 18 {
                100.0
            } else {
                80.0
            }
        };
        let mut read = readings(base);
        for (i, row) in read.profile.iter_mut().enumerate() {
            row.iter_mut().enumerate().for_each(|(k, v)| *v += if k % 2 == 0 { 0.0 } else { step(i) });
        }
        let mut found = Vec::new();
        texture(&mut found, &read, 10.0);
        let rough = [1.0, (1.0 + 3.0 + 3.0) / 3.0, 5.0, 7.0].map(|v| v / 10.0);
        all_close(&found[found.len() - 4..], &rough, 1e-5);
        // Means: half of each step higher; rings count by their radius.
        let ring = |i: usize| f64::from(base(i) + 0.5 * step(i));
        let weights = PROFILE.map(f64::from);
        let interior = (0..10).map(|i| ring(i) * weights[i]).sum::<f64>() / weights[..10].iter().sum::<f64>();
        close(found[10], ((interior - 83.5) / 10.0).min(5.0), 1e-4);
        let rim = 200.0 + 7.0 / 6.0;
        close(found[9], (rim - (450.0 + 3.0 * 200.5) / 4.0) / (rim - 102.5), 1e-4);
        close(found[8], 0.5 / 50.0, 1e-5);
        // Inside, 2 % and 98 % of ramps from 0 to 63 lie 31 (by rounding) from their middle, 10 % and 90 % 25.
        let mut ramps = readings(|_| 0.0);
        ramps.profile.iter_mut().for_each(|row| *row = std::array::from_fn(|k| k as f32));
        for (sign, expected) in [(1.0, [-31.0, -26.0, 25.0, 30.0]), (-1.0, [-31.0, -26.0, 25.0, 30.0])] {
            ramps.sign = sign;
            let mut found = Vec::new();
            texture(&mut found, &ramps, 10.0);
            for part in [&found[..4], &found[4..8]] {
                all_close(part, &expected.map(|v| v / 10.0), 0.11);
            }
        }
    }

    #[test]
    fn features_begin_with_scales_and_end_with_company() {
        let contour = Contour { reward: 0.6, polarity: Polarity::Darker, ..circle(0.0, 0.0, 20.0) };
        let company = Company { around: 0.9, within: 0.4, crowd: 3.0 };
        let setting = Setting { pixel_nm: 2.0, noise: 10.0, contrast_high: 100.0 };
        let found = features(&contour, &readings(|i| i as f32), &company, &setting);
        let start = [80f64.ln(), 40f64.ln(), 5f64.ln(), 0.5, f64::from(Polarity::Darker.sign()), 0.6];
        all_close(&found[..6], &start, 1e-5);
        all_close(&found[found.len() - 5..], &[0.9, 0.3, 0.4, -0.2, 4f64.ln()], 1e-5);
        // Heights are told in contrasts, but not in less than half of the noise: an outline around nothing has none.
        let height =
            |noise: f32| features(&contour, &readings(|i| i as f32), &company, &Setting { noise, ..setting })[32];
        let first = (1.0 - 14.0) / 50.0;
        let position = found.iter().position(|v| (f64::from(*v) - first).abs() < 1e-6);
        assert_eq!(position, Some(32), "{found:?}");
        close(height(200.0), first / 2.0, 1e-6);
    }

    #[test]
    fn across_an_edge_of_a_cone_values_fall_evenly() {
        let (grey, contour) = (cone(), circle(80.0, 80.0, 30.0));
        let at_edge = readings(|_| -200.0);
        let found = across(&picture(&grey), &contour, &at_edge, 0.5);
        let expected = ACROSS_NM.map(|nm| ((200.0 - 5.0 * (30.0 + 2.0 * f64::from(nm))) / 50.0).clamp(-5.0, 5.0));
        all_close(&found, &expected, 0.01);
        let dark = across(&picture(&grey), &contour, &Readings { sign: -1.0, ..at_edge }, 0.5);
        all_close(&dark, &expected.map(|v| -v), 0.01);
    }

    #[test]
    fn the_best_contrast_is_that_of_the_strong_ones() {
        let contours: Vec<Contour> =
            (0..21).map(|i| Contour { reward: if i < 11 { 0.7 } else { 0.6 }, ..circle(0.0, 0.0, 9.0) }).collect();
        let read = |i: u8| Readings { contrast: [Some(f32::from(i)); RAYS], ..readings(|_| 0.0) };
        assert_eq!(contrast_high(&contours, &(0..21).map(read).collect::<Vec<_>>()), 9.0);
        assert_eq!(contrast_high(&[], &[]), 0.0);
    }
}
