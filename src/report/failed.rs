//! `failed.csv`: the images that could not be analysed, and why. It is there only when there are any.

use super::Sink;
use super::csv::{Table, harmless};
use crate::atomic::remove_file;
use crate::error::Result;
use crate::results::ImageResult;
use std::path::{Path, PathBuf};

/// Name of the file in a run's folder.
pub const FAILED: &str = "failed.csv";

/// The list as it grows.
pub(super) struct Failed {
    path: PathBuf,
    /// Begun with the first image that failed.
    table: Option<Table>,
}

impl Failed {
    /// Starts the list of a run's folder.
    pub fn create(dir: &Path) -> Self {
        Self { path: dir.join(FAILED), table: None }
    }
}

impl Sink for Failed {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        let row = &image.row;
        let Some(cause) = &row.error else { return Ok(()) };
        let table = match &mut self.table {
            Some(table) => table,
            none => none.insert(Table::create(&self.path, ["image", "cause", "input_sha256"].into_iter())?),
        };
        let cells = [row.image.clone(), cause.clone(), row.input_sha256.clone().unwrap_or_default()];
        table.row(cells.into_iter().map(harmless))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        match self.table {
            Some(table) => table.finish(),
            // That of an earlier run would be taken for this one's.
            None => remove_file(&self.path),
        }
    }
}
