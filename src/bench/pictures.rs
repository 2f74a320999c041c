//! The micrographs that are timed.

use super::Options;
use crate::atomic::create_folder;
use crate::error::Result;
use crate::stop;
use crate::synth::{self, Kind, scene, write_picture};
use rayon::prelude::*;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The first is the one that `scripts/bench-peers` takes, too.
const SEED: u64 = 1;
/// Pixels that are made at once, at most: a scene takes some forty bytes of each while it is made.
const PIXELS_AT_ONCE: usize = 1 << 26;

/// The micrographs, all of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pictures {
    pub count: usize,
    pub width_px: usize,
    pub height_px: usize,
    pub pixel_size_nm: f64,
    /// Pixels of one, 10^6.
    pub megapixels: f64,
    /// As `cupule synth --kind` and `--seed` have it: the same pictures can be made and looked at.
    pub kind: &'static str,
    pub seed: u64,
}

impl Pictures {
    /// Those that are asked for, not yet made.
    ///
    /// # Errors
    /// [`crate::error::Error::Config`] where they can't be made.
    pub(super) fn of(options: &Options) -> Result<Self> {
        let Options { size_px, pixel_size_nm, images, .. } = *options;
        let pictures = Self {
            count: images,
            width_px: size_px,
            height_px: size_px,
            pixel_size_nm,
            megapixels: (size_px * size_px) as f64 / 1e6,
            kind: Kind::Mixed.name(),
            seed: SEED,
        };
        pictures.recipe().check()?;
        Ok(pictures)
    }

    fn recipe(&self) -> synth::Options {
        synth::Options {
            width_px: Some(self.width_px),
            height_px: Some(self.height_px),
            pixel_size_nm: Some(self.pixel_size_nm),
            kinds: vec![Kind::Mixed],
        }
    }

    /// Writes them into a folder, as TIFF of 16 bits.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`], and `Stopped` by a signal.
    pub(super) fn make(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        create_folder(folder)?;
        let recipe = self.recipe();
        let at_once = (PIXELS_AT_ONCE / (self.width_px * self.height_px)).max(1) as u64;
        let mut paths = Vec::with_capacity(self.count);
        for first in (0..self.count as u64).step_by(at_once as usize) {
            let end = (first + at_once).min(self.count as u64);
            let made = (first..end).into_par_iter().map(|index| {
                stop::check()?;
                let made = scene(&recipe.recipe(self.seed, index));
                let path = folder.join(format!("{}.tif", made.name));
                write_picture(&path, made.width, made.height, &made.grey, made.pixel_size_nm)?;
                Ok(path)
            });
            paths.extend(made.collect::<Result<Vec<_>>>()?);
        }
        Ok(paths)
    }
}
