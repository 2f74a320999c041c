//! TIFF exported by DigitalMicrograph: unit and scale of each axis in tags 65003 to 65011, the units in Latin-1.
//!
//! XResolution is 72 dpi whatever the scale.

use super::{Heard, Tags, length_nm};
use crate::image::{Source, Statement};

const X_UNIT: u16 = 65003;
const Y_UNIT: u16 = 65004;
const X_SCALE: u16 = 65009;
const Y_SCALE: u16 = 65010;

pub(super) fn hear(tags: &Tags) -> Heard {
    let Some(page) = tags.directories.iter().find(|page| page.real(X_SCALE).is_some()) else { return Ok(None) };
    let axis = |scale, unit| Some((page.real(scale)?, page.text(unit, super::MAX_TEXT_BYTES).unwrap_or_default()));
    let Some((x, x_unit)) = axis(X_SCALE, X_UNIT) else { return Ok(None) };
    let (y, y_unit) = axis(Y_SCALE, Y_UNIT).unwrap_or_else(|| (x, x_unit.clone()));
    let raw = format!("{x} {x_unit} x {y} {y_unit}");
    let (x, y) = (length_nm(x, &x_unit)?, length_nm(y, &y_unit)?);
    Ok(Some(Statement::new(Source::Gatan, raw, x.and_then(|x| Ok((x, y?))))))
}
