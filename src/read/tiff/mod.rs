//! TIFF and BigTIFF: integers of 1 to 64 bits and reals, strips or tiles, whatever the usual compressions.
//!
//! `ifd` finds the tags of all pages, `frames` chooses the page, `page` checks what it says, `codec` decompresses, `decode`
//! puts the samples in place; `stated` holds what programs and vendors say of the pixel size.

mod codec;
mod decode;
mod frames;
mod ifd;
mod page;
mod stated;
mod word;

use super::{Fault, Limits, check_frame};
use crate::image::RawImage;
pub(super) use ifd::latin;
use page::Page;
pub(super) use stated::print_statement;

/// Either byte order, classic (42) or BigTIFF (43).
pub(super) fn recognises(bytes: &[u8]) -> bool {
    matches!(bytes, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..])
}

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    let directories = ifd::directories(bytes).ok_or_else(|| Fault::damaged("the TIFF is cut off"))?;
    let pages = frames::frames(&directories);
    let first = *pages.first().ok_or_else(|| Fault::damaged("the TIFF does not say how large it is"))?;
    let mut page = Page::new(&directories[first], bytes.len(), limits)?;
    let mut frames = pages.len();
    let mut chosen = first;
    if let [only] = pages[..] {
        let (images, image_bytes) = stack(&directories[only], &page, bytes.len());
        frames = images;
        check_frame(frame, frames)?;
        page.shift = image_bytes * frame as u64;
    } else {
        check_frame(frame, frames)?;
        chosen = pages[frame];
        page = Page::new(&directories[chosen], bytes.len(), limits)?;
    }
    let said = stated::hear(bytes, &directories, chosen, (page.width, page.height))?;
    let samples = decode::samples(&page, bytes)?;
    Ok(RawImage {
        channels: page.channels,
        frames,
        statements: said.statements,
        specimen_rows: said.specimen_rows,
        colour: page.colour,
        ..RawImage::grey("TIFF", page.width, page.height, samples)
    })
}

/// How many pictures a page with ImageJ's description holds, and how far apart they are in bytes.
fn stack(directory: &ifd::Directory, page: &Page, file_bytes: usize) -> (usize, u64) {
    let images = frames::imagej_images(directory).filter(|&images| images > 1);
    let Some((images, bytes)) = images.zip(page.contiguous_bytes().filter(|&n| n > 0)) else { return (1, 0) };
    // Pictures that are not in the file do not count: other programs keep the description of a stack they took apart.
    let room = (file_bytes as u64).saturating_sub(page.first_offset()) / bytes;
    (images.min(usize::try_from(room).unwrap_or(usize::MAX)).max(1), bytes)
}
