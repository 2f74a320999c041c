//! What is written: tables, pictures, labels, pages, and files for other programs.
//!
//! All of it is made from the results that lie in a run's folder ([`crate::results`]), so that it can be made again after a
//! person's decisions: [`write_image`] makes the files of one image, [`write_run`] those of the whole run. It goes over the
//! images and keeps of each next to nothing, so that a run may have any number of them. [`columns`] says what a table
//! contains and is the only place that does.

mod canvas;
pub mod checksums;
pub mod columns;
pub mod compare;
pub mod csv;
pub mod export;
mod failed;
pub mod figures;
mod font;
mod inventory;
pub mod labels;
mod legend;
pub mod overlay;
pub mod page;
mod purity;
mod spool;
pub mod verify;
mod write;

pub use export::{Export, Exports};
pub use write::{made, remove_image, rewrite, rewrite_image, write_image, write_run};

/// Folders of a run besides that of the images.
pub const FOLDERS: [&str; 2] = [page::PAGES, figures::FIGURES];

use crate::error::Result;
use crate::results::{ImageResult, Particle};
use crate::units::PixelSize;

/// What a row of `particles.csv` is made from.
#[derive(Debug, Clone, Copy)]
pub struct ParticleRow<'a> {
    /// The image as the user named it.
    pub image: &'a str,
    pub pixel_size: Option<PixelSize>,
    pub particle: &'a Particle,
}

/// A file of a run that grows image by image and appears when it is finished.
pub trait Sink {
    /// Appends what one image has to say, failed ones included, in the order of the run.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`] when it cannot be written.
    fn image(&mut self, image: &ImageResult) -> Result<()>;

    /// Puts the file in its place.
    ///
    /// # Errors
    /// As [`Sink::image`].
    fn finish(self: Box<Self>) -> Result<()>;
}

/// The rows of `particles.csv` of one image.
pub fn rows(image: &ImageResult) -> impl Iterator<Item = ParticleRow<'_>> {
    let row = |particle| ParticleRow { image: &image.row.image, pixel_size: image.row.pixel_size, particle };
    image.particles.iter().map(row)
}
