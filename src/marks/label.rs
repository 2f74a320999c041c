//! Finds and reads the label of a bar.

use super::bars::{self, Candidate};
use super::components::{Component, components};
use super::line::{HEIGHT_MIN_PX, Known, atoms, lines, spans};
use super::plane::Plane;
use super::reading::{Reading, readings};
use std::collections::BTreeMap;

/// How far from the bar its label is looked for, as shares of the picture's height and width; and in lengths of the bar.
const REACH_Y_SHARE: f64 = 0.14;
const REACH_X_SHARE: f64 = 0.25;
const REACH_LENGTHS: f64 = 1.3;
/// The same at least, pixels.
const REACH_MIN_PX: usize = 40;
/// Tallest digit, as a share of the reach.
const HEIGHT_SHARE: f64 = 0.8;
/// Grey values between background and bar at which ink is told from background, as shares of their difference. Lower ones see
/// thin and faint letters, higher ones tell letters from bright ground;
/// the ones that show most come first.
const LEVELS: [f32; 5] = [0.64, 0.78, 0.9, 0.48, 0.32];
/// The same after smoothing, against grain as bright as the letters.
const LEVELS_SMOOTH: [f32; 2] = [0.6, 0.75];
/// Pieces around a bar that are as high as letters, at most: more are ground. A data bar has a hundred.
const PIECES_MAX: usize = 180;
/// Pieces around a bar that are shown to the network, at most: more are grain.
const LETTERS_MAX: usize = 1500;
/// Pieces of a line that holds a label, at most.
const LINE_PIECES_MAX: usize = 48;
/// How far a label may be from its bar: above or below, beside, in heights of its digits.
const FAR_Y: f64 = 2.2;
const FAR_X: f64 = 3.2;
/// How far the middle of a label beside a bar may be above or below it, in heights.
const OFF_LINE: f64 = 0.9;
/// Width of the blank before a label, in heights, and share of it that may be ink.
const BEFORE: f64 = 0.7;
const BEFORE_INK_MAX: f64 = 0.06;
/// Length of a bar in heights of its label's digits, at least.
const SHORT: f64 = 1.1;
/// How much nearer than the other the nearer of two labels must be, in heights.
const NEARER: f64 = 0.8;

/// A label and how far it stands from its bar.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub reading: Reading,
    /// In heights of its digits.
    pub distance: f64,
    /// At which of the levels it was read.
    level: usize,
}

/// All readings near a bar at all levels, in the picture's coordinates.
pub(super) fn labels(plane: &Plane, bar: &Candidate) -> Vec<Label> {
    let reach_y = ((REACH_Y_SHARE * plane.height as f64) as usize).max(REACH_MIN_PX);
    let reach_x = (REACH_X_SHARE * plane.width as f64).max(REACH_LENGTHS * bar.length() as f64) as usize;
    let reach_x = reach_x.max(REACH_MIN_PX);
    let x = bar.left.saturating_sub(reach_x)..(bar.right + reach_x).min(plane.width);
    let y = bar.top.saturating_sub(reach_y)..(bar.bottom + reach_y).min(plane.height);
    let mut part = plane.part(x.clone(), y.clone(), !bar.bright);
    let ink = if bar.bright { bar.grey } else { 255.0 - bar.grey };
    let ground = median(&part.value);
    erase(&mut part, bar, (x.start, y.start), ground);
    let mut found = Vec::new();
    let smooth = smoothed(&part);
    let looks = LEVELS.map(|level| (&part, level)).into_iter().chain(LEVELS_SMOOTH.map(|level| (&smooth, level)));
    let mut left = LETTERS_MAX;
    for (at, (part, level)) in looks.enumerate() {
        let threshold = f32::from(ground) + level * (ink - f32::from(ground)).max(40.0);
        if threshold >= 250.0 && ink < 250.0 {
            continue;
        }
        let pieces = components(&part.value, part.width, |v| f32::from(v) > threshold, |_, height| height < reach_y);
        let big = pieces.iter().filter(|c| c.height() >= HEIGHT_MIN_PX).count();
        if big > PIECES_MAX {
            continue;
        }
        found.extend(
            at_level(
                part,
                &pieces,
                (threshold, (HEIGHT_SHARE * reach_y as f64) as usize),
                bar,
                (x.start, y.start),
                &mut left,
            )
            .into_iter()
            .map(|label| Label { level: at, ..label }),
        );
    }
    found
}

/// Readings of one level's pieces.
fn at_level(
    part: &Plane,
    pieces: &[Component],
    (threshold, height_max): (f32, usize),
    bar: &Candidate,
    (x0, y0): (usize, usize),
    left: &mut usize,
) -> Vec<Label> {
    let mut found = Vec::new();
    let mut known = Known::new();
    for line in lines(pieces, height_max) {
        // A number and a unit are three letters at least, though they may touch; and there must be hope that it is near.
        let high = line.height();
        let (top, bottom) = ((line.top + y0) as f64, (line.bottom + y0) as f64);
        let away = (bar.top as f64 - bottom).max(top - bar.bottom as f64);
        if away > (FAR_Y + 0.5) * high || line.pieces.len() > LINE_PIECES_MAX {
            continue;
        }
        let atoms = atoms(&line, pieces);
        if atoms.len() < 2 {
            continue;
        }
        let spans = spans(part, &line, &atoms, pieces, &mut known, *left);
        for mut reading in readings(&line, &atoms, &spans) {
            if is_cut_off(part, threshold, &reading) {
                continue;
            }
            reading.x0 += x0;
            reading.x1 += x0;
            reading.y0 += y0;
            reading.y1 += y0;
            if let Some(distance) = distance(bar, &reading) {
                found.push(Label { reading, distance, level: 0 });
            }
        }
    }
    *left = left.saturating_sub(known.len());
    found
}

/// Whether there is more ink just before the label than dust: its first digits may be lost in bright ground, or cut off by
/// the picture's border.
fn is_cut_off(part: &Plane, threshold: f32, reading: &Reading) -> bool {
    let before = (BEFORE * reading.high).max(2.0) as usize;
    let columns = reading.x0.saturating_sub(before)..reading.x0.saturating_sub(1);
    let (mut ink, mut all) = (0, 0);
    for y in reading.y0..reading.y1 {
        for x in columns.clone() {
            all += 1;
            ink += usize::from(f32::from(part.at(x, y)) > threshold);
        }
    }
    ink as f64 > BEFORE_INK_MAX * f64::from(all.max(1))
}

/// How far a label is from the bar, if it can be the bar's.
fn distance(bar: &Candidate, reading: &Reading) -> Option<f64> {
    let high = reading.high;
    if (bar.length() as f64) < SHORT * high {
        return None;
    }
    let (left, right) = (bar.left as f64, bar.right as f64);
    let (x0, x1, y0, y1) = (reading.x0 as f64, reading.x1 as f64, reading.y0 as f64, reading.y1 as f64);
    let (middle_x, middle_y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
    let level = (middle_y - (bar.top + bar.bottom) as f64 / 2.0).abs() <= OFF_LINE * high;
    if let Some((from, to)) = bar.gap {
        return (level && x0 + 1.0 >= from as f64 && x1 <= to as f64 + 1.0).then_some(0.0);
    }
    // Beside.
    let away_x = (left - x1).max(x0 - right);
    if away_x >= 0.0 {
        if level && away_x <= FAR_X * high {
            return Some(away_x / high);
        }
        // Above or below, but only just beyond the end.
        if away_x > 0.5 * high {
            return None;
        }
    }
    // Above or below. The letters' foot counts, and they may stand in the bar's first rows.
    let away_y = (bar.top as f64 - y1).max(y0 - bar.bottom as f64);
    if away_y < -0.5 * high || away_y > FAR_Y * high {
        return None;
    }
    // Not off to one side by more than its own width.
    let off = (middle_x - middle_x.clamp(left, right)).abs();
    if off > 0.5 * (x1 - x0) + 0.2 * high {
        return None;
    }
    Some(away_y.max(0.0) / high + 0.5 * off / high)
}

/// The bar itself, its ends' ticks and their blurred edges become ground.
fn erase(part: &mut Plane, bar: &Candidate, (x0, y0): (usize, usize), ground: u8) {
    let rim = 1 + bar.thickness() / 12;
    let x = (bar.left.saturating_sub(x0 + rim + 1))..(bar.right - x0 + rim + 1).min(part.width);
    let y = (bar.top.saturating_sub(y0 + rim))..(bar.bottom - y0 + rim).min(part.height);
    let gap = bar.gap.map_or(0..0, |(from, to)| from - x0 + 1..to - x0 - 1);
    for row in y {
        for column in x.clone().filter(|x| !gap.contains(x)) {
            let at = row * part.width + column;
            part.value[at] = part.value[at].min(ground);
        }
    }
    // Ticks: columns of ink that stand on the bar's ends.
    let wide = bar.thickness().max(2) + 2;
    for (from, to) in [(bar.left.saturating_sub(2), bar.left + wide), (bar.right.saturating_sub(wide), bar.right + 2)] {
        let columns = from.saturating_sub(x0)..(to - x0).min(part.width);
        let ink = f32::from(ground) + 0.4 * (if bar.bright { bar.grey } else { 255.0 - bar.grey } - f32::from(ground));
        let has_ink = |part: &Plane, y: usize| columns.clone().any(|x| f32::from(part.at(x, y)) > ink);
        // A tick is as tall above as below; letters that stand on the bar are not.
        let up = (0..bar.top.saturating_sub(y0 + rim)).rev().take_while(|y| has_ink(part, *y)).count();
        let down = ((bar.bottom + rim).saturating_sub(y0)..part.height).take_while(|y| has_ink(part, *y)).count();
        if up.abs_diff(down) <= 2 + up.max(down) / 4 && up > 0 && up <= 8 * bar.thickness() + 12 {
            let first = bar.top.saturating_sub(y0 + rim + up);
            let last = (bar.bottom + rim + down).saturating_sub(y0).min(part.height);
            for y in first..last {
                for x in columns.clone() {
                    let at = y * part.width + x;
                    part.value[at] = part.value[at].min(ground);
                }
            }
        }
    }
}

/// Mean of 3 x 3 pixels; the border stays as it is.
fn smoothed(part: &Plane) -> Plane {
    let (w, h) = (part.width, part.height);
    let mut value = part.value.clone();
    let mut sums = vec![0u16; w];
    for y in 1..h.saturating_sub(1) {
        for (x, sum) in sums.iter_mut().enumerate() {
            *sum = (y - 1..=y + 1).map(|y| u16::from(part.at(x, y))).sum();
        }
        for x in 1..w.saturating_sub(1) {
            value[y * w + x] = ((sums[x - 1] + sums[x] + sums[x + 1] + 4) / 9) as u8;
        }
    }
    Plane { width: w, height: h, value }
}

fn median(values: &[u8]) -> u8 {
    let mut counts = [0usize; 256];
    values.iter().for_each(|v| counts[usize::from(*v)] += 1);
    let mut sum = 0;
    (0..=u8::MAX)
        .find(|v| {
            sum += counts[usize::from(*v)];
            2 * sum >= values.len()
        })
        .unwrap_or(0)
}

/// What all labels together say.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub reading: Reading,
    /// `None` where it can not be told which of several lengths is meant.
    pub length_nm: Option<f64>,
    pub confidence: f64,
    /// How far the label is from the bar, in heights of its digits.
    pub distance: f64,
}

/// A rival reading counts if its chances at all levels have this share of the best one's.
const RIVAL_SHARE: f64 = 0.12;
/// How much later, in heights, a reading begins that leaves out a digit.
const LEFT_OUT: f64 = 0.3;
/// Chance that a reading needs at least, and how much more an unusual length needs.
const CHANCE_MIN: f64 = 0.55;
const CHANCE_MIN_RARE: f64 = 0.85;

/// The likeliest reading and whether it can be believed.
pub(super) fn verdict(plane: &Plane, bar: &Candidate, labels: &[Label]) -> Option<Verdict> {
    let best = labels
        .iter()
        .filter(|l| l.reading.length_nm.is_some())
        .max_by(|a, b| (a.reading.chance * nearness(a)).total_cmp(&(b.reading.chance * nearness(b))))?;
    let nm = best.reading.length_nm?;
    let same = |l: &Label| l.reading.length_nm.is_some_and(|other| (other / nm - 1.0).abs() < 1e-6);
    let here = |l: &Label| {
        l.reading.x0 < best.reading.x1
            && best.reading.x0 < l.reading.x1
            && l.reading.y0 < best.reading.y1
            && best.reading.y0 < l.reading.y1
    };
    let length = |l: &Label| l.reading.length_nm.map_or(0, |nm| (nm * 1e3).round() as u64);
    // A reading that leaves the first digits out is none where all were read.
    let at_level = |level: usize| {
        labels.iter().filter(|l| same(l) && here(l) && l.level == level).map(|l| l.reading.chance).fold(0.0, f64::max)
    };
    let leaves_out = |l: &Label| {
        here(l)
            && l.reading.x0 as f64 > best.reading.x0 as f64 + LEFT_OUT * best.reading.high
            && l.reading.x1 <= best.reading.x1 + 1
            && l.reading.chance <= at_level(l.level)
    };
    // Each level has one voice for each length.
    let mut voices: BTreeMap<(u64, usize), f64> = BTreeMap::new();
    for l in labels
        .iter()
        .filter(|l| !leaves_out(l))
        .filter(|l| here(l) || (l.reading.length_nm.is_some() && l.distance < best.distance + NEARER))
    {
        let own = voices.entry((length(l), l.level)).or_default();
        *own = own.max(l.reading.chance);
    }
    let sum = |of: u64| voices.iter().filter(|((l, _), _)| *l == of).map(|(_, chance)| chance).sum::<f64>();
    let own = sum(length(best));
    let others: Vec<u64> = voices.keys().map(|(l, _)| *l).filter(|l| *l != length(best)).collect();
    let rival = others.iter().map(|l| sum(*l)).fold(0.0, f64::max) / own.max(f64::MIN_POSITIVE);
    let chance = labels.iter().filter(|l| same(l) && here(l)).map(|l| l.reading.chance).fold(0.0, f64::max);
    let least = if super::reading::is_usual(nm) { CHANCE_MIN } else { CHANCE_MIN_RARE };
    let confidence = chance * (1.0 - rival).max(0.0);
    // Part of a bar is not as long as its label says.
    let beside = best.reading.y0 < bar.bottom && bar.top < best.reading.y1;
    let whole = !bars::goes_on(plane, bar, beside.then_some((best.reading.x0, best.reading.x1)));
    let sure = whole && chance >= least && rival <= RIVAL_SHARE;
    Some(Verdict { reading: best.reading.clone(), length_nm: sure.then_some(nm), confidence, distance: best.distance })
}

fn nearness(label: &Label) -> f64 {
    1.0 / (1.0 + label.distance)
}
