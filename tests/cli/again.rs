//! Into a folder that holds a run: what is kept, what is done again, and what is left alone.

use super::*;
use cupule::lock::LOCK;
use cupule::measure::Model;
use serde_json::Value as Json;

/// A picture with some bright discs that have a dark rim.
pub fn disc(path: &Path, centre: u32) {
    write_picture(path, (64, 64), |x, y| {
        let distance = libm::hypot(f64::from(x).mul_add(1.0, -f64::from(centre)), f64::from(y) - 32.0);
        let level = if distance < 12.0 {
            1260
        } else if distance < 17.0 {
            780
        } else {
            1000
        };
        level + ((x * 7 + y * 13) % 41) as u16
    });
}

/// A folder with `in/a.tif` and `in/b.tif`, small and without a pixel size.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("in")).unwrap();
    disc(&dir.path().join("in/a.tif"), 30);
    disc(&dir.path().join("in/b.tif"), 34);
    dir
}

const WORK: [&str; 5] = ["in", "--pixel-size", "2nm", "--out", "out"];

fn work(dir: &Path, more: &[&str], code: i32) -> String {
    analyze(dir, &[&WORK, more].concat(), code).stderr
}

/// All that is the same in each run of the same files.
fn clean(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    analyze(dir, &["in", "--pixel-size", "2nm", "--out", "clean"], 0);
    let clean = lasting(&dir.join("clean"));
    fs::remove_dir_all(dir.join("clean")).unwrap();
    clean
}

#[test]
fn a_file_beside_a_micrograph_counts_when_it_comes_and_changes() {
    let dir = folder();
    let dir = dir.path();
    let size = |expected: [&str; 2]| {
        let said = analyze(dir, &["in", "--out", "out", "-v"], 0).stderr;
        let sizes: Vec<_> = rows(&dir.join("out/images.csv")).iter().map(|row| row["pixel_size_nm"].clone()).collect();
        assert_eq!(sizes, expected);
        said.matches(": kept").count()
    };
    assert_eq!(size(["", ""]), 0);
    fs::write(dir.join("in/a.txt"), "[TemImageFile]\nPixelSize=2.5\n").unwrap();
    assert_eq!(size(["2.5", ""]), 1);
    fs::write(dir.join("in/a.txt"), "[TemImageFile]\nPixelSize=3.5\n").unwrap();
    assert_eq!(size(["3.5", ""]), 1);
    assert_eq!(size(["3.5", ""]), 2);
    let record: Json = serde_json::from_slice(&fs::read(dir.join("out/run.json")).unwrap()).unwrap();
    assert_eq!(record["inputs"][0]["sidecars"][0]["name"], "a.txt");
}

#[test]
fn another_verdict_is_another_run_whatever_it_is_called() {
    let dir = folder();
    let dir = dir.path();
    let mut model = Model::embedded().clone();
    fs::write(dir.join("one.json"), serde_json::to_vec(&model).unwrap()).unwrap();
    model.calibration[1] -= 9.0;
    fs::write(dir.join("two.json"), serde_json::to_vec(&model).unwrap()).unwrap();
    work(dir, &["--verdict", "one.json"], 0);
    let said = work(dir, &["--verdict", "two.json"], 2);
    assert!(said.contains("verdict.model.sha256"), "{said}");
    // The program's own is the first one.
    assert_eq!(work(dir, &["-v"], 0).matches(": kept").count(), 2);
}

#[test]
fn what_is_not_of_the_run_is_left_alone() {
    let dir = folder();
    let dir = dir.path();
    work(dir, &[], 0);
    analyze(dir, &["in/a.tif", "--pixel-size", "2nm", "--out", "out/second"], 0);
    fs::create_dir(dir.join("out/notes")).unwrap();
    for name in ["out/notes/journal.json", "out/second/.cupule-unfinished-x", "out/.cupule-unfinished-y"] {
        fs::write(dir.join(name), "mine").unwrap();
    }
    work(dir, &["--restart"], 0);
    assert!(dir.join("out/second/images/a/journal.json").is_file() && dir.join("out/notes/journal.json").is_file());
    assert!(dir.join("out/second/.cupule-unfinished-x").is_file() && !dir.join("out/.cupule-unfinished-y").exists());
    // What systems leave in folders they look into comes and goes.
    fs::write(dir.join("out/images/a/.DS_Store"), "looked").unwrap();
    work(dir, &["--export", "none", "--restart"], 0);
    fs::remove_file(dir.join("out/images/a/.DS_Store")).unwrap();
    assert_eq!(cupule(dir, &["verify", "out"]).code, 0);
}

#[test]
fn starting_again_goes_on_where_it_was_ended() {
    let dir = folder();
    let dir = dir.path();
    work(dir, &[], 0);
    let path = dir.join("out/run.json");
    let finished = fs::read_to_string(&path).unwrap();
    let unfinished = finished.replace("\"finished\"", "\"unfinished\"");
    let kept = |record: &str| {
        fs::write(&path, record).unwrap();
        work(dir, &["--restart", "-v"], 0).matches(": kept").count()
    };
    // What another command began is done again, all of it.
    assert_eq!((kept(&finished), kept(&unfinished)), (0, 0));
    fs::remove_file(dir.join("out/images/a/journal.json")).unwrap();
    assert_eq!(kept(&unfinished.replace("\"unfinished\"", "\"unfinished\", \"restarts\": true")), 1);
    // How the results came about does not show in them.
    assert!(!fs::read_to_string(&path).unwrap().contains("restart"));
    assert!(lasting(&dir.join("out")) == clean(dir));
}

#[test]
fn damaged_results_are_made_again() {
    let dir = folder();
    let dir = dir.path();
    work(dir, &[], 0);
    for file in ["result.json", "journal.json"] {
        let path = dir.join("out/images/a").join(file);
        let mut bytes = fs::read(&path).unwrap();
        bytes[5] ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        // Something that makes the tables anew.
        fs::remove_file(dir.join("out/particles.csv")).unwrap();
        work(dir, &[], 0);
        assert!(lasting(&dir.join("out")) == clean(dir), "{file}");
    }
}

#[test]
fn decisions_that_were_not_carried_out_are_with_the_next_run() {
    let dir = folder();
    let dir = dir.path();
    work(dir, &[], 0);
    let machine = lasting(&dir.join("out"));
    let particle = &rows(&dir.join("out/particles.csv"))[0];
    let sha256 = &rows(&dir.join("out/images.csv"))[0]["input_sha256"];
    let to = if particle["status"] == "rejected" { "accepted" } else { "rejected" };
    let decision = serde_json::json!({ "format": "cupule curation", "version": 1, "decisions": [{
        "image": particle["image"], "input_sha256": sha256, "particle_id": particle["particle_id"].parse::<u32>().unwrap(),
        "status": to, "reason": "", "by": "A. N. Other", "utc": "2026-11-23T12:00:00Z" }] });
    fs::write(dir.join("review.json"), decision.to_string()).unwrap();
    // As it lies there when 'curate' was killed behind its first step.
    fs::copy(dir.join("review.json"), dir.join("out/curation.json")).unwrap();
    fs::remove_file(dir.join("out/checksums.sha256")).unwrap();
    work(dir, &[], 0);
    let found = rows(&dir.join("out/particles.csv"));
    assert_eq!(found.iter().filter(|row| row["curated_by"] == "A. N. Other").count(), 1);
    let finished = lasting(&dir.join("out"));
    assert_eq!(cupule(dir, &["curate", "out", "review.json"]).code, 0);
    let mut curated = lasting(&dir.join("out"));
    assert!(curated.remove("curation.json").is_some());
    assert!(finished.iter().filter(|(name, _)| *name != "curation.json").eq(curated.iter()));
    assert_eq!(cupule(dir, &["verify", "out"]).code, 0);
    fs::remove_file(dir.join("out/curation.json")).unwrap();
    work(dir, &[], 0);
    assert!(lasting(&dir.join("out")) == machine, "without the file the machine's results are back");
}

#[test]
fn what_a_killed_run_had_in_hand_comes_last() {
    let dir = folder();
    let dir = dir.path();
    disc(&dir.join("in/c.tif"), 28);
    let order = |lock: &str| {
        let _ = fs::remove_dir_all(dir.join("out"));
        fs::create_dir(dir.join("out")).unwrap();
        fs::write(dir.join("out").join(LOCK), lock).unwrap();
        let said = work(dir, &["-v", "--jobs", "1"], 0);
        let mut names = ["a.tif: ", "b.tif: ", "c.tif: "];
        names.sort_by_key(|name| said.find(name).unwrap());
        names.iter().map(|name| &name[..1]).collect::<String>()
    };
    assert_eq!(order("process 1\n"), "abc");
    assert_eq!(order("process 1\na.tif\nb.tif\n"), "cab");
    assert_eq!(order("process 1\nb.tif\n"), "acb");
    assert!(!dir.join("out").join(LOCK).exists());
}

#[test]
fn results_are_no_micrographs_and_what_lies_beside_them_is() {
    let dir = folder();
    let dir = dir.path();
    let named = |inputs: &[&str], out: &str| {
        analyze(dir, &[inputs, &["--pixel-size", "2nm", "--out", out]].concat(), 0);
        rows(&dir.join(out).join("images.csv")).iter().map(|row| row["image"].clone()).collect::<Vec<_>>()
    };
    // Results among the micrographs, as of 'analyze in/*.tif --out in'.
    assert_eq!(named(&["in/a.tif", "in/b.tif"], "in"), ["a.tif", "b.tif"]);
    disc(&dir.join("in/images/c.tif"), 28);
    // One that was killed while it was written has no journal.
    fs::remove_file(dir.join("in/images/b/journal.json")).unwrap();
    assert_eq!(named(&["in"], "out"), ["a.tif", "b.tif", "images/c.tif"]);
    // Of 'analyze * --out out' when the folder is there already.
    assert_eq!(named(&["in", "out"], "out"), ["a.tif", "b.tif", "images/c.tif"]);
    for results in ["out/images", "out/images/a"] {
        analyze(dir, &[results, "--out", "third"], 3);
    }
    // A name that is that of a result is no reason to stop.
    fs::create_dir(dir.join("in/a")).unwrap();
    disc(&dir.join("in/a/labels.tif"), 29);
    assert_eq!(named(&["in"], "fourth").len(), 4);
    assert!(dir.join("fourth/images/a/labels.tif").is_file() && dir.join("fourth/images/a/labels").is_dir());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_read_through_a_link() {
    use std::os::unix::fs::symlink;
    let dir = folder();
    let dir = dir.path();
    fs::create_dir_all(dir.join("elsewhere")).unwrap();
    fs::create_dir_all(dir.join("out/images")).unwrap();
    symlink(dir.join("elsewhere"), dir.join("out/images/a")).unwrap();
    let said = work(dir, &[], 4);
    assert!(said.contains("images/a") && said.contains("link"), "{said}");
    assert_eq!(fs::read_dir(dir.join("elsewhere")).unwrap().count(), 0);
    fs::remove_file(dir.join("out/images/a")).unwrap();
    work(dir, &[], 0);
    // A record that was tampered with leads nowhere either.
    let record = fs::read_to_string(dir.join("out/run.json")).unwrap();
    fs::write(dir.join("out/run.json"), record.replace("\"output\": \"a\"", "\"output\": \"../../elsewhere\""))
        .unwrap();
    let ended = cupule(dir, &["report", "out"]);
    assert!(ended.code == 3 && ended.stderr.contains("leads out of"), "{}", ended.stderr);
    // Links among the micrographs are told of.
    symlink(dir.join("in/a.tif"), dir.join("in/linked.tif")).unwrap();
    let ended = analyze(dir, &["in", "--out", "other"], 0);
    assert!(ended.stderr.contains("1 links were passed over"), "{}", ended.stderr);
    fs::create_dir(dir.join("links")).unwrap();
    symlink(dir.join("in/a.tif"), dir.join("links/a.tif")).unwrap();
    assert!(analyze(dir, &["links", "--out", "third"], 3).stderr.contains("1 links, which are not followed"));
    analyze(dir, &["links/a.tif", "--out", "third"], 0);
}

#[test]
fn what_goes_wrong_before_a_run_is_told_as_all_else() {
    let dir = folder();
    let dir = dir.path();
    work(dir, &[], 0);
    let finish = "printf '%s %s' \"$CUPULE_EXIT_CODE\" \"$CUPULE_SUMMARY\" > told";
    for wrong in [["--sample", "missing.toml"], ["--verdict", "missing.json"], ["--include", "nothing*"]] {
        let more = ["--log-format", "json", "--on-finish", finish];
        let ended = cupule(dir, &[&["analyze"], &WORK[..], &wrong, &more].concat());
        let line: Json = serde_json::from_str(ended.stderr.trim()).unwrap_or_else(|_| panic!("{}", ended.stderr));
        assert_eq!((line["event"].as_str(), line["exit_code"].as_i64()), (Some("error"), Some(ended.code.into())));
        if cfg!(unix) {
            assert_eq!(fs::read_to_string(dir.join("told")).unwrap(), format!("{} ", ended.code));
        }
    }
}
