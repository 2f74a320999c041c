//! Masks whose figures were worked out by hand or by ImageJ.

use super::*;

fn mask(rows: &[&str]) -> Mask {
    let inside = rows.iter().flat_map(|row| row.bytes().map(|b| b == b'#')).collect();
    Mask { x0: 10, y0: 20, width: rows[0].len(), height: rows.len(), inside }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 5e-4
}

/// What ImageJ 1.53t printed for the same pixels.
#[test]
fn a_pixel_and_a_bar_measure_as_in_imagej() {
    let pixel = measurement(&mask(&["#"]), (0.5, 0.5)).unwrap();
    assert!(close(pixel.perimeter, 1.414) && close(pixel.feret, 0.707) && close(pixel.feret_angle, 135.0));
    assert_eq!((pixel.circularity, pixel.solidity, pixel.feret_min), (1.0, 1.0, 0.5));
    assert_eq!((pixel.feret_start_px, pixel.bounds), ([10.0, 20.0], [5.0, 10.0, 0.5, 0.5]));
    let bar = measurement(&mask(&["#"; 20]), (0.5, 0.5)).unwrap();
    let ellipse = bar.ellipse.unwrap();
    assert!(close(bar.perimeter, 20.414) && close(bar.feret, 10.012) && close(bar.feret_angle, 92.862));
    assert!(close(ellipse.major, 11.284) && close(ellipse.minor, 0.564) && close(ellipse.angle, 90.0));
    let bar = measurement(&mask(&["#"; 20]), (0.5, 0.7)).unwrap();
    assert!(close(bar.perimeter, 28.320) && close(bar.feret, 14.009) && close(bar.circularity, 0.110));
    assert_eq!(bar.ellipse, None);
}

#[test]
fn a_hole_counts_in_the_area_and_not_in_the_perimeter() {
    let whole = measurement(&mask(&["####", "####", "####", "####"]), (1.0, 1.0)).unwrap();
    let ring = measurement(&mask(&["####", "#..#", "#..#", "####"]), (1.0, 1.0)).unwrap();
    assert_eq!((whole.area, ring.area, ring.perimeter), (16.0, 12.0, whole.perimeter));
}

#[test]
fn parts_add_up_and_diagonal_neighbours_are_one_part() {
    let one = measurement(&mask(&["#"]), (1.0, 1.0)).unwrap().perimeter;
    let two = measurement(&mask(&["#..", "..#"]), (1.0, 1.0)).unwrap().perimeter;
    let diagonal = traces(&mask(&["#.", ".#"]));
    assert!(close(two, 2.0 * one));
    assert_eq!((diagonal.len(), diagonal[0].len()), (1, 8));
    assert_eq!(measurement(&mask(&["..."]), (1.0, 1.0)), None);
}

use super::super::planted::close as near;
use std::f64::consts::TAU;

fn golden<T: serde::de::DeserializeOwned>(file: &str) -> Vec<T> {
    let path = format!("{}/fixtures/golden/shapes/{file}", env!("CARGO_MANIFEST_DIR"));
    csv::Reader::from_path(path).unwrap().into_deserialize().map(Result::unwrap).collect()
}

/// The same table that `tests/shape.rs` compares with.
#[test]
fn sizes_are_those_that_imagej_gave_for_the_golden_shapes() {
    let points: Vec<(String, f64, f64)> = golden("polygons.csv");
    let rows: Vec<(String, [f64; 5])> = golden("imagej.csv");
    assert!(rows.len() > 20);
    for (case, [area, feret_max, feret_min, aspect_ratio, solidity]) in rows {
        let polygon: Vec<[f64; 2]> = points.iter().filter(|p| p.0 == case).map(|p| [p.1, p.2]).collect();
        let found = measurement(&Mask::of_polygon(&polygon, (160, 160)), (1.0, 1.0)).unwrap();
        assert_eq!(found.area, area, "{case}");
        near(found.feret, feret_max, 2e-6 * feret_max);
        near(found.feret_min, feret_min, 2e-6 * feret_min);
        near(found.ellipse.unwrap().aspect_ratio, aspect_ratio, 2e-6 * aspect_ratio);
        near(found.solidity, solidity, 2e-6);
    }
}

#[test]
fn a_rectangle_of_oblong_pixels_is_computed_by_hand() {
    // Four by three pixels inside a wider mask.
    let rectangle = mask(&["......", ".####.", ".####.", ".####.", "......"]);
    let (w, h) = (0.5, 0.75);
    let found = measurement(&rectangle, (w, h)).unwrap();
    assert_eq!((found.area, found.bounds), (12.0 * w * h, [11.0 * w, 21.0 * h, 4.0 * w, 3.0 * h]));
    assert_eq!((found.x, found.y, found.solidity), (13.0 * w, 22.5 * h, 1.0));
    let (width, height) = (4.0 * w, 3.0 * h);
    let perimeter = 2.0 * (width + height) - 4.0 * (w + h - libm::hypot(w, h));
    near(found.perimeter, perimeter, 1e-12);
    assert_eq!(found.circularity, 1.0);
    near(found.feret, libm::hypot(width, height), 1e-12);
    near(found.feret_min, width.min(height), 1e-12);
    near(found.feret_angle, 180.0 - libm::atan(height / width).to_degrees(), 1e-9);
    assert_eq!((found.feret_start_px, found.ellipse), ([11.0, 21.0], None));
    // Its ellipse has its area and its ratio of axes.
    let ellipse = measurement(&rectangle, (0.5, 0.5)).unwrap().ellipse.unwrap();
    let unit = 2.0 / PI.sqrt();
    near(ellipse.major, 4.0 * 0.5 * unit, 1e-5);
    near(ellipse.minor, 3.0 * 0.5 * unit, 1e-5);
    near(ellipse.angle, 0.0, 1e-3);
    near(ellipse.aspect_ratio, 4.0 / 3.0, 1e-6);
    near(ellipse.roundness, 0.75, 1e-5);
    // The one end of the tallest caliper that is met first is the upper one.
    let upright = measurement(&mask(&[".#", ".#", "##", ".#", ".#"]), (1.0, 1.0)).unwrap();
    assert_eq!(upright.feret_start_px, [11.0, 20.0]);
}

#[test]
fn an_ellipse_has_the_direction_that_it_was_drawn_in() {
    for degrees in [0.0, 20.0, 45.0, 70.0, 90.0, 110.0, 135.0, 160.0] {
        // Down is positive in a picture: clockwise on screen.
        let (sin, cos) = libm::sincos(f64::to_radians(-degrees));
        let at = |t: f64| (40.0 * libm::cos(t), 15.0 * libm::sin(t));
        let turned = |(x, y): (f64, f64)| [80.3 + x * cos - y * sin, 80.1 + x * sin + y * cos];
        let drawn: Vec<[f64; 2]> = (0..360).map(|i| turned(at(TAU * f64::from(i) / 360.0))).collect();
        let found = measurement(&Mask::of_polygon(&drawn, (160, 160)), (2.0, 2.0)).unwrap();
        let fitted = found.ellipse.unwrap();
        let off = |angle: f64| ((angle - degrees + 90.0).rem_euclid(180.0) - 90.0).abs();
        assert!(off(fitted.angle) < 0.6 && off(found.feret_angle) < 5.0, "{degrees}: {found:?}");
        assert!((0.0..180.0).contains(&fitted.angle), "{}", fitted.angle);
        near(fitted.major, 160.0, 1.0);
        near(fitted.minor, 60.0, 1.0);
        near(fitted.roundness, fitted.minor / fitted.major, 5e-3);
        near(found.area, PI * 80.0 * 30.0, 40.0);
    }
}

#[test]
fn turning_and_scaling_a_mask_keeps_its_measures() {
    let rows = ["..###..", ".#####.", "###.###", "##...##", ".##....", "..#####"];
    let turned: Vec<String> =
        (0..7).map(|x| (0..6).map(|y| char::from(rows[5 - y].as_bytes()[x])).collect::<String>()).collect();
    let turned: Vec<&str> = turned.iter().map(String::as_str).collect();
    let (a, b) = (measurement(&mask(&rows), (1.0, 1.0)).unwrap(), measurement(&mask(&turned), (3.0, 3.0)).unwrap());
    near(b.area, 9.0 * a.area, 1e-9);
    near(b.feret, 3.0 * a.feret, 1e-9);
    near(b.feret_min, 3.0 * a.feret_min, 1e-9);
    near(b.solidity, a.solidity, 1e-9);
    let (p, q) = (a.ellipse.unwrap(), b.ellipse.unwrap());
    near(q.major, 3.0 * p.major, 1e-4);
    near(q.minor, 3.0 * p.minor, 1e-4);
    near((q.angle - p.angle).abs(), 90.0, 1e-3);
    // The centroid of a quarter turn: (x, y) goes to (height - y, x).
    near(b.x / 3.0 - 10.0, 6.0 - (a.y - 20.0), 1e-9);
    near(b.y / 3.0 - 20.0, a.x - 10.0, 1e-9);
}

#[test]
fn corners_one_pixel_apart_are_cut_by_turns() {
    // Twelve edges of one pixel, every other corner cut: six diagonals.
    let plus = measurement(&mask(&[".#.", "###", ".#."]), (1.0, 1.0)).unwrap();
    near(plus.perimeter, 6.0 * 2f64.sqrt(), 1e-12);
    // Edges longer than a pixel are cut at every corner: six of this hook.
    let hook = measurement(&mask(&["####", "####", "##..", "##.."]), (1.0, 1.0)).unwrap();
    near(hook.perimeter, 16.0 - 6.0 * (2.0 - 2f64.sqrt()), 1e-12);
    near(hook.solidity, 12.0 / 14.0, 1e-12);
    near(hook.circularity, 4.0 * PI * 12.0 / hook.perimeter.powi(2), 1e-12);
}

#[test]
fn pixels_are_one_part_with_all_eight_neighbours() {
    let parts = |dx: usize, dy: usize, mirror: bool| {
        let mut inside = vec![false; 25];
        let column = |x: usize| if mirror { 4 - x } else { x };
        inside[5 + column(1)] = true;
        inside[(1 + dy) * 5 + column(1 + dx)] = true;
        traces(&Mask { x0: 0, y0: 0, width: 5, height: 5, inside }).len()
    };
    for mirror in [false, true] {
        for (dx, dy) in [(1, 0), (0, 1), (1, 1)] {
            assert_eq!(parts(dx, dy, mirror), 1);
        }
        for (dx, dy) in [(2, 0), (0, 2), (2, 1), (1, 2), (2, 2)] {
            assert_eq!(parts(dx, dy, mirror), 2);
        }
    }
    // A long way round: down, up and down again.
    let snake = mask(&["#.###", "#.#.#", "###.#", "....#", "#####", "#...."]);
    assert_eq!(traces(&snake).len(), 1);
}
