//! Native twins of `shaders/segment`, one file each.

mod blur;
mod contour;
mod gradient;
mod halve;
mod polar;
mod vote;

pub use blur::{BlurParams, blur};
pub use contour::{ContourParams, contour};
pub use gradient::{GradientParams, gradient};
pub use halve::{HalveParams, halve};
pub use polar::{PolarParams, polar};
pub use vote::{VoteParams, vote};
