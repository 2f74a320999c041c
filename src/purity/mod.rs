//! How pure an isolation looks: counts and areas by class, background, and what guidelines ask to report.
//!
//! The word is 'EV-like': a micrograph shows the shape of a vesicle, not where it comes from.

mod background;
mod check;
mod checklist;
mod fraction;
mod outside;
mod profile;
mod sample;
mod tally;

pub use background::Background;
pub use fraction::Fraction;
pub use outside::Outside;
pub use profile::{PROFILE, Profile};
pub use sample::{Fields, Isolation, Microscope, Nta, Preparation, Protein, SAMPLE, Sample, Selection, TEMPLATE};
pub use tally::{Assessed, Assessor, ClassTally, ImageTally, Item, Purity, Standing};
