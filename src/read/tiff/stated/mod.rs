//! What the tags of a TIFF say about the pixel size: one file per program or vendor that writes it.
//!
//! A damaged tag counts as absent: it must not cost the picture.

mod amt;
mod fei;
mod gatan;
mod imagej;
mod jeol;
mod ome;
mod print;
mod sis;
mod tescan;
mod tvips;
mod zeiss;

pub(in crate::read) use print::statement as print_statement;

use super::ifd::{self, Directory};
use crate::image::{Source, Statement};
use crate::read::Fault;
use crate::units::{is_reciprocal, unit_nm};

/// Longest text of a tag that is looked at, bytes: an OME-XML of a large plate fits.
const MAX_TEXT_BYTES: usize = 16 << 20;
/// Nodes of an XML that are looked at: an OME-XML of a thousand planes has some ten thousand.
const MAX_XML_NODES: u32 = 1 << 20;
/// Descriptions are looked at on this many pages; all other tags on all.
const MAX_DESCRIPTIONS: usize = 16;

/// What is said about a page.
pub(super) struct Said {
    pub(super) statements: Vec<Statement>,
    pub(super) specimen_rows: Option<usize>,
}

/// A file's tags, as one place looks for its own among them.
struct Tags<'a> {
    file: &'a [u8],
    /// The chosen page, then the others.
    directories: Vec<&'a Directory<'a>>,
    /// Of the picture, in pixels.
    width: usize,
    height: usize,
}

impl<'a> Tags<'a> {
    /// The first page that has this tag.
    fn page(&self, tag: u16) -> Option<&'a Directory<'a>> {
        self.directories.iter().copied().find(|directory| directory.bytes(tag).is_some())
    }

    fn text(&self, tag: u16) -> Option<String> {
        self.page(tag)?.text(tag, MAX_TEXT_BYTES)
    }

    /// Descriptions and the pages that have them.
    fn descriptions(&self) -> impl Iterator<Item = (&'a Directory<'a>, String)> + '_ {
        let described = self.directories.iter().take(MAX_DESCRIPTIONS);
        described.filter_map(|page| Some((*page, page.text(ifd::IMAGE_DESCRIPTION, MAX_TEXT_BYTES)?)))
    }
}

/// What one place says: nothing, something, or that the picture shows no specimen.
type Heard = Result<Option<Statement>, Fault>;

/// Everything that the file says.
///
/// # Errors
/// When the file says that it is a diffraction pattern.
pub(super) fn hear(
    file: &[u8],
    directories: &[Directory],
    chosen: usize,
    (width, height): (usize, usize),
) -> Result<Said, Fault> {
    let others = directories.iter().enumerate().filter(|(i, _)| *i != chosen).map(|(_, other)| other);
    let tags = Tags { file, directories: directories.get(chosen).into_iter().chain(others).collect(), width, height };
    let places: [fn(&Tags) -> Heard; 11] = [
        fei::hear,
        sis::hear,
        tvips::hear,
        gatan::hear,
        zeiss::hear,
        tescan::hear,
        jeol::hear,
        amt::hear,
        ome::hear,
        imagej::hear,
        print::hear,
    ];
    let mut statements = Vec::new();
    for hear in places {
        statements.extend(hear(&tags)?);
    }
    // ImageJ's resolution is in the unit of its description and is no print resolution.
    if statements.iter().any(|said| said.source == Source::ImageJ) {
        statements.retain(|said| said.source != Source::Print);
    }
    Ok(Said { statements, specimen_rows: fei::specimen_rows(&tags) })
}

fn diffraction(why: &str) -> Fault {
    Fault::unsupported(format!("this is a diffraction pattern ({why})"), "give an image of the specimen")
}

/// A length in nm, or why it is none.
///
/// # Errors
/// When the unit is that of a diffraction pattern.
fn length_nm(value: f64, unit: &str) -> Result<Result<f64, String>, Fault> {
    if is_reciprocal(unit) {
        return Err(diffraction(&format!("its unit is {}", unit.trim())));
    }
    Ok(unit_nm(unit).map(|nm| value * nm).ok_or_else(|| format!("'{}' is not a unit of length", unit.trim())))
}

/// A number as a file has it; also `nan` and `inf`, which the resolver refuses.
fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    text.parse().map_err(|_| format!("'{text}' is not a number"))
}

/// An XML. No DTD: entities could grow without bounds. Nesting costs no stack, the parser is not recursive.
fn parse_xml(text: &str) -> Result<roxmltree::Document<'_>, roxmltree::Error> {
    let options = roxmltree::ParsingOptions { nodes_limit: MAX_XML_NODES, ..Default::default() };
    roxmltree::Document::parse_with_options(text, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one place says about a picture of 64 x 48 pixels whose file has one tag, which is in a block of its own.
    pub(super) fn heard(hear: fn(&Tags) -> Heard, tag: u16, kind: u16, content: &[u8]) -> Heard {
        let [file, _] = ifd::tests::with(tag, kind, content.len() as u32, 26, content);
        let directories = ifd::directories(&file).unwrap();
        hear(&Tags { file: &file, directories: directories.iter().collect(), width: 64, height: 48 })
    }

    pub(super) fn assert_nm(said: Heard, x: f64, y: f64) {
        let (a, b) = said.unwrap().unwrap().nm.unwrap();
        assert!((a / x - 1.0).abs() < 1e-9 && (b / y - 1.0).abs() < 1e-9, "{a} x {b}");
    }

    #[test]
    fn reciprocal_units_make_a_diffraction_pattern() {
        assert!(
            matches!(length_nm(1.0, "1/nm"), Err(Fault::Unsupported { cause, .. }) if cause.contains("diffraction"))
        );
        assert_eq!(length_nm(2.0, "µm").unwrap(), Ok(2000.0));
        assert!(length_nm(2.0, "").unwrap().is_err());
    }
}
