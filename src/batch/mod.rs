//! Many files: find them, read ahead, analyse in order, write.

mod begin;
mod describe;
mod find;
mod inputs;
mod load;
mod originals;
mod outcome;
mod run;
mod select;
mod tasks;

pub use find::find;
pub use inputs::{Input, Inputs};
pub use load::{Frame, Frames, Loaded, Opening, Stored, load};
pub use originals::check_originals;
pub use outcome::{FailOn, Outcome};
pub use run::{Begin, Job, run};
pub use select::Selection;
