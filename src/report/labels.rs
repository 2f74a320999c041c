//! `labels.tif`: which particle each pixel belongs to, for ImageJ and everything that reads its files.
//!
//! The form is what ImageJ 1.53t was seen to read right: strips (it refuses tiles) and no predictor (it opens a 16-bit
//! deflate picture with one without an error, and wrong).

use crate::image::Labels;
use crate::measure::Mask;
use crate::results::Particle;
use crate::units::PixelSize;
use std::io::{self, Cursor, Write};
use tiff::encoder::colortype::Gray16;
use tiff::encoder::compression::DeflateLevel;
use tiff::encoder::{Compression, Predictor, Rational, TiffEncoder};
use tiff::tags::Tag;
use tiff::{TiffError, TiffResult};

/// Writes the labels as a 16-bit TIFF with the scale in nm, or without any scale when it is not known.
pub fn write_labels(out: &mut dyn Write, labels: &Labels, pixel_size: Option<PixelSize>) -> io::Result<()> {
    let description = if pixel_size.is_some() { "ImageJ=1.53t\nunit=nm\n" } else { "ImageJ=1.53t\n" };
    write_tiff(out, labels, description, pixel_size)
}

/// Writes labels as a 16-bit TIFF with a description in ASCII, and pixels per nm as the resolution if there is a pixel size.
pub(super) fn write_tiff(
    out: &mut dyn Write,
    labels: &Labels,
    description: &str,
    pixel_size: Option<PixelSize>,
) -> io::Result<()> {
    // In memory first: TIFF needs to go back to fill in offsets, and labels compress to very little.
    let mut file = Cursor::new(Vec::new());
    encode(&mut file, labels, description, pixel_size).map_err(|error| match error {
        TiffError::IoError(error) => error,
        other => io::Error::other(other),
    })?;
    out.write_all(file.get_ref())
}

fn encode(
    file: &mut Cursor<Vec<u8>>,
    labels: &Labels,
    description: &str,
    pixel_size: Option<PixelSize>,
) -> TiffResult<()> {
    let mut tiff = TiffEncoder::new(file)?
        .with_compression(Compression::Deflate(DeflateLevel::Balanced))
        .with_predictor(Predictor::None);
    let mut image = tiff.new_image::<Gray16>(u32::try_from(labels.width)?, u32::try_from(labels.height)?)?;
    if let Some(size) = pixel_size {
        // ResolutionUnit stays 1, "none": the unit is in the description.
        image.x_resolution(fraction(1.0 / size.x_nm));
        image.y_resolution(fraction(1.0 / size.y_nm));
    }
    image.encoder().write_tag(Tag::ImageDescription, description)?;
    image.write_data(&labels.label)
}

/// Width and height of a pixel in nm as ImageJ reads them from the file, which differs by a billionth at most; 1 and 1
/// where they are not known, as for ImageJ.
pub(super) fn pixel_as_read(pixel_size: Option<PixelSize>) -> (f64, f64) {
    let read = |nm: f64| {
        let per_nm = fraction(1.0 / nm);
        1.0 / (f64::from(per_nm.n) / f64::from(per_nm.d))
    };
    pixel_size.map_or((1.0, 1.0), |size| (read(size.x_nm), read(size.y_nm)))
}

/// The simplest fraction of two 32-bit numbers within a billionth of a positive value, by its continued fraction; or the
/// closest there is.
fn fraction(value: f64) -> Rational {
    let (mut before, mut best) = ((0_u64, 1_u64), (1_u64, 0_u64));
    let mut rest = value;
    // Each step shrinks the error; 32-bit numbers are used up after some forty.
    for _ in 0..64 {
        let whole = rest.floor() as u64;
        let next = |last: u64, earlier: u64| whole.saturating_mul(last).saturating_add(earlier);
        let candidate = (next(best.0, before.0), next(best.1, before.1));
        if candidate.0.max(candidate.1) > u64::from(u32::MAX) {
            break;
        }
        (before, best) = (best, candidate);
        if (best.0 as f64 / best.1 as f64 / value - 1.0).abs() < 1e-9 {
            break;
        }
        rest = (rest - rest.floor()).recip();
    }
    let part = |v: u64| u32::try_from(v).unwrap_or(u32::MAX);
    Rational { n: part(best.0), d: part(best.1) }
}

/// A particle whose id does not fit the 16 bits of a label picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("particle {id} does not fit a 16-bit label picture, which ends at 65535")]
pub struct LabelOverflow {
    pub id: u32,
}

/// Accepted and border particles as labels equal to their ids, in a picture of (width, height).
///
/// Where two overlap, the pixel goes to the higher confidence, between equals to the lower id.
pub fn label_image(picture: (usize, usize), particles: &[Particle]) -> Result<Labels, LabelOverflow> {
    let (width, height) = picture;
    let mut shown: Vec<&Particle> = particles.iter().filter(|p| p.is_vesicle()).collect();
    // What a person drew is trusted most.
    let trust = |p: &Particle| p.confidence.unwrap_or(f64::INFINITY);
    // Painted from the least to the most trusted: what is on top at the end has won.
    shown.sort_by(|a, b| trust(a).total_cmp(&trust(b)).then(b.id.cmp(&a.id)));
    let mut label = vec![0; width * height];
    for particle in shown {
        let id = u16::try_from(particle.id).map_err(|_| LabelOverflow { id: particle.id })?;
        let mask = Mask::of_polygon(&particle.polygon, picture);
        for (column, row) in mask.pixels() {
            label[(mask.y0 + row) * width + mask.x0 + column] = id;
        }
    }
    Ok(Labels { width, height, label })
}
