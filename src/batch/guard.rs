//! Faults of this program on one image, which must not end the work on the others.

use crate::caught::caught;
use crate::error::{Error, Result};
use std::path::Path;

/// Works on a file; a panic on the way becomes an error about that file.
///
/// # Errors
/// Those of `work`; [`Error::Input`] when it panics.
pub fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|panic| Err(Error::input(path, format!("internal error: {panic}"), "please report it")))
}
