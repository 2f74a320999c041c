//! FEI and Thermo Fisher: settings as INI in tags 34680 (SFEG) and 34682 (Helios), XML in 34683 (Titan and newer).
//!
//! Widths are along x; all lengths are in metres unless said otherwise. Source: Bio-Formats' and tifffile's descriptions
//! of the tags. XResolution is that of the screen.

use super::{Heard, Tags, length_nm, number, parse_xml};
use crate::image::{Source, Statement};
use crate::units::METRE_NM;
use roxmltree::{Document, Node};

const SFEG: u16 = 34680;
const HELIOS: u16 = 34682;
const TITAN: u16 = 34683;

pub(super) fn hear(tags: &Tags) -> Heard {
    if let Some(said) = settings(tags).and_then(|ini| from_ini(&ini, tags.width)) {
        return Ok(Some(said));
    }
    let Some(text) = tags.text(TITAN).filter(|text| text.trim_start().starts_with('<')) else { return Ok(None) };
    match parse_xml(text.trim_start()) {
        Ok(document) => from_xml(&document),
        Err(e) => Ok(Some(Statement::new(Source::Fei, "", Err(format!("the XML of tag {TITAN} can't be read ({e})"))))),
    }
}

/// Rows above the data bar, where the picture has the width that was scanned.
pub(super) fn specimen_rows(tags: &Tags) -> Option<usize> {
    let ini = settings(tags)?;
    let scanned = |key: &str| value(&ini, "Image", key)?.parse::<usize>().ok();
    let rows = scanned("ResolutionY").filter(|&rows| rows > 0 && rows < tags.height)?;
    (scanned("ResolutionX")? == tags.width).then_some(rows)
}

/// The INI, which may be blank, or a memento in base64 that has no sections.
fn settings(tags: &Tags) -> Option<String> {
    [HELIOS, SFEG].iter().filter_map(|&tag| tags.text(tag)).find(|text| text.contains("]"))
}

/// A value below the head of its section.
fn value<'a>(ini: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let mut lines = ini
        .lines()
        .map(str::trim)
        .skip_while(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) != Some(section));
    lines.next()?;
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

fn from_ini(ini: &str, width: usize) -> Option<Statement> {
    let scan = |key| value(ini, "Scan", key);
    let (raw, nm) = if let Some(x) = scan("PixelWidth") {
        let y = scan("PixelHeight").unwrap_or(x);
        let nm = number(x).and_then(|x| Ok((x * METRE_NM, number(y)? * METRE_NM)));
        (format!("PixelWidth={x}, PixelHeight={y}"), nm)
    } else {
        // Cameras give the field of view of what they call a beam.
        let beam = value(ini, "Beam", "Beam").unwrap_or("IRBeam");
        let field = |key| value(ini, beam, key);
        let (columns, rows) = (value(ini, "Image", "ResolutionX")?, value(ini, "Image", "ResolutionY")?);
        let (wide, high) = (field("HFW")?, field("VFW"));
        let nm = number(wide).and_then(|wide| {
            let x = wide / number(columns)? * METRE_NM;
            let y = high.map_or(Ok(x), |high| Ok::<_, String>(number(high)? / number(rows)? * METRE_NM))?;
            Ok((x, y))
        });
        (format!("HFW={wide}, VFW={}, {columns} x {rows} pixels", high.unwrap_or("?")), nm)
    };
    let mut said = Statement::new(Source::Fei, raw, nm);
    let scanned = value(ini, "Image", "ResolutionX").and_then(|x| x.parse::<usize>().ok());
    if let Some(scanned) = scanned.filter(|&scanned| scanned != width) {
        said.doubt = Some(format!("the picture is {width} pixels wide, but {scanned} were recorded"));
    }
    Some(said)
}

/// `PixelSize` with `X` and `Y`, or `pixelWidth` and `pixelHeight`, wherever they are.
fn from_xml(document: &Document) -> Heard {
    let named = |name: &str| document.descendants().find(|node| node.tag_name().name() == name);
    let inside = |name: &str| {
        let sizes = document.descendants().filter(|node| node.tag_name().name() == "PixelSize");
        sizes.flat_map(|size| size.children()).find(|node| node.tag_name().name().eq_ignore_ascii_case(name))
    };
    let Some(x) = inside("X").or_else(|| named("pixelWidth")) else { return Ok(None) };
    let y = inside("Y").or_else(|| named("pixelHeight")).unwrap_or(x);
    let ((x, x_unit), (y, y_unit)) = (length(x), length(y));
    let raw = format!("{x} {x_unit} x {y} {y_unit}");
    let nm = |text: &str, unit: &str| match number(text) {
        Ok(value) => length_nm(value, unit),
        Err(reason) => Ok(Err(reason)),
    };
    let (x, y) = (nm(x, x_unit)?, nm(y, y_unit)?);
    Ok(Some(Statement::new(Source::Fei, raw, x.and_then(|x| Ok((x, y?))))))
}

/// Number and unit of an element, or of the one inside it.
fn length<'a>(node: Node<'a, '_>) -> (&'a str, &'a str) {
    let inner =
        node.children().find(|child| child.is_element() && child.tag_name().name().eq_ignore_ascii_case("value"));
    let unit = |node: Node<'a, '_>| node.attribute("unit").or_else(|| node.attribute("Unit"));
    let text = inner.unwrap_or(node).text().unwrap_or_default().trim();
    (text, unit(node).or_else(|| unit(inner?)).unwrap_or("m"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_nm, heard};
    use super::*;

    #[test]
    fn the_scan_tells_the_pixel_along_x_first() {
        let ini = b"[Scan]\r\nPixelWidth=6.2e-010\r\nPixelHeight=8.0e-010\r\n[Image]\r\nResolutionX=64\r\n";
        assert_nm(heard(hear, HELIOS, 2, ini), 0.62, 0.8);
        assert_nm(heard(hear, SFEG, 2, ini), 0.62, 0.8);
    }

    #[test]
    fn a_camera_tells_its_field_of_view() {
        let ini = b"[Beam]\nBeam=IRBeam\n[IRBeam]\nHFW=0.2\nVFW=0.1\n[Image]\nResolutionX=64\nResolutionY=48\n";
        assert_nm(heard(hear, HELIOS, 2, ini), 0.2 / 64.0 * 1e9, 0.1 / 48.0 * 1e9);
    }

    #[test]
    fn xml_is_in_metres_unless_said() {
        let size = b"<Metadata><BinaryResult><PixelSize><X unit='nm'>0.5</X><Y>8e-10</Y></PixelSize></BinaryResult></Metadata>";
        assert_nm(heard(hear, TITAN, 2, size), 0.5, 0.8);
        let image = b"<FeiImage><pixelWidth>5e-10</pixelWidth><pixelHeight>8e-10</pixelHeight></FeiImage>";
        assert_nm(heard(hear, TITAN, 2, image), 0.5, 0.8);
        let pattern = b"<M><PixelSize><X unit='1/m'>5e7</X><Y unit='1/m'>5e7</Y></PixelSize></M>";
        assert!(heard(hear, TITAN, 2, pattern).is_err());
    }

    #[test]
    fn what_has_no_numbers_states_none() {
        assert!(heard(hear, HELIOS, 2, b"[Scan]\nPixelWidth=wide\n").unwrap().unwrap().nm.is_err());
        for nothing in [b" " as &[u8], b"TWVtZW50b0l0ZW0=", b"[Scan]\n", b"[User]\nPixelWidth=1\n"] {
            assert!(heard(hear, HELIOS, 2, nothing).unwrap().is_none());
        }
        let scaled = heard(hear, HELIOS, 2, b"[Scan]\nPixelWidth=1e-9\n[Image]\nResolutionX=128\n").unwrap().unwrap();
        assert!(scaled.doubt.is_some());
    }
}
