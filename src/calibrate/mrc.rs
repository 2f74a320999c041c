//! MRC header: cell edges CELLA in ångström over the sampling intervals MX, MY.

use super::{Source, Witness};
use crate::image::Metadata;

/// Nanometres in an ångström.
const ANGSTROM_NM: f64 = 0.1;

pub(super) fn witness(metadata: &Metadata) -> Option<Witness> {
    let cell = metadata.mrc_cell?;
    let x = f64::from(cell.cell_a.0) / f64::from(cell.intervals.0);
    let y = f64::from(cell.cell_a.1) / f64::from(cell.intervals.1);
    let raw = format!("{} x {} Å in {} x {}", cell.cell_a.0, cell.cell_a.1, cell.intervals.0, cell.intervals.1);
    let sound = |cell: f32, intervals: i32| cell.is_finite() && cell > 0.0 && intervals > 0;
    let nm = if !sound(cell.cell_a.0, cell.intervals.0) || !sound(cell.cell_a.1, cell.intervals.1) {
        Err("the header states no size".into())
    } else if x == 1.0 && y == 1.0 {
        Err("exactly 1 Å per pixel is what programs write that do not know the size".into())
    } else {
        Ok((x * ANGSTROM_NM, y * ANGSTROM_NM))
    };
    Some(Witness::new(Source::Mrc, raw, nm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::MrcCell;

    fn heard(cell_a: (f32, f32), intervals: (i32, i32)) -> Witness {
        witness(&Metadata { mrc_cell: Some(MrcCell { cell_a, intervals }), ..Metadata::default() }).unwrap()
    }

    #[test]
    fn the_pixel_is_the_cell_over_its_intervals() {
        let value = heard((396.8, 297.6), (64, 48)).value.unwrap();
        assert!((value.x_nm - 0.62).abs() < 1e-7 && (value.y_nm - 0.62).abs() < 1e-7);
    }

    #[test]
    fn defaults_and_nonsense_are_refused_with_a_reason() {
        for (cell, intervals) in [
            ((0.0, 0.0), (64, 48)),
            ((-640.0, -480.0), (64, 48)),
            ((f32::NAN, 1.0), (64, 48)),
            ((f32::INFINITY, 1.0), (64, 48)),
            ((640.0, 480.0), (0, 0)),
            ((-640.0, -480.0), (-64, -48)),
            ((64.0, 48.0), (64, 48)),
            ((1e-9, 1e-9), (64, 48)),
        ] {
            let said = heard(cell, intervals);
            assert!(said.value.is_none() && said.refused.is_some(), "{cell:?} {intervals:?}");
        }
    }
}
