//! The files of a run.

use super::*;

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
    assert!(expected.len() > 3 * 5, "{:?}", expected.keys());
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
    assert_eq!(files(&dir.join("out/images/clean-000")).into_keys().collect::<Vec<_>>(), ["result.json"]);
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
    let ended = cupule(&dir.join("odd"), &["analyze", "-v", "--device", "cpu", "--out", "../minus", "--", "-q.tif"]);
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
