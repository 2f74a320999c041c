//! `cupule compare`: runs side by side, as a person meets them.

use cupule::measure::appearance::Appearance;
use cupule::measure::shape::shape;
use cupule::measure::{Class, Mask, Particle, Status};
use cupule::results::record::{DeviceRecord, InputRecord};
use cupule::results::{Findings, ImageCounts, ImageRow, Journal, Listing, RunRecord, RunStatus, image_folder};
use cupule::segment::{Outline, Polarity, RAYS};
use cupule::units::PixelSize;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Width and height of every picture, px.
const SIDE: usize = 160;

/// What of a run matters here.
struct Given<'a> {
    /// Radius of the smallest vesicle, px; each image has nine, each a little larger than the one before.
    radius_px: f32,
    pixel_nm: Option<f64>,
    image_count: usize,
    stain: Option<&'a str>,
    version: &'a str,
}

const GIVEN: Given = Given { radius_px: 10.0, pixel_nm: Some(2.0), image_count: 6, stain: None, version: "1.2.3" };

fn particle(id: u32, (x_px, y_px): (f64, f64), radius_px: f32) -> Particle {
    let outline = Outline { x_px, y_px, radius_px: [radius_px; RAYS], polarity: Polarity::Lighter };
    Particle {
        id,
        shape: shape(&Mask::of_outline(&outline, (SIDE, SIDE)), (SIDE, SIDE)),
        outline,
        diameter_uncertainty_nm: 0.8,
        appearance: Appearance::default(),
        confidence: 0.75,
        class: Class::Vesicle,
        status: Status::Accepted,
        reason: None,
    }
}

/// A run's folder as 'cupule analyze' leaves it, as far as it is read here.
fn run(dir: &Path, given: &Given<'_>) {
    let mut outputs = Listing::default();
    for image in 0..given.image_count {
        let name = format!("image-{image}");
        let places = (0..9).map(|i| (f64::from(i % 3) * 50.0 + 30.0, f64::from(i / 3) * 50.0 + 30.0));
        let particles = (1..)
            .zip(places)
            .map(|(id, place)| particle(id, place, given.radius_px + 0.7 * id as f32 + 0.3 * image as f32))
            .collect();
        let row = ImageRow {
            image: format!("{name}.tif"),
            output: Some(name.clone()),
            width_px: Some(SIDE),
            height_px: Some(SIDE),
            pixel_size: given.pixel_nm.and_then(PixelSize::square),
            counts: Some(ImageCounts { accepted: 9, ..ImageCounts::default() }),
            ..ImageRow::default()
        };
        let folder = image_folder(dir, &name);
        fs::create_dir_all(&folder).unwrap();
        Findings { row, marks: Vec::new(), particles }.write(&folder).unwrap();
        let sha256 = Some(format!("{}{name}", dir.display()));
        let (image, status) = (format!("{name}.tif"), "ok".into());
        outputs.push(&name);
        let input = InputRecord { image, sha256, output: name, status, ..InputRecord::default() };
        Journal { input, ..Journal::default() }.write(&folder).unwrap();
    }
    fs::create_dir_all(dir).unwrap();
    let record = RunRecord {
        effort: None,
        chunk: None,
        restarts: false,
        status: RunStatus::Finished,
        cupule_version: given.version.into(),
        command: Vec::new(),
        include: Vec::new(),
        exclude: Vec::new(),
        config: serde_json::json!({ "segment": { "min_diameter_nm": given.radius_px } }),
        device: DeviceRecord::default(),
        exports: Vec::new(),
        counts: Default::default(),
        stages: Vec::new(),
        started_utc: "2026-01-01T00:00:00Z".into(),
        finished_utc: "2026-01-01T00:00:00Z".into(),
    };
    record.write(dir, &outputs).unwrap();
    if let Some(stain) = given.stain {
        fs::write(dir.join("sample.toml"), format!("[preparation]\nstain = \"{stain}\"\n")).unwrap();
    }
}

/// Exit code, standard output and error of `cupule compare ARGS`.
fn compare(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cupule")).arg("compare").args(args).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_difference_is_found_and_said_in_words() {
    let dir = tempfile::tempdir().unwrap();
    run(&dir.path().join("a/out"), &GIVEN);
    run(&dir.path().join("b/out"), &Given { radius_px: 16.0, ..GIVEN });
    let (code, stdout, stderr) = compare(dir.path(), &["a/out", "b/out", "--out", "both"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("D50 of 'b/out' is ") && stdout.contains(" nm larger than that of 'a/out'"), "{stdout}");
    assert!(stdout.contains("EV-like fraction: no difference shown"), "{stdout}");
    assert!(stderr.contains("Settings differ (segment.min_diameter_nm: 10.0 or 16.0)"), "{stderr}");

    let mut table = csv::Reader::from_path(dir.path().join("both/compare.csv")).unwrap();
    let rows: Vec<Vec<String>> = table.records().map(|r| r.unwrap().iter().map(Into::into).collect()).collect();
    let cell = |run: &str, at: usize| -> f64 {
        let row = rows.iter().find(|row| row[0] == run && row[1] == "d50_nm").unwrap();
        row[at].parse().unwrap()
    };
    let difference = cell("b/out", 3) - cell("a/out", 3);
    // Six pixels more radius, two nanometres each.
    assert!((difference - 24.0).abs() < 2.0, "{difference}");
    assert!((cell("b/out", 6) - difference).abs() < 1e-3);
    assert!(cell("b/out", 7) > 0.0 && cell("b/out", 7) < difference && difference < cell("b/out", 8));

    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("both/compare.json")).unwrap()).unwrap();
    assert_eq!(json["runs"][1]["name"], "b/out");
    assert_eq!(json["runs"][1]["statistics"]["count"], 54);
    assert!((json["differences"][0]["d50_nm"]["value"].as_f64().unwrap() - difference).abs() < 1e-3);
}

#[test]
fn equal_runs_show_no_difference_and_the_page_is_the_same_each_time() {
    let dir = tempfile::tempdir().unwrap();
    run(&dir.path().join("a"), &GIVEN);
    run(&dir.path().join("b"), &GIVEN);
    let (_, stdout, stderr) = compare(dir.path(), &["a", "b", "--out", "one"]);
    assert!(stdout.contains("D50: no difference shown between 'a' and 'b'"), "{stdout}");
    assert!(!stderr.contains("differ (") && !stderr.contains("more than one run"), "{stderr}");
    compare(dir.path(), &["a", "b", "--out", "two"]);
    for file in ["compare.csv", "compare.json", "compare.html"] {
        let of = |folder: &str| fs::read(dir.path().join(folder).join(file)).unwrap();
        assert!(of("one") == of("two"), "{file}");
    }
    let page = fs::read_to_string(dir.path().join("one/compare.html")).unwrap();
    assert!(page.contains("default-src 'none'") && page.contains("script-src 'none'"), "no policy");
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"), "something from outside");
    assert_eq!(page.matches("<svg").count(), 4);
}

#[test]
fn what_makes_runs_hard_to_compare_is_said() {
    let dir = tempfile::tempdir().unwrap();
    run(&dir.path().join("a"), &Given { stain: Some("uranyl acetate"), ..GIVEN });
    run(&dir.path().join("b"), &Given { pixel_nm: Some(3.0), version: "1.3.0", ..GIVEN });
    let (_, _, stderr) = compare(dir.path(), &["a", "b"]);
    for words in [
        "Versions of cupule differ (1.2.3 in 'a'; 1.3.0 in 'b')",
        "Pixel sizes differ (mean 2.00 nm in 'a'; 3.00 nm in 'b')",
        "unknown in 'b'; uranyl acetate in 'a'",
    ] {
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
}

#[test]
fn runs_without_sizes_have_blank_figures() {
    let dir = tempfile::tempdir().unwrap();
    run(&dir.path().join("a"), &GIVEN);
    run(&dir.path().join("unscaled"), &Given { pixel_nm: None, ..GIVEN });
    run(&dir.path().join("empty"), &Given { image_count: 0, ..GIVEN });
    let (code, stdout, stderr) = compare(dir.path(), &["unscaled", "empty", "a", "-o", "out"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("D50: 'unscaled' and 'a' cannot be compared"), "{stdout}");
    let table = fs::read_to_string(dir.path().join("out/compare.csv")).unwrap();
    assert!(table.contains("\nempty,d50_nm,nm,,,,,,\n"), "{table}");
    let page = fs::read_to_string(dir.path().join("out/compare.html")).unwrap();
    assert!(!table.contains("NaN") && !page.contains("NaN"));
}

#[test]
fn wrong_input_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    run(&dir.path().join("a"), &GIVEN);
    fs::create_dir(dir.path().join("b")).unwrap();
    for (args, code, words) in [
        (&["a"][..], 2, "2 values required"),
        (&["a", "a/../a"], 2, "is given twice"),
        (&["a", "b"], 3, "run.json"),
        (&["a", "nowhere"], 3, "run.json"),
    ] {
        let (found, stdout, stderr) = compare(dir.path(), args);
        assert!(found == code && stderr.contains(words) && stdout.is_empty(), "{args:?}: {found} {stderr}");
    }
}

/// Names that a shell, a browser and a spreadsheet would each take for more than a name.
#[cfg(unix)]
#[test]
fn names_of_folders_are_inert() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["<img src=x onerror=alert(1)>", "=cmd", "\u{202E}txt\n\u{1b}[31m"];
    names.iter().for_each(|name| run(&dir.path().join(name), &GIVEN));
    let (code, stdout, stderr) = compare(dir.path(), &[names[0], names[1], names[2], "--out", "out"]);
    assert_eq!(code, 0, "{stderr}");
    for text in [&stdout, &stderr] {
        assert!(!text.contains(['\u{1b}', '\u{202E}']), "{text:?}");
    }
    let page = fs::read_to_string(dir.path().join("out/compare.html")).unwrap();
    assert!(!page.contains("<img") && !page.contains(['\u{1b}', '\u{202E}']));
    let table = fs::read_to_string(dir.path().join("out/compare.csv")).unwrap();
    assert!(table.contains("\n'=cmd,d50_nm"), "{table}");
}
