//! Sizes near the border: what is cut off must not be measured, and what is whole must count for what is lost.
//!
//! The samples are those of the design: lognormal, median 80 nm, geometric deviation 1.5, frames of 2048 x 2048 px.

use super::world::{PLAIN, World};
use cupule::statistics::{Distribution, summarize};
use std::time::Instant;

/// Particles per µm², enough for the bias to show above chance.
const PER_UM2: f64 = 20.0;

fn quantiles(of: &Distribution) -> [f64; 3] {
    [of.d10_nm, of.d50_nm, of.d90_nm].map(|estimate| estimate.unwrap().value)
}

/// Relative errors of D10, D50, D90 and the number per µm²: of everything that is seen, whole ones, and weighted ones.
fn biases(world: &World, fields: usize) -> [[f64; 4]; 3] {
    let (population, mut seen) = world.sample(fields, 1);
    let start = Instant::now();
    let summary = summarize(&population);
    let seconds = start.elapsed().as_secs_f64();
    seen.sort_by(f64::total_cmp);
    let clipped = [0.1, 0.5, 0.9].map(|share| seen[(share * seen.len() as f64) as usize]);
    let truth = world.quantiles_nm();
    let errors = |found: [f64; 3], per_um2: f64| {
        let [d10, d50, d90] = std::array::from_fn(|i| found[i] / truth[i] - 1.0);
        [d10, d50, d90, per_um2 / world.per_um2 - 1.0]
    };
    let result = [
        errors(clipped, seen.len() as f64 / summary.area_um2),
        errors(quantiles(&summary.unweighted), summary.count as f64 / summary.area_um2),
        errors(quantiles(&summary.weighted), summary.per_um2.unwrap().value),
    ];
    println!(
        "{} nm/px, {fields} frames, n {}, largest weight {:.1}, {seconds:.2} s",
        world.pixel_nm,
        summary.count,
        summary.weight_max.unwrap()
    );
    for (name, line) in ["cut off ones as seen", "whole ones", "whole ones, weighted"].iter().zip(result) {
        let [d10, d50, d90, per_um2] = line.map(|error| format!("{:+.1} %", 100.0 * error));
        println!("  {name:<22} D10 {d10}, D50 {d50}, D90 {d90}, per µm² {per_um2}");
    }
    result
}

/// A field of half the size, where cutting off shows with fewer particles.
#[test]
fn weights_make_up_for_what_the_border_cuts_off() {
    let small = World { frame_px: 1024, per_um2: 60.0, ..PLAIN };
    let [seen, whole, weighted] = biases(&small, 100);
    assert!(seen[0] < -0.1 && seen[3] > 0.1, "{seen:?}");
    assert!(whole[2] < -0.02 && whole[3] < -0.1, "{whole:?}");
    // Three standard errors: of 5,000 particles, and of their number.
    assert!(weighted[..3].iter().all(|error| error.abs() < 0.03) && weighted[3].abs() < 0.045, "{weighted:?}");
}

/// `cargo test --release --test statistics -- --ignored --nocapture bias`
#[test]
#[ignore = "takes a minute"]
fn bias_is_below_a_percent() {
    for pixel_nm in [2.0, 1.0, 0.5, 0.25] {
        // As many particles in every frame, up to what crosses the border.
        let world = World { pixel_nm, per_um2: PER_UM2 / pixel_nm.powi(2), ..PLAIN };
        let [seen, whole, weighted] = biases(&world, 400);
        let limit = if pixel_nm < 1.0 { 0.02 } else { 0.01 };
        assert!(weighted[0].abs() < limit && weighted[1].abs() < limit, "{weighted:?}");
        assert!(seen[0] < -0.04 && whole[3] < -0.03, "{seen:?} {whole:?}");
    }
}
