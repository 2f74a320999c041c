//! How often the 95 % intervals contain the truth.

use super::world::{CUP_SHARE, PLAIN, World};
use cupule::statistics::{Estimate, Summary, median_difference, summarize};
use rayon::prelude::*;

/// The figures whose intervals are put to the test; the last is the difference between the D50 of two samples.
const NAMES: [&str; 7] = ["D10", "D50", "D90", "mean", "per µm²", "cup share", "D50 B-A"];

/// Fields that differ in the size of their particles by 10 % and in their number by 40 %.
const UNLIKE: World = World { field_size_sd: 0.1, field_density_sd: 0.4, ..PLAIN };

/// Standard error of a coverage of 95 % that was found with so many samples.
fn error(samples: u64) -> f64 {
    (0.95 * 0.05 / samples as f64).sqrt()
}

fn figures(summary: &Summary) -> Option<[Estimate; 6]> {
    let d = &summary.weighted;
    Some([d.d10_nm?, d.d50_nm?, d.d90_nm?, d.mean_nm?, summary.per_um2?, summary.cup_share?])
}

fn contains(estimate: &Estimate, truth: f64) -> bool {
    estimate.low.is_some_and(|low| low <= truth) && estimate.high.is_some_and(|high| truth <= high)
}

/// Share of samples of so many fields whose intervals contain the truth, for each figure.
fn coverage(world: &World, fields: usize, samples: u64) -> [f64; 7] {
    let [d10, d50, d90] = world.quantiles_nm();
    let truth = [d10, d50, d90, world.mean_nm(), world.per_um2, CUP_SHARE];
    let hits: Vec<[bool; 7]> = (0..samples)
        .into_par_iter()
        .filter_map(|seed| {
            let summary = |seed| summarize(&world.sample(fields, seed).0);
            let (first, second) = (summary(2 * seed), summary(2 * seed + 1));
            let found = figures(&first)?;
            let difference = median_difference(&first, &second)?;
            Some(std::array::from_fn(|i| found.get(i).map_or(contains(&difference, 0.0), |f| contains(f, truth[i]))))
        })
        .collect();
    assert_eq!(hits.len() as u64, samples, "some samples had no particles");
    std::array::from_fn(|i| hits.iter().filter(|h| h[i]).count() as f64 / samples as f64)
}

/// Prints the coverage of all cases and then holds it against a range, which chance may leave by so much.
fn check(samples: u64, cases: &[(&str, World, usize)], range: [f64; 2], chance: f64) {
    println!("{samples} samples: {}", NAMES.join(", "));
    let mut wrong = Vec::new();
    for (name, world, fields) in cases {
        let shares = coverage(world, *fields, samples);
        println!("fields {name}, {fields:>2}: {}", shares.map(|share| format!("{:.1} %", 100.0 * share)).join(", "));
        let is_wrong = |share: f64| !(range[0] - chance..=range[1] + chance).contains(&share);
        let misses = NAMES.iter().zip(shares).filter(|(_, share)| is_wrong(*share));
        wrong.extend(misses.map(|(figure, share)| format!("fields {name}, {fields}: {figure} in {share}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Few samples, which only find an interval that is far too narrow or too wide.
#[test]
fn intervals_contain_the_truth() {
    const SAMPLES: u64 = 60;
    check(SAMPLES, &[("unlike", UNLIKE, 5)], [0.95, 1.0], 3.0 * error(SAMPLES));
}

/// `cargo test --release --test statistics -- --ignored --nocapture coverage`
#[test]
#[ignore = "takes minutes"]
fn coverage_is_95_percent() {
    let samples = std::env::var("SAMPLES").ok().and_then(|s| s.parse().ok()).unwrap_or(2000);
    let cases: Vec<(&str, World, usize)> =
        [("alike", PLAIN), ("unlike", UNLIKE)].iter().flat_map(|&(n, w)| [5, 10, 30].map(|f| (n, w, f))).collect();
    check(samples, &cases, [0.93, 0.97], 2.0 * error(samples));
}
