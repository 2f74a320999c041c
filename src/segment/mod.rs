//! From grey values to closed outlines.

mod outline;

pub use outline::{Outline, Polarity, RAYS};
