//! Paints over what was drawn into a picture, so that its edges and its greys mislead no later stage.

use crate::image::{Region, covered};

/// Pixels above and below a mark whose mean continues into it: more than the noise's grain, less than a vesicle.
const REACH_PX: usize = 5;

/// What is painted over the pixels under `marks`, by place, in reading order: what continues their surroundings from above and
/// below, in each column a line between the means of the nearest [`REACH_PX`] pixels on either side, or the one mean where a
/// side is the border.
///
/// What lies there is no measurement any more; `measure` rejects what is found on it. A column without any other pixel
/// keeps its values.
pub(super) fn cover(grey: &[f32], (width, height): (usize, usize), marks: &[Region]) -> Vec<(usize, f32)> {
    let hidden = covered(marks, (width, height));
    let mut painted = Vec::new();
    if hidden.is_empty() {
        return painted;
    }
    let within = |range: fn(&Region) -> (usize, usize), size: usize| {
        let (first, last) = marks.iter().map(range).fold((size, 0), |(a, b), (c, d)| (a.min(c), b.max(d)));
        (first, last.min(size))
    };
    let ((left, right), (top, bottom)) =
        (within(|mark| (mark.x0, mark.x1), width), within(|mark| (mark.y0, mark.y1), height));
    for x in left..right {
        let mut y = top;
        while y < bottom {
            if !hidden[y * width + x] {
                y += 1;
                continue;
            }
            let end = (y..height).find(|&row| !hidden[row * width + x]).unwrap_or(height);
            let above = mean(grey, (0..y).rev(), |row| (row * width + x, hidden[row * width + x]));
            let below = mean(grey, end..height, |row| (row * width + x, hidden[row * width + x]));
            if let Some((from, to)) = above.or(below).zip(below.or(above)) {
                for row in y..end {
                    let share = (row - y + 1) as f32 / (end - y + 1) as f32;
                    painted.push((row * width + x, from + (to - from) * share));
                }
            }
            y = end;
        }
    }
    painted.sort_unstable_by_key(|(place, _)| *place);
    painted
}

/// Mean of the first pixels in these rows, up to the next hidden one.
fn mean(grey: &[f32], rows: impl Iterator<Item = usize>, at: impl Fn(usize) -> (usize, bool)) -> Option<f32> {
    let values = rows.map(at).take_while(|(_, hidden)| !hidden).take(REACH_PX).map(|(i, _)| grey[i]);
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::RegionKind;

    fn covered_over(mut grey: Vec<f32>, size: (usize, usize), marks: &[Region]) -> Vec<f32> {
        let painted = cover(&grey, size, marks);
        assert!(painted.is_sorted_by_key(|(place, _)| *place));
        painted.into_iter().for_each(|(place, value)| grey[place] = value);
        grey
    }

    fn region(x0: usize, y0: usize, x1: usize, y1: usize) -> Region {
        Region { kind: RegionKind::Text, x0, y0, x1, y1 }
    }

    #[test]
    fn a_mark_is_bridged_from_above_and_below() {
        let mut grey: Vec<f32> = (0..10).flat_map(|y| [if y < 4 { 1.0 } else { 4.0 }, 7.0]).collect();
        grey[4 * 2] = 99.0;
        grey[5 * 2] = -99.0;
        let grey = covered_over(grey, (2, 10), &[region(0, 4, 1, 6)]);
        assert_eq!([grey[8], grey[10]], [2.0, 3.0]);
        assert!(grey.iter().skip(1).step_by(2).all(|&v| v == 7.0));
    }

    #[test]
    fn a_strip_at_the_border_continues_the_picture() {
        let mut grey = vec![5.0; 3 * 12];
        grey[3 * 8..].fill(255.0);
        assert_eq!(covered_over(grey, (3, 12), &[region(0, 8, 3, 12)]), vec![5.0; 3 * 12]);
    }

    #[test]
    fn regions_beyond_the_picture_and_whole_pictures_are_survived() {
        let marks = [region(0, 0, 9, 9), region(8, 8, 9, 9)];
        assert_eq!(covered_over(vec![5.0; 6], (3, 2), &marks), vec![5.0; 6]);
    }
}
