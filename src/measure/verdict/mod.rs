//! What was learned: how surely an outline is a vesicle's, where its outer edge lies, what else it looks like.
//!
//! Three questions, each answered by a few small networks over the same features. They were trained on synthetic scenes by
//! `scripts/train-verdict`, which makes the same file again from the same seed; the file is part of the program and its
//! version is kept with every result. `cupule train` makes others.

mod model;
pub mod train;

pub use model::{Likeness, Model, Offset};
