//! The directories of a TIFF, without copies: where each tag's value lies, checked against the file's length.
//!
//! Layout: TIFF 6.0, section 2, and the BigTIFF proposal of 2004 (8-byte counts and offsets).

use std::collections::{BTreeMap, HashSet};

/// More directories than this are not looked at: a stack of tomograms has some thousands.
const MAX_DIRECTORIES: usize = 1 << 16;

pub(super) const NEW_SUBFILE_TYPE: u16 = 254;
pub(super) const SUBFILE_TYPE: u16 = 255;
pub(super) const IMAGE_WIDTH: u16 = 256;
pub(super) const IMAGE_LENGTH: u16 = 257;
pub(super) const BITS_PER_SAMPLE: u16 = 258;
pub(super) const COMPRESSION: u16 = 259;
pub(super) const PHOTOMETRIC: u16 = 262;
pub(super) const FILL_ORDER: u16 = 266;
pub(super) const IMAGE_DESCRIPTION: u16 = 270;
pub(super) const MAKE: u16 = 271;
pub(super) const STRIP_OFFSETS: u16 = 273;
pub(super) const SAMPLES_PER_PIXEL: u16 = 277;
pub(super) const ROWS_PER_STRIP: u16 = 278;
pub(super) const STRIP_BYTE_COUNTS: u16 = 279;
pub(super) const X_RESOLUTION: u16 = 282;
pub(super) const Y_RESOLUTION: u16 = 283;
pub(super) const PLANAR_CONFIGURATION: u16 = 284;
pub(super) const T4_OPTIONS: u16 = 292;
pub(super) const RESOLUTION_UNIT: u16 = 296;
pub(super) const PREDICTOR: u16 = 317;
pub(super) const COLOR_MAP: u16 = 320;
pub(super) const TILE_WIDTH: u16 = 322;
pub(super) const TILE_LENGTH: u16 = 323;
pub(super) const TILE_OFFSETS: u16 = 324;
pub(super) const TILE_BYTE_COUNTS: u16 = 325;
pub(super) const EXTRA_SAMPLES: u16 = 338;
pub(super) const SAMPLE_FORMAT: u16 = 339;
pub(super) const JPEG_TABLES: u16 = 347;

/// The tags without which pixels would be taken for something else.
const LAYOUT: &[u16] = &[
    NEW_SUBFILE_TYPE,
    IMAGE_WIDTH,
    IMAGE_LENGTH,
    BITS_PER_SAMPLE,
    COMPRESSION,
    PHOTOMETRIC,
    FILL_ORDER,
    STRIP_OFFSETS,
    SAMPLES_PER_PIXEL,
    ROWS_PER_STRIP,
    STRIP_BYTE_COUNTS,
    PLANAR_CONFIGURATION,
    T4_OPTIONS,
    PREDICTOR,
    COLOR_MAP,
    TILE_WIDTH,
    TILE_LENGTH,
    TILE_OFFSETS,
    TILE_BYTE_COUNTS,
    EXTRA_SAMPLES,
    SAMPLE_FORMAT,
    JPEG_TABLES,
];

/// Tags of one directory. Of a tag that is there twice the last one counts.
pub(super) struct Directory<'a> {
    pub(super) little: bool,
    values: BTreeMap<u16, Value<'a>>,
}

struct Value<'a> {
    kind: u16,
    /// What stands in the entry itself: the value, or where it is.
    field: u64,
    /// `None` for a value that is not inside the file.
    bytes: Option<&'a [u8]>,
}

/// Byte order, and whether counts and offsets have 8 bytes.
#[derive(Clone, Copy)]
struct Form {
    little: bool,
    big: bool,
}

impl Form {
    /// Bytes of a number of entries, of an entry, of a count or an offset.
    fn sizes(self) -> (usize, usize, usize) {
        if self.big { (8, 20, 8) } else { (2, 12, 4) }
    }
}

/// All directories in the order of the file, at least one; the walk ends where it has been before. `None` when one of them
/// is not inside the file: the picture may be among those that are missing.
pub(super) fn directories(bytes: &[u8]) -> Option<Vec<Directory<'_>>> {
    let (form, first) = start(bytes)?;
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    // Directories that overlap could have more entries together than the file has bytes.
    let mut room = bytes.len();
    let mut next = Some(first);
    while let Some(at) = next {
        if at == 0 || found.len() == MAX_DIRECTORIES || !seen.insert(at) {
            break;
        }
        let (directory, length, after) = directory(bytes, form, at)?;
        room = room.checked_sub(length)?;
        found.push(directory);
        next = after;
    }
    Some(found).filter(|found| !found.is_empty())
}

fn start(bytes: &[u8]) -> Option<(Form, u64)> {
    let little = bytes.first()? == &b'I';
    let big = int(bytes.get(2..4)?, little) == 43;
    let at = if big { bytes.get(8..16)? } else { bytes.get(4..8)? };
    Some((Form { little, big }, int(at, little)))
}

/// The directory at `at`, its length in bytes and where the next one is; at the end of a file some writers leave that out.
fn directory(bytes: &[u8], form: Form, at: u64) -> Option<(Directory<'_>, usize, Option<u64>)> {
    let (number, entry_bytes, word) = form.sizes();
    let little = form.little;
    let body = bytes.get(usize::try_from(at).ok()?..)?;
    let entries = usize::try_from(int(body.get(..number)?, little)).ok()?;
    let end = number.checked_add(entries.checked_mul(entry_bytes)?)?;
    let values = body.get(number..end)?.chunks_exact(entry_bytes).map(|entry| {
        let (tag, kind) = (int(&entry[..2], little) as u16, int(&entry[2..4], little) as u16);
        let (count, field) = (int(&entry[4..4 + word], little), &entry[4 + word..]);
        let length = type_bytes(kind).and_then(|size| usize::try_from(count.checked_mul(size)?).ok());
        let bytes = length.and_then(|length| match field.get(..length) {
            Some(inline) => Some(inline),
            None => {
                let at = usize::try_from(int(field, little)).ok()?;
                bytes.get(at..at.checked_add(length)?)
            }
        });
        (tag, Value { kind, field: int(field, little), bytes })
    });
    let directory = Directory { little, values: values.collect() };
    let next = end.checked_add(word).and_then(|after| Some(int(body.get(end..after)?, little)));
    Some((directory, end, next))
}

impl<'a> Directory<'a> {
    /// The first tag of the pixels' layout that is there, but whose value is not inside the file.
    pub(super) fn cut(&self) -> Option<u16> {
        let cut = |tag: &u16| self.values.get(tag).is_some_and(|value| value.bytes.is_none());
        LAYOUT.iter().copied().find(cut)
    }

    /// A tag's bytes as stored.
    pub(super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        self.values.get(&tag)?.bytes
    }

    /// The number in the entry itself, where a tag says where in the file its block is.
    pub(super) fn field(&self, tag: u16) -> Option<u64> {
        Some(self.values.get(&tag)?.field)
    }

    /// All values of a tag of unsigned integers, which take no memory.
    pub(super) fn uints(&self, tag: u16) -> Option<Uints<'a>> {
        let value = self.values.get(&tag)?;
        let size = matches!(value.kind, 1 | 3 | 4 | 13 | 16 | 18).then(|| type_bytes(value.kind))?? as usize;
        Some(Uints { bytes: value.bytes?, size, little: self.little })
    }

    /// First value of a tag of unsigned integers.
    pub(super) fn uint(&self, tag: u16) -> Option<u64> {
        self.uints(tag)?.get(0)
    }

    /// First value of a tag of fractions or reals; not finite when the file says so.
    pub(super) fn real(&self, tag: u16) -> Option<f64> {
        let value = self.values.get(&tag)?;
        let word = |range| Some(int(value.bytes?.get(range)?, self.little));
        Some(match value.kind {
            5 => word(0..4)? as f64 / word(4..8)? as f64,
            10 => f64::from(word(0..4)? as u32 as i32) / f64::from(word(4..8)? as u32 as i32),
            11 => f64::from(f32::from_bits(word(0..4)? as u32)),
            12 => f64::from_bits(word(0..8)?),
            _ => return None,
        })
    }

    /// A tag of text of up to `max_bytes` up to its first NUL, as UTF-8 or else as Latin-1, which is what microscopes write
    /// `µ` in.
    pub(super) fn text(&self, tag: u16, max_bytes: usize) -> Option<String> {
        let text = self.bytes(tag)?.split(|&b| b == 0).next()?;
        (text.len() <= max_bytes).then(|| latin(text))
    }
}

/// Text in UTF-8, or else in Latin-1.
pub(in crate::read) fn latin(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(utf8) => utf8.to_string(),
        Err(_) => text.iter().map(|&b| char::from(b)).collect(),
    }
}

/// Unsigned integers in the file's bytes.
#[derive(Clone, Copy)]
pub(super) struct Uints<'a> {
    bytes: &'a [u8],
    size: usize,
    little: bool,
}

impl Uints<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.size
    }

    pub(super) fn get(&self, i: usize) -> Option<u64> {
        let at = i.checked_mul(self.size)?;
        Some(int(self.bytes.get(at..at.checked_add(self.size)?)?, self.little))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.bytes.chunks_exact(self.size).map(|value| int(value, self.little))
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
pub(super) fn int(bytes: &[u8], little: bool) -> u64 {
    let push = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if little { bytes.iter().rev().fold(0, push) } else { bytes.iter().fold(0, push) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of one directory of one entry in both byte orders, classic; `tail` begins at 26.
    pub(in super::super) fn with(tag: u16, kind: u16, count: u32, field: u32, tail: &[u8]) -> [Vec<u8>; 2] {
        [true, false].map(|little| {
            let two = |v: u16| if little { v.to_le_bytes() } else { v.to_be_bytes() };
            let four = |v: u32| if little { v.to_le_bytes() } else { v.to_be_bytes() };
            let mark: &[u8] = if little { b"II" } else { b"MM" };
            let parts: [&[u8]; 9] =
                [mark, &two(42), &four(8), &two(1), &two(tag), &two(kind), &four(count), &four(field), &four(0)];
            [parts.concat(), tail.to_vec()].concat()
        })
    }

    fn first(bytes: &[u8]) -> Directory<'_> {
        directories(bytes).unwrap().swap_remove(0)
    }

    #[test]
    fn values_are_found_in_both_byte_orders() {
        for file in with(X_RESOLUTION, 4, 1, 77, &[]) {
            assert_eq!(first(&file).uint(X_RESOLUTION), Some(77));
        }
        for file in with(IMAGE_DESCRIPTION, 2, 6, 26, b"\xb5m\0abc") {
            assert_eq!(first(&file).text(IMAGE_DESCRIPTION, 9).unwrap(), "µm");
            assert_eq!(first(&file).text(IMAGE_DESCRIPTION, 1), None);
        }
        let [little, _] = with(X_RESOLUTION, 12, 1, 26, &0.625f64.to_le_bytes());
        assert_eq!(first(&little).real(X_RESOLUTION), Some(0.625));
        let [_, big] = with(X_RESOLUTION, 10, 1, 26, &[255, 255, 255, 255, 0, 0, 0, 4]);
        assert_eq!(first(&big).real(X_RESOLUTION), Some(-0.25));
        let [little, _] = with(STRIP_OFFSETS, 3, 3, 26, &[1, 0, 2, 0, 3, 1]);
        assert_eq!(first(&little).uints(STRIP_OFFSETS).unwrap().iter().collect::<Vec<_>>(), [1, 2, 259]);
    }

    #[test]
    fn values_outside_the_file_are_told() {
        for (count, field) in [(100, 26), (u32::MAX, 0), (3, u32::MAX)] {
            for file in with(STRIP_OFFSETS, 4, count, field, b"short") {
                let directory = first(&file);
                assert_eq!((directory.cut(), directory.uint(STRIP_OFFSETS)), (Some(STRIP_OFFSETS), None));
            }
        }
    }

    #[test]
    fn directories_outside_the_file_are_told() {
        let [mut whole, _] = with(X_RESOLUTION, 4, 1, 77, &[]);
        for length in 0..22 {
            assert!(directories(&whole[..length]).is_none(), "{length}");
        }
        assert_eq!(directories(&whole).unwrap().len(), 1);
        whole[22] = 99;
        assert!(directories(&whole).is_none());
    }

    #[test]
    fn a_directory_is_visited_once() {
        let [mut looped, _] = with(X_RESOLUTION, 4, 1, 77, &[]);
        looped[22] = 8;
        assert_eq!(directories(&looped).unwrap().len(), 1);
    }
}
