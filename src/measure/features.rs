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
pub fn across<T: Grey>(
    raw: &Picture<T>,
    contour: &Contour,
    readings: &Readings,
    pixel_nm: f32,
) -> [f32; ACROSS_NM.len()] {
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
pub struct Picture<'a, T = u16> {
    pub grey: &'a [T],
    pub width: usize,
    pub height: usize,
}

/// A grey value.
pub trait Grey: Copy + Into<f32> + Sync {}

impl<T: Copy + Into<f32> + Sync> Grey for T {}

impl<T: Grey> Picture<'_, T> {
    /// Value between four pixel centres; the border pixel is repeated outwards.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let at = |x: usize, y: usize| self.grey[y * self.width + x].into();
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
    pub fn new<T: Grey>(picture: &Picture<T>, contour: &Contour, pixel_nm: f32) -> Self {
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
    f.push(libm::logf(diameter_px * setting.pixel_nm));
    f.push(libm::logf(diameter_px));
    f.push(libm::logf((contrast / setting.noise.max(1.0)).max(0.01)));
    f.push((contrast / setting.contrast_high.max(1.0)).clamp(0.0, 4.0));
    f.push(contour.polarity.sign());
    f.push(contour.reward);
    edge(&mut f, readings, setting.noise);
    shape(&mut f, contour);
    profile(&mut f, readings, scale);
    texture(&mut f, readings, scale);
    f.extend([company.around, company.around - contour.reward, company.within, company.within - contour.reward]);
    f.push(libm::log1pf(company.crowd));
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
        (2.0 * libm::hypot(c, s) / RAYS as f64) as f32 / m
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
mod tests;
