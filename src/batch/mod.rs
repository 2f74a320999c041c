//! Many files: find them, read ahead, analyse in order, write.

mod find;
mod load;
mod progress;
mod run;

pub use find::{Input, find};
pub use load::{Content, Frame, Frames, Loaded, Opening, hex, load};
pub use progress::{Progress, Verbosity};
pub use run::{Job, Outcome, run};
