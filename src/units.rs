//! Lengths and the only conversions between nanometres and pixels.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Smallest pixel that an electron micrograph can have, nm (a tenth of the hydrogen atom's diameter).
pub const PIXEL_SIZE_MIN_NM: f64 = 1e-3;
/// Largest pixel that an electron micrograph can have, nm.
pub const PIXEL_SIZE_MAX_NM: f64 = 1e4;

/// Edge lengths of one pixel in nanometres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PixelSize {
    /// Along a row, nm.
    pub x_nm: f64,
    /// Along a column, nm.
    pub y_nm: f64,
}

impl PixelSize {
    /// A square pixel, or `None` when the value can't be true (not finite, or outside 1e-3 to 1e4 nm).
    pub fn square(nm: f64) -> Option<Self> {
        Self::new(nm, nm)
    }

    /// A pixel, or `None` when either edge can't be true (not finite, or outside 1e-3 to 1e4 nm).
    pub fn new(x_nm: f64, y_nm: f64) -> Option<Self> {
        let plausible = |v: f64| (PIXEL_SIZE_MIN_NM..=PIXEL_SIZE_MAX_NM).contains(&v);
        (plausible(x_nm) && plausible(y_nm)).then_some(Self { x_nm, y_nm })
    }

    /// Edge of the square pixel of the same area, nm: what lengths of any direction are converted with.
    pub fn mean_nm(&self) -> f64 {
        (self.x_nm * self.y_nm).sqrt()
    }

    /// How far the pixel is from square: `|x/y - 1|`.
    pub fn anisotropy(&self) -> f64 {
        (self.x_nm / self.y_nm - 1.0).abs()
    }
}

/// For people: six significant digits.
impl fmt::Display for PixelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Between 1e-3 and 1e4, which is what a pixel size can be, so that no exponent is needed.
        let brief = |nm: f64| {
            let decimals = (5 - libm::log10(nm).floor() as i32).clamp(0, 8) as usize;
            let text = format!("{nm:.decimals$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
        };
        if self.x_nm == self.y_nm {
            write!(f, "{} nm", brief(self.x_nm))
        } else {
            write!(f, "{} x {} nm", brief(self.x_nm), brief(self.y_nm))
        }
    }
}

/// Nanometres in an ångström.
pub const ANGSTROM_NM: f64 = 0.1;
/// Nanometres in a millimetre.
pub const MILLIMETRE_NM: f64 = 1e6;
/// Nanometres in a centimetre.
pub const CENTIMETRE_NM: f64 = 1e7;
/// Nanometres in a metre.
pub const METRE_NM: f64 = 1e9;
/// Nanometres in an inch.
pub const INCH_NM: f64 = 2.54e7;

/// Nanometres in one unit of length, or `None` for an unknown name or one that is not a length.
///
/// Understands the spellings found in microscope files: `nm`, `um`, `µm` (both code points), `micron`, `A`, `Å`,
/// `Angstrom`, `pm`, `mm`, `cm`, `m`, `inch` and the escaped `\u00B5m` of ImageJ.
pub fn unit_nm(name: &str) -> Option<f64> {
    Some(match name.trim() {
        "nm" | "nanometer" | "nanometre" | "nanometers" | "nanometres" => 1.0,
        "um" | "µm" | "μm" | "\\u00B5m" | "\\u00b5m" | "micron" | "microns" | "micrometer" | "micrometre" => 1e3,
        "A" | "Å" | "\u{212B}" | "\\u00C5" | "\\u00c5" | "Angstrom" | "angstrom" | "ang" => ANGSTROM_NM,
        "pm" | "picometer" | "picometre" => 1e-3,
        "mm" | "millimeter" | "millimetre" => MILLIMETRE_NM,
        "cm" | "centimeter" | "centimetre" => CENTIMETRE_NM,
        "m" | "meter" | "metre" => METRE_NM,
        "inch" | "in" | "inches" => INCH_NM,
        _ => return None,
    })
}

/// Whether a unit is one over a length, such as `1/nm`, `1 / nm`, `nm^-1` or `A^-1`: that of diffraction patterns.
pub fn is_reciprocal(name: &str) -> bool {
    let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let length = name.strip_prefix("1/").or_else(|| name.strip_suffix("^-1")).or_else(|| name.strip_suffix("⁻¹"));
    length.is_some_and(|length| unit_nm(length).is_some())
}

/// A length typed by a person: a number and a unit, such as `0.62nm`, `6.2 A` or `0.05um`. The unit is required,
/// because a bare number has been misread too often.
pub fn parse_length_nm(text: &str) -> Result<f64> {
    let text = text.trim();
    let split =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let remedy = "write a number with its unit, for example 0.62nm, 6.2A or 0.05um";
    let value: f64 = number.parse().map_err(|_| Error::config(format!("'{text}' is not a length"), remedy))?;
    if unit.trim().is_empty() {
        return Err(Error::config(format!("'{text}' has no unit"), remedy));
    }
    let unit =
        unit_nm(unit).ok_or_else(|| Error::config(format!("'{}' is not a unit of length", unit.trim()), remedy))?;
    let nm = value * unit;
    if nm.is_finite() && nm > 0.0 {
        Ok(nm)
    } else {
        Err(Error::config(format!("'{text}' is not a positive length"), remedy))
    }
}

impl FromStr for PixelSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::square(parse_length_nm(text)?).ok_or_else(|| {
            Error::config(
                format!("a pixel of {text} is not possible in an electron micrograph"),
                format!("give a value between {PIXEL_SIZE_MIN_NM} nm and {PIXEL_SIZE_MAX_NM} nm"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_need_a_number_and_a_unit() {
        assert!((parse_length_nm("0.62nm").unwrap() - 0.62).abs() < 1e-12);
        assert!((parse_length_nm("6.2 A").unwrap() - 0.62).abs() < 1e-12);
        assert!((parse_length_nm("0.05µm").unwrap() - 50.0).abs() < 1e-9);
        for bad in ["", "nm", "0.62", "1 parsec", "-1nm", "0nm", "1e999nm", "nan nm"] {
            assert!(parse_length_nm(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reciprocal_lengths_are_known() {
        for name in ["1/nm", "1 / nm", "1/m", "nm^-1", "A^-1", "1/Å", "nm⁻¹"] {
            assert!(is_reciprocal(name) && unit_nm(name).is_none(), "{name}");
        }
        for name in ["nm", "1/", "1/s", "eV", ""] {
            assert!(!is_reciprocal(name), "{name}");
        }
    }

    #[test]
    fn six_digits_are_shown() {
        let shown = |x, y| PixelSize::new(x, y).unwrap().to_string();
        assert_eq!(shown(168.674_710_988, 168.674_710_988), "168.675 nm");
        assert_eq!(shown(0.62, 0.001_234_567_8), "0.62 x 0.00123457 nm");
        assert_eq!(shown(10000.0, 1200.0), "10000 x 1200 nm");
    }

    #[test]
    fn impossible_pixels_are_refused() {
        assert!("1e-4nm".parse::<PixelSize>().is_err());
        assert!("1mm".parse::<PixelSize>().is_err());
        assert_eq!(PixelSize::new(0.5, f64::NAN), None);
        assert_eq!("500pm".parse::<PixelSize>().unwrap(), PixelSize::square(0.5).unwrap());
    }
}
