//! Drawn scale bars and other marks, in made-up micrographs and, where `CUPULE_DATA` names a folder with them, in real ones.

use cupule::calibrate::micrograph;
use cupule::image::covered;
use cupule::marks::{Marks, find};
use cupule::read::{Limits, read};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// How far an end may be off, pixels.
const TOLERANCE_PX: f64 = 2.0;
/// Share of the box around what was drawn that the mask must cover: blanks between bar and text need not be. And share of a
/// clean picture that it may cover.
const COVERED_MIN: f64 = 0.6;
const CLEAN_MAX: f64 = 0.002;
/// Real micrographs of eight that must be read.
const READ_MIN: usize = 7;
/// The collection gives ends in pixels whose centres are whole numbers.
const COLLECTION_OFFSET_PX: f64 = 0.5;

type Row = HashMap<String, String>;

fn rows(table: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(table).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn number(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

fn marks(path: &Path) -> (Marks, usize, usize) {
    let raw = read(path, &Limits::default(), 0).unwrap();
    let specimen_rows = raw.specimen_rows;
    let image = micrograph(raw).unwrap();
    (find(&image.grey, image.width, image.height, specimen_rows), image.width, image.height)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scalebars")
}

#[test]
fn drawn_bars_are_read_and_nothing_else_is() {
    for row in rows(&fixtures().join("expected.csv")) {
        let file = &row["file"];
        let (marks, _, _) = marks(&fixtures().join(file));
        let bar = marks.scale_bar;
        let Some(length_nm) = number(&row, "length_nm") else {
            assert_eq!(bar.and_then(|b| b.length_nm), None, "{file}");
            continue;
        };
        let bar = bar.unwrap_or_else(|| panic!("{file}: no bar"));
        assert_eq!(bar.length_nm, Some(length_nm), "{file}: {bar:?}");
        for (ours, theirs) in [(bar.left_px, "left_px"), (bar.right_px, "right_px")] {
            assert!((ours - number(&row, theirs).unwrap()).abs() <= TOLERANCE_PX, "{file}: {bar:?}");
        }
    }
}

#[test]
fn the_mask_covers_what_was_drawn_and_no_specimen() {
    for row in rows(&fixtures().join("expected.csv")) {
        let (marks, width, height) = marks(&fixtures().join(&row["file"]));
        let mut mask = covered(&marks.regions, (width, height));
        mask.resize(width * height, false);
        let at = |column: &str| number(&row, column).unwrap() as usize;
        let (columns, lines) = (at("x0")..at("x1"), at("y0")..at("y1"));
        let covered = lines.clone().flat_map(|y| &mask[y * width..][columns.clone()]).filter(|m| **m).count();
        let drawn = columns.len() * lines.len();
        let masked = mask.iter().filter(|m| **m).count();
        assert!(covered as f64 >= COVERED_MIN * drawn as f64, "{}: {covered} of {drawn}", row["file"]);
        if drawn == 0 {
            assert!(masked as f64 <= CLEAN_MAX * mask.len() as f64, "{}: {masked}", row["file"]);
        }
    }
}

/// Sixteen bits, black and white beyond the specimen's range, a larger picture: the bar is the same.
#[test]
fn units_of_grey_do_not_matter() {
    let raw = read(&fixtures().join("white.jpg"), &Limits::default(), 0).unwrap();
    let image = micrograph(raw).unwrap();
    let grey: Vec<f32> = image.grey.iter().map(|v| 1200.0 + 35.0 * v).collect();
    let bar = find(&grey, image.width, image.height, None).scale_bar.unwrap();
    assert_eq!(bar.length_nm, Some(200.0));
}

#[test]
fn real_bars_are_read_and_none_is_wrong() {
    let Some(root) = std::env::var_os("CUPULE_DATA") else {
        eprintln!("SKIPPED scalebars: CUPULE_DATA does not name a folder with real files");
        return;
    };
    let folder = PathBuf::from(root).join("scalebars");
    assert!(folder.is_dir(), "CUPULE_DATA is set, but {} is missing", folder.display());
    let mut read = 0;
    for row in rows(&folder.join("expected.csv")) {
        let (marks, _, _) = marks(&folder.join(&row["file"]));
        let Some(bar) = marks.scale_bar.filter(|b| b.length_nm.is_some()) else {
            eprintln!("not read: {}", row["file"]);
            continue;
        };
        let expected = |column: &str| number(&row, column).unwrap();
        let tolerance_px = expected("tolerance_px");
        assert_eq!(bar.length_nm, number(&row, "value_nm"), "{}", row["file"]);
        for (ours, theirs) in [(bar.left_px, "bar_x_left"), (bar.right_px, "bar_x_right")] {
            assert!((ours - COLLECTION_OFFSET_PX - expected(theirs)).abs() <= tolerance_px, "{}: {bar:?}", row["file"]);
        }
        read += 1;
    }
    assert!(read >= READ_MIN, "{read} read");
}
