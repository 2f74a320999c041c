//! What each kernel costs, for whoever changes one: `cargo test --release --test kernels timing -- --ignored`.

use crate::device::{say, with_adapter};
use crate::parity::cases;
use crate::pictures::large;
use cupule::gpu::{Device, kernels};
use std::time::Instant;

/// Runs of which the fastest counts; the first one also compiles.
const RUNS: usize = 4;

#[test]
#[ignore = "measures, checks nothing"]
fn timing() {
    with_adapter(|device| {
        let picture = large();
        for kernel in kernels::ALL {
            for case in cases(kernel, &picture) {
                let best = |device: &Device| {
                    let seconds = |_| {
                        let start = Instant::now();
                        (case.run)(device, kernel);
                        start.elapsed().as_secs_f64()
                    };
                    1e3 * (0..RUNS).map(seconds).fold(f64::INFINITY, f64::min)
                };
                let (native, adapter) = (best(&Device::Native), best(device));
                say(&format!("  {} on {}: native {native:.1} ms, adapter {adapter:.1} ms", kernel.name, case.name));
            }
        }
    });
}
