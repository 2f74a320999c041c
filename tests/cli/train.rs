//! `cupule train` and `analyze --verdict`.

use super::*;

fn train(dir: &Path, args: &[&str], code: i32) -> Ended {
    let ended = cupule(dir, &[&["train"], args].concat());
    assert_eq!(ended.code, code, "train {args:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

#[test]
fn a_verdict_of_ones_own_is_the_same_again_and_can_be_used() {
    let dir = folder_with_field();
    let dir = dir.path();
    let small = ["--scenes", "5", "--passes", "1", "--images", "in", "--truth", "set/truth"];
    let told = train(dir, &[&small[..], &["--out", "mine.json"]].concat(), 0).stderr;
    assert!(told.contains("5 synthetic micrographs") && told.contains("annotated micrographs"), "{told}");
    train(dir, &[&small[..], &["--out", "again.json"]].concat(), 0);
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    assert!(read("mine.json") == read("again.json"));
    analyze(dir, &["in", "--out", "out", "--verdict", "mine.json"], 0);
    let run = String::from_utf8(read("out/run.json")).unwrap();
    assert!(run.contains("outlines of annotated micrographs"), "{run}");
}

#[test]
fn what_can_not_be_used_is_named() {
    let dir = folder_with_field();
    let dir = dir.path();
    fs::write(dir.join("broken.json"), "{}").unwrap();
    let told = analyze(dir, &["in", "--out", "out", "--verdict", "broken.json"], 2).stderr;
    assert!(told.contains("broken.json") && told.contains("cupule train"), "{told}");
    let told = train(dir, &["--out", "v.json", "--images", "in", "--truth", "nowhere"], 3).stderr;
    assert!(told.contains("nowhere"), "{told}");
    // Outlines of other micrographs.
    fs::create_dir(dir.join("other")).unwrap();
    fs::rename(dir.join("set/truth/clean-000.labels.tif"), dir.join("other/another.labels.tif")).unwrap();
    let told = train(dir, &["--out", "v.json", "--images", "in", "--truth", "other"], 3).stderr;
    assert!(told.contains("none of the micrographs"), "{told}");
    train(dir, &["--out", "v.json", "--images", "in"], 2);
    assert!(!dir.join("v.json").exists());
}
