//! What the tags of a TIFF say about the pixel size: one file per program or vendor that writes it.

mod imagej;
mod ome;

use super::ifd::{self, Directory};
use crate::image::Statement;

/// Longest ImageDescription that is looked at: an OME-XML of a large plate fits.
const MAX_DESCRIPTION_BYTES: usize = 16 << 20;

/// Everything that the file says. A damaged tag counts as absent: it must not cost the picture.
pub(super) fn statements(directory: &Directory) -> Vec<Statement> {
    let short_enough = directory.bytes(ifd::IMAGE_DESCRIPTION).is_some_and(|b| b.len() <= MAX_DESCRIPTION_BYTES);
    let description = directory.text(ifd::IMAGE_DESCRIPTION).filter(|_| short_enough).unwrap_or_default();
    let resolution = directory.real(ifd::X_RESOLUTION).zip(directory.real(ifd::Y_RESOLUTION));
    [ome::statement(&description), imagej::statement(&description, resolution)].into_iter().flatten().collect()
}
