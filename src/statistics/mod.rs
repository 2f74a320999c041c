//! From particles to the figures of a sample: number-weighted, with what is known about their uncertainty.
//!
//! Everything here counts particles: volume-weighted figures would take thousands of times more of them (ISO 13322-1).

mod bootstrap;
mod collect;
mod counts;
mod density;
mod difference;
mod frame;
mod interval;
mod lognormal;
mod moments;
mod needed;
mod population;
mod quantile;
mod summary;
mod warnings;

pub use bootstrap::RESAMPLES;
pub use collect::{Collector, Field, Sized};
pub use density::Density;
pub use difference::{Difference, median_difference, share_by_image, share_difference};
pub use frame::WEIGHT_MAX;
pub use population::{Population, Spread};
pub use summary::{Counts, Distribution, Estimate, Lognormal, Share, Summary, summarize};

#[cfg(test)]
mod planted;
