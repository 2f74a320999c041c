//! Many files: find them, read ahead, analyse in order, write.

mod compute;
mod find;
mod load;
mod outcome;
mod run;
mod select;

pub use compute::Compute;
pub use find::{Input, find};
pub use load::{Frame, Frames, Loaded, Opening, Stored, hex, load};
pub use outcome::{FailOn, Outcome};
pub use run::{Begin, Job, run};
pub use select::Selection;
