//! What is wrong with a `sample.toml`, in words that help.

use super::Sample;

/// What is wrong, where, and what to do.
pub(super) struct Fault {
    /// Counted from 1; `None` where the key is written in a way that was not found again.
    pub line: Option<usize>,
    pub cause: String,
    pub remedy: String,
}

/// Number of the line that a byte lies in, counted from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    1 + text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count()
}

/// Bounds outside which a number can't be what its key says: far beyond any instrument, so that only slips of the pen and
/// of the unit are refused.
struct Bounds {
    section: &'static str,
    key: &'static str,
    low: f64,
    high: f64,
    unit: &'static str,
}

const fn bounds(section: &'static str, key: &'static str, low: f64, high: f64, unit: &'static str) -> Bounds {
    Bounds { section, key, low, high, unit }
}

const KV: Bounds = bounds("microscope", "kv", 10.0, 3500.0, "kV");
const MAGNIFICATION: Bounds = bounds("microscope", "magnification", 10.0, 1e7, "times");
const MEAN: Bounds = bounds("nta", "mean_nm", 10.0, 2000.0, "nm");
const MEDIAN: Bounds = bounds("nta", "median_nm", 10.0, 2000.0, "nm");
const MODE: Bounds = bounds("nta", "mode_nm", 10.0, 2000.0, "nm");
const PER_ML: Bounds = bounds("nta", "particles_per_ml", 1e3, 1e16, "particles per mL");
const PROTEIN: Bounds = bounds("protein", "ug_per_ml", 1e-4, 1e6, "µg per mL");
const GRIDS: Bounds = bounds("fields", "grids", 1.0, 10_000.0, "grids");

/// The first value that can't be true.
pub(super) fn check(sample: &Sample, text: &str) -> Result<(), Fault> {
    let values = [
        (KV, sample.microscope.kv),
        (MAGNIFICATION, sample.microscope.magnification),
        (MEAN, sample.nta.mean_nm),
        (MEDIAN, sample.nta.median_nm),
        (MODE, sample.nta.mode_nm),
        (PER_ML, sample.nta.particles_per_ml),
        (PROTEIN, sample.protein.ug_per_ml),
        (GRIDS, sample.fields.grids.map(f64::from)),
    ];
    for (Bounds { section, key, low, high, unit }, value) in values {
        if let Some(value) = value.filter(|v| !(low..=high).contains(v)) {
            return Err(Fault {
                line: line_of_key(text, section, key),
                cause: format!("{section}.{key} can't be {value} {unit}"),
                remedy: format!("give a number from {low} to {high} {unit}, or leave the key out"),
            });
        }
    }
    Ok(())
}

/// Line of `key = ...` below `[section]`.
fn line_of_key(text: &str, section: &str, key: &str) -> Option<usize> {
    let mut current = "";
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            current = name.trim();
        } else if current == section && line.split('=').next().is_some_and(|name| name.trim().trim_matches('"') == key)
        {
            return Some(number);
        }
    }
    None
}

/// Cause and remedy for what the reader of TOML found.
pub(super) fn explain(message: &str) -> (String, String) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, [unknown, known @ ..]) = (message.starts_with("unknown"), quoted.as_slice()) {
        let what = if message.starts_with("unknown variant") { "value" } else { "key" };
        let cause = format!("there is no {what} '{unknown}' here");
        let near = known.iter().map(|name| (distance(unknown, name), name)).min();
        // A third of the letters: more is another word.
        return match near.filter(|(steps, name)| *steps <= name.chars().count().div_ceil(3)) {
            Some((_, name)) => (cause, format!("did you mean '{name}'?")),
            None => (cause, format!("choose among {}; 'cupule sample' prints all keys", known.join(", "))),
        };
    }
    if message.starts_with("invalid type") {
        let remedy = "the unit is in the key's name: give a plain number without quotes for a number, true or false for a yes \
                      or no, and put text in quotes";
        return (message.replace('`', "'"), remedy.into());
    }
    (message.trim().replace('\n', " "), "'cupule sample' prints a file to fill in".into())
}

/// Insertions, deletions and changes that turn one word into another (Levenshtein), upper and lower case alike.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
