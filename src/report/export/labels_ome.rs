//! `labels.ome.tif`: the picture of `labels.tif` with OME-XML 2016-06, for OMERO, Bio-Formats and napari.

use super::identity::uuid;
use crate::image::Labels;
use crate::report::labels::write_tiff;
use crate::results::ImageResult;
use std::io::{self, Write};

const NAMESPACE: &str = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
const SCHEMA: &str = "http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd";

/// Writes the labels of an image as an OME-TIFF of that file name.
pub fn write_labels_ome(out: &mut dyn Write, labels: &Labels, image: &ImageResult, file: &str) -> io::Result<()> {
    write_tiff(out, labels, &description(labels, image, file), None)
}

fn description(labels: &Labels, image: &ImageResult, file: &str) -> String {
    let (width, height) = (labels.width, labels.height);
    let uuid = uuid(image, file);
    let version = env!("CARGO_PKG_VERSION");
    let big_endian = cfg!(target_endian = "big");
    let size = image.row.pixel_size.map(|size| {
        let (x, y) = (size.x_nm, size.y_nm);
        format!(r#" PhysicalSizeX="{x}" PhysicalSizeXUnit="nm" PhysicalSizeY="{y}" PhysicalSizeYUnit="nm""#)
    });
    let size = size.unwrap_or_default();
    let name = escaped(&image.row.image);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{NAMESPACE} {SCHEMA}" UUID="urn:uuid:{uuid}" Creator="cupule {version}"><Image ID="Image:0" Name="{name}"><Description>Labels: each pixel has the id of its particle, 0 is background.</Description><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SignificantBits="16" BigEndian="{big_endian}" SizeX="{width}" SizeY="{height}" SizeC="1" SizeZ="1" SizeT="1"{size}><Channel ID="Channel:0:0" Name="particle id" SamplesPerPixel="1"/><TiffData IFD="0" FirstC="0" FirstZ="0" FirstT="0" PlaneCount="1"><UUID FileName="{file}">urn:uuid:{uuid}</UUID></TiffData></Pixels></Image></OME>"#
    )
}

/// Text for an attribute, in ASCII, as TIFF has it. What XML cannot say becomes a question mark in a diamond.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '<' | '>' | '&' | '"' | '\'' | '\t' | '\n' | '\r' | '\u{7f}'.. => match c {
            '\u{fffe}' | '\u{ffff}' => "&#xFFFD;".into(),
            _ => format!("&#x{:X};", u32::from(c)),
        },
        '\0'..' ' => "&#xFFFD;".into(),
        _ => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PixelSize;

    #[test]
    fn hostile_names_come_back_from_the_xml() {
        let labels = Labels { width: 3, height: 2, label: vec![0; 6] };
        for name in ["a&<b>\"'c.tif", "line\nbreak\ttab\r.tif", "\u{202e}fit.gnp", "é😀.tif", "]]>.tif"] {
            let mut image = ImageResult { row: Default::default(), marks: Vec::new(), particles: Vec::new() };
            image.row.image = name.into();
            image.row.pixel_size = PixelSize::new(0.5, 0.25);
            let xml = description(&labels, &image, "labels.ome.tif");
            assert!(xml.is_ascii(), "{xml}");
            let document = roxmltree::Document::parse(&xml).unwrap();
            let find = |tag| document.descendants().find(|n| n.has_tag_name((NAMESPACE, tag))).unwrap();
            assert_eq!(find("Image").attribute("Name"), Some(name));
            assert_eq!(find("Pixels").attribute("PhysicalSizeY"), Some("0.25"));
        }
        assert_eq!(escaped("\0\u{1}\u{ffff}x"), "&#xFFFD;&#xFFFD;&#xFFFD;x");
    }
}
