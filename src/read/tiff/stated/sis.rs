//! Olympus and EMSIS (iTEM, analySIS, RADIUS): tag 33560 says where a block is that begins with `SIS0`, little-endian.
//!
//! Source: `read_sis` of tifffile; the rest of the block is not known.

use super::super::ifd::int;
use super::{Heard, Tags};
use crate::image::{Source, Statement};
use crate::units::METRE_NM;

const TAG: u16 = 33560;
const MARK: &[u8] = b"SIS0";
/// Bytes from the block's begin to the number of entries, and to the entries.
const COUNT_AT: usize = 58;
const ENTRIES_AT: usize = 60;
/// Type, count, and where the entry's content is.
const ENTRY_BYTES: usize = 8;
/// The type of entry that has the scale.
const GENERAL: u64 = 1;
/// In that entry: the power of ten, then metres per pixel along x and y.
const EXPONENT_AT: usize = 10;
const X_AT: usize = 12;
const Y_AT: usize = 20;

pub(super) fn hear(tags: &Tags) -> Heard {
    Ok(tags.directories.iter().filter_map(|page| page.field(TAG)).find_map(|at| statement(tags.file, at)))
}

fn statement(file: &[u8], at: u64) -> Option<Statement> {
    let block = file.get(usize::try_from(at).ok()?..)?;
    if !block.starts_with(MARK) {
        return None;
    }
    let count = int(block.get(COUNT_AT..ENTRIES_AT)?, true) as usize;
    let mut entries = block.get(ENTRIES_AT..)?.chunks_exact(ENTRY_BYTES).take(count);
    let entry = entries.find(|entry| int(&entry[..2], true) == GENERAL)?;
    let general = file.get(int(&entry[4..], true) as usize..)?;
    let real = |at: usize| Some(f64::from_bits(int(general.get(at..at + 8)?, true)));
    let exponent = (int(general.get(EXPONENT_AT..X_AT)?, true) as u16).cast_signed();
    let (x, y) = (real(X_AT)?, real(Y_AT)?);
    let unit_nm = 10f64.powi(i32::from(exponent)) * METRE_NM;
    let raw = format!("{x} x {y} times 10^{exponent} m");
    Some(Statement::new(Source::Sis, raw, Ok((x * unit_nm, y * unit_nm))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block at 4, whose second entry has the scale.
    fn file() -> Vec<u8> {
        let mut file = vec![0; 4];
        file.extend(MARK);
        file.resize(4 + COUNT_AT, 0);
        file.extend(2_u16.to_le_bytes());
        for (kind, at) in [(7_u16, 0_u32), (1, 80)] {
            file.extend(kind.to_le_bytes());
            file.extend([1, 0]);
            file.extend(at.to_le_bytes());
        }
        file.resize(80 + EXPONENT_AT, 0);
        file.extend((-6_i16).to_le_bytes());
        file.extend(2.3928e-5_f64.to_le_bytes());
        file.extend(4e-5_f64.to_le_bytes());
        file
    }

    #[test]
    fn the_general_entry_has_the_scale() {
        let (x, y) = statement(&file(), 4).unwrap().nm.unwrap();
        assert!((x - 0.023928).abs() < 1e-12 && (y - 0.04).abs() < 1e-12, "{x} {y}");
    }

    #[test]
    fn blocks_outside_the_file_say_nothing() {
        let file = file();
        assert_eq!(statement(&file, 5), None);
        assert_eq!(statement(&file, u64::MAX), None);
        for length in 0..file.len() {
            assert_eq!(statement(&file[..length], 4), None, "{length}");
        }
    }
}
