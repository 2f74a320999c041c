//! TVIPS EM-MENU: tag 37706 says where the settings are, of version 1 (without a pixel size) or 2.
//!
//! Source: `TVIPS_HEADER_V1` and `TVIPS_HEADER_V2` of tifffile. Pixel sizes are in nm.

use super::super::ifd::int;
use super::{Heard, Tags, diffraction};
use crate::image::{Source, Statement};

const TAG: u16 = 37706;
/// Bytes from the version on, in version 2: sizes of a pixel (f32, nm), mode of the microscope, and the closing mark.
const X_AT: usize = 2968;
const Y_AT: usize = 2972;
const MODE_AT: usize = 3532;
const MARK_AT: usize = 6308;
const MARK: u64 = 0xaaaa_aaaa;
const DIFFRACTION_MODE: u64 = 3;

pub(super) fn hear(tags: &Tags) -> Heard {
    for page in &tags.directories {
        if let Some(at) = page.field(TAG) {
            return settings(tags.file, at, page.little);
        }
    }
    Ok(None)
}

fn settings(file: &[u8], at: u64, little: bool) -> Heard {
    let body = usize::try_from(at).ok().and_then(|at| file.get(at..)).unwrap_or_default();
    let word = |at: usize| Some(int(body.get(at..at + 4)?, little));
    if word(0) != Some(2) || word(MARK_AT) != Some(MARK) {
        return Ok(None);
    }
    if word(MODE_AT) == Some(DIFFRACTION_MODE) {
        return Err(diffraction("TemMode 3"));
    }
    let real = |at| Some(f64::from(f32::from_bits(word(at)? as u32)));
    Ok(real(X_AT).zip(real(Y_AT)).map(|(x, y)| Statement::new(Source::Tvips, format!("{x} nm x {y} nm"), Ok((x, y)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mode: u32) -> Vec<u8> {
        let mut file = vec![0; MARK_AT + 4];
        for (at, word) in
            [(0, 2), (X_AT, 1.5_f32.to_bits()), (Y_AT, 2.5_f32.to_bits()), (MODE_AT, mode), (MARK_AT, MARK as u32)]
        {
            file[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        file
    }

    #[test]
    fn version_two_has_the_pixel_in_nm() {
        assert_eq!(settings(&file(1), 0, true).unwrap().unwrap().nm, Ok((1.5, 2.5)));
        assert!(settings(&file(3), 0, true).is_err());
        for (at, little) in [(0, false), (1, true), (u64::MAX, true)] {
            assert!(settings(&file(1), at, little).unwrap().is_none());
        }
    }
}
