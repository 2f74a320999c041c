//! Many files: find them, read ahead, analyse in order, write.

mod begin;
mod budget;
mod compute;
mod describe;
mod effort;
mod ending;
mod find;
mod guard;
mod hand;
mod inputs;
mod left;
mod load;
mod one;
mod originals;
mod outcome;
mod run;
mod select;
mod tasks;
mod usage;
mod watch;

pub use begin::sweep;
pub use compute::Compute;
pub use effort::{Effort, parse_bytes};
pub use ending::{conclude, counted, list_failed};
pub use find::find;
use guard::guarded;
pub use inputs::{Input, Inputs};
pub use load::{Frame, Frames, Loaded, Opening, Stored, load};
pub use originals::check_originals;
pub use outcome::{FailOn, Outcome};
pub use run::{Begin, Job, run};
pub use select::Selection;
pub use watch::Watch;
