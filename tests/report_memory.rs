//! How the memory for reporting a run grows with the number of its images: it must hardly do so. Results are made up and put
//! into a folder without analysing anything.
//!
//! `cargo test --release --test report_memory -- --ignored --nocapture` prints the figures; the large run takes minutes in a
//! build that is not optimised.

use cupule::measure::appearance::Appearance;
use cupule::measure::{Class, Mask, Particle, Quality, Reason, Status, shape::shape};
use cupule::report::{Exports, write_run};
use cupule::results::record::{DeviceRecord, InputRecord};
use cupule::results::{
    Curation, Findings, ImageCounts, ImageRow, JOURNAL, Journal, Listing, PICTURE, Picture, RESULT, Run, RunRecord,
    RunStatus, image_folder,
};
use cupule::segment::{Outline, Polarity};
use cupule::units::PixelSize;
use image::GrayImage;
use serde_json::json;
use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Bytes that are in use now, and the most that ever were.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, keeping count.
struct Counting;

fn grow(bytes: usize) {
    PEAK.fetch_max(LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes, Ordering::Relaxed);
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Side of the pictures, px.
const SIDE: usize = 64;

/// Most bytes that an image may add to the peak: its name takes some 30, its particles the rest.
const SLOPE_MAX: f64 = 100.0;

fn particle(id: u32, seed: usize, status: Status) -> Particle {
    let spread = |by: usize, of: usize| (seed * by % of) as f64;
    let (x, y, r) = (16.0 + spread(37, 31), 16.0 + spread(53, 29), 4.0 + spread(71, 97) as f32 / 16.0);
    let radius_px = std::array::from_fn(|k| r * (1.0 + 0.08 * libm::sinf(k as f32 * 0.196 + seed as f32)));
    let outline = Outline { x_px: x, y_px: y, radius_px, polarity: Polarity::Lighter };
    let rejected = status == Status::Rejected;
    let reason = Reason { rule: "confidence".into(), value: 0.2, comparison: '<', threshold: 0.5 };
    Particle {
        id,
        shape: shape(&Mask::of_outline(&outline, (SIDE, SIDE)), (SIDE, SIDE)),
        outline,
        diameter_uncertainty_nm: 0.8,
        appearance: Appearance { cup_depth: spread(11, 10) / 10.0, ..Appearance::default() },
        confidence: 0.6 + spread(3, 40) / 100.0,
        class: if rejected { Class::Aggregate } else { Class::Vesicle },
        status,
        reason: rejected.then_some(reason),
    }
}

/// What a number of an image stands for: one in fifty failed, three in five of the others have no particle.
fn findings(i: usize) -> Findings {
    let (image, output) = (format!("grid/field-{i:06}.tif"), format!("grid/field-{i:06}"));
    let row = ImageRow { image, output: Some(output), ..ImageRow::default() };
    if i % 50 == 49 {
        let error = Some(format!("the file ends {i} bytes early"));
        return Findings { row: ImageRow { error, ..row }, marks: Vec::new(), particles: Vec::new() };
    }
    let count = if i % 5 < 3 { 0 } else { 1 + i % 3 };
    let status = |n: usize| match (i + n) % 4 {
        0 => Status::Rejected,
        1 if n > 0 => Status::Border,
        _ => Status::Accepted,
    };
    let particles: Vec<Particle> = (0..count).map(|n| particle(n as u32 + 1, 3 * i + n, status(n))).collect();
    let of = |status| particles.iter().filter(|p| p.status == status).count();
    let counts = ImageCounts {
        contour: count,
        suppressed: 0,
        accepted: of(Status::Accepted),
        border: of(Status::Border),
        rejected: of(Status::Rejected),
    };
    let row = ImageRow {
        width_px: Some(SIDE),
        height_px: Some(SIDE),
        // A scale that is read off a bar differs from image to image.
        pixel_size: (!i.is_multiple_of(7)).then(|| PixelSize::square(2.0 + (i % 1009) as f64 * 1e-4)).flatten(),
        counts: Some(counts),
        background_grey: Some(1200.0 + i as f64),
        background_swing: Some(30.0),
        quality: Some(Quality { stain_gradient: Some((i % 8) as f64), rim_contrast: Some(5.0), ..Quality::default() }),
        warnings: if i % 10 == 3 { vec![format!("the film drifts by {} px", i % 300)] } else { Vec::new() },
        input_sha256: Some(format!("{i:064x}")),
        ..row
    };
    Findings { row, marks: Vec::new(), particles }
}

fn journal(findings: &Findings) -> Journal {
    let row = &findings.row;
    let is_failed = row.error.is_some();
    let scale = json!({ "pixel_size": row.pixel_size, "source": "user", "warnings": [], "witnesses": [
        { "source": "user", "value": row.pixel_size, "raw": "2 nm", "refused": null, "doubt": null },
    ]});
    let input = InputRecord {
        image: row.image.clone(),
        sha256: row.input_sha256.clone(),
        bytes: Some(4321),
        output: row.output.clone().unwrap_or_default(),
        status: InputRecord::status(is_failed).into(),
        ..InputRecord::default()
    };
    Journal { input, scale: (!is_failed).then_some(scale), counts: row.counts, ..Journal::default() }
}

/// Puts the results of so many images into a folder. Nothing is flushed to the disk: that would take most of the time.
fn make(dir: &Path, count: usize) {
    let grey = GrayImage::from_fn(SIDE as u32, SIDE as u32, |x, y| image::Luma([((x * 37) ^ (y * 59)) as u8]));
    fs::create_dir_all(dir).unwrap();
    Picture { grey, reduce: 1 }.write(&mut File::create(dir.join(PICTURE)).unwrap()).unwrap();
    for i in 0..count {
        let findings = findings(i);
        let folder = image_folder(dir, findings.row.output.as_deref().unwrap());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(RESULT), serde_json::to_vec(&findings).unwrap()).unwrap();
        fs::write(folder.join(JOURNAL), serde_json::to_vec(&journal(&findings)).unwrap()).unwrap();
        fs::hard_link(dir.join(PICTURE), folder.join(PICTURE)).unwrap();
    }
}

/// The run of the first images of a folder.
fn run(dir: &Path, count: usize) -> Run {
    let mut outputs = Listing::default();
    (0..count).for_each(|i| outputs.push(&format!("grid/field-{i:06}")));
    let record = RunRecord {
        effort: None,
        chunk: None,
        restarts: false,
        status: RunStatus::Finished,
        cupule_version: "0.1.0".into(),
        command: vec!["cupule".into()],
        include: Vec::new(),
        exclude: Vec::new(),
        config: json!({}),
        device: DeviceRecord::default(),
        counts: [("images".to_owned(), count as u64)].into(),
        stages: Vec::new(),
        started_utc: "2026-11-23T14:59:28Z".into(),
        finished_utc: "2026-11-23T15:00:28Z".into(),
        exports: Vec::new(),
    };
    Run { dir: dir.to_owned(), record, outputs, curation: Curation::default() }
}

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report_memory").join(name);
    let _ = fs::remove_dir_all(&dir);
    dir
}

/// The most bytes that the run of so many images and its report took together.
fn peak(dir: &Path, count: usize, exports: &Exports) -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let begin = Instant::now();
    write_run(&run(dir, count), exports).unwrap();
    let bytes = PEAK.load(Ordering::Relaxed) - before;
    let ms = 1e3 * begin.elapsed().as_secs_f64() / count as f64;
    println!("{count:>6} images: {:.2} MB at most, {ms:.2} ms an image", bytes as f64 / 1e6);
    bytes
}

#[test]
#[ignore = "makes tens of thousands of files"]
fn memory_hardly_grows_with_the_number_of_images() {
    const COUNTS: [usize; 3] = [1_000, 5_000, 20_000];
    let dir = folder("large");
    make(&dir, COUNTS[2]);
    let mut steep = Vec::new();
    for names in ["none", "default", "all"] {
        println!("--export {names}");
        let exports = names.parse().unwrap();
        let peaks = COUNTS.map(|count| peak(&dir, count, &exports) as f64);
        // The page is full at some thousand images.
        let slope = (peaks[2] - peaks[1]) / (COUNTS[2] - COUNTS[1]) as f64;
        println!("each further image takes {slope:.0} bytes");
        steep.extend((slope > SLOPE_MAX).then_some((names, slope)));
    }
    assert!(steep.is_empty(), "{steep:?}");
}
