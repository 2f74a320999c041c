//! How pure an isolation looks: counts and areas by class, background, and what guidelines ask to report.
//!
//! The word is 'EV-like': a micrograph shows the shape of a vesicle, not where it comes from.

mod sample;
mod tally;

pub use sample::{SAMPLE, Sample};
pub use tally::{Assessor, Background, ClassTally, Fraction, Item, Outside, Purity, Standing};
