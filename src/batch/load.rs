//! A file to a calibrated micrograph: what every command that looks at micrographs does first.

use crate::calibrate::{self, Scale, ScaleRequest};
use crate::error::{Error, Result};
use crate::image::{Micrograph, RawImage};
use crate::marks::{self, ScaleBar};
use crate::read::{self, Limits};
use crate::results::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::path::Path;
use std::str::FromStr;

/// Which image of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Counted from 0.
    Index(usize),
    /// The mean of all.
    Mean,
}

impl Default for Frame {
    fn default() -> Self {
        Self::Index(0)
    }
}

/// Which images of a stack to analyse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    One(Frame),
    /// Each as an image of its own.
    All,
}

impl Default for Frames {
    fn default() -> Self {
        Self::One(Frame::default())
    }
}

impl FromStr for Frames {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.trim() {
            "all" => Ok(Self::All),
            "mean" => Ok(Self::One(Frame::Mean)),
            number => match number.parse() {
                Ok(index) => Ok(Self::One(Frame::Index(index))),
                Err(_) => Err(format!("'{text}' is no image of a stack: write a number from 0 on, all or mean")),
            },
        }
    }
}

impl Serialize for Frames {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::One(Frame::Index(index)) => to.serialize_u64(*index as u64),
            Self::One(Frame::Mean) => to.serialize_str("mean"),
            Self::All => to.serialize_str("all"),
        }
    }
}

/// How files are opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Opening {
    pub scale: ScaleRequest,
    pub limits: Limits,
}

/// A file's content, not yet decoded.
pub struct Stored {
    /// What is packed in it where it is packed.
    bytes: Result<Vec<u8>>,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// Length of the file.
    pub file_bytes: u64,
}

/// An image that was read.
pub struct Loaded {
    pub format: &'static str,
    /// Type of the samples as NumPy spells it.
    pub dtype: &'static str,
    /// Images in the file.
    pub frames: usize,
    pub scale: Scale,
    pub scale_bar: Option<ScaleBar>,
    pub micrograph: Micrograph,
}

impl Stored {
    /// Brings a file into memory.
    ///
    /// # Errors
    /// As [`read::load`].
    pub fn load(path: &Path, limits: &Limits) -> Result<Self> {
        let bytes = read::load(path, limits)?;
        let (sha256, file_bytes) = (hex(&Sha256::digest(&bytes)), bytes.len() as u64);
        // Once, not for each image of a stack.
        let bytes = match read::unpack(path, &bytes, limits) {
            Ok(Cow::Owned(unpacked)) => Ok(unpacked),
            Ok(Cow::Borrowed(_)) => Ok(bytes),
            Err(error) => Err(error),
        };
        Ok(Self { bytes, sha256, file_bytes })
    }

    /// One image as stored.
    ///
    /// # Errors
    /// As [`read::unpack`] and [`read::decode`].
    pub fn raw(&self, path: &Path, limits: &Limits, index: usize) -> Result<RawImage> {
        read::decode(path, self.bytes.as_ref().map_err(Clone::clone)?, limits, index)
    }

    /// One image, calibrated.
    ///
    /// # Errors
    /// [`Error::Input`] or [`Error::Unsupported`] with the file's name.
    pub fn image(&self, path: &Path, opening: &Opening, frame: Frame) -> Result<Loaded> {
        match frame {
            Frame::Index(index) => Loaded::of(path, self.raw(path, &opening.limits, index)?, &opening.scale),
            Frame::Mean => {
                let first = self.raw(path, &opening.limits, 0)?;
                let mean = self.mean(path, opening, &first)?;
                Loaded::with_grey(path, first, &opening.scale, Some(mean))
            }
        }
    }

    /// Mean of the grey values of all images.
    fn mean(&self, path: &Path, opening: &Opening, first: &RawImage) -> Result<Vec<f32>> {
        let mut sum = vec![0f64; first.width * first.height];
        for index in 0..first.frames {
            let raw = self.raw(path, &opening.limits, index)?;
            let grey = calibrate::micrograph(raw).map_err(|cause| unusable(path, &cause))?.grey;
            if grey.len() != sum.len() {
                let cause = format!("image {index} is not of the size of image 0");
                return Err(Error::unsupported(path, cause, "choose one with --frame"));
            }
            sum.iter_mut().zip(&grey).for_each(|(sum, &grey)| *sum += f64::from(grey));
        }
        Ok(sum.into_iter().map(|sum| (sum / first.frames as f64) as f32).collect())
    }
}

/// Reads and calibrates the first image of a file.
///
/// # Errors
/// [`Error::Input`] or [`Error::Unsupported`] with the file's name.
pub fn load(path: &Path, opening: &Opening) -> Result<Loaded> {
    Stored::load(path, &opening.limits)?.image(path, opening, Frame::default())
}

impl Loaded {
    /// Grey values, marks and scale of an image.
    ///
    /// # Errors
    /// [`Error::Input`] when it has no finite pixel.
    pub fn of(path: &Path, raw: RawImage, request: &ScaleRequest) -> Result<Self> {
        Self::with_grey(path, raw, request, None)
    }

    /// The same with other grey values than its own.
    fn with_grey(path: &Path, raw: RawImage, request: &ScaleRequest, grey: Option<Vec<f32>>) -> Result<Self> {
        let (format, dtype, frames) = (raw.format, raw.samples.type_name(), raw.frames);
        let (mut statements, specimen_rows) = (raw.statements.clone(), raw.specimen_rows);
        let mut micrograph = calibrate::micrograph(raw).map_err(|cause| unusable(path, &cause))?;
        micrograph.grey = grey.unwrap_or(micrograph.grey);
        let found = marks::find(&micrograph.grey, micrograph.width, micrograph.height, specimen_rows);
        statements.extend(found.scale_bar.as_ref().and_then(ScaleBar::statement));
        let scale = calibrate::pixel_size(&statements, request);
        micrograph.pixel_size = scale.pixel_size;
        micrograph.marks = found.regions;
        Ok(Self { format, dtype, frames, scale, scale_bar: found.scale_bar, micrograph })
    }
}

fn unusable(path: &Path, cause: &str) -> Error {
    Error::input(path, cause, "check the file in an image viewer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_a_stack_are_named_from_0_on() {
        assert_eq!("3".parse(), Ok(Frames::One(Frame::Index(3))));
        assert_eq!(" mean".parse(), Ok(Frames::One(Frame::Mean)));
        assert_eq!("all".parse(), Ok(Frames::All));
        for bad in ["", "-1", "1.5", "first", "3-5"] {
            assert!(bad.parse::<Frames>().unwrap_err().contains(bad), "{bad}");
        }
    }
}
