//! `features.csv`: what napari shows beside a labels layer, keyed by label.
//!
//! napari finds the row of a label by the column `index`; `label` says the same for everything else (scikit-image's
//! name). Rows are the particles of `labels.tif`; those of one image are picked out by `image`.

use crate::error::Result;
use crate::report::columns::{PARTICLES, ParticleColumn};
use crate::report::csv::{Table, cell};
use crate::report::{Sink, rows};
use crate::results::ImageResult;
use std::path::Path;

const KEYS: [&str; 2] = ["index", "label"];
/// Of `particles.csv`: said by the keys.
const SAID: &str = "particle_id";

fn columns() -> impl Iterator<Item = &'static ParticleColumn> {
    PARTICLES.iter().filter(|column| column.name != SAID)
}

/// The file while it grows.
pub struct Features(Table);

impl Features {
    /// Starts the file.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(path: &Path) -> Result<Self> {
        Table::create(path, KEYS.into_iter().chain(columns().map(|column| column.name))).map(Self)
    }
}

impl Sink for Features {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        for row in rows(image).filter(|row| row.particle.is_vesicle()) {
            let keys = KEYS.iter().map(|_| row.particle.id.to_string());
            self.0.row(keys.chain(columns().map(|column| cell((column.get)(&row)))))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.finish()
    }
}
