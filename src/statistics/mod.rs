//! From particles to the figures of a sample: number-weighted, with what is known about their uncertainty.
//!
//! Everything here counts particles: volume-weighted figures would take thousands of times more of them (ISO 13322-1).

mod collect;
mod summary;

pub use collect::{Field, Population, Sized};
pub use summary::{Counts, Distribution, Estimate, Lognormal, Share, Summary, summarize};
