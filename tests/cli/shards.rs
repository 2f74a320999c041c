//! Work that several runs share, and the one run that comes of it.

use super::again::disc;
use super::inspect::write_stack;
use super::*;
use cupule::lock::Lock;
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

/// As [`super::cupule`], with a clock that stands still: then all files are the same, to the last byte.
fn cupule(dir: &Path, args: &[&str]) -> Ended {
    cupule_at("1700000000", dir, args)
}

fn cupule_at(seconds: &str, dir: &Path, args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
    let output = command.args(args).current_dir(dir).env("SOURCE_DATE_EPOCH", seconds).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("ended by a signal");
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Standard error of a call that must end with `code`.
fn said(dir: &Path, args: &[&str], code: i32) -> String {
    let ended = cupule(dir, args);
    assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended.stderr
}

/// Micrographs of all sorts: in folders below, of names that collide or end like those of stacks, one that is a stack, one that
/// is broken.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    for (i, name) in ["a.tif", "a.png.tif", "b/a.tif", "b/s@0.tif", "b\\\tx.tif", "z.tif"].into_iter().enumerate() {
        let name = if cfg!(unix) { name.to_owned() } else { name.replace(['\\', '\t'], "_") };
        let path = input.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        disc(&path, 28 + i as u32);
    }
    let dark: Vec<u16> = (0..48 * 48).map(|i| 900 + (i * 31 % 97) as u16).collect();
    write_stack(&input.join("b/s.mrc"), (48, 48), &[dark.clone(), dark.iter().map(|grey| grey + 5).collect(), dark]);
    fs::write(input.join("broken.tif"), "II*\0 and no more").unwrap();
    dir
}

const OPTIONS: [&str; 6] = ["--device", "cpu", "--pixel-size", "2nm", "--frame", "all"];

/// Analyses every chunk of `plan` into a folder of its own below `shards`.
fn shards(dir: &Path, more: &[&str]) {
    for path in lists(dir) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (list, out) = (format!("plan/{name}.txt"), format!("shards/{name}"));
        said(dir, &[&["analyze", "--list", &list, "--out", &out, "--fail-on", "none"], &OPTIONS[..], more].concat(), 0);
    }
}

fn lists(dir: &Path) -> Vec<PathBuf> {
    let mut lists: Vec<PathBuf> = fs::read_dir(dir.join("plan")).unwrap().map(|entry| entry.unwrap().path()).collect();
    lists.sort();
    lists
}

/// `cupule merge` of all that lies in `shards`.
fn merge(dir: &Path, out: &str, code: i32) -> String {
    let mut shards: Vec<String> = fs::read_dir(dir.join("shards"))
        .unwrap()
        .map(|entry| format!("shards/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    // Whatever order a shell gives them in.
    shards.sort_by(|a, b| b.cmp(a));
    said(dir, &[&["merge", "--out", out], &shards.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat(), code)
}

#[test]
fn shards_merge_into_the_bytes_of_one_run() {
    let dir = folder();
    let dir = dir.path();
    fs::write(dir.join("sample.toml"), cupule(dir, &["sample"]).stdout).unwrap();
    let more = ["--export", "all", "--sample", "sample.toml"];
    // Files for MultiQC name the sample after the folder.
    said(dir, &[&["analyze", "in", "--out", "alone/results", "--threads", "1"], &OPTIONS[..], &more].concat(), 1);
    said(dir, &["plan", "in", "--chunk", "2", "--out", "plan"], 0);
    assert_eq!(lists(dir).len(), 4);
    shards(dir, &more);
    let alone = files(&dir.join("alone/results"));
    assert!(alone.contains_key("failed.csv") && alone.contains_key("images/b/s@2/labels.tif"), "{:?}", alone.keys());
    assert!(alone.contains_key("images/b/s@0_/labels.tif"), "{:?}", alone.keys());
    // It is told like a run: of the images that failed.
    let merged = merge(dir, "merged/results", 1);
    assert!(merged.contains("images: 10, failed: 1"), "{merged}");
    let differing = |out: &str| {
        let found = files(&dir.join(out));
        let names: BTreeSet<&String> = alone.keys().chain(found.keys()).collect();
        names.into_iter().filter(|name| alone.get(*name) != found.get(*name)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(differing("merged/results"), Vec::<String>::new());
    assert_eq!(said(dir, &["verify", "merged/results"], 0), "");
    // The shards are still there, and the same command gives the same again.
    merge(dir, "merged/results", 1);
    assert_eq!(differing("merged/results"), Vec::<String>::new());
    // Each shard is a run of its own.
    assert_eq!(said(dir, &["verify", "shards/0001"], 0), "");
    // What people decide about the merged results changes no shard.
    let shard = files(&dir.join("shards"));
    said(dir, &["report", "merged/results", "--export", "none"], 0);
    assert!(files(&dir.join("shards")) == shard);
}

#[test]
fn a_plan_depends_on_the_files_alone() {
    let dir = folder();
    let dir = dir.path();
    let plan = |args: &[&str]| {
        said(dir, &[&["plan"], args, &["--out", "plan"]].concat(), 0);
        files(&dir.join("plan"))
    };
    let lines = |files: &BTreeMap<String, Vec<u8>>| {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        files.values().flat_map(|bytes| text(bytes).lines().skip(2).map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    let one: Vec<String> = lines(&plan(&["in", "in/b", "--chunk", "3"]));
    let other: Vec<String> = lines(&plan(&["in/b", "in/z.tif", "in", "--chunk", "3"]));
    assert_eq!((one.len(), &one), (8, &other));
    // Fewer chunks leave none of the earlier ones, and what somebody else put there.
    fs::write(dir.join("plan/0009.txt"), "mine").unwrap();
    assert_eq!(plan(&["in", "--chunk", "100"]).into_keys().collect::<Vec<_>>(), ["0001.txt", "0009.txt"]);
    fs::remove_file(dir.join("plan/0009.txt")).unwrap();
    let chosen = plan(&["in", "--include", "*.mrc"]);
    assert_eq!(lines(&chosen).len(), 1);
    let json: Json = serde_json::from_str(&cupule(dir, &["plan", "in", "--out", "plan", "--json"]).stdout).unwrap();
    assert_eq!((&json["files"], &json["chunks"]), (&json!(8), &json!(1)));
    assert!(said(dir, &["plan", "nothing", "--out", "plan"], 3).contains("nothing"));
    // It may lie among the micrographs, of which it leaves none out, and replaces nothing but a plan.
    fs::write(dir.join("in/b/0001.txt"), "[SemImageFile]").unwrap();
    let taken = said(dir, &["plan", "in", "--chunk", "3", "--out", "in/b"], 4);
    assert!(taken.contains("in/b/0001.txt") && taken.contains("--out"), "{taken}");
    assert_eq!(fs::read(dir.join("in/b/0001.txt")).unwrap(), b"[SemImageFile]");
    assert!(!dir.join("in/b/0002.txt").exists());
    fs::remove_file(dir.join("in/b/0001.txt")).unwrap();
    let json: Json = serde_json::from_str(&cupule(dir, &["plan", "in", "--out", "in/b", "--json"]).stdout).unwrap();
    assert_eq!(json["files"], json!(8));
    assert!(said(dir, &["plan", "in", "--out", "plan", "--chunk", "0"], 2).contains("0"));
}

/// A folder with two shards of two micrographs.
fn two_shards() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("in")).unwrap();
    disc(&dir.path().join("in/a.tif"), 30);
    disc(&dir.path().join("in/b.tif"), 34);
    said(dir.path(), &["plan", "in", "--chunk", "1", "--out", "plan"], 0);
    shards(dir.path(), &["--export", "none"]);
    dir
}

#[test]
fn shards_that_are_no_run_together_are_refused_by_name() {
    let dir = two_shards();
    let dir = dir.path();
    let shard = |name: &str| dir.join("shards").join(name);
    let refused = |expected: &[&str]| {
        let said = merge(dir, "merged", 3);
        for expected in expected {
            assert!(said.contains(expected), "{expected} is not in {said}");
        }
        assert!(!dir.join("merged").exists(), "{said}");
    };
    let put_aside = |name: &str| fs::rename(shard(name), dir.join("aside")).unwrap();
    let put_back = |name: &str| {
        let _ = fs::remove_dir_all(shard(name));
        fs::rename(dir.join("aside"), shard(name)).unwrap();
    };
    // Missing.
    put_aside("0002");
    refused(&["of 2 chunks these are missing: 2"]);
    // What is no shard.
    fs::create_dir(shard("logs")).unwrap();
    refused(&["shards/logs holds no results", "missing: 2"]);
    fs::remove_dir(shard("logs")).unwrap();
    said(dir, &[&["analyze", "in/b.tif", "--out", "shards/0002", "--export", "none"], &OPTIONS[..]].concat(), 0);
    refused(&["shards/0002 is no chunk of a plan"]);
    put_back("0002");
    // There twice.
    let copy = |from: &str, to: &str| {
        for (name, bytes) in files(&shard(from)) {
            fs::create_dir_all(shard(to).join(&name).parent().unwrap()).unwrap();
            fs::write(shard(to).join(name), bytes).unwrap();
        }
    };
    copy("0001", "again");
    refused(&["is there twice, in shards/0001 and shards/again"]);
    fs::remove_dir_all(shard("again")).unwrap();
    // Other settings, and other files beside the tables.
    let analyze_second = |more: &[&str]| {
        let shard = ["analyze", "--list", "plan/0002.txt", "--out", "shards/0002", "--restart"];
        said(dir, &[&shard, &OPTIONS[..], more].concat(), 0);
    };
    analyze_second(&["--export", "none", "--min-diameter", "30"]);
    refused(&["segment.min_diameter_nm is 30.0 in shards/0002, 25.0 in shards/0001"]);
    analyze_second(&["--export", "all"]);
    refused(&["have other --export files"]);
    analyze_second(&["--export", "none"]);
    // Decisions of people.
    fs::write(shard("0002/curation.json"), r#"{"format":"cupule curation","version":1,"decisions":[]}"#).unwrap();
    refused(&["shards/0002 holds decisions of a person"]);
    fs::remove_file(shard("0002/curation.json")).unwrap();
    // Not finished.
    let record = fs::read_to_string(shard("0002/run.json")).unwrap();
    fs::write(shard("0002/run.json"), record.replace("\"finished\"", "\"unfinished\"")).unwrap();
    refused(&["shards/0002 (chunk 2 of 2", "is not finished"]);
    // Of another version, and of a number that no chunk has.
    let version = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");
    fs::write(shard("0002/run.json"), record.replace(version, "\"0.0.9\"")).unwrap();
    refused(&["shards/0002 (chunk 2 of 2", "is of version 0.0.9"]);
    for (number, of) in [("3", "2"), ("0", "2"), ("2", "1000000000000")] {
        let changed = record.replace("\"number\": 2", &format!("\"number\": {number}"));
        fs::write(shard("0002/run.json"), changed.replace("\"of\": 2", &format!("\"of\": {of}"))).unwrap();
        refused(&[&format!("chunk {number} of {of}"), "missing"]);
    }
    fs::write(shard("0002/run.json"), &record).unwrap();
    // Of another plan: a file more.
    disc(&dir.join("in/c.tif"), 36);
    said(dir, &["plan", "in", "--chunk", "2", "--out", "plan"], 0);
    fs::remove_dir_all(shard("0002")).unwrap();
    analyze_second(&["--export", "none"]);
    refused(&["shards/0002 is chunk 2 of 2 of plan", "shards/0001 is chunk 1 of 2 of plan"]);
}

#[test]
fn damage_and_other_runs_are_no_part_of_a_merge() {
    let dir = two_shards();
    let dir = dir.path();
    // A file is shorter than it was: nothing says that the merge is finished.
    let labels = dir.join("shards/0002/images/b/labels.tif");
    let whole = fs::read(&labels).unwrap();
    fs::write(&labels, &whole[..whole.len() / 2]).unwrap();
    let said = merge(dir, "merged", 3);
    assert!(said.contains("shards/0002") && said.contains("b.tif are not whole"), "{said}");
    let status = |out: &str| {
        let record: Json = serde_json::from_slice(&fs::read(dir.join(out).join("run.json")).unwrap()).unwrap();
        record["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status("merged"), "unfinished");
    fs::write(&labels, &whole).unwrap();
    merge(dir, "merged", 0);
    assert_eq!((status("merged"), super::cupule(dir, &["verify", "merged"]).code), ("finished".into(), 0));
    // Another run, and one with decisions.
    super::analyze(dir, &["in", "--out", "other"], 0);
    assert!(merge(dir, "other", 2).contains("holds another run"));
    let curation = dir.join("merged/curation.json");
    fs::write(&curation, r#"{"format":"cupule curation","version":1,"decisions":[]}"#).unwrap();
    assert!(merge(dir, "merged", 2).contains("decisions of a person"));
    // A link that leads out of the folder.
    #[cfg(unix)]
    {
        fs::create_dir_all(dir.join("linked/images")).unwrap();
        fs::create_dir(dir.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(dir.join("elsewhere"), dir.join("linked/images/a")).unwrap();
        assert!(merge(dir, "linked", 4).contains("a link leads out"));
        assert_eq!(fs::read_dir(dir.join("elsewhere")).unwrap().count(), 0);
    }
}

#[test]
fn a_chunk_that_was_done_again_takes_the_place_of_what_it_was() {
    let dir = two_shards();
    let dir = dir.path();
    // What is as long as it was is not the same. The shard is done again, at another time, and merged into the same folder.
    let result = dir.join("shards/0001/images/a/result.json");
    let whole = fs::read_to_string(&result).unwrap();
    fs::write(&result, whole.replacen("\"diameter_px\":2", "\"diameter_px\":9", 1)).unwrap();
    assert_ne!(fs::read_to_string(&result).unwrap(), whole);
    let damaged = merge(dir, "merged", 3);
    assert!(damaged.contains("shards/0001") && damaged.contains("a.tif are not whole"), "{damaged}");
    assert!(damaged.contains("--restart"), "{damaged}");
    let restart = ["analyze", "--list", "plan/0001.txt", "--out", "shards/0001", "--export", "none", "--restart"];
    assert_eq!(cupule_at("1600000000", dir, &[&restart[..], &OPTIONS].concat()).code, 0);
    merge(dir, "merged", 0);
    assert_eq!(super::cupule(dir, &["verify", "merged"]).code, 0);
    // An image that was read before and no longer is leaves nothing.
    let file = dir.join("in/a.tif");
    let length = fs::read(&file).unwrap().len();
    fs::write(&file, vec![b'x'; length]).unwrap();
    said(dir, &[&restart[..7], &OPTIONS, &["--fail-on", "none"]].concat(), 0);
    merge(dir, "merged", 1);
    merge(dir, "fresh", 1);
    assert!(files(&dir.join("merged")) == files(&dir.join("fresh")));
    assert!(!dir.join("merged/images/a/labels.tif").exists() && dir.join("merged/images/b/labels.tif").exists());
}

#[test]
fn a_list_says_all_about_the_files() {
    let dir = two_shards();
    let dir = dir.path();
    let analyze = |more: &[&str], code| said(dir, &[&["analyze", "--device", "cpu"], more].concat(), code);
    assert!(analyze(&["in", "--list", "plan/0001.txt", "--out", "x"], 2).contains("--list"));
    assert!(analyze(&["--out", "x"], 2).contains("INPUT"));
    for wrong in ["nothing.txt", "in/a.tif"] {
        let said = analyze(&["--list", wrong, "--out", "x"], 3);
        assert!(said.contains(wrong) && said.contains("cupule plan"), "{said}");
    }
    let said = analyze(&["--list", "plan/0001.txt", "--out", "x", "--include", "*.mrc"], 2);
    assert!(said.contains("--include is '*.mrc'"), "{said}");
    // A chunk is no other, and no run of all.
    let options = &OPTIONS[2..];
    let into = |input: &[&str], out| analyze(&[input, options, &["--export", "none", "--out", out]].concat(), 2);
    let other = into(&["--list", "plan/0002.txt"], "shards/0001");
    assert!(other.contains("holds chunk 1 of 2") && other.contains("this is chunk 2 of 2"), "{other}");
    assert!(into(&["in"], "shards/0001").contains("no chunk of a plan"));
    // All images of a chunk may have failed without its being a failure of the whole.
    fs::write(dir.join("in/a.tif"), "broken").unwrap();
    let again = ["--list", "plan/0001.txt", "--out", "shards/0001", "--export", "none"];
    analyze(&[&again[..], options, &["--fail-on", "none"]].concat(), 0);
    analyze(&[&again[..], options].concat(), 1);
}

#[test]
fn a_run_waits_for_a_folder_when_told_to() {
    let dir = two_shards();
    let dir = dir.path();
    let lock = Lock::take(&dir.join("shards/0001")).unwrap();
    let again = ["analyze", "--list", "plan/0001.txt", "--out", "shards/0001", "--export", "none"];
    said(dir, &[&again[..], &OPTIONS].concat(), 6);
    said(dir, &[&again[..], &OPTIONS, &["--lock-wait", "0.2"]].concat(), 6);
    let waiting = Duration::from_millis(900);
    std::thread::scope(|scope| {
        let begun = Instant::now();
        let run = scope.spawn(|| said(dir, &[&again[..], &OPTIONS, &["--lock-wait", "60"]].concat(), 0));
        std::thread::sleep(waiting);
        drop(lock);
        run.join().unwrap();
        assert!(begun.elapsed() >= waiting);
    });
}
