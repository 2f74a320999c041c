//! From outlines to particles: shape, appearance, and a verdict with its reason.

pub mod appearance;
mod particle;

pub use particle::{Class, Particle, Reason, Shape, Status};
