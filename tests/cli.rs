//! The program as a person meets it: started in an empty folder, judged by its exit code, its messages and its files.
//!
//! `--device cpu` throughout, unless the device is the point: what is tested here must not depend on the machine.

use cupule::config::Config;
use cupule::report::columns::{IMAGES, PARTICLES};
use cupule::synth::{self, Kind, Options};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tiff::decoder::ifd::Value;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::{Gray16, Gray32Float};
use tiff::tags::Tag;

/// How a call ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Starts the program in `dir`.
fn cupule<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_cupule")).args(args).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("ended by a signal");
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// `cupule analyze ARGS --device cpu`, which must end with `code`.
fn analyze(dir: &Path, args: &[&str], code: i32) -> Ended {
    let ended = cupule(dir, &[&["analyze", "--device", "cpu"], args].concat());
    assert_eq!(ended.code, code, "analyze {args:?}: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "analyze writes nothing to standard output");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

/// A folder with `in/clean-000.tif`, a small calibrated field with vesicles.
fn folder_with_field() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fields(dir.path(), &[Kind::Clean], 1);
    dir
}

/// Small calibrated fields in `in`, 320 px square with pixels of 1.6 nm.
fn fields(dir: &Path, kinds: &[Kind], count: usize) {
    let options =
        Options { width_px: Some(320), height_px: Some(320), pixel_size_nm: Some(1.6), kinds: kinds.to_vec() };
    synth::write(&dir.join("set"), count, 5, &options).unwrap();
    fs::rename(dir.join("set/images"), dir.join("in")).unwrap();
}

/// Rows of a table as maps from heading to cell.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

fn headings(path: &Path) -> Vec<String> {
    csv::Reader::from_path(path).unwrap().headers().unwrap().iter().map(Into::into).collect()
}

/// Every file below a folder, by its path with `/`.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    let of = |path: &Path| path.strip_prefix(dir).unwrap().to_string_lossy().replace('\\', "/");
    entries.filter(|e| e.file_type().is_file()).map(|e| (of(e.path()), fs::read(e.path()).unwrap())).collect()
}

/// The results that must be the same from run to run: all but the times.
fn lasting(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(out);
    assert!(files.remove("run.json").is_some());
    let timeless: Vec<BTreeMap<String, String>> = rows(&out.join("images.csv"))
        .into_iter()
        .map(|row| row.into_iter().filter(|(column, _)| column != "seconds").collect())
        .collect();
    files.insert("images.csv".into(), format!("{timeless:?}").into_bytes());
    files
}

struct Picture {
    width: usize,
    height: usize,
    value: Vec<u16>,
}

fn read_picture(path: &Path) -> Picture {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    let DecodingResult::U16(value) = decoder.read_image().unwrap() else { panic!("{}: not 16 bit", path.display()) };
    Picture { width: width as usize, height: height as usize, value }
}

/// A TIFF without any pixel size.
fn write_picture(path: &Path, (width, height): (u32, u32), grey: impl Fn(u32, u32) -> u16) {
    let pixels: Vec<u16> = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| grey(x, y)).collect();
    let mut tiff = TiffEncoder::new(fs::File::create(path).unwrap()).unwrap();
    tiff.write_image::<Gray16>(width, height, &pixels).unwrap();
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn copy(from: &str, to: &Path) {
    fs::copy(fixture(from), to).unwrap();
}

// Help

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let help = cupule(dir.path(), &["--help"]);
    assert_eq!(help.code, 0);
    for command in ["analyze", "synth", "devices", "columns"] {
        assert!(help.stdout.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {}", help.stdout);
    }
    assert!(!help.stdout.contains("train"), "{}", help.stdout);
    for text in [help.stdout, cupule(dir.path(), &["analyze", "--help"]).stdout] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for code in ["0 all fine", "1 some images", "2 wrong usage", "3 no usable", "4 output", "5 the asked-for"] {
            assert!(flat.contains(code), "{code}: {text}");
        }
    }
    assert_eq!(cupule::<&str>(dir.path(), &[]).code, 2);
}

/// The help of one option, on one line.
fn option_help(help: &str, option: &str) -> String {
    let mut lines = help.lines().skip_while(|line| !line.contains(&format!("--{option} ")));
    let first = lines.next().unwrap_or_else(|| panic!("no --{option}: {help}"));
    let rest = lines.take_while(|line| !line.trim_start().starts_with('-'));
    std::iter::once(first).chain(rest).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn help_states_each_default_and_unit() {
    let dir = tempfile::tempdir().unwrap();
    let Config { denoise, segment, verdict } = Config::default();
    let help = cupule(dir.path(), &["analyze", "-h"]).stdout;
    for (option, unit, default) in [
        ("pixel-size", "with its unit (nm, A, pm, um)", "from each file".to_owned()),
        ("min-diameter", "nm", segment.min_diameter_nm.to_string()),
        ("max-diameter", "nm", segment.max_diameter_nm.to_string()),
        ("min-confidence", "0 to 1", verdict.min_confidence.to_string()),
        ("denoise-strength", "relative to the noise", denoise.strength.to_string()),
        ("device", "auto", "auto".to_owned()),
        ("threads", "at least 1", "one per core".to_owned()),
    ] {
        let text = option_help(&help, option);
        assert!(text.contains(unit) && text.contains(&format!("[default: {default}]")), "{text}");
    }
    let help = cupule(dir.path(), &["synth", "-h"]).stdout;
    for (option, unit, default) in [
        ("seed", "", "0"),
        ("count", "", "10"),
        ("kind", "", "all"),
        ("size", "px", "drawn for each"),
        ("pixel-size", "nm", "drawn for each"),
    ] {
        let text = option_help(&help, option);
        assert!(text.contains(unit) && text.contains(&format!("[default: {default}]")), "{text}");
    }
    for kind in Kind::ALL {
        assert!(option_help(&help, "kind").contains(kind.name()));
    }
}

// Exit codes

#[test]
fn code_0_and_all_promised_files() {
    let dir = folder_with_field();
    let dir = dir.path();
    let ended = analyze(dir, &["in", "--out", "out"], 0);
    assert!(ended.stderr.contains("images: 1, failed: 0"), "{}", ended.stderr);
    let promised =
        ["images.csv", "images/clean-000/labels.tif", "images/clean-000/overlay.png", "particles.csv", "run.json"];
    assert_eq!(files(&dir.join("out")).into_keys().collect::<Vec<_>>(), promised);
    assert_eq!(headings(&dir.join("out/particles.csv")), PARTICLES.iter().map(|c| c.name).collect::<Vec<_>>());
    assert_eq!(headings(&dir.join("out/images.csv")), IMAGES.iter().map(|c| c.name).collect::<Vec<_>>());
    assert!(!rows(&dir.join("out/particles.csv")).is_empty());
    let overlay = image::open(dir.join("out/images/clean-000/overlay.png")).unwrap();
    assert!(overlay.width() >= 320 && overlay.height() > 320);

    let run: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("out/run.json")).unwrap()).unwrap();
    assert_eq!(run["device"]["kind"], "native");
    assert_eq!(run["inputs"][0]["image"], "clean-000.tif");
    assert_eq!(run["inputs"][0]["sha256"], rows(&dir.join("out/images.csv"))[0]["input_sha256"]);
    assert_eq!(run["config"]["segment"]["min_diameter_nm"], 30.0);
    let command: Vec<&str> = run["command"].as_array().unwrap().iter().filter_map(|v| v.as_str()).skip(1).collect();
    assert_eq!(command, ["analyze", "--device", "cpu", "in", "--out", "out"]);
}

#[test]
fn code_1_when_some_images_fail() {
    let dir = folder_with_field();
    let dir = dir.path();
    copy("broken/cut.tif", &dir.join("in/broken.tif"));
    let ended = analyze(dir, &["in", "--out", "out"], 1);
    assert!(ended.stderr.contains("error: in/broken.tif: the TIFF is cut off"), "{}", ended.stderr);
    let images = rows(&dir.join("out/images.csv"));
    let of = |column: &str| images.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    assert_eq!(of("image"), ["broken.tif", "clean-000.tif"]);
    assert_eq!(of("status"), ["failed", "ok"]);
    assert!(of("error")[0].starts_with("the TIFF is cut off"), "{images:?}");
    assert_eq!((of("output")[0].as_str(), of("accepted_count")[0].as_str()), ("", ""));
    assert!(!dir.join("out/images/broken").exists());
    // What came out for the intact one is what comes out without the broken one.
    fs::remove_file(dir.join("in/broken.tif")).unwrap();
    analyze(dir, &["in", "--out", "without"], 0);
    let (with, without) = (files(&dir.join("out")), files(&dir.join("without")));
    for name in ["particles.csv", "images/clean-000/labels.tif", "images/clean-000/overlay.png"] {
        assert!(with[name] == without[name], "{name}");
    }
}

#[test]
fn code_2_for_wrong_options() {
    let dir = folder_with_field();
    for (args, hint) in [
        (["--pixel-size", "0.62"].as_slice(), "has no unit; write a number with its unit"),
        (&["--pixel-size", "0nm"], "not a positive length"),
        (&["--pixel-size", "1 parsec"], "not a unit"),
        (&["--min-diameter", "200", "--max-diameter", "100"], "200 to 100 nm"),
        (&["--min-diameter", "-5"], "-5 to 250 nm"),
        (&["--max-diameter", "nan"], "--max-diameter"),
        (&["--min-diameter", "1", "--max-diameter", "1000"], "1 : 100"),
        (&["--min-confidence", "1.5"], "between 0 and 1"),
        (&["--min-confidence", "nan"], "between 0 and 1"),
        (&["--denoise-strength", "-1"], "between 0 and 100"),
        (&["--denoise-strength", "nan"], "between 0 and 100"),
        (&["--threads", "0"], "1 or more"),
        (&["--device", ""], "auto, gpu, cpu"),
        (&["--quiet", "--verbose"], "cannot be used with"),
        (&["--no-such-option"], "unexpected argument"),
    ] {
        let ended = cupule(dir.path(), &[&["analyze", "in", "--out", "out"], args].concat());
        assert!(ended.code == 2 && ended.stderr.contains(hint), "{args:?}: {} {}", ended.code, ended.stderr);
    }
    for args in
        [["analyze", "in"].as_slice(), &["analyze", "--out", "out"], &["analyse", "in"], &["synth", "--size", "9"]]
    {
        assert_eq!(cupule(dir.path(), args).code, 2, "{args:?}");
    }
    for args in [["--kind", "foggy"], ["--size", "0x9"], ["--pixel-size", "1um"]] {
        let ended = cupule(dir.path(), &[&["synth", "--out", "made"], args.as_slice()].concat());
        assert!(ended.code == 2 && ended.stderr.starts_with("error: "), "{args:?}: {}", ended.stderr);
    }
    assert!(!dir.path().join("out").exists() && !dir.path().join("made").exists(), "nothing is written");
}

#[test]
fn code_2_when_results_would_lie_among_the_micrographs() {
    let dir = folder_with_field();
    let ended = analyze(dir.path(), &["in", "--out", "in"], 2);
    assert!(ended.stderr.contains("choose an --out"), "{}", ended.stderr);
    // Below the input folder is fine: the next run passes it over.
    analyze(dir.path(), &["in", "--out", "in/results", "-q"], 0);
    analyze(dir.path(), &["in", "--out", "in/results", "-q"], 0);
    assert_eq!(rows(&dir.path().join("in/results/images.csv")).len(), 1);
}

#[test]
fn code_3_without_usable_input() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ended = analyze(dir, &["nothing.tif", "--out", "out"], 3);
    assert!(ended.stderr.contains("nothing.tif: no such file or folder"), "{}", ended.stderr);
    fs::create_dir(dir.join("empty")).unwrap();
    fs::write(dir.join("empty/notes.txt"), "no picture").unwrap();
    let ended = analyze(dir, &["empty", "--out", "out"], 3);
    assert!(ended.stderr.contains("no micrograph was found in empty"), "{}", ended.stderr);
    assert!(!dir.join("out").exists());

    fs::create_dir(dir.join("bad")).unwrap();
    copy("broken/cut.tif", &dir.join("bad/cut.tif"));
    copy("broken/gatan.dm3", &dir.join("bad/gatan.dm3"));
    fs::write(dir.join("bad/text.png"), "no picture").unwrap();
    let ended = analyze(dir, &["bad", "--out", "out", "--quiet"], 3);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.starts_with("error: bad")), "{}", ended.stderr);
    assert!(rows(&dir.join("out/images.csv")).iter().all(|row| row["status"] == "failed" && !row["error"].is_empty()));
    assert!(rows(&dir.join("out/particles.csv")).is_empty());
}

#[test]
fn code_4_when_the_output_cannot_be_written() {
    let dir = folder_with_field();
    let dir = dir.path();
    fs::write(dir.join("file"), "in the way").unwrap();
    for out in ["file", "file/below"] {
        let ended = analyze(dir, &["in", "--out", out], 4);
        assert!(ended.stderr.starts_with("error: file") && ended.stderr.contains("is a folder"), "{}", ended.stderr);
    }
    assert_eq!(fs::read(dir.join("file")).unwrap(), b"in the way");
    assert_eq!(cupule(dir, &["synth", "--out", "file", "-n", "1", "--size", "9x9"]).code, 4);

    fs::create_dir_all(dir.join("out/particles.csv")).unwrap();
    let ended = analyze(dir, &["in", "--out", "out"], 4);
    assert!(ended.stderr.contains("particles.csv"), "{}", ended.stderr);
    let left: Vec<String> = files(&dir.join("out")).into_keys().collect();
    assert!(left.iter().all(|name| name.starts_with("images/")), "{left:?}");
}

#[test]
fn code_5_when_the_device_cannot_be_used() {
    let dir = folder_with_field();
    let dir = dir.path();
    let devices = cupule(dir, &["devices", "--json"]);
    assert_eq!(devices.code, 0);
    let devices: serde_json::Value = serde_json::from_str(&devices.stdout).unwrap();
    let devices = devices.as_array().unwrap();
    assert_eq!((&devices[0]["name"], &devices[0]["kind"]), (&"cpu".into(), &"native".into()));
    let hardware = devices.iter().any(|d| d["kind"] == "hardware");
    for (device, code) in [("gpu", if hardware { 0 } else { 5 }), ("no such device", 5), ("CPU", 0), ("auto", 0)] {
        let out = format!("on {device}");
        let ended = cupule(dir, &["analyze", "in", "--out", &out, "--device", device]);
        assert_eq!(ended.code, code, "--device {device}: {}", ended.stderr);
        assert_eq!(dir.join(out).exists(), code == 0, "--device {device} writes only what it computed");
        if code == 5 {
            assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("cpu"), "{}", ended.stderr);
        }
    }
}

// What is in the files

#[test]
fn labels_are_the_ids_of_what_is_outlined() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Dense fields have vesicles at the border too.
    fields(dir, &[Kind::Dense], 2);
    analyze(dir, &["in", "--out", "out"], 0);
    let particles = rows(&dir.join("out/particles.csv"));
    let count = |status| particles.iter().filter(|row| row["status"] == status).count();
    assert!(count("accepted") > 0 && count("border") > 0 && count("rejected") > 0, "a poor example");
    for image in ["dense-000", "dense-001"] {
        let path = dir.join(format!("out/images/{image}/labels.tif"));
        let labels = read_picture(&path);
        assert_eq!((labels.width, labels.height), (320, 320));
        let of_image = particles.iter().filter(|row| row["image"] == format!("{image}.tif"));
        let areas: BTreeMap<u16, usize> = of_image
            .filter(|row| row["status"] != "rejected")
            .map(|row| (row["particle_id"].parse().unwrap(), row["area_px2"].parse().unwrap()))
            .collect();
        let mut found: BTreeMap<u16, usize> = BTreeMap::new();
        labels.value.iter().filter(|&&v| v > 0).for_each(|&v| *found.entry(v).or_default() += 1);
        assert_eq!(found.keys().collect::<Vec<_>>(), areas.keys().collect::<Vec<_>>());
        // Where two overlap, one of them lacks the pixels they share.
        assert!(found.iter().all(|(id, &pixels)| pixels <= areas[id]));
        assert!(found.iter().any(|(id, &pixels)| pixels == areas[id]));

        let mut decoder = Decoder::new(fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap(), "ImageJ=1.53t\nunit=nm\n");
        for tag in [Tag::XResolution, Tag::YResolution] {
            let Value::Rational(n, d) = decoder.get_tag(tag).unwrap() else { panic!("{tag:?}") };
            assert!((f64::from(d) / f64::from(n) - 1.6).abs() < 1e-5, "{tag:?} {n}/{d}");
        }
    }
}

const IN_NM: [&str; 8] =
    ["x_nm", "y_nm", "diameter_nm", "feret_max_nm", "feret_min_nm", "area_nm2", "perimeter_nm", "pixel_size_nm"];

/// Strips the calibration off a field.
fn uncalibrated_field(dir: &Path) {
    fields(dir, &[Kind::Clean], 1);
    let path = dir.join("in/clean-000.tif");
    let Picture { width, value, .. } = read_picture(&path);
    write_picture(&path, (320, 320), |x, y| value[y as usize * width + x as usize]);
}

#[test]
fn without_a_pixel_size_there_are_only_pixels() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    uncalibrated_field(dir);
    let ended = analyze(dir, &["in", "--out", "out"], 0);
    assert!(ended.stderr.contains("warning: clean-000.tif: no pixel size"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--pixel-size 0.62nm"), "{}", ended.stderr);
    let (particles, images) = (rows(&dir.join("out/particles.csv")), rows(&dir.join("out/images.csv")));
    assert!(images[0]["warnings"].contains("--pixel-size") && images[0]["pixel_size_source"] == "none");
    assert!(!particles.is_empty());
    for row in particles.iter().chain(&images) {
        assert!(IN_NM.iter().filter_map(|column| row.get(*column)).all(String::is_empty), "{row:?}");
    }
    for column in ["x_px", "y_px", "diameter_px", "feret_max_px", "feret_min_px", "area_px2", "perimeter_px"] {
        assert!(particles.iter().all(|row| row[column].parse::<f64>().unwrap() >= 0.0), "{column}");
    }
    let mut labels = Decoder::new(fs::File::open(dir.join("out/images/clean-000/labels.tif")).unwrap()).unwrap();
    assert!(!labels.get_tag_ascii_string(Tag::ImageDescription).unwrap().contains("unit"));
}

#[test]
fn the_pixel_size_on_the_command_line_wins() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    uncalibrated_field(dir);
    analyze(dir, &["in", "--out", "given", "--pixel-size", "16 A"], 0);
    let dir_calibrated = folder_with_field();
    let ended = analyze(dir_calibrated.path(), &["in", "--out", "out", "--pixel-size", "1.2nm"], 0);
    assert!(ended.stderr.contains("two pixel sizes disagree"), "{}", ended.stderr);
    for (out, nm) in [(dir.join("given"), 1.6), (dir_calibrated.path().join("out"), 1.2)] {
        let image = &rows(&out.join("images.csv"))[0];
        assert_eq!((image["pixel_size_nm"].parse(), image["pixel_size_source"].as_str()), (Ok(nm), "user"));
        let particles = rows(&out.join("particles.csv"));
        assert!(particles.iter().any(|row| row["status"] == "accepted"));
        for row in particles {
            let number = |column: &str| row[column].parse::<f64>().unwrap();
            assert!((number("diameter_nm") - nm * number("diameter_px")).abs() < 1e-3, "{row:?}");
            assert!((number("area_nm2") - nm * nm * number("area_px2")).abs() < 1e-2, "{row:?}");
        }
    }
    // The same pixels and the same size give the same particles, wherever the size comes from.
    analyze(dir_calibrated.path(), &["in", "--out", "from-file"], 0);
    let particles = |path: PathBuf| fs::read_to_string(path.join("particles.csv")).unwrap();
    assert_eq!(particles(dir.join("given")), particles(dir_calibrated.path().join("from-file")));
}

#[test]
fn results_are_the_same_bytes_again_and_on_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fields(dir, &[Kind::Cup, Kind::Clutter, Kind::Dense], 3);
    analyze(dir, &["in", "--out", "two", "--threads", "2"], 0);
    analyze(dir, &["in", "--out", "again", "--threads", "2"], 0);
    analyze(dir, &["in", "--out", "one", "--threads", "1"], 0);
    // Into the results of another run, and with the files named one by one, the other way round.
    let names = ["in/dense-002.tif", "in/cup-000.tif", "in/clutter-001.tif"];
    analyze(dir, &[&names, ["--out", "again", "--threads", "3"].as_slice()].concat(), 0);
    let expected = lasting(&dir.join("two"));
    assert_eq!(expected.len(), 2 + 3 * 2);
    for other in ["again", "one"] {
        let found = lasting(&dir.join(other));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (name, bytes) in &expected {
            assert!(found[name] == *bytes, "{other}/{name} differs");
        }
    }
    // The comparison can fail.
    analyze(dir, &["in", "--out", "other", "--denoise-strength", "0"], 0);
    assert!(lasting(&dir.join("other"))["particles.csv"] != expected["particles.csv"]);
}

#[test]
fn equal_names_keep_results_of_their_own() {
    let dir = folder_with_field();
    let dir = dir.path();
    for (i, name) in ["a/x.tif", "a/x.png", "a/sub/x.tif", "b/x.tif"].into_iter().enumerate() {
        fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
        let size = 40 + i as u32;
        if name.ends_with("png") {
            image::GrayImage::from_pixel(size, size, image::Luma([90])).save(dir.join(name)).unwrap();
        } else {
            write_picture(&dir.join(name), (size, size), |x, y| (x * y) as u16);
        }
    }
    analyze(dir, &["a", "b", "a/x.png", "--out", "out", "--quiet"], 0);
    let images = rows(&dir.join("out/images.csv"));
    assert_eq!(images.len(), 4);
    for column in ["image", "output"] {
        assert_eq!(images.iter().map(|row| &row[column]).collect::<BTreeSet<_>>().len(), 4, "{images:?}");
    }
    for row in images {
        let labels = read_picture(&dir.join("out/images").join(&row["output"]).join("labels.tif"));
        assert_eq!(labels.width.to_string(), row["width_px"], "{row:?}");
    }
}

#[test]
fn pictures_of_an_earlier_run_do_not_outlive_a_failure() {
    let dir = folder_with_field();
    let dir = dir.path();
    copy("formats/grey8.png", &dir.join("in/ok.png"));
    analyze(dir, &["in", "--out", "out", "-q"], 0);
    assert!(dir.join("out/images/clean-000/overlay.png").exists());
    copy("broken/cut.tif", &dir.join("in/clean-000.tif"));
    analyze(dir, &["in", "--out", "out", "-q"], 1);
    assert!(!dir.join("out/images/clean-000").exists());
    assert!(dir.join("out/images/ok/overlay.png").exists());
}

#[test]
fn quiet_is_quiet_and_verbose_names_the_stages() {
    let dir = folder_with_field();
    write_picture(&dir.path().join("in/no-scale.tif"), (60, 60), |x, y| (x ^ y) as u16);
    let ended = analyze(dir.path(), &["in", "--out", "out", "--quiet"], 0);
    assert_eq!(ended.stderr, "");
    let ended = analyze(dir.path(), &["in", "--out", "out", "--verbose"], 0);
    for word in ["clean-000.tif: ", " accepted", "calibrate", "denoise", "segment", "measure", "warning: no-scale.tif"]
    {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

#[test]
fn strange_names_are_kept() {
    let dir = folder_with_field();
    let dir = dir.path();
    let names = ["=1+1.tif", "it's \"quoted\", 50 %.tif", "-q.tif", "µ Vesikel 膜.TIF", "a\nb.tif"];
    fs::create_dir(dir.join("odd")).unwrap();
    for name in names {
        fs::copy(dir.join("in/clean-000.tif"), dir.join("odd").join(name)).unwrap();
    }
    analyze(dir, &["odd", "--out", "out", "--quiet"], 0);
    let images = rows(&dir.join("out/images.csv"));
    assert_eq!(images.len(), names.len());
    for name in names {
        // A spreadsheet takes a cell that starts like this for a formula.
        let cell = if name.starts_with(['=', '-']) { format!("'{name}") } else { name.to_owned() };
        assert!(images.iter().any(|row| row["image"] == cell), "{cell}: {images:?}");
        let stem = Path::new(name).file_stem().unwrap();
        assert!(dir.join("out/images").join(stem).join("overlay.png").exists(), "{name}");
    }
    // As an argument, a name like an option goes after `--`.
    let ended = cupule(&dir.join("odd"), &["analyze", "--device", "cpu", "--out", "../minus", "--", "-q.tif"]);
    assert!(ended.code == 0 && ended.stderr.contains("-q.tif: "), "{}", ended.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_analysed() {
    use std::os::unix::ffi::OsStrExt;
    let dir = folder_with_field();
    let dir = dir.path();
    fs::create_dir(dir.join("odd")).unwrap();
    for name in [b"caf\xe9.tif".as_slice(), b"caf\xe8.tif"] {
        fs::copy(dir.join("in/clean-000.tif"), dir.join("odd").join(OsStr::from_bytes(name))).unwrap();
    }
    analyze(dir, &["odd", "--out", "out", "--quiet"], 0);
    let images = rows(&dir.join("out/images.csv"));
    let names: BTreeSet<&str> = images.iter().map(|row| row["image"].as_str()).collect();
    assert!(names.len() == 2 && names.iter().all(|name| name.contains("caf\u{fffd}.tif")), "{names:?}");
    assert!(images.iter().all(|row| dir.join("out/images").join(&row["output"]).join("labels.tif").exists()));
}

// Whether it finds vesicles

/// Vesicles of one field: how many of the truth were found, and how many of the found are true.
#[derive(Default)]
struct Score {
    true_count: usize,
    recalled: usize,
    accepted: usize,
    right: usize,
}

impl Score {
    /// Compares label pictures: a pair matches when it shares at least half of its union. Vesicles cut by the border
    /// need not be found.
    fn add(&mut self, truth: &Picture, cut: &BTreeSet<u16>, found: &Picture, accepted: &BTreeSet<u16>) {
        let mut shared: HashMap<(u16, u16), usize> = HashMap::new();
        truth.value.iter().zip(&found.value).for_each(|(&t, &f)| *shared.entry((t, f)).or_default() += 1);
        let area = |picture: &Picture, id| picture.value.iter().filter(|&&v| v == id).count();
        let pairs: Vec<(u16, u16)> = shared
            .iter()
            .filter(|((t, f), common)| *t > 0 && *f > 0 && 2 * *common >= area(truth, *t) + area(found, *f) - *common)
            .map(|(pair, _)| *pair)
            .collect();
        let ids: BTreeSet<u16> = truth.value.iter().copied().filter(|id| *id > 0 && !cut.contains(id)).collect();
        self.true_count += ids.len();
        self.recalled += pairs.iter().filter(|(t, _)| ids.contains(t)).count();
        self.accepted += accepted.len();
        self.right += pairs.iter().filter(|(_, f)| accepted.contains(f)).count();
    }
}

#[test]
fn finds_the_vesicles_of_clear_fields() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let args = ["synth", "--out", "set", "--seed", "21", "-n", "8", "--kind", "clean", "--size", "560x480"];
    let ended = cupule(dir, &[args.as_slice(), &["--pixel-size", "1.5nm"]].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    analyze(dir, &["set/images", "--out", "out", "-q"], 0);
    let (particles, truth) = (rows(&dir.join("out/particles.csv")), rows(&dir.join("set/truth.csv")));
    let mut score = Score::default();
    for row in rows(&dir.join("set/scenes.csv")) {
        let image = &row["image"];
        let ids = |rows: &[HashMap<String, String>], name: &str, column: &str, value: &str| -> BTreeSet<u16> {
            let of_image = rows.iter().filter(|row| row["image"] == name && row[column] == value);
            of_image.map(|row| row["particle_id"].parse().unwrap()).collect()
        };
        score.add(
            &read_picture(&dir.join(format!("set/truth/{image}.labels.tif"))),
            &ids(&truth, image, "touches_border", "true"),
            &read_picture(&dir.join(format!("out/images/{image}/labels.tif"))),
            &ids(&particles, &format!("{image}.tif"), "status", "accepted"),
        );
    }
    let Score { true_count, recalled, accepted, right } = score;
    let (recall, precision) = (recalled as f64 / true_count as f64, right as f64 / accepted as f64);
    eprintln!("recall {recalled}/{true_count} = {recall:.3}, precision {right}/{accepted} = {precision:.3}");
    assert!(true_count >= 20, "a poor example: {true_count} vesicles");
    // Both were 36 of 36 when this was written; the margin is for a verdict that is trained anew.
    assert!(recall >= 0.6 && precision >= 0.8, "recall {recall:.3}, precision {precision:.3}");
}

/// Noise with a bell-like distribution, the same in each run.
fn noise() -> impl FnMut() -> f64 {
    let mut state = 12345_u64;
    move || {
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}

/// Three fields of 400 px square without anything in them.
fn empty_fields(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let mut draw = noise();
    let white: Vec<f64> = (0..402 * 402).map(|_| draw()).collect();
    // Camera blur: the mean of 3 x 3, brought back to the same deviation.
    let blurred = |x: u32, y: u32| {
        let at = |x: u32, y: u32| white[(y * 402 + x) as usize];
        (0..9).map(|k| at(x + k % 3, y + k / 3)).sum::<f64>() / 3.0
    };
    let grey = |value: f64| (20_000.0 + 1_500.0 * value) as u16;
    let put = |name: &str, value: &dyn Fn(u32, u32) -> u16| write_picture(&folder.join(name), (400, 400), value);
    put("white-noise.tif", &|x, y| grey(white[(y * 402 + x) as usize]));
    put("blurred-noise.tif", &|x, y| grey(blurred(x, y)));
    put("sloping-noise.tif", &|x, y| grey(blurred(x, y)) + (20 * x + 10 * y) as u16);
}

/// Analyses `in` with pixels of each size, and finds no vesicle.
fn finds_nothing(dir: &Path, pixel_sizes: &[&str]) {
    for size in pixel_sizes {
        analyze(dir, &["in", "--out", "out", "--pixel-size", size, "-q"], 0);
        for row in rows(&dir.join("out/images.csv")) {
            let found = (row["accepted_count"].as_str(), row["border_count"].as_str());
            assert_eq!(found, ("0", "0"), "{} at {size}", row["image"]);
        }
    }
}

#[test]
fn nothing_is_found_in_noise() {
    let dir = tempfile::tempdir().unwrap();
    empty_fields(&dir.path().join("in"));
    finds_nothing(dir.path(), &["0.35nm", "0.6nm", "1nm"]);
}

#[test]
fn nothing_is_found_in_coarse_noise() {
    let dir = tempfile::tempdir().unwrap();
    empty_fields(&dir.path().join("in"));
    finds_nothing(dir.path(), &["1.5nm", "2.5nm", "4nm"]);
}

#[test]
fn nothing_is_found_in_plain_and_tiny_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("in");
    fs::create_dir(&folder).unwrap();
    let put = |name: &str, size, grey: &dyn Fn(u32, u32) -> u16| write_picture(&folder.join(name), size, grey);
    put("black.tif", (300, 200), &|_, _| 0);
    put("white.tif", (300, 200), &|_, _| u16::MAX);
    put("ramp.tif", (300, 200), &|x, y| (100 * x + 50 * y) as u16);
    put("1x1.tif", (1, 1), &|_, _| 7);
    put("5x3.tif", (5, 3), &|x, y| (x * y) as u16);
    put("1x500.tif", (1, 500), &|_, y| y as u16);
    put("500x2.tif", (500, 2), &|x, _| x as u16);
    finds_nothing(dir.path(), &["0.1nm", "1.5nm", "4nm", "12nm"]);
}

#[test]
fn pixels_that_are_no_numbers_are_survived() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("in")).unwrap();
    let put = |name: &str, grey: &dyn Fn(usize) -> f32| {
        let pixels: Vec<f32> = (0..60 * 60).map(grey).collect();
        let mut tiff = TiffEncoder::new(fs::File::create(dir.join("in").join(name)).unwrap()).unwrap();
        tiff.write_image::<Gray32Float>(60, 60, &pixels).unwrap();
    };
    put("all-nan.tif", &|_| f32::NAN);
    put("infinite.tif", &|i| if i % 2 == 0 { f32::INFINITY } else { f32::NEG_INFINITY });
    put("some-nan.tif", &|i| if i % 7 == 0 { f32::NAN } else { i as f32 });
    put("huge.tif", &|i| if i % 2 == 0 { f32::MAX } else { f32::MIN });
    put("tiny.tif", &|i| i as f32 * f32::MIN_POSITIVE);
    let ended = cupule(dir, &["analyze", "in", "--out", "out", "--device", "cpu", "--pixel-size", "1nm", "-q"]);
    assert!(ended.code == 1 && !ended.stderr.contains("panicked"), "{} {}", ended.code, ended.stderr);
    let images = rows(&dir.join("out/images.csv"));
    let row = |name: &str| images.iter().find(|row| row["image"] == name).unwrap();
    for name in ["all-nan.tif", "infinite.tif"] {
        assert!(row(name)["status"] == "failed" && !row(name)["error"].is_empty(), "{:?}", row(name));
    }
    assert_eq!(
        (row("some-nan.tif")["status"].as_str(), row("some-nan.tif")["nonfinite_count"].as_str()),
        ("ok", "515")
    );
    assert_eq!(row("tiny.tif")["status"], "ok");
}

// The demo of the README

const DEMO: [&str; 3] = ["cup-000", "clutter-001", "mixed-002"];

#[test]
fn the_demo_is_what_its_command_makes() {
    let dir = tempfile::tempdir().unwrap();
    let readme = fs::read_to_string(fixture("README.md")).unwrap();
    let command = readme.lines().find_map(|line| line.trim().strip_prefix("cargo run --release -- synth ")).unwrap();
    let args: Vec<&str> = std::iter::once("synth").chain(command.split_whitespace()).collect();
    let out = args[args.iter().position(|arg| *arg == "--out").unwrap() + 1];
    let ended = cupule(dir.path(), &args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let made = files(&dir.path().join(out));
    let demo = files(&fixture("demo"));
    assert_eq!(demo.len(), DEMO.len(), "the folder holds the micrographs alone: analyze takes whatever it finds");
    for name in DEMO {
        let picture = &demo[&format!("{name}.tif")];
        let truth = &fs::read(fixture(&format!("demo-truth/{name}.labels.tif"))).unwrap();
        for (file, bytes, again) in [
            (format!("demo/{name}.tif"), picture, &made[&format!("images/{name}.tif")]),
            (format!("demo-truth/{name}.labels.tif"), truth, &made[&format!("truth/{name}.labels.tif")]),
        ] {
            let sha256: String = sha256_hex(bytes);
            assert!(
                readme.contains(&format!("| {file} | `{sha256}` |")),
                "{file} is not {sha256} in fixtures/README.md"
            );
            // The sines and logarithms of other systems may differ in the last digit.
            if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
                assert!(bytes == again, "{file} is not what `cupule {}` makes: see fixtures/README.md", args.join(" "));
            }
        }
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_command_of_the_readme_works() {
    let dir = tempfile::tempdir().unwrap();
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains("cargo run --release -- analyze fixtures/demo --out demo-out"));
    let demo = fixture("demo");
    analyze(dir.path(), &[demo.to_str().unwrap(), "--out", "demo-out"], 0);
    let images = rows(&dir.path().join("demo-out/images.csv"));
    assert_eq!(images.len(), DEMO.len());
    assert!(images.iter().all(|row| row["pixel_size_nm"] == "1.15" && row["warnings"].is_empty()), "{images:?}");
    let accepted: usize = images.iter().map(|row| row["accepted_count"].parse::<usize>().unwrap()).sum();
    // 41 in truth, border ones included.
    assert!((20..=60).contains(&accepted), "{accepted}");
}

// Other commands

#[test]
fn columns_and_devices_are_data_on_standard_output() {
    let dir = tempfile::tempdir().unwrap();
    let columns = cupule(dir.path(), &["columns"]);
    assert!(columns.code == 0 && columns.stderr.is_empty());
    assert!(
        PARTICLES.iter().all(|c| columns.stdout.contains(c.name))
            && IMAGES.iter().all(|c| columns.stdout.contains(c.name))
    );
    let json: serde_json::Value = serde_json::from_str(&cupule(dir.path(), &["columns", "--json"]).stdout).unwrap();
    assert_eq!(json["particles.csv"].as_array().unwrap().len(), PARTICLES.len());
    let devices = cupule(dir.path(), &["devices"]);
    assert!(devices.code == 0 && devices.stdout.contains("cpu") && devices.stdout.contains("--device auto"));
}

#[test]
fn training_gives_the_same_file_on_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let train = |threads: &str, out: &str| {
        let args = ["train", "--out", out, "--scenes", "2", "--passes", "1", "--seed", "3"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
        let output = command.args(args).env("RAYON_NUM_THREADS", threads).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(dir.path().join(out)).unwrap()
    };
    let one = train("1", "one.json");
    assert!(one.len() > 1000 && one == train("3", "three.json"));
}
