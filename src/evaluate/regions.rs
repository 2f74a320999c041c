//! Outlines of any form as sets of pixels.

use super::{NEUTRAL_LABEL, Region, Run, Shape};
use crate::measure::Mask;
use std::collections::BTreeMap;

/// Regions of a label picture, row-major and `width` wide, by rising label; 0 is background.
///
/// Pixels with the same label are one region, connected or not.
pub fn of_labels(label: &[u32], width: usize) -> Vec<Region> {
    let mut runs: BTreeMap<u32, Vec<Run>> = BTreeMap::new();
    let rows = label.chunks_exact(width.max(1));
    let height = rows.len();
    for (row, labels) in rows.enumerate() {
        let mut start = 0;
        for stretch in labels.chunk_by(|a, b| a == b) {
            let end = start + stretch.len();
            if stretch[0] != 0 {
                runs.entry(stretch[0]).or_default().push(run(row, start, end));
            }
            start = end;
        }
    }
    let region = |(id, runs)| Region { is_undecided: id == NEUTRAL_LABEL, ..of_runs(id, runs, (width, height)) };
    runs.into_iter().map(region).collect()
}

/// Regions of shapes in a picture of (width, height), with ids from 1 in the order given: the pixels whose centre is
/// inside. A shape without such a pixel gives none, but counts in the ids.
pub fn of_shapes(shapes: &[Shape], picture: (usize, usize)) -> Vec<Region> {
    let ids = 1..;
    let regions = ids.zip(shapes).map(|(id, shape)| {
        let runs = match shape {
            Shape::Polygons(polygons) => runs_of_polygons(polygons, picture),
            Shape::Ellipse { x_px, y_px, radius_x_px, radius_y_px } => {
                runs_of_ellipse([*x_px, *y_px], [*radius_x_px, *radius_y_px], picture)
            }
        };
        of_runs(id, runs, picture)
    });
    regions.filter(|region| region.area_px2 > 0).collect()
}

/// A region from runs in reading order.
pub fn of_runs(id: u32, runs: Vec<Run>, (width, height): (usize, usize)) -> Region {
    let area_px2 = runs.iter().map(|run| u64::from(run.end - run.start)).sum();
    let outermost =
        |run: &Run| run.row == 0 || run.row as usize + 1 == height || run.start == 0 || run.end as usize == width;
    let touches_border = runs.iter().any(outermost);
    Region { id, runs, area_px2, touches_border, is_undecided: false }
}

/// How many separate parts a region has, counting pixels that touch at an edge or a corner as joined.
pub fn part_count(region: &Region) -> usize {
    let mut parent: Vec<usize> = (0..region.runs.len()).collect();
    let mut count = parent.len();
    let mut above = 0;
    for (i, run) in region.runs.iter().enumerate() {
        // Runs are in reading order, so nothing before the first one that may still touch has to be looked at again.
        while region.runs[above].row + 1 < run.row
            || (region.runs[above].row + 1 == run.row && region.runs[above].end < run.start)
        {
            above += 1;
        }
        for (j, other) in region.runs.iter().enumerate().take(i).skip(above) {
            if other.row >= run.row || other.start > run.end {
                break;
            }
            let (a, b) = (root(&mut parent, i), root(&mut parent, j));
            if a != b {
                parent[a] = b;
                count -= 1;
            }
        }
    }
    count
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

fn run(row: usize, start: usize, end: usize) -> Run {
    // No picture that can be read is that large; if one were, its regions would be cut, not wrapped.
    let px = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Run { row: px(row), start: px(start), end: px(end) }
}

fn runs_of_polygons(polygons: &[Vec<[f64; 2]>], picture: (usize, usize)) -> Vec<Run> {
    // Rows of column intervals, merged by parity: where two polygons overlap is outside again.
    let mut flips: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for polygon in polygons {
        let mask = Mask::of_polygon(polygon, picture);
        for (row, inside) in mask.inside.chunks_exact(mask.width.max(1)).enumerate() {
            let mut start = mask.x0;
            for stretch in inside.chunk_by(|a, b| a == b) {
                let end = start + stretch.len();
                if stretch[0] {
                    flips.entry(mask.y0 + row).or_default().extend([start, end]);
                }
                start = end;
            }
        }
    }
    let mut runs = Vec::new();
    for (row, mut columns) in flips {
        columns.sort_unstable();
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for pair in columns.chunks_exact(2) {
            match pairs.last_mut() {
                Some(last) if last.1 == pair[0] => last.1 = pair[1],
                _ if pair[0] < pair[1] => pairs.push((pair[0], pair[1])),
                _ => {}
            }
        }
        runs.extend(pairs.into_iter().map(|(start, end)| run(row, start, end)));
    }
    runs
}

fn runs_of_ellipse([x, y]: [f64; 2], [radius_x, radius_y]: [f64; 2], (width, height): (usize, usize)) -> Vec<Run> {
    // Pixels of one axis whose centre lies within `half` of `middle`; a centre on the right end is outside, as with
    // polygons. `as` saturates, so nothing beyond the picture or not finite does harm.
    let span = |middle: f64, half: f64, size: usize| {
        let from = |v: f64| (v - 0.5).ceil().clamp(0.0, size as f64) as usize;
        (from(middle - half), from(middle + half))
    };
    let (top, bottom) = span(y, radius_y, height);
    let mut runs = Vec::new();
    for row in top..bottom {
        let rise = (row as f64 + 0.5 - y) / radius_y;
        let (start, end) = span(x, radius_x * (1.0 - rise * rise).max(0.0).sqrt(), width);
        if start < end {
            runs.push(run(row, start, end));
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64) -> Vec<[f64; 2]> {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
    }

    #[test]
    fn equal_labels_are_one_region_with_its_runs() {
        let label = [0, 7, 7, 0, 3, 0, 0, 7, 65_535, 0, 3, 3, 0, 0, 0, 0];
        let regions = of_labels(&label, 4);
        assert_eq!(regions.iter().map(|r| (r.id, r.area_px2)).collect::<Vec<_>>(), [(3, 3), (7, 3), (65_535, 1)]);
        assert_eq!(regions[1].runs, [run(0, 1, 3), run(1, 3, 4)]);
        assert!(regions[2].is_undecided && !regions[1].is_undecided);
        assert!(of_labels(&[], 0).is_empty());
    }

    #[test]
    fn the_border_is_the_outermost_pixel_on_each_side() {
        for (x, y, touches) in [(1, 1, false), (0, 1, true), (1, 0, true), (3, 1, true), (1, 4, true), (2, 3, false)] {
            let mut label = [0; 20];
            label[y * 4 + x] = 1;
            assert_eq!(of_labels(&label, 4)[0].touches_border, touches, "{x} {y}");
        }
    }

    #[test]
    fn polygons_take_the_pixels_whose_centre_is_inside_and_holes_are_left_out() {
        let picture = (20, 20);
        let one = Shape::Polygons(vec![square(2.0, 2.0, 6.0)]);
        let holed = Shape::Polygons(vec![square(2.0, 2.0, 6.0), square(4.0, 4.0, 2.0)]);
        // They share an edge: one region, and no doubled pixel.
        let joined = Shape::Polygons(vec![square(2.0, 2.0, 6.0), square(8.0, 2.0, 6.0)]);
        let outside = Shape::Polygons(vec![square(30.0, 2.0, 6.0)]);
        let areas: Vec<_> =
            of_shapes(&[one, holed, outside, joined], picture).iter().map(|r| (r.id, r.area_px2)).collect();
        assert_eq!(areas, [(1, 36), (2, 32), (4, 72)]);
    }

    #[test]
    fn discs_have_their_area_and_are_cut_at_the_border() {
        let circle = |x_px, y_px, r: f64| Shape::Ellipse { x_px, y_px, radius_x_px: r, radius_y_px: r };
        let regions =
            of_shapes(&[circle(50.0, 50.0, 20.0), circle(0.0, 50.0, 20.0), circle(-99.0, 0.0, 9.0)], (100, 100));
        assert_eq!(regions.len(), 2);
        assert!((regions[0].diameter_px() / 40.0 - 1.0).abs() < 0.003 && !regions[0].touches_border);
        assert!(regions[1].touches_border && regions[1].area_px2 * 2 == regions[0].area_px2);
        assert_eq!(of_shapes(&[circle(f64::NAN, 5.0, 3.0), circle(5.0, 5.0, f64::INFINITY)], (9, 9)).len(), 1);
    }

    #[test]
    fn parts_are_counted_by_touch() {
        let parts = |label: &[u32], width| part_count(&of_labels(label, width)[0]);
        assert_eq!(parts(&[1, 0, 1, 1, 1, 1], 3), 1);
        assert_eq!(parts(&[1, 0, 0, 0, 1, 0, 0, 0, 1], 3), 1);
        assert_eq!(parts(&[1, 0, 1, 0, 0, 0, 1, 0, 1], 3), 4);
        assert_eq!(parts(&[1, 0, 0, 1, 1, 0, 0, 1], 4), 2);
    }
}
