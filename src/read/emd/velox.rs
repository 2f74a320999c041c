//! Velox: `Data/Image/<id>/Data` is a block of rows, columns and frames, `Metadata` beside it JSON with the pixel size, a
//! column for each frame.
//!
//! Places: the readers of openNCEM and RosettaSciIO agree on them. A file holds an image for each detector, under ids
//! that mean nothing, and what was computed from them: maps of elements, transforms.

use super::{MEMBERS_MAX, Picture, child_groups, fault, number_kind};
use crate::image::{Source, Statement};
use crate::read::Fault;
use crate::read::words::Kind;
use crate::units::{is_reciprocal, unit_nm};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, SliceInfo, SliceInfoElem};
use serde::Deserialize;
use serde_json::Value;

/// Longest metadata that is read, bytes. Velox reserves 60000.
const METADATA_MAX_BYTES: u64 = 16 << 20;
/// How the names of X-ray detectors begin, whose pictures are maps of elements.
const XRAY_DETECTORS: [&str; 4] = ["SuperX", "Dual-X", "Ultra-X", "EDS"];

/// What the metadata says of a picture.
#[derive(Debug)]
struct Said {
    detector: String,
    /// Width, height and unit of a pixel in its own words, or why they are not known.
    pixel: Result<[String; 4], &'static str>,
}

/// The picture of the file that an analysis wants, `None` where the file is not of Velox.
///
/// Pictures of a camera or a detector come before computed maps, then the order is that of the detectors' names, which has
/// bright field (`BF`, `BM-Ceta`) before dark field (`DF`, `HAADF`): vesicles are to be dark on bright ground. Ids decide
/// last, only to have one order.
pub(super) fn picture(root: &Group) -> Result<Option<Picture>, Fault> {
    let Ok(images) = root.group("Data").and_then(|data| data.group("Image")) else {
        return Ok(match root.group("Data") {
            Ok(data) if is_velox_without_pictures(&data) => return Err(no_picture("only spectra or other data")),
            _ => None,
        });
    };
    let mut found: Vec<(bool, String, Picture)> = Vec::new();
    let mut patterns = 0;
    let mut failure = None;
    for id in child_groups(&images).iter().take(MEMBERS_MAX) {
        match candidate(&images, id) {
            Ok(Some((said, picture))) if said.is_pattern() => {
                patterns += 1;
                drop(picture);
            }
            Ok(Some((said, picture))) => {
                let is_map = matches!(picture.kind, Kind::F32 | Kind::F64)
                    || XRAY_DETECTORS.iter().any(|name| said.detector.starts_with(name));
                found.push((is_map, said.detector, picture));
            }
            Ok(None) => {}
            Err(fault) => failure = Some(fault),
        }
    }
    // Stable, and the ids are sorted.
    found.sort_by(|(a_map, a, _), (b_map, b, _)| (a_map, a).cmp(&(b_map, b)));
    match (found.into_iter().next(), failure) {
        (Some((_, _, picture)), _) => Ok(Some(picture)),
        (None, Some(fault)) => Err(fault),
        (None, None) if patterns > 0 => Err(no_picture("only diffraction patterns, whose pixels are in 1/m")),
        (None, None) => Err(no_picture("no image of plain numbers (only transforms or none)")),
    }
}

fn no_picture(what: &str) -> Fault {
    Fault::unsupported(format!("the Velox file holds {what}"), "give an image of the specimen")
}

/// Groups that Velox makes beside `Image`.
fn is_velox_without_pictures(data: &Group) -> bool {
    child_groups(data).iter().any(|name| matches!(name.as_str(), "Spectrum" | "SpectrumImage" | "SpectrumStream"))
}

/// The picture under an id, or `None` for what is none.
fn candidate(images: &Group, id: &str) -> Result<Option<(Said, Picture)>, Fault> {
    let group = images.group(id).map_err(fault)?;
    let dataset = group.dataset("Data").map_err(fault)?;
    let (Some(kind), 2 | 3) = (number_kind(dataset.dtype()), dataset.ndim()) else { return Ok(None) };
    let said = said(group.dataset("Metadata").ok().as_ref());
    let statement = said.stated();
    Ok(Some((said, Picture { dataset, kind, rows: 0, columns: 1, statement })))
}

/// The members of the JSON that matter.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "BinaryResult")]
    result: Option<BinaryResult>,
}

#[derive(Deserialize)]
struct BinaryResult {
    #[serde(rename = "Detector")]
    detector: Option<Value>,
    #[serde(rename = "PixelSize")]
    pixel_size: Option<Value>,
    #[serde(rename = "PixelUnitX")]
    unit_x: Option<Value>,
    #[serde(rename = "PixelUnitY")]
    unit_y: Option<Value>,
}

/// Numbers are written as text.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads the first column of the metadata, as far as the first NUL.
fn said(metadata: Option<&Dataset>) -> Said {
    let unknown = |why| Said { detector: String::new(), pixel: Err(why) };
    let Some(bytes) = metadata.and_then(first_column) else { return unknown("the image has no metadata") };
    let json = bytes.split(|&b| b == 0).next().unwrap_or_default();
    let Ok(Metadata { result }) = serde_json::from_slice(json) else { return unknown("the metadata is not readable") };
    let Some(result) = result else { return unknown("the metadata has no result of a measurement") };
    let edge = |name| text(result.pixel_size.as_ref().and_then(|size| size.get(name)));
    let units = text(result.unit_x.as_ref()).zip(text(result.unit_y.as_ref()));
    Said {
        detector: text(result.detector.as_ref()).unwrap_or_default(),
        pixel: match (edge("width"), edge("height"), units) {
            (Some(width), Some(height), Some((x, y))) => Ok([width, x, height, y]),
            _ => Err("the metadata has no pixel size"),
        },
    }
}

fn first_column(metadata: &Dataset) -> Option<Vec<u8>> {
    if metadata.ndim() != 2 || metadata.shape()[0] > METADATA_MAX_BYTES || metadata.shape()[1] == 0 {
        return None;
    }
    // Chunks of many columns are not known; what they unpack to is bounded as well.
    let chunk = metadata.chunks().unwrap_or_default();
    if chunk
        .iter()
        .try_fold(1u64, |bytes, &n| bytes.checked_mul(n.into()))
        .is_none_or(|bytes| bytes > METADATA_MAX_BYTES)
    {
        return None;
    }
    let rows = SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 };
    let column = metadata.read_slice::<u8>(&SliceInfo { selections: vec![rows, SliceInfoElem::Index(0)] }).ok()?;
    Some(column.into_raw_vec_and_offset().0)
}

impl Said {
    /// Whether the pixels are those of a diffraction pattern.
    fn is_pattern(&self) -> bool {
        self.pixel.as_ref().is_ok_and(|[_, x, _, y]| is_reciprocal(x) || is_reciprocal(y))
    }

    fn stated(&self) -> Statement {
        match &self.pixel {
            Err(why) => Statement::new(Source::Emd, "", Err((*why).into())),
            Ok([width, x, height, y]) => {
                let edge = |number: &str, unit: &str| {
                    let number: f64 = number.parse().map_err(|_| format!("'{number}' is not a number"))?;
                    Ok(number * unit_nm(unit).ok_or_else(|| format!("'{unit}' is not a unit of length"))?)
                };
                let nm = edge(width, x).and_then(|x| Ok((x, edge(height, y)?)));
                Statement::new(Source::Emd, format!("{width} {x} x {height} {y}"), nm)
            }
        }
    }
}
