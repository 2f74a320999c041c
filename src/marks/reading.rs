//! Reads a length out of a line of letters: only numbers and units that scale bars have, and only if all ink is explained.

use super::glyph::LETTERS;
use super::line::{Atom, Line, Span};

/// First digits of the lengths that scale bars have; 1, 2 and 5 are usual.
const USUAL: [f64; 3] = [1.0, 2.0, 5.0];
const RARE: [f64; 7] = [1.5, 2.5, 3.0, 4.0, 6.0, 7.5, 8.0];
/// Lengths of scale bars in electron micrographs, nm.
const LENGTH_NM: (f64, f64) = (0.1, 1.5e6);
/// Widest blank between two letters of a number or unit, and between number and unit, in heights of a digit.
const LETTER_BLANK_MAX: f64 = 0.75;
const UNIT_BLANK_MAX: f64 = 1.6;
/// Narrowest blank beside a label.
const BESIDE_MIN: f64 = 0.4;
/// A digit or letter less likely than this is not one.
const CHANCE_MIN: f32 = 0.12;
/// Blank after which a number has ended for certain, and the chance of a digit with which it has not before.
const NUMBER_BLANK_MAX: f64 = 1.2;
const DIGIT_CHANCE: f32 = 0.3;
/// Largest number of nanometres that is not given in micrometres, unless it is 1, 2 or 5 thousand.
const NM_MAX: f64 = 1000.0;
/// Digits before and behind the full stop.
const WHOLE_MAX: usize = 4;
const FRACTION_MAX: usize = 2;
/// How far digits differ in height and foot, in heights; a pixel more is allowed.
const HEIGHTS_APART: f64 = 0.12;
const FEET_APART: f64 = 0.1;
/// Height of `m` and `n` in heights of a digit.
const SMALL: (f64, f64) = (0.5, 0.92);
/// Height of the angstrom sign in heights of a digit, at least.
const RING: f64 = 1.18;
/// Room between the digits before and behind a full stop, in heights.
const STOP_ROOM: f64 = 0.2;
/// Paths that are followed at a time.
const PATHS_MAX: usize = 4000;

const N: usize = 10;
const M: usize = 11;
const MICRO: usize = 12;
const ANGSTROM: usize = 13;

/// A length that a line can be read as.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// `None` for millimetres, which no micrograph of ours has: it is some other number.
    pub length_nm: Option<f64>,
    pub text: String,
    /// Probability of all letters together.
    pub chance: f64,
    pub x0: usize,
    pub x1: usize,
    pub y0: usize,
    pub y1: usize,
    /// Height of its digits, pixels.
    pub high: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sign {
    Digit(usize),
    Stop,
    Unit(usize),
}

#[derive(Clone)]
struct Path {
    next: usize,
    signs: Vec<(Sign, usize)>,
    chance: f64,
}

/// All readings of a line.
pub(super) fn readings(line: &Line, atoms: &[Atom], spans: &[Span]) -> Vec<Reading> {
    let high = line.height();
    let blank = |before: usize, after: usize| {
        atoms[after].x0 as f64 - atoms[..=before].iter().map(|a| a.x1).max().unwrap_or(0) as f64
    };
    let begins = |i: usize| i == 0 || (!atoms[i].joined && blank(i - 1, i) >= BESIDE_MIN * high);
    // What stands close behind a digit or a full stop is the rest of a number.
    let goes_on = |i: usize| {
        i > 0
            && blank(i - 1, i) < NUMBER_BLANK_MAX * high
            && spans.iter().any(|s| s.to == i && (s.stop || s.answer[..N].iter().sum::<f32>() > DIGIT_CHANCE))
    };
    let mut paths: Vec<Path> = (0..atoms.len())
        .filter(|i| begins(*i) && !goes_on(*i))
        .map(|next| Path { next, signs: Vec::new(), chance: 1.0 })
        .collect();
    let mut found = Vec::new();
    let mut steps = 0;
    while let Some(path) = paths.pop() {
        steps += 1;
        if steps > PATHS_MAX {
            return Vec::new();
        }
        if complete(&path) && (path.next == atoms.len() || begins(path.next)) {
            found.extend(reading(&path, spans, line));
        }
        if path.next == atoms.len() {
            continue;
        }
        for (i, span) in spans.iter().enumerate().filter(|(_, s)| s.from == path.next) {
            let before = if path.signs.is_empty() { 0.0 } else { blank(path.next - 1, path.next) };
            for (sign, chance) in signs(span) {
                if let Some(blank_max) = allowed(&path, sign)
                    && before <= blank_max * high + 1.0
                {
                    let mut on = path.clone();
                    on.signs.push((sign, i));
                    on.next = span.to;
                    on.chance *= chance;
                    paths.push(on);
                }
            }
        }
    }
    found
}

/// What a span may be.
fn signs(span: &Span) -> Vec<(Sign, f64)> {
    if span.stop {
        return vec![(Sign::Stop, 0.97)];
    }
    let letters = span.answer[..LETTERS.len()].iter().enumerate();
    letters
        .filter(|(_, p)| **p >= CHANCE_MIN)
        .map(|(i, p)| (if i < N { Sign::Digit(i) } else { Sign::Unit(i) }, f64::from(*p)))
        .collect()
}

/// Widest blank before a sign if it may follow.
fn allowed(path: &Path, sign: Sign) -> Option<f64> {
    let stop = path.signs.iter().position(|(s, _)| *s == Sign::Stop);
    let digits = path.signs.iter().filter(|(s, _)| matches!(s, Sign::Digit(_))).count();
    let last = path.signs.last().map(|(s, _)| *s);
    match (last, sign) {
        (Some(Sign::Unit(N | MICRO | M)), Sign::Unit(M)) => {
            let units = path.signs.iter().filter(|(s, _)| matches!(s, Sign::Unit(_))).count();
            (units == 1).then_some(LETTER_BLANK_MAX)
        }
        (Some(Sign::Unit(_)), _) | (None, Sign::Stop | Sign::Unit(_)) => None,
        (_, Sign::Stop) => (stop.is_none() && digits <= WHOLE_MAX).then_some(LETTER_BLANK_MAX),
        (Some(Sign::Stop), Sign::Unit(_)) => None,
        (_, Sign::Unit(_)) => Some(UNIT_BLANK_MAX),
        (_, Sign::Digit(_)) => {
            let enough = stop.map_or(digits == WHOLE_MAX, |at| path.signs.len() - at - 1 == FRACTION_MAX);
            (!enough).then_some(LETTER_BLANK_MAX)
        }
    }
}

fn complete(path: &Path) -> bool {
    matches!(
        path.signs.as_slice(),
        [.., (Sign::Digit(_), _), (Sign::Unit(ANGSTROM), _)] | [.., (Sign::Unit(_), _), (Sign::Unit(M), _)]
    )
}

/// The path as a length, if such a length exists and its letters stand as letters do.
fn reading(path: &Path, spans: &[Span], line: &Line) -> Option<Reading> {
    let at = |sign: &(Sign, usize)| &spans[sign.1];
    let mut number = String::new();
    let mut unit = String::new();
    for (sign, _) in &path.signs {
        match sign {
            Sign::Digit(d) => number.push(LETTERS[*d]),
            Sign::Stop => number.push('.'),
            Sign::Unit(u) => unit.push(LETTERS[*u]),
        }
    }
    let unit_nm = match unit.as_str() {
        "nm" => Some(1.0),
        "µm" => Some(1e3),
        "Å" => Some(0.1),
        _ => None,
    };
    let value = plausible(&number, unit_nm)?;
    let digits: Vec<&Span> = path.signs.iter().filter(|(s, _)| matches!(s, Sign::Digit(_))).map(at).collect();
    let high = digits.iter().map(|s| (s.y1 - s.y0) as f64).sum::<f64>() / digits.len() as f64;
    let foot = digits.iter().map(|s| s.y1 as f64).sum::<f64>() / digits.len() as f64;
    if high < super::line::HEIGHT_MIN_PX as f64 || (high - line.height()).abs() > 0.25 * line.height() + 1.0 {
        return None;
    }
    let apart = |a: f64, b: f64, share: f64| (a - b).abs() > share * high + 1.0;
    let uneven =
        digits.iter().any(|s| apart((s.y1 - s.y0) as f64, high, HEIGHTS_APART) || apart(s.y1 as f64, foot, FEET_APART));
    if uneven {
        return None;
    }
    let last = at(path.signs.last()?);
    let units: Vec<&(Sign, usize)> = path.signs.iter().filter(|(s, _)| matches!(s, Sign::Unit(_))).collect();
    for sign in &units {
        let span = at(sign);
        let tall = (span.y1 - span.y0) as f64;
        let fits = match sign.0 {
            Sign::Unit(N | M) => {
                tall >= SMALL.0 * high - 1.0
                    && tall <= SMALL.1 * high + 0.5
                    && !apart(span.y1 as f64, foot, FEET_APART + 0.04)
                    && !apart(span.y0 as f64, last.y0 as f64, 0.12)
            }
            // With or without a leg below the line.
            Sign::Unit(MICRO) => {
                tall >= SMALL.0 * high - 1.0
                    && tall <= 1.25 * high + 1.0
                    && span.y1 as f64 >= foot - 0.12 * high - 1.0
                    && !apart(span.y0 as f64, last.y0 as f64, 0.16)
            }
            // Without its ring the angstrom sign is some other A.
            _ => tall >= RING * high && !apart(span.y1 as f64, foot, FEET_APART),
        };
        if !fits {
            return None;
        }
    }
    // Twice the same letter is twice as wide.
    if let [(Sign::Unit(M), a), (Sign::Unit(M), b)] = units.as_slice() {
        let (a, b) = (&spans[*a], &spans[*b]);
        if ((a.x1 - a.x0) as f64 - (b.x1 - b.x0) as f64).abs() > 0.1 * (b.x1 - b.x0) as f64 + 1.0 {
            return None;
        }
    }
    // A full stop needs room: else it is a speck between two digits.
    let cramped = path.signs.windows(3).any(|three| {
        three[1].0 == Sign::Stop && at(&three[2]).x0 as f64 - (at(&three[0]).x1 as f64) < STOP_ROOM * high
    });
    if cramped {
        return None;
    }
    // A wide blank within the number may hold a full stop that was lost.
    let numbers: Vec<(Sign, &Span)> =
        path.signs.iter().filter(|(s, _)| !matches!(s, Sign::Unit(_))).map(|s| (s.0, at(s))).collect();
    if !number.contains('.') && !evenly_spaced(&numbers, &units.iter().map(|u| at(u)).collect::<Vec<_>>(), high) {
        return None;
    }
    let all = || path.signs.iter().map(at);
    Some(Reading {
        length_nm: unit_nm.map(|nm| value * nm),
        text: format!("{number} {unit}"),
        chance: path.chance,
        x0: all().map(|s| s.x0).min()?,
        x1: all().map(|s| s.x1).max()?,
        y0: all().map(|s| s.y0).min()?,
        y1: all().map(|s| s.y1).max()?,
        high,
    })
}

/// Whether no two digits stand so far apart that a full stop fits between, unless the unit's letters do so too.
fn evenly_spaced(digits: &[(Sign, &Span)], units: &[&Span], high: f64) -> bool {
    // Letters of one width: the middles are as far apart everywhere.
    let steps = |spans: &[&Span]| -> Vec<f64> {
        spans.windows(2).map(|p| (p[1].x0 + p[1].x1) as f64 / 2.0 - (p[0].x0 + p[0].x1) as f64 / 2.0).collect()
    };
    let mut all = steps(&digits.iter().map(|d| d.1).collect::<Vec<_>>());
    let longest = all.iter().copied().fold(0.0, f64::max);
    if all.len() < 2 {
        all.extend(steps(units));
    }
    if all.len() >= 2 && all.iter().all(|s| (s - longest).abs() <= 0.08 * high + 0.5) {
        return true;
    }
    let widest = digits
        .windows(2)
        // The digit 1 is narrow: it has blanks beside it in all fonts with digits of one width.
        .map(|pair| {
            let narrow = pair.iter().filter(|(sign, _)| *sign == Sign::Digit(1)).count() as f64;
            pair[1].1.x0 as f64 - pair[0].1.x1 as f64 - 0.13 * high * narrow
        })
        .fold(0.0, f64::max);
    let in_unit = units.windows(2).map(|pair| pair[1].x0 as f64 - pair[0].x1 as f64).fold(0.0, f64::max);
    widest <= 0.25 * high + 1.0 || widest <= 1.6 * in_unit + 1.0
}

/// The number's value if scale bars have such a length.
fn plausible(number: &str, unit_nm: Option<f64>) -> Option<f64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // `05` is a number that lost its full stop, `.5` one that lost its zero.
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) || (whole == "0" && fraction.is_empty()) {
        return None;
    }
    if number.ends_with('.') {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    let Some(unit_nm) = unit_nm else { return Some(value) };
    let mantissa = value / 10f64.powi(libm::log10(value).floor() as i32);
    let like = |of: &[f64]| of.iter().any(|m| (mantissa / m - 1.0).abs() < 1e-6);
    let nm = value * unit_nm;
    if unit_nm == 1.0 && value > NM_MAX && !like(&USUAL) {
        return None;
    }
    (value > 0.0 && (like(&USUAL) || like(&RARE)) && (LENGTH_NM.0..=LENGTH_NM.1).contains(&nm)).then_some(value)
}

/// Length from which on a bar is a rare sight, nm: rather it is a number that lost its full stop.
const LARGE_NM: f64 = 1e5;

/// Whether a length begins with 1, 2 or 5 and is not too large, as most are.
pub(super) fn is_usual(length_nm: f64) -> bool {
    let mantissa = length_nm / 10f64.powi((libm::log10(length_nm) + 1e-9).floor() as i32);
    length_nm < LARGE_NM && USUAL.iter().any(|m| (mantissa / m - 1.0).abs() < 1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lengths_of_scale_bars_are_numbers() {
        for (number, unit_nm, value) in
            [("200", 1.0, 200.0), ("0.5", 1e3, 0.5), ("1.00", 1e3, 1.0), ("2.5", 1e3, 2.5), ("15", 1.0, 15.0)]
        {
            assert_eq!(plausible(number, Some(unit_nm)), Some(value), "{number}");
        }
        for (number, unit_nm) in
            [("05", 1.0), ("0", 1.0), ("00", 1.0), ("5.", 1.0), ("7", 1.0), ("21", 1.0), ("5000", 1e3)]
        {
            assert_eq!(plausible(number, Some(unit_nm)), None, "{number}");
        }
    }
}
