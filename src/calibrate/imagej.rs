//! ImageJ and Fiji: `unit=` in the description, pixels per unit in XResolution and YResolution.
//!
//! ResolutionUnit is ignored, as ImageJ does. Source: `TiffDecoder.java` and `FileOpener.java` of ImageJ.

use super::{Source, Witness};
use crate::image::Metadata;
use crate::units::unit_nm;

pub(super) fn witness(metadata: &Metadata) -> Option<Witness> {
    let text = metadata.image_description.as_deref().filter(|text| text.starts_with("ImageJ="))?;
    let unit = text.lines().find_map(|line| line.strip_prefix("unit="))?.trim();
    let (x, y) = metadata.resolution.unwrap_or((f64::NAN, f64::NAN));
    let nm = match unit_nm(unit) {
        Some(unit_nm) => Ok((unit_nm / x, unit_nm / y)),
        None => Err(format!("'{unit}' is not a unit of length")),
    };
    Some(Witness::new(Source::ImageJ, format!("unit={unit}, {x} x {y} pixels per unit"), nm))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(description: &str, resolution: Option<(f64, f64)>) -> Option<Witness> {
        let description = Some(description.to_string());
        witness(&Metadata { image_description: description, resolution, ..Metadata::default() })
    }

    #[test]
    fn a_pixel_is_one_over_the_resolution() {
        for (unit, per_unit, nm) in
            [("nm", 2.0, 0.5), ("micron", 2000.0, 0.5), ("\\u00B5m", 1000.0, 1.0), ("µm", 1e3, 1.0), ("cm", 1e7, 1.0)]
        {
            let said = heard(&format!("ImageJ=1.54f\nimages=1\nunit={unit}\n"), Some((per_unit, per_unit * 2.0)));
            let value = said.unwrap().value.unwrap();
            assert!((value.x_nm / nm - 1.0).abs() < 1e-12 && (value.y_nm / nm - 0.5).abs() < 1e-12, "{unit}");
        }
    }

    #[test]
    fn without_a_unit_nothing_is_said() {
        assert_eq!(heard("ImageJ=1.54f\nmin=0\n", Some((1.0, 1.0))), None);
        assert_eq!(heard("unit=nm\n", Some((1.0, 1.0))), None);
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        let pixel = heard("ImageJ=1.54f\nunit=pixel\n", Some((1.0, 1.0))).unwrap();
        assert!(pixel.value.is_none() && pixel.refused.unwrap().contains("pixel"));
        for resolution in [None, Some((0.0, 0.0)), Some((f64::NAN, 1.0)), Some((-2.0, -2.0)), Some((1e9, 1e9))] {
            assert!(heard("ImageJ=1.54f\nunit=nm\n", resolution).unwrap().value.is_none(), "{resolution:?}");
        }
    }
}
