//! Every figure against NumPy and SciPy, on the same table.

use super::world::{disc, population};
use cupule::statistics::{Density, Distribution, Field, summarize};
use cupule::units::PixelSize;
use std::collections::BTreeMap;

/// As `scripts/make-statistics-golden` has them.
const FRAME: usize = 512;
const PIXEL_NM: f64 = 1.25;
const COUNT: usize = 250;

fn golden(file: &str) -> csv::Reader<std::fs::File> {
    csv::Reader::from_path(format!("{}/fixtures/golden/statistics/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The table as one image.
fn field() -> Field {
    let rows = golden("particles.csv").into_deserialize().map(Result::unwrap);
    let accepted: Vec<_> = rows.map(|(diameter, extent): (f64, f64)| disc(diameter, extent)).collect();
    assert_eq!(accepted.len(), COUNT);
    Field {
        size_px: (FRAME, FRAME),
        pixel_size: PixelSize::square(PIXEL_NM),
        marks: Vec::new(),
        accepted,
        border_count: 0,
        rejected: Default::default(),
    }
}

fn figures(kind: &str, of: &Distribution) -> Vec<(String, f64)> {
    let fit = of.lognormal.unwrap();
    let named = [
        ("d10_nm", of.d10_nm.unwrap().value),
        ("d50_nm", of.d50_nm.unwrap().value),
        ("d90_nm", of.d90_nm.unwrap().value),
        ("mode_nm", of.mode_nm.unwrap()),
        ("mean_nm", of.mean_nm.unwrap().value),
        ("sd_nm", of.sd_nm.unwrap()),
        ("geometric_mean_nm", of.geometric_mean_nm.unwrap()),
        ("geometric_sd", of.geometric_sd.unwrap()),
        ("lognormal.median_nm", fit.median_nm),
        ("lognormal.median_standard_error_nm", fit.median_standard_error_nm),
        ("lognormal.geometric_sd", fit.geometric_sd),
        ("lognormal.geometric_sd_standard_error", fit.geometric_sd_standard_error),
        ("lognormal.distance", fit.distance),
    ];
    named.into_iter().map(|(name, value)| (format!("{kind}.{name}"), value)).collect()
}

#[test]
fn figures_are_those_of_numpy_and_scipy() {
    let population = population(&[field()]);
    let summary = summarize(&population);
    let mut ours: BTreeMap<String, f64> = BTreeMap::new();
    ours.extend(figures("unweighted", &summary.unweighted));
    ours.extend(figures("weighted", &summary.weighted));
    ours.extend(summary.size_shares.iter().map(|share| (format!("share.{}", share.name), share.share.value)));
    ours.insert("weight_max".into(), summary.weight_max.unwrap());
    ours.insert("per_um2".into(), summary.per_um2.unwrap().value);

    let diameters = &population.diameters_nm;
    let density = Density::new(diameters, &population.weights).unwrap();
    ours.insert("weighted.bandwidth".into(), density.bandwidth);
    ours.insert("weighted.per_nm_at_100".into(), density.per_nm(100.0));
    let ones = vec![1.0; diameters.len()];
    let plain = Density::new(diameters, &ones).unwrap();
    ours.insert("unweighted.bandwidth".into(), plain.bandwidth);

    let theirs: BTreeMap<String, f64> = golden("expected.csv").into_deserialize().map(Result::unwrap).collect();
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, theirs) in theirs {
        let ours = ours[&name];
        assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{name} is {ours}, expected {theirs}");
    }
}
