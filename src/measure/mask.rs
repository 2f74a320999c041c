//! The pixels inside an outline.

use crate::segment::Outline;

/// Which pixels of a rectangle of the picture are inside an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Left column and top row of the rectangle in the picture.
    pub x0: usize,
    pub y0: usize,
    pub width: usize,
    pub height: usize,
    /// Row-major, `width` x `height`.
    pub inside: Vec<bool>,
}

impl Mask {
    /// Pixels of a picture (width, height) whose centre is inside the outline.
    pub fn of_outline(outline: &Outline, picture: (usize, usize)) -> Self {
        Self::of_polygon(&outline.polygon(), picture)
    }

    /// Pixels of a picture (width, height) whose centre is inside a closed polygon of `[x, y]` in px, by the even-odd
    /// rule.
    ///
    /// A centre exactly on an edge belongs to the right (or lower) side, so that polygons which share an edge share no
    /// pixel and leave none out. The mask is empty when a vertex is not finite or nothing lies in the picture.
    pub fn of_polygon(polygon: &[[f64; 2]], picture: (usize, usize)) -> Self {
        let mut mask = Self::clipped_box(polygon, picture);
        let Some(last) = polygon.last().filter(|_| !mask.inside.is_empty()) else { return mask };
        // Every edge flips, in the rows whose centre it spans, all pixels to its right; the running parity of the flips
        // along a row then tells inside from outside.
        let mut from = last;
        for to in polygon {
            mask.flip_right_of(from, to);
            from = to;
        }
        for row in mask.inside.chunks_exact_mut(mask.width) {
            let mut inside = false;
            for pixel in row {
                inside ^= *pixel;
                *pixel = inside;
            }
        }
        mask
    }

    /// Whether a pixel of the rectangle is inside; positions outside the rectangle are not.
    pub fn contains(&self, column: isize, row: isize) -> bool {
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else { return false };
        column < self.width && row < self.height && self.inside[row * self.width + column]
    }

    /// Column and row in the rectangle of each pixel inside, in reading order.
    pub fn pixels(&self) -> impl Iterator<Item = (usize, usize)> {
        let width = self.width.max(1);
        self.inside.iter().enumerate().filter(|&(_, &inside)| inside).map(move |(i, _)| (i % width, i / width))
    }

    /// The part of the polygon's bounding box that lies in the picture, nothing inside yet.
    fn clipped_box(polygon: &[[f64; 2]], picture: (usize, usize)) -> Self {
        let finite = polygon.iter().flatten().all(|v| v.is_finite());
        let span = |axis: usize, size: usize| {
            let values = || polygon.iter().map(|vertex| vertex[axis]);
            let low = values().fold(f64::INFINITY, f64::min).floor().clamp(0.0, size as f64) as usize;
            let high = values().fold(f64::NEG_INFINITY, f64::max).ceil().clamp(0.0, size as f64) as usize;
            (low, if finite { high.saturating_sub(low) } else { 0 })
        };
        let ((x0, width), (y0, height)) = (span(0, picture.0), span(1, picture.1));
        Self { x0, y0, width, height, inside: vec![false; width * height] }
    }

    fn flip_right_of(&mut self, a: &[f64; 2], b: &[f64; 2]) {
        // From top to bottom whichever way the polygon runs: neighbours then compute the same crossing bit by bit.
        let ([x_top, top], [x_bottom, bottom]) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let first_centre_from = |v: f64, origin: usize| (v - origin as f64 - 0.5).ceil().max(0.0) as usize;
        let rows = first_centre_from(*top, self.y0)..first_centre_from(*bottom, self.y0).min(self.height);
        let slope = (x_bottom - x_top) / (bottom - top);
        for row in rows {
            let x = x_top + slope * ((self.y0 + row) as f64 + 0.5 - top);
            let column = first_centre_from(x, self.x0);
            if column < self.width {
                self.inside[row * self.width + column] ^= true;
            }
        }
    }
}
