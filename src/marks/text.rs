//! Letters anywhere on the picture, in black or white: lines of them, and single ones in a corner.

use super::components::{Component, components};
use super::glyph::{self, Piece};
use super::plane::Plane;
use super::{Region, RegionKind};
use rayon::prelude::*;

/// Smallest and tallest letter, pixels and share of the picture's height.
const HEIGHT_MIN_PX: usize = 6;
const HEIGHT_MAX_SHARE: f64 = 0.16;
/// Difference of letters' grey values to black or white at most; and between letter and ground within `EDGE_PX`.
const INK_SPREAD: u8 = 50;
const CONTRAST_MIN: u8 = 60;
const EDGE_PX: usize = 3;
/// Pixels of one grey value that make it the picture's black or white.
const EXTREME_PX: usize = 24;
/// Share of a piece's rim at which grey values must change at once.
const CRISP_SHARE: f64 = 0.8;
/// Share of its box that a letter's ink fills.
const FILL: (f64, f64) = (0.08, 0.85);
/// Pieces that may be letters, at most: where there are more, they are grain.
const PIECES_MAX: usize = 900;
/// Letters of a line: blank between them and differences of foot and height, in heights.
const BLANK_MAX: f64 = 1.3;
const FEET_APART: f64 = 0.4;
const HEIGHTS: f64 = 0.5;
/// Letters of a line at least, and mean probability that they are letters; of a single letter in a corner.
const LETTERS_MIN: usize = 2;
const CHANCE_MIN: f32 = 0.75;
const CHANCE_MIN_SINGLE: f32 = 0.9;
/// The same of a letter beside one, and of one beside a word of so many letters.
const CHANCE_MIN_NEXT: f32 = 0.4;
const WORD: usize = 3;
const CHANCE_MIN_IN_WORD: f32 = 0.1;
/// Ink around letters that is not theirs, as a share of theirs.
const OTHER_INK_MAX: f64 = 0.5;
/// How near to a corner single letters stand, as a share of the picture.
const CORNER_SHARE: f64 = 0.2;

/// Boxes around all letters.
pub(super) fn find(plane: &Plane) -> Vec<Region> {
    let mut found = on(plane);
    let inverted = plane.part(0..plane.width, 0..plane.height, true);
    found.extend(on(&inverted));
    found
}

/// A piece of ink that may be a letter.
struct Letter {
    x0: usize,
    x1: usize,
    y0: usize,
    y1: usize,
    area: usize,
    chance: f32,
}

impl Letter {
    fn height(&self) -> f64 {
        (self.y1 - self.y0) as f64
    }
}

/// The bright letters.
fn on(plane: &Plane) -> Vec<Region> {
    let mut counts = [0usize; 256];
    plane.value.iter().for_each(|v| counts[usize::from(*v)] += 1);
    let mut above = 0;
    let Some(white) = (0..=u8::MAX).rev().find(|v| {
        above += counts[usize::from(*v)];
        above >= EXTREME_PX
    }) else {
        return Vec::new();
    };
    let threshold = white.saturating_sub(INK_SPREAD);
    // Where a third of the picture is white, white is ground.
    let share = counts[usize::from(threshold)..].iter().sum::<usize>() as f64 / plane.value.len() as f64;
    if white < CONTRAST_MIN || share > 0.34 {
        return Vec::new();
    }
    let tallest = (HEIGHT_MAX_SHARE * plane.height as f64) as usize;
    let sized = |width: usize, height: usize| {
        (HEIGHT_MIN_PX..=tallest).contains(&height) && width <= 2 * height && 8 * width >= height
    };
    let pieces = components(&plane.value, plane.width, |v| v >= threshold, sized);
    let likely: Vec<&Component> = pieces
        .iter()
        .filter(|c| {
            let fill = c.area as f64 / (c.width() * c.height()) as f64;
            ((FILL.0..=FILL.1).contains(&fill) || 3 * c.width() < c.height()) && is_crisp(plane, c)
        })
        .take(PIECES_MAX + 1)
        .collect();
    if likely.len() > PIECES_MAX {
        return Vec::new();
    }
    let mut letters: Vec<Letter> = likely
        .par_iter()
        .filter_map(|c| {
            let piece = Piece::of(c.runs.iter(), c.x0, c.x1)?;
            let chance = glyph::letter_chance(&glyph::classify(plane, &piece));
            Some(Letter { x0: c.x0, x1: c.x1, y0: c.y0, y1: c.y1, area: c.area, chance })
        })
        .collect();
    letters.sort_by_key(|l| (l.x0, l.y0));
    let mut taken = vec![false; letters.len()];
    let mut regions = Vec::new();
    for first in 0..letters.len() {
        if taken[first] || letters[first].chance < 0.5 {
            continue;
        }
        let mut line = vec![first];
        for next in first + 1..letters.len() {
            let (last, l) = (&letters[line[line.len() - 1]], &letters[next]);
            let high = last.height().max(l.height());
            let right = line.iter().map(|i| letters[*i].x1).max().unwrap_or(0);
            if l.x0 as f64 > right as f64 + BLANK_MAX * high.max(letters[first].height()) * 2.0 {
                break;
            }
            let fits = l.x0 as f64 <= right as f64 + BLANK_MAX * high
                && l.x0 as f64 + 0.3 * high >= right as f64
                && (l.y1 as f64 - last.y1 as f64).abs() <= FEET_APART * high
                && l.height().min(last.height()) >= HEIGHTS * high
                && l.chance >= if line.len() >= WORD { CHANCE_MIN_IN_WORD } else { CHANCE_MIN_NEXT }
                && !taken[next];
            if fits {
                line.push(next);
            }
        }
        let chance = line.iter().map(|i| letters[*i].chance).sum::<f32>() / line.len() as f32;
        let l = &letters[first];
        let single = line.len() < LETTERS_MIN;
        if single && !(in_corner(plane, l) && l.chance >= CHANCE_MIN_SINGLE && l.height() >= 10.0) {
            continue;
        }
        if !single && chance < CHANCE_MIN {
            continue;
        }
        let (mut x0, mut x1, mut y0, mut y1) = (l.x0, l.x1, l.y0, l.y1);
        for l in line.iter().map(|i| &letters[*i]) {
            (x0, x1, y0, y1) = (x0.min(l.x0), x1.max(l.x1), y0.min(l.y0), y1.max(l.y1));
        }
        let rim = 2 + (y1 - y0) / 5;
        // Grain has more of its kind around it.
        let area: usize = line.iter().map(|i| letters[*i].area).sum();
        let columns = x0.saturating_sub(rim)..(x1 + rim).min(plane.width);
        let rows = y0.saturating_sub(rim)..(y1 + rim).min(plane.height);
        let ink: usize = rows.map(|y| plane.row(y)[columns.clone()].iter().filter(|v| **v >= threshold).count()).sum();
        if ink.saturating_sub(area) as f64 > OTHER_INK_MAX * area as f64 {
            continue;
        }
        line.iter().for_each(|i| taken[*i] = true);
        regions.push(Region {
            kind: RegionKind::Text,
            x0: x0.saturating_sub(rim),
            y0: y0.saturating_sub(rim),
            x1: (x1 + rim).min(plane.width),
            y1: (y1 + rim).min(plane.height),
        });
    }
    regions
}

fn in_corner(plane: &Plane, letter: &Letter) -> bool {
    let near = |from: usize, to: usize, size: usize| {
        (from.min(size - to) as f64) < CORNER_SHARE * size as f64 && (to - from) as f64 <= CORNER_SHARE * size as f64
    };
    near(letter.x0, letter.x1, plane.width) && near(letter.y0, letter.y1, plane.height)
}

/// Whether grey values fall at once beside a piece, to its left and right.
fn is_crisp(plane: &Plane, piece: &Component) -> bool {
    let mut falls = 0;
    let mut sides = 0;
    for run in &piece.runs {
        let row = plane.row(run.y as usize);
        let (x0, x1) = (run.x0 as usize, run.x1 as usize);
        let top = row[x0..x1].iter().copied().max().unwrap_or(0);
        let before = &row[x0.saturating_sub(EDGE_PX)..x0];
        let after = &row[x1..(x1 + EDGE_PX).min(row.len())];
        for side in [before, after] {
            if let Some(least) = side.iter().min() {
                sides += 1;
                falls += usize::from(top.saturating_sub(*least) >= CONTRAST_MIN);
            }
        }
    }
    falls as f64 >= CRISP_SHARE * f64::from(sides)
}
