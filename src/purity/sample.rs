//! `sample.toml`: what only people know about a sample.
//!
//! The fields are those that the readable checklists ask for (MISEV2018, EV-TRACK) or that a second method would add. A key
//! carries its unit, so that there is nothing to guess.

use super::check::{check, line_of};
use crate::atomic::write_whole;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Name of the file in a run's folder.
pub const SAMPLE: &str = "sample.toml";

/// A file to fill in: every key with what it is for.
pub const TEMPLATE: &str = include_str!("sample.toml");

/// What the user says about the sample. What is absent is not known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sample {
    pub name: Option<String>,
    /// Biofluid, cell line or tissue.
    pub source: Option<String>,
    pub description: Option<String>,
    pub notes: Option<String>,
    /// Names of further methods that looked at the same sample.
    pub other_methods: Vec<String>,
    pub isolation: Isolation,
    pub preparation: Preparation,
    pub microscope: Microscope,
    pub fields: Fields,
    pub nta: Nta,
    pub protein: Protein,
    /// The file as it was read.
    #[serde(skip)]
    pub text: String,
}

/// How the vesicles were separated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Isolation {
    pub method: Option<String>,
    /// The protocol, or where it is written down (an EV-TRACK ID, a DOI).
    pub protocol: Option<String>,
}

/// How the grid was made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preparation {
    pub stain: Option<String>,
    pub fixation: Option<String>,
    pub grid: Option<String>,
}

/// What the pictures were taken with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Microscope {
    pub model: Option<String>,
    /// Accelerating voltage, kV.
    pub kv: Option<f64>,
    pub camera: Option<String>,
    /// Nominal magnification.
    pub magnification: Option<f64>,
    /// How and when the magnification was calibrated, and against what.
    pub calibration: Option<String>,
}

/// How the fields of view were chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    pub selection: Option<Selection>,
    /// How many grids the pictures come from.
    pub grids: Option<u32>,
    /// Whether a grid without vesicles (buffer alone) was looked at too.
    pub control_grid: Option<bool>,
}

/// Who decided where a picture was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Places fixed before the grid was looked at.
    Predefined,
    /// The person at the microscope.
    Operator,
}

/// Nanoparticle tracking of the same sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nta {
    pub instrument: Option<String>,
    pub mean_nm: Option<f64>,
    pub median_nm: Option<f64>,
    pub mode_nm: Option<f64>,
    pub particles_per_ml: Option<f64>,
}

/// Protein of the same sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Protein {
    pub ug_per_ml: Option<f64>,
    pub method: Option<String>,
}

impl Sample {
    /// As [`Sample::read`]; `None` when there is no such file.
    ///
    /// # Errors
    /// As [`Sample::read`].
    pub fn read_if_any(path: &Path) -> Result<Option<Self>> {
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            _ => Self::read(path).map(Some),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Config`] with the line, for a key that does not exist, a value of another type, or one that cannot be true.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|error| Error::config(format!("{}: {error}", path.display()), "give a text file in TOML"))?;
        Self::parse(&text, path)
    }

    /// As [`Sample::read`], of a text; `path` only names it.
    ///
    /// # Errors
    /// As [`Sample::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        // Editors on Windows begin a text with a byte order mark.
        let toml = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut sample: Self = toml::from_str(toml).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(toml, span.start));
            let (cause, remedy) = super::check::explain(error.message());
            Error::config(format!("{}, line {line}: {cause}", path.display()), remedy)
        })?;
        sample.forget_blanks();
        check(&sample, toml).map_err(|fault| {
            let place = fault.line.map_or_else(String::new, |line| format!(", line {line}"));
            Error::config(format!("{}{place}: {}", path.display(), fault.cause), fault.remedy)
        })?;
        sample.text = text.to_owned();
        Ok(sample)
    }

    /// Puts it into a run's folder, as it was read, comments included.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write(&self, run: &Path) -> Result<()> {
        write_whole(&run.join(SAMPLE), |out| out.write_all(self.text.as_bytes()))
    }

    /// Whether it lies in a run's folder already, as it is.
    pub fn is_in(&self, run: &Path) -> bool {
        fs::read(run.join(SAMPLE)).is_ok_and(|bytes| bytes == self.text.as_bytes())
    }

    /// An empty text says nothing, and is not to count as given.
    fn forget_blanks(&mut self) {
        let Self { name, source, description, notes, other_methods, isolation, preparation, microscope, .. } = self;
        let texts = [name, source, description, notes, &mut isolation.method, &mut isolation.protocol];
        let texts = texts.into_iter().chain([&mut preparation.stain, &mut preparation.fixation, &mut preparation.grid]);
        let texts = texts.chain([&mut microscope.model, &mut microscope.camera, &mut microscope.calibration]);
        for text in texts.chain([&mut self.nta.instrument, &mut self.protein.method]) {
            *text = text.take().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        }
        other_methods.retain(|method| !method.trim().is_empty());
    }
}
