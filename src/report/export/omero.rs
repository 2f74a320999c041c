//! `omero.csv`: an OMERO.table, for `omero metadata populate Dataset:ID --file omero.csv --allow_nan`.
//!
//! The first line has the types of the columns: `s` text, `d` double, `l` long. OMERO finds the image by the column
//! `Image Name`, which has to be text and to hold the name under which OMERO imported the file, without its folder.
//! `--allow_nan` is for the blanks. Source: the documentation of the omero-metadata plugin.

use crate::error::Result;
use crate::report::columns::{Kind, PARTICLES};
use crate::report::csv::{Table, cell, harmless};
use crate::report::{Sink, rows};
use crate::results::ImageResult;
use std::path::Path;

/// How the line of types begins.
const TYPES: &str = "# header ";
const IMAGE_NAME: &str = "Image Name";

/// The file while it grows.
pub struct Omero(Table);

impl Omero {
    /// Starts the file.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(path: &Path) -> Result<Self> {
        let first = format!("{TYPES}s");
        let letter = |kind| match kind {
            Kind::Text => "s",
            Kind::Number => "d",
            Kind::Integer => "l",
        };
        let types = [first.as_str()].into_iter().chain(PARTICLES.iter().map(|column| letter(column.kind)));
        let mut table = Table::create(path, types)?;
        table.row([IMAGE_NAME].into_iter().chain(PARTICLES.iter().map(|c| c.name)).map(str::to_owned))?;
        Ok(Self(table))
    }
}

impl Sink for Omero {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        let file = image.row.image.rsplit(['/', '\\']).next().unwrap_or_default();
        for row in rows(image).filter(|row| row.particle.is_vesicle()) {
            let file = harmless(file.into());
            self.0.row([file].into_iter().chain(PARTICLES.iter().map(|column| cell((column.get)(&row)))))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.finish()
    }
}
