//! Which pixel size to believe, and what the pixels are worth.
//!
//! Several places may tell the pixel size; the readers pass on what each one says. One resolver, [`pixel_size`], hears
//! them all and keeps what each one said, so that a person can see why a value won or was refused.

mod cover;
mod grey;
pub mod native;
mod scale;
mod working;

pub use grey::micrograph;
pub use scale::{Scale, ScaleRequest, Witness, pixel_size};
pub use working::{Working, factor, working};
