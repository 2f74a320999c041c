//! What `scripts/check-cost` counts the instructions of: one stage of an image, on one thread.

use cupule::batch::{self, Opening};
use cupule::config::Config;
use cupule::gpu::Device;
use cupule::measure::{Model, Original, Rules, measure};
use cupule::pipeline::outline;
use cupule::report::{Exports, write_image};
use cupule::results::{Curation, Findings, ImageResult, ImageRow, Picture};
use cupule::synth::{self, Kind};
use cupule::{calibrate, denoise, network, segment};
use std::path::Path;

/// The micrograph: large enough that each stage has its usual mixture of work, small enough for a slow simulation.
const SIZE_PX: usize = 384;
const PIXEL_NM: f64 = 1.2;

/// Only what runs below this function is counted.
#[unsafe(no_mangle)]
#[inline(never)]
fn counted_stage(work: &mut dyn FnMut()) {
    work();
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, stage] = arguments.as_slice() else { panic!("FOLDER and STAGE are wanted") };
    // All work on this very thread, whose instructions are counted.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("the only pool");
    let folder = Path::new(folder);
    let image = folder.join("images/mixed-000.tif");
    if stage == "make" {
        let options = synth::Options {
            width_px: Some(SIZE_PX),
            height_px: Some(SIZE_PX),
            pixel_size_nm: Some(PIXEL_NM),
            kinds: vec![Kind::Mixed],
        };
        synth::write(folder, 1, 1, &options).expect("a micrograph");
        return;
    }
    let (device, config) = (Device::Native, Config::default());
    let load = || batch::load(&image, &Opening::default()).expect("it was just made");
    let loaded = load();
    let micrograph = &loaded.micrograph;
    let working = || calibrate::working(&device, micrograph, PIXEL_NM).expect("the processor does not fail");
    let on_grid = working();
    let denoised = || denoise::denoise(&device, &on_grid, &config.denoise).expect("nor here");
    let smooth = denoised();
    let look = || network::look(&device, &on_grid).expect("nor here");
    let evidence = look();
    let outlined = outline(micrograph, &config, &device).expect("nor here");
    let size_px = (micrograph.width, micrograph.height);
    let original = Original { size_px, covered: cupule::image::covered(&micrograph.marks, size_px) };
    let rules = Rules { segment: &config.segment, verdict: &config.verdict, model: Model::embedded() };
    let measured = || measure(&outlined.scene(), &outlined.contours, &original, &rules);
    let row = ImageRow {
        image: "image".into(),
        width_px: Some(micrograph.width),
        height_px: Some(micrograph.height),
        pixel_size: micrograph.pixel_size,
        ..Default::default()
    };
    let found = Findings { row, marks: micrograph.marks.clone(), particles: measured().particles };
    let result = ImageResult::new(found, &Curation::default());
    let mut work: Box<dyn FnMut()> = match stage.as_str() {
        "read" => Box::new(|| drop(load())),
        "calibrate" => Box::new(|| drop(working())),
        "denoise" => Box::new(|| drop(denoised())),
        "network" => Box::new(|| drop(look())),
        "segment" => Box::new(|| {
            drop(segment::segment(&device, &on_grid, &smooth, &evidence, &config.segment).expect("nor here"));
        }),
        "measure" => Box::new(|| drop(measured())),
        "write" => Box::new(|| {
            let picture = Picture::of(micrograph);
            write_image(folder, &result, &picture, &Exports::default()).expect("there is room for it");
        }),
        other => panic!("there is no stage '{other}'"),
    };
    counted_stage(&mut *work);
}
