//! Native twins of `shaders/segment`, one file each.

mod blur;
mod contour;
mod gradient;
mod halve;
mod polar;
mod vote;

pub use blur::{BlurParams, blur};
pub use contour::{ContourParams, contour};
pub use gradient::{GradientParams, TOP, gradient, unpacked};
pub use halve::{HalveParams, halve};
pub use polar::{CANDIDATE, POSITIONS_MAX, PolarParams, polar};
pub use vote::{VoteParams, vote};
