//! Devices that fail in mid-run: every image is analysed all the same, and its row says where and why. The trouble is planted
//! (see `src/gpu/fault.rs`) on a software adapter.
#![cfg(feature = "gpu")]

use cupule::synth::{self, Kind, Options};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Part of the name of the software adapter; elsewhere the tests are skipped, or fail where `REQUIRE_GPU` is 1.
const ADAPTER: &str = "llvmpipe";
/// Enough for two in good order behind the most that may fail in a row.
const IMAGES: usize = 7;

type Row = HashMap<String, String>;

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn cupule(dir: &Path, args: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
    let output = command.args(args).current_dir(dir).envs(environment.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("ended by a signal");
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The results of a run, as far as they must not depend on when it was.
struct Results {
    images: Vec<Row>,
    /// Lines of the table of particles, by image.
    particles: HashMap<String, Vec<String>>,
}

impl Results {
    fn read(out: &Path) -> Self {
        let images: Vec<Row> = table(&out.join("images.csv"));
        let mut particles: HashMap<String, Vec<String>> = HashMap::new();
        for row in csv::Reader::from_path(out.join("particles.csv")).unwrap().records() {
            let cells: Vec<String> = row.unwrap().iter().map(str::to_owned).collect();
            particles.entry(cells[0].clone()).or_default().push(cells.join(","));
        }
        Self { images, particles }
    }

    fn devices(&self) -> Vec<&str> {
        self.images
            .iter()
            .map(|row| if row["device"].contains(ADAPTER) { "gpu" } else { row["device"].as_str() })
            .collect()
    }

    fn warning(&self, image: usize) -> &str {
        &self.images[image - 1]["warnings"]
    }
}

fn table(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

/// Some pictures, and what comes out on each device when nothing goes wrong.
struct Stage {
    dir: TempDir,
    native: Results,
    gpu: Results,
}

/// Without the adapter nothing can be tried.
fn stage() -> Option<&'static Stage> {
    static STAGE: OnceLock<Option<Stage>> = OnceLock::new();
    let stage = STAGE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        if !cupule(dir.path(), &["devices"], &[]).stdout.contains(ADAPTER) {
            return None;
        }
        let options =
            Options { width_px: Some(64), height_px: Some(64), pixel_size_nm: Some(4.0), kinds: vec![Kind::Clean] };
        synth::write(&dir.path().join("set"), IMAGES, 3, &options).unwrap();
        let undisturbed = |device: &str| {
            let ended = analyze(dir.path(), device, device, "");
            assert_eq!(ended.code, 0, "{}", ended.stderr);
            Results::read(&dir.path().join(device))
        };
        let (native, gpu) = (undisturbed("cpu"), undisturbed(ADAPTER));
        assert_eq!(native.devices(), ["cpu"; IMAGES]);
        assert_eq!(gpu.devices(), ["gpu"; IMAGES]);
        assert!(native.particles.values().map(Vec::len).sum::<usize>() > 0, "the pictures show too little");
        Some(Stage { dir, native, gpu })
    });
    if stage.is_none() {
        assert!(std::env::var("REQUIRE_GPU").as_deref() != Ok("1"), "REQUIRE_GPU=1, but there is no {ADAPTER}");
        eprintln!("SKIPPED: there is no {ADAPTER}");
    }
    stage.as_ref()
}

fn analyze(dir: &Path, out: &str, device: &str, fault: &str) -> Ended {
    let ended = cupule(
        dir,
        &["analyze", "set/images", "--device", device, "--out", out, "-v", "--jobs", "1"],
        &[("CUPULE_FAULT", fault)],
    );
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

/// A run with a fault, in which every image must be analysed with the results of the device it ran on.
fn troubled(stage: &Stage, fault: &str) -> Results {
    let ended = analyze(stage.dir.path(), fault, ADAPTER, fault);
    assert_eq!(ended.code, 0, "{fault}: {}", ended.stderr);
    let results = Results::read(&stage.dir.path().join(fault));
    for (i, (row, device)) in results.images.iter().zip(results.devices()).enumerate() {
        let expected = if device == "gpu" { &stage.gpu } else { &stage.native };
        let but_warnings = |row: &Row| {
            row.iter().filter(|(k, _)| *k != "warnings").map(|(k, v)| (k.clone(), v.clone())).collect::<Row>()
        };
        assert_eq!(but_warnings(row), but_warnings(&expected.images[i]), "{fault}");
        assert_eq!(results.particles.get(&row["image"]), expected.particles.get(&row["image"]), "{fault}");
        if row["warnings"] != expected.images[i]["warnings"] {
            assert!(ended.stderr.contains(&format!("warning: {}: ", row["image"])), "{fault}: {}", ended.stderr);
        }
    }
    results
}

/// Rows that say more than in an undisturbed run, counted from 1.
fn told(stage: &Stage, results: &Results) -> Vec<usize> {
    (1..=IMAGES).filter(|&image| results.warning(image) != stage.gpu.warning(image)).collect()
}

/// What went wrong, and what the row says about it.
const FAULTS: [(&str, &str); 6] = [
    ("destroy", "was lost"),
    ("oom", "Out of Memory"),
    ("validation", "Validation Error"),
    ("internal", "Internal Error"),
    ("panic", "internal error of the driver's wrapper: planted (src/gpu/"),
    ("hang", "did not answer within 0.2 s"),
];

#[cfg(debug_assertions)]
mod planted {
    use super::*;

    #[test]
    fn an_image_is_tried_again_on_the_device_opened_afresh() {
        let Some(stage) = stage() else { return };
        for (fault, words) in FAULTS {
            let results = troubled(stage, &format!("{fault}@2"));
            assert_eq!(results.devices(), ["gpu"; IMAGES], "{fault}");
            assert_eq!(told(stage, &results), [2], "{fault}");
            let warning = results.warning(2);
            assert!(warning.contains(words) && warning.contains("opened afresh"), "{warning}");
            assert!(!warning.contains("processor"), "{warning}");
        }
    }

    #[test]
    fn what_only_one_image_asks_too_much_of_is_used_again() {
        let Some(stage) = stage() else { return };
        for (fault, words) in [FAULTS[1], FAULTS[2]] {
            let results = troubled(stage, &format!("{fault}@2!"));
            assert_eq!(results.devices(), ["gpu", "cpu", "gpu", "gpu", "gpu", "gpu", "gpu"], "{fault}");
            assert_eq!(told(stage, &results), [2], "{fault}");
            let warning = results.warning(2);
            assert!(warning.contains(words) && warning.ends_with("twice; analysed on the processor"), "{warning}");
        }
    }

    #[test]
    fn a_device_that_fails_afresh_is_used_no_more() {
        let Some(stage) = stage() else { return };
        for (fault, words) in [FAULTS[0], FAULTS[3], FAULTS[4], FAULTS[5]] {
            let results = troubled(stage, &format!("{fault}@2+!"));
            assert_eq!(results.devices(), ["gpu", "cpu", "cpu", "cpu", "cpu", "cpu", "cpu"], "{fault}");
            assert_eq!(told(stage, &results), [2], "{fault}");
            let warning = results.warning(2);
            assert!(warning.contains(words) && warning.contains("failed again when opened afresh"), "{warning}");
        }
    }

    #[test]
    fn a_device_that_refuses_many_in_a_row_is_used_no_more() {
        let Some(stage) = stage() else { return };
        let results = troubled(stage, "oom@1+!");
        assert_eq!(results.devices(), ["cpu"; IMAGES]);
        assert_eq!(told(stage, &results), [1, 2, 3, 4, 5]);
        assert!(
            results.warning(5).ends_with("because the device failed on 5 images in a row"),
            "{}",
            results.warning(5)
        );
    }

    #[test]
    fn a_device_that_only_works_afresh_is_used_no_more() {
        let Some(stage) = stage() else { return };
        let results = troubled(stage, "destroy@2+");
        assert_eq!(results.devices(), ["gpu", "gpu", "gpu", "gpu", "gpu", "gpu", "cpu"]);
        assert!(
            results.warning(6).ends_with("because the device failed on 5 images in a row"),
            "{}",
            results.warning(6)
        );
        let results = troubled(stage, "hang@2+");
        assert_eq!(results.devices(), ["gpu", "gpu", "gpu", "gpu", "cpu", "cpu", "cpu"]);
        assert!(results.warning(4).ends_with("because the device hung 3 times"), "{}", results.warning(4));
    }

    #[test]
    fn a_panic_of_the_program_costs_one_image_and_no_device() {
        let Some(stage) = stage() else { return };
        for (device, others) in [(ADAPTER, "gpu"), ("cpu", "cpu")] {
            let out = format!("bug-{device}");
            let ended = analyze(stage.dir.path(), &out, device, "bug@2!");
            assert_eq!(ended.code, 1, "{}", ended.stderr);
            let results = Results::read(&stage.dir.path().join(&out));
            assert_eq!(results.devices(), [others, "", others, others, others, others, others]);
            let error = &results.images[1]["error"];
            assert!(
                error.starts_with("internal error: planted bug (") && error.ends_with("; please report it"),
                "{error}"
            );
            assert_eq!(ended.stderr.matches("; please report it").count(), 1, "{}", ended.stderr);
        }
        assert_eq!(troubled(stage, "bug@2").devices(), ["gpu"; IMAGES]);
    }
}

/// What tests can do, nobody else can.
#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_knows_no_planted_faults() {
    let Some(stage) = stage() else { return };
    for (fault, _) in FAULTS {
        let results = troubled(stage, &format!("{fault}@1+!"));
        assert_eq!(results.devices(), ["gpu"; IMAGES], "{fault}");
        assert_eq!(told(stage, &results), [0; 0], "{fault}");
    }
}

#[test]
fn a_broken_vulkan_is_no_trouble_unless_a_gpu_is_asked_for() {
    if !cfg!(target_os = "linux") {
        return; // elsewhere drivers are not found by this variable
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    synth::write(
        &path.join("set"),
        1,
        3,
        &Options { width_px: Some(64), height_px: Some(64), pixel_size_nm: Some(4.0), kinds: vec![Kind::Clean] },
    )
    .unwrap();
    std::fs::write(path.join("corrupt.json"), "{ no JSON").unwrap();
    let icd = r#"{"file_format_version": "1.0.0", "ICD": {"library_path": "./none.so", "api_version": "1.3.0"}}"#;
    std::fs::write(path.join("no-library.json"), icd).unwrap();
    std::fs::write(path.join("library.json"), icd.replace("none.so", "library.so")).unwrap();
    std::fs::write(path.join("library.so"), "no library").unwrap();
    for broken in ["nothing.json", "corrupt.json", "no-library.json", "library.json"] {
        let broken = path.join(broken);
        let environment =
            [("VK_DRIVER_FILES", broken.to_str().unwrap()), ("VK_ICD_FILENAMES", broken.to_str().unwrap())];
        let devices = cupule(path, &["devices"], &environment);
        assert_eq!((devices.code, devices.stderr.as_str()), (0, ""));
        assert_eq!(devices.stdout.matches("  [").count(), 1, "{}", devices.stdout);

        let out = format!("out-{}", broken.file_stem().unwrap().display());
        let analyze = |device| {
            cupule(
                path,
                &["analyze", "set/images", "--quiet", "--device", device, "--out", &out, "--jobs", "1"],
                &environment,
            )
        };
        let gpu = analyze("gpu");
        assert_eq!(gpu.code, 5, "{}", gpu.stderr);
        assert!(
            gpu.stderr.contains("no hardware GPU was found") && gpu.stderr.contains("--device auto"),
            "{}",
            gpu.stderr
        );
        assert_eq!(gpu.stderr.lines().count(), 1, "{}", gpu.stderr);
        let named = analyze(ADAPTER);
        assert_eq!(named.code, 5, "{}", named.stderr);
        let automatic = analyze("auto");
        assert_eq!((automatic.code, automatic.stderr.as_str()), (0, ""));
        assert_eq!(Results::read(&path.join(&out)).devices(), ["cpu"]);
    }
}
