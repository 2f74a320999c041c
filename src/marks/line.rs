//! Lines of text: pieces of ink side by side, cut where letters may touch, and what the network sees in each run of parts.

use super::components::{Component, Run};
use super::glyph::{self, Answer, Piece};
use super::plane::Plane;
use std::collections::{BTreeMap, BTreeSet};

/// Height of a digit at least, pixels: below, even a person guesses.
pub(super) const HEIGHT_MIN_PX: usize = 6;
/// Widest blank within a line, in heights of its digits.
const BLANK_MAX: f64 = 1.6;
/// How far pieces reach below and above the digits, in their heights: the micro sign's leg, the ring of the angstrom sign.
const BELOW: f64 = 0.45;
const ABOVE: f64 = 0.4;
/// Heights of other letters, in heights of the digits.
const SMALL: f64 = 0.5;
const LIKE: f64 = 1.35;
/// Pieces smaller than this share of a digit's height squared are dust; a full stop has 0.01 at least.
const DUST_SHARE: f64 = 0.006;
/// Largest overlap of two letters' columns, as a share of the narrower; pieces that overlap more are of one letter.
const OVERLAP_MAX: f64 = 0.5;
/// Size of specks, and how far full stops are off the line's foot, in heights of its digits.
const SPECK: f64 = 0.25;
const STOP_APART: f64 = 0.13;
const STOP_HEIGHT: f64 = 0.28;
/// Chance that separate pieces are one letter.
const BROKEN: f32 = 0.92;
/// The same for a broken letter's lower end, which could be a full stop.
const LOW_OVERLAP_MIN: f64 = 0.3;
/// A piece wider than this, in heights, may be two letters.
const CUT_FROM: f64 = 0.62;
/// Widest letter.
const LETTER_WIDTH_MAX: f64 = 1.45;
/// Parts of one letter, and cuts of one piece, at most.
const PARTS_MAX: usize = 6;
const CUTS_MAX: usize = 7;
/// Pieces of a line at most: captions of data bars have up to 80 letters.
const PIECES_MAX: usize = 120;

/// A part of a line from which letters are put together.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    pub x0: usize,
    pub x1: usize,
    pub y0: usize,
    pub y1: usize,
    /// Pieces that it is made of, as indices.
    pieces: Vec<usize>,
    /// Whether it hangs together with the atom before.
    pub joined: bool,
}

/// Consecutive atoms as one letter.
#[derive(Debug, Clone)]
pub(super) struct Span {
    /// First atom and the one after the last.
    pub from: usize,
    pub to: usize,
    pub x0: usize,
    pub x1: usize,
    pub y0: usize,
    pub y1: usize,
    /// What it is, if it is a letter.
    pub answer: Answer,
    /// Whether it can be a full stop.
    pub stop: bool,
}

/// Pieces in a row.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub pieces: Vec<usize>,
    /// Top and bottom of the digits.
    pub top: usize,
    pub bottom: usize,
}

impl Line {
    pub fn height(&self) -> f64 {
        (self.bottom - self.top) as f64
    }
}

/// All lines that some piece is a digit of. The same pieces may be in several.
pub(super) fn lines(found: &[Component], height_max: usize) -> Vec<Line> {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|i| found[*i].x0);
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for (place, seed) in order.iter().enumerate() {
        let digit = &found[*seed];
        if digit.height() < HEIGHT_MIN_PX
            || digit.height() > height_max
            || digit.width() as f64 > 6.0 * digit.height() as f64
        {
            continue;
        }
        let high = digit.height() as f64;
        let fits = |c: &Component| {
            let (top, bottom) = (digit.y0 as f64 - ABOVE * high - 1.0, digit.y1 as f64 + BELOW * high + 1.0);
            // Specks are grain, but on the line's foot they may be full stops.
            let speck = (c.height() as f64) < SPECK * high
                && (c.width() as f64) < SPECK * high
                && (c.y1 as f64 - digit.y1 as f64).abs() > STOP_APART * high + 1.0;
            let within = c.y0 as f64 >= top && c.y1 as f64 <= bottom;
            within && !speck && c.area as f64 >= DUST_SHARE * high * high
        };
        let mut pieces = vec![*seed];
        let mut right = digit.x1;
        for i in &order[place + 1..] {
            let c = &found[*i];
            if c.x0 as f64 > right as f64 + BLANK_MAX * high || pieces.len() > PIECES_MAX {
                break;
            }
            if fits(c) {
                pieces.push(*i);
                right = right.max(c.x1);
            }
        }
        let mut left = digit.x0;
        for i in order[..place].iter().rev() {
            let c = &found[*i];
            // Pieces are ordered by their left ends: a far longer one may still reach here, but is no letter.
            if (c.x0 as f64) + (BLANK_MAX + 4.0) * high < left as f64 || pieces.len() > PIECES_MAX {
                break;
            }
            if fits(c) && c.x1 as f64 + BLANK_MAX * high >= left as f64 {
                pieces.push(*i);
                left = left.min(c.x0);
            }
        }
        pieces.sort_by_key(|i| (found[*i].x0, *i));
        let line = Line { pieces, top: digit.y0, bottom: digit.y1 };
        // Letters of a line are as high as a digit or somewhat less.
        let alike =
            line.pieces.iter().filter(|i| (SMALL..=LIKE).contains(&(found[**i].height() as f64 / high))).count();
        if alike >= 2 && line.pieces.len() <= PIECES_MAX && seen.insert((line.pieces.clone(), line.top, line.bottom)) {
            lines.push(line);
        }
    }
    lines
}

/// The parts of a line from left to right.
pub(super) fn atoms(line: &Line, found: &[Component]) -> Vec<Atom> {
    let high = line.height();
    let mut groups: Vec<Atom> = Vec::new();
    for i in &line.pieces {
        let c = &found[*i];
        if let Some(last) = groups.last_mut() {
            let overlap = last.x1.min(c.x1).saturating_sub(c.x0) as f64;
            let narrower = c.width().min(last.x1 - last.x0) as f64;
            if overlap > OVERLAP_MAX * narrower {
                *last = Atom {
                    x0: last.x0.min(c.x0),
                    x1: last.x1.max(c.x1),
                    y0: last.y0.min(c.y0),
                    y1: last.y1.max(c.y1),
                    pieces: last.pieces.iter().copied().chain([*i]).collect(),
                    joined: false,
                };
                continue;
            }
        }
        groups.push(Atom { x0: c.x0, x1: c.x1, y0: c.y0, y1: c.y1, pieces: vec![*i], joined: false });
    }
    groups.into_iter().flat_map(|atom| cut(atom, found, high)).collect()
}

/// The atom cut into parts where its ink is thinnest.
fn cut(atom: Atom, found: &[Component], high: f64) -> Vec<Atom> {
    let width = atom.x1 - atom.x0;
    if (width as f64) < CUT_FROM * high || atom.y1 - atom.y0 < HEIGHT_MIN_PX / 2 {
        return vec![atom];
    }
    let mut ink = vec![0usize; width];
    for run in runs(&atom, found) {
        ink[run.x0 as usize - atom.x0..run.x1 as usize - atom.x0].iter_mut().for_each(|n| *n += 1);
    }
    // Thin columns, thinner than all within a quarter of a letter, and away from the ends.
    let reach = ((0.15 * high) as usize).max(1);
    let edge = ((0.12 * high) as usize).max(1);
    let mut cuts: Vec<usize> = (edge..width.saturating_sub(edge))
        .filter(|x| {
            let around = &ink[x.saturating_sub(reach)..(x + reach + 1).min(width)];
            let least = around.iter().min().copied().unwrap_or(0);
            ink[*x] == least && (ink[*x] as f64) <= 0.6 * high && (*x == edge || ink[x - 1] != least)
        })
        .collect();
    cuts.sort_by_key(|x| ink[*x]);
    cuts.truncate(CUTS_MAX);
    cuts.sort_unstable();
    let bounds: Vec<usize> = [0].into_iter().chain(cuts).chain([width]).collect();
    bounds
        .windows(2)
        .enumerate()
        .filter_map(|(n, pair)| {
            let (x0, x1) = (atom.x0 + pair[0], atom.x0 + pair[1]);
            let piece = Piece::of(atom.pieces.iter().flat_map(|i| found[*i].runs.iter()), x0, x1)?;
            let pieces = atom.pieces.clone();
            Some(Atom { x0: piece.x0, x1: piece.x1, y0: piece.y0, y1: piece.y1, pieces, joined: n > 0 })
        })
        .collect()
}

fn runs<'a>(atom: &'a Atom, found: &'a [Component]) -> impl Iterator<Item = &'a Run> + Clone + 'a {
    atom.pieces.iter().flat_map(|i| found[*i].runs.iter())
}

/// Answers of the network by a piece's box and parts: lines share their pieces.
pub(super) type Known = BTreeMap<(usize, usize, Vec<usize>), Answer>;

/// What each run of atoms is; nothing once `left` pieces have been looked at.
pub(super) fn spans(
    plane: &Plane,
    line: &Line,
    atoms: &[Atom],
    found: &[Component],
    known: &mut Known,
    left: usize,
) -> Vec<Span> {
    let high = line.height();
    let mut spans = Vec::new();
    for from in 0..atoms.len() {
        let mut pieces: Vec<usize> = Vec::new();
        for to in from + 1..=(from + PARTS_MAX).min(atoms.len()) {
            let atom = &atoms[to - 1];
            // Letters of several pieces stand close together.
            let blank = if to > from + 1 { atom.x0.saturating_sub(atoms[to - 2].x1) as f64 } else { 0.0 };
            let x0 = atoms[from].x0;
            let width = atoms[from..to].iter().map(|a| a.x1).max().unwrap_or(x0) - x0;
            if blank > 0.2 * high || (to > from + 1 && width as f64 > LETTER_WIDTH_MAX * high) {
                break;
            }
            pieces.extend(&atom.pieces);
            pieces.sort_unstable();
            pieces.dedup();
            // A part of one piece and a part of the next are no letter: either parts of one, or whole ones.
            let several = atoms[from + 1..to].iter().any(|a| !a.joined);
            if several && (atoms[from].joined || atoms.get(to).is_some_and(|a| a.joined)) {
                continue;
            }
            let right = atoms[from..to].iter().map(|a| a.x1).max().unwrap_or(x0);
            let inks = pieces.iter().flat_map(|i| found[*i].runs.iter());
            // Slanted neighbours reach into each other's columns: an uncut piece is taken whole.
            let Some(piece) = Piece::of(inks, x0, right) else { continue };
            let (w, h) = (piece.width() as f64, piece.height() as f64);
            // A full stop stands alone: the foot of a letter that was cut off is none.
            let alone = !atoms[from].joined && atoms.get(to).is_none_or(|a| !a.joined);
            let stop = to == from + 1 && alone && is_stop(&piece, line);
            let apart = |pair: &[Atom]| {
                let overlap = pair[0].x1.saturating_sub(pair[1].x0) as f64;
                let narrower = (pair[0].x1 - pair[0].x0).min(pair[1].x1 - pair[1].x0) as f64;
                pair.iter().any(|a| is_low(a, line)) && overlap < LOW_OVERLAP_MIN * narrower
            };
            if several && atoms[from..to].windows(2).any(apart) {
                continue;
            }
            let answer = if h < 0.3 * high || w > 2.0 * high {
                let mut none = [0.0; glyph::JUNK + 1];
                none[glyph::JUNK] = 1.0;
                none
            } else {
                if known.len() >= left {
                    return Vec::new();
                }
                *known.entry((x0, right, pieces.clone())).or_insert_with(|| glyph::classify(plane, &piece))
            };
            // Few letters fall apart.
            let answer = if several { answer.map(|p| BROKEN * p) } else { answer };
            spans.push(Span { from, to, x0: piece.x0, x1: piece.x1, y0: piece.y0, y1: piece.y1, answer, stop });
        }
    }
    spans
}

/// Whether an atom can be a full stop, which is rarely part of a letter.
fn is_low(atom: &Atom, line: &Line) -> bool {
    (atom.y1 - atom.y0) as f64 <= (STOP_HEIGHT * line.height()).max(2.0)
        && (atom.y1 as f64 - line.bottom as f64).abs() <= STOP_APART * line.height() + 1.0
}

/// Small, about as wide as high, on the foot of the line.
fn is_stop(piece: &Piece, line: &Line) -> bool {
    let high = line.height();
    let (w, h) = (piece.width() as f64, piece.height() as f64);
    h <= (STOP_HEIGHT * high).max(2.0)
        && w <= (0.32 * high).max(2.0)
        && (piece.y1 as f64 - line.bottom as f64).abs() <= STOP_APART * high + 1.0
}
