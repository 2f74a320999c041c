//! JEOL SightX Viewer: XML `TemReporter` in the description, the scale in XResolution and the magnification.
//!
//! A print of XResolution pixels per inch or centimetre would be `SelectorValue` times the specimen. Source:
//! rosettasciio's description of the format.

use super::super::ifd::{self, Directory};
use super::{Heard, Tags, diffraction, number, parse_xml, print};
use crate::image::{Source, Statement};

const MAKE: &str = "JEOL";
const ROOT: &str = "TemReporter";

pub(super) fn hear(tags: &Tags) -> Heard {
    for (page, description) in tags.descriptions() {
        let made = page.text(ifd::MAKE, super::MAX_TEXT_BYTES).unwrap_or_default();
        if made.starts_with(MAKE) && description.contains(ROOT) {
            return statement(&description, page);
        }
    }
    Ok(None)
}

fn statement(description: &str, page: &Directory) -> Heard {
    let refused = |raw: String, reason: String| Ok(Some(Statement::new(Source::Jeol, raw, Err(reason))));
    let document = match parse_xml(description.trim_start_matches('\u{feff}').trim()) {
        Ok(document) => document,
        Err(e) => return refused(String::new(), format!("the XML of the description can't be read ({e})")),
    };
    // The drawings of the viewer repeat some of the names further in.
    let setting = |section: &str, name: &str| {
        let child = |node: roxmltree::Node<'_, '_>, name: &str| {
            node.children().find(|node| node.tag_name().name() == name).map(|node| node.id())
        };
        let section = document.get_node(child(document.root_element(), section)?)?;
        document.get_node(child(section, name)?)?.text().map(|text| text.trim().to_string())
    };
    let microscope = setting("Eos", "EosMode").unwrap_or_default();
    let mode = setting("ImageFormingSystem", "ModeString").unwrap_or_default();
    let magnification = setting("ImageFormingSystem", "SelectorValue").unwrap_or_default();
    let raw = format!("{microscope} {mode} x{magnification}");
    match (microscope.as_str(), mode.as_str()) {
        ("eosTEM", "DIFF") => Err(diffraction("the mode is DIFF")),
        ("eosTEM", "MAG") => {
            let Some((x, y)) = print::resolution_nm(page) else { return refused(raw, "there is no resolution".into()) };
            let nm = number(&magnification).map(|magnification| (x / magnification, y / magnification));
            Ok(Some(Statement::new(Source::Jeol, raw, nm)))
        }
        _ => refused(raw, "the scale of this mode is not known".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ifd::{directories, tests::with};
    use super::*;

    #[test]
    fn the_print_is_magnified() {
        // 93 pixels per inch, the default unit.
        let [file, _] = with(ifd::X_RESOLUTION, 5, 1, 26, &[93, 0, 0, 0, 1, 0, 0, 0]);
        let said = |mode: &str| {
            let xml = format!(
                "<TemReporter><Eos><EosMode>eosTEM</EosMode></Eos><ImageFormingSystem><ModeString>{mode}</ModeString>\
                 <SelectorValue>150000</SelectorValue></ImageFormingSystem><View><Eos><EosMode>?</EosMode></Eos></View>\
                 </TemReporter>"
            );
            statement(&xml, &directories(&file).unwrap()[0])
        };
        let (x, y) = said("MAG").unwrap().unwrap().nm.unwrap();
        assert!((x - 25.4e6 / 93.0 / 150e3).abs() < 1e-9 && x == y, "{x}");
        assert!(said("DIFF").is_err());
        assert!(said("LORENTZ").unwrap().unwrap().nm.is_err());
    }
}
