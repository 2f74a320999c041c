//! The demo of the README.

use super::*;

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
            assert!(bytes == again, "{file} is not what `cupule {}` makes: see fixtures/README.md", args.join(" "));
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
