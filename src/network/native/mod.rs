//! Native twins of `shaders/network`, one file each.

mod convolve;
mod resample;

pub use convolve::{BLOCK, ConvolveParams, convolve};
pub use resample::{ResampleParams, SAMPLES, resample};
