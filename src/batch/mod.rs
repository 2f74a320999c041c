//! Many files: find them, read ahead, analyse in order, write.

mod find;
mod load;
mod progress;
mod run;

pub use find::{Input, find};
pub use load::{Frame, Frames, Loaded, Opening, Stored, hex, load};
pub use progress::{Progress, Verbosity};
pub use run::{Job, Outcome, run};
