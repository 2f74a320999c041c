//! Zeiss SmartSEM: tag 34118, lines of Latin-1: first numbers without names, then each name and below it what it says.
//!
//! The key is `AP_IMAGE_PIXEL_SIZE`; `AP_PIXEL_SIZE` is a pixel of the screen. Older files have metres per pixel of a
//! picture of 1024 columns in line 4. Source: gwyddion's and Bio-Formats' descriptions of the tag.

use super::{Heard, Tags, number};
use crate::image::{Source, Statement};
use crate::units::{METRE_NM, unit_nm};

const TAG: u16 = 34118;
const KEY: &str = "AP_IMAGE_PIXEL_SIZE";
/// Line, counted from 0, of the pixel size without a name.
const UNNAMED_LINE: usize = 3;
/// Columns of the picture that it is meant for.
const UNNAMED_WIDTH_PX: f64 = 1024.0;
/// How far the named size may be rounded: it has four digits, the unnamed one seven.
const MAX_ROUNDING: f64 = 1e-3;

pub(super) fn hear(tags: &Tags) -> Heard {
    Ok(tags.text(TAG).and_then(|text| statement(&text, tags.width)))
}

fn statement(text: &str, width: usize) -> Option<Statement> {
    let said = |raw: &str, nm: Result<f64, String>| Statement::new(Source::Zeiss, raw, nm.map(|nm| (nm, nm)));
    let named = text.lines().skip_while(|line| line.trim() != KEY).nth(1).map(|line| (line.trim(), named_nm(line)));
    let unnamed = text.lines().nth(UNNAMED_LINE).and_then(|line| {
        let metres = number(line).ok().filter(|&metres| metres > 0.0)?;
        let raw = format!("{} m for {UNNAMED_WIDTH_PX} columns", line.trim());
        Some((raw, metres * METRE_NM * UNNAMED_WIDTH_PX / width as f64))
    });
    match (named, unnamed) {
        (Some((_, Ok(rounded))), Some((raw, nm))) if (nm / rounded - 1.0).abs() <= MAX_ROUNDING => {
            Some(said(&raw, Ok(nm)))
        }
        (Some((raw, Ok(nm))), _) => Some(said(raw, Ok(nm))),
        (_, Some((raw, nm))) => Some(said(&raw, Ok(nm))),
        (named, None) => named.map(|(raw, nm)| said(raw, nm)),
    }
}

/// `Image Pixel Size = 620.0 pm`.
fn named_nm(line: &str) -> Result<f64, String> {
    let (_, value) = line.split_once('=').ok_or("there is no value")?;
    let (value, unit) = value.trim().split_once(' ').ok_or("there is no unit")?;
    // What is left of a micro sign that was written as UTF-8 and read as Latin-1.
    let unit = unit.trim().trim_start_matches('Â');
    Ok(number(value)? * unit_nm(unit).ok_or_else(|| format!("'{unit}' is not a unit of length"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nm(text: &str) -> f64 {
        statement(text, 512).unwrap().nm.unwrap().0
    }

    #[test]
    fn the_named_size_counts_before_the_unnamed_one() {
        let unnamed = "0\r\n0\r\n0\r\n5.0e-9\r\n";
        let named = |size: &str| {
            format!("{unnamed}AP_PIXEL_SIZE\r\nPixel Size = 9 nm\r\n{KEY}\r\nImage Pixel Size = {size}\r\n")
        };
        assert!((nm(&named("620.0 pm")) - 0.62).abs() < 1e-12);
        assert!((nm(&named("0.5 µm")) - 500.0).abs() < 1e-9);
        assert!((nm(unnamed) - 10.0).abs() < 1e-9);
        assert!((nm(&named("wide nm")) - 10.0).abs() < 1e-9);
        assert!((nm(&named("10.01 nm")) - 10.0).abs() < 1e-9 && (nm(&named("10.02 nm")) - 10.02).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_number_is_told() {
        assert!(statement(&format!("{KEY}\nImage Pixel Size = ? nm\n"), 512).unwrap().nm.is_err());
        assert_eq!(statement("AP_MAG\nMag = 5 X\n", 512), None);
    }
}
