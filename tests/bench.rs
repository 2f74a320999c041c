//! `cupule bench` as a person and a script meet it, on small micrographs; no time is judged, only that there is one.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use tiff::decoder::{Decoder, DecodingResult};

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Starts `cupule bench --device cpu` in `dir`, which also is the folder for temporary files.
fn bench<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
    command.args(["bench", "--device", "cpu"]).args(args).current_dir(dir);
    let output = command.env("TMPDIR", dir).env("TMP", dir).env("TEMP", dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("ended by a signal");
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What is left in a folder.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const SMALL: [&str; 8] = ["--size", "256", "--images", "2", "--repeat", "2", "--threads", "2"];
const STAGES: [&str; 8] = ["read", "calibrate", "denoise", "network", "segment", "measure", "write", "tables"];

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn json_has_every_figure() {
    let dir = tempfile::tempdir().unwrap();
    let ended = bench(dir.path(), &[&SMALL[..], &["--json", "--jobs", "1", "--memory-limit", "1GiB"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(names(dir.path()).is_empty(), "temporary files are left");
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(found["cupule_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&found["device"]["name"], &found["device"]["kind"]), (&"cpu".into(), &"native".into()));
    let level = &found["machine"]["processor_instructions"];
    assert!(["baseline", "avx2", "avx512"].iter().any(|known| level == known), "{level}");
    assert_eq!([&found["threads"], &found["jobs"], &found["repeats"]].map(number), [2.0, 1.0, 2.0]);
    assert_eq!(number(&found["memory_limit_bytes"]), f64::from(1 << 30));
    assert_eq!(number(&found["pictures"]["megapixels"]), 0.065_536);

    let stages = found["stages"].as_array().unwrap();
    assert_eq!(stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect::<Vec<_>>(), STAGES);
    let image = &found["image"];
    for stage in stages.iter().chain([image]) {
        let times = ["seconds_min", "seconds_median", "seconds_max"].map(|name| number(&stage[name]));
        assert!(times[0] > 0.0 && times.is_sorted(), "{stage}");
        let speed = 0.065_536 * number(&stage["images"]) / times[1];
        assert!((number(&stage["megapixels_per_second"]) / speed - 1.0).abs() < 1e-9, "{stage}");
    }
    let sum = |name: &str| stages[..7].iter().map(|stage| number(&stage[name])).sum::<f64>();
    assert!(number(&image["seconds_min"]) >= sum("seconds_min") * (1.0 - 1e-9), "{found}");
    assert!(number(&image["seconds_max"]) <= sum("seconds_max") * (1.0 + 1e-9), "{found}");
    assert!(found["kernels"].as_array().unwrap().is_empty(), "the processor has no passes");

    let whole = &found["end_to_end"];
    assert_eq!((number(&whole["images"]), number(&whole["images_on_device"])), (2.0, 2.0));
    let part = &whole["analysis"];
    assert!(number(&part["seconds"]) > 0.0 && number(&part["seconds"]) < number(&whole["seconds"]), "{whole}");
    for part in [whole, part] {
        let per_second = 2.0 / number(&part["seconds"]);
        assert!((number(&part["images_per_hour"]) / (3600.0 * per_second) - 1.0).abs() < 1e-9, "{part}");
        assert!((number(&part["megapixels_per_second"]) / (0.065_536 * per_second) - 1.0).abs() < 1e-9, "{part}");
    }
    if cfg!(target_os = "linux") {
        assert!((0.0..1.1).contains(&number(&part["busy_share"])), "{part}");
        assert!(number(&whole["memory_peak_bytes"]) > 1e6, "{whole}");
    }
}

#[test]
fn text_names_the_device_and_every_stage() {
    let dir = tempfile::tempdir().unwrap();
    let ended = bench(dir.path(), &["--size", "128", "--images", "1", "--repeat", "1", "--pixel-size", "1.5nm"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    for start in ["version", "device       cpu", "processor", "micrographs", "everything", "busy"].iter().chain(&STAGES)
    {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start}: {}", ended.stdout);
    }
    for word in ["images an hour", "megapixels/s", "of 1.5 nm", "128 x 128 px"] {
        assert!(ended.stdout.contains(word), "{word}: {}", ended.stdout);
    }
    assert!(names(dir.path()).is_empty(), "temporary files are left");
}

#[test]
fn wrong_values_end_with_2() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["--size", "10"] as &[&str],
        &["--size", "huge"],
        &["--images", "0"],
        &["--repeat", "0"],
        &["--threads", "0"],
        &["--jobs", "-1"],
        &["--memory-limit", "5"],
        &["--pixel-size", "0.6"],
        &["--pixel-size", "900nm"],
        &["--denoise-quality", "out", "--pixel-size", "1nm"],
        &["micrograph.tif"],
    ] {
        let ended = bench(dir.path(), args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty() && ended.stderr.contains("error: "), "{args:?}: {}", ended.stderr);
        assert!(names(dir.path()).is_empty(), "{args:?} left something");
    }
}

#[test]
fn a_missing_device_ends_with_5() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
    let output = command.args(["bench", "--device", "no such device"]).current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
}

fn picture(path: &Path) -> ((u32, u32), Vec<u16>) {
    let mut decoder = Decoder::new(std::fs::File::open(path).unwrap()).unwrap();
    let size = decoder.dimensions().unwrap();
    match decoder.read_image().unwrap() {
        DecodingResult::U16(values) => (size, values),
        other => panic!("{other:?}"),
    }
}

#[test]
fn denoising_comes_nearer_to_the_truth() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--denoise-quality", "made/here", "--size", "256", "--repeat", "1", "--threads", "1"];
    let ended = bench(dir.path(), &args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(number(&found["seconds"]) > 0.0);
    let folder = dir.path().join("made/here");
    assert_eq!(names(&folder), ["clean.tif", "denoised.tif", "noisy.tif"]);
    let (size, clean) = picture(&folder.join("clean.tif"));
    assert_eq!(size, (256, 256));
    let range = f64::from(clean.iter().max().unwrap() - clean.iter().min().unwrap());
    let psnr_db = |name: &str| {
        let (its_size, values) = picture(&folder.join(name));
        assert_eq!(its_size, size, "{name}");
        let squares = values.iter().zip(&clean).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
        10.0 * libm::log10(range.powi(2) * clean.len() as f64 / squares.sum::<f64>())
    };
    let (noisy, denoised) = (psnr_db("noisy.tif"), psnr_db("denoised.tif"));
    assert!(denoised > noisy + 3.0, "{noisy} dB before, {denoised} dB after");
    assert!((number(&found["psnr_noisy_db"]) - noisy).abs() < 1e-6);
    assert!((number(&found["psnr_denoised_db"]) - denoised).abs() < 1e-6);
}

/// A scene is the same bytes as ever, whoever else exposes it: the noisy exposure is the scene before marks and export.
#[test]
fn an_exposure_is_that_of_the_scene() {
    use cupule::synth::{Export, Kind, Scene, exposure, scene};
    let recipe = |index| Scene { kind: Kind::Cup, width_px: 128, height_px: 96, pixel_size_nm: 1.0, seed: 1, index };
    let mut compared = 0;
    for index in 0..8 {
        let (made, shot) = (scene(&recipe(index)), exposure(&recipe(index)));
        assert_eq!((shot.width, shot.height, shot.clean.len()), (128, 96, 128 * 96));
        let mean = |values: &[u16]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        assert!((mean(&shot.clean) / mean(&shot.noisy) - 1.0).abs() < 0.01, "{index}");
        if made.conditions.export == Export::default() && made.conditions.strip_px == 0 {
            let same = made.grey.iter().zip(&shot.noisy).filter(|(a, b)| a == b).count();
            assert!(same as f64 > 0.8 * made.grey.len() as f64, "{index}: marks cover little");
            compared += 1;
        }
    }
    assert!(compared > 0);
}
