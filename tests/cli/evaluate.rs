//! `cupule evaluate`.

use super::*;

/// A field, its truth in `set/truth` and its results in `out`.
fn analysed() -> TempDir {
    let dir = folder_with_field();
    analyze(dir.path(), &["in", "--out", "out"], 0);
    dir
}

fn evaluate(dir: &Path, args: &[&str], code: i32) -> Ended {
    let ended = cupule(dir, &[&["evaluate"], args].concat());
    assert_eq!(ended.code, code, "evaluate {args:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

#[test]
fn help_says_what_is_accepted_and_what_neutral_means() {
    let dir = tempfile::tempdir().unwrap();
    let help = evaluate(dir.path(), &["--help"], 0).stdout;
    let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in
        ["NAME.labels.tif", "NAME_RoiSet.zip", "x_px, y_px, diameter_px", "65535", "[default: 0.5]", "0.62nm", "null"]
    {
        assert!(flat.contains(words), "{words}: {help}");
    }
    evaluate(dir.path(), &[], 2);
}

#[test]
fn tables_show_groups_all_and_on_demand_every_image() {
    let dir = analysed();
    let dir = dir.path();
    let shown = evaluate(dir, &["--truth", "set/truth", "--pred", "out"], 0);
    assert_eq!(shown.stderr, "");
    let starts = |text: &str, name: &str| text.lines().filter(|l| l.split_whitespace().next() == Some(name)).count();
    assert_eq!(["clean", "ALL", "clean-000"].map(|name| starts(&shown.stdout, name)), [2, 2, 0]);
    for words in ["F1 .50-.95", "Jaccard", "count error", "mean [95 % limits] nm", "expected calibration error"] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    let shown = evaluate(dir, &["--truth", "set/truth", "--pred", "out", "--per-image"], 0).stdout;
    assert_eq!(starts(&shown, "clean-000"), 2);
}

#[test]
fn json_has_every_figure_and_match() {
    let dir = analysed();
    let dir = dir.path();
    let args = ["--truth", "set/truth", "--pred", "out", "--json"];
    let printed = evaluate(dir, &[&args[..], &["-"]].concat(), 0).stdout;
    let shown = evaluate(dir, &[&args[..], &["result.json"]].concat(), 0).stdout;
    assert!(shown.contains("ALL"), "{shown}");
    assert_eq!(fs::read_to_string(dir.join("result.json")).unwrap(), printed);
    let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&json["images"][0]["image"], &json["groups"][0]["group"]), (&"clean-000".into(), &"clean".into()));
    let pairs = json["images"][0]["pairs"].as_array().unwrap();
    assert!(!pairs.is_empty());
    assert_eq!(json["all"]["match_count"], pairs.len());
    assert_eq!(json["all"]["thresholds"].as_array().unwrap().len(), 10);
    let first = &pairs[0];
    assert!(first["iou"].as_f64().unwrap() >= 0.5);
    // The pixel size is that of the label picture.
    let of = |key: &str| first[key].as_f64().unwrap();
    assert!((of("truth_diameter_nm") / of("truth_diameter_px") - 1.6).abs() < 1e-6);
    assert!(of("prediction_diameter_nm") > 0.0);
    let calibration = &json["calibration"];
    assert_eq!(
        (calibration["bins"].as_array().unwrap().len(), calibration["curve"].as_array().unwrap().len()),
        (10, 19)
    );
    // The threshold of the run is a point of the curve.
    assert_eq!(calibration["curve"][9]["match_count"], json["all"]["match_count"]);
}

#[test]
fn missing_and_unused_predictions_are_named() {
    let dir = analysed();
    let dir = dir.path();
    fs::copy(dir.join("set/truth/clean-000.labels.tif"), dir.join("set/truth/gone-1.labels.tif")).unwrap();
    let shown = evaluate(dir, &["--truth", "set/truth", "--pred", "out"], 0);
    assert!(shown.stdout.contains("No prediction for: gone-1"), "{}", shown.stdout);
    let shown = evaluate(dir, &["--truth", "set/truth/gone-1.labels.tif", "--pred", "out"], 0);
    assert!(
        shown.stderr.contains("1 predictions have no truth") && shown.stderr.contains("clean-000"),
        "{}",
        shown.stderr
    );
}

#[test]
fn what_is_wrong_is_told_with_its_exit_code() {
    let dir = analysed();
    let dir = dir.path();
    fs::write(dir.join("set/truth/bad.zip"), "PK").unwrap();
    for (args, code, words) in [
        (["set/truth", "nowhere"].as_slice(), 3, "nowhere: no such file or folder"),
        (&["nowhere", "out"], 3, "nowhere: no such file or folder"),
        (&["set/truth", "out"], 1, "bad.zip: the zip is damaged"),
        (&["set/truth/clean-000.labels.tif", "out", "--iou", "0"], 2, "an IoU of 0"),
        (&["set/truth/clean-000.labels.tif", "out", "--iou", "NaN"], 2, "an IoU of NaN"),
        (&["set/truth/clean-000.labels.tif", "out", "--pixel-size", "1"], 2, "has no unit"),
        (&["set/truth/clean-000.labels.tif", "out", "--json", "no/such/folder.json"], 4, "no/such/folder.json"),
    ] {
        let args = [&["--truth", args[0], "--pred", args[1]], &args[2..]].concat();
        let ended = evaluate(dir, &args, code);
        assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
    }
}
