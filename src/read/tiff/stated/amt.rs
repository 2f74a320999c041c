//! AMT cameras: `XpixCal=`, `YpixCal=` and `Unit=` in the description, pixels per unit.
//!
//! Between them are line ends, bars or nothing; the decimal sign may be a comma. Known from descriptions that programs
//! were written for, not from the maker.

use super::{Heard, Tags, number};
use crate::image::{Source, Statement};
use crate::units::unit_nm;

const X: &str = "XpixCal=";
const Y: &str = "YpixCal=";
const UNIT: &str = "Unit=";
/// Pixels per unit that some sites leave in the camera's settings whatever the magnification.
const NEVER_SET: f64 = 150.0;
/// Longest name of a unit, in characters.
const MAX_UNIT_CHARS: usize = 12;

pub(super) fn hear(tags: &Tags) -> Heard {
    Ok(tags.descriptions().find_map(|(_, description)| statement(&description)))
}

fn statement(description: &str) -> Option<Statement> {
    let after = |key: &str| description.split_once(key).map(|(_, rest)| rest);
    let x = after(X)?;
    let y = after(Y).unwrap_or(x);
    let unit = unit(after(UNIT).unwrap_or_default());
    let nm = calibration(x).and_then(|x| {
        let unit_nm = unit_nm(unit).ok_or_else(|| format!("'{unit}' is not a unit of length"))?;
        Ok((unit_nm / x, unit_nm / calibration(y)?))
    });
    let raw = format!("{X}{} {Y}{} {UNIT}{unit}", digits(x), digits(y));
    let doubt = (calibration(x) == Ok(NEVER_SET)).then(|| "some cameras say this at every magnification".into());
    Some(Statement { doubt, ..Statement::new(Source::Amt, raw, nm) })
}

/// The number that a text begins with.
fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+'))).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ','])
}

fn calibration(text: &str) -> Result<f64, String> {
    number(&digits(text.trim_start()).replace(',', "."))
}

/// The longest unit of length that a text begins with, or its first letters.
fn unit(text: &str) -> &str {
    let text = text.trim_start();
    let letters = text.char_indices().take_while(|(_, c)| c.is_alphabetic() || matches!(c, '\\' | 'µ'));
    let ends: Vec<usize> = letters.map(|(at, c)| at + c.len_utf8()).take(MAX_UNIT_CHARS).collect();
    let known = ends.iter().rev().find(|&&end| unit_nm(&text[..end]).is_some());
    &text[..known.or(ends.last()).copied().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_separators_are_understood() {
        for (text, nm) in [
            ("AMT Camera System\nXpixCal=1,612903\nYpixCal=1,612903\nUnit=nm\n##fv3", 1.0 / 1.612903),
            ("AMT Camera System|XpixCal=65.569|YpixCal=65.569|Unit=micron|##fv3", 1000.0 / 65.569),
            ("BNL JEM-1400 XpixCal=2520.415000YpixCal=2520.415000Unit=umDate", 1000.0 / 2520.415),
            ("AMT.XpixCal=65.569.YpixCal=65.569.Unit=micron.##fv3", 1000.0 / 65.569),
        ] {
            let (x, y) = statement(text).unwrap().nm.unwrap();
            assert!((x / nm - 1.0).abs() < 1e-12 && x == y, "{text}: {x}");
        }
    }

    #[test]
    fn a_value_that_is_left_in_the_settings_is_doubted() {
        let doubted = |text| statement(text).unwrap().doubt.is_some();
        assert!(doubted("XpixCal=150.000 Unit=micron") && !doubted("XpixCal=150.5 Unit=micron"));
    }

    #[test]
    fn what_is_missing_is_told() {
        assert!(statement("XpixCal=65 Unit=furlong").unwrap().nm.is_err());
        assert!(statement("XpixCal=").unwrap().nm.is_err());
        assert_eq!(statement("AMT Camera System"), None);
    }
}
