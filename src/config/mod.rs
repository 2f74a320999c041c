//! The configuration of a run: the stages' own parts side by side, and how settings come together from layers.

mod layer;
mod print;
mod profile;
mod resolve;
mod setting;
mod suggest;
mod value;

pub use layer::{Entry, Origin, of_file, of_option, of_set, of_variables};
pub use print::{json, toml};
pub use profile::Profile;
pub use resolve::{Resolved, resolve};
pub use setting::{Fault, Opt, Place, Setting};
pub use value::{Given, Value};

use crate::denoise::DenoiseConfig;
use crate::error::{Error, Result};
use crate::measure::VerdictConfig;
use crate::segment::SegmentConfig;
use serde::Serialize;

/// Everything that decides what comes out for a given micrograph.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Config {
    pub denoise: DenoiseConfig,
    pub segment: SegmentConfig,
    pub verdict: VerdictConfig,
}

impl Config {
    /// Checks that the values make sense together.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first one that doesn't.
    pub fn validate(&self) -> Result<()> {
        let SegmentConfig { min_diameter_nm: min, max_diameter_nm: max, .. } = self.segment;
        if !(min > 0.0 && max.is_finite() && min < max) {
            let cause = format!("vesicles of {min} to {max} nm can't be looked for");
            return Err(Error::config(cause, "give a --min-diameter above 0 and a larger --max-diameter"));
        }
        if max / min > DIAMETER_RATIO_MAX {
            let cause = format!("the range of diameters, {min} to {max} nm, is wider than 1 : {DIAMETER_RATIO_MAX}");
            return Err(Error::config(cause, "narrow it with --min-diameter and --max-diameter"));
        }
        if !(0.0..=1.0).contains(&self.verdict.min_confidence) {
            let cause = format!("a confidence of {} can't be asked for", self.verdict.min_confidence);
            return Err(Error::config(cause, "give a --min-confidence between 0 and 1"));
        }
        Ok(())
    }
}

/// Widest range of diameters searched at once: beyond it the coarsest and the finest rings share no picture.
const DIAMETER_RATIO_MAX: f64 = 100.0;
