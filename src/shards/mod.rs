//! Work that several runs share, on one machine or many: a plan cuts the files into chunks, a run of its own does each of them
//! (a shard), and their results are put together into those of one run, byte by byte the same as if there had been one.
//!
//! ```text
//! PLAN/0001.txt, 0002.txt, ...     [`Chunk`]: files with their names and places among all
//! SHARD/                           the folder of an ordinary run, whose record says which chunk it is
//! ```
//!
//! What a file is called depends on all the others, so the plan says it. Otherwise shards know nothing of each other: no file
//! and no lock is shared.

mod chunk;
mod collect;
mod cut;
mod merge;
mod plan;

pub use chunk::Chunk;
pub use merge::Merge;
pub use plan::{Plan, Planned};
