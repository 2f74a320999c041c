//! Which pixel size to believe, and what the pixels are worth.
//!
//! Several places in a file may tell the pixel size: each is a [`Witness`] with a file of its own here. One resolver,
//! [`pixel_size`], hears them all and keeps what each one said, so that a person can see why a value won or was refused.
//! The print resolution of TIFF, PNG and JPEG (dots per inch) is no witness: it is nearly always the screen's.

mod grey;
mod imagej;
mod mrc;
pub mod native;
mod ome;
mod working;

pub use grey::micrograph;
pub use working::{Working, working};

use crate::image::Metadata;
use crate::units::PixelSize;
use serde::Serialize;

/// Pixels less square than this are worth a warning, `|x/y - 1|`. Drift correction alone leaves 0.0002.
const MAX_ANISOTROPY: f64 = 0.02;
/// Witnesses further apart than this are worth a warning: the image was probably resampled.
const MAX_DISAGREEMENT: f64 = 0.03;

/// Where a pixel size comes from, in falling order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Typed by a person.
    User,
    /// Header of an MRC file.
    Mrc,
    /// OME-XML in a TIFF's description.
    Ome,
    /// ImageJ's lines in a TIFF's description.
    ImageJ,
    /// Nobody could be believed.
    None,
}

impl Source {
    /// Name for tables: `user`, `mrc`, `ome`, `imagej` or `none`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Mrc => "mrc",
            Self::Ome => "ome",
            Self::ImageJ => "imagej",
            Self::None => "none",
        }
    }
}

/// What one source said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    pub source: Source,
    /// `None` when the statement was refused.
    pub value: Option<PixelSize>,
    /// The statement in the file's own words.
    pub raw: String,
    /// Why it was refused.
    pub refused: Option<String>,
}

impl Witness {
    /// A statement with its value, or with the reason against it. Impossible sizes are refused here.
    fn new(source: Source, raw: String, nm: Result<(f64, f64), String>) -> Self {
        let possible = |(x, y)| {
            PixelSize::new(x, y).ok_or(format!("a pixel of {x} x {y} nm is not possible in an electron micrograph"))
        };
        match nm.and_then(possible) {
            Ok(value) => Self { source, value: Some(value), raw, refused: None },
            Err(reason) => Self { source, value: None, raw, refused: Some(reason) },
        }
    }
}

/// The pixel size that won, and the whole hearing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scale {
    /// `None`: sizes can only be given in pixels.
    pub pixel_size: Option<PixelSize>,
    pub source: Source,
    /// Everyone who said something, in falling order of trust.
    pub witnesses: Vec<Witness>,
    pub warnings: Vec<String>,
}

/// Decides on the pixel size: the first in the order of [`Source`] whose value is possible wins.
///
/// `user` is the size that a person gave, which overrides the file. Warns of pixels that are not square (2 %) and of
/// believable witnesses that disagree (3 %).
pub fn pixel_size(metadata: &Metadata, user: Option<PixelSize>) -> Scale {
    let typed = user.map(|p| Witness::new(Source::User, describe(p), Ok((p.x_nm, p.y_nm))));
    let heard = [typed, mrc::witness(metadata), ome::witness(metadata), imagej::witness(metadata)];
    let witnesses: Vec<Witness> = heard.into_iter().flatten().collect();
    let believed: Vec<(Source, PixelSize)> = witnesses.iter().filter_map(|w| w.value.map(|v| (w.source, v))).collect();
    let winner = believed.first().copied();

    let mut warnings = Vec::new();
    if let Some((source, size)) = winner.filter(|(_, size)| size.anisotropy() > MAX_ANISOTROPY) {
        warnings.push(format!("the pixels are not square: {} by {}", describe(size), source.name()));
    }
    for (i, (source, size)) in believed.iter().enumerate() {
        for (other_source, other) in &believed[i + 1..] {
            let far = |a: f64, b: f64| (a / b - 1.0).abs() > MAX_DISAGREEMENT;
            if far(size.x_nm, other.x_nm) || far(size.y_nm, other.y_nm) {
                warnings.push(format!(
                    "two pixel sizes disagree: {} by {}, {} by {}; was the image resampled?",
                    describe(*size),
                    source.name(),
                    describe(*other),
                    other_source.name()
                ));
            }
        }
    }
    Scale {
        pixel_size: winner.map(|(_, size)| size),
        source: winner.map_or(Source::None, |(source, _)| source),
        witnesses,
        warnings,
    }
}

fn describe(size: PixelSize) -> String {
    if size.x_nm == size.y_nm { format!("{} nm", size.x_nm) } else { format!("{} x {} nm", size.x_nm, size.y_nm) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::MrcCell;

    fn metadata(mrc_px_a: f32, imagej_px_nm: f64) -> Metadata {
        Metadata {
            image_description: Some("ImageJ=1.54f\nunit=nm\n".into()),
            resolution: Some((1.0 / imagej_px_nm, 1.0 / imagej_px_nm)),
            resolution_unit: Some(1),
            mrc_cell: Some(MrcCell { cell_a: (mrc_px_a * 64.0, mrc_px_a * 48.0), intervals: (64, 48) }),
        }
    }

    #[test]
    fn the_first_believable_witness_wins_and_all_are_kept() {
        let scale = pixel_size(&metadata(6.0, 0.6), PixelSize::square(0.62));
        assert_eq!((scale.source, scale.pixel_size), (Source::User, PixelSize::square(0.62)));
        assert_eq!(scale.witnesses.len(), 3);

        let scale = pixel_size(&metadata(6.0, 0.6), None);
        assert_eq!((scale.source, scale.warnings.len()), (Source::Mrc, 0));

        let scale = pixel_size(&metadata(0.0, 0.6), None);
        assert_eq!((scale.source, scale.witnesses.len()), (Source::ImageJ, 2));
        assert!(scale.witnesses[0].refused.is_some());
    }

    #[test]
    fn disagreement_beyond_three_percent_is_told() {
        assert!(pixel_size(&metadata(6.0, 0.617), None).warnings.is_empty());
        let warnings = pixel_size(&metadata(6.0, 0.62), None).warnings;
        assert!(warnings.len() == 1 && warnings[0].contains("mrc") && warnings[0].contains("imagej"), "{warnings:?}");
    }

    #[test]
    fn pixels_that_are_not_square_are_told() {
        let told = |y| !pixel_size(&Metadata::default(), PixelSize::new(1.0, y)).warnings.is_empty();
        assert!(told(1.03) && told(0.97) && !told(1.01));
    }

    #[test]
    fn without_witnesses_there_is_no_scale() {
        let print_resolution =
            Metadata { resolution: Some((2e7, 2e7)), resolution_unit: Some(3), ..Metadata::default() };
        let scale = pixel_size(&print_resolution, None);
        assert_eq!((scale.source.name(), scale.pixel_size), ("none", None));
    }
}
