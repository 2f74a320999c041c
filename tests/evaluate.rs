//! Results against a truth: cases worked out by hand, figures of other programs, every form of outlines, and bad files.
//!
//! `fixtures/golden/evaluate` was computed by SciPy, NumPy and scikit-image; see `scripts/make-evaluate-golden`.

use cupule::error::Error;
use cupule::evaluate::find::{Annotation, Form, find};
use cupule::evaluate::score::{Counts, Figures, ImageScore, score};
use cupule::evaluate::{Evaluation, Options, Outlines, read, regions, roi, run};
use cupule::units::PixelSize;
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::{Gray8, Gray16, Gray32Float};

const WIDTH: usize = 12;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden/evaluate").join(name)
}

/// A picture from rows of one character per pixel: `.` background, `N` label 65535, letters and digits their own label.
fn picture(rows: &[&str]) -> Vec<u32> {
    let label = |c| match c {
        b'.' => 0,
        b'N' => 65_535,
        c => u32::from(c),
    };
    assert!(rows.iter().all(|row| row.len() == WIDTH));
    rows.iter().flat_map(|row| row.bytes().map(label)).collect()
}

fn scored(truth: &[&str], pred: &[&str]) -> ImageScore {
    let of = |rows| regions::of_labels(&picture(rows), WIDTH);
    score(&of(truth), &of(pred), 0.5, None)
}

fn counts(truth: &[&str], pred: &[&str]) -> (usize, usize, usize) {
    let Counts { matched, missed, extra } = scored(truth, pred).counts;
    (matched, missed, extra)
}

const NOTHING: [&str; 5] = ["............"; 5];
const TWO: [&str; 5] = ["............", ".aaaa..bbbb.", ".aaaa..bbbb.", ".aaaa..bbbb.", "............"];

// By hand: (matched, missed, extra)

#[test]
fn perfect_missed_and_extra() {
    let one = ["............", ".xxxx.......", ".xxxx.......", ".xxxx.......", "............"];
    let score = scored(&TWO, &TWO);
    assert_eq!(score.counts, Counts { matched: 2, missed: 0, extra: 0 });
    assert!(score.ladder.iter().all(|c| *c == score.counts));
    assert_eq!(counts(&TWO, &one), (1, 1, 0));
    assert_eq!(counts(&one, &TWO), (1, 0, 1));
    assert_eq!((counts(&TWO, &NOTHING), counts(&NOTHING, &TWO)), ((0, 2, 0), (0, 0, 2)));
}

#[test]
fn an_iou_of_just_one_half_is_a_match() {
    // 6 of 12 pixels, then 6 of 13.
    let half = ["............", ".aaaa.......", ".aa.........", "............", "............"];
    let less = ["............", ".aaaa.......", ".aaa........", ".....a......", "............"];
    let whole = ["............", ".bbbb.......", ".bbbb.......", ".bbbb.......", "............"];
    assert_eq!(counts(&whole, &half), (1, 0, 0));
    assert_eq!(scored(&whole, &half).pairs[0].iou, 0.5);
    let grown = ["............", ".bbbbb......", ".bbbb.......", ".bbbb.......", "............"];
    assert_eq!(counts(&grown, &half), (0, 1, 1));
    assert_eq!(counts(&whole, &less), (1, 0, 0));
    // At 0.55 it is a match no more.
    assert_eq!(scored(&whole, &half).ladder.map(|c| c.matched), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn split_and_merged_regions_match_once() {
    let split = ["............", ".aabb..cccd.", ".aabb..cccd.", ".aabb..cccd.", "............"];
    // Of two halves one is right and the other extra; three quarters are right and the quarter is extra.
    assert_eq!(counts(&TWO, &split), (2, 0, 2));
    assert_eq!(counts(&split, &TWO), (2, 2, 0));
    let merged = ["............", ".aaaaaaaaaa.", ".aaaaaaaaaa.", ".aaaaaaaaaa.", "............"];
    assert_eq!(counts(&TWO, &merged), (0, 2, 1));
}

#[test]
fn true_regions_at_the_border_neither_help_nor_harm() {
    let truth = ["aaa.........", "aaa..bbb....", "aaa..bbb....", ".....bbb....", "............"];
    let found = ["xxx.........", "xxx..yyy....", "xxx..yyy....", ".....yyy....", "............"];
    assert_eq!(counts(&truth, &found), (1, 0, 0));
    // A piece inside one is neutral, one that is mostly outside is not.
    let pieces = ["............", ".x...yyy....", ".x...yyy....", "....zyyy....", "............"];
    assert_eq!(counts(&truth, &pieces), (1, 0, 1));
    let outside = ["............", "..xx.yyy....", "..xx.yyy....", "..xxxyyy....", "............"];
    assert_eq!(counts(&truth, &outside), (1, 0, 1));
}

#[test]
fn predictions_at_the_border_are_neutral_unless_they_match() {
    let truth = ["............", ".aaaa.......", ".aaaa.......", ".aaaa.......", "............"];
    let beside = ["..........xx", ".aaaa.......", ".aaaa.......", ".aaaa.......", "............"];
    let reaching = ["............", "aaaaa.......", "aaaaa.......", "aaaaa.......", "............"];
    assert_eq!((counts(&truth, &beside), counts(&truth, &reaching)), ((1, 0, 0), (1, 0, 0)));
}

#[test]
fn undecided_regions_neither_help_nor_harm() {
    let truth = ["............", ".NNNN..bbb..", ".NNNN..bbb..", ".NNNN..bbb..", "............"];
    let found = ["............", ".xxxx..yyy..", ".xxxx..yyy..", ".xxxx..yyy..", "............"];
    let missed = ["............", ".......yyy..", ".......yyy..", ".......yyy..", "............"];
    assert_eq!((counts(&truth, &found), counts(&truth, &missed)), ((1, 0, 0), (1, 0, 0)));
    // Of a merger of two equal parts the one that counts is found, whatever the labels are.
    let merged = ["............", ".xxxxxxxx...", ".xxxxxxxx...", ".xxxxxxxx...", "............"];
    for (a, b) in [("N", "b"), ("b", "N")] {
        let row = format!(".{}{}...", a.repeat(4), b.repeat(4));
        assert_eq!(counts(&["............", &row, &row, &row, "............"], &merged), (1, 0, 0));
    }
    // In a prediction the number means nothing.
    assert_eq!(counts(&NOTHING, &truth), (0, 0, 2));
}

#[test]
fn what_has_nothing_to_be_computed_from_is_no_figure() {
    let json = |truth, pred| serde_json::to_value(Figures::of([&scored(truth, pred)])).unwrap();
    let none = json(&NOTHING, &NOTHING);
    assert_eq!(none["truth_count"], 0);
    for key in ["precision", "recall", "f1", "f1_mean", "jaccard", "diameter_error_mean_px", "diameter_coverage"] {
        assert!(none[key].is_null(), "{key}: {none}");
    }
    let missed = json(&TWO, &NOTHING);
    assert_eq!((&missed["precision"], &missed["recall"], &missed["f1"]), (&Value::Null, &0.0.into(), &0.0.into()));
    assert_eq!((&missed["f1_mean"], &missed["jaccard"]), (&0.0.into(), &Value::Null));
    assert_eq!(missed["count_error"], -2);
    // One match has no spread, and no pixel size.
    let one = ["............", ".xxxx.......", ".xxxx.......", ".xxxx.......", "............"];
    let single = json(&one, &one);
    assert_eq!(
        (&single["diameter_error_mean_px"], &single["diameter_error_limit_low_px"]),
        (&0.0.into(), &Value::Null)
    );
    assert!(single["diameter_error_mean_nm"].is_null());
}

// Figures of other programs

/// Rows of a golden table by their first column.
fn table(name: &str) -> HashMap<String, HashMap<String, f64>> {
    let mut reader = csv::Reader::from_path(golden(name)).unwrap();
    let headings: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
    let row = |row: csv::StringRecord| {
        let figures = headings.iter().zip(&row).skip(1).map(|(h, v)| (h.clone(), v.parse().unwrap()));
        (row[0].to_owned(), figures.collect())
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn evaluated(truth: &Path, pred: &Path) -> Evaluation {
    run(truth, pred, Options::default()).unwrap()
}

#[test]
fn figures_are_those_of_scipy() {
    let found = evaluated(&golden("truth"), &golden("pred"));
    let scores = table("scores.csv");
    assert_eq!((scores.len(), found.groups.len()), (3, 4));
    for (group, figures) in scores {
        let ours = found.groups.iter().find(|g| g.group == group).map_or(&found.all, |g| &g.figures);
        let ours = serde_json::to_value(ours).unwrap();
        assert_eq!(figures.len(), 13);
        for (name, theirs) in figures {
            let value = ours[&name].as_f64().unwrap_or_else(|| panic!("{group} {name}: {ours}"));
            // Sums in another order may differ in the last digit.
            assert!((value - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{group} {name}: {value}, not {theirs}");
        }
    }
    assert_eq!(
        (found.missing_predictions.as_slice(), found.unused_predictions.len()),
        (["unseen-0".into()].as_slice(), 0)
    );
}

fn shapes_of(path: &Path, form: Form) -> Vec<cupule::evaluate::Shape> {
    let annotation = Annotation { path: path.into(), form };
    let Outlines::Shapes(shapes) = read(&annotation, &mut |_| {}).unwrap().outlines else { panic!("{path:?}") };
    shapes
}

#[test]
fn rois_have_the_pixels_that_scikit_image_gives_them() {
    let names: Vec<String> = fs::read_to_string(golden("areas.csv")).unwrap().lines().skip(1).map(Into::into).collect();
    let zipped = regions::of_shapes(&shapes_of(&golden("rois.zip"), Form::RoiZip), (160, 120));
    assert_eq!((names.len(), zipped.len()), (9, 9));
    for (line, in_zip) in names.iter().zip(zipped) {
        let (name, area) = line.split_once(',').unwrap();
        let alone = shapes_of(&golden(&format!("rois/{name}.roi")), Form::Roi);
        let alone = regions::of_shapes(&alone, (160, 120));
        assert_eq!(alone[0].area_px2, area.parse::<u64>().unwrap(), "{name}");
        assert_eq!(alone[0].runs, in_zip.runs, "{name}");
    }
}

#[test]
fn circles_have_the_pixels_of_the_discs() {
    let found = evaluated(&golden("circles.csv"), &golden("circles.labels.tif"));
    assert_eq!((found.all.counts, found.all.jaccard), (Counts { matched: 5, missed: 0, extra: 0 }, Some(1.0)));
    // Either side may be the one that knows the size of the picture.
    let turned = evaluated(&golden("circles.labels.tif"), &golden("circles.csv"));
    assert_eq!(turned.all.jaccard, Some(1.0));
}

// Forms

fn write_labels(path: &Path, (width, height): (u32, u32), label: impl Fn(u32, u32) -> u16) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let labels: Vec<u16> = (0..width * height).map(|i| label(i % width, i / width)).collect();
    TiffEncoder::new(fs::File::create(path).unwrap()).unwrap().write_image::<Gray16>(width, height, &labels).unwrap();
}

fn disc(cx: f64, cy: f64, r: f64) -> impl Fn(u32, u32) -> u16 {
    move |x, y| u16::from(libm::hypot(f64::from(x) + 0.5 - cx, f64::from(y) + 0.5 - cy) < r)
}

fn f1(truth: &Path, pred: &Path) -> Option<f64> {
    evaluated(truth, pred).all.counts.f1()
}

#[test]
fn names_are_matched_whatever_the_form_and_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let put = |name: &str| write_labels(&dir.join(name), (60, 50), disc(30.0, 25.0, 10.0));
    put("truth/sub/a-1.labels.tif");
    put("truth/b.labels.tif");
    for pred in ["nested/sub/a-1/labels.tif", "flat/a-1.labels.tif", "plain/a-1.tif", "upper/sub/a-1.TIFF"] {
        put(pred);
        let found = evaluated(&dir.join("truth"), &dir.join(pred.split('/').next().unwrap()));
        assert_eq!(found.missing_predictions, ["b"], "{pred}");
        assert_eq!(found.groups.iter().map(|g| g.group.as_str()).collect::<Vec<_>>(), ["b", "sub/a"]);
        assert_eq!(found.all.counts, Counts { matched: 1, missed: 1, extra: 0 }, "{pred}");
    }
    // Beside labels.tif lies what is drawn of it; beside explicit outlines lie the micrographs.
    put("nested/sub/a-1/overlay.png");
    put("flat/a-1.tif");
    for pred in ["nested", "flat"] {
        assert_eq!(f1(&dir.join("truth/sub"), &dir.join(pred)), Some(1.0), "{pred}");
    }
    put("flat/c.labels.tif");
    assert_eq!(evaluated(&dir.join("truth"), &dir.join("flat")).unused_predictions, ["c"]);
    // Two single files belong together.
    assert_eq!(f1(&dir.join("truth/b.labels.tif"), &dir.join("nested/sub/a-1/labels.tif")), Some(1.0));
}

#[test]
fn label_pictures_of_every_type_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let truth = dir.join("a.labels.tif");
    write_labels(&truth, (60, 50), disc(30.0, 25.0, 10.0));
    let label: Vec<u8> = (0..60 * 50).map(|i| disc(30.0, 25.0, 10.0)(i % 60, i / 60) as u8).collect();
    let encoder = |name: &str| TiffEncoder::new(fs::File::create(dir.join(name)).unwrap()).unwrap();
    encoder("u8.tif").write_image::<Gray8>(60, 50, &label).unwrap();
    let real: Vec<f32> = label.iter().map(|&v| f32::from(v)).collect();
    encoder("f32.tif").write_image::<Gray32Float>(60, 50, &real).unwrap();
    image::GrayImage::from_raw(60, 50, label.clone()).unwrap().save(dir.join("u8.png")).unwrap();
    let deep: Vec<u16> = label.iter().map(|&v| 300 * u16::from(v)).collect();
    image::ImageBuffer::<image::Luma<u16>, _>::from_raw(60, 50, deep).unwrap().save(dir.join("u16.png")).unwrap();
    for pred in ["u8.tif", "f32.tif", "u8.png", "u16.png"] {
        assert_eq!(f1(&truth, &dir.join(pred)), Some(1.0), "{pred}");
    }
    let broken: Vec<f32> = label.iter().map(|&v| 0.5 * f32::from(v)).collect();
    encoder("half.tif").write_image::<Gray32Float>(60, 50, &broken).unwrap();
    image::RgbImage::new(60, 50).save(dir.join("rgb.png")).unwrap();
    for (pred, word) in [("half.tif", "no labels"), ("rgb.png", "one number per pixel")] {
        let error = run(&truth, &dir.join(pred), Options::default()).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, Error::Unsupported { .. }) && message.contains(word), "{message}");
        assert!(message.contains(pred), "{message}");
    }
}

#[test]
fn one_table_of_circles_serves_all_images_and_nm_need_the_pixel_size() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_labels(&dir.join("pred/a.labels.tif"), (60, 50), disc(30.0, 25.0, 10.0));
    write_labels(&dir.join("pred/b.labels.tif"), (60, 50), disc(20.0, 20.0, 8.0));
    let csv = dir.join("all.csv");
    let rows =
        "image,x_nm,y_nm,diameter_nm,is_vesicle\na.tif,60,50,40,true\nb.tif,40,40,32,true\nb.tif,90,80,20,false\n";
    fs::write(&csv, rows).unwrap();
    let error = run(&csv, &dir.join("pred"), Options::default()).unwrap_err();
    assert!(matches!(error, Error::Config { .. }) && error.to_string().contains("--pixel-size"), "{error}");
    let options = Options { pixel_size: PixelSize::square(2.0), ..Options::default() };
    let found = run(&csv, &dir.join("pred"), options).unwrap();
    assert_eq!((found.all.counts, found.all.jaccard), (Counts { matched: 2, missed: 0, extra: 0 }, Some(1.0)));
    let pair = found.images[0].pairs[0];
    assert_eq!(pair.truth_diameter_nm, Some(2.0 * pair.truth_diameter_px));

    for (content, word) in [
        ("x_px,y_px,diameter_px\n1,2,many\n", "line 2: 'many'"),
        ("x_px,y_px,diameter_px\n1,2,-3\n", "diameter -3"),
        ("x_px,y_px,diameter_px\n1,2\n", "2 fields"),
        ("x_px,y_px\n1,2\n", "no circles"),
    ] {
        fs::write(dir.join("bad.csv"), content).unwrap();
        let message = run(&dir.join("bad.csv"), &dir.join("pred"), Options::default()).unwrap_err().to_string();
        assert!(message.contains(word) && message.contains("bad.csv"), "{message}");
    }
}

// What can't be compared

#[test]
fn errors_name_both_files_the_roi_and_its_type() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_labels(&dir.join("truth/a.labels.tif"), (60, 50), |_, _| 0);
    write_labels(&dir.join("pred/a.labels.tif"), (60, 51), |_, _| 0);
    let message = run(&dir.join("truth"), &dir.join("pred"), Options::default()).unwrap_err().to_string();
    assert!(
        ["truth/a.labels.tif", "pred/a.labels.tif", "60 x 50", "60 x 51"].iter().all(|w| message.contains(w)),
        "{message}"
    );

    for (name, word) in [("line", "a straight line"), ("angle", "an angle"), ("point", "a point")] {
        let path = golden(&format!("rois/{name}.roi"));
        let error = run(&path, &dir.join("pred/a.labels.tif"), Options::default()).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, Error::Unsupported { .. }) && message.contains(word), "{message}");
        assert!(message.contains(&format!("{name}.roi")), "{message}");
    }
    // Nothing says how large the picture is.
    fs::copy(golden("rois.zip"), dir.join("b.zip")).unwrap();
    let message = run(&dir.join("b.zip"), &dir.join("pred"), Options::default()).unwrap_err().to_string();
    assert!(message.contains("b.zip") && message.contains("how large"), "{message}");

    fs::create_dir(dir.join("empty")).unwrap();
    for place in ["empty", "missing"] {
        assert!(matches!(find(&dir.join(place)), Err(Error::NoInput { .. })), "{place}");
    }
    fs::copy(golden("rois.zip"), dir.join("truth/a.zip")).unwrap();
    let message = find(&dir.join("truth")).unwrap_err().to_string();
    assert!(message.contains("a.labels.tif") && message.contains("a.zip"), "{message}");
}

#[test]
fn hostile_rois_and_zips_end_in_an_error() {
    for name in ["polygon", "freehand-subpixel", "composite", "oval-subpixel"] {
        let whole = fs::read(golden(&format!("rois/{name}.roi"))).unwrap();
        assert!(roi::decode(&whole).is_ok());
        for cut in 0..whole.len() {
            assert!(roi::decode(&whole[..cut]).is_err(), "{name} {cut}");
        }
    }
    let zip = fs::read(golden("rois.zip")).unwrap();
    for cut in (0..zip.len()).step_by(7) {
        assert!(roi::decode_zip(&zip[..cut]).is_err(), "{cut}");
    }
    // Any answer will do, as long as there is one.
    for at in 0..zip.len() {
        let mut changed = zip.clone();
        changed[at] ^= 0xff;
        let _ = roi::decode_zip(&changed);
    }
}

#[test]
fn a_binary_mask_of_many_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.labels.tif");
    write_labels(&path, (60, 50), |x, y| 255 * (disc(15.0, 25.0, 8.0)(x, y) + disc(40.0, 25.0, 8.0)(x, y)));
    let found = evaluated(&path, &path);
    assert!(found.warnings[0].contains("2 separate parts"), "{:?}", found.warnings);
}

// An output of `cupule analyze`

const PARTICLES: &str = "image,particle_id,status,reason,confidence,x_px,y_px,diameter_px,diameter_uncertainty_nm\n\
                         a.tif,1,accepted,,0.9,30,25,20,0.1\n\
                         a.tif,2,rejected,confidence 0.300 < 0.500,0.3,70,25,20,\n\
                         a.tif,3,rejected,confidence 0.100 < 0.500,0.1,60,45,8,\n";

#[test]
fn confidence_and_uncertainty_are_judged_where_there_are_any() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let both = |x, y| disc(30.0, 25.0, 10.5)(x, y) + 2 * disc(70.0, 25.0, 10.0)(x, y);
    write_labels(&dir.join("truth/a.labels.tif"), (100, 60), both);
    write_labels(&dir.join("out/images/a/labels.tif"), (100, 60), disc(30.0, 25.0, 10.0));
    fs::write(dir.join("out/particles.csv"), PARTICLES).unwrap();
    fs::write(dir.join("out/images.csv"), "image,output\na.tif,a\n").unwrap();
    let options = Options { pixel_size: PixelSize::square(1.0), ..Options::default() };
    let found = run(&dir.join("truth"), &dir.join("out"), options).unwrap();
    // 1 px of error, more than twice 0.1.
    assert_eq!(found.all.diameter_coverage, Some(0.0));
    fs::write(dir.join("out/particles.csv"), PARTICLES.replace("20,0.1", "20,0.6")).unwrap();
    let found = run(&dir.join("truth"), &dir.join("out"), options).unwrap();
    assert_eq!(found.all.diameter_coverage, Some(1.0));

    let calibration = found.calibration.unwrap();
    assert_eq!(calibration.candidate_count, 3);
    assert_eq!([1, 3, 9].map(|bin| calibration.bins[bin].right_share), [Some(0.0), Some(1.0), Some(1.0)]);
    let expected = (0.1 + 0.7 + 0.1) / 3.0;
    assert!((calibration.confidence_error.unwrap() - expected).abs() < 1e-12);
    let f1: Vec<_> = calibration.curve.iter().map(|p| p.f1).collect();
    assert_eq!((f1.len(), f1[0], f1[2], f1[9], f1[18]), (19, Some(0.8), Some(1.0), Some(2.0 / 3.0), Some(0.0)));
    // Without the column there is nothing to judge.
    fs::write(dir.join("out/particles.csv"), PARTICLES.replace("confidence,x_px", "sureness,x_px")).unwrap();
    assert_eq!(run(&dir.join("truth"), &dir.join("out"), options).unwrap().calibration, None);
}
