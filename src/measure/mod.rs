//! From outlines to particles: shape, appearance, and a verdict with its reason.

pub mod appearance;
mod cup;
mod features;
pub mod imagej;
mod learn;
pub mod mask;
pub mod object;
mod overlap;
mod particle;
#[cfg(test)]
mod planted;
pub mod quality;
mod rules;
pub mod shape;
mod sight;
pub mod verdict;

pub use learn::{Known, examples, kept};
pub use mask::Mask;
pub use object::Seen;
pub use particle::{Class, Particle, Reason, Shape, Status};
pub use quality::Quality;
pub use rules::{CUP_DEPTH, Rules};
pub use verdict::{Likeness, Model, Offset};

use crate::calibrate::Working;
use crate::network::Evidence;
use crate::segment::{Contour, Outline};
use appearance::Appearance;
use features::{Picture, Readings, Setting};
use rayon::prelude::*;
use serde::Serialize;

/// What is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct VerdictConfig {
    /// Least confidence of an accepted vesicle, 0 to 1.
    pub min_confidence: f64,
    /// Least step of the grey values across an accepted vesicle's outline, in standard deviations of the noise.
    pub min_rim_contrast: f64,
    /// Least share of an accepted vesicle's outline that has an edge, 0 to 1.
    pub min_rim_completeness: f64,
}

impl Default for VerdictConfig {
    fn default() -> Self {
        // Confidence is a chance: what is likelier right than wrong is accepted.
        // Outlines around nothing in correlated noise reach a contrast of 1.9; the faintest of a hundred vesicles in
        // synthetic scenes has 2.6, in real ones 3.6.
        // A rim of which most is missing is no closed one; chance edges in noise cover up to a fifth of an outline.
        Self { min_confidence: 0.5, min_rim_contrast: 2.0, min_rim_completeness: 0.3 }
    }
}

/// All particles of a picture.
pub struct Measured {
    /// Accepted and border ones, then the rejected, each in reading order of their centres.
    pub particles: Vec<Particle>,
    /// Outlines of things that a kept outline describes already.
    pub suppressed_count: usize,
}

/// Judges outlines, drops those that describe the same thing as a more confident one, and measures the others.
///
pub fn measure(scene: &Scene, contours: &[Contour], original: &Original, rules: &Rules) -> Measured {
    let judged: Vec<Judged> = describe(scene, contours)
        .into_par_iter()
        .map(|Described { readings, features }| {
            let scaled = rules.model.scaled(&features);
            let confidence = rules.model.confidence(&scaled);
            Judged { readings, confidence, edge: rules.model.offset(&scaled), likeness: rules.model.likeness(&scaled) }
        })
        .collect();
    // Of outlines of one vesicle, all of which cover it by half, the one is to stay whose edge is clearest and best known:
    // the membrane's, not the stain's around it.
    let sure = |(contour, judged): (&Contour, &Judged)| {
        let radius_nm = contour.mean_radius() * scene.working.pixel_nm;
        let known = (1.0 - 2.0 * judged.edge.uncertainty_nm / radius_nm).max(0.0);
        judged.confidence * known * f64::from(contour.reward)
    };
    let sureness: Vec<f64> = contours.iter().zip(&judged).map(sure).collect();
    let kept = overlap::suppress(contours, &sureness);
    let suppressed_count = contours.len() - kept.len();
    let mut particles: Vec<Particle> =
        kept.into_par_iter().filter_map(|i| particle(scene, &contours[i], &judged[i], original, rules)).collect();
    // Vesicles first, so that their ids are small enough for a label picture however many candidates there are.
    particles.sort_by(|a, b| {
        let rejected = |p: &Particle| p.status == Status::Rejected;
        let place = rejected(a).cmp(&rejected(b)).then(a.shape.y_px.total_cmp(&b.shape.y_px));
        place.then(a.shape.x_px.total_cmp(&b.shape.x_px))
    });
    for (particle, id) in particles.iter_mut().zip(1..) {
        particle.id = id;
    }
    Measured { particles, suppressed_count }
}

/// Measures one outline; `None` when not a single pixel of the picture is inside.
fn particle(scene: &Scene, contour: &Contour, judged: &Judged, original: &Original, rules: &Rules) -> Option<Particle> {
    let working = scene.working;
    let outline = Outline::new(&contour.widened(judged.edge.offset_nm / working.pixel_nm), working);
    let mask = Mask::of_outline(&outline, original.size_px);
    let mut shape = shape::shape(&mask, original.size_px);
    if shape.area_px2 == 0.0 {
        return None;
    }
    shape.covered_share = original.covered_share(&mask);
    let appearance = Appearance::new(scene, contour, &judged.readings, judged.edge.offset_nm);
    let diameter_nm = shape.diameter_px * working.pixel_nm / working.factor as f64;
    let confidence = judged.confidence;
    let reason = rules.reason(diameter_nm, confidence, &appearance, &shape);
    let class = rules.class(diameter_nm, &appearance, &judged.likeness, reason.is_none());
    let status = match reason {
        Some(_) => Status::Rejected,
        None if shape.is_cut() => Status::Border,
        None => Status::Accepted,
    };
    // The outline moves on both sides of a diameter.
    let diameter_uncertainty_nm = 2.0 * judged.edge.uncertainty_nm;
    Some(Particle { id: 0, outline, shape, diameter_uncertainty_nm, appearance, confidence, class, status, reason })
}

/// What the networks say of one outline.
struct Judged {
    readings: Readings,
    confidence: f64,
    edge: Offset,
    likeness: [f64; Likeness::ALL.len()],
}

/// The original picture: how large it is and what hides the specimen.
pub struct Original {
    /// Width and height, px.
    pub size_px: (usize, usize),
    /// Which pixels lie under marks drawn into it, row-major; empty when none does.
    pub covered: Vec<bool>,
}

impl Original {
    /// Pixels that show the specimen.
    pub fn seen_px2(&self) -> usize {
        self.size_px.0 * self.size_px.1 - self.covered.iter().filter(|&&c| c).count()
    }

    /// Share of a mask's pixels that are hidden.
    pub fn covered_share(&self, mask: &Mask) -> f64 {
        if self.covered.is_empty() {
            return 0.0;
        }
        let hidden = |(column, row)| self.covered[(mask.y0 + row) * self.size_px.0 + mask.x0 + column];
        let (covered, all) =
            mask.pixels().fold((0, 0), |(covered, all), at| (covered + usize::from(hidden(at)), all + 1));
        f64::from(covered as u32) / f64::from(all.max(1))
    }
}

/// The picture that is measured.
pub struct Scene<'a> {
    pub working: &'a Working,
    /// Denoised grey values on the working grid.
    pub grey: &'a [f32],
    /// The same before denoising.
    pub raw: &'a [f32],
    /// Standard deviation of a pixel of empty film, working units.
    pub noise: f64,
    /// What the network saw.
    pub evidence: &'a Evidence,
}

impl Scene<'_> {
    fn picture(&self) -> Picture<'_> {
        Picture { grey: self.grey, width: self.working.width, height: self.working.height }
    }
}

/// What was read along one contour, before any verdict.
pub struct Described {
    pub readings: Readings,
    pub features: Vec<f32>,
}

/// Describes all contours of a picture.
pub fn describe(scene: &Scene, contours: &[Contour]) -> Vec<Described> {
    let pixel_nm = scene.working.pixel_nm as f32;
    let picture = scene.picture();
    let raw = Picture { grey: scene.raw, ..scene.picture() };
    let readings: Vec<Readings> = contours.par_iter().map(|c| Readings::new(&picture, c, pixel_nm)).collect();
    let setting =
        Setting { pixel_nm, noise: scene.noise as f32, contrast_high: features::contrast_high(contours, &readings) };
    let company = features::company(contours);
    contours
        .par_iter()
        .zip(readings)
        .zip(&company)
        .map(|((contour, readings), company)| {
            let mut features = features::features(contour, &readings, company, &setting);
            features.extend(features::across(&raw, contour, &readings, pixel_nm));
            features.extend(sight::sight(scene.evidence, contour));
            Described { readings, features }
        })
        .collect()
}
