//! Prints how long reading each file takes, ms: the best of nine times, from the system's cache to samples in memory.
//!
//! `scripts/bench-read` compares it with other readers.

use cupule::read::{Limits, read};
use std::path::Path;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: cupule::memory::LargePages = cupule::memory::LargePages::new();

fn main() -> Result<(), cupule::error::Error> {
    for path in std::env::args().skip(1) {
        let mut best = f64::INFINITY;
        for _ in 0..9 {
            let start = Instant::now();
            let image = read(Path::new(&path), &Limits::default(), 0)?;
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
            std::hint::black_box(image);
        }
        println!("{best:.2}");
    }
    Ok(())
}
