//! `purity.json`: the figures, and what was counted and how the background is image by image.

use super::spool::Spool;
use crate::atomic::write_json;
use crate::error::Result;
use crate::purity::{Assessed, Assessor, Purity, Sample};
use crate::results::ImageResult;
use crate::statistics::Summary;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Name of the file in a run's folder.
const PURITY: &str = "purity.json";

/// What grows image by image.
pub(super) struct PurityFile {
    path: PathBuf,
    assessor: Assessor,
    images: Spool<Assessed>,
}

impl PurityFile {
    /// Starts it for the file in a run's folder.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(run: &Path) -> Result<Self> {
        let path = run.join(PURITY);
        Ok(Self { images: Spool::create(&path)?, assessor: Assessor::default(), path })
    }

    /// Takes in what an image has to say, and says what that is; `None` for one that failed.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn add(&mut self, image: &ImageResult) -> Result<Option<Assessed>> {
        let assessed = self.assessor.add(image);
        assessed.iter().try_for_each(|assessed| self.images.push(assessed))?;
        Ok(assessed)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn finish(self, summary: &Summary, sample: Option<&Sample>) -> Result<Purity> {
        /// What concerns all comes first: the lists may be long.
        #[derive(Serialize)]
        struct Whole<'a, I, B> {
            #[serde(flatten)]
            purity: &'a Purity,
            /// Images that were analysed, in the order of the run.
            images: I,
            background: B,
        }
        let purity = self.assessor.finish(summary, sample);
        let all = self.images.finish()?;
        let (images, background) = (all.list(|image| &image.tally), all.list(|image| &image.background));
        write_json(&self.path, &Whole { purity: &purity, images, background })?;
        Ok(purity)
    }
}
