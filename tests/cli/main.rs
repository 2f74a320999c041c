//! The program as a person meets it: started in an empty folder, judged by its exit code, its messages and its files.
//!
//! `--device cpu` throughout, unless the device is the point: what is tested here must not depend on the machine.

mod again;
mod demo;
mod evaluate;
mod finding;
mod inspect;
mod results;
mod review;
mod shards;
mod train;
mod usage;

use cupule::config::Config;
use cupule::report::columns::{IMAGES, PARTICLES};
use cupule::synth::{self, Kind, Options};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tiff::decoder::ifd::Value;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::{Gray16, Gray32Float};
use tiff::tags::Tag;

/// How a call ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Starts the program in `dir`.
fn cupule<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_cupule")).args(args).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("ended by a signal");
    Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// `cupule analyze ARGS --device cpu`, which must end with `code`.
fn analyze(dir: &Path, args: &[&str], code: i32) -> Ended {
    let ended = cupule(dir, &[&["analyze", "--device", "cpu"], args].concat());
    assert_eq!(ended.code, code, "analyze {args:?}: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "analyze writes nothing to standard output");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

/// A folder with `in/clean-000.tif`, a small calibrated field with vesicles.
fn folder_with_field() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fields(dir.path(), &[Kind::Clean], 1);
    dir
}

/// Small calibrated fields in `in`, 320 px square with pixels of 1.6 nm.
fn fields(dir: &Path, kinds: &[Kind], count: usize) {
    let options =
        Options { width_px: Some(320), height_px: Some(320), pixel_size_nm: Some(1.6), kinds: kinds.to_vec() };
    synth::write(&dir.join("set"), count, 5, &options).unwrap();
    fs::rename(dir.join("set/images"), dir.join("in")).unwrap();
}

/// Rows of a table as maps from heading to cell.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

fn headings(path: &Path) -> Vec<String> {
    csv::Reader::from_path(path).unwrap().headers().unwrap().iter().map(Into::into).collect()
}

/// Every file below a folder, by its path with `/`.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    let of = |path: &Path| path.strip_prefix(dir).unwrap().to_string_lossy().replace('\\', "/");
    entries.filter(|e| e.file_type().is_file()).map(|e| (of(e.path()), fs::read(e.path()).unwrap())).collect()
}

/// The results that must be the same from run to run: all but the times, and the command line in the report.
fn lasting(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(out);
    let timed =
        ["run.json", "report.html", "datapackage.json", "ro-crate-metadata.json", "checksums.sha256", "summary.json"];
    for timed in timed {
        assert!(files.remove(timed).is_some(), "{timed}");
    }
    files.retain(|name, _| !name.ends_with("journal.json"));
    files
}

struct Picture {
    width: usize,
    height: usize,
    value: Vec<u16>,
}

fn read_picture(path: &Path) -> Picture {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    let DecodingResult::U16(value) = decoder.read_image().unwrap() else { panic!("{}: not 16 bit", path.display()) };
    Picture { width: width as usize, height: height as usize, value }
}

/// A TIFF without any pixel size.
fn write_picture(path: &Path, (width, height): (u32, u32), grey: impl Fn(u32, u32) -> u16) {
    let pixels: Vec<u16> = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| grey(x, y)).collect();
    let mut tiff = TiffEncoder::new(fs::File::create(path).unwrap()).unwrap();
    tiff.write_image::<Gray16>(width, height, &pixels).unwrap();
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn copy(from: &str, to: &Path) {
    fs::copy(fixture(from), to).unwrap();
}
