//! The generator keeps what it promises: same seed, same bytes; exact truth; contents of each kind; noise as stated.

use cupule::synth::{DIAMETER_MAX_NM, DIAMETER_MIN_NM, Kind, Options, Scene, Synthetic, scene, write};
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::fs;
use std::path::Path;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

/// A small scene, so that the tests stay quick.
fn small(kind: Kind, seed: u64) -> Synthetic {
    let pixel_size_nm = if kind == Kind::Coarse { 3.2 } else { 1.2 };
    scene(&Scene { kind, width_px: 384, height_px: 320, pixel_size_nm, seed, index: 7 })
}

fn vesicles(synthetic: &Synthetic) -> impl Iterator<Item = &cupule::synth::TruthRow> {
    synthetic.truth.iter().filter(|t| t.is_vesicle)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten().filter(|e| e.file_type().is_file()) {
        let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        found.insert(name, fs::read(entry.path()).unwrap());
    }
    found
}

fn write_with(threads: usize, seed: u64) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { width_px: Some(160), height_px: Some(128), ..Options::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let count = Kind::ALL.len();
    let summary = pool.install(|| write(folder.path(), count, seed, &options)).unwrap();
    assert_eq!(summary.images, count);
    files(folder.path())
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let one = write_with(1, 42);
    assert_eq!(one.len(), 2 * Kind::ALL.len() + 2, "pictures, label pictures, 2 tables");
    assert!(one == write_with(2, 42));
}

#[test]
fn another_seed_or_index_gives_another_scene() {
    let recipe = Scene { kind: Kind::Cup, width_px: 96, height_px: 96, pixel_size_nm: 1.0, seed: 1, index: 0 };
    let first = scene(&recipe);
    assert_ne!(first.grey, scene(&Scene { seed: 2, ..recipe }).grey);
    assert_ne!(first.grey, scene(&Scene { index: 1, ..recipe }).grey);
}

#[test]
fn diameters_agree_with_the_labelled_area() {
    let mut checked = 0;
    for (kind, index) in Kind::ALL.into_iter().flat_map(|kind| [(kind, 0), (kind, 1)]) {
        let recipe = Scene { kind, width_px: 400, height_px: 400, pixel_size_nm: 2.1, seed: 3, index };
        let synthetic = scene(&recipe);
        let px_nm = synthetic.pixel_size_nm;
        for (id, row) in (1u16..).zip(vesicles(&synthetic)) {
            assert_eq!(row.particle_id, u32::from(id));
            let covered = row.visible_share < 0.97;
            if row.touches_border || covered {
                continue;
            }
            let pixels = synthetic.labels.label.iter().filter(|&&l| l == id).count();
            let labelled_nm = 2.0 * (pixels as f64 * px_nm * px_nm / PI).sqrt();
            // Counting pixel centres errs by much less than the ring of pixels along the edge.
            let tolerance_nm = 0.35 * px_nm + 0.012 * row.diameter_nm;
            assert!((labelled_nm - row.diameter_nm).abs() < tolerance_nm, "{kind}: {labelled_nm} {}", row.diameter_nm);
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} whole vesicles");
}

#[test]
fn every_labelled_pixel_lies_within_reach_of_its_vesicle() {
    for kind in Kind::ALL {
        let synthetic = small(kind, 11);
        let rows: Vec<_> = vesicles(&synthetic).collect();
        for (i, &label) in synthetic.labels.label.iter().enumerate().filter(|(_, l)| **l > 0) {
            let row = rows[usize::from(label) - 1];
            let px_nm = synthetic.pixel_size_nm;
            let (x, y) = (i % synthetic.width, i / synthetic.width);
            let off_nm = libm::hypot((x as f64 + 0.5) * px_nm - row.x_nm, (y as f64 + 0.5) * px_nm - row.y_nm);
            assert!(off_nm <= row.feret_max_nm, "{kind}: a pixel of {label} lies {off_nm} nm from its centroid");
        }
    }
}

#[test]
fn tables_hold_sane_values() {
    for kind in Kind::ALL {
        let synthetic = small(kind, 5);
        assert_eq!(synthetic.name, format!("{}-007", kind.name()));
        assert_eq!(synthetic.grey.len(), synthetic.width * synthetic.height);
        assert_eq!(vesicles(&synthetic).count() == 0, kind == Kind::Empty, "{kind}");
        for row in &synthetic.truth {
            assert!(row.diameter_nm > 0.0 && row.feret_max_nm >= row.feret_min_nm, "{row:?}");
            assert!(!row.is_vesicle || (DIAMETER_MIN_NM..=DIAMETER_MAX_NM).contains(&(row.diameter_nm + 1e-9)));
            assert!((0.0..=1.0).contains(&row.visible_share));
        }
    }
}

#[test]
fn every_kind_shows_what_it_promises() {
    let count = |s: &Synthetic, appearance: &str| s.truth.iter().filter(|t| t.appearance == appearance).count();
    for seed in 0..4 {
        let clutter = small(Kind::Clutter, seed);
        let old = ["dot", "aggregate", "precipitate", "debris", "open-rim", "fold", "cloud", "disc", "dot-ring"];
        for sort in old.into_iter().chain(["lump", "torn", "sheet", "ringlet", "blots"]) {
            // Two are laid down at least; a strip of text may hide one.
            assert!(count(&clutter, sort) >= 1, "clutter without {sort}");
        }
        let cup = small(Kind::Cup, seed);
        assert!(vesicles(&cup).all(|v| ["cup", "crescent", "deep-cup", "membrane"].contains(&v.appearance)));
        let cryo = small(Kind::Cryo, seed);
        assert!(vesicles(&cryo).all(|v| v.appearance == "double"));
        assert!(cryo.conditions.contrast <= 0.3);
        assert!(small(Kind::Faint, seed).conditions.contrast <= 0.16);
        assert!(small(Kind::Dense, seed).conditions.swing >= 0.0);
        assert!(vesicles(&small(Kind::Dense, seed)).count() > vesicles(&small(Kind::Clean, seed)).count() / 2);
    }
}

#[test]
fn empty_scenes_hold_no_label_and_any_amount_of_clutter() {
    let scenes: Vec<Synthetic> = (0..24).map(|seed| small(Kind::Empty, seed)).collect();
    assert!(scenes.iter().all(|s| s.labels.label.iter().all(|&l| l == 0)));
    assert!(scenes.iter().all(|s| s.truth.iter().all(|t| !t.is_vesicle)));
    assert!(scenes.iter().any(|s| s.truth.is_empty()), "none with nothing");
    assert!(scenes.iter().any(|s| s.truth.len() > 50), "none with plenty");
}

#[test]
fn what_is_burned_in_has_no_label_and_cuts_what_it_hides() {
    let (mut marked, mut strips, mut cut) = (0, 0, 0);
    for index in 0..100 {
        let recipe = Scene { kind: Kind::Coarse, width_px: 220, height_px: 240, pixel_size_nm: 3.0, seed: 5, index };
        let synthetic = scene(&recipe);
        marked += usize::from(synthetic.truth.iter().any(|t| t.appearance == "mark" && !t.is_vesicle));
        let (w, rows) = (synthetic.width, synthetic.conditions.strip_px);
        if rows == 0 {
            continue;
        }
        strips += 1;
        let top = synthetic.height - rows;
        assert!(synthetic.labels.label[top * w..].iter().all(|&l| l == 0), "a label on a strip");
        // Of one shade next to its edge, where no letter stands.
        let edge = |y: usize| i32::from(synthetic.grey[y * w + w - 2]);
        assert!((top + 3..synthetic.height).all(|y| (edge(y) - edge(top + 3)).abs() < 6000), "no strip");
        for v in vesicles(&synthetic).filter(|v| v.y_nm + 0.4 * v.feret_min_nm > 3.0 * top as f64) {
            assert!(v.touches_border, "{v:?}");
            cut += 1;
        }
    }
    assert!((20..60).contains(&marked), "{marked} of 100 are marked");
    assert!(strips >= 2 && cut >= 1, "{strips} strips that cut {cut}");
}

#[test]
fn dense_scenes_hold_touching_pairs() {
    let touching: usize = (0..6)
        .map(|seed| {
            let synthetic = small(Kind::Dense, seed);
            let (w, label) = (synthetic.width, &synthetic.labels.label);
            let mut pairs = std::collections::BTreeSet::new();
            for i in 0..label.len().saturating_sub(4) {
                // Neighbours within 4 px along a row: at most 5 nm apart.
                if i % w + 4 < w && label[i] > 0 && label[i + 4] > 0 && label[i] != label[i + 4] {
                    pairs.insert((label[i].min(label[i + 4]), label[i].max(label[i + 4])));
                }
            }
            pairs.len()
        })
        .sum();
    assert!(touching >= 6, "only {touching} touching pairs in 6 dense scenes");
}

#[test]
fn bright_vesicles_are_brighter_than_their_halo() {
    let (mut right, mut all) = (0, 0);
    for seed in 0..6 {
        let synthetic = small(Kind::Halo, seed);
        let (w, px_nm) = (synthetic.width, synthetic.pixel_size_nm);
        for (id, row) in (1u16..).zip(vesicles(&synthetic)).filter(|(_, r)| r.visible_share > 0.9 && !r.touches_border)
        {
            let (mut inside, mut outside) = ((0.0, 0.0), (0.0, 0.0));
            for (i, &label) in synthetic.labels.label.iter().enumerate() {
                let (x, y) = ((i % w) as f64 * px_nm - row.x_nm, (i / w) as f64 * px_nm - row.y_nm);
                let sum = if label == id {
                    &mut inside
                } else if label == 0 && libm::hypot(x, y) < 0.65 * row.feret_max_nm {
                    &mut outside
                } else {
                    continue;
                };
                *sum = (sum.0 + f64::from(synthetic.grey[i]), sum.1 + 1.0);
            }
            all += 1;
            right += usize::from(inside.0 / inside.1 > outside.0 / outside.1);
        }
    }
    assert!(all >= 6 && right * 10 >= all * 8, "{right} of {all}");
}

/// Correlation between neighbours along rows of what a 9 x 9 mean leaves over.
fn neighbour_correlation(synthetic: &Synthetic) -> f64 {
    let (w, h) = (synthetic.width, synthetic.height);
    let rest = |x: usize, y: usize| {
        let around = (y - 4..=y + 4).flat_map(|v| (x - 4..=x + 4).map(move |u| v * w + u));
        f64::from(synthetic.grey[y * w + x]) - around.map(|i| f64::from(synthetic.grey[i])).sum::<f64>() / 81.0
    };
    let (mut product, mut square) = (0.0, 0.0);
    for y in (4..h - 4).step_by(3) {
        for x in 4..w - 5 {
            let here = rest(x, y);
            product += here * rest(x + 1, y);
            square += here * here;
        }
    }
    product / square
}

#[test]
fn noise_is_correlated_as_in_real_pictures() {
    let mut found: Vec<f64> = (0..9)
        .map(|seed| {
            let recipe = Scene { kind: Kind::Faint, width_px: 200, height_px: 200, pixel_size_nm: 1.5, seed, index: 0 };
            let synthetic = scene(&recipe);
            assert!((0.3..=0.6).contains(&synthetic.conditions.camera.noise_correlation));
            neighbour_correlation(&synthetic)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    // The camera gives 0.3 to 0.6; carbon grain adds to it, readout noise and the mean taken off lower it.
    assert!(found.iter().all(|r| (0.15..0.85).contains(r)), "{found:?}");
    assert!((0.3..0.75).contains(&found[4]), "{found:?}");
}

#[test]
fn pictures_read_back_with_their_calibration() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        width_px: Some(150),
        height_px: Some(90),
        pixel_size_nm: Some(0.75),
        kinds: vec![Kind::Clean, Kind::Cryo],
    };
    write(folder.path(), 2, 9, &options).unwrap();
    for path in ["images/clean-000.tif", "images/cryo-001.tif", "truth/clean-000.labels.tif"] {
        let mut decoder = Decoder::new(fs::File::open(folder.path().join(path)).unwrap()).unwrap();
        assert_eq!(decoder.dimensions().unwrap(), (150, 90));
        assert_eq!(decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap(), "ImageJ=1.53t\nunit=nm\n");
        assert_eq!(decoder.get_tag_u32(Tag::ResolutionUnit).unwrap(), 1);
        assert!(decoder.find_tag(Tag::Predictor).unwrap().is_none_or(|p| p.into_u16().unwrap() == 1));
        let per_nm = decoder.get_tag(Tag::XResolution).unwrap();
        let tiff::decoder::ifd::Value::Rational(n, d) = per_nm else { panic!("{per_nm:?}") };
        assert!((f64::from(d) / f64::from(n) - 0.75).abs() < 1e-5);
        let DecodingResult::U16(pixels) = decoder.read_image().unwrap() else { panic!("not 16 bit") };
        let recipe = options.recipe(9, u64::from(path.contains("cryo")));
        let synthetic = scene(&recipe);
        let expected = if path.contains("labels") { &synthetic.labels.label } else { &synthetic.grey };
        assert!(&pixels == expected);
    }
    let head = fs::read_to_string(folder.path().join("truth.csv")).unwrap();
    assert!(head.starts_with("image,particle_id,shape,appearance,polarity,x_nm,y_nm,diameter_nm,"));
}

#[test]
fn senseless_options_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for options in [
        Options { width_px: Some(0), ..Options::default() },
        Options { height_px: Some(1 << 20), ..Options::default() },
        Options { pixel_size_nm: Some(f64::NAN), ..Options::default() },
    ] {
        assert!(write(folder.path(), 1, 1, &options).is_err());
    }
    assert!("nonsense".parse::<Kind>().is_err());
}

#[test]
fn some_figures_are_plain_and_hold_nothing_but_even_bodies() {
    let plain: Vec<Synthetic> = (0..60)
        .map(|index| Scene { kind: Kind::Clean, width_px: 96, height_px: 96, pixel_size_nm: 3.0, seed: 8, index })
        .map(|recipe| scene(&recipe))
        .filter(|synthetic| synthetic.conditions.plain)
        .collect();
    assert!((2..20).contains(&plain.len()), "{} of 60", plain.len());
    assert!(plain.iter().all(|s| vesicles(s).all(|v| ["plain-disc", "plain-ring"].contains(&v.appearance))));
}
