//! What a run says about itself: checksums, the RO-Crate, times that can be fixed, and `cupule verify`, which checks a folder
//! against it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;
use walkdir::WalkDir;

const EPOCH: &str = "1700000000";
const SAMPLE: &str = "name = \"S\u{202e}1\"\n";

/// A folder `in` with small micrographs, one of them damaged, and the results in `run`.
static FIRST: LazyLock<TempDir> = LazyLock::new(|| analyzed("1"));

/// How a call ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn cupule(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
    let output = command.args(args).envs(variables.iter().copied()).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("ended by a signal");
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A disc with a rim on a grey ground.
fn micrograph(path: &Path, centre: (f64, f64)) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let grey = image::GrayImage::from_fn(64, 64, |x, y| {
        let distance = libm::hypot(f64::from(x) - centre.0, f64::from(y) - centre.1);
        let level = if distance < 10.0 {
            160
        } else if distance < 14.0 {
            70
        } else {
            128
        };
        image::Luma([level + (x * 7 + y * 13) as u8 % 5])
    });
    grey.save_with_format(path, image::ImageFormat::Png).unwrap();
}

fn analyzed(threads: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let name = if cfg!(unix) { "line\nbreak\\.png" } else { "odd.png" };
    micrograph(&dir.path().join("in").join(name), (30.0, 33.0));
    micrograph(&dir.path().join("in/sub/plain.png"), (36.0, 28.0));
    fs::write(dir.path().join("in/damaged.png"), "no picture").unwrap();
    fs::write(dir.path().join("sample.toml"), SAMPLE).unwrap();
    let args = ["analyze", "in", "--out", "run", "--device", "cpu", "--pixel-size", "3nm", "--export", "all"];
    let variables = [("SOURCE_DATE_EPOCH", EPOCH), ("RAYON_NUM_THREADS", threads)];
    let ended = cupule(dir.path(), &[&args[..], &["--sample", "sample.toml"]].concat(), &variables);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    dir
}

/// A copy of the first run with its inputs, to be damaged.
fn copied() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files(FIRST.path()) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// All files below a folder.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = WalkDir::new(dir).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    entries.map(|e| (e.path().strip_prefix(dir).unwrap().to_owned(), fs::read(e.path()).unwrap())).collect()
}

fn verify(dir: &Path, more: &[&str]) -> Ended {
    cupule(dir, &[&["verify", "run"], more].concat(), &[])
}

/// The findings of a check that must end with 1.
fn faults(dir: &Path, more: &[&str]) -> Vec<String> {
    let ended = verify(dir, more);
    assert_eq!((ended.code, &*ended.stderr), (1, ""), "{}", ended.stdout);
    let mut lines: Vec<String> = ended.stdout.lines().map(str::to_owned).collect();
    assert!(lines.pop().unwrap().starts_with("run: not as recorded; "));
    lines
}

fn change(path: &Path, change: impl Fn(String) -> String) {
    let before = fs::read_to_string(path).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "{}", path.display());
    fs::write(path, after).unwrap();
}

#[test]
fn with_a_fixed_time_the_same_run_gives_the_same_bytes() {
    let one = files(&FIRST.path().join("run"));
    // Times are written in seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let other = analyzed("3");
    let other = files(&other.path().join("run"));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(other[name] == *bytes, "{} differs", name.display());
    }
    let names: BTreeSet<&str> = one.keys().filter_map(|name| name.to_str()).collect();
    for name in ["report.html", "datapackage.json", "ro-crate-metadata.json", "checksums.sha256", "images.csv"] {
        assert!(names.contains(name), "{name}");
    }
    assert!(names.iter().filter(|name| name.ends_with("rois.zip")).count() > 0);
}

#[test]
fn a_time_that_is_none_is_refused() {
    for wrong in ["", " ", "yesterday", "-1", "+1", "1.5", "253402300800", "99999999999999999999999"] {
        let ended = cupule(Path::new("."), &["columns"], &[("SOURCE_DATE_EPOCH", wrong)]);
        assert_eq!((ended.code, &*ended.stdout), (2, ""), "{wrong:?}");
        assert!(ended.stderr.contains("SOURCE_DATE_EPOCH"), "{}", ended.stderr);
    }
    for fine in ["0", "253402300799"] {
        assert_eq!(cupule(Path::new("."), &["columns"], &[("SOURCE_DATE_EPOCH", fine)]).code, 0, "{fine}");
    }
}

#[test]
fn every_file_of_a_run_is_listed() {
    let run = FIRST.path().join("run");
    let list = fs::read_to_string(run.join("checksums.sha256")).unwrap();
    let listed: Vec<PathBuf> =
        list.lines().map(|line| cupule::report::checksums::parse(line).unwrap().1.into()).collect();
    let unlisted = ["checksums.sha256", "summary.json"].map(PathBuf::from);
    let mut there: Vec<PathBuf> = files(&run).into_keys().filter(|name| !unlisted.contains(name)).collect();
    there.sort();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(there, sorted);
    // The files of the run, then the images in its order.
    let images = listed.iter().position(|name| name.starts_with("images")).unwrap();
    assert!(listed[..images].is_sorted() && listed[images..].iter().all(|name| name.starts_with("images")));
}

#[cfg(target_os = "linux")]
#[test]
fn sha256sum_checks_a_run() {
    let dir = copied();
    let check = || {
        let mut command = Command::new("sha256sum");
        let command = command.args(["--check", "--strict", "checksums.sha256"]).env("LC_ALL", "C");
        let output = command.current_dir(dir.path().join("run")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let failed: Vec<String> = text.lines().filter(|line| !line.ends_with(": OK")).map(str::to_owned).collect();
        (output.status.success(), text.lines().count() - failed.len(), failed)
    };
    let listed = fs::read_to_string(dir.path().join("run/checksums.sha256")).unwrap().lines().count();
    assert_eq!(check(), (true, listed, Vec::new()));
    change(&dir.path().join("run/images/line\nbreak\\/result.json"), |text| text.replacen("64", "65", 1));
    assert_eq!(check(), (false, listed - 1, vec!["\\images/line\\nbreak\\\\/result.json: FAILED".to_owned()]));
}

#[test]
fn a_run_is_as_it_was_recorded() {
    let ended = verify(FIRST.path(), &["--inputs", "in"]);
    assert_eq!((ended.code, &*ended.stderr), (0, ""), "{}", ended.stdout);
    assert!(ended.stdout.starts_with("run: all is as recorded; files as recorded: "), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("inputs as recorded: 3, changed: 0, missing: 0\n"), "{}", ended.stdout);
    assert_eq!(ended.stdout.lines().count(), 1);
}

#[test]
fn what_is_wrong_is_named() {
    let dir = copied();
    let run = dir.path().join("run");
    change(&run.join("particles.csv"), |text| text.replacen('1', "2", 1));
    fs::remove_file(run.join("images/sub/plain/overlay.png")).unwrap();
    fs::remove_file(run.join("statistics.json")).unwrap();
    fs::create_dir(run.join("statistics.json")).unwrap();
    fs::create_dir_all(run.join("images/old/deep")).unwrap();
    fs::write(run.join("images/old/deep/result.json"), "").unwrap();
    fs::write(run.join("notes\u{202e}.txt"), "").unwrap();
    fs::write(run.join("summary.json"), "").unwrap();
    fs::write(run.join(".cupule-lock"), "").unwrap();
    let expected = [
        "changed: particles.csv",
        "changed: statistics.json (it is no file)",
        "missing: images/sub/plain/overlay.png",
        "not of the run: images/old/",
        "not of the run: notes\\u{202E}.txt",
    ];
    assert_eq!(faults(dir.path(), &[]), expected);

    let ended = verify(dir.path(), &["--json"]);
    let objects: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (sums, findings) = objects.split_last().unwrap();
    let kinds: Vec<&str> = findings.iter().map(|finding| finding["finding"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["changed", "changed", "missing", "not of the run", "not of the run"]);
    assert_eq!((&findings[0]["file"], &sums["fine"]), (&"particles.csv".into(), &false.into()));
    assert_eq!(
        ["changed", "missing", "contradicting", "foreign"].map(|kind| sums["files"][kind].as_u64()),
        [Some(2), Some(1), Some(0), Some(2)]
    );
}

#[test]
fn a_foreign_file_alone_is_no_fault() {
    let dir = copied();
    fs::write(dir.path().join("run/notes.txt"), "").unwrap();
    let ended = verify(dir.path(), &[]);
    assert_eq!(ended.code, 0);
    assert!(ended.stdout.starts_with("not of the run: notes.txt\n"), "{}", ended.stdout);
}

/// Lists the files of a run anew, as somebody might who has changed one.
fn list_anew(run: &Path, name: &str) {
    let (sha256, _) = cupule::results::sha256_of(&run.join(name)).unwrap();
    let line = |line: &str| match line.ends_with(&format!("  {name}")) {
        true => format!("{sha256}  {name}\n"),
        false => format!("{line}\n"),
    };
    change(&run.join("checksums.sha256"), |list| list.lines().map(line).collect());
}

#[test]
fn files_that_contradict_each_other_are_named() {
    let dir = copied();
    let run = dir.path().join("run");
    change(&run.join("images.csv"), |table| table.lines().take(2).map(|line| format!("{line}\n")).collect());
    list_anew(&run, "images.csv");
    let journal = "images/sub/plain/journal.json";
    change(&run.join(journal), |text| {
        let mut journal: Value = serde_json::from_str(&text).unwrap();
        journal["sha256"] = "0".repeat(64).into();
        journal.to_string()
    });
    list_anew(&run, journal);
    let picture = "images/damaged/result.json";
    change(&run.join("checksums.sha256"), |list| {
        list.lines().filter(|line| !line.ends_with(picture)).map(|line| format!("{line}\n")).collect()
    });
    let expected = [
        format!("not of the run: {picture}"),
        format!("contradicts: checksums.sha256 ({picture} is not listed)"),
        format!("contradicts: {journal} (the checksum of the input is not that in run.json)"),
        "contradicts: images.csv (it has 1 rows, run.json lists 3 images)".to_owned(),
    ];
    assert_eq!(faults(dir.path(), &[]), expected);

    let dir = copied();
    let run = dir.path().join("run");
    change(&run.join("images.csv"), |table| table.replacen("sub/plain.png", "sub/other.png", 1));
    list_anew(&run, "images.csv");
    change(&run.join("checksums.sha256"), |list| {
        list.lines().filter(|line| !line.ends_with("  particles.csv")).map(|line| format!("{line}\n")).collect()
    });
    let found = faults(dir.path(), &[]);
    for expected in [
        "contradicts: checksums.sha256 (particles.csv is not listed)",
        "contradicts: images.csv (its row 3 is not of sub/plain.png as run.json lists it)",
    ] {
        assert!(found.iter().any(|fault| fault == expected), "{expected}: {found:?}");
    }
}

#[test]
fn a_damaged_list_or_record_is_a_fault() {
    let dir = copied();
    let run = dir.path().join("run");
    let zeros = "0".repeat(64);
    change(&run.join("checksums.sha256"), |list| format!("{zeros}  ../in/damaged.png\nnonsense\n{list}"));
    let line = |number| format!("changed: checksums.sha256 (line {number} is no checksum of a file in this folder)");
    assert_eq!(faults(dir.path(), &[]), [line(1), line(2)]);

    let dir = copied();
    change(&dir.path().join("run/run.json"), |text| text[..text.len() - 9].to_owned());
    assert_eq!(faults(dir.path(), &[]), ["changed: run.json"]);
}

#[test]
fn without_a_finished_run_and_its_list_nothing_can_be_checked() {
    for (name, said) in [("run.json", "there is no run.json"), ("checksums.sha256", "no list of checksums")] {
        let dir = copied();
        fs::remove_file(dir.path().join("run").join(name)).unwrap();
        let ended = verify(dir.path(), &[]);
        assert_eq!((ended.code, &*ended.stdout), (3, ""), "{name}");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let dir = copied();
    change(&dir.path().join("run/run.json"), |text| text.replacen("\"finished\"", "\"unfinished\"", 1));
    let ended = verify(dir.path(), &[]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("not finished"), "{}", ended.stderr);
}

#[test]
fn micrographs_that_changed_or_went_are_named() {
    let dir = copied();
    micrograph(&dir.path().join("in/sub/plain.png"), (20.0, 20.0));
    fs::remove_file(dir.path().join("in/damaged.png")).unwrap();
    let findings = faults(dir.path(), &["--inputs", "in"]);
    assert_eq!(findings, ["input missing: damaged.png", "input changed: sub/plain.png"]);
    assert_eq!(verify(dir.path(), &[]).code, 0);
    assert_eq!(verify(dir.path(), &["--inputs", "nowhere"]).code, 3);
    // Of several folders it counts which one has the file.
    fs::rename(dir.path().join("in/sub"), dir.path().join("moved")).unwrap();
    fs::create_dir_all(dir.path().join("more")).unwrap();
    fs::rename(dir.path().join("moved"), dir.path().join("more/sub")).unwrap();
    let findings = faults(dir.path(), &["--inputs", "in", "more"]);
    assert_eq!(findings, ["input missing: damaged.png", "input changed: sub/plain.png"]);
}

#[test]
fn the_crate_names_only_what_it_describes() {
    let run = FIRST.path().join("run");
    let text = fs::read_to_string(run.join("ro-crate-metadata.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let graph = document["@graph"].as_array().unwrap();
    let ids: BTreeSet<&str> = graph.iter().map(|entity| entity["@id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), graph.len());
    for id in ids.iter().filter(|id| !id.starts_with("http") && !id.starts_with('#')) {
        assert!(run.join(id).exists(), "{id}");
    }
    let mut references = Vec::new();
    graph.iter().for_each(|entity| collect(entity, &mut references));
    for id in references.iter().filter(|id| !id.starts_with("http")) {
        assert!(ids.contains(id.as_str()), "{id}");
    }
    let of = |id: &str| graph.iter().find(|entity| entity["@id"] == id).unwrap();
    let inputs: Vec<&str> = (1..=3).map(|i| of(&format!("#input-{i}"))["name"].as_str().unwrap()).collect();
    assert_eq!(inputs[0], "damaged.png");
    let (sha256, bytes) = cupule::results::sha256_of(&FIRST.path().join("in/sub/plain.png")).unwrap();
    let plain = of("#input-3");
    assert_eq!((&plain["sha256"], &plain["contentSize"]), (&sha256.into(), &bytes.to_string().into()));
    assert_eq!(of("#analysis")["endTime"], "2023-11-14T22:13:20+00:00");
    assert_eq!(of("#setting-pixel_size.x_nm")["value"], 3.0);
    assert!(of("./")["name"].as_str().unwrap().ends_with("sample S\\u{202E}1"));
    assert!(of("#analysis").get("agent").is_none());
}

/// All identifiers that an entity refers to.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("@id") => {
            found.push(fields["@id"].as_str().unwrap().to_owned());
        }
        Value::Object(fields) => fields.values().for_each(|value| collect(value, found)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}
