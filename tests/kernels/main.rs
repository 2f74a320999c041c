//! The shaders: valid, laid out as the program fills them, and computing what their native twins compute.
//!
//! Everything that needs an adapter shares one (see `device`). Software adapters such as lavapipe will do.

mod device;
mod faults;
mod layout;
mod parity;
mod pictures;
mod robustness;
mod scenes;
mod shaders;
mod sharing;
mod slabs;
mod timing;
mod tolerance;
