//! The verdict: how surely an outline is a vesicle's, from its features.
//!
//! A few small networks vote. They were trained on synthetic scenes by `scripts/train-verdict`, which makes the same file
//! again from the same seed; the file is part of the program and its version is kept with every result.

mod model;
pub mod train;

pub use model::{Likeness, Model, Offset};
