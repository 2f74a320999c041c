//! Masks and shapes against other programs, against ideal discs, and at the edges of what is sensible.
//!
//! The expected values in `fixtures/golden/shapes` were measured by scikit-image, Qhull and ImageJ; see
//! `scripts/make-shape-golden`.

use cupule::measure::appearance::Appearance;
use cupule::measure::shape::shape;
use cupule::measure::{self, Class, Mask, Shape, Status};
use cupule::report::labels::{LabelOverflow, label_image};
use cupule::results::Particle;
use cupule::segment::{Outline, Polarity, RAYS};
use std::collections::HashMap;
use std::f64::consts::{PI, TAU};

const PICTURE: (usize, usize) = (160, 160);
/// Cases that the generator writes: a table that lost its rows must not pass.
const CASES: usize = 27;

fn golden(file: &str) -> csv::Reader<std::fs::File> {
    csv::Reader::from_path(format!("{}/fixtures/golden/shapes/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn golden_shapes() -> HashMap<String, Shape> {
    let mut polygons: HashMap<String, Vec<[f64; 2]>> = HashMap::new();
    for row in golden("polygons.csv").deserialize() {
        let (case, x, y): (String, f64, f64) = row.unwrap();
        polygons.entry(case).or_default().push([x, y]);
    }
    polygons.into_iter().map(|(case, p)| (case, shape(&Mask::of_polygon(&p, PICTURE), PICTURE))).collect()
}

fn close(case: &str, what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{case}: {what} is {ours}, expected {theirs}");
}

#[test]
fn sizes_and_shapes_are_those_of_scikit_image_and_qhull() {
    // The table has 9 significant digits.
    const TOLERANCE: f64 = 1e-8;
    let shapes = golden_shapes();
    let mut seen = 0;
    for row in golden("skimage.csv").deserialize() {
        let (case, v): (String, [f64; 9]) = row.unwrap();
        let [area, x, y, diameter, perimeter, hull_area, feret_max, feret_min, touches] = v;
        let ours = &shapes[&case];
        assert_eq!(ours.area_px2, area, "{case}: pixels");
        assert_eq!(ours.touches_border, touches == 1.0, "{case}: border");
        close(&case, "x", ours.x_px, x, TOLERANCE);
        close(&case, "y", ours.y_px, y, TOLERANCE);
        close(&case, "diameter", ours.diameter_px, diameter, TOLERANCE);
        close(&case, "perimeter", ours.perimeter_px, perimeter, TOLERANCE);
        close(&case, "circularity", ours.circularity, 4.0 * PI * area / perimeter.powi(2), TOLERANCE);
        close(&case, "solidity", ours.solidity, area / hull_area, TOLERANCE);
        close(&case, "feret_max", ours.feret_max_px, feret_max, TOLERANCE);
        close(&case, "feret_min", ours.feret_min_px, feret_min, TOLERANCE);
        seen += 1;
    }
    assert_eq!(seen, CASES);
}

#[test]
fn feret_aspect_ratio_and_solidity_are_those_of_imagej() {
    // ImageJ's values were written with six decimals.
    const TOLERANCE: f64 = 2e-6;
    let shapes = golden_shapes();
    let mut seen = 0;
    for row in golden("imagej.csv").deserialize() {
        let (case, [area, feret_max, feret_min, aspect_ratio, solidity]): (String, [f64; 5]) = row.unwrap();
        let ours = &shapes[&case];
        assert_eq!(ours.area_px2, area, "{case}: pixels");
        close(&case, "feret_max", ours.feret_max_px, feret_max, TOLERANCE);
        close(&case, "feret_min", ours.feret_min_px, feret_min, TOLERANCE);
        close(&case, "aspect_ratio", ours.aspect_ratio, aspect_ratio, TOLERANCE);
        close(&case, "solidity", ours.solidity, solidity, TOLERANCE);
        seen += 1;
    }
    assert_eq!(seen, CASES);
}

fn disc(x: f64, y: f64, r: f64) -> Vec<[f64; 2]> {
    (0..720).map(|i| TAU * f64::from(i) / 720.0).map(|t| [x + r * libm::cos(t), y + r * libm::sin(t)]).collect()
}

#[test]
fn discs_keep_their_size_at_every_scale() {
    // Largest bias of diameter, perimeter and circularity over 400 positions, then ImageJ's surplus of Feret and solidity.
    let bounds = [
        (8.0, 0.005, 0.010, 0.02, 1.12, 0.915),
        (20.0, 0.003, 0.004, 0.01, 1.17, 0.946),
        (40.0, 0.001, 0.003, 0.006, 1.23, 0.967),
        (100.0, 0.001, 0.002, 0.004, 1.29, 0.984),
    ];
    for (d, diameter, perimeter, circularity, feret, solidity) in bounds {
        let mut mean = [0.0; 5];
        for i in 0..400 {
            // Steps of irrational size spread the positions evenly over a pixel.
            let (x, y) = (80.0 + (f64::from(i) * 0.618).fract(), 80.0 + (f64::from(i) * 0.377).fract());
            let s = shape(&Mask::of_polygon(&disc(x, y, d / 2.0), PICTURE), PICTURE);
            let values = [
                s.diameter_px / d - 1.0,
                s.perimeter_px / (PI * d) - 1.0,
                s.circularity - 1.0,
                s.feret_max_px - d - feret,
                s.solidity - solidity,
            ];
            mean = std::array::from_fn(|k| mean[k] + values[k] / 400.0);
        }
        println!("{d} px: {mean:+.4?}");
        for (value, bound) in mean.into_iter().zip([diameter, perimeter, circularity, 0.12, 0.01]) {
            assert!(value.abs() <= bound, "{d} px: {mean:?}");
        }
    }
}

#[test]
fn neighbours_share_their_edge_without_gap_or_overlap() {
    // A square in two halves, cut along lines that pass exactly through pixel centres.
    let cuts = [[10.5, 10.5, 30.5, 30.5], [10.5, 20.5, 30.5, 20.5], [20.5, 10.5, 20.5, 30.5], [10.5, 12.5, 30.5, 25.0]];
    let square = [[10.5, 10.5], [30.5, 10.5], [30.5, 30.5], [10.5, 30.5]];
    assert_eq!(Mask::of_polygon(&square, PICTURE).pixels().count(), 400);
    for [ax, ay, bx, by] in cuts {
        let side = |p: &[f64; 2]| (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax);
        let mut hits = vec![0; PICTURE.0 * PICTURE.1];
        for sign in [1.0, -1.0] {
            let mut half: Vec<[f64; 2]> = square.iter().copied().filter(|p| sign * side(p) > 0.0).collect();
            half.extend([[ax, ay], [bx, by]]);
            // Sorted by angle around its middle, a convex polygon is in order.
            let n = half.len() as f64;
            let (x, y) = half.iter().fold((0.0, 0.0), |(x, y), p| (x + p[0] / n, y + p[1] / n));
            half.sort_by(|p, q| libm::atan2(p[1] - y, p[0] - x).total_cmp(&libm::atan2(q[1] - y, q[0] - x)));
            let mask = Mask::of_polygon(&half, PICTURE);
            mask.pixels().for_each(|(x, y)| hits[(mask.y0 + y) * PICTURE.0 + mask.x0 + x] += 1);
        }
        assert_eq!(hits.iter().sum::<i32>(), 400);
        assert!(hits.iter().all(|&h| h <= 1));
    }
}

#[test]
fn nothing_to_measure_is_no_disaster() {
    let nowhere = [
        vec![],
        vec![[5.0, 5.0]],
        vec![[f64::NAN, 1.0], [3.0, 3.0], [1.0, 4.0]],
        vec![[1e300, 0.0], [-1e300, f64::INFINITY], [0.0, 1.0]],
        disc(-50.0, 80.0, 20.0),
        disc(80.0, 80.0, 0.1),
    ];
    for polygon in nowhere {
        let s = shape(&Mask::of_polygon(&polygon, PICTURE), PICTURE);
        assert_eq!((s.area_px2, s.aspect_ratio, s.touches_border), (0.0, 1.0, false), "{s:?}");
        let sizes = [s.diameter_px, s.feret_max_px, s.feret_min_px, s.perimeter_px, s.circularity, s.solidity];
        assert_eq!(sizes, [0.0; 6]);
        assert!(s.x_px.is_finite() && s.y_px.is_finite());
    }
    assert_eq!(shape(&Mask::of_polygon(&disc(0.0, 0.0, 9.0), (0, 0)), (0, 0)).area_px2, 0.0);
    let everything = Mask::of_polygon(&disc(80.0, 80.0, 1e12), PICTURE);
    assert_eq!(shape(&everything, PICTURE).area_px2, 160.0 * 160.0);
}

#[test]
fn the_border_is_touched_from_the_last_pixel_on() {
    // The edge ends just short of the outermost pixels' centres, then just beyond.
    for (reach, touches) in [(79.4, false), (79.6, true)] {
        for (u, v) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let r = 20.0;
            let mask = Mask::of_polygon(&disc(80.0 + u * (reach - r), 80.0 + v * (reach - r), r), PICTURE);
            assert_eq!(shape(&mask, PICTURE).touches_border, touches, "{u} {v} {reach}");
        }
    }
}

fn particle(id: u32, x_px: f64, status: Status, confidence: f64) -> Particle {
    let found = measure::Particle {
        id,
        outline: Outline { x_px, y_px: 80.0, radius_px: [20.0; RAYS], polarity: Polarity::Lighter },
        shape: Shape::default(),
        diameter_uncertainty_nm: 0.0,
        appearance: Appearance::default(),
        confidence,
        class: Class::Vesicle,
        status,
        reason: None,
    };
    found.into()
}

#[test]
fn overlaps_go_to_the_more_confident() {
    let at = |particles: &[Particle], x: usize| label_image(PICTURE, particles).unwrap().label[80 * PICTURE.0 + x];
    let (first, second) = (particle(1, 60.0, Status::Accepted, 0.5), particle(2, 80.0, Status::Border, 0.9));
    let rejected = particle(3, 70.0, Status::Rejected, 1.0);
    for particles in [[first.clone(), second.clone(), rejected.clone()], [rejected, second, first]] {
        assert_eq!([45, 70, 95, 120].map(|x| at(&particles, x)), [1, 2, 2, 0]);
    }
    let equals = [particle(7, 60.0, Status::Accepted, 0.5), particle(4, 80.0, Status::Accepted, 0.5)];
    assert_eq!(at(&equals, 70), 4);
}

#[test]
fn a_label_beyond_16_bits_is_reported() {
    let shown = |id, status| label_image(PICTURE, &[particle(id, 80.0, status, 0.5)]).map(|l| l.label[80 * 160 + 80]);
    assert_eq!(shown(65535, Status::Accepted), Ok(65535));
    assert_eq!(shown(65536, Status::Accepted), Err(LabelOverflow { id: 65536 }));
    assert_eq!(shown(65536, Status::Rejected), Ok(0));
}
