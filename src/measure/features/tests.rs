//! What the verdict's features say of pictures whose values are known.

use super::super::planted::{all_close, circle, close, outline, square};
use super::*;
use crate::segment::Polarity;
use std::f64::consts::TAU;

const SIDE: usize = 160;

fn picture(grey: &[f32]) -> Picture<'_, f32> {
    Picture { grey, width: SIDE, height: grey.len() / SIDE }
}

/// A cone that falls by 5 per pixel from the middle.
fn cone() -> Vec<f32> {
    square(SIDE, |x, y| -5.0 * libm::hypot(x - 80.0, y - 80.0))
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
    let ellipse = outline(80.0, 80.0, |t: f64| a * b / libm::hypot(b * libm::cos(t), a * libm::sin(t)));
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
    read.profile[1..8].iter_mut().flatten().enumerate().for_each(|(i, v)| *v += if i % 2 == 0 { 10.0 } else { -10.0 });
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
    let crowd =
        with(&[(500.0, 10.0, 0.1), (529.0, 10.0, 0.7), (531.0, 10.0, 0.9), (520.0, 10.0, 0.69), (471.0, 10.0, 0.8)]);
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
        let wavy = outline(0.0, 0.0, |t| 20.0 * (1.0 + 0.1 * libm::cos(n as f64 * t + phase)));
        let mut found = Vec::new();
        shape(&mut found, &wavy);
        let at = match n {
            2..=5 => n - 1,
            6..=8 => 5,
            _ => 6,
        };
        let angles = || (0..RAYS).map(|k| n as f64 * TAU * k as f64 / RAYS as f64 + phase);
        // Second differences of a cosine are cosines.
        let bend = 0.2 * (1.0 - libm::cos(n as f64 * TAU / RAYS as f64));
        let mut expected = vec![0.0; 9];
        expected[0] = bend * angles().map(|a| libm::cos(a).abs()).sum::<f64>() / RAYS as f64;
        expected[at] = 0.1;
        expected[7] = 1.0 + 0.1 * angles().map(libm::cos).fold(1.0, f64::min);
        expected[8] = 1.0 + 0.1 * angles().map(libm::cos).fold(-1.0, f64::max);
        all_close(&found, &expected, 1e-5);
    }
    let mut rough = Vec::new();
    shape(&mut rough, &outline(0.0, 0.0, |t| 20.0 + 3.0 * libm::cos(6.0 * t) + 4.0 * libm::sin(8.0 * t)));
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
    let start = [libm::log(80.0), libm::log(40.0), libm::log(5.0), 0.5, f64::from(Polarity::Darker.sign()), 0.6];
    all_close(&found[..6], &start, 1e-5);
    all_close(&found[found.len() - 5..], &[0.9, 0.3, 0.4, -0.2, libm::log(4.0)], 1e-5);
    // Heights are told in contrasts, but not in less than half of the noise: an outline around nothing has none.
    let height = |noise: f32| features(&contour, &readings(|i| i as f32), &company, &Setting { noise, ..setting })[32];
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
