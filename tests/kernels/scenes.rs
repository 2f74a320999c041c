//! Whole scenes: the same particles on the processor and on the adapter.

use crate::device::{say, with_adapter};
use cupule::config::Config;
use cupule::gpu::Device;
use cupule::image::Micrograph;
use cupule::measure::{Model, Particle};
use cupule::pipeline::analyze;
use cupule::synth::{Kind, Scene, scene};
use cupule::units::PixelSize;

/// Largest difference of a diameter, px: far below what the outlines are good for.
const DIAMETER_PX: f64 = 0.1;
/// Two particles are the same when their centres are this close, px.
const PLACE_PX: f64 = 0.5;

fn micrograph(kind: Kind, pixel_size_nm: f64) -> Micrograph {
    let scene = scene(&Scene { kind, width_px: 384, height_px: 352, pixel_size_nm, seed: 11, index: 2 });
    let grey = scene.grey.into_iter().map(f32::from).collect();
    Micrograph::new(scene.width, scene.height, grey, PixelSize::square(pixel_size_nm))
}

fn particles(micrograph: &Micrograph, device: &Device) -> Vec<Particle> {
    analyze(micrograph, &Config::default(), Model::embedded(), device).unwrap().measured.particles
}

/// Largest differences of centre and diameter (px) and of confidence, or what has no counterpart.
fn differences(actual: &[Particle], expected: &[Particle]) -> Result<[f64; 3], String> {
    if actual.len() != expected.len() {
        return Err(format!("{} particles, expected {}", actual.len(), expected.len()));
    }
    let mut free: Vec<&Particle> = actual.iter().collect();
    let mut largest = [0.0f64; 3];
    for e in expected {
        let apart = |a: &Particle| libm::hypot(a.shape.x_px - e.shape.x_px, a.shape.y_px - e.shape.y_px);
        let same = |a: &Particle| {
            let diameter = (a.shape.diameter_px - e.shape.diameter_px).abs();
            let found = [apart(a), diameter, (a.confidence - e.confidence).abs()];
            let close = found[0] < PLACE_PX && diameter < DIAMETER_PX;
            (close && a.status == e.status && a.class == e.class).then_some(found)
        };
        // NaN is never close.
        let Some((i, found)) = free.iter().enumerate().find_map(|(i, a)| Some((i, same(a)?))) else {
            let nearest = free.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
            return Err(format!(
                "nothing like {:?} at {:?}, confidence {}; nearest: {:?}",
                e.status,
                e.shape,
                e.confidence,
                nearest.map(|a| (a.status, a.shape, a.confidence))
            ));
        };
        free.swap_remove(i);
        largest = std::array::from_fn(|k| largest[k].max(found[k]));
    }
    Ok(largest)
}

#[test]
fn the_adapter_finds_the_same_particles() {
    with_adapter(|device| {
        let mut accepted = 0;
        for (kind, pixel_size_nm) in [
            (Kind::Clean, 1.2),
            (Kind::Cup, 1.0),
            (Kind::Dense, 1.6),
            (Kind::Cryo, 0.6),
            (Kind::Clutter, 1.3),
            (Kind::Coarse, 3.2),
        ] {
            let micrograph = micrograph(kind, pixel_size_nm);
            let expected = particles(&micrograph, &Device::Native);
            let actual = particles(&micrograph, device);
            let [place, diameter, confidence] =
                differences(&actual, &expected).unwrap_or_else(|text| panic!("{kind}: {text}"));
            accepted += expected.iter().filter(|p| p.reason.is_none()).count();
            say(&format!(
                "  {kind}: {} particles; centres differ by up to {place:e} px, diameters {diameter:e} px, confidences \
                 {confidence:e}",
                expected.len()
            ));
        }
        assert!(accepted >= 10, "only {accepted} vesicles were compared");
    });
}

#[test]
fn a_changed_a_moved_and_a_missing_particle_are_noticed() {
    let expected = particles(&micrograph(Kind::Cup, 1.0), &Device::Native);
    assert!(differences(&expected, &expected).is_ok_and(|d| d == [0.0; 3]) && !expected.is_empty());
    let with = |change: fn(&mut Particle)| {
        let mut actual = expected.clone();
        change(&mut actual[0]);
        differences(&actual, &expected)
    };
    assert!(with(|p| p.shape.diameter_px += 0.2).is_err());
    assert!(with(|p| p.shape.diameter_px = f64::NAN).is_err());
    assert!(with(|p| p.shape.x_px += 1.0).is_err());
    assert!(differences(&expected[1..], &expected).is_err());
}

/// No structure, no noise, no range: nothing is found, and nothing divides by 0.
#[test]
fn a_picture_of_one_value_is_empty_on_both() {
    let flat = Micrograph::new(83, 61, vec![117.0; 83 * 61], PixelSize::square(2.0));
    assert!(particles(&flat, &Device::Native).is_empty());
    with_adapter(|device| assert!(particles(&flat, device).is_empty()));
}
