//! Many files: find them, read ahead, analyse in order, write.

mod begin;
mod compute;
mod describe;
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
mod watch;

pub use compute::Compute;
pub use find::find;
use guard::guarded;
pub use inputs::{Input, Inputs};
pub use load::{Frame, Frames, Loaded, Opening, Stored, load};
pub use originals::check_originals;
pub use outcome::{FailOn, Outcome};
pub use run::{Begin, Job, run};
pub use select::Selection;
pub use watch::Watch;
