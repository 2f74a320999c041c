//! Cupule finds, outlines and sizes extracellular vesicles in transmission electron micrographs.
//!
//! # The map
//! Data walks one way, from room to room:
//!
//! [`read`] → [`calibrate`] → [`denoise`] → [`network`] → [`segment`] → [`measure`] → [`results`] → [`report`]
//!
//! [`pipeline`] alone knows the order for one image, [`batch`] runs it over many files, [`shards`] lets several runs share them,
//! [`cli`] is what a person types.
//! [`gpu`] knows devices and kernels but no science, [`widest`] the instructions of processors; the science knows no file format; the report knows no shader.
//! [`results`] are kept per image; [`statistics`] and [`purity`] make the figures of a sample from them, and [`report`] every
//! file that people and other programs read. [`atomic`] puts files on the disk, whole or not at all.
//! [`marks`] finds what was drawn into a picture after the exposure, and reads its scale bar.
//! [`synth`] makes micrographs with known truth, [`evaluate`] compares results with a truth; both stand beside the row.
//! [`mod@bench`] times all of the row on such micrographs.
//!
//! # Conventions
//! * Pictures are row-major, origin top-left, x to the right, y down. A picture of width `w` spans 0 to `w`; the centre of
//!   the first pixel is at 0.5.
//! * Physical lengths and thresholds are in nanometres and end in `_nm`, pixel ones end in `_px`; [`units`] converts.
//! * The same input, configuration and version give the same bytes, whatever the number of threads.

pub mod atomic;
pub mod batch;
pub mod bench;
pub mod calibrate;
pub mod caught;
pub mod cli;
pub mod clock;
pub mod config;
pub mod denoise;
pub mod error;
pub mod evaluate;
pub mod gpu;
pub mod image;
pub mod lock;
pub mod log;
pub mod marks;
pub mod measure;
pub mod memory;
pub mod network;
pub mod pipeline;
pub mod purity;
pub mod read;
pub mod report;
pub mod results;
pub mod segment;
pub mod shards;
pub mod statistics;
pub mod stop;
pub mod synth;
pub mod units;
pub mod visible;
pub mod widest;
