//! What is found, and what is not.

use super::*;

/// Vesicles of one field: how many of the truth were found, and how many of the found are true.
#[derive(Default)]
struct Score {
    true_count: usize,
    recalled: usize,
    accepted: usize,
    right: usize,
}

impl Score {
    /// Compares label pictures: a pair matches when it shares at least half of its union. Vesicles cut by the border
    /// need not be found.
    fn add(&mut self, truth: &Picture, cut: &BTreeSet<u16>, found: &Picture, accepted: &BTreeSet<u16>) {
        let mut shared: HashMap<(u16, u16), usize> = HashMap::new();
        truth.value.iter().zip(&found.value).for_each(|(&t, &f)| *shared.entry((t, f)).or_default() += 1);
        let area = |picture: &Picture, id| picture.value.iter().filter(|&&v| v == id).count();
        let pairs: Vec<(u16, u16)> = shared
            .iter()
            .filter(|((t, f), common)| *t > 0 && *f > 0 && 2 * *common >= area(truth, *t) + area(found, *f) - *common)
            .map(|(pair, _)| *pair)
            .collect();
        let ids: BTreeSet<u16> = truth.value.iter().copied().filter(|id| *id > 0 && !cut.contains(id)).collect();
        self.true_count += ids.len();
        self.recalled += pairs.iter().filter(|(t, _)| ids.contains(t)).count();
        self.accepted += accepted.len();
        self.right += pairs.iter().filter(|(_, f)| accepted.contains(f)).count();
    }
}

#[test]
fn finds_the_vesicles_of_clear_fields() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let args = ["synth", "--out", "set", "--seed", "21", "-n", "8", "--kind", "clean", "--size", "560x480"];
    let ended = cupule(dir, &[args.as_slice(), &["--pixel-size", "1.5nm"]].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    analyze(dir, &["set/images", "--out", "out", "-q"], 0);
    let (particles, truth) = (rows(&dir.join("out/particles.csv")), rows(&dir.join("set/truth.csv")));
    let mut score = Score::default();
    for row in rows(&dir.join("set/scenes.csv")) {
        let image = &row["image"];
        let ids = |rows: &[HashMap<String, String>], name: &str, column: &str, value: &str| -> BTreeSet<u16> {
            let of_image = rows.iter().filter(|row| row["image"] == name && row[column] == value);
            of_image.map(|row| row["particle_id"].parse().unwrap()).collect()
        };
        score.add(
            &read_picture(&dir.join(format!("set/truth/{image}.labels.tif"))),
            &ids(&truth, image, "touches_border", "true"),
            &read_picture(&dir.join(format!("out/images/{image}/labels.tif"))),
            &ids(&particles, &format!("{image}.tif"), "status", "accepted"),
        );
    }
    let Score { true_count, recalled, accepted, right } = score;
    let (recall, precision) = (recalled as f64 / true_count as f64, right as f64 / accepted as f64);
    eprintln!("recall {recalled}/{true_count} = {recall:.3}, precision {right}/{accepted} = {precision:.3}");
    assert!(true_count >= 20, "a poor example: {true_count} vesicles");
    // Both were 36 of 36 when this was written; the margin is for a verdict that is trained anew.
    assert!(recall >= 0.6 && precision >= 0.8, "recall {recall:.3}, precision {precision:.3}");
}

/// Noise with a bell-like distribution, the same in each run.
fn noise() -> impl FnMut() -> f64 {
    let mut state = 12345_u64;
    move || {
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}

/// Three fields of 400 px square without anything in them.
fn empty_fields(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let mut draw = noise();
    let white: Vec<f64> = (0..402 * 402).map(|_| draw()).collect();
    // Camera blur: the mean of 3 x 3, brought back to the same deviation.
    let blurred = |x: u32, y: u32| {
        let at = |x: u32, y: u32| white[(y * 402 + x) as usize];
        (0..9).map(|k| at(x + k % 3, y + k / 3)).sum::<f64>() / 3.0
    };
    let grey = |value: f64| (20_000.0 + 1_500.0 * value) as u16;
    let put = |name: &str, value: &dyn Fn(u32, u32) -> u16| write_picture(&folder.join(name), (400, 400), value);
    put("white-noise.tif", &|x, y| grey(white[(y * 402 + x) as usize]));
    put("blurred-noise.tif", &|x, y| grey(blurred(x, y)));
    put("sloping-noise.tif", &|x, y| grey(blurred(x, y)) + (20 * x + 10 * y) as u16);
}

/// Analyses `in` with pixels of each size, and finds no vesicle.
fn finds_nothing(dir: &Path, pixel_sizes: &[&str]) {
    for size in pixel_sizes {
        analyze(dir, &["in", "--out", "out", "--pixel-size", size, "-q", "--restart"], 0);
        for row in rows(&dir.join("out/images.csv")) {
            let found = (row["accepted_count"].as_str(), row["border_count"].as_str());
            assert_eq!(found, ("0", "0"), "{} at {size}", row["image"]);
        }
    }
}

#[test]
fn nothing_is_found_in_noise() {
    let dir = tempfile::tempdir().unwrap();
    empty_fields(&dir.path().join("in"));
    finds_nothing(dir.path(), &["0.35nm", "0.6nm", "1nm"]);
}

#[test]
fn nothing_is_found_in_coarse_noise() {
    let dir = tempfile::tempdir().unwrap();
    empty_fields(&dir.path().join("in"));
    finds_nothing(dir.path(), &["1.5nm", "2.5nm", "4nm"]);
}

#[test]
fn nothing_is_found_in_plain_and_tiny_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("in");
    fs::create_dir(&folder).unwrap();
    let put = |name: &str, size, grey: &dyn Fn(u32, u32) -> u16| write_picture(&folder.join(name), size, grey);
    put("black.tif", (300, 200), &|_, _| 0);
    put("white.tif", (300, 200), &|_, _| u16::MAX);
    put("ramp.tif", (300, 200), &|x, y| (100 * x + 50 * y) as u16);
    put("1x1.tif", (1, 1), &|_, _| 7);
    put("5x3.tif", (5, 3), &|x, y| (x * y) as u16);
    put("1x500.tif", (1, 500), &|_, y| y as u16);
    put("500x2.tif", (500, 2), &|x, _| x as u16);
    finds_nothing(dir.path(), &["0.1nm", "1.5nm", "4nm", "12nm"]);
}

#[test]
fn pixels_that_are_no_numbers_are_survived() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("in")).unwrap();
    let put = |name: &str, grey: &dyn Fn(usize) -> f32| {
        let pixels: Vec<f32> = (0..60 * 60).map(grey).collect();
        let mut tiff = TiffEncoder::new(fs::File::create(dir.join("in").join(name)).unwrap()).unwrap();
        tiff.write_image::<Gray32Float>(60, 60, &pixels).unwrap();
    };
    put("all-nan.tif", &|_| f32::NAN);
    put("infinite.tif", &|i| if i % 2 == 0 { f32::INFINITY } else { f32::NEG_INFINITY });
    put("some-nan.tif", &|i| if i % 7 == 0 { f32::NAN } else { i as f32 });
    put("huge.tif", &|i| if i % 2 == 0 { f32::MAX } else { f32::MIN });
    put("tiny.tif", &|i| i as f32 * f32::MIN_POSITIVE);
    let ended = cupule(dir, &["analyze", "in", "--out", "out", "--device", "cpu", "--pixel-size", "1nm", "-q"]);
    assert!(ended.code == 1 && !ended.stderr.contains("panicked"), "{} {}", ended.code, ended.stderr);
    let images = rows(&dir.join("out/images.csv"));
    let row = |name: &str| images.iter().find(|row| row["image"] == name).unwrap();
    for name in ["all-nan.tif", "infinite.tif"] {
        assert!(row(name)["status"] == "failed" && !row(name)["error"].is_empty(), "{:?}", row(name));
    }
    assert_eq!(
        (row("some-nan.tif")["status"].as_str(), row("some-nan.tif")["nonfinite_count"].as_str()),
        ("ok", "515")
    );
    assert_eq!(row("tiny.tif")["status"], "ok");
}
