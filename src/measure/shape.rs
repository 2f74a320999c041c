//! Size and shape of a mask, by estimators that hold at every magnification.

use super::{Mask, Shape};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4, PI};

/// Size and shape of the pixels in `mask`, which was cut from a picture of (width, height); in pixel units.
///
/// Every value is finite. One that has no meaning for an empty mask is 0, its `aspect_ratio` is 1 and its centroid is the
/// middle of the mask's rectangle. A handful of pixels has a size, but its ratios say little: shape is worth reading from
/// a diameter of about 20 px.
pub fn shape(mask: &Mask, picture: (usize, usize)) -> Shape {
    let moments = Moments::of(mask);
    let hull = convex_hull(corners(mask));
    let hull_area = polygon_area(&hull);
    let (feret_max_px, feret_min_px) = calipers(&hull);
    let area = moments.count;
    let perimeter = crofton_perimeter(mask);
    let ratio = |numerator: f64, denominator: f64| if denominator > 0.0 { numerator / denominator } else { 0.0 };
    Shape {
        area_px2: area,
        x_px: mask.x0 as f64 + moments.x,
        y_px: mask.y0 as f64 + moments.y,
        diameter_px: 2.0 * (area / PI).sqrt(),
        feret_max_px,
        feret_min_px,
        perimeter_px: perimeter,
        circularity: ratio(4.0 * PI * area, perimeter * perimeter),
        solidity: ratio(area, hull_area),
        aspect_ratio: moments.aspect_ratio(),
        touches_border: touches_border(mask, picture),
        covered_share: 0.0,
    }
}

fn touches_border(mask: &Mask, (width, height): (usize, usize)) -> bool {
    mask.pixels().any(|(column, row)| {
        let (x, y) = (mask.x0 + column, mask.y0 + row);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    })
}

/// Count, centroid in the mask's rectangle and central second moments of a set of square pixels.
struct Moments {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    fn of(mask: &Mask) -> Self {
        let centre = |(column, row): (usize, usize)| (column as f64 + 0.5, row as f64 + 0.5);
        let (count, x, y) =
            mask.pixels().map(centre).fold((0.0, 0.0, 0.0), |(n, x, y), (u, v)| (n + 1.0, x + u, y + v));
        if count == 0.0 {
            let (x, y) = (mask.width as f64 / 2.0, mask.height as f64 / 2.0);
            return Self { count, x, y, xx: 0.0, yy: 0.0, xy: 0.0 };
        }
        let (x, y) = (x / count, y / count);
        let (xx, yy, xy) = mask.pixels().map(centre).fold((0.0, 0.0, 0.0), |(xx, yy, xy), (u, v)| {
            (xx + (u - x) * (u - x), yy + (v - y) * (v - y), xy + (u - x) * (v - y))
        });
        // A pixel is a square, not a point: its own second moment is 1/12 along either axis. ImageJ adds it as well, and
        // it keeps a line of pixels from an infinite ratio.
        Self { count, x, y, xx: xx / count + 1.0 / 12.0, yy: yy / count + 1.0 / 12.0, xy: xy / count }
    }

    /// Major over minor axis of the ellipse with these moments: the root of the ratio of their eigenvalues.
    fn aspect_ratio(&self) -> f64 {
        let mean = (self.xx + self.yy) / 2.0;
        let spread = libm::hypot((self.xx - self.yy) / 2.0, self.xy);
        if mean > spread { ((mean + spread) / (mean - spread)).sqrt() } else { 1.0 }
    }
}

/// Cauchy-Crofton: a curve's length is the mean number of its crossings with all straight lines. Here the lines are the
/// rows, the columns and both diagonals of the pixel grid, whose spacings are 1, 1 and 1/sqrt 2.
fn crofton_perimeter(mask: &Mask) -> f64 {
    let (mut straight, mut diagonal) = (0_u64, 0_u64);
    for (column, row) in mask.pixels() {
        let (x, y) = (column as isize, row as isize);
        // A line that enters has to leave: counting the entries alone is half of the crossings.
        let enters = |dx, dy| u64::from(!mask.contains(x + dx, y + dy));
        straight += enters(-1, 0) + enters(0, -1);
        diagonal += enters(-1, -1) + enters(1, -1);
    }
    FRAC_PI_4 * (straight as f64 + FRAC_1_SQRT_2 * diagonal as f64)
}

/// A corner of the pixel grid: whole numbers, so that the hull is exact.
pub(super) type Corner = [i64; 2];

/// Corners of the outermost pixels of every row, sorted by x, then y.
pub(super) fn corners(mask: &Mask) -> Vec<Corner> {
    let mut corners = Vec::new();
    for (row, pixels) in mask.inside.chunks_exact(mask.width.max(1)).enumerate() {
        let (Some(left), Some(right)) = (pixels.iter().position(|&p| p), pixels.iter().rposition(|&p| p)) else {
            continue;
        };
        for x in [left as i64, right as i64 + 1] {
            corners.extend([[x, row as i64], [x, row as i64 + 1]]);
        }
    }
    corners.sort_unstable();
    corners.dedup();
    corners
}

/// Twice the signed area of the triangle `abc`.
fn cross(a: Corner, b: Corner, c: Corner) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Convex hull of sorted points without collinear vertices (Andrew's monotone chain).
pub(super) fn convex_hull(points: Vec<Corner>) -> Vec<Corner> {
    let chain = |points: &mut dyn Iterator<Item = &Corner>| {
        let mut chain: Vec<Corner> = Vec::new();
        for &point in points {
            while let [.., a, b] = chain[..]
                && cross(a, b, point) <= 0
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter());
    hull.extend(chain(&mut points.iter().rev()));
    hull
}

pub(super) fn polygon_area(hull: &[Corner]) -> f64 {
    let Some(&origin) = hull.first() else { return 0.0 };
    hull.windows(2).map(|edge| cross(origin, edge[0], edge[1])).sum::<i64>().abs() as f64 / 2.0
}

/// Largest and smallest distance of two parallel lines that hold the hull between them.
fn calipers(hull: &[Corner]) -> (f64, f64) {
    let distance = |a: Corner, b: Corner| libm::hypot((a[0] - b[0]) as f64, (a[1] - b[1]) as f64);
    let largest = hull.iter().flat_map(|&a| hull.iter().map(move |&b| distance(a, b))).fold(0.0, f64::max);
    // The smallest is reached with one line along an edge. A hull has so few corners that all pairs are quick to try.
    let smallest = hull
        .iter()
        .zip(hull.iter().cycle().skip(1))
        .map(|(&a, &b)| hull.iter().map(|&c| cross(a, b, c)).max().unwrap_or(0) as f64 / distance(a, b))
        .fold(f64::INFINITY, f64::min);
    (largest, if smallest.is_finite() { smallest } else { 0.0 })
}
