//! ImageJ and Fiji: `unit=` in the description, pixels per unit in XResolution and YResolution.
//!
//! ResolutionUnit is ignored, as ImageJ does. Source: `TiffDecoder.java` and `FileOpener.java` of ImageJ.

use super::super::ifd;
use super::{Heard, Tags};
use crate::image::{Source, Statement};
use crate::units::unit_nm;

pub(super) fn hear(tags: &Tags) -> Heard {
    let said = tags.descriptions().find_map(|(page, description)| {
        statement(&description, page.real(ifd::X_RESOLUTION).zip(page.real(ifd::Y_RESOLUTION)))
    });
    Ok(said)
}

/// `resolution` is XResolution and YResolution.
fn statement(description: &str, resolution: Option<(f64, f64)>) -> Option<Statement> {
    let text = Some(description).filter(|text| text.starts_with("ImageJ="))?;
    let unit = text.lines().find_map(|line| line.strip_prefix("unit="))?.trim();
    let (x, y) = resolution.unwrap_or((f64::NAN, f64::NAN));
    let nm = match unit_nm(unit) {
        Some(unit_nm) => Ok((unit_nm / x, unit_nm / y)),
        None => Err(format!("'{unit}' is not a unit of length")),
    };
    Some(Statement::new(Source::ImageJ, format!("unit={unit}, {x} x {y} pixels per unit"), nm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_one_over_the_resolution() {
        for (unit, per_unit, nm) in
            [("nm", 2.0, 0.5), ("micron", 2000.0, 0.5), ("\\u00B5m", 1000.0, 1.0), ("µm", 1e3, 1.0), ("cm", 1e7, 1.0)]
        {
            let said = statement(&format!("ImageJ=1.54f\nimages=1\nunit={unit}\n"), Some((per_unit, per_unit * 2.0)));
            let (x, y) = said.unwrap().nm.unwrap();
            assert!((x / nm - 1.0).abs() < 1e-12 && (y / nm - 0.5).abs() < 1e-12, "{unit}");
        }
    }

    #[test]
    fn without_a_unit_nothing_is_said() {
        assert_eq!(statement("ImageJ=1.54f\nmin=0\n", Some((1.0, 1.0))), None);
        assert_eq!(statement("unit=nm\n", Some((1.0, 1.0))), None);
    }

    #[test]
    fn units_that_are_no_length_are_named() {
        let pixel = statement("ImageJ=1.54f\nunit=pixel\n", Some((1.0, 1.0))).unwrap();
        assert!(pixel.nm.unwrap_err().contains("pixel"));
    }
}
