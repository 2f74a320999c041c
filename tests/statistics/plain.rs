//! What must hold for any sample, and samples that hold next to nothing.

use super::world::{PLAIN, World, disc, mark, population};
use cupule::statistics::{
    Collector, Estimate, Field, Summary, WEIGHT_MAX, median_difference, share_difference, summarize,
};
use cupule::units::PixelSize;

fn field(diameters_nm: &[f64]) -> Field {
    Field {
        size_px: (1000, 1000),
        pixel_size: PixelSize::square(1.0),
        marks: Vec::new(),
        accepted: diameters_nm.iter().map(|&d| disc(d, d)).collect(),
        border_count: 2,
        rejected: Default::default(),
    }
}

fn of(fields: Vec<Field>) -> Summary {
    summarize(&population(&fields))
}

fn warns(summary: &Summary, words: &str) -> bool {
    summary.warnings.iter().any(|warning| warning.contains(words))
}

#[test]
fn neither_threads_nor_the_order_of_images_change_a_digit() {
    let (mut fields, _) = PLAIN.fields(12, 3);
    let sample = population(&fields);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    let text = |summary: &Summary| serde_json::to_string(summary).unwrap();
    let first = text(&alone.install(|| summarize(&sample)));
    assert_eq!(first, text(&many.install(|| summarize(&sample))));
    fields.reverse();
    let (there, back): (Summary, Summary) = (serde_json::from_str(&first).unwrap(), of(fields));
    assert_eq!(there.weighted.d50_nm.unwrap().value, back.weighted.d50_nm.unwrap().value);
    assert_eq!(there.weighted.mode_nm, back.weighted.mode_nm);
}

#[test]
fn what_is_not_known_is_blank() {
    let nothing = of(Vec::new());
    assert_eq!((nothing.weighted.d50_nm, nothing.per_um2, nothing.weight_max), (None, None, None));
    let empty = of(vec![field(&[]), field(&[])]);
    assert_eq!(empty.per_um2, Some(Estimate { value: 0.0, low: None, high: None }));
    assert_eq!((empty.cup_share, empty.per_image.dispersion_index), (None, None));
    assert!(warns(&empty, "No vesicle was accepted"), "{:?}", empty.warnings);
    let single = of(vec![field(&[80.0])]);
    assert_eq!(single.weighted.d50_nm, Some(Estimate { value: 80.0, low: None, high: None }));
    assert_eq!((single.weighted.sd_nm, single.weighted.lognormal, single.weighted.mode_nm), (None, None, None));
    let unscaled = of(vec![Field { pixel_size: None, ..field(&[80.0, 90.0]) }]);
    assert_eq!((unscaled.count, unscaled.image_count, unscaled.unscaled_image_count), (0, 0, 1));
    assert!(warns(&unscaled, "without a pixel size, so there are no sizes"), "{:?}", unscaled.warnings);
    for summary in [nothing, empty, single, unscaled] {
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }
}

#[test]
fn particles_that_are_all_alike_have_no_spread() {
    let alike = of(vec![field(&[80.0; 30]), field(&[80.0; 30]), field(&[80.0; 30])]);
    let d50 = alike.weighted.d50_nm.unwrap();
    assert!([d50.value, d50.low.unwrap(), d50.high.unwrap()].iter().all(|v| (v - 80.0).abs() < 1e-9), "{d50:?}");
    assert!(alike.weighted.sd_nm.unwrap() < 1e-9 && alike.weighted.geometric_sd.unwrap() - 1.0 < 1e-9);
    assert!((alike.weighted.mode_nm.unwrap() - 80.0).abs() < 1e-6);
    let dispersion = alike.per_image.dispersion_index.unwrap();
    assert_eq!((dispersion, alike.per_image.sd, alike.per_image.median), (0.0, Some(0.0), 30.0));
}

#[test]
fn few_images_are_said_to_be_few() {
    let sizes: Vec<f64> = (0..60).map(|i| 50.0 + f64::from(i)).collect();
    let two = of(vec![field(&sizes), field(&sizes)]);
    assert_eq!(two.resampled, "particles");
    assert!(warns(&two, "do not contain the difference between fields"), "{:?}", two.warnings);
    let five = of(vec![field(&sizes); 5]);
    assert_eq!((five.resampled.as_str(), five.degrees_of_freedom.map(f64::round)), ("images", Some(4.0)));
    assert!(warns(&five, "Only 5 images"), "{:?}", five.warnings);
    let many = of(vec![field(&sizes); 30]);
    assert!(many.warnings.is_empty(), "{:?}", many.warnings);
}

#[test]
fn marks_make_the_field_smaller_and_large_particles_heavy() {
    let bar = Field { marks: vec![mark(0, 900, 1000, 1000), mark(20, 880, 200, 950)], ..field(&[100.0; 40]) };
    let summary = of(vec![bar; 3]);
    let area = 3.0 * (1000.0 * 900.0 - 180.0 * 20.0) / 1e6;
    assert!((summary.area_um2 - area).abs() < 1e-12, "{}", summary.area_um2);
    // Corners from 0 to 900 and to 800; those from 0 to 200 and from 780 on overlap the scale bar.
    let places = 900.0 * 800.0 - 200.0 * 20.0;
    assert!((summary.weight_max.unwrap() - area / 3.0 * 1e6 / places).abs() < 1e-12, "{:?}", summary.weight_max);
    let giant = of(vec![field(&[900.0, 80.0]); 3]);
    assert_eq!(giant.weight_max, Some(WEIGHT_MAX));
    assert!(warns(&giant, "held at 25"), "{:?}", giant.warnings);
}

#[test]
fn clusters_and_mixed_magnifications_are_noticed() {
    let crowd: Vec<f64> = (0..60).map(|i| 50.0 + f64::from(i)).collect();
    let uneven = of((0..12).map(|i| field(if i % 3 == 0 { &crowd } else { &crowd[..2] })).collect());
    assert!(warns(&uneven, "index of dispersion"), "{:?}", uneven.warnings);
    let fine = Field { pixel_size: PixelSize::square(0.4), ..field(&crowd) };
    assert!(warns(&of(vec![fine, field(&crowd)]), "Pixel sizes differ from 0.40 to 1.00 nm"));
    let mut collector = Collector::default();
    (0..30).for_each(|_| collector.add_field(&field(&crowd)));
    collector.add_failed();
    let failed = summarize(&collector.finish());
    assert!(warns(&failed, "1 image could not be analysed"), "{:?}", failed.warnings);
}

#[test]
fn the_number_for_5_percent_hardly_depends_on_what_there_is() {
    let needed = |fields| summarize(&PLAIN.sample(fields, 5).0).count_for_5_percent.unwrap() as f64;
    // Design: +-4.5 % of D50 with 500 particles, hence 405 for 5 %.
    for fields in [40, 80] {
        assert!((250.0..600.0).contains(&needed(fields)), "{fields} fields: {}", needed(fields));
    }
    let summary = summarize(&PLAIN.sample(40, 5).0);
    assert_eq!(summary.more_for_5_percent, Some(summary.count_for_5_percent.unwrap().saturating_sub(summary.count)));
}

#[test]
fn differences_are_found_and_not_made_up() {
    let summary = |world: World, seed| summarize(&world.sample(12, seed).0);
    let (first, larger) = (summary(PLAIN, 1), summary(World { median_nm: 110.0, ..PLAIN }, 2));
    let found = median_difference(&first, &larger).unwrap();
    assert!(found.low.unwrap() > 0.0 && found.low.unwrap() < 30.0 && 30.0 < found.high.unwrap(), "{found:?}");
    let none = median_difference(&first, &first).unwrap();
    assert!(none.value == 0.0 && none.low.unwrap() < 0.0 && none.high.unwrap() > 0.0);
    assert_eq!(median_difference(&first, &of(Vec::new())), None);
}

/// R. G. Newcombe's own example (1998, table II, case a): 56/70 and 48/80.
#[test]
fn differences_of_shares_are_those_of_newcombe() {
    let (a, b) = ((0.6918, 0.8769, 0.8), (0.4905, 0.7004, 0.6));
    let estimate = |(low, high, value)| Estimate { value, low: Some(low), high: Some(high) };
    let found = share_difference(estimate(b), estimate(a));
    assert!((found.low.unwrap() - 0.0524).abs() < 2e-4 && (found.high.unwrap() - 0.3339).abs() < 2e-4, "{found:?}");
}
