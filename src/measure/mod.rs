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
    pub grey: &'a [u16],
    /// The same before denoising.
    pub raw: &'a [u16],
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

#[cfg(test)]
mod planted;

#[cfg(test)]
mod tests {
    use super::planted::{BODIES, FIELD, Field, body, circle, close};
    use super::*;
    use crate::network::Map;
    use crate::segment::SegmentConfig;

    fn original(covered: Vec<bool>) -> Original {
        Original { size_px: (2 * FIELD, 2 * FIELD), covered }
    }

    /// Everything is as likely to be a vesicle: one where the logarithm of the odds is `odds`.
    fn model(odds: f64) -> Model {
        Model { calibration: [1e-9, odds], ..Model::embedded().clone() }
    }

    fn measured(contours: &[Contour], original: &Original, model: &Model) -> Measured {
        let (segment, verdict) = (SegmentConfig::default(), VerdictConfig::default());
        measure(&Field::get().scene(), contours, original, &Rules { segment: &segment, verdict: &verdict, model })
    }

    #[test]
    fn what_is_hidden_is_not_seen() {
        let marks = Original { size_px: (4, 3), covered: (0..12).map(|i| i % 4 == 3 || i == 6).collect() };
        assert_eq!((marks.seen_px2(), original(Vec::new()).seen_px2()), (8, 4 * FIELD * FIELD));
        let mask = Mask { x0: 2, y0: 1, width: 2, height: 2, inside: vec![true; 4] };
        assert_eq!(marks.covered_share(&mask), 0.75);
        let part = Mask { inside: vec![true, false, true, false], ..mask.clone() };
        assert_eq!((marks.covered_share(&part), original(Vec::new()).covered_share(&mask)), (0.5, 0.0));
        assert_eq!(marks.covered_share(&Mask { inside: vec![false; 4], ..mask }), 0.0);
    }

    #[test]
    fn an_outline_is_described_as_the_models_want_it() {
        let scene = Field::get().scene();
        let contours = [body(0), circle(20.0, 80.0, 12.0)];
        let described = describe(&scene, &contours);
        assert_eq!(described.len(), 2);
        for (found, contour) in described.iter().zip(&contours) {
            assert_eq!(found.features.len(), Model::embedded().mean.len());
            let sight = sight::sight(scene.evidence, contour);
            assert!(found.features.ends_with(&sight));
            // The edge is read from the picture before denoising, the heights from that after it.
            let raw = Picture { grey: scene.raw, ..scene.picture() };
            let across = features::across(&raw, contour, &found.readings, 1.0);
            let end = found.features.len() - sight.len();
            assert_eq!(found.features[end - across.len()..end], across);
        }
        close(described[0].readings.interior(), 30_000.0, 200.0);
        close(described[1].readings.interior(), 20_000.0, 1e-2);
    }

    #[test]
    fn a_body_becomes_a_particle_of_its_size_in_original_pixels() {
        let model = model(3.0);
        let found = measured(&[body(0)], &original(Vec::new()), &model);
        let [particle] = found.particles.as_slice() else { panic!("{}", found.particles.len()) };
        let scene = Field::get().scene();
        let scaled = model.scaled(&describe(&scene, &[body(0)])[0].features);
        let edge = model.offset(&scaled);
        close(particle.shape.diameter_px, 2.0 * (2.0 * 20.0 + 2.0 * edge.offset_nm), 0.3);
        close(particle.shape.x_px, 2.0 * 48.5, 0.1);
        close(particle.shape.y_px, 2.0 * 46.5, 0.1);
        close(particle.diameter_uncertainty_nm, 2.0 * edge.uncertainty_nm, 1e-9);
        close(particle.confidence, 1.0 / (1.0 + libm::exp(-3.0)), 1e-6);
        assert_eq!((particle.status, particle.class, particle.id), (Status::Accepted, Class::Vesicle, 1));
        // In the units of the file and of the noise.
        close(particle.appearance.interior_grey, 100.0 + 0.5 * 30_000.0, 100.0);
        close(particle.appearance.surroundings_grey, 100.0 + 0.5 * 20_000.0, 50.0);
        let contrast = f64::from(describe(&scene, &[body(0)])[0].readings.edge_contrast());
        close(particle.appearance.rim_contrast, contrast / 500.0, 1e-6);
        close(particle.appearance.rim_completeness, 1.0, 0.0);
        close(particle.appearance.edge_strength, 0.8, 1e-6);
    }

    #[test]
    fn what_is_cut_is_no_accepted_vesicle() {
        let model = model(3.0);
        let status = |contours: &[Contour], covered| {
            measured(contours, &original(covered), &model).particles.iter().map(|p| p.status).collect::<Vec<_>>()
        };
        assert_eq!(status(&[body(1)], Vec::new()), [Status::Border]);
        // A mark over the upper tenth of the first body; then over all of it.
        let side = 2 * FIELD;
        let bar = |bottom: f64| (0..side * side).map(|i| ((i / side) as f64) < 2.0 * bottom).collect::<Vec<bool>>();
        assert_eq!(status(&[body(0)], bar(BODIES[0][1] - 16.0)), [Status::Border]);
        let hidden = measured(&[body(0)], &original(bar(90.0)), &model);
        assert_eq!(hidden.particles[0].reason.as_ref().unwrap().rule, "covered_share");
        assert_eq!(hidden.particles[0].shape.covered_share, 1.0);
        assert!(status(&[circle(-60.0, -60.0, 5.0)], Vec::new()).is_empty());
    }

    #[test]
    fn particles_are_numbered_with_the_rejected_ones_last() {
        let film = [circle(20.0, 92.0, 18.0), circle(76.0, 88.0, 18.0), circle(24.0, 10.0, 18.0)];
        let [a, b, c] = film;
        let found = measured(&[a, body(0), b, body(1), c], &original(Vec::new()), &model(3.0));
        let numbered: Vec<(u32, Status)> = found.particles.iter().map(|p| (p.id, p.status)).collect();
        let rejected = [3, 4, 5].map(|id| (id, Status::Rejected));
        assert_eq!(numbered[..2], [(1, Status::Border), (2, Status::Accepted)]);
        assert_eq!(numbered[2..], rejected);
        assert!((3..5).all(|i| found.particles[i - 1].shape.y_px < found.particles[i].shape.y_px));
        assert!(found.particles[2..].iter().all(|p| p.reason.as_ref().unwrap().rule == "rim_contrast"));
        // Sizes are compared in nm, of which an original pixel has a half.
        let small = &measured(&[circle(20.0, 92.0, 6.0)], &original(Vec::new()), &model(3.0)).particles[0];
        let reason = small.reason.as_ref().unwrap();
        assert_eq!(
            (reason.rule.as_ref(), reason.value, small.class),
            ("diameter_nm", 0.5 * small.shape.diameter_px, Class::Dot)
        );
        let unlikely = measured(&[body(0)], &original(Vec::new()), &model(-3.0));
        assert_eq!(unlikely.particles[0].reason.as_ref().unwrap().rule, "confidence");
    }

    /// All are equally likely: the stronger edge and what is known better relative to its size decide.
    #[test]
    fn of_outlines_of_one_thing_the_clearest_stays() {
        let weak = Contour { reward: 0.4, ..body(0) };
        let moved = Contour { x: 49.0, ..body(0) };
        let model = model(3.0);
        let centre = |contours: &[Contour]| {
            let found = measured(contours, &original(Vec::new()), &model);
            (found.particles.len(), found.suppressed_count, found.particles[0].outline.x_px)
        };
        assert_eq!(centre(&[weak.clone(), moved.clone()]), (1, 1, 99.0));
        assert_eq!(centre(&[Contour { reward: 0.3, ..moved }, weak]), (1, 1, 97.0));
        // Where the edge is not known at all, what is left is the order of places.
        let unsure = Model { gauge_factor: 1e6, ..model.clone() };
        let found = measured(
            &[Contour { y: 47.0, ..body(0) }, Contour { reward: 0.1, ..body(0) }],
            &original(Vec::new()),
            &unsure,
        );
        assert_eq!(found.particles[0].outline.y_px, 93.0);
    }

    #[test]
    fn sight_is_read_from_the_maps_along_the_outline() {
        let evidence = Field::get().scene().evidence;
        let (x, y, radius) = (48.0, 46.0, 20.0);
        let found = sight::sight(evidence, &circle(x, y, radius));
        let read = |map: Map, rho: f64, k: usize| {
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * k as f64 / 64.0);
            let at = |v: f64| (v + 0.5) / evidence.scale() - 0.5;
            f64::from(evidence.at(map, at(x + rho * radius * cos), at(y + rho * radius * sin)).clamp(-6.0, 6.0))
        };
        let ring = |map: Map, rho: f64, rays: std::ops::Range<usize>| {
            rays.clone().map(|k| read(map, rho, k)).sum::<f64>() / rays.len() as f64
        };
        let sectors = |map: Map, rho: f64| (0..8).map(move |s| ring(map, rho, 8 * s..8 * s + 8));
        let mut expected = vec![read(Map::Middle, 0.0, 0)];
        let near = [0.0, 0.15, 0.3, 0.45, 0.6].into_iter().flat_map(|rho| (0..64).map(move |k| (rho, k)));
        expected.push(near.map(|(rho, k)| read(Map::Middle, rho, k)).fold(-6.0, f64::max));
        expected.extend([0.3, 0.6, 0.85, 1.2, 1.45, 1.8].map(|rho| ring(Map::Inside, rho, 0..64)));
        expected.extend([0.6, 0.85, 1.0, 1.2].map(|rho| ring(Map::Edge, rho, 0..64)));
        expected.push(sectors(Map::Inside, 0.8).fold(f64::MAX, f64::min));
        expected.push(sectors(Map::Inside, 1.3).fold(f64::MIN, f64::max));
        expected.push(sectors(Map::Edge, 1.0).fold(f64::MAX, f64::min));
        let (u, v) = (evidence.on_map(x), evidence.on_map(y));
        expected.push(libm::log(evidence.radius(u, v) / radius).clamp(-2.0, 2.0));
        planted::all_close(&found, &expected, 1e-3);
        // The network sees the body: inside is inside, outside is not.
        assert!(found[2] > 0.0 && found[7] < 0.0, "{found:?}");
    }
}
