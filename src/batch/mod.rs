//! Many files: find them, read ahead, analyse in order, write.

mod find;
mod progress;
mod run;

pub use find::{Input, find};
pub use progress::{Progress, Verbosity};
pub use run::{Job, Loaded, Outcome, load, run};
