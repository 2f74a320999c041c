//! Cup and membrane measures follow what was planted, and nothing else: neither the camera's gain and offset nor a quarter
//! turn changes them.

use cupule::config::Config;
use cupule::gpu::Device;
use cupule::image::Micrograph;
use cupule::measure::appearance::Appearance;
use cupule::measure::{Model, Particle};
use cupule::pipeline::analyze;
use cupule::segment::Polarity;
use cupule::units::PixelSize;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIDE_PX: usize = 240;
const PIXEL_NM: f64 = 1.0;
/// Grey values: the film, the height of the rim over it, the noise of a pixel.
const FILM: f64 = 20_000.0;
const RIM: f64 = 6_000.0;
const NOISE: f64 = 500.0;
/// Planted values per measure.
const STEPS: usize = 20;
/// Rank correlation that is asked for.
const CORRELATION_MIN: f64 = 0.95;

/// A vesicle in the middle of a picture, lengths in nm.
#[derive(Clone, Copy)]
struct Planted {
    radius: f64,
    /// Depth of the dent: 0 as high as the rim, 1 as low as the film.
    depth: f64,
    /// Distance of the dent from the middle and its radius, over the radius of the vesicle.
    offset: f64,
    dent: f64,
    /// Width of the rim around a dent that reaches up to it; 0 where the dent has its own size.
    rim_width: f64,
    /// Share of the turn in which the body is not there.
    gap: f64,
    /// 1 for a light vesicle, -1 for a dark one.
    sign: f64,
}

impl Default for Planted {
    fn default() -> Self {
        Self { radius: 45.0, depth: 0.6, offset: 0.0, dent: 0.45, rim_width: 0.0, gap: 0.0, sign: 1.0 }
    }
}

fn step(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-2.0 * x))
}

impl Planted {
    fn height(&self, dx: f64, dy: f64) -> f64 {
        let d = libm::hypot(dx, dy);
        let body = step((self.radius - d) / 1.5);
        let hollow = if self.rim_width > 0.0 {
            step((self.radius - self.rim_width - d) / 1.5)
        } else {
            let off = libm::hypot(dx - self.offset * self.radius, dy);
            step((self.dent * self.radius - off) / 2.0)
        };
        let halo = -0.3 * libm::exp(-((d - self.radius).max(0.0) / 12.0)) * (1.0 - body);
        let turn = (libm::atan2(dy, dx) / std::f64::consts::TAU).abs();
        let there = if turn < 0.5 * self.gap { 0.0 } else { 1.0 };
        there * body * (1.0 - self.depth * hollow) + halo
    }

    fn picture(&self, seed: u64) -> Micrograph {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let middle = SIDE_PX as f64 / 2.0 + 0.3;
        let grey = (0..SIDE_PX * SIDE_PX).map(|i| {
            let (x, y) = ((i % SIDE_PX) as f64 + 0.5, (i / SIDE_PX) as f64 + 0.5);
            // The sum of a dozen even numbers is as good as normal.
            let noise: f64 = (0..12).map(|_| rng.random_range(-0.5..0.5f64)).sum();
            let height = self.height((x - middle) * PIXEL_NM, (y - middle) * PIXEL_NM);
            (FILM + self.sign * RIM * height + NOISE * noise) as f32
        });
        let grey = grey.collect();
        let pixel_size = PixelSize::square(PIXEL_NM);
        Micrograph::new(SIDE_PX, SIDE_PX, grey, pixel_size)
    }
}

/// What was measured of the vesicle in the middle.
fn measured(micrograph: &Micrograph) -> Particle {
    let found = analyze(micrograph, &Config::default(), Model::embedded(), &Device::Native).unwrap();
    let middle = SIDE_PX as f64 / 2.0;
    let apart = |p: &Particle| libm::hypot(p.shape.x_px - middle, p.shape.y_px - middle);
    let near = found.measured.particles.into_iter().filter(|p| apart(p) < 20.0 && p.shape.diameter_px > 60.0);
    near.max_by(|a, b| a.confidence.total_cmp(&b.confidence)).expect("an outline of the vesicle")
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |v: f64| values.iter().filter(|&&w| w < v).count() as f64;
    let equal = |v: f64| values.iter().filter(|&&w| w == v).count() as f64;
    values.iter().map(|&v| below(v) + 0.5 * (equal(v) - 1.0)).collect()
}

/// Spearman's rank correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() - 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// Measures a series in which one thing grows and compares the ranks.
fn follows(range: (f64, f64), plant: impl Fn(f64) -> Planted, read: impl Fn(&Appearance) -> Option<f64>) {
    let planted: Vec<f64> = (0..STEPS).map(|i| range.0 + (range.1 - range.0) * i as f64 / (STEPS - 1) as f64).collect();
    let found: Vec<f64> = planted
        .iter()
        .zip(0..)
        .map(|(&v, seed)| read(&measured(&plant(v).picture(seed)).appearance).unwrap_or(f64::NAN))
        .collect();
    let correlation = correlation(&planted, &found);
    assert!(correlation >= CORRELATION_MIN, "{correlation:.3}: {planted:.2?} gave {found:.3?}");
}

#[test]
fn cup_depth_follows_the_dents_depth() {
    follows((0.0, 1.0), |depth| Planted { depth, ..Default::default() }, |a| Some(a.cup_depth));
    follows((0.0, 1.0), |depth| Planted { depth, sign: -1.0, ..Default::default() }, |a| Some(a.cup_depth));
}

#[test]
fn dent_offset_follows_the_dents_place() {
    follows((0.02, 0.45), |offset| Planted { offset, dent: 0.4, ..Default::default() }, |a| a.dent_offset);
}

#[test]
fn rim_width_follows_the_rims() {
    follows((5.0, 20.0), |rim_width| Planted { rim_width, ..Default::default() }, |a| a.rim_width_nm);
    let width =
        measured(&Planted { rim_width: 12.0, ..Default::default() }.picture(1)).appearance.rim_width_nm.unwrap();
    assert!((width - 12.0).abs() < 2.5, "{width} nm");
    let filled = measured(&Planted { depth: 0.0, ..Default::default() }.picture(1)).appearance;
    assert_eq!((filled.rim_width_nm, filled.dent_offset), (None, None));
}

#[test]
fn rim_completeness_follows_the_gap() {
    // With more than a third missing, the outline takes a short cut through the body.
    follows((0.0, 0.33), |gap| Planted { gap, depth: 0.3, ..Default::default() }, |a| Some(-a.rim_completeness));
}

#[test]
fn polarity_is_that_of_the_body() {
    for (sign, polarity) in [(1.0, Polarity::Lighter), (-1.0, Polarity::Darker)] {
        assert_eq!(measured(&Planted { sign, depth: 0.2, ..Default::default() }.picture(3)).outline.polarity, polarity);
    }
}

/// All measures of a vesicle.
fn all(micrograph: &Micrograph) -> [f64; 5] {
    let a = measured(micrograph).appearance;
    [a.cup_depth, a.dent_offset.unwrap(), a.rim_width_nm.unwrap(), a.rim_completeness, a.rim_contrast]
}

#[test]
fn gain_offset_and_quarter_turns_change_nothing() {
    let picture = Planted { offset: 0.2, ..Default::default() }.picture(5);
    let expected = all(&picture);
    let mut others = vec![("gain and offset", picture.clone()), ("a quarter turn", picture.clone())];
    others[0].1.grey.iter_mut().for_each(|v| *v = 0.37 * *v - 1000.0);
    let turned = |i: usize| picture.grey[(SIDE_PX - 1 - i % SIDE_PX) * SIDE_PX + i / SIDE_PX];
    others[1].1.grey = (0..SIDE_PX * SIDE_PX).map(turned).collect();
    for (name, other) in others {
        for (found, expected) in all(&other).into_iter().zip(expected) {
            // Outlines start on other rays and whole numbers of the working scale are rounded anew.
            assert!((found - expected).abs() < 0.04 * expected.abs().max(0.5), "{name}: {found} for {expected}");
        }
    }
}
