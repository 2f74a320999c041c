//! The course of the stain: a second-order surface through the film.

use super::{Grey, Picture, finite, median};

/// Edge of the squares whose medians show the stain's course, nm: small enough to fall between vesicles, large enough that
/// grain averages out.
const SQUARE_NM: f64 = 40.0;
/// Rounds of fitting the course of the stain, and from how many standard deviations (from the median deviation) a square
/// counts less than half in the next one: what lies far off is no film. Cauchy's weights with their usual constant.
const FIT_ROUNDS: usize = 12;
const CAUCHY: f64 = 2.385;
/// Percentiles of the surface whose distance is the swing, as for `background_swing`: corners say little.
const SWING: (f64, f64) = (0.05, 0.95);
/// Steps along each axis at which the fitted surface is read.
const FIT_STEPS: u32 = 100;
/// Standard deviation of a normal distribution over its median absolute deviation.
const SD_PER_MAD: f64 = 1.4826;

/// Swing of the stain over the noise.
pub(super) fn stain_gradient<T: Grey>(picture: &Picture<T>) -> Option<f64> {
    let (squares, edge) = picture.squares(SQUARE_NM);
    let place = |v: usize, size: usize| 2.0 * (v as f64 + edge as f64 / 2.0) / size as f64 - 1.0;
    let mut points: Vec<Point> = squares
        .filter_map(|(x, y)| {
            let terms = terms(place(x, picture.width), place(y, picture.height));
            Some(Point { terms, value: median(picture.square((x, y), edge).collect())?, weight: 1.0 })
        })
        .collect();
    let mut fit = least_squares(&points)?;
    for _ in 1..FIT_ROUNDS {
        let off: Vec<f64> = points.iter().map(|p| p.value - value(&fit, &p.terms)).collect();
        let spread = SD_PER_MAD * median(off.iter().map(|v| v.abs()).collect())?;
        if spread <= 0.0 {
            break;
        }
        for (point, off) in points.iter_mut().zip(off) {
            point.weight = 1.0 / (1.0 + (off / (CAUCHY * spread)).powi(2));
        }
        fit = least_squares(&points)?;
    }
    // Over the whole picture: the outermost medians lie half a square inside its border.
    let steps = (0..=FIT_STEPS).map(|i| 2.0 * f64::from(i) / f64::from(FIT_STEPS) - 1.0);
    let mut surface: Vec<f64> =
        steps.clone().flat_map(|y| steps.clone().map(move |x| value(&fit, &terms(x, y)))).collect();
    surface.sort_by(f64::total_cmp);
    let at = |q: f64| surface[(q * (surface.len() - 1) as f64).round() as usize];
    finite((at(SWING.1) - at(SWING.0)) / picture.noise)
}

/// Middle of a square of the film, and how far it is trusted to be film.
struct Point {
    terms: [f64; TERMS],
    value: f64,
    weight: f64,
}

/// Terms of a second-order surface.
const TERMS: usize = 6;

fn terms(x: f64, y: f64) -> [f64; TERMS] {
    [1.0, x, y, x * x, x * y, y * y]
}

fn value(fit: &[f64; TERMS], terms: &[f64; TERMS]) -> f64 {
    fit.iter().zip(terms).map(|(a, b)| a * b).sum()
}

/// The surface nearest to the points; `None` where there are too few of them.
fn least_squares(points: &[Point]) -> Option<[f64; TERMS]> {
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for Point { terms, value, weight } in points {
        for (row, a) in rows.iter_mut().zip(terms) {
            row.iter_mut().zip(terms.iter().chain([value])).for_each(|(sum, b)| *sum += weight * a * b);
        }
    }
    let total: f64 = points.iter().map(|p| p.weight).sum();
    // Gauss and Jordan, with the largest pivot of each column.
    for k in 0..TERMS {
        let pivot = (k..TERMS).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs()))?;
        rows.swap(k, pivot);
        if rows[k][k].abs() < 1e-9 * total {
            return None;
        }
        let row = rows[k];
        for (_, other) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let factor = other[k] / row[k];
            other.iter_mut().zip(row).for_each(|(a, b)| *a -= factor * b);
        }
    }
    Some(std::array::from_fn(|k| rows[k][TERMS] / rows[k][k]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surface_of_second_order_is_found_exactly() {
        let planted = [3.0, -1.0, 2.0, 0.5, -0.75, 4.0];
        let point = |i: usize| {
            let terms = terms((i % 5) as f64 / 2.0 - 1.0, (i / 5) as f64 / 2.5 - 0.8);
            // What weighs nothing pulls nothing.
            let off = if i == 7 { 1e3 } else { 0.0 };
            Point { terms, value: value(&planted, &terms) + off, weight: if i == 7 { 0.0 } else { 1.0 + i as f64 } }
        };
        let points: Vec<Point> = (0..25).map(point).collect();
        let found = least_squares(&points).unwrap();
        assert!(found.iter().zip(planted).all(|(f, p)| (f - p).abs() < 1e-9), "{found:?}");
        // Along one row there is nothing to tell the course across it.
        assert_eq!(least_squares(&points[..5]), None);
        assert_eq!(terms(2.0, 3.0), [1.0, 2.0, 3.0, 4.0, 6.0, 9.0]);
    }

    fn swing(value: impl Fn(f64, f64) -> f64) -> f64 {
        // Not square, of 21 by 16 squares of 40 nm and a rest.
        let (width, height, pixel_nm) = (108, 84, 8.0);
        let at = |i: usize| {
            value(
                2.0 * ((i % width) as f64 + 0.5) / width as f64 - 1.0,
                2.0 * ((i / width) as f64 + 0.5) / height as f64 - 1.0,
            )
        };
        let grey: Vec<f32> = (0..width * height).map(|i| at(i) as f32).collect();
        stain_gradient(&Picture { grey: &grey, width, height, pixel_nm, noise: 2.0 }).unwrap()
    }

    #[test]
    fn the_swing_is_that_of_the_surface_over_the_whole_picture() {
        // From the 5th to the 95th percentile of an even slope.
        for slope in [swing(|x, _| 10.0 * x), swing(|_, y| -10.0 * y)] {
            assert!((slope - 0.9 * 20.0 / 2.0).abs() < 0.1, "{slope}");
        }
        // Of a valley from 0 to 1: 0.05 squared to 0.95 squared.
        let valley = swing(|x, _| 40.0 * x * x);
        assert!((valley - (0.95f64.powi(2) - 0.05f64.powi(2)) * 20.0).abs() < 0.5, "{valley}");
        // A corner that is no film changes little.
        let patched = swing(|x, y| 10.0 * x + 0.5 * libm::sin(40.0 * x) + if x > 0.6 && y > 0.5 { 500.0 } else { 0.0 });
        assert!((patched - 9.0).abs() < 1.0, "{patched}");
    }
}
