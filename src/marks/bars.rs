//! Finds what may be a scale bar: a straight horizontal bar of one grey value with sharp ends, brighter or darker than what is
//! above and below. Lines with end ticks, hollow bars and bars that their label interrupts are such too.

use super::plane::Plane;

/// Shortest and longest bar as a share of the picture's width. Shorter ones are letters' strokes, longer ones frames.
const LENGTH_MIN_SHARE: f64 = 0.035;
const LENGTH_MAX_SHARE: f64 = 0.95;
/// Shortest bar, pixels.
const LENGTH_MIN_PX: usize = 16;
/// Length over thickness at least.
const SLENDER_MIN: f64 = 2.5;
/// Thickest bar as a share of the picture's height.
const THICK_MAX_SHARE: f64 = 0.08;
/// Difference between the darkest and the brightest pixel along a row of a bar at most, what JPEG does to it included.
const ROW_SPREAD_MAX: u8 = 36;
/// Difference between the means of a bar's rows at most.
const ROWS_APART_MAX: f32 = 26.0;
/// Difference between the ends of a bar's rows at most, pixels: ends may be round or blurred.
const ENDS_APART_PX: usize = 2;
/// How far beyond an end, or above and below, the bar must be over, pixels: enlarged pictures have wide edges.
const EDGE_PX: usize = 4;
/// By how much grey values must change there.
const CONTRAST_MIN: f32 = 28.0;
/// Share of the length over which they must.
const CONTRAST_SHARE: f64 = 0.62;

/// What may be a bar. All pixels from `left` to `right` and `top` to `bottom` belong to it, `right` and `bottom` are the
/// first beyond.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub left: usize,
    pub right: usize,
    pub top: usize,
    pub bottom: usize,
    /// Mean grey value.
    pub grey: f32,
    /// Whether it is brighter than what is around.
    pub bright: bool,
    /// Difference to what is above and below, grey values: the smaller median.
    pub contrast: f32,
    /// What interrupts the bar, from left to right: its label.
    pub gap: Option<(usize, usize)>,
}

impl Candidate {
    pub fn length(&self) -> usize {
        self.right - self.left
    }

    pub fn thickness(&self) -> usize {
        self.bottom - self.top
    }
}

/// A run of like pixels along a row.
#[derive(Debug, Clone, Copy)]
struct Run {
    left: usize,
    right: usize,
    mean: f32,
}

/// Rows of like runs, one below the other.
struct Stack {
    first: Run,
    last: Run,
    top: usize,
    bottom: usize,
    grey_sum: f64,
}

/// All candidates, the best first.
pub(super) fn candidates(plane: &Plane) -> Vec<Candidate> {
    let min = ((LENGTH_MIN_SHARE * plane.width as f64) as usize).max(LENGTH_MIN_PX);
    let max = (LENGTH_MAX_SHARE * plane.width as f64) as usize;
    let mut growing: Vec<Stack> = Vec::new();
    let mut found: Vec<Candidate> = Vec::new();
    // Halves of interrupted bars may be shorter.
    let half_min = (min / 3).max(LENGTH_MIN_PX / 2);
    for y in 0..=plane.height {
        let runs = if y < plane.height { runs(plane.row(y), half_min, max) } else { Vec::new() };
        let mut taken = vec![false; runs.len()];
        let mut still = Vec::new();
        for mut stack in growing {
            let next = runs.iter().position(|run| {
                stack.last.left.abs_diff(run.left) <= ENDS_APART_PX
                    && stack.last.right.abs_diff(run.right) <= ENDS_APART_PX
                    && stack.first.left.abs_diff(run.left) <= ENDS_APART_PX + 1
                    && stack.first.right.abs_diff(run.right) <= ENDS_APART_PX + 1
                    && (stack.last.mean - run.mean).abs() <= ROWS_APART_MAX
            });
            match next {
                Some(i) if !taken[i] => {
                    taken[i] = true;
                    stack.last = runs[i];
                    stack.bottom = y + 1;
                    stack.grey_sum += f64::from(runs[i].mean);
                    still.push(stack);
                }
                _ => found.extend(finished(plane, &stack)),
            }
        }
        for (run, _) in runs.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            still.push(Stack { first: *run, last: *run, top: y, bottom: y + 1, grey_sum: f64::from(run.mean) });
        }
        growing = still;
    }
    let joined = joined(&found, (WHOLE_MIN_SHARE * plane.width as f64) as usize);
    found.extend(joined);
    found.retain(|c| c.length() >= min && c.length() <= max);
    let mut found = distinct(found);
    // Few pictures have more than three; what is most unlike its surroundings comes first.
    found.sort_by(|a, b| merit(b).total_cmp(&merit(a)));
    found
}

/// How much a candidate looks like a drawn bar.
pub(super) fn merit(c: &Candidate) -> f32 {
    c.contrast * (c.thickness().min(4) as f32).sqrt() * libm::powf(c.length() as f32, 0.25)
}

/// Runs of like pixels with sharp ends.
fn runs(row: &[u8], min: usize, max: usize) -> Vec<Run> {
    let mut found = Vec::new();
    let (mut start, mut low, mut high) = (0, u8::MAX, 0u8);
    for x in 0..=row.len() {
        let (new_low, new_high) = match row.get(x) {
            Some(v) => (low.min(*v), high.max(*v)),
            None => (0, u8::MAX),
        };
        if new_high.saturating_sub(new_low) <= ROW_SPREAD_MAX && x < row.len() {
            (low, high) = (new_low, new_high);
            continue;
        }
        if x - start >= min && x - start <= max {
            found.extend(sharp(row, start, x));
        }
        let Some(v) = row.get(x) else { break };
        // The next run begins where the pixels before this one begin to be like it.
        (low, high) = (*v, *v);
        let before = row[start..x].iter().rev().take_while(|v| {
            let (l, h) = (low.min(**v), high.max(**v));
            let like = h - l <= ROW_SPREAD_MAX;
            if like {
                (low, high) = (l, h);
            }
            like
        });
        start = x - before.count();
    }
    found
}

/// The run, if grey values change at once at both ends.
fn sharp(row: &[u8], left: usize, right: usize) -> Option<Run> {
    // Ends may be blurred into the run.
    let inner = &row[left + (right - left) / 8..right - (right - left) / 8];
    let mean = inner.iter().map(|v| u32::from(*v)).sum::<u32>() as f32 / inner.len() as f32;
    let differs = |v: &u8| (f32::from(*v) - mean).abs() >= CONTRAST_MIN;
    let before = &row[left.saturating_sub(EDGE_PX)..left];
    let after = &row[right..(right + EDGE_PX).min(row.len())];
    // Nobody draws a bar up to the picture's border.
    (before.iter().any(differs) && after.iter().any(differs)).then_some(Run { left, right, mean })
}

/// The candidate, if it is brighter than what is above and below, or darker.
fn finished(plane: &Plane, stack: &Stack) -> Option<Candidate> {
    let rows = stack.bottom - stack.top;
    let (left, right) = (stack.first.left.min(stack.last.left), stack.first.right.max(stack.last.right));
    if (right - left) as f64 / (rows as f64) < SLENDER_MIN || rows as f64 > THICK_MAX_SHARE * plane.height as f64 {
        return None;
    }
    let grey = (stack.grey_sum / rows as f64) as f32;
    let above = step(plane, left, right, (1..=EDGE_PX).filter_map(|k| stack.top.checked_sub(k)), grey)?;
    let below = (0..EDGE_PX).map(|k| stack.bottom + k).filter(|y| *y < plane.height);
    let below = step(plane, left, right, below, grey)?;
    (above * below > 0.0).then(|| Candidate {
        left,
        right,
        top: stack.top,
        bottom: stack.bottom,
        grey,
        bright: above > 0.0,
        contrast: above.abs().min(below.abs()),
        gap: None,
    })
}

/// By how much the bar is brighter than the rows beside it, the median over the columns; `None` where it mostly is not
/// different.
fn step(plane: &Plane, left: usize, right: usize, rows: impl Iterator<Item = usize> + Clone, grey: f32) -> Option<f32> {
    let mut steps: Vec<f32> = (left..right)
        .map(|x| {
            rows.clone()
                .map(|y| grey - f32::from(plane.at(x, y)))
                .fold(0.0, |most: f32, d| if d.abs() > most.abs() { d } else { most })
        })
        .collect();
    let middle = steps.len() / 2;
    let median = *steps.select_nth_unstable_by(middle, f32::total_cmp).1;
    let like = steps.iter().filter(|d| **d * median > 0.0 && d.abs() >= CONTRAST_MIN).count();
    (like as f64 >= CONTRAST_SHARE * steps.len() as f64).then_some(median)
}

/// Difference between the halves of an interrupted bar at most, as a share of the longer one.
const HALVES_APART: f64 = 0.12;
/// Width of the gap at most, in lengths of a half.
const GAP_LENGTH_MAX: f64 = 6.0;

/// Contrast of the halves, and length of the whole as a share of the picture's width, at least.
const HALF_CONTRAST_MIN: f32 = 60.0;
const WHOLE_MIN_SHARE: f64 = 0.1;

/// Two equal bars in line with a label between them are one.
fn joined(found: &[Candidate], whole_min: usize) -> Vec<Candidate> {
    let mut whole = Vec::new();
    for (i, a) in found.iter().enumerate() {
        for b in found.iter().skip(i + 1).filter(|b| b.top <= a.top + 2) {
            let (a, b) = if a.left < b.left { (a, b) } else { (b, a) };
            let longer = a.length().max(b.length());
            let drawn = a.contrast.min(b.contrast) >= HALF_CONTRAST_MIN
                && b.right.max(a.right) - a.left.min(b.left) >= whole_min;
            let alike = drawn
                && a.bright == b.bright
                && a.top.abs_diff(b.top) <= 1
                && a.bottom.abs_diff(b.bottom) <= 1
                && (a.grey - b.grey).abs() <= ROWS_APART_MAX
                && a.length().abs_diff(b.length()) as f64 <= (HALVES_APART * longer as f64).max(2.0);
            if alike && b.left > a.right && (b.left - a.right) as f64 <= GAP_LENGTH_MAX * longer as f64 {
                whole.push(Candidate {
                    right: b.right,
                    top: a.top.min(b.top),
                    bottom: a.bottom.max(b.bottom),
                    contrast: a.contrast.min(b.contrast),
                    gap: Some((a.right, b.left)),
                    ..a.clone()
                });
            }
        }
    }
    whole
}

/// How far apart the lines of one drawn bar can be: outline, halo and filling, pixels.
const OUTLINE_PX: usize = 6;

/// Of an outline or halo and the bar within, the bar.
fn distinct(mut found: Vec<Candidate>) -> Vec<Candidate> {
    // The filling lies between the lines of its outline, and is thicker or alone in the middle.
    let ends_like = |a: &Candidate, b: &Candidate| {
        a.left.abs_diff(b.left) <= OUTLINE_PX && a.right.abs_diff(b.right) <= OUTLINE_PX && a.gap == b.gap
    };
    let beside = |a: &Candidate, b: &Candidate| {
        ends_like(a, b) && (a.bottom.abs_diff(b.top) <= OUTLINE_PX || b.bottom.abs_diff(a.top) <= OUTLINE_PX)
    };
    let is_between = |i: usize| {
        let c = &found[i];
        found.iter().any(|o| beside(c, o) && o.bottom <= c.top && o.bright != c.bright)
            && found.iter().any(|o| beside(c, o) && o.top >= c.bottom && o.bright != c.bright)
    };
    let between: Vec<bool> = (0..found.len()).map(is_between).collect();
    let kept: Vec<bool> = (0..found.len())
        .map(|i| {
            !(0..found.len()).any(|j| {
                i != j
                    && beside(&found[i], &found[j])
                    && !between[i]
                    // A bar and its shadow are told apart by the label.
                    && (between[j] || found[i].bright == found[j].bright)
                    && (between[j] || (found[j].thickness(), found[j].contrast as usize, i) > (found[i].thickness(), found[i].contrast as usize, j))
            })
        })
        .collect();
    let mut keep = kept.into_iter();
    found.retain(|_| keep.next().unwrap_or(false));
    found
}

/// How far beyond an end a bar may go on, pixels and thicknesses; and how long what goes on must be, as a share of its length.
const GOES_ON_WITHIN_PX: usize = 10;
const GOES_ON_WITHIN: usize = 3;
const GOES_ON_SHARE: f64 = 0.1;
const GOES_ON_MIN_PX: usize = 5;
/// Blank between an interrupted bar and its label, in quarters of the label's width.
const LABEL_BLANK_SHARE: usize = 1;
/// The same farther away, as shares of its length and pixels: bright ground may hide much of a bar.
const FAR_SHARE: f64 = 0.35;
const FAR_NEEDED_SHARE: f64 = 0.15;
const FAR_MIN_PX: usize = 14;
/// Share of a bar that must be seen at either end.
const END_SHARE: f64 = 0.08;
/// How much wider than the bar's line its ticks are, with their blurred edges, pixels.
const TICK_RIM_PX: usize = 3;
/// Contrast there as a share of the whole bar's.
const END_CONTRAST_SHARE: f32 = 0.3;
/// Contrast of what goes on.
const GOES_ON_CONTRAST: f32 = 18.0;

/// Whether the bar goes on beyond one of its ends, so that it is only a part: behind a tick, behind the label that ends at
/// `label`, or where the ground is as bright as the bar; or whether that cannot be seen.
pub(super) fn goes_on(plane: &Plane, bar: &Candidate, label: Option<(usize, usize)>) -> bool {
    let blank = label.map_or(0, |(from, to)| LABEL_BLANK_SHARE * (to - from) / 4);
    let within = GOES_ON_WITHIN_PX.max(GOES_ON_WITHIN * bar.thickness()).max(blank);
    let needed = GOES_ON_MIN_PX.max((GOES_ON_SHARE * bar.length() as f64) as usize);
    let is_ink = |x: usize| {
        let rows = bar.top..bar.bottom;
        let like = rows.clone().filter(|y| (f32::from(plane.at(x, *y)) - bar.grey).abs() <= ROWS_APART_MAX).count();
        let sign = if bar.bright { 1.0 } else { -1.0 };
        // As the bar differs from what is above and below.
        let beside = |rows: &mut dyn Iterator<Item = usize>| {
            rows.map(|y| (bar.grey - f32::from(plane.at(x, y))) * sign).fold(0.0, f32::max) >= GOES_ON_CONTRAST
        };
        2 * like > bar.thickness()
            && beside(&mut (1..=EDGE_PX).filter_map(|k| bar.top.checked_sub(k)))
            && beside(&mut (bar.bottom..bar.bottom + EDGE_PX).filter(|y| *y < plane.height))
    };
    // Where its last pixels are not told from what is above and below, nobody sees where it ends.
    let edge = GOES_ON_MIN_PX.max((END_SHARE * bar.length() as f64) as usize).min(bar.length() / 2);
    let shown = |columns: std::ops::Range<usize>| {
        let step = |y: usize| {
            let sum: f32 = columns.clone().map(|x| bar.grey - f32::from(plane.at(x, y))).sum();
            (sum / columns.len().max(1) as f32).abs()
        };
        let above = (1..=EDGE_PX).filter_map(|k| bar.top.checked_sub(k)).map(step).fold(0.0, f32::max);
        let below = (bar.bottom..bar.bottom + EDGE_PX).filter(|y| *y < plane.height).map(step).fold(0.0, f32::max);
        above.min(below) >= GOES_ON_CONTRAST.max(END_CONTRAST_SHARE * bar.contrast)
    };
    // A tick at the end hides some of it.
    let tick = (bar.thickness() + TICK_RIM_PX).min(bar.length() / 2 - edge);
    let starts = shown(bar.left..bar.left + edge) || shown(bar.left + tick..bar.left + tick + edge);
    let ends = shown(bar.right - edge..bar.right) || shown(bar.right - tick - edge..bar.right - tick);
    if !starts || !ends {
        return true;
    }
    let longest = |columns: &mut dyn Iterator<Item = usize>| {
        let (mut longest, mut run) = (0, 0);
        for x in columns {
            run = if is_ink(x) { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest
    };
    // Behind the label as well as before it; near by short pieces count, farther away long ones.
    let (from, to) = label.unwrap_or((bar.left, bar.right));
    let far = ((FAR_SHARE * bar.length() as f64) as usize).max(within);
    let far_needed = needed.max(FAR_MIN_PX).max((FAR_NEEDED_SHARE * bar.length() as f64) as usize);
    let part = |reach: usize, needed: usize| {
        let left = [bar.left.saturating_sub(1), from.min(bar.left).saturating_sub(1)];
        let right = [bar.right + 1, to.max(bar.right) + 1];
        left.iter().any(|x| longest(&mut (x.saturating_sub(reach + needed)..*x).rev()) >= needed)
            || right.iter().any(|x| longest(&mut (*x..(*x + reach + needed).min(plane.width))) >= needed)
    };
    part(within, needed) || part(far, far_needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(draw: impl Fn(usize, usize) -> u8) -> Plane {
        let (width, height) = (200, 120);
        Plane { width, height, value: (0..width * height).map(|i| draw(i % width, i / width)).collect() }
    }

    fn boxes(plane: &Plane) -> Vec<(usize, usize, usize, usize)> {
        candidates(plane).iter().map(|c| (c.left, c.right, c.top, c.bottom)).collect()
    }

    #[test]
    fn of_a_bar_and_its_halo_the_bar_is_found() {
        let halo = |x: usize, y: usize| (48..152).contains(&x) && (28..37).contains(&y);
        let bar = |x: usize, y: usize| (50..150).contains(&x) && (30..35).contains(&y);
        let drawn = plane(|x, y| {
            if bar(x, y) {
                0
            } else if halo(x, y) {
                255
            } else {
                120
            }
        });
        assert_eq!(boxes(&drawn), [(50, 150, 30, 35)]);
    }

    #[test]
    fn frames_steps_and_blurred_stripes_are_no_bars() {
        assert!(boxes(&plane(|_, y| if y == 40 { 255 } else { 80 })).is_empty());
        assert!(boxes(&plane(|x, y| if y > 30 && x > 40 && x < 120 { 255 } else { 80 })).is_empty());
        assert!(boxes(&plane(|x, _| (x % 200) as u8)).is_empty());
    }

    #[test]
    fn halves_beside_a_label_are_one_bar_and_goes_on_otherwise() {
        let half = |x: usize, y: usize| (y == 30 || y == 31) && ((20..60).contains(&x) || (120..160).contains(&x));
        let drawn = plane(|x, y| if half(x, y) { 255 } else { 60 });
        let found = candidates(&drawn);
        let whole = found.iter().find(|c| c.gap.is_some()).unwrap();
        assert_eq!((whole.left, whole.right, whole.gap), (20, 160, Some((60, 120))));
        let left = found.iter().find(|c| c.right == 60).unwrap();
        assert!(
            goes_on(&drawn, left, Some((66, 114))) && !goes_on(&drawn, left, None) && !goes_on(&drawn, whole, None)
        );
    }
}
