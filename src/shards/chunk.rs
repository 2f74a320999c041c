//! A chunk of a plan as a file: a line of JSON that says which one it is, headings, and a line per file.
//!
//! The cells of a line are separated by tabs: place among all files of the plan, length in bytes, image, folder of its results,
//! path. In the last three a tab, a line feed, a carriage return and a backslash are written as `\t`, `\n`, `\r` and `\\`, and
//! a byte of a path that is no text as `\x` and two hexadecimal digits.

use crate::atomic::{WholeFile, output_error};
use crate::batch::{Input, Inputs};
use crate::error::{Error, Result};
use crate::results::record::ChunkRecord;
use crate::results::{hex, is_below, read_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// How the first line says what it is.
const FORMAT: &str = "cupule chunk";
const VERSION: u32 = 1;
const HEADINGS: &str = "place\tbytes\timage\tfolder\tpath\n";

/// What one run of several is to do.
#[derive(Debug)]
pub struct Chunk {
    pub record: ChunkRecord,
    /// What the plan was made of, as it was typed.
    pub typed: Vec<String>,
    /// Patterns by which the files were chosen.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub inputs: Inputs,
}

/// The first line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    pub format: String,
    pub version: u32,
    pub plan: String,
    pub number: usize,
    pub of: usize,
    pub files: usize,
    pub bytes: u64,
    pub inputs: Vec<String>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Checksum of all of the file but itself.
    pub sha256: String,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            plan: String::new(),
            number: 0,
            of: 0,
            files: 0,
            bytes: 0,
            inputs: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            sha256: String::new(),
        }
    }
}

impl Header {
    /// That of a file, if it is a chunk.
    pub fn of(path: &Path) -> Option<Self> {
        let bytes = read_file(path).ok()?;
        let line = bytes.split(|&byte| byte == b'\n').next()?;
        serde_json::from_slice(line).ok().filter(|header: &Self| header.format == FORMAT)
    }

    /// Checksum of the header, without the one that it tells, and of the lines of the files.
    fn checksum(&self, lines: &str) -> String {
        let bare = Self { sha256: String::new(), ..self.clone() };
        hex(&Sha256::new().chain_update(bare.line()).chain_update(lines).finalize())
    }

    fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Writes a chunk of which these are the lines.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write(mut self, path: &Path, lines: &str) -> Result<()> {
        self.sha256 = self.checksum(lines);
        let mut file = WholeFile::create(path)?;
        let first = self.line();
        let written = [&first, "\n", HEADINGS, lines].iter().try_for_each(|text| file.write_all(text.as_bytes()));
        written.map_err(|error| output_error(path, &error))?;
        // A list that is not whole is refused by its checksum, and many take long one by one.
        file.commit_unsynced()
    }
}

/// Appends the line of a file.
pub(super) fn push_line(lines: &mut String, place: u64, bytes: u64, input: &Input) {
    let _ = write!(lines, "{place}\t{bytes}\t");
    for (name, end) in [(input.image.as_bytes(), '\t'), (input.folder.as_bytes(), '\t'), (bytes_of(&input.path), '\n')]
    {
        push_escaped(lines, name);
        lines.push(end);
    }
}

impl Chunk {
    /// Reads the file of a chunk.
    ///
    /// # Errors
    /// [`Error::NoInput`] for one that can't be read, is none, or was changed.
    pub fn read(path: &Path) -> Result<Self> {
        let unusable = |cause: String| {
            let remedy = "give a file that 'cupule plan' wrote, as it wrote it";
            Error::no_input(format!("{}: {cause}", path.display()), remedy)
        };
        let none = || unusable("this is no chunk of a plan".into());
        let bytes = read_file(path).map_err(|error| unusable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| none())?;
        let (first, rest) = text.split_once('\n').ok_or_else(none)?;
        let header: Header = serde_json::from_str(first).map_err(|_| none())?;
        if header.format != FORMAT || header.version != VERSION {
            let found = format!("'{}' version {}", header.format, header.version);
            return Err(unusable(format!("this is {found}, not '{FORMAT}' version {VERSION}")));
        }
        let lines = rest.strip_prefix(HEADINGS).ok_or_else(none)?;
        if header.checksum(lines) != header.sha256 {
            return Err(unusable("it was changed, or is not whole".into()));
        }
        let (mut inputs, mut places) = (Vec::new(), Vec::new());
        for line in lines.lines() {
            let (place, input) = parse(line).ok_or_else(none)?;
            places.push(place);
            inputs.push(input);
        }
        let Header { plan, number, of, inputs: typed, include, exclude, .. } = header;
        let record = ChunkRecord { plan, number, of, places };
        Ok(Self { record, typed, include, exclude, inputs: Inputs::told(inputs) })
    }
}

fn parse(line: &str) -> Option<(u64, Input)> {
    let mut cells = line.split('\t');
    let place = cells.next()?.parse().ok()?;
    let _bytes: u64 = cells.next()?.parse().ok()?;
    let mut text = || unescaped(cells.next()?);
    let (image, folder) = (String::from_utf8(text()?).ok()?, String::from_utf8(text()?).ok()?);
    let path = PathBuf::from(os_string(text()?)?);
    is_below(&folder).then_some((place, Input { path, image, folder }))
}

/// A path as bytes; where paths aren't bytes, what is no text in it is lost.
#[cfg(unix)]
fn bytes_of(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(OsStr::new(path))
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> &[u8] {
    OsStr::new(path).as_encoded_bytes()
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

fn push_escaped(out: &mut String, bytes: &[u8]) {
    for piece in bytes.utf8_chunks() {
        for c in piece.valid().chars() {
            match c {
                '\t' => out.push_str("\\t"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\\' => out.push_str("\\\\"),
                c => out.push(c),
            }
        }
        for byte in piece.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        plain.push(match byte {
            b'\\' => match rest.next()? {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                _ => return None,
            },
            byte => byte,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_come_back() {
        for name in [&b"a.tif"[..], b"", b"t\tn\nr\r\\x41", b"\xff\xfe\\", "ä\u{202e}".as_bytes(), b"\xc3"] {
            let mut text = String::new();
            push_escaped(&mut text, name);
            assert!(!text.contains(['\t', '\n', '\r']), "{text}");
            assert_eq!(unescaped(&text).unwrap(), name);
        }
        for wrong in ["\\", "\\q", "\\x1", "\\xzz"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_chunk_comes_back_and_a_changed_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0002.txt");
        let input =
            |name: &str| Input { path: format!("/in/{name}.tif").into(), image: name.into(), folder: name.into() };
        let mut lines = String::new();
        push_line(&mut lines, 3, 10, &input("a"));
        push_line(&mut lines, 17, 20, &input("b\tc"));
        let header = Header { plan: "p".into(), number: 2, of: 5, files: 2, bytes: 30, ..Header::default() };
        header.write(&path, &lines).unwrap();
        let chunk = Chunk::read(&path).unwrap();
        assert!(chunk.inputs.iter().eq([input("a"), input("b\tc")]));
        assert_eq!((chunk.record.number, chunk.record.of, chunk.record.places), (2, 5, vec![3, 17]));
        assert_eq!(Header::of(&path).unwrap().files, 2);
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        for wrong in [
            "",
            "a.tif\n",
            &text[..text.len() - 9],
            &text.replace("a.tif", "c.tif"),
            &text.replace("\"number\":2", "\"number\":3"),
            &text.replace("\"files\":2", "\"files\":9999999999999999999"),
            first,
            &text.replace("chunk", "x"),
        ] {
            std::fs::write(&path, wrong).unwrap();
            let error = Chunk::read(&path).unwrap_err();
            assert_eq!(error.exit_code(), 3, "{error}");
            assert!(error.to_string().contains("0002.txt"), "{error}");
        }
    }
}
