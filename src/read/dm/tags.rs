//! The tag tree of DM3 and DM4 files, walked from front to back without recursion.
//!
//! Layout: C. Boothroyd's description of DM3 (<https://personal.ntu.edu.sg/cbb/info/dmformat/index.html>) and what the
//! readers of Bio-Formats, openNCEM and RosettaSciIO agree on for DM4. Words of the structure are big-endian, 32 bits in
//! DM3 and 64 bits in DM4; values are in the order of the header's flag.

use crate::read::Fault;

/// Groups in groups beyond this are no microscope's file. Real ones are about 10 deep.
const DEPTH_MAX: usize = 64;
/// What stands before the description of a value.
const DELIMITER: &[u8] = b"%%%%";
/// Longest description of a value, words. That of a structure of n fields has 3 + 2n.
const DESCRIPTION_MAX_WORDS: u64 = 1 << 16;

/// Kinds of entries in a group.
const ENTRY_END: u8 = 0;
const ENTRY_GROUP: u8 = 20;
const ENTRY_VALUE: u8 = 21;
/// An entry with a name and nothing else.
const ENTRY_EMPTY: u8 = 23;

/// The type of text: unsigned words of 16 bits.
const CHARACTER: u64 = 4;
/// Types of values that are made of others.
const STRUCTURE: u64 = 15;
const STRING: u64 = 18;
const ARRAY: u64 = 20;

/// One step on the way to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Named(&'a [u8]),
    /// Members of lists have no names; they are counted from 0.
    Item(usize),
}

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Number(f64),
    /// Elements of one type, simple or a structure, as stored.
    Array(Array<'a>),
    /// Structures and what nobody asks for.
    Other,
}

/// Bytes of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Array<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) little: bool,
    element: u64,
}

impl Array<'_> {
    /// The text of an array of 16-bit characters, cut at `max` of them.
    pub(super) fn text(&self, max: usize) -> Option<String> {
        let unit = |b: &[u8; 2]| if self.little { u16::from_le_bytes(*b) } else { u16::from_be_bytes(*b) };
        (self.element == CHARACTER).then(|| {
            let units: Vec<u16> = self.bytes.as_chunks::<2>().0.iter().take(max).map(unit).collect();
            String::from_utf16_lossy(&units).trim_end_matches('\0').into()
        })
    }
}

/// An open group.
struct Group {
    entries_left: u64,
    /// Members without a name so far.
    items: usize,
}

/// A place in the file, which only moves forward.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], Fault> {
        let end = usize::try_from(count).ok().and_then(|n| self.at.checked_add(n));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| Fault::damaged("the DM file is cut off within its tags"))?;
        self.at += taken.len();
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    /// A word of `bytes` bytes, big-endian.
    fn word(&mut self, bytes: u64) -> Result<u64, Fault> {
        Ok(self.take(bytes)?.iter().fold(0, |word, &b| word << 8 | u64::from(b)))
    }
}

/// The header: bytes of the structure's words and the order of the values.
pub(super) struct Preamble {
    word_bytes: u64,
    little: bool,
    bytes: usize,
}

impl Preamble {
    /// `None` for anything but DM3 and DM4.
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        // Version, length of the tree, order.
        let (word_bytes, order_at) = match file.first_chunk()? {
            [0, 0, 0, 3] => (4, 8),
            [0, 0, 0, 4] => (8, 12),
            _ => return None,
        };
        let little = match file.get(order_at..)?.first_chunk()? {
            [0, 0, 0, 0] => false,
            [0, 0, 0, 1] => true,
            _ => return None,
        };
        Some(Self { word_bytes, little, bytes: order_at + 4 })
    }
}

/// Visits every value of the tree with the way to it.
pub(super) fn walk<'a>(
    file: &'a [u8],
    preamble: &Preamble,
    mut visit: impl FnMut(&[Step<'a>], Value<'a>),
) -> Result<(), Fault> {
    let mut cursor = Cursor { bytes: file, at: preamble.bytes };
    let word_bytes = preamble.word_bytes;
    let mut groups = vec![open_group(&mut cursor, word_bytes)?];
    let mut path: Vec<Step> = Vec::new();
    while let Some(group) = groups.last_mut() {
        if group.entries_left == 0 {
            groups.pop();
            path.pop();
            continue;
        }
        group.entries_left -= 1;
        let kind = cursor.byte()?;
        if kind == ENTRY_END {
            return Ok(());
        }
        let name_bytes = cursor.word(2)?;
        let name = cursor.take(name_bytes)?;
        let step = if name.is_empty() {
            group.items += 1;
            Step::Item(group.items - 1)
        } else {
            Step::Named(name)
        };
        // DM4 says how long the entry is.
        let entry_bytes = if word_bytes == 8 { Some(cursor.word(8)?) } else { None };
        let start = cursor.at;
        path.push(step);
        match kind {
            ENTRY_GROUP if groups.len() >= DEPTH_MAX => {
                return Err(Fault::damaged(format!("the DM file's tags are nested more than {DEPTH_MAX} deep")));
            }
            ENTRY_GROUP => {
                groups.push(open_group(&mut cursor, word_bytes)?);
                continue;
            }
            ENTRY_VALUE => visit(&path, value(&mut cursor, preamble)?),
            ENTRY_EMPTY => {}
            _ => match entry_bytes {
                Some(bytes) => drop(cursor.take(bytes)?),
                None => return Err(Fault::damaged(format!("the DM file has an entry of unknown kind {kind}"))),
            },
        }
        path.pop();
        if kind == ENTRY_VALUE
            && let Some(bytes) = entry_bytes
            && (cursor.at - start) as u64 != bytes
        {
            return Err(Fault::damaged("the DM file has a value that is not as long as it says"));
        }
    }
    Ok(())
}

fn open_group(cursor: &mut Cursor, word_bytes: u64) -> Result<Group, Fault> {
    // Whether it is sorted and whether it is closed.
    cursor.take(2)?;
    Ok(Group { entries_left: cursor.word(word_bytes)?, items: 0 })
}

/// Reads a value's description and the value behind it.
fn value<'a>(cursor: &mut Cursor<'a>, preamble: &Preamble) -> Result<Value<'a>, Fault> {
    let odd = || Fault::damaged("the DM file describes a value in a way that nobody knows");
    let Preamble { word_bytes, little, .. } = *preamble;
    if cursor.take(DELIMITER.len() as u64)? != DELIMITER {
        return Err(Fault::damaged("the DM file has no %%%% before a value"));
    }
    let count = cursor.word(word_bytes)?;
    if count == 0 || count > DESCRIPTION_MAX_WORDS {
        return Err(odd());
    }
    let description = cursor.take(count * word_bytes)?;
    let words: Vec<u64> = description
        .chunks_exact(word_bytes as usize)
        .map(|word| word.iter().fold(0, |word, &b| word << 8 | u64::from(b)))
        .collect();
    match words[..] {
        [simple] => {
            let bytes = cursor.take(simple_bytes(simple).ok_or_else(odd)?)?;
            Ok(number(simple, bytes, little).map_or(Value::Other, Value::Number))
        }
        [STRING, characters] => {
            cursor.take(characters.checked_mul(2).ok_or_else(odd)?)?;
            Ok(Value::Other)
        }
        [STRUCTURE, ref fields @ ..] => {
            cursor.take(structure_bytes(fields).ok_or_else(odd)?)?;
            Ok(Value::Other)
        }
        [ARRAY, STRUCTURE, ref fields @ .., elements] => {
            let bytes = structure_bytes(fields).and_then(|bytes| bytes.checked_mul(elements)).ok_or_else(odd)?;
            Ok(Value::Array(Array { bytes: cursor.take(bytes)?, little, element: STRUCTURE }))
        }
        [ARRAY, element, elements] => {
            let bytes = simple_bytes(element).and_then(|bytes| bytes.checked_mul(elements)).ok_or_else(odd)?;
            Ok(Value::Array(Array { bytes: cursor.take(bytes)?, little, element }))
        }
        _ => Err(odd()),
    }
}

/// Length of a structure: fields are the length of its name, how many follow, and for each the length of its name and its
/// type.
fn structure_bytes(fields: &[u64]) -> Option<u64> {
    let [_, count, fields @ ..] = fields else { return None };
    if *count as usize != fields.len() / 2 || fields.len() % 2 != 0 {
        return None;
    }
    fields.chunks_exact(2).map(|field| simple_bytes(field[1])).sum()
}

/// Length of a value of a simple type.
fn simple_bytes(simple: u64) -> Option<u64> {
    Some(match simple {
        8..=10 => 1,
        2 | 4 => 2,
        3 | 5 | 6 => 4,
        7 | 11 | 12 => 8,
        _ => return None,
    })
}

/// A value of a simple type; integers beyond 2^53 are rounded.
fn number(simple: u64, bytes: &[u8], little: bool) -> Option<f64> {
    let fold = |word: u64, &b: &u8| word << 8 | u64::from(b);
    let word = if little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) };
    Some(match simple {
        2 => f64::from(word as i16),
        3 => f64::from(word as i32),
        4 | 5 | 8 | 10 | 12 => word as f64,
        6 => f64::from(f32::from_bits(word as u32)),
        7 => f64::from_bits(word),
        9 => f64::from(word as i8),
        11 => word as i64 as f64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A DM3 entry.
    fn entry(kind: u8, name: &str, body: &[u8]) -> Vec<u8> {
        [&[kind], &(name.len() as u16).to_be_bytes()[..], name.as_bytes(), body].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn group(count: u32, entries: &[u8]) -> Vec<u8> {
        [&[1, 0][..], &words(&[count]), entries].concat()
    }

    fn value(description: &[u32], bytes: &[u8]) -> Vec<u8> {
        [DELIMITER, &words(&[description.len() as u32]), &words(description), bytes].concat()
    }

    fn file(root: &[u8]) -> Vec<u8> {
        [&words(&[3, 0, 1]), root].concat()
    }

    /// The values with their ways, as text.
    fn walked(root: &[u8]) -> Result<Vec<String>, Fault> {
        let file = file(root);
        let mut seen = Vec::new();
        walk(&file, &Preamble::of(&file).unwrap(), |path, value| {
            let path: Vec<String> = path
                .iter()
                .map(|step| match step {
                    Step::Named(name) => String::from_utf8_lossy(name).into_owned(),
                    Step::Item(n) => n.to_string(),
                })
                .collect();
            let value = match value {
                Value::Number(n) => n.to_string(),
                Value::Array(array) => array.text(9).unwrap_or(format!("{} bytes", array.bytes.len())),
                Value::Other => "other".into(),
            };
            seen.push(format!("{}={value}", path.join(".")));
        })?;
        Ok(seen)
    }

    #[test]
    fn values_are_found_by_their_way() {
        let text = value(&[20, 4, 2], &[0x6e, 0, 0x6d, 0]);
        let pair = value(&[15, 0, 2, 0, 2, 0, 6], &[0; 6]);
        let pairs = value(&[20, 15, 0, 2, 0, 6, 0, 6, 3], &[0; 24]);
        let list = [entry(21, "", &value(&[2], &[0xfe, 0xff])), entry(21, "", &text), entry(23, "e", &[])].concat();
        let list = group(3, &list);
        let root = [entry(20, "a", &list), entry(21, "b", &pair), entry(21, "c", &pairs)].concat();
        assert_eq!(walked(&group(3, &root)).unwrap(), ["a.0=-2", "a.1=nm", "b=other", "c=24 bytes"]);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| (0..depth).fold(group(0, &[]), |inner, _| group(1, &entry(20, "", &inner)));
        assert!(walked(&nested(DEPTH_MAX - 1)).is_ok());
        assert!(walked(&nested(DEPTH_MAX)).is_err());
        assert!(walked(&nested(20_000)).is_err());
    }

    #[test]
    fn counts_that_lie_are_damage() {
        for description in [&[20, 6, u32::MAX][..], &[15, 0, 1 << 30, 0, 6], &[99], &[20, 20, 4, 1], &[18, u32::MAX]] {
            assert!(walked(&group(1, &entry(21, "a", &value(description, &[0; 8])))).is_err(), "{description:?}");
        }
        assert!(walked(&group(u32::MAX, &[])).is_err());
        assert!(walked(&group(1, &entry(21, "a", b"%%%_"))).is_err());
        assert!(walked(&group(1, &entry(7, "a", &[0; 40]))).is_err());
    }
}
