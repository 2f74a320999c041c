//! Which pages of a TIFF are the picture, and which are previews of it.
//!
//! The picture is the page of the largest area that is not marked as reduced or as a mask; of several, the first that is no
//! JPEG (EMSIS and Olympus write a coloured JPEG for looking at before the data), else the first. The frames are the pages
//! of its shape and sample type, in the order of the file.
//!
//! ImageJ writes stacks with one directory only: `images=N` in the description, the pictures one after the other.

use super::ifd::{self, Directory};
use super::page::Shape;

/// NewSubfileType: a smaller version of another page, or a mask of one.
const REDUCED: u64 = 1;
const MASK: u64 = 4;
/// SubfileType, its forerunner: a smaller version.
const OLD_REDUCED: u64 = 2;
/// Longest description that is looked at for ImageJ's lines, bytes.
const MAX_DESCRIPTION_BYTES: usize = 1 << 20;

/// Places of the frames among the directories, at least one unless no directory has a picture.
pub(super) fn frames(directories: &[Directory]) -> Vec<usize> {
    let shapes: Vec<_> = directories.iter().map(|d| (Shape::of(d), is_secondary(d))).collect();
    // Where all are marked, the marks mean nothing.
    let all_secondary = shapes.iter().all(|(shape, secondary)| shape.is_none() || *secondary);
    let eligible = |(shape, secondary): &(Option<Shape>, bool)| shape.filter(|_| all_secondary || !secondary);
    let rank = |shape: &Shape| (shape.area(), !shape.is_jpeg);
    let mut best: Option<Shape> = None;
    for shape in shapes.iter().filter_map(eligible) {
        if best.as_ref().is_none_or(|best| rank(&shape) > rank(best)) {
            best = Some(shape);
        }
    }
    (0..shapes.len()).filter(|&i| best.is_some() && eligible(&shapes[i]) == best).collect()
}

fn is_secondary(directory: &Directory) -> bool {
    directory.uint(ifd::NEW_SUBFILE_TYPE).is_some_and(|kind| kind & (REDUCED | MASK) != 0)
        || directory.uint(ifd::SUBFILE_TYPE) == Some(OLD_REDUCED)
}

/// How many pictures ImageJ says follow each other.
pub(super) fn imagej_images(directory: &Directory) -> Option<usize> {
    let text = directory.text(ifd::IMAGE_DESCRIPTION, MAX_DESCRIPTION_BYTES)?;
    let text = Some(text).filter(|text| text.starts_with("ImageJ="))?;
    text.lines().find_map(|line| line.strip_prefix("images="))?.trim().parse().ok()
}
