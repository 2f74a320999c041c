//! The figures of purity.

use super::Sample;
use crate::measure::Class;
use crate::results::ImageResult;
use crate::statistics::{Estimate, Summary};
use serde::{Deserialize, Serialize};

/// `purity.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Purity {
    /// One entry per class that occurs, EV-like ones first.
    pub classes: Vec<ClassTally>,
    /// EV-like particles over all particles, by number; `None` without any.
    pub number_fraction: Option<Fraction>,
    /// The same by area.
    pub area_fraction: Option<Fraction>,
    pub background: Vec<Background>,
    pub checklist: Vec<Item>,
    /// What the way the fields were chosen allows to say.
    pub statement: String,
    pub outside: Option<Outside>,
    pub warnings: Vec<String>,
}

/// How much of a class there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassTally {
    pub class: Class,
    pub is_ev_like: bool,
    pub count: usize,
    /// Area, µm²; `None` where no image has a pixel size.
    pub area_um2: Option<f64>,
}

/// EV-like over all, with what the unresolved could make of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fraction {
    /// Unresolved particles left out; the interval by Wilson, for numbers.
    pub left_out: Estimate,
    /// Unresolved particles taken for non-EV: the lower bound.
    pub as_other: f64,
    /// Unresolved particles taken for EV-like: the upper bound.
    pub as_ev_like: f64,
    /// Mean and standard deviation over the images.
    pub image_mean: Option<f64>,
    pub image_sd: Option<f64>,
}

/// The background of one image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Background {
    pub image: String,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub name: String,
    pub standing: Standing,
    /// What was found, or what to do.
    pub detail: String,
    /// Who asks for it.
    pub source: String,
}

/// How a line of the checklist stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Given,
    Doubtful,
    Missing,
}

/// What other methods said, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outside {
    pub nta_median_nm: Option<f64>,
    pub nta_per_ml: Option<f64>,
    pub protein_ug_per_ml: Option<f64>,
    pub particles_per_ug: Option<f64>,
    /// Median of the micrographs over that of NTA.
    pub median_ratio: Option<f64>,
}

/// Gathers image by image what purity is made of.
#[derive(Debug, Default)]
pub struct Assessor {}

impl Assessor {
    /// Takes in what an image has to say.
    pub fn add(&mut self, _image: &ImageResult) {}

    /// The figures of the run.
    pub fn finish(self, _summary: &Summary, _sample: Option<&Sample>) -> Purity {
        Purity::default()
    }
}
