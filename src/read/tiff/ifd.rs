//! The first directory of a TIFF, without copies: where each tag's value lies, checked against the file's length.
//!
//! The `tiff` crate decodes the pixels, but takes memory for a tag by the count that the file states and fails on
//! text in Latin-1. So the tags are looked at here first, and those for calibration are taken from here.

use std::collections::BTreeMap;

/// The tags that tell how pixels are stored, which the decoder reads.
const LAYOUT: &[u16] = &[256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339, 347, 530];

pub(super) const COMPRESSION: u16 = 259;
pub(super) const IMAGE_DESCRIPTION: u16 = 270;
pub(super) const STRIP_OFFSETS: u16 = 273;
pub(super) const SAMPLES_PER_PIXEL: u16 = 277;
pub(super) const X_RESOLUTION: u16 = 282;
pub(super) const Y_RESOLUTION: u16 = 283;
pub(super) const PLANAR_CONFIGURATION: u16 = 284;
pub(super) const RESOLUTION_UNIT: u16 = 296;
pub(super) const PREDICTOR: u16 = 317;

/// Tags of the first directory. Of a tag that is there twice the last one counts.
pub(super) struct Directory<'a> {
    little: bool,
    /// Type and bytes of each tag; `None` for a value that is not inside the file.
    values: BTreeMap<u16, (u16, Option<&'a [u8]>)>,
}

impl<'a> Directory<'a> {
    /// `None` when the directory is not inside the file.
    pub(super) fn first(bytes: &'a [u8]) -> Option<Self> {
        let little = bytes.first()? == &b'I';
        let big = int(bytes.get(2..4)?, little) == 43;
        // Bytes of a number of entries, of an entry, of a count or an offset.
        let (number, entry_bytes, word) = if big { (8, 20, 8) } else { (2, 12, 4) };
        let start = if big { bytes.get(8..16)? } else { bytes.get(4..8)? };
        let start = usize::try_from(int(start, little)).ok()?;
        let body = bytes.get(start..)?;
        let entries = usize::try_from(int(body.get(..number)?, little)).ok()?;
        let table = body.get(number..number.checked_add(entries.checked_mul(entry_bytes)?)?)?;
        let values = table.chunks_exact(entry_bytes).map(|entry| {
            let (tag, kind) = (int(&entry[..2], little) as u16, int(&entry[2..4], little) as u16);
            let (count, field) = (int(&entry[4..4 + word], little), &entry[4 + word..]);
            let length = type_bytes(kind).and_then(|size| usize::try_from(count.checked_mul(size)?).ok());
            let value = length.and_then(|length| match field.get(..length) {
                Some(inline) => Some(inline),
                None => {
                    let at = usize::try_from(int(field, little)).ok()?;
                    bytes.get(at..at.checked_add(length)?)
                }
            });
            (tag, (kind, value))
        });
        Some(Self { little, values: values.collect() })
    }

    /// The first tag of those that the decoder needs whose value is not inside the file.
    pub(super) fn missing(&self) -> Option<u16> {
        LAYOUT.iter().copied().find(|tag| matches!(self.values.get(tag), Some((_, None))))
    }

    /// A tag's bytes as stored.
    pub(super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        self.values.get(&tag)?.1
    }

    /// First value of a tag of unsigned integers.
    pub(super) fn uint(&self, tag: u16) -> Option<u64> {
        let (kind, bytes) = self.values.get(&tag)?;
        let bytes = (*bytes)?;
        matches!(kind, 1 | 3 | 4 | 16).then(|| Some(int(bytes.get(..type_bytes(*kind)? as usize)?, self.little)))?
    }

    /// First value of a tag of fractions or reals; not finite when the file says so.
    pub(super) fn real(&self, tag: u16) -> Option<f64> {
        let (kind, bytes) = self.values.get(&tag)?;
        let word = |range| Some(int((*bytes)?.get(range)?, self.little));
        Some(match kind {
            5 => word(0..4)? as f64 / word(4..8)? as f64,
            10 => f64::from(word(0..4)? as u32 as i32) / f64::from(word(4..8)? as u32 as i32),
            11 => f64::from(f32::from_bits(word(0..4)? as u32)),
            12 => f64::from_bits(word(0..8)?),
            _ => return None,
        })
    }

    /// A tag of text up to its first NUL, as UTF-8 or else as Latin-1, which is what microscopes write `µ` in.
    pub(super) fn text(&self, tag: u16) -> Option<String> {
        let bytes = self.bytes(tag)?;
        let text = bytes.split(|&b| b == 0).next()?;
        Some(match std::str::from_utf8(text) {
            Ok(utf8) => utf8.to_string(),
            Err(_) => text.iter().map(|&b| char::from(b)).collect(),
        })
    }
}

/// Bytes of one value of a type of the TIFF 6.0 and BigTIFF specifications.
fn type_bytes(kind: u16) -> Option<u64> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

/// An unsigned integer of up to 8 bytes.
fn int(bytes: &[u8], little: bool) -> u64 {
    let push = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if little { bytes.iter().rev().fold(0, push) } else { bytes.iter().fold(0, push) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of one entry in both byte orders, classic.
    fn with(tag: u16, kind: u16, count: u32, field: u32, tail: &[u8]) -> [Vec<u8>; 2] {
        [true, false].map(|little| {
            let two = |v: u16| if little { v.to_le_bytes() } else { v.to_be_bytes() };
            let four = |v: u32| if little { v.to_le_bytes() } else { v.to_be_bytes() };
            let mark: &[u8] = if little { b"II" } else { b"MM" };
            let parts: [&[u8]; 9] =
                [mark, &two(42), &four(8), &two(1), &two(tag), &two(kind), &four(count), &four(field), &four(0)];
            [parts.concat(), tail.to_vec()].concat()
        })
    }

    #[test]
    fn values_are_found_in_both_byte_orders() {
        for file in with(X_RESOLUTION, 4, 1, 77, &[]) {
            assert_eq!(Directory::first(&file).unwrap().uint(X_RESOLUTION), Some(77));
        }
        for file in with(IMAGE_DESCRIPTION, 2, 6, 26, b"\xb5m\0abc") {
            assert_eq!(Directory::first(&file).unwrap().text(IMAGE_DESCRIPTION).unwrap(), "µm");
        }
        let [little, _] = with(X_RESOLUTION, 12, 1, 26, &0.625f64.to_le_bytes());
        assert_eq!(Directory::first(&little).unwrap().real(X_RESOLUTION), Some(0.625));
        let [_, big] = with(X_RESOLUTION, 10, 1, 26, &[255, 255, 255, 255, 0, 0, 0, 4]);
        assert_eq!(Directory::first(&big).unwrap().real(X_RESOLUTION), Some(-0.25));
    }

    #[test]
    fn values_outside_the_file_are_told() {
        for (count, field) in [(100, 26), (u32::MAX, 0), (3, u32::MAX)] {
            for file in with(STRIP_OFFSETS, 4, count, field, b"short") {
                let directory = Directory::first(&file).unwrap();
                assert_eq!((directory.missing(), directory.uint(STRIP_OFFSETS)), (Some(STRIP_OFFSETS), None));
            }
        }
    }

    #[test]
    fn directories_outside_the_file_are_told() {
        let [whole, _] = with(X_RESOLUTION, 4, 1, 77, &[]);
        for length in 0..22 {
            assert!(Directory::first(&whole[..length]).is_none(), "{length}");
        }
    }
}
