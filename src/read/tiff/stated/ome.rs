//! OME-XML in a TIFF's description: `PhysicalSizeX` and `PhysicalSizeY` of the first image's `Pixels`.
//!
//! The unit is µm unless said otherwise (<https://docs.openmicroscopy.org/ome-model/latest/>).

use super::{Heard, Tags, number, parse_xml};
use crate::image::{Source, Statement};
use crate::units::unit_nm;
use roxmltree::Node;

pub(super) fn hear(tags: &Tags) -> Heard {
    Ok(tags.descriptions().find_map(|(_, description)| statement(&description)))
}

fn statement(description: &str) -> Option<Statement> {
    let text = description.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') || !text.contains("<OME") && !text.contains(":OME") {
        return None;
    }
    let document = match parse_xml(text) {
        Ok(document) => document,
        Err(e) => return Some(refused("", format!("the OME-XML can't be read ({e})"))),
    };
    let root = document.root_element();
    if root.tag_name().name() != "OME" {
        return None;
    }
    let Some(pixels) = child(root, "Image").and_then(|image| child(image, "Pixels")) else {
        return Some(refused("", "the OME-XML describes no pixels, its metadata may be in another file".into()));
    };
    let axis = |name: &str| {
        let size = pixels.attribute(name)?;
        Some((size, pixels.attribute(format!("{name}Unit").as_str()).unwrap_or("µm")))
    };
    // A file that states nothing is no witness; one that states one edge means square pixels.
    let x = axis("PhysicalSizeX").or(axis("PhysicalSizeY"))?;
    let y = axis("PhysicalSizeY").unwrap_or(x);
    let raw = format!("{} {} x {} {}", x.0, x.1, y.0, y.1);
    let nm = length_nm(x).and_then(|x| Ok((x, length_nm(y)?)));
    Some(Statement::new(Source::Ome, raw, nm))
}

fn child<'a, 'input>(parent: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    parent.children().find(|node| node.tag_name().name() == name)
}

fn length_nm((size, unit): (&str, &str)) -> Result<f64, String> {
    let factor = unit_nm(unit).ok_or_else(|| format!("'{unit}' is not a unit of length"))?;
    Ok(number(size)? * factor)
}

fn refused(raw: &str, reason: String) -> Statement {
    Statement::new(Source::Ome, raw, Err(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(attributes: &str) -> Statement {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
        let namespace = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
        statement(&format!("{head}<OME xmlns=\"{namespace}\"><Image><Pixels {attributes}/></Image></OME>")).unwrap()
    }

    #[test]
    fn the_unit_is_micrometres_unless_said() {
        let (x, y) = pixels("PhysicalSizeX='0.00062' PhysicalSizeY='5' PhysicalSizeYUnit='Å'").nm.unwrap();
        assert!((x - 0.62).abs() < 1e-12 && (y - 0.5).abs() < 1e-12);
        assert_eq!(pixels("PhysicalSizeX='0.5' PhysicalSizeXUnit='nm'").nm, Ok((0.5, 0.5)));
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for bad in [
            "PhysicalSizeX='wide'",
            "PhysicalSizeX='1' PhysicalSizeXUnit='reference frame'",
            "PhysicalSizeX='1' PhysicalSizeXUnit='pixel'",
        ] {
            assert!(pixels(bad).nm.is_err(), "{bad}");
        }
        assert!(statement("<OME><Image>").unwrap().nm.is_err());
        assert!(statement("<OME><BinaryOnly MetadataFile='a.companion.ome'/></OME>").unwrap().nm.is_err());
    }

    #[test]
    fn other_descriptions_say_nothing() {
        for other in ["", "ImageJ=1.54f", "<html></html>", "<OME><Image><Pixels/></Image></OME>"] {
            assert_eq!(statement(other), None, "{other}");
        }
    }

    #[test]
    fn entities_are_refused_and_deep_nesting_costs_no_stack() {
        let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><OME><Image><Pixels PhysicalSizeX='&a;'/></Image></OME>";
        assert!(statement(bomb).unwrap().nm.unwrap_err().contains("DTD"));
        let deep = format!("<OME>{}{}</OME>", "<a>".repeat(300_000), "</a>".repeat(300_000));
        assert!(statement(&deep).unwrap().nm.is_err());
    }
}
