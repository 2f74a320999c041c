//! `cupule inspect`, and stacks.

use super::*;

/// A stack of 16-bit sections with 6.4 Å per pixel, as MRC.
pub fn write_stack(path: &Path, (width, height): (usize, usize), sections: &[Vec<u16>]) {
    let mut header = vec![0u8; 1024];
    let mut put = |at: usize, word: [u8; 4]| header[at..at + 4].copy_from_slice(&word);
    for (at, int) in [(0, width), (4, height), (8, sections.len()), (12, 6), (28, width), (32, height), (36, 1)] {
        put(at, (int as i32).to_le_bytes());
    }
    put(40, (width as f32 * 6.4).to_le_bytes());
    put(44, (height as f32 * 6.4).to_le_bytes());
    put(208, *b"MAP ");
    put(212, [0x44, 0x44, 0, 0]);
    header.extend(sections.iter().flatten().flat_map(|v| v.to_le_bytes()));
    fs::write(path, header).unwrap();
}

fn inspect(dir: &Path, args: &[&str], code: i32) -> Ended {
    let ended = cupule(dir, &[&["inspect"], args].concat());
    assert_eq!(ended.code, code, "inspect {args:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

#[test]
fn json_has_every_field_and_a_line_for_each_file() {
    let dir = tempfile::tempdir().unwrap();
    write_stack(&dir.path().join("a.mrc"), (3, 2), &[vec![1, 2, 3, 4, 5, 6], vec![9; 6]]);
    fs::write(dir.path().join("b.tif"), b"nothing").unwrap();
    let ended = inspect(dir.path(), &["--json", "a.mrc", "b.tif"], 1);
    assert_eq!(ended.stderr, "");
    let lines: Vec<serde_json::Value> = ended.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let [stack, refused] = &lines[..] else { panic!("{}", ended.stdout) };
    for (field, expected) in [
        ("format", serde_json::json!("MRC")),
        ("width", 3.into()),
        ("height", 2.into()),
        ("frames", 2.into()),
        ("dtype", "uint16".into()),
        ("pixel_size_source", "mrc".into()),
        ("scale_bar", serde_json::Value::Null),
        ("sha256_frame0", sha256_of(&[1u16, 2, 3, 4, 5, 6]).into()),
    ] {
        assert_eq!(stack[field], expected, "{field}");
    }
    for axis in ["x", "y"] {
        let nm = stack["pixel_size_nm"][axis].as_f64().unwrap();
        assert!((nm / 0.64 - 1.0).abs() < 1e-6, "{nm}");
    }
    assert_eq!(stack["witnesses"][0]["source"], "mrc");
    assert!(refused["error"].as_str().unwrap().contains("b.tif") && refused.get("width").is_none());
}

fn sha256_of(samples: &[u16]) -> String {
    use sha2::{Digest, Sha256};
    let bytes: Vec<u8> = samples.iter().flat_map(|v| v.to_le_bytes()).collect();
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn text_names_the_winner_the_losers_and_the_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_stack(&dir.path().join("a.mrc"), (3, 2), &[vec![1; 6]]);
    let text = inspect(dir.path(), &["a.mrc", "--pixel-size", "0.8nm"], 0).stdout;
    for expected in ["MRC, 1 image of 3 x 2 px, uint16", "0.8 nm, by user", "mrc", "disagree", "sha256"] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(inspect(dir.path(), &["missing.mrc"], 1).stderr.contains("missing.mrc"));
}

/// The field of a folder as an MRC stack: whole, upside down, whole.
fn folder_with_stack() -> TempDir {
    let dir = folder_with_field();
    let field = read_picture(&dir.path().join("in/clean-000.tif")).value;
    let upside_down: Vec<u16> = field.chunks(320).rev().flatten().copied().collect();
    write_stack(&dir.path().join("stack.mrc"), (320, 320), &[field.clone(), upside_down, field]);
    dir
}

fn analyzed(dir: &Path, frame: &[&str], code: i32) -> Vec<HashMap<String, String>> {
    let args = [&["stack.mrc", "--out", "out", "--pixel-size", "1.6nm", "--restart"], frame].concat();
    analyze(dir, &args, code);
    rows(&dir.join("out/images.csv"))
}

#[test]
fn a_stack_gives_its_first_image_and_says_so() {
    let dir = folder_with_stack();
    let images = analyzed(dir.path(), &[], 0);
    assert_eq!([&images[0]["frame"], &images[0]["frame_count"]], ["0", "3"]);
    assert!(images[0]["warnings"].contains("--frame"), "{}", images[0]["warnings"]);
}

#[test]
fn a_stack_can_be_taken_apart() {
    let dir = folder_with_stack();
    let images = analyzed(dir.path(), &["--frame", "all"], 0);
    let names: Vec<&str> = images.iter().map(|row| row["image"].as_str()).collect();
    assert_eq!(names, ["stack.mrc@0", "stack.mrc@1", "stack.mrc@2"]);
    let counts: Vec<&str> = images.iter().map(|row| row["accepted_count"].as_str()).collect();
    assert_eq!(counts[0], counts[2]);
    for row in &images {
        assert!(dir.path().join("out/images").join(&row["output"]).join("labels.tif").exists());
        assert!(!row["warnings"].contains("--frame"));
    }
    let particles = rows(&dir.path().join("out/particles.csv"));
    let of = |image: &str| {
        let strip = |row: &HashMap<String, String>| ["x_px", "y_px", "diameter_nm"].map(|c| row[c].clone());
        particles.iter().filter(|row| row["image"] == image).map(strip).collect::<Vec<_>>()
    };
    assert_eq!(of("stack.mrc@0"), of("stack.mrc@2"));
    assert_ne!(of("stack.mrc@0"), of("stack.mrc@1"));
}

#[test]
fn one_image_of_a_stack_or_the_mean_can_be_chosen() {
    let dir = folder_with_stack();
    assert_eq!(analyzed(dir.path(), &["--frame", "2"], 0)[0]["frame"], "2");
    let mean = analyzed(dir.path(), &["--frame", "mean"], 0);
    assert_eq!((mean.len(), mean[0]["frame"].as_str()), (1, "mean"));
    let beyond = analyzed(dir.path(), &["--frame", "3"], 3);
    assert!(beyond[0]["error"].contains('3') && beyond[0]["status"] == "failed", "{}", beyond[0]["error"]);
    analyze(dir.path(), &["stack.mrc", "--out", "out", "--frame", "first"], 2);
}

#[test]
fn larger_images_than_allowed_are_refused() {
    let dir = folder_with_stack();
    let ended = inspect(dir.path(), &["stack.mrc", "--max-pixels", "1000"], 1);
    assert!(ended.stderr.contains("--max-pixels") && ended.stderr.contains("320 x 320"), "{}", ended.stderr);
}
