//! Size and shape as ImageJ 1.53t measures them, for a table that can be laid beside one of ImageJ's own.
//!
//! The definitions are those of ImageJ's public classes `Wand`, `PolygonRoi`, `Roi`, `EllipseFitter` and `Analyzer`, for a
//! label that "Analyze Particles" finds with its default options; `scripts/check-exports` asks ImageJ. They are for
//! comparison only: [`super::shape`] is what holds at every magnification.

use super::Mask;
use super::shape::{Corner, convex_hull, corners, polygon_area};
use std::f64::consts::{FRAC_PI_2, PI};

/// Pixels whose edges differ by this share or more have no fitted ellipse.
const SQUARE_WITHIN: f64 = 0.01;

/// What ImageJ's results table says about a particle, in units of `pixel` unless it says px.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measurement {
    /// Pixels inside, holes left out.
    pub area: f64,
    /// Centroid of the pixels.
    pub x: f64,
    pub y: f64,
    /// Length of the traced outline, each corner cut short; holes have none.
    pub perimeter: f64,
    /// Left, top, width and height of the box of the pixels.
    pub bounds: [f64; 4],
    /// `None` where pixels are not square: ImageJ then writes 0, NaN and Infinity.
    pub ellipse: Option<Ellipse>,
    /// `4 PI area / perimeter^2`, at most 1.
    pub circularity: f64,
    /// Largest caliper of the corners of the pixels.
    pub feret: f64,
    /// Its left end, **px** even where there is a scale; of two ends above each other the one met first.
    pub feret_start_px: [f64; 2],
    /// Its direction, degrees from 0 to 180, counter-clockwise on screen.
    pub feret_angle: f64,
    /// Smallest caliper of the corners of the pixels.
    pub feret_min: f64,
    /// Pixels over the area of the convex hull of their corners.
    pub solidity: f64,
}

/// The ellipse of the same area and the same ratio and direction of second moments.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ellipse {
    pub major: f64,
    pub minor: f64,
    /// Of the major axis, degrees from 0 to 180, counter-clockwise on screen.
    pub angle: f64,
    /// `major / minor`.
    pub aspect_ratio: f64,
    /// `4 area / (PI major^2)`.
    pub roundness: f64,
}

/// Measures a mask with pixels of `pixel` (width, height); `None` for a mask without a pixel inside.
///
/// A mask in several parts, which ImageJ would list as several particles, is measured as one: its perimeter is the sum of
/// theirs.
pub fn measurement(mask: &Mask, pixel: (f64, f64)) -> Option<Measurement> {
    let (w, h) = pixel;
    let [left, top, right, bottom] = mask.pixels().fold(None, |bounds: Option<[usize; 4]>, (x, y)| {
        let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })?;
    let (x0, y0) = ((mask.x0 + left) as f64, (mask.y0 + top) as f64);
    let sums = Sums::of(mask, left, top);
    let area = sums.count * w * h;
    let perimeter = traces(mask).iter().map(|trace| trace_length(trace, pixel)).sum::<f64>();
    let hull = hull(mask);
    let (feret, from, to) = feret_max(&hull, pixel);
    let angle = libm::atan2((from[1] - to[1]) as f64 * h, (to[0] - from[0]) as f64 * w).to_degrees();
    Some(Measurement {
        area,
        x: (x0 + sums.x / sums.count + 0.5) * w,
        y: (y0 + sums.y / sums.count + 0.5) * h,
        perimeter,
        bounds: [x0 * w, y0 * h, (right + 1 - left) as f64 * w, (bottom + 1 - top) as f64 * h],
        ellipse: ((w - h).abs() / w < SQUARE_WITHIN).then(|| sums.ellipse(area, w)),
        circularity: (4.0 * PI * area / (perimeter * perimeter)).min(1.0),
        feret,
        feret_start_px: [mask.x0 as f64 + from[0] as f64, mask.y0 as f64 + from[1] as f64],
        feret_angle: if angle < 0.0 { angle + 180.0 } else { angle },
        feret_min: feret_min(&hull, pixel),
        solidity: sums.count / polygon_area(&hull),
    })
}

/// Sums over the pixels, counted from the top-left corner of their box.
struct Sums {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn of(mask: &Mask, left: usize, top: usize) -> Self {
        let none = Self { count: 0.0, x: 0.0, y: 0.0, xx: 0.0, yy: 0.0, xy: 0.0 };
        mask.pixels().map(|(x, y)| ((x - left) as f64, (y - top) as f64)).fold(none, |s, (x, y)| Self {
            count: s.count + 1.0,
            x: s.x + x,
            y: s.y + y,
            xx: s.xx + x * x,
            yy: s.yy + y * y,
            xy: s.xy + x * y,
        })
    }

    /// The fitted ellipse of pixels with edge `w` that cover `area`.
    ///
    /// The arithmetic is ImageJ's, to the constants that keep it from dividing by zero: with symmetric particles they
    /// reach the third decimal of the angle.
    fn ellipse(&self, area: f64, w: f64) -> Ellipse {
        /// Second moment of a pixel about its centre: 1/12, as ImageJ rounds it.
        const PIXEL_MOMENT: f64 = 0.083_333_33;
        /// Stands for a difference or a sine of zero.
        const TINY: f64 = 1e-6;
        let (n, x, y) = (self.count, self.x / self.count, self.y / self.count);
        let xx = (self.xx + PIXEL_MOMENT * n) / n - x * x;
        let yy = (self.yy + PIXEL_MOMENT * n) / n - y * y;
        let xy = self.xy / n - x * y;
        // The quadratic form whose level line is the ellipse.
        let determinant = (4.0 * (yy * xx - xy * xy).abs()).max(TINY);
        let (mut a, b, mut c) = (yy / determinant, xy / determinant, xx / determinant);
        let difference = if a == c { TINY } else { a - c };
        let mut angle = 0.5 * libm::atan(2.0 * b / difference);
        if angle < 0.0 {
            angle += FRAC_PI_2;
        }
        if b > 0.0 {
            angle += FRAC_PI_2;
        } else if b == 0.0 {
            if c > a {
                (a, c) = (c, a);
                angle = 0.0;
            } else if a != c {
                angle = FRAC_PI_2;
            }
        }
        let sine = if libm::sin(angle) == 0.0 { TINY } else { libm::sin(angle) };
        let mixed = b * libm::cos(angle) / sine;
        let axes = [(c + mixed).abs().recip().sqrt(), (a - mixed).abs().recip().sqrt()];
        let scale = 2.0 * (n / (PI * axes[0] * axes[1])).sqrt();
        let (major, minor) = (axes[0].max(axes[1]) * scale * w, axes[0].min(axes[1]) * scale * w);
        let degrees = angle.to_degrees();
        Ellipse {
            major,
            minor,
            angle: if degrees == 180.0 { 0.0 } else { degrees },
            aspect_ratio: major / minor,
            roundness: 4.0 * area / (PI * major * major),
        }
    }
}

/// Corners of the outer outline of each 8-connected part, in reading order of the parts.
///
/// Where a trace begins decides which of its corners [`trace_length`] cuts short: at the right end of the part's top row,
/// going down, with the part on the right hand.
fn traces(mask: &Mask) -> Vec<Vec<Corner>> {
    let mut seen = vec![false; mask.inside.len()];
    let mut traces = Vec::new();
    for (column, row) in mask.pixels() {
        if seen[row * mask.width + column] {
            continue;
        }
        mark_part(mask, &mut seen, (column, row));
        let run = mask.inside[row * mask.width + column..(row + 1) * mask.width].iter().take_while(|&&p| p).count();
        traces.push(trace(mask, [(column + run) as i64, row as i64 + 1]));
    }
    traces
}

/// Marks all pixels that are 8-connected to one.
fn mark_part(mask: &Mask, seen: &mut [bool], first: (usize, usize)) {
    let mut open = vec![first];
    seen[first.1 * mask.width + first.0] = true;
    while let Some((column, row)) = open.pop() {
        for (dx, dy) in [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)] {
            let (x, y) = (column as isize + dx, row as isize + dy);
            if mask.contains(x, y) && !seen[y as usize * mask.width + x as usize] {
                seen[y as usize * mask.width + x as usize] = true;
                open.push((x as usize, y as usize));
            }
        }
    }
}

/// Steps along the edges of pixels: right, up, left, down.
const STEPS: [Corner; 4] = [[1, 0], [0, -1], [-1, 0], [0, 1]];
const DOWN: usize = 3;

/// Walks from `start` downwards round the part whose pixels are on the right hand, turning left wherever a pixel is, so
/// that diagonal neighbours belong together.
fn trace(mask: &Mask, start: Corner) -> Vec<Corner> {
    // The pixel ahead, on the left or right hand, of one who goes in a direction.
    let ahead = |[x, y]: Corner, direction: usize, left: bool| {
        let [dx, dy] = [[0, 0], [0, -1], [-1, -1], [-1, 0]][(direction + usize::from(left)) % 4];
        mask.contains((x + dx) as isize, (y + dy) as isize)
    };
    let (mut at, mut direction, mut corners) = (start, DOWN, Vec::new());
    loop {
        let turned = match (ahead(at, direction, true), ahead(at, direction, false)) {
            (true, _) => (direction + 1) % 4,
            (false, true) => direction,
            (false, false) => (direction + 3) % 4,
        };
        if turned != direction {
            corners.push(at);
        }
        direction = turned;
        at = [at[0] + STEPS[direction][0], at[1] + STEPS[direction][1]];
        if at == start && direction == DOWN {
            return corners;
        }
    }
}

/// Length of a traced outline: its edges, each corner cut short by what its diagonal saves; of corners one pixel apart,
/// every other one.
fn trace_length(trace: &[Corner], (w, h): (f64, f64)) -> f64 {
    let (mut dx, mut dy, mut cut_count, mut is_cut) = (0, 0, 0, false);
    let before = trace.last().into_iter().chain(trace);
    for (a, b) in before.zip(trace) {
        let side = [(b[0] - a[0]).abs(), (b[1] - a[1]).abs()];
        (dx, dy) = (dx + side[0], dy + side[1]);
        is_cut = side[0] + side[1] > 1 || !is_cut;
        cut_count += i64::from(is_cut);
    }
    dx as f64 * w + dy as f64 * h - cut_count as f64 * (w + h - libm::hypot(w, h))
}

/// Convex hull of the pixels' corners, from the left end of its top edge counter-clockwise on screen: of equal calipers
/// the first is reported.
fn hull(mask: &Mask) -> Vec<Corner> {
    let mut hull = convex_hull(corners(mask));
    hull.reverse();
    let first = (0..hull.len()).min_by_key(|&i| (hull[i][1], hull[i][0])).unwrap_or(0);
    hull.rotate_left(first);
    hull
}

/// The largest caliper with its ends, the left one first.
fn feret_max(hull: &[Corner], (w, h): (f64, f64)) -> (f64, Corner, Corner) {
    let mut best = (0.0, [0, 0], [0, 0]);
    for (i, &a) in hull.iter().enumerate() {
        for &b in &hull[i + 1..] {
            let (dx, dy) = ((a[0] - b[0]) as f64 * w, (a[1] - b[1]) as f64 * h);
            let square = dx * dx + dy * dy;
            if square > best.0 {
                best = if a[0] > b[0] { (square, b, a) } else { (square, a, b) };
            }
        }
    }
    (best.0.sqrt(), best.1, best.2)
}

/// The smallest caliper: one of its two lines lies along an edge of the hull.
fn feret_min(hull: &[Corner], (w, h): (f64, f64)) -> f64 {
    let place = |p: Corner| [p[0] as f64 * w, p[1] as f64 * h];
    let edges = hull.iter().zip(hull.iter().cycle().skip(1));
    edges.fold(f64::INFINITY, |least, (&a, &b)| {
        let (a, b) = (place(a), place(b));
        let (ux, uy) = (b[0] - a[0], b[1] - a[1]);
        let width = hull.iter().map(|&c| (ux * (place(c)[1] - a[1]) - uy * (place(c)[0] - a[0])).abs());
        least.min(width.fold(0.0, f64::max) / libm::hypot(ux, uy))
    })
}

#[cfg(test)]
mod tests;
