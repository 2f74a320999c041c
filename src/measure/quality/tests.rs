//! Fields whose quality is known.

use super::grain::blurred;
use super::*;
use crate::image::{Region, RegionKind};
use crate::measure::Shape;
use crate::measure::appearance::Appearance;
use crate::measure::planted::{FIELD, Field};
use crate::segment::gaussian_weights;
use crate::segment::{Outline, Polarity};
use crate::units::PixelSize;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIZE: usize = 240;
const NOISE: f64 = 100.0;

/// Noise of unit variance: a sum of evenly spread numbers.
fn noise() -> &'static [f64] {
    static NOISE: std::sync::OnceLock<Vec<f64>> = std::sync::OnceLock::new();
    NOISE.get_or_init(|| {
        let mut dice = ChaCha8Rng::seed_from_u64(7);
        (0..SIZE * SIZE).map(|_| (0..12).map(|_| dice.random_range(-0.5..0.5)).sum::<f64>()).collect()
    })
}

fn blur(picture: &Picture<f32>, sigma_px: f64) -> Vec<f32> {
    blurred(picture, &gaussian_weights(sigma_px), 0..picture.height)
}

fn film(value: impl Fn(f64, f64) -> f64) -> Vec<f32> {
    let noise = noise();
    let at = |i: usize| value((i % SIZE) as f64 + 0.5, (i / SIZE) as f64 + 0.5);
    (0..SIZE * SIZE).map(|i| (30_000.0 + at(i) + NOISE * noise[i]) as f32).collect()
}

fn picture(grey: &[f32]) -> Picture<'_, f32> {
    Picture { grey, width: SIZE, height: SIZE, pixel_nm: 1.0, noise: NOISE }
}

#[test]
fn the_gradient_is_that_of_the_stain_and_not_of_vesicles() {
    let slope = |swing: f64| film(move |x, _| swing * NOISE * x / SIZE as f64);
    for swing in [0.0, 3.0, 10.0] {
        let found = stain_gradient(&picture(&slope(swing))).unwrap();
        assert!((found - 0.9 * swing).abs() < 0.3, "{swing}: {found}");
    }
    // A fifth of the field is bright discs, most of them on the left.
    let discs = film(|x, y| {
        let near = |c: f64| ((c / 80.0).floor() + 0.5) * 80.0;
        let on_disc = libm::hypot(x - near(x), y - near(y)) < 27.0 && x < 160.0;
        if on_disc { 30.0 * NOISE } else { 0.0 }
    });
    let found = stain_gradient(&picture(&discs)).unwrap();
    assert!(found < 1.5, "{found}");
    // The camera's gain and offset change nothing.
    let gained: Vec<f32> = slope(10.0).iter().map(|v| 0.5 * v + 7.0).collect();
    let gained = stain_gradient(&Picture { noise: 0.5 * NOISE, ..picture(&gained) }).unwrap();
    assert!((gained - 9.0).abs() < 0.3, "{gained}");
}

#[test]
fn granularity_follows_grain_of_its_size_alone() {
    // Bumps of a full width of about 5 nm, of the same deviation as the noise; and waves as long as vesicles.
    let coarse = blur(&picture(&noise().iter().map(|v| *v as f32).collect::<Vec<_>>()), 2.1);
    let deviation = (coarse.iter().map(|v| v * v).sum::<f32>() / coarse.len() as f32).sqrt();
    let grainy = |share: f64| {
        let base = noise();
        let mix = |i: usize| (1.0 - share * share).sqrt() * base[i] + share * f64::from(coarse[i] / deviation);
        (0..SIZE * SIZE).map(|i| (NOISE * mix(i)) as f32).collect::<Vec<_>>()
    };
    let found: Vec<f64> = [0.0, 0.5, 1.0].map(|s| granularity(&picture(&grainy(s))).unwrap()).into();
    assert!(found[0] < 0.4 && found[2] > 0.6 && found[0] + 0.1 < found[1] && found[1] + 0.1 < found[2], "{found:?}");
    let waves = film(|x, _| 5.0 * NOISE * libm::sin(x * std::f64::consts::TAU / 150.0));
    let white = granularity(&picture(&film(|_, _| 0.0))).unwrap();
    let on_waves = granularity(&picture(&waves)).unwrap();
    assert!((on_waves - white).abs() < 0.1, "{white} {on_waves}");
    assert_eq!(granularity(&Picture { pixel_nm: 6.0, ..picture(&waves) }), None);
}

#[test]
fn an_edge_is_as_wide_as_it_was_blurred() {
    for sigma_nm in [1.0, 2.0, 4.0] {
        // A step blurred by a Gaussian rises from 10 to 90 % within 2.563 standard deviations.
        let step = |nm: f64| 1.0 / (1.0 + libm::exp(1.702 * nm / sigma_nm));
        let profile: Vec<f64> = (0..=60).map(|i| 500.0 * step(f64::from(i) * EDGE_STEP_NM - EDGE_REACH_NM)).collect();
        let found = rise_nm(&profile).unwrap();
        assert!((found / (2.563 * sigma_nm) - 1.0).abs() < 0.05, "{sigma_nm}: {found}");
    }
    assert_eq!(rise_nm(&[1.0; 61]), None);
}

#[test]
fn saturation_is_what_is_clipped() {
    let micrograph = |high: f32| {
        let grey = film(|_, _| 0.0).iter().map(|v| v.min(high)).collect();
        Micrograph::new(SIZE, SIZE, grey, None)
    };
    assert!(saturated_share(&micrograph(f32::INFINITY)).unwrap() < 1e-4);
    // Above one standard deviation lies a share of 0.159.
    let clipped = saturated_share(&micrograph(30_000.0 + NOISE as f32)).unwrap();
    assert!((clipped - 0.159).abs() < 0.005, "{clipped}");
}

fn seen(class: Class, status: Status, x: f64, appearance: &Appearance) -> Seen<'_> {
    let (diameter_px, area_px2) = (20.0, 314.0);
    Seen {
        status,
        class,
        appearance: Some(appearance),
        confidence: Some(0.9),
        rule: None,
        is_named: false,
        area_px2,
        diameter_px,
        centre_px: (x, 0.0),
        is_cut: status == Status::Border,
    }
}

#[test]
fn shares_follow_the_particles() {
    let look = Appearance { rim_contrast: 5.0, ..Default::default() };
    let better = Appearance { rim_contrast: 9.0, ..look };
    let particles = [
        seen(Class::Vesicle, Status::Accepted, 0.0, &look),
        seen(Class::Vesicle, Status::Border, 27.0, &look),
        seen(Class::CupShapedVesicle, Status::Accepted, 100.0, &better),
        seen(Class::Vesicle, Status::Accepted, 200.0, &better),
        seen(Class::Aggregate, Status::Rejected, 300.0, &look),
        seen(Class::OpenRim, Status::Rejected, 400.0, &look),
    ];
    let mut quality = Quality::default();
    quality.describe(particles.iter().copied(), 31_400.0, Some(1.0));
    let expected = (Some(9.0), Some(0.04), Some(0.01), Some(0.5));
    let found = (quality.rim_contrast, quality.vesicle_share, quality.clutter_share, quality.crowded_share);
    assert_eq!(found, expected);
    // With pixels of 2 nm the gap of 7 px is wider than 10 nm.
    quality.describe(particles.iter().copied(), 31_400.0, Some(2.0));
    assert_eq!(quality.crowded_share, Some(0.0));
    quality.describe(particles[4..].iter().copied(), 31_400.0, None);
    assert_eq!((quality.rim_contrast, quality.vesicle_share, quality.crowded_share), (None, Some(0.0), None));
}

fn flat<T>(grey: &[T], width: usize, pixel_nm: f64) -> Picture<'_, T> {
    Picture { grey, width, height: grey.len() / width, pixel_nm, noise: 1.0 }
}

#[test]
fn squares_tile_the_picture_and_hold_its_values() {
    let grey: Vec<f32> = (0..7 * 5).map(|i| i as f32).collect();
    let picture = flat(&grey, 7, 2.0);
    let of = |edge_nm: f64| {
        let (squares, edge) = picture.squares(edge_nm);
        (squares.collect::<Vec<_>>(), edge)
    };
    assert_eq!(of(4.0), ([(0, 0), (2, 0), (4, 0), (0, 2), (2, 2), (4, 2)].to_vec(), 2));
    assert_eq!((of(1e3), of(0.1).1), ((vec![(0, 0)], 5), 1));
    assert_eq!(picture.square((2, 1), 2).collect::<Vec<_>>(), [9.0, 10.0, 16.0, 17.0]);
}

#[test]
fn values_between_pixels_are_those_of_a_plane() {
    let grey: Vec<f32> = (0..7 * 5).map(|i| (3 * (i % 7) + 10 * (i / 7)) as f32).collect();
    let picture = flat(&grey, 7, 1.0);
    for (x, y) in [(0.5, 0.5), (3.25, 2.75), (6.5, 4.5), (6.4, 1.0), (1.0, 4.4)] {
        let expected = 3.0 * (x - 0.5) + 10.0 * (y - 0.5);
        assert!((picture.at(x, y).unwrap() - expected).abs() < 1e-9, "{x} {y}");
    }
    for (x, y) in [(0.4, 2.0), (6.6, 2.0), (2.0, 0.4), (2.0, 4.6), (f64::NAN, 2.0)] {
        assert_eq!(picture.at(x, y), None, "{x} {y}");
    }
}

/// A particle with a circular outline, in original pixels.
fn particle(x: f64, y: f64, radius: f32, status: Status, polarity: Polarity) -> crate::measure::Particle {
    let outline = Outline { x_px: x, y_px: y, radius_px: [radius; RAYS], polarity };
    let shape = Shape { area_px2: 500.0, diameter_px: 2.0 * f64::from(radius), x_px: x, y_px: y, ..Shape::default() };
    crate::measure::Particle {
        id: 1,
        outline,
        shape,
        diameter_uncertainty_nm: 1.0,
        appearance: Appearance { rim_contrast: 7.0, ..Appearance::default() },
        confidence: 0.9,
        class: Class::Vesicle,
        status,
        reason: None,
    }
}

#[test]
fn edges_are_as_wide_as_they_were_planted() {
    for (sign, polarity) in [(1.0, Polarity::Lighter), (-1.0, Polarity::Darker)] {
        // Pixels of 0.5 nm, of which the original has two; the edge falls evenly over 8 nm. The body hangs over the left
        // border, and says nothing there.
        let soft = |dx: f64, dy: f64| ((20.0 + 4.0 - 0.5 * libm::hypot(dx, dy)) / 8.0).clamp(0.0, 1.0);
        let grey: Vec<f32> = (0..160 * 160)
            .map(|i| ((i % 160) as f64 + 0.5, (i / 160) as f64 + 0.5))
            .map(|(x, y)| (1000.0 + sign * 300.0 * soft(x - 35.0, y - 80.0)) as f32)
            .collect();
        let picture = flat(&grey, 160, 0.5);
        let of = |particles| edge_width_nm(&picture, 2, &Measured { particles, suppressed_count: 0 });
        let planted = particle(70.0, 160.0, 80.0, Status::Accepted, polarity);
        let found = of(vec![planted.clone()]).unwrap();
        assert!((found - 0.8 * 8.0).abs() < 0.1, "{found}");
        assert_eq!(of(vec![crate::measure::Particle { status: Status::Border, ..planted }]), None);
    }
}

#[test]
fn the_edge_is_read_from_crest_to_trough() {
    // Falls by ten from 5 to 15, with a hump before and a dip after the middle.
    let mut profile: Vec<f64> = (0..=20).map(|i| 100.0 - 10.0 * f64::from((i - 5).clamp(0, 10))).collect();
    assert_eq!(rise_nm(&profile), Some(8.0 * EDGE_STEP_NM));
    profile[18] = -20.0;
    profile[2] = 120.0;
    // From 106 to -6, whose crossings lie between 2 and 3 and between 17 and 18.
    let expected = (17.0 + 6.0 / 20.0) - (2.0 + 14.0 / 20.0);
    let found = rise_nm(&profile).unwrap() / EDGE_STEP_NM;
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn a_picture_is_measured_with_what_was_found_in_it() {
    let field = Field::get();
    let side = 2 * FIELD;
    let values = (0..side * side).map(|i| [0.0, 5.0, 6.0, 7.0, 9.0][i % 5]).collect();
    let mark = |x0, x1| Region { kind: RegionKind::Text, x0, y0: 0, x1, y1: side };
    let mut micrograph = Micrograph::new(side, side, values, PixelSize::square(0.5));
    micrograph.marks.push(mark(0, 42));
    let found = vec![particle(97.0, 93.0, 40.0, Status::Accepted, Polarity::Lighter)];
    let measured = Measured { particles: found, suppressed_count: 0 };
    let quality = Quality::new(&field.scene(), &micrograph, &measured);
    // The edges of the bodies fall evenly over 4 nm.
    assert!((quality.edge_width_nm.unwrap() - 3.2).abs() < 0.3, "{quality:?}");
    assert_eq!((quality.rim_contrast, quality.crowded_share), (Some(7.0), Some(0.0)));
    assert!((quality.vesicle_share.unwrap() - 500.0 / ((side - 42) * side) as f64).abs() < 1e-12);
    // Two of five values are the ends.
    assert!((quality.saturated_share.unwrap() - 0.4).abs() < 1e-3, "{quality:?}");
    let scene = field.scene();
    let smooth = Picture { noise: scene.noise, ..flat(scene.grey, FIELD, 1.0) };
    assert_eq!(quality.stain_gradient, Some(stain_gradient(&smooth).unwrap()));
    assert_eq!(quality.granularity, Some(granularity(&Picture { grey: scene.raw, ..smooth }).unwrap()));
    // Without a scale there are no lengths.
    let unscaled = Quality::new(&field.scene(), &Micrograph { pixel_size: None, ..micrograph.clone() }, &measured);
    assert_eq!((unscaled.granularity, unscaled.edge_width_nm, unscaled.crowded_share), (None, None, None));
    assert_eq!((unscaled.stain_gradient, unscaled.rim_contrast), (quality.stain_gradient, Some(7.0)));
    micrograph.marks.push(mark(0, side));
    let hidden = Quality::new(&field.scene(), &micrograph, &measured);
    assert_eq!((hidden.saturated_share, hidden.vesicle_share), (None, None));
}

#[test]
fn crowding_is_measured_from_edge_to_edge() {
    let look = Appearance::default();
    let at = |x: f64, y: f64, diameter_px: f64| Seen {
        centre_px: (x, y),
        diameter_px,
        ..seen(Class::Vesicle, Status::Accepted, 0.0, &look)
    };
    // Radii of 10 and 20: 7 px apart along the diagonal of 3 : 4 : 5.
    let pair = [at(100.0, 200.0, 20.0), at(100.0 + 0.6 * 37.0, 200.0 - 0.8 * 37.0, 40.0)];
    assert_eq!((crowded_share(&pair, 7.1), crowded_share(&pair, 6.9)), (Some(1.0), Some(0.0)));
    assert_eq!((crowded_share(&pair[..1], 1e3), crowded_share(&[], 5.0)), (Some(0.0), None));
}

#[test]
fn the_median_leaves_out_what_is_no_number() {
    assert_eq!(median(vec![5.0, f64::NAN, 1.0, 3.0, f64::INFINITY]), Some(3.0));
    assert_eq!((median(vec![f64::NAN]), median(Vec::new()), finite(f64::NAN)), (None, None, None));
}

#[test]
fn a_blur_spreads_a_point_by_its_deviation_and_keeps_its_sum() {
    let size = 41;
    let point: Vec<f32> = (0..size * size).map(|i| if i == 20 * size + 20 { 1000.0 } else { 0.0 }).collect();
    let blurred = blur(&flat(&point, size, 1.0), 2.5);
    let moment = |of: &dyn Fn(f64, f64) -> f64| {
        let at = |(i, &v): (usize, &f32)| of((i % size) as f64 - 20.0, (i / size) as f64 - 20.0) * f64::from(v);
        blurred.iter().enumerate().map(at).sum::<f64>() / 1000.0
    };
    assert!((moment(&|_, _| 1.0) - 1.0).abs() < 1e-4);
    for variance in [moment(&|x, _| x * x), moment(&|_, y| y * y)] {
        // Cut off at three deviations it loses 2.7 % of its variance.
        assert!((variance / 6.25 - 1.0).abs() < 0.03, "{variance}");
    }
    assert!(moment(&|x, y| x + y).abs() < 1e-4);
    // The border is repeated: what is even stays even, whatever the shape of the picture.
    assert!(blur(&flat(&vec![7.0; 13 * 9], 13, 1.0), 2.0).iter().all(|v| (v - 7.0).abs() < 1e-5));
    let ramp: Vec<f32> = (0..30 * 20).map(|i| (i % 30 + 100 * (i / 30)) as f32).collect();
    let even = blur(&flat(&ramp, 30, 1.0), 1.5);
    assert!((even[10 * 30 + 15] - ramp[10 * 30 + 15]).abs() < 1e-2);
}
