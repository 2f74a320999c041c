//! DM3 and DM4, the files of Gatan's DigitalMicrograph: one image and its calibration out of the tag tree.
//!
//! Places and data types: the readers of Bio-Formats, openNCEM and RosettaSciIO agree on them. A file holds several images,
//! of which those that `Thumbnails` lists are previews. Colours are stored blue, green, red, alpha and come as red, green,
//! blue, alpha.

mod tags;

use super::words::{self, Kind};
use super::{Fault, Limits, check_frame};
use crate::image::{Colour, RawImage, Samples, Source, Statement};
use crate::units::{is_reciprocal, unit_nm};
use std::collections::BTreeMap;
use tags::{Array, Preamble, Step, Value};

/// Images beyond this many in a file are not looked at. Files of GMS hold 2 to 4.
const IMAGES_MAX: usize = 1024;
/// Dimensions beyond this many are not looked at: x, y, energy, time and a few more.
const DIMENSIONS_MAX: usize = 8;
/// Longest text that is kept, characters: units and names of formats.
const TEXT_MAX: usize = 64;

/// What is known of one image.
#[derive(Debug, Default)]
struct Entry<'a> {
    data: Option<Array<'a>>,
    data_type: Option<u64>,
    /// Unset ones are `None`.
    dimensions: [Option<u64>; DIMENSIONS_MAX],
    scales: [Option<f64>; DIMENSIONS_MAX],
    units: [Option<String>; DIMENSIONS_MAX],
    /// What GMS says that it is, e.g. `Spectrum image`.
    format: Option<String>,
}

impl Entry<'_> {
    /// Sizes along x, y and further axes.
    fn sizes(&self) -> Vec<u64> {
        self.dimensions.iter().map_while(|d| *d).collect()
    }

    fn unit(&self, axis: usize) -> &str {
        self.units.get(axis).and_then(|u| u.as_deref()).unwrap_or_default().trim()
    }
}

/// Images of a file by their place in `ImageList`, and which of them are previews.
#[derive(Debug, Default)]
struct Tree<'a> {
    images: BTreeMap<usize, Entry<'a>>,
    previews: Vec<usize>,
}

/// Whether the content is of this version, 3 or 4.
pub(super) fn recognises(bytes: &[u8], version: u8) -> bool {
    bytes.starts_with(&[0, 0, 0, version]) && Preamble::of(bytes).is_some()
}

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    let preamble = Preamble::of(bytes).ok_or_else(|| Fault::damaged("the DM file's header is cut off"))?;
    let mut tree = Tree::default();
    tags::walk(bytes, &preamble, |path, value| tree.keep(path, value))?;
    let entry = tree.picture().ok_or_else(|| Fault::damaged("the DM file holds no image"))?;
    let format = if bytes.starts_with(&[0, 0, 0, 3]) { "DM3" } else { "DM4" };
    decode(entry, format, limits, frame)
}

impl<'a> Tree<'a> {
    /// Keeps the values that matter.
    fn keep(&mut self, path: &[Step<'a>], value: Value<'a>) {
        use Step::{Item, Named};
        match (path, value) {
            ([Named(b"Thumbnails"), Item(_), Named(b"ImageIndex")], Value::Number(n)) => {
                // Without the bound a file of nothing but these would cost more memory than its length.
                if let Some(n) = whole(n).filter(|_| self.previews.len() < IMAGES_MAX) {
                    self.previews.push(n as usize);
                }
            }
            (&[Named(b"ImageList"), Item(n), Named(part), ref rest @ ..], value) if n < IMAGES_MAX => {
                let entry = self.images.entry(n).or_default();
                match part {
                    b"ImageData" => entry.keep(rest, value),
                    b"ImageTags" => entry.keep_tag(rest, value),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// The image itself: the first with pixels that is no preview. Where nothing says which are previews, GMS puts one
    /// before the image.
    fn picture(&self) -> Option<&Entry<'a>> {
        let is_preview = |n: usize| self.previews.contains(&n) || self.previews.is_empty() && n == 0;
        let is_alone = self.images.len() == 1;
        self.images
            .iter()
            .find(|&(&n, entry)| entry.data.is_some() && (is_alone || !is_preview(n)))
            .map(|(_, entry)| entry)
    }
}

impl<'a> Entry<'a> {
    fn keep(&mut self, rest: &[Step<'a>], value: Value<'a>) {
        use Step::{Item, Named};
        match (rest, value) {
            ([Named(b"Data")], Value::Array(data)) => self.data = Some(data),
            ([Named(b"DataType")], Value::Number(n)) => self.data_type = whole(n),
            ([Named(b"Dimensions"), Item(k)], Value::Number(n)) => {
                if let Some(dimension) = self.dimensions.get_mut(*k) {
                    // What is no size can't be checked against one.
                    *dimension = Some(whole(n).unwrap_or(u64::MAX));
                }
            }
            ([Named(b"Calibrations"), Named(b"Dimension"), Item(k), Named(b"Scale")], Value::Number(n)) => {
                if let Some(scale) = self.scales.get_mut(*k) {
                    *scale = Some(n);
                }
            }
            ([Named(b"Calibrations"), Named(b"Dimension"), Item(k), Named(b"Units")], Value::Array(text)) => {
                if let Some(unit) = self.units.get_mut(*k) {
                    *unit = text.text(TEXT_MAX);
                }
            }
            _ => {}
        }
    }

    fn keep_tag(&mut self, rest: &[Step<'a>], value: Value<'a>) {
        if let ([Step::Named(b"Meta Data"), Step::Named(b"Format")], Value::Array(text)) = (rest, value) {
            self.format = text.text(TEXT_MAX);
        }
    }
}

/// A number that is a count.
fn whole(n: f64) -> Option<u64> {
    (n >= 0.0 && n.fract() == 0.0 && n < (1u64 << 53) as f64).then_some(n as u64)
}

/// How the pixels of a data type are stored.
enum Pixels {
    Grey(Kind),
    Bgra,
}

fn pixels(data_type: u64) -> Result<Pixels, Fault> {
    Ok(match data_type {
        1 => Pixels::Grey(Kind::I16),
        2 => Pixels::Grey(Kind::F32),
        6 => Pixels::Grey(Kind::U8),
        7 => Pixels::Grey(Kind::I32),
        8 | 23 => Pixels::Bgra,
        9 => Pixels::Grey(Kind::I8),
        10 => Pixels::Grey(Kind::U16),
        11 => Pixels::Grey(Kind::U32),
        12 => Pixels::Grey(Kind::F64),
        14 => Pixels::Grey(Kind::Bool),
        35 => Pixels::Grey(Kind::I64),
        36 => Pixels::Grey(Kind::U64),
        3 | 5 | 13 | 27 | 28 => {
            return Err(Fault::unsupported(
                format!("DM data type {data_type} holds complex numbers: a transform (FFT), not a picture"),
                "save the picture itself, not its Fourier transform",
            ));
        }
        _ => {
            let cause = format!("DM data type {data_type} is not read");
            return Err(Fault::unsupported(
                cause,
                "export the image from DigitalMicrograph as TIFF or as real numbers",
            ));
        }
    })
}

fn decode(entry: &Entry, format: &'static str, limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    let data = entry.data.ok_or_else(|| Fault::damaged("the DM image has no pixels"))?;
    let data_type = entry.data_type.ok_or_else(|| Fault::damaged("the DM image has no data type"))?;
    let sizes = entry.sizes();
    refuse_what_is_no_picture(entry, &sizes)?;
    let pixels = pixels(data_type)?;
    let pixel_bytes = match pixels {
        Pixels::Grey(kind) => kind.bytes(),
        Pixels::Bgra => 4,
    };
    let (width, height) = (sizes[0], sizes[1]);
    let frame_bytes = limits.check(width, height, pixel_bytes)?;
    let frames = sizes[2..].iter().try_fold(1u64, |product, &size| product.checked_mul(size));
    let held = data.bytes.len() as u64;
    let frames = frames.filter(|&n| n > 0 && n.checked_mul(frame_bytes).is_some_and(|needs| needs <= held));
    let frames = frames.ok_or_else(|| {
        Fault::damaged(format!("the DM image is {} pixels, but has {held} bytes of them", product_of(&sizes)))
    })?;
    check_frame(frame, frames as usize)?;
    let start = frame * frame_bytes as usize;
    let bytes = data.bytes.get(start..).and_then(|rest| rest.get(..frame_bytes as usize));
    let bytes = bytes.ok_or_else(|| Fault::damaged("the DM image is cut off"))?;
    let (channels, colour, samples) = match pixels {
        Pixels::Grey(kind) => (1, Colour::Grey, words::samples(bytes, kind, data.little)),
        Pixels::Bgra => (4, Colour::Rgb, Samples::U8(red_first(bytes, data.little))),
    };
    Ok(RawImage {
        channels,
        colour,
        frames: frames as usize,
        statements: vec![stated(entry)],
        ..RawImage::grey(format, width as usize, height as usize, samples)
    })
}

fn product_of(sizes: &[u64]) -> String {
    sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
}

/// A pixel of colour is a word of alpha, red, green and blue from its highest byte on.
fn red_first(bytes: &[u8], little: bool) -> Vec<u8> {
    let pixels = bytes.as_chunks::<4>().0.iter();
    if little {
        pixels.flat_map(|&[b, g, r, a]| [r, g, b, a]).collect()
    } else {
        pixels.flat_map(|&[a, r, g, b]| [r, g, b, a]).collect()
    }
}

/// Spectra and diffraction patterns are told by their axes and by what GMS calls them.
fn refuse_what_is_no_picture(entry: &Entry, sizes: &[u64]) -> Result<(), Fault> {
    let no_picture = |what: String| Err(Fault::unsupported(what, "give an image of the specimen"));
    if sizes.len() < 2 {
        return no_picture(format!("the DM image has {} dimension: a spectrum, not a picture", sizes.len()));
    }
    if let Some(format) = entry.format.as_deref().filter(|format| format.to_lowercase().contains("spectrum")) {
        return no_picture(format!("DigitalMicrograph calls the image '{format}': spectra, not a picture"));
    }
    let axes = 0..sizes.len();
    if let Some(axis) = axes.clone().find(|&axis| matches!(entry.unit(axis), "eV" | "keV")) {
        return no_picture(format!("the DM image has an axis of energy, in {}: spectra", entry.unit(axis)));
    }
    if let Some(axis) = axes.take(2).find(|&axis| is_reciprocal(entry.unit(axis)) || is_angle(entry.unit(axis))) {
        return no_picture(format!("the DM image is in {}: a diffraction pattern", entry.unit(axis)));
    }
    Ok(())
}

/// Diffraction patterns are calibrated in angles too.
fn is_angle(unit: &str) -> bool {
    matches!(unit, "mrad" | "rad" | "µrad" | "μrad" | "urad")
}

/// The calibration of the first two dimensions.
fn stated(entry: &Entry) -> Statement {
    let scale = |axis: usize| entry.scales[axis];
    let words = |axis| match scale(axis) {
        Some(scale) => format!("{scale} {}", entry.unit(axis)).trim_end().to_owned(),
        None => "nothing".into(),
    };
    let edge = |axis| match (scale(axis), entry.unit(axis)) {
        (None, _) => Err("the image has no calibration".to_owned()),
        (_, "") => Err("the calibration has no unit: the image is not calibrated".to_owned()),
        (Some(scale), unit) => match unit_nm(unit) {
            Some(nm) => Ok(scale * nm),
            None => Err(format!("'{unit}' is not a unit of length")),
        },
    };
    let nm = edge(0).and_then(|x| Ok((x, edge(1)?)));
    Statement::new(Source::Dm, format!("{} x {}", words(0), words(1)), nm)
}
