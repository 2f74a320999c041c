//! TIA series (`.ser`): the pictures that FEI's TEM Imaging & Analysis writes, versions 0x0210 and 0x0220.
//!
//! Layout: the readers of openNCEM and RosettaSciIO agree on it. A header points to an array of offsets, one for each
//! element; an element holds its calibration, its type and size, and its pixels. All is little-endian. Rows are stored from
//! the bottom up; they come from the top down here, as TIA and every other reader show them, so that outlines lie on the
//! picture as people know it. The unit of the calibration is not stored: it is metres in pictures and 1/metres in
//! diffraction patterns, which are some ten orders of magnitude apart.

use super::words::{self, Kind};
use super::{Fault, Limits, check_frame};
use crate::image::{RawImage, Samples, Source, Statement};
use crate::units::METRE_NM;

/// Name of the format.
pub(super) const FORMAT: &str = "SER";
/// Byte order (little-endian, the only one that occurs) and mark.
const MAGIC: &[u8] = b"II\x97\x01";
/// Versions whose offsets have 32 and 64 bits.
const VERSION_32: u16 = 0x0210;
const VERSION_64: u16 = 0x0220;
/// Data types of the elements.
const SPECTRA: u32 = 0x4120;
const PICTURES: u32 = 0x4122;
/// Bytes of an element before its pixels.
const ELEMENT_HEADER_BYTES: usize = 50;
/// Above this a calibration, in metres, is no pixel of a microscope; below, a pattern's pixel is none in 1/metres.
const METRES_MAX: f64 = 1e-3;
/// From here on a calibration is the pixel of a diffraction pattern, 1/m: real ones are 1e5 to 1e10.
const RECIPROCAL_MIN: f64 = 1e3;

pub(super) fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The word at a place, or why there is none.
fn word<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk());
    word.copied().ok_or_else(|| Fault::damaged("the SER file is cut off"))
}

fn count(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    word(bytes, at).map(u32::from_le_bytes)
}

/// A place in the file, 32 or 64 bits long.
fn offset(bytes: &[u8], at: usize, offset_bytes: usize) -> Result<u64, Fault> {
    if offset_bytes == 8 { word(bytes, at).map(u64::from_le_bytes) } else { count(bytes, at).map(u64::from) }
}

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    let offset_bytes = match u16::from_le_bytes(word(bytes, 4)?) {
        VERSION_32 => 4,
        VERSION_64 => 8,
        other => {
            let cause = format!("version {other:#06x} of TIA SER is not read");
            return Err(Fault::unsupported(cause, "export the image from TIA as TIFF"));
        }
    };
    match count(bytes, 6)? {
        PICTURES => {}
        SPECTRA => {
            return Err(Fault::unsupported(
                "the SER file holds spectra, not pictures",
                "give an image of the specimen",
            ));
        }
        other => return Err(Fault::damaged(format!("the SER file holds elements of the unknown kind {other:#06x}"))),
    }
    // Of the elements that were planned, some may not have been taken.
    let frames = count(bytes, 14)?.min(count(bytes, 18)?) as usize;
    let offsets_at = offset(bytes, 22, offset_bytes)?;
    let room = (bytes.len() as u64).saturating_sub(offsets_at) / offset_bytes as u64;
    if frames == 0 || room == 0 {
        return Err(Fault::damaged("the SER file holds no element"));
    }
    check_frame(frame, frames)?;
    let element_at = offset(bytes, offsets_at as usize + frame * offset_bytes, offset_bytes)?;
    let element = usize::try_from(element_at).ok().and_then(|at| bytes.get(at..));
    let image = element_image(element.unwrap_or_default(), limits)?;
    // All elements are as long: a hostile count promises no more than the file can hold, and one to be missed aloud.
    let element_bytes = ELEMENT_HEADER_BYTES + image.samples.to_le_bytes().len();
    Ok(RawImage { frames: frames.min(bytes.len() / element_bytes + 1), ..image })
}

/// The picture of an element that begins with `element`.
fn element_image(element: &[u8], limits: &Limits) -> Result<RawImage, Fault> {
    let pixel = [8, 28].map(|at| word(element, at).map(f64::from_le_bytes));
    let [x, y] = pixel;
    let statement = stated(x?, y?)?;
    let size = |at, name| {
        let size = i32::from_le_bytes(word(element, at)?);
        u64::try_from(size).map_err(|_| Fault::damaged(format!("the SER file states a negative {name}")))
    };
    let kind = kind(u16::from_le_bytes(word(element, 40)?))?;
    let (width, height) = (size(42, "width")?, size(46, "height")?);
    let needed = limits.check(width, height, kind.bytes())? as usize;
    let pixels = element.get(ELEMENT_HEADER_BYTES..).and_then(|rest| rest.get(..needed)).ok_or_else(|| {
        let held = element.len().saturating_sub(ELEMENT_HEADER_BYTES);
        Fault::damaged(format!("the SER file needs {needed} bytes for {width} x {height} pixels, but has {held}"))
    })?;
    let (width, height) = (width as usize, height as usize);
    let samples = from_the_top(words::samples(pixels, kind, true), width);
    Ok(RawImage { statements: vec![statement], ..RawImage::grey(FORMAT, width, height, samples) })
}

fn kind(data_type: u16) -> Result<Kind, Fault> {
    Ok(match data_type {
        1 => Kind::U8,
        2 => Kind::U16,
        3 => Kind::U32,
        4 => Kind::I8,
        5 => Kind::I16,
        6 => Kind::I32,
        7 => Kind::F32,
        8 => Kind::F64,
        9 | 10 => {
            return Err(Fault::unsupported(
                "the SER file holds complex numbers: a transform (FFT), not a picture",
                "save the picture itself, not its Fourier transform",
            ));
        }
        other => return Err(Fault::damaged(format!("the SER file's pixels are of the unknown type {other}"))),
    })
}

/// The calibration in metres, or that this is a diffraction pattern.
fn stated(x: f64, y: f64) -> Result<Statement, Fault> {
    if x >= RECIPROCAL_MIN && y >= RECIPROCAL_MIN && x.is_finite() && y.is_finite() {
        let cause = format!("a pixel is {x:e} x {y:e} 1/m: the SER file holds a diffraction pattern, not a picture");
        return Err(Fault::unsupported(cause, "give an image of the specimen"));
    }
    let sound = |edge: f64| edge > 0.0 && edge < METRES_MAX;
    let nm = if sound(x) && sound(y) {
        Ok((x * METRE_NM, y * METRE_NM))
    } else {
        Err("not the edges of a pixel in metres: the image is not calibrated".into())
    };
    Ok(Statement::new(Source::Ser, format!("{x:e} x {y:e}"), nm))
}

/// Turns the order of the rows round.
fn from_the_top(mut samples: Samples, width: usize) -> Samples {
    fn flip<T>(samples: &mut [T], width: usize) {
        let mut rows = samples.chunks_exact_mut(width);
        while let (Some(top), Some(bottom)) = (rows.next(), rows.next_back()) {
            top.swap_with_slice(bottom);
        }
    }
    match &mut samples {
        Samples::Bool(v) | Samples::U8(v) => flip(v, width),
        Samples::U16(v) => flip(v, width),
        Samples::U32(v) => flip(v, width),
        Samples::U64(v) => flip(v, width),
        Samples::I8(v) => flip(v, width),
        Samples::I16(v) => flip(v, width),
        Samples::I32(v) => flip(v, width),
        Samples::I64(v) => flip(v, width),
        Samples::F16(v) => flip(v, width),
        Samples::F32(v) => flip(v, width),
        Samples::F64(v) => flip(v, width),
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of `taken` elements of 2 x 3 bytes, of which the first pixel is its number.
    fn file(taken: u32, delta: f64) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend(VERSION_64.to_le_bytes());
        for count in [PICTURES, 0x4152, 5, taken] {
            file.extend(count.to_le_bytes());
        }
        // No dimension follows the offset of the offsets.
        file.extend(34u64.to_le_bytes());
        file.extend(0u32.to_le_bytes());
        let element_bytes = ELEMENT_HEADER_BYTES as u64 + 6;
        for n in 0..5 {
            file.extend((34 + 5 * 8 + n * element_bytes).to_le_bytes());
        }
        for n in 0..taken as u8 {
            let mut element = vec![0; 8];
            element.extend(delta.to_le_bytes());
            element.resize(28, 0);
            element.extend(delta.to_le_bytes());
            element.extend([0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
            element.extend([n, 1, 2, 3, 4, 5]);
            file.extend(element);
        }
        file
    }

    fn taken(file: &[u8], frame: usize) -> Result<RawImage, String> {
        read(file, &Limits::default(), frame).map_err(|fault| format!("{fault:?}"))
    }

    #[test]
    fn rows_come_from_the_top_and_elements_are_frames() {
        let image = taken(&file(2, 5e-10), 1).unwrap();
        assert_eq!((image.width, image.height, image.frames), (2, 3, 2));
        assert_eq!(image.samples, Samples::U8(vec![4, 5, 2, 3, 1, 1]));
        assert!((image.statements[0].nm.as_ref().unwrap().0 - 0.5).abs() < 1e-12);
        assert!(taken(&file(2, 5e-10), 2).unwrap_err().contains("2 frames"));
    }

    #[test]
    fn the_size_of_the_calibration_tells_patterns_from_pictures() {
        assert!(taken(&file(1, 4.2e7), 0).unwrap_err().contains("diffraction"));
        for delta in [0.0, -1e-9, 1.0, f64::NAN, f64::INFINITY] {
            assert!(taken(&file(1, delta), 0).unwrap().statements[0].nm.is_err(), "{delta}");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_damaged() {
        let file = file(2, 1e-9);
        assert!(taken(&file[..file.len() - 1], 1).unwrap_err().contains("needs 6 bytes"));
        assert!(taken(&file[..40], 0).is_err());
    }
}
