//! What is said, and the exit codes.

use super::*;

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let help = cupule(dir.path(), &["--help"]);
    assert_eq!(help.code, 0);
    for command in [
        "analyze",
        "plan",
        "merge",
        "report",
        "curate",
        "import-rois",
        "compare",
        "sample",
        "inspect",
        "evaluate",
        "synth",
        "train",
        "watch",
        "devices",
        "bench",
        "columns",
        "config",
        "completions",
        "man",
    ] {
        assert!(help.stdout.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {}", help.stdout);
    }
    for text in [help.stdout, cupule(dir.path(), &["analyze", "--help"]).stdout] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for code in [
            "0 all fine",
            "1 some images",
            "2 wrong usage",
            "3 no usable",
            "4 output",
            "5 the asked-for",
            "6 the output folder is in use",
            "130 or 143 stopped",
        ] {
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
    let promised = [
        "checksums.sha256",
        "datapackage.json",
        "figures/close-up-1.png",
        "figures/figures.csv",
        "figures/wide-field-1.png",
        "imagej.csv",
        "images.csv",
        "images/clean-000/journal.json",
        "images/clean-000/labels.tif",
        "images/clean-000/overlay.png",
        "images/clean-000/picture.png",
        "images/clean-000/result.json",
        "images/clean-000/rois.zip",
        "particles.csv",
        "purity.json",
        "report.html",
        "ro-crate-metadata.json",
        "run.json",
        "statistics.json",
        "summary.json",
    ];
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
    assert_eq!(run["config"]["segment"]["min_diameter_nm"], 25.0);
    let command: Vec<&str> = run["command"].as_array().unwrap().iter().filter_map(|v| v.as_str()).skip(1).collect();
    // Without the output folder, which changes nothing.
    assert_eq!(command, ["analyze", "in", "--device", "cpu"]);
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
    assert_eq!(files(&dir.join("out/images/broken")).into_keys().collect::<Vec<_>>(), ["journal.json", "result.json"]);
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
        (&["--max-diameter", "nan"], "segment.max_diameter_nm: --max-diameter"),
        (&["--min-diameter", "1", "--max-diameter", "1000"], "1 : 100"),
        (&["--min-confidence", "1.5"], "between 0 and 1"),
        (&["--min-confidence", "nan"], "between 0 and 1"),
        (&["--denoise-strength", "-1"], "between 0 and 100"),
        (&["--denoise-strength", "nan"], "between 0 and 100"),
        (&["--threads", "0"], "0 is out of range; give a whole number, 1 to 4096"),
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
    copy("broken/no_tags.dm3", &dir.join("bad/no_tags.dm3"));
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
        assert!(ended.stderr.starts_with("error: file") && ended.stderr.contains("folder"), "{}", ended.stderr);
    }
    assert_eq!(fs::read(dir.join("file")).unwrap(), b"in the way");
    assert_eq!(cupule(dir, &["synth", "--out", "file", "-n", "1", "--size", "9x9"]).code, 4);

    fs::create_dir_all(dir.join("out/particles.csv")).unwrap();
    let ended = analyze(dir, &["in", "--out", "out"], 4);
    assert!(ended.stderr.contains("particles.csv"), "{}", ended.stderr);
    let left: Vec<String> = files(&dir.join("out")).into_keys().collect();
    assert!(
        left.iter().all(|name| name.starts_with("images/") || ["run.json", "summary.json"].contains(&name.as_str())),
        "{left:?}"
    );
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
