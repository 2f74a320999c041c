//! How likely a particle of a given extent is whole in what is seen of the specimen, whatever its place.
//!
//! Particles that are cut off are left out, and large ones are cut off more often. Each whole one therefore counts for
//! the inverse of its chance to be whole (R. E. Miles and C. Lantuéjoul; for a plain rectangle `W H / ((W-w) (H-h))`). What
//! was drawn into a picture cuts off particles as its border does; the places that a bounding box can take are counted
//! exactly, with the box for the particle itself.

use super::Field;

/// Largest weight of one particle: that of an extent of four fifths of the field both ways. Beyond, one particle in a
/// field that is hardly larger than itself would decide the figures of a sample.
pub const WEIGHT_MAX: f64 = 25.0;

/// A rectangle in px: left, top, right, bottom.
type Rectangle = [f64; 4];

/// What of a picture shows specimen.
pub(super) struct Frame {
    width: f64,
    height: f64,
    /// What hides specimen, by rising top.
    marks: Vec<Rectangle>,
    visible_px2: f64,
}

impl Frame {
    pub fn of(field: &Field) -> Self {
        let (width, height) = (field.size_px.0 as f64, field.size_px.1 as f64);
        let mut marks: Vec<Rectangle> =
            field.marks.iter().map(|m| [m.x0 as f64, m.y0 as f64, m.x1 as f64, m.y1 as f64]).collect();
        marks.sort_by(|a, b| a[1].total_cmp(&b[1]));
        let mut frame = Self { width, height, marks, visible_px2: 0.0 };
        frame.visible_px2 = frame.places_px2(0.0, 0.0);
        frame
    }

    /// Area of the specimen that is seen, px².
    pub fn visible_px2(&self) -> f64 {
        self.visible_px2
    }

    /// What a particle of this extent counts for, at most [`WEIGHT_MAX`], and whether that cap was needed.
    pub fn weight(&self, width_px: f64, height_px: f64) -> (f64, bool) {
        let weight = self.visible_px2 / self.places_px2(width_px, height_px);
        // A particle that fills the field has no place at all.
        if weight <= WEIGHT_MAX { (weight, false) } else { (WEIGHT_MAX, true) }
    }

    /// Area of the places that the top left corner of a box can take with the box inside the picture and beside the marks.
    fn places_px2(&self, width: f64, height: f64) -> f64 {
        let (right, bottom) = (self.width - width, self.height - height);
        if right <= 0.0 || bottom <= 0.0 {
            return 0.0;
        }
        // Places at which the box overlaps a mark: the mark, grown to the left and to the top.
        let taken: Vec<Rectangle> = self
            .marks
            .iter()
            .map(|m| [(m[0] - width).max(0.0), (m[1] - height).max(0.0), m[2].min(right), m[3].min(bottom)])
            .filter(|r| r[0] < r[2] && r[1] < r[3])
            .collect();
        (right * bottom - union_area(&taken)).max(0.0)
    }
}

/// Area of the union of rectangles that are sorted by their tops, strip by strip between neighbouring left and right sides.
fn union_area(rectangles: &[Rectangle]) -> f64 {
    let mut sides: Vec<f64> = rectangles.iter().flat_map(|r| [r[0], r[2]]).collect();
    sides.sort_by(f64::total_cmp);
    sides.dedup();
    let strip = |side: &[f64]| {
        let (mut length, mut reached) = (0.0, f64::NEG_INFINITY);
        for r in rectangles.iter().filter(|r| r[0] <= side[0] && side[1] <= r[2]) {
            length += (r[3] - r[1].max(reached)).max(0.0);
            reached = reached.max(r[3]);
        }
        length * (side[1] - side[0])
    };
    sides.windows(2).map(strip).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Region, RegionKind};

    fn frame(size_px: (usize, usize), marks: &[[usize; 4]]) -> Frame {
        let marks = marks.iter().map(|&[x0, y0, x1, y1]| Region { kind: RegionKind::Text, x0, y0, x1, y1 }).collect();
        let rejected = Default::default();
        let field = Field { size_px, pixel_size: None, marks, accepted: Vec::new(), border_count: 0, rejected };
        Frame::of(&field)
    }

    #[test]
    fn a_plain_frame_gives_the_formula_of_miles_and_lantuejoul() {
        let plain = frame((200, 100), &[]);
        assert_eq!(plain.visible_px2(), 20_000.0);
        assert_eq!(plain.weight(0.0, 0.0), (1.0, false));
        assert_eq!(plain.weight(40.0, 20.0), (20_000.0 / (160.0 * 80.0), false));
    }

    #[test]
    fn a_data_bar_makes_the_frame_shorter() {
        let (bar, short) = (frame((200, 100), &[[0, 80, 200, 100]]), frame((200, 80), &[]));
        assert_eq!(bar.weight(31.0, 17.0), short.weight(31.0, 17.0));
    }

    /// Counts whole places of whole boxes, which is another way to the same area.
    #[test]
    fn places_beside_overlapping_marks_are_counted_exactly() {
        let marks = [[10, 10, 30, 20], [25, 5, 40, 15], [0, 50, 64, 64], [33, 30, 36, 64], [60, 0, 70, 9]];
        let (width, height) = (64, 64);
        let of = frame((width, height), &marks);
        for (w, h) in [(1, 1), (3, 7), (12, 12), (30, 5), (20, 29)] {
            // Unit steps of the corner: a cell is free when the box avoids every mark from anywhere inside the cell.
            let free = |x: usize, y: usize| {
                marks.iter().all(|&[x0, y0, x1, y1]| x + w < x0 || x >= x1 || y + h < y0 || y >= y1)
            };
            let cells = (0..width - w).flat_map(|x| (0..height - h).map(move |y| (x, y)));
            let count = cells.filter(|&(x, y)| free(x, y)).count();
            assert_eq!(of.places_px2(w as f64, h as f64), count as f64, "{w} x {h}");
        }
    }

    #[test]
    fn a_particle_as_large_as_its_field_is_capped() {
        for (w, h) in [(100.0, 10.0), (99.9, 99.9), (120.0, 120.0)] {
            assert_eq!(frame((100, 100), &[]).weight(w, h), (WEIGHT_MAX, true));
        }
        assert_eq!(frame((100, 100), &[[0, 0, 100, 100]]).weight(10.0, 10.0), (WEIGHT_MAX, true));
    }
}
