//! Print resolution: XResolution and YResolution per inch or centimetre. It never decides, but a person may want to see it.

use super::super::ifd::{self, Directory};
use super::{Heard, Tags};
use crate::image::{Source, Statement};
use crate::units::{CENTIMETRE_NM, INCH_NM};

const INCH: u64 = 2;
const CENTIMETRE: u64 = 3;
/// Pixels that a print resolution could mean, nm; what prints and screens have is a thousand times as large.
const POSSIBLE_NM: std::ops::RangeInclusive<f64> = 0.01..=100.0;

pub(super) fn hear(tags: &Tags) -> Heard {
    Ok(tags.directories.first().and_then(|page| resolution_nm(page)).and_then(|(x, y)| statement(x, y)))
}

/// Offered where it could be a pixel of a micrograph.
pub(in crate::read) fn statement(x: f64, y: f64) -> Option<Statement> {
    let possible = POSSIBLE_NM.contains(&x) && POSSIBLE_NM.contains(&y);
    possible.then(|| Statement::new(Source::Print, format!("{} x {} per inch", INCH_NM / x, INCH_NM / y), Ok((x, y))))
}

/// Edges of a printed pixel. The unit is the inch unless said.
pub(super) fn resolution_nm(page: &Directory) -> Option<(f64, f64)> {
    let unit_nm = match page.uint(ifd::RESOLUTION_UNIT).unwrap_or(INCH) {
        INCH => INCH_NM,
        CENTIMETRE => CENTIMETRE_NM,
        _ => return None,
    };
    let x = page.real(ifd::X_RESOLUTION)?;
    let y = page.real(ifd::Y_RESOLUTION).unwrap_or(x);
    Some((unit_nm / x, unit_nm / y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_resolutions_of_micrographs_are_offered() {
        assert!(statement(0.5, 0.8).is_some());
        for nm in [INCH_NM / 72.0, INCH_NM / 2400.0, f64::NAN, f64::INFINITY, 0.0, -1.0] {
            assert_eq!(statement(nm, nm), None, "{nm}");
        }
    }
}
