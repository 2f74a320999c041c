//! What was drawn into a picture never becomes a particle, and what it hides is never sized.

use cupule::config::Config;
use cupule::gpu::Device;
use cupule::image::{Micrograph, Region, RegionKind};
use cupule::measure::{Model, Particle, Status};
use cupule::pipeline::analyze;
use cupule::synth::{Kind, Scene, scene};
use cupule::units::PixelSize;

const PIXEL_NM: f64 = 1.6;
/// Two particles are the same when their centres are this close, px.
const PLACE_PX: f64 = 2.0;

fn field() -> Micrograph {
    let made =
        scene(&Scene { kind: Kind::Clean, width_px: 400, height_px: 360, pixel_size_nm: PIXEL_NM, seed: 5, index: 0 });
    let grey = made.grey.into_iter().map(f32::from).collect();
    Micrograph::new(made.width, made.height, grey, PixelSize::square(PIXEL_NM))
}

fn particles(micrograph: &Micrograph) -> Vec<Particle> {
    analyze(micrograph, &Config::default(), Model::embedded(), &Device::Native).unwrap().measured.particles
}

fn accepted(particles: &[Particle]) -> Vec<&Particle> {
    particles.iter().filter(|p| p.status == Status::Accepted).collect()
}

/// Draws a black rectangle, and says so or not.
fn with_mark(field: &Micrograph, [x0, y0, x1, y1]: [f64; 4], said: bool) -> Micrograph {
    let mut marked = field.clone();
    let region = Region {
        kind: RegionKind::Text,
        x0: x0.max(0.0) as usize,
        y0: y0.max(0.0) as usize,
        x1: (x1 as usize).min(field.width),
        y1: (y1 as usize).min(field.height),
    };
    for y in region.y0..region.y1 {
        marked.grey[y * field.width..][region.x0..region.x1].fill(0.0);
    }
    if said {
        marked.marks.push(region);
    }
    marked
}

fn near(particles: &[&Particle], of: &Particle) -> bool {
    let close = |p: &&Particle| libm::hypot(p.shape.x_px - of.shape.x_px, p.shape.y_px - of.shape.y_px) < PLACE_PX;
    particles.iter().any(close)
}

#[test]
fn what_lies_under_a_mark_is_rejected_and_nothing_else_changes() {
    let field = field();
    let before = particles(&field);
    let vesicles = accepted(&before);
    assert!(vesicles.len() >= 3, "{}", vesicles.len());
    let hidden = vesicles[1];
    let reach = 0.6 * hidden.shape.diameter_px;
    let (x, y) = (hidden.shape.x_px, hidden.shape.y_px);
    let frame = [x - reach, y - reach, x + reach, y + reach];
    let after = particles(&with_mark(&field, frame, true));
    let inside = |p: &Particle| (p.shape.x_px - x).abs() < reach && (p.shape.y_px - y).abs() < reach;
    for particle in after.iter().filter(|p| inside(p)) {
        assert_eq!(particle.status, Status::Rejected, "{particle:?}");
        assert_eq!(particle.reason.as_ref().unwrap().rule, "covered_share");
    }
    let left = accepted(&after);
    let far = |p: &&&Particle| libm::hypot(p.shape.x_px - x, p.shape.y_px - y) > reach * 2.0 + p.shape.diameter_px;
    for vesicle in vesicles.iter().filter(far) {
        assert!(near(&left, vesicle), "lost {:?}", vesicle.shape);
    }
}

#[test]
fn what_a_mark_cuts_is_not_sized() {
    let field = field();
    let before = particles(&field);
    for vesicle in accepted(&before) {
        let (x, y, radius) = (vesicle.shape.x_px, vesicle.shape.y_px, vesicle.shape.diameter_px / 2.0);
        let frame = [x + 0.75 * radius, y - radius, x + 2.0 * radius, y + radius];
        let after = particles(&with_mark(&field, frame, true));
        for particle in accepted(&after) {
            assert_eq!(particle.shape.covered_share, 0.0);
        }
        let cut = after.iter().filter(|p| p.shape.covered_share > 0.0 && p.status != Status::Rejected);
        cut.for_each(|p| assert_eq!(p.status, Status::Border));
    }
}

/// A strip that spans the picture is gone for the search: without the mark it would change the grey scale of all.
#[test]
fn a_data_bar_leaves_the_specimen_as_it_was() {
    let field = field();
    let before = particles(&field);
    let bar = [0.0, 330.0, 400.0, 360.0];
    let after = particles(&with_mark(&field, bar, true));
    let left = accepted(&after);
    let above = |p: &&&Particle| p.shape.y_px + p.shape.diameter_px < 330.0;
    for vesicle in accepted(&before).iter().filter(above) {
        assert!(near(&left, vesicle), "lost {:?}", vesicle.shape);
    }
    assert!(left.iter().all(|p| p.shape.y_px < 330.0));
}
