//! From candidates to closed outlines, from coarse to fine.

use super::candidates::{Candidate, Start, level_of};
use super::native::{ContourParams, PolarParams};
use super::outline::{Polarity, RAY_DIRECTIONS, RAYS};
use super::pyramid::Level;
use crate::error::Result;
use crate::gpu::{Device, Plane, kernels};
use rayon::prelude::*;

/// Radii searched around a candidate, over its ring's radius: from the short to the long half axis of an oval of 1 : 3.
const SEARCH: std::ops::RangeInclusive<f64> = 0.5..=1.7;
/// Rays and radial positions of the first pass, which most candidates don't survive.
const COARSE: Sampling = Sampling { rays: 32, positions: 33 };
/// The same of the passes that refine an outline.
const FINE: Sampling = Sampling { rays: RAYS, positions: 21 };
/// Distance of those positions, px of their level: they reach 2.5 px to either side, what a level twice as coarse can be
/// wrong by.
const FINE_STEP_PX: f64 = 0.25;

/// How densely a candidate is looked at; the number of rays divides [`RAYS`].
#[derive(Clone, Copy)]
struct Sampling {
    rays: usize,
    positions: usize,
}

/// Candidates solved in one dispatch: bounds the memory of the rewards to some 40 MB.
const BATCH: usize = 4096;

/// Mean reward below which a first outline is not refined. Rings in empty film reach 0.45 to 0.55; no vesicle that experts
/// outlined is lost at 0.6.
const COARSE_REWARD_MIN: f32 = 0.55;
/// The same for a finished outline to be handed on.
const REWARD_MIN: f32 = 0.5;
/// The same for both where the network sees a vesicle: soft and faint edges are welcome there.
const REWARD_MIN_SEEN: f32 = 0.25;
/// How far outside the edge of the network's map a vesicle's edge lies, pixels of the map: the map falls where the band
/// begins that the network takes for the edge.
const MAP_OFFSET_PX: f64 = 0.75;

/// Distance of the rays' origin from the centroid that is let be, over the radius: rays then meet the outline within 3
/// degrees of where they should.
const OFF_CENTRE: f64 = 0.05;
/// Share of an outline that must lie inside the picture for it to be believed.
const KNOWN_MIN: f32 = 0.4;

/// A closed outline on the working grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Working-grid indices of the centre.
    pub x: f64,
    pub y: f64,
    /// Working pixels along each ray.
    pub radius: [f32; RAYS],
    pub polarity: Polarity,
    /// Mean reward (saturated edge strength, at most 1) along the outline.
    pub reward: f32,
}

impl Contour {
    /// Mean radius, working pixels.
    pub fn mean_radius(&self) -> f64 {
        self.radius.iter().map(|&r| f64::from(r)).sum::<f64>() / RAYS as f64
    }

    /// The same outline so many working pixels farther out.
    pub fn widened(&self, distance: f64) -> Self {
        Self { radius: self.radius.map(|r| r + distance as f32), ..self.clone() }
    }

    fn vertex(&self, k: usize) -> [f64; 2] {
        let [cos, sin] = RAY_DIRECTIONS[k];
        let r = f64::from(self.radius[k]);
        [self.x + r * cos, self.y + r * sin]
    }

    /// Share of the outline that lies inside the picture.
    fn known_share(&self, level: &Level) -> f32 {
        let inside = |k: &usize| {
            let [x, y] = self.vertex(*k).map(|v| level.on_level(v));
            x >= -0.5 && y >= -0.5 && x <= level.width as f64 - 0.5 && y <= level.height as f64 - 0.5
        };
        (0..RAYS).filter(inside).count() as f32 / RAYS as f32
    }

    /// This contour with the kernel's solution: radii (px of the level) of every first, second, ... ray, then their reward.
    fn solved(&self, solved: &[f32], level: &Level) -> Self {
        let (reward, radii) = solved.split_last().unwrap_or((&0.0, &[]));
        let every = RAYS / radii.len();
        let mut contour = self.clone();
        for (k, radius) in contour.radius.iter_mut().enumerate() {
            let (before, after) = (radii[k / every], radii[k.div_ceil(every) % radii.len()]);
            let part = (k % every) as f32 / every as f32;
            *radius = (before + (after - before) * part) * level.scale as f32;
        }
        let known = contour.known_share(level);
        contour.reward = if known >= KNOWN_MIN { reward / known } else { 0.0 };
        contour.recentred()
    }

    /// The same outline, its rays starting from its centroid; as it is when they nearly do.
    fn recentred(self) -> Self {
        let polygon: Vec<[f64; 2]> = (0..RAYS).map(|k| self.vertex(k)).collect();
        let [x, y] = centroid(&polygon).unwrap_or([self.x, self.y]);
        if (x - self.x).hypot(y - self.y) < OFF_CENTRE * self.mean_radius() {
            return self;
        }
        let mut radius = [0.0f32; RAYS];
        for (radius, along) in radius.iter_mut().zip(RAY_DIRECTIONS.iter()) {
            *radius = farthest_crossing(&polygon, [x, y], *along) as f32;
        }
        // A centroid outside its own outline would give rays that never cross it.
        if radius.iter().all(|&r| r > 0.0) { Self { x, y, radius, ..self } } else { self }
    }
}

/// Centre of mass of a polygon; `None` without area.
fn centroid(polygon: &[[f64; 2]]) -> Option<[f64; 2]> {
    let [x0, y0] = polygon[0];
    let (mut area, mut sx, mut sy) = (0.0, 0.0, 0.0);
    for (i, a) in polygon.iter().enumerate() {
        let b = polygon[(i + 1) % polygon.len()];
        let (ax, ay, bx, by) = (a[0] - x0, a[1] - y0, b[0] - x0, b[1] - y0);
        let cross = ax * by - bx * ay;
        area += cross;
        sx += (ax + bx) * cross;
        sy += (ay + by) * cross;
    }
    (area.abs() > 1e-9).then(|| [x0 + sx / (3.0 * area), y0 + sy / (3.0 * area)])
}

/// Largest distance at which a ray crosses a polygon, 0 if it never does.
fn farthest_crossing(polygon: &[[f64; 2]], from: [f64; 2], along: [f64; 2]) -> f64 {
    // Positions along the ray and to its left.
    let seen = |p: &[f64; 2]| {
        let (x, y) = (p[0] - from[0], p[1] - from[1]);
        (x * along[0] + y * along[1], y * along[0] - x * along[1])
    };
    let mut farthest = 0.0f64;
    let Some(mut a) = polygon.last().map(seen) else { return farthest };
    for b in polygon.iter().map(seen) {
        if (a.1 < 0.0) != (b.1 < 0.0) {
            farthest = farthest.max(a.0 + (b.0 - a.0) * a.1 / (a.1 - b.1));
        }
        a = b;
    }
    farthest
}

/// What outlines may follow.
pub struct Edges<'a> {
    /// Gradients of the picture, the finest first.
    pub levels: &'a [Level],
    /// Gradient with the least smoothing.
    pub finest: &'a Level,
    /// Gradient of the network's map of vesicles.
    pub map: &'a Level,
}

/// Outlines all candidates: a first pass on the level where they were found, then one on each finer level, the last one on
/// `finest`, which has the least smoothing. Where the network's map is to be followed, the first pass is on `map`, its
/// gradient.
pub fn contours(
    device: &Device,
    Edges { levels, finest, map }: &Edges,
    candidates: &[Candidate],
    penalty: f64,
) -> Result<Vec<Contour>> {
    let level_of: Vec<usize> = candidates.iter().map(|c| level_of(levels, c.radius)).collect();
    let mut contours: Vec<Contour> = candidates
        .iter()
        .map(|c| Contour {
            x: c.x,
            y: c.y,
            radius: [(c.radius * (SEARCH.start() + SEARCH.end()) / 2.0) as f32; RAYS],
            polarity: c.polarity,
            reward: 0.0,
        })
        .collect();
    let step = |i: usize| candidates[i].radius * (SEARCH.end() - SEARCH.start()) / (COARSE.positions - 1) as f64;
    let mapped: Vec<usize> = (0..contours.len()).filter(|&i| candidates[i].start == Start::NetworkMap).collect();
    // A vesicle is the lighter one on the map, whatever it is in the picture.
    mapped.iter().for_each(|&i| contours[i].polarity = Polarity::Lighter);
    pass(device, map, &mut contours, &mapped, COARSE, step, penalty)?;
    for &i in &mapped {
        contours[i] = contours[i].widened(MAP_OFFSET_PX * map.scale);
        contours[i].polarity = candidates[i].polarity;
    }
    let mut promising: Vec<bool> = candidates.iter().map(|c| c.start == Start::NetworkMap).collect();
    for (index, level) in levels.iter().enumerate().rev() {
        let starting: Vec<usize> =
            (0..contours.len()).filter(|&i| level_of[i] == index && candidates[i].start != Start::NetworkMap).collect();
        pass(device, level, &mut contours, &starting, COARSE, step, penalty)?;
        starting.iter().for_each(|&i| {
            let least = if candidates[i].start == Start::Votes { COARSE_REWARD_MIN } else { REWARD_MIN_SEEN };
            promising[i] = contours[i].reward >= least;
        });
        // A level that is the first for some is a finer one for those that came before.
        let refined: Vec<usize> = (0..contours.len()).filter(|&i| promising[i] && level_of[i] >= index).collect();
        let last = if index == 0 { finest } else { level };
        pass(device, last, &mut contours, &refined, FINE, |_| FINE_STEP_PX * last.scale, penalty)?;
    }
    let whole = (0..contours.len()).filter(|&i| {
        let least = if candidates[i].start == Start::Votes { REWARD_MIN } else { REWARD_MIN_SEEN };
        promising[i] && contours[i].reward >= least
    });
    Ok(whole.map(|i| contours[i].clone()).collect())
}

/// Improves the chosen contours on one level. `step` gives the distance of the radial positions, working pixels.
fn pass(
    device: &Device,
    level: &Level,
    contours: &mut [Contour],
    chosen: &[usize],
    Sampling { rays, positions }: Sampling,
    step: impl Fn(usize) -> f64,
    penalty: f64,
) -> Result<()> {
    let every = RAYS / rays;
    let direction = RAY_DIRECTIONS.iter().step_by(every).flatten().map(|&v| v as f32);
    let direction = device.upload(direction.collect())?;
    for batch in chosen.chunks(BATCH) {
        let n = batch.len();
        let candidate = batch.iter().flat_map(|&i| {
            let c = &contours[i];
            let (x, y) = (level.on_level(c.x), level.on_level(c.y));
            [x as f32, y as f32, (step(i) / level.scale) as f32, c.polarity.sign()]
        });
        let candidate = device.upload(candidate.collect())?;
        let prior =
            batch.iter().flat_map(|&i| contours[i].radius.iter().step_by(every).map(|r| r / level.scale as f32));
        let prior = device.upload(prior.collect())?;
        let polar = PolarParams {
            width: level.width as u32,
            height: level.height as u32,
            candidates: n as u32,
            rays: rays as u32,
            positions: positions as u32,
        };
        let inputs: [&Plane; 4] = [&level.gradient, &candidate, &prior, &direction];
        let reward = device.run(&kernels::POLAR, &polar, &inputs, n * rays * positions, [rays * positions, n, 1])?;
        let contour = ContourParams {
            candidates: n as u32,
            rays: rays as u32,
            positions: positions as u32,
            penalty: penalty as f32,
        };
        let inputs = [&reward, &candidate, &prior];
        let solved = device.run(&kernels::CONTOUR, &contour, &inputs, n * (rays + 1), [n * 64, 1, 1])?;
        let solved = device.download(&solved)?;
        let better: Vec<Contour> = batch
            .par_iter()
            .zip(solved.par_chunks_exact(rays + 1))
            .map(|(&i, solved)| contours[i].solved(solved, level))
            .collect();
        for (&i, contour) in batch.iter().zip(better) {
            contours[i] = contour;
        }
    }
    Ok(())
}
