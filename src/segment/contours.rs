//! From candidates to closed outlines, from coarse to fine.

use super::candidates::{Candidate, Start, level_of};
use super::native::{CANDIDATE, ContourParams, PolarParams};
use super::outline::{Polarity, RAY_DIRECTIONS, RAYS};
use super::pyramid::{Grid, Level};
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
    fn known_share(&self, grid: &Grid) -> f32 {
        let inside = |k: &usize| {
            let [x, y] = self.vertex(*k).map(|v| grid.on_level(v));
            x >= -0.5 && y >= -0.5 && x <= grid.width as f64 - 0.5 && y <= grid.height as f64 - 0.5
        };
        (0..RAYS).filter(inside).count() as f32 / RAYS as f32
    }

    /// This contour with the kernel's solution: radii (px of the level) of every first, second, ... ray, then their reward.
    fn solved(&self, solved: &[f32], grid: &Grid) -> Self {
        let (reward, radii) = solved.split_last().unwrap_or((&0.0, &[]));
        let every = RAYS / radii.len();
        let mut contour = self.clone();
        for (k, radius) in contour.radius.iter_mut().enumerate() {
            let (before, after) = (radii[k / every], radii[k.div_ceil(every) % radii.len()]);
            let part = (k % every) as f32 / every as f32;
            *radius = (before + (after - before) * part) * grid.scale as f32;
        }
        let known = contour.known_share(grid);
        contour.reward = if known >= KNOWN_MIN { reward / known } else { 0.0 };
        contour.recentred()
    }

    /// The same outline, its rays starting from its centroid; as it is when they nearly do.
    fn recentred(self) -> Self {
        let polygon: Vec<[f64; 2]> = (0..RAYS).map(|k| self.vertex(k)).collect();
        let [x, y] = centroid(&polygon).unwrap_or([self.x, self.y]);
        if libm::hypot(x - self.x, y - self.y) < OFF_CENTRE * self.mean_radius() {
            return self;
        }
        let mut farthest = [0.0; RAYS];
        crossings(&mut farthest, &polygon, [x, y]);
        let radius = farthest.map(|r| r as f32);
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

/// For each ray from a place the largest distance at which it crosses a polygon of as many vertices as there are rays, 0 if it
/// never does.
fn crossings(farthest: &mut [f64; RAYS], polygon: &[[f64; 2]], from: [f64; 2]) {
    // Edges seen from the place: each begins at its vertex and ends at the next one.
    let seen: [[f64; 2]; RAYS] = std::array::from_fn(|k| [polygon[k][0] - from[0], polygon[k][1] - from[1]]);
    let crossing = |edge: usize, [cos, sin]: [f64; 2]| {
        let ([ax, ay], [bx, by]) = (seen[edge], seen[(edge + 1) % RAYS]);
        // Positions along the ray and to its left.
        let (a, b) = ((ax * cos + ay * sin, ay * cos - ax * sin), (bx * cos + by * sin, by * cos - bx * sin));
        ((a.1 < 0.0) != (b.1 < 0.0)).then(|| a.0 + (b.0 - a.0) * a.1 / (a.1 - b.1))
    };
    let turns_left = |edge: usize| {
        let ([ax, ay], [bx, by]) = (seen[edge], seen[(edge + 1) % RAYS]);
        ax * by - ay * bx > 0.0
    };
    if (0..RAYS).all(turns_left) {
        // Each ray crosses one edge in front of the place, and the next ray that one or one behind it.
        let mut edge = 0;
        for (farthest, along) in farthest.iter_mut().zip(RAY_DIRECTIONS.iter()) {
            let ahead = (0..RAYS).map(|step| (edge + step) % RAYS);
            let found =
                ahead.filter_map(|edge| crossing(edge, *along).filter(|at| *at > 0.0).map(|at| (edge, at))).next();
            (edge, *farthest) = found.unwrap_or((edge, 0.0));
        }
    } else {
        for (farthest, along) in farthest.iter_mut().zip(RAY_DIRECTIONS.iter()) {
            *farthest = (0..RAYS).filter_map(|edge| crossing(edge, *along)).fold(0.0, f64::max);
        }
    }
}

/// What outlines may follow.
pub struct Edges {
    /// Gradients of the picture, the finest first.
    pub levels: Vec<Level>,
    /// Gradient with the least smoothing.
    pub finest: Level,
    /// Gradient of the network's map of vesicles.
    pub map: Level,
}

/// How far from its candidate an outline may look, over the candidate's radius: the first pass takes it as far as the search
/// goes; each later one 2.5 px of its level farther, together less than 5 px of the level where it started, on which the radius
/// is no less than that.
pub const REACH: f64 = *SEARCH.end() + 1.0;

/// Outlines all candidates, and says for each outline whose it is: a first pass on the level where they were found, then one on each finer level, the last one on
/// `finest`, which has the least smoothing. Where the network's map is to be followed, the first pass is on `map`, its
/// gradient.
pub fn contours(
    device: &Device,
    Edges { levels, finest, map }: &Edges,
    candidates: &[Candidate],
    penalty: f64,
) -> Result<Vec<(usize, Contour)>> {
    let grids: Vec<Grid> = levels.iter().map(|level| level.grid).collect();
    let level_of: Vec<usize> = candidates.iter().map(|c| level_of(&grids, c.radius)).collect();
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
        contours[i] = contours[i].widened(MAP_OFFSET_PX * map.grid.scale);
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
        pass(device, last, &mut contours, &refined, FINE, |_| FINE_STEP_PX * last.grid.scale, penalty)?;
    }
    let whole = (0..).zip(contours).filter(|(i, contour)| {
        let least = if candidates[*i].start == Start::Votes { REWARD_MIN } else { REWARD_MIN_SEEN };
        promising[*i] && contour.reward >= least
    });
    Ok(whole.collect())
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
    let (every, grid) = (RAYS / rays, &level.grid);
    let ((width, height), left, top) = (level.part.size(), level.part.x.start, level.part.y.start);
    let direction = RAY_DIRECTIONS.iter().step_by(every).flatten().map(|&v| v as f32);
    let direction = device.upload(direction.collect())?;
    for batch in chosen.chunks(BATCH) {
        let n = batch.len();
        // Pixel and place in it are told apart, so that rounding does not depend on where the part begins.
        let candidate = batch.iter().flat_map(|&i| -> [f32; CANDIDATE] {
            let c = &contours[i];
            let (x, y) = (grid.on_level(c.x), grid.on_level(c.y));
            let pixel = |v: f64, start: usize| (v.floor() as i64 - start as i64) as f32;
            let place = |v: f64| (v - v.floor()) as f32;
            [pixel(x, left), pixel(y, top), place(x), place(y), (step(i) / grid.scale) as f32, c.polarity.sign()]
        });
        let candidate = device.upload(candidate.collect())?;
        let prior = batch.iter().flat_map(|&i| contours[i].radius.iter().step_by(every).map(|r| r / grid.scale as f32));
        let prior = device.upload(prior.collect())?;
        let polar = PolarParams {
            width: width as u32,
            height: height as u32,
            left: -(left as i32),
            top: -(top as i32),
            right: (grid.width - left) as i32,
            bottom: (grid.height - top) as i32,
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
            .map(|(&i, solved)| contours[i].solved(solved, grid))
            .collect();
        for (&i, contour) in batch.iter().zip(better) {
            contours[i] = contour;
        }
    }
    Ok(())
}
