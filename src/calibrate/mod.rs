//! (under construction)

pub mod native;
mod working;

pub use working::{Working, working};
