//! Readers and calibration against what outside programs read, and against damage.
//!
//! Cases are found by walking `fixtures/formats` and `fixtures/broken`; `scripts/make-format-fixtures` wrote both and the
//! expected values. Larger collections of real files are tried where `CUPULE_DATA` names a folder with them.

use cupule::calibrate::{ScaleRequest, micrograph, pixel_size};
use cupule::error::Error;
use cupule::image::{RawImage, Samples};
use cupule::read::{Limits, read, read_bytes};
use sha2::{Digest, Sha256};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The memory that a damaged file may ask for at once, with [`SMALL`] limits: the decoders' own buffers. The largest is
/// that of the messages that a header of HDF5 may claim to hold.
const MAX_REQUEST_BYTES: usize = 10 << 20;
/// Limits that the small fixtures keep within.
const SMALL: Limits = Limits { max_pixels: 1 << 16, max_decoded_bytes: 1 << 19, max_file_bytes: 1 << 20 };
/// JPEG decoders may round differently, by a few grey levels.
const JPEG_TOLERANCE: f64 = 2.0;

/// The system's allocator, remembering the largest request of each thread.
struct Watching;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

fn note(size: usize) {
    // A thread that is ending has no more use for the count.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Reads damaged bytes: whatever comes of it, no decoder may have panicked and no request may have been large.
fn read_damaged(path: &Path, bytes: &[u8], limits: &Limits, max_request: usize) -> Result<RawImage, Error> {
    LARGEST.set(0);
    let outcome = read_bytes(path, bytes, limits, 0);
    let largest = LARGEST.get();
    assert!(largest <= max_request, "{}: {largest} bytes asked for at once", path.display());
    if let Err(error) = &outcome {
        assert!(!error.to_string().contains("decoder failed"), "panicked: {error}");
    }
    outcome
}

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder)
}

/// The files of a fixture folder and their rows of `expected.csv`; fails unless the two name the same files. Without the
/// feature that reads EMD its files are left out.
fn cases(folder: &str) -> Vec<(PathBuf, HashMap<String, String>)> {
    let folder = fixtures(folder);
    let mut table = rows(&folder.join("expected.csv"));
    let found: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "expected.csv")
        .collect();
    assert!(!found.is_empty(), "no fixture in {}", folder.display());
    assert_eq!(found, table.keys().cloned().collect());
    let is_built =
        |name: &String| cfg!(feature = "emd") || ![".emd", ".dm5", ".hspy"].iter().any(|end| name.ends_with(end));
    found
        .into_iter()
        .filter(is_built)
        .map(|name| (folder.join(&name), table.remove(&name).unwrap().remove(0)))
        .collect()
}

/// Rows of a table by their column `file`.
fn rows(path: &Path) -> BTreeMap<String, Vec<HashMap<String, String>>> {
    let mut table: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().deserialize() {
        let row: HashMap<String, String> = row.unwrap();
        table.entry(row["file"].clone()).or_default().push(row);
    }
    table
}

/// One value of a number, `None` for an empty cell.
fn number(row: &HashMap<String, String>, column: &str) -> Option<f64> {
    (!row[column].is_empty()).then(|| row[column].parse().unwrap())
}

/// SHA-256 of the samples, row-major and little-endian.
fn digest(samples: &Samples) -> String {
    Sha256::digest(samples.to_le_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Finite values, and how many are not.
fn values(samples: &Samples) -> (Vec<f64>, usize) {
    let all: Vec<f64> = match samples {
        Samples::Bool(v) | Samples::U8(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::U16(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::U32(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::U64(v) => v.iter().map(|&s| s as f64).collect(),
        Samples::I8(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::I16(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::I32(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::I64(v) => v.iter().map(|&s| s as f64).collect(),
        Samples::F16(v) => v.iter().map(|s| s.to_f64()).collect(),
        Samples::F32(v) => v.iter().map(|&s| f64::from(s)).collect(),
        Samples::F64(v) => v.clone(),
    };
    let finite: Vec<f64> = all.iter().copied().filter(|v| v.is_finite()).collect();
    let nonfinite = all.len() - finite.len();
    (finite, nonfinite)
}

/// What differs between a picture and the row that an outside reader wrote, or nothing.
fn differences(image: &RawImage, row: &HashMap<String, String>, sha256: &str, tolerance: f64) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |what: &str, ours: String, theirs: &str| {
        if ours != theirs {
            told.push(format!("{what} {ours}, expected {theirs}"));
        }
    };
    tell("width", image.width.to_string(), &row["width"]);
    tell("height", image.height.to_string(), &row["height"]);
    if !sha256.is_empty() {
        tell("sha256", digest(&image.samples), sha256);
    }
    let (finite, nonfinite) = values(&image.samples);
    tell("not finite", nonfinite.to_string(), &row["nonfinite"]);
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let extreme = |pick: fn(f64, f64) -> f64| finite.iter().copied().reduce(pick).unwrap();
    for (name, ours) in [("min", extreme(f64::min)), ("max", extreme(f64::max)), ("mean", mean)] {
        let theirs = number(row, name).unwrap();
        // Sums of 64-bit values round.
        if (ours - theirs).abs() > tolerance + 1e-9 * theirs.abs() {
            told.push(format!("{name} {ours}, expected {theirs}"));
        }
    }
    told
}

#[test]
fn fixtures_read_as_outside_programs_read_them() {
    for (path, row) in cases("formats") {
        let image = read(&path, &SMALL, 0).unwrap();
        let tolerance = if row["sha256"].is_empty() { JPEG_TOLERANCE } else { 0.0 };
        let told = differences(&image, &row, &row["sha256"], tolerance);
        assert!(told.is_empty(), "{}: {told:?}", path.display());
        assert_eq!(image.channels.to_string(), row["channels"], "{}", path.display());
        assert_eq!(image.samples.type_name(), row["dtype"], "{}", path.display());

        let scale = pixel_size(&image.statements, &ScaleRequest::default());
        assert_eq!(scale.source.name(), row["px_source"], "{}: {scale:?}", path.display());
        assert_eq!(scale.pixel_size.is_some(), !row["px_x_nm"].is_empty(), "{}", path.display());
        if let Some(size) = scale.pixel_size {
            for (ours, column) in [(size.x_nm, "px_x_nm"), (size.y_nm, "px_y_nm")] {
                let theirs = number(&row, column).unwrap();
                // MRC keeps the cell in single precision, ImageJ's resolution is a fraction of 32-bit numbers.
                assert!((ours / theirs - 1.0).abs() < 1e-6, "{}: {ours} nm, expected {theirs}", path.display());
            }
        }
        let made = micrograph(image).unwrap();
        assert!(made.grey.iter().all(|v| v.is_finite()), "{}", path.display());
        assert_eq!(made.nonfinite_count.to_string(), row["nonfinite"], "{}", path.display());
    }
}

#[test]
fn broken_fixtures_are_refused_with_cause_and_remedy() {
    for (path, row) in cases("broken") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let outcome = read_damaged(&path, &std::fs::read(&path).unwrap(), &SMALL, MAX_REQUEST_BYTES);
        let (kind, message) = match &outcome {
            Ok(image) => {
                assert_eq!(pixel_size(&image.statements, &ScaleRequest::default()).pixel_size, None, "{name}");
                ("image", String::new())
            }
            Err(error @ Error::Input { .. }) => ("input", error.to_string()),
            Err(error @ Error::Unsupported { .. }) => ("unsupported", error.to_string()),
            Err(error) => panic!("{name}: {error}"),
        };
        assert_eq!(kind, row["outcome"], "{name}: {message}");
        assert!(message.contains(&row["message_has"]), "{name}: {message}");
        if kind != "image" {
            let (cause, remedy) = message.rsplit_once("; ").unwrap();
            assert!(cause.contains(name) && !remedy.is_empty(), "{name}: {message}");
        }
    }
}

#[test]
fn frames_are_chosen_by_number() {
    // Three pages, of which the last has another type; stacks of ImageJ with three directories and with one.
    for (name, frames) in [("u16_three_pages.tif", 2), ("imagej_stack_be.tif", 3), ("imagej_one_directory.tif", 3)] {
        let path = fixtures("formats").join(name);
        let mut digests = BTreeSet::new();
        for frame in 0..frames {
            let image = read(&path, &SMALL, frame).unwrap();
            assert_eq!(image.frames, frames, "{name}");
            digests.insert(digest(&image.samples));
        }
        assert_eq!(digests.len(), frames, "{name}");
        let message = read(&path, &SMALL, frames).unwrap_err().to_string();
        assert!(message.contains(&format!("{frames} frames")), "{message}");
    }
}

#[test]
fn a_cut_file_gives_an_error_or_the_whole_picture() {
    for (path, _) in cases("formats") {
        let bytes = std::fs::read(&path).unwrap();
        let whole = read_bytes(&path, &bytes, &SMALL, 0).unwrap();
        // All lengths near both ends, about a hundred between.
        let step = (bytes.len() / 100).max(1);
        let lengths = (0..bytes.len()).filter(|n| *n < 64 || n + 64 > bytes.len() || n % step == 0);
        for length in lengths {
            if let Ok(image) = read_damaged(&path, &bytes[..length], &SMALL, MAX_REQUEST_BYTES) {
                assert!(digest(&image.samples) == digest(&whole.samples), "{} cut at {length}", path.display());
            }
        }
    }
}

#[test]
fn flipped_bytes_never_panic_or_ask_for_much_memory() {
    for (path, _) in cases("formats") {
        let bytes = std::fs::read(&path).unwrap();
        // Headers are at the start; directories of TIFFs may be at the end.
        let headers = (0..bytes.len()).filter(|at| *at < 1200 || at + 300 > bytes.len());
        // HDF5 takes its time: a sample will do, since its decoder has tests of its own.
        let is_emd = path.extension().is_some_and(|end| end == "emd");
        let (step, flips): (_, &[u8]) = if is_emd { (3, &[0xff]) } else { (1, &[0x01, 0x80, 0xff]) };
        for at in headers.step_by(step) {
            for flip in flips {
                let mut flipped = bytes.clone();
                flipped[at] ^= flip;
                if let Ok(image) = read_damaged(&path, &flipped, &SMALL, MAX_REQUEST_BYTES) {
                    pixel_size(&image.statements, &ScaleRequest::default());
                    assert_eq!(image.samples.len(), image.width * image.height * image.channels);
                }
            }
        }
    }
}

/// The folder of real files, or a line that says why the test did nothing.
fn collection(part: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("CUPULE_DATA") else {
        eprintln!("SKIPPED {part}: CUPULE_DATA does not name a folder with real files");
        return None;
    };
    let folder = PathBuf::from(root).join(part);
    assert!(folder.is_dir(), "CUPULE_DATA is set, but {} is missing", folder.display());
    Some(folder)
}

/// How the names of formats begin that this crate reads; after a slash stands who wrote the file.
const IN_SCOPE: &[&str] = &[
    "TIFF",
    "BigTIFF",
    "PNG",
    "JPEG",
    "MRC",
    "DM3",
    "DM4",
    "TIA SER v0x0210",
    "TIA SER v0x0220",
    "EMD Velox",
    "EMD Berkeley",
];
/// Kinds of content that are no picture of a specimen; those must be refused by name, unless a TIFF makes them look so.
const NO_PICTURE: &[&str] = &["fft", "diffraction", "diffraction-stack", "spectrum", "spectrum-image", "sidecar"];
/// Files whose row says that they are pictures, but which are diffraction patterns: the unit of both axes is A^-1.
const PATTERNS: &[&str] = &["rosettasciio/emd/py4DSTEM_size2x3x4x5.h5"];

/// Of the rows of a file the one whose picture this is, else the first: where a file holds several pictures, which one
/// is read is for the reader to say.
fn row_of<'a>(rows: &'a [HashMap<String, String>], image: &RawImage) -> &'a HashMap<String, String> {
    let sha256 = digest(&image.samples);
    rows.iter().find(|row| row["sha256_frame0"] == sha256).unwrap_or(&rows[0])
}

#[test]
fn real_files_read_as_their_peers_read_them() {
    let Some(folder) = collection("formats") else { return };
    let (mut agreed, mut scales) = (0, 0);
    let (mut by_name, mut refused, mut wrong) = (vec![], vec![], vec![]);
    let (mut scales_missed, mut frames) = (vec![], vec![]);
    for (name, rows) in rows(&folder.join("expected.csv")) {
        let row = &rows[0];
        let is_known = IN_SCOPE.iter().any(|known| row["format"].split('/').next() == Some(*known));
        let is_picture = row["format"].contains("TIFF") || !NO_PICTURE.contains(&row["kind"].as_str());
        if !is_known || !is_picture || PATTERNS.contains(&name.as_str()) {
            match read(&folder.join(&name), &Limits::default(), 0) {
                Err(error @ Error::Unsupported { .. }) => by_name.push(error.to_string()),
                other => wrong.push(format!("{name}: {:?}", other.map(|image| image.format))),
            }
            continue;
        }
        let image = match read(&folder.join(&name), &Limits::default(), 0) {
            Ok(image) => image,
            Err(error @ Error::Unsupported { .. }) => {
                refused.push(error.to_string());
                continue;
            }
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let mut image = image;
        // The peer takes IMOD's bytes for signed ones, against the mark in the file.
        if name.contains("imod_unsigned")
            && let Samples::U8(v) = &image.samples
        {
            image.samples = Samples::I8(v.iter().map(|&s| s as i8).collect());
        }
        let row = row_of(&rows, &image);
        let jpeg = row["format"] == "JPEG";
        let sha256 = if jpeg { "" } else { &row["sha256_frame0"] };
        // Of stacks the collection gives the extremes of some frames, not always of the first.
        let told = differences(&image, row, sha256, if jpeg { JPEG_TOLERANCE } else { 0.0 });
        if told.is_empty() || (!sha256.is_empty() && digest(&image.samples) == sha256) {
            agreed += 1;
        } else {
            wrong.push(format!("{name}: {told:?}"));
        }
        if row["kind"] == "stack" && image.frames.to_string() != row["n_frames"] {
            frames.push(format!("{name}: {} frames, expected {}", image.frames, row["n_frames"]));
        }
        let ours = pixel_size(&image.statements, &ScaleRequest::default()).pixel_size;
        match (ours, number(row, "px_x_nm"), number(row, "px_y_nm")) {
            (Some(ours), Some(x), Some(y)) if (ours.x_nm / x - 1.0).abs().max((ours.y_nm / y - 1.0).abs()) < 1e-6 => {
                scales += 1
            }
            (None, None, None) => {}
            (None, Some(x), _) => scales_missed.push(format!("{name} {x}")),
            (ours, x, y) => wrong.push(format!("{name}: pixel {ours:?}, expected {x:?} x {y:?}")),
        }
    }
    eprintln!(
        "{agreed} agree, {} refused, {} that are no picture or of other formats refused by name, {} wrong; pixel sizes: \
         {scales} agree, {} not found",
        refused.len(),
        by_name.len(),
        wrong.len(),
        scales_missed.len()
    );
    eprintln!("refused:\n{}\nno pixel size:\n{}", refused.join("\n"), scales_missed.join("\n"));
    eprintln!("refused by name:\n{}", by_name.join("\n"));
    eprintln!("other numbers of frames:\n{}", frames.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed > 0, "nothing to compare in {}", folder.display());
}

#[test]
fn hostile_files_cost_an_error_at_most() {
    let Some(folder) = collection("hostile") else { return };
    let (mut images, mut errors) = (vec![], 0);
    for entry in walkdir::WalkDir::new(&folder).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file()) {
        let path = entry.path();
        let bytes = std::fs::read(path).unwrap();
        // Small limits, so that a request beyond them stands out.
        let limits = Limits { max_pixels: 1 << 22, max_decoded_bytes: 1 << 24, ..Limits::default() };
        match read_damaged(path, &bytes, &limits, 64 << 20) {
            Ok(image) => {
                let scale = pixel_size(&image.statements, &ScaleRequest::default());
                let grey = micrograph(image).map(|m| m.grey.len());
                images.push(format!("{} {:?} {grey:?}", path.display(), scale.pixel_size));
            }
            Err(_) => errors += 1,
        }
    }
    eprintln!("{errors} errors, {} images:\n{}", images.len(), images.join("\n"));
    assert!(errors > 0, "no hostile file in {}", folder.display());
}
