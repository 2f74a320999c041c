//! From outlines to particles: shape, appearance, and a verdict with its reason.

pub mod appearance;
pub mod mask;
mod particle;
pub mod shape;

pub use mask::Mask;
pub use particle::{Class, Particle, Reason, Shape, Status};
