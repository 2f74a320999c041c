//! The figures for people.

use super::{Bench, KernelTime, StageTime};
use crate::gpu::DeviceKind;
use crate::visible::visible;

/// Tables of all figures.
pub fn text(bench: &Bench) -> String {
    [about(bench), stages(bench), kernels(&bench.kernels), end_to_end(bench)].concat()
}

fn about(bench: &Bench) -> String {
    let Bench { machine, device, pictures, .. } = bench;
    let kind = match device.kind {
        DeviceKind::Native => "the processor, without a graphics driver",
        DeviceKind::Hardware => "hardware GPU",
        DeviceKind::Software => "software",
    };
    let cores = machine.processor_cores.map_or("unknown number of".into(), |cores| cores.to_string());
    let parts = [machine.processor_model.as_deref().unwrap_or("unknown model"), machine.processor_architecture];
    let rows = [
        ("version", format!("{} ({} build)", bench.cupule_version, bench.build)),
        ("device", format!("{}  [{}; {}; {kind}]", device.name, device.backend, device.driver)),
        ("processor", format!("{}, {}, {cores} cores", parts.join(", "), machine.processor_instructions)),
        (
            "effort",
            format!(
                "threads: {}, jobs: {}, memory limit: {}",
                bench.threads,
                bench.jobs,
                mebibytes(bench.memory_limit_bytes)
            ),
        ),
        (
            "micrographs",
            format!(
                "{} of {} x {} px ({:.2} megapixels) of {} nm, synthetic",
                pictures.count, pictures.width_px, pictures.height_px, pictures.megapixels, pictures.pixel_size_nm
            ),
        ),
    ];
    rows.iter().map(|(name, what)| format!("{name:<12} {}\n", visible(what))).collect()
}

fn stages(bench: &Bench) -> String {
    let row = |stage: &StageTime, name: &str| {
        let s = &stage.spread;
        let [median, min, max] = [s.seconds_median, s.seconds_min, s.seconds_max].map(|seconds| 1e3 * seconds);
        format!("{name:<24} {median:>9.1} {min:>9.1} {max:>9.1} {:>14.2}\n", stage.megapixels_per_second)
    };
    let title = format!("one image at a time, median of {}", bench.repeats);
    let mut text = format!("\n{title}\n{:<24} {:>9} {:>9} {:>9} {:>14}\n", "stage", "ms", "min", "max", "megapixels/s");
    let (of_image, of_run): (Vec<_>, Vec<_>) = bench.stages.iter().partition(|stage| stage.stage != "tables");
    text.extend(of_image.into_iter().map(|stage| row(stage, stage.stage)));
    text += &row(&bench.image, "all of these");
    text.extend(of_run.into_iter().map(|stage| row(stage, &format!("tables of {} images", stage.images))));
    text
}

fn kernels(kernels: &[KernelTime]) -> String {
    if kernels.is_empty() {
        return String::new();
    }
    let title = "on the device, for one image, by its own clock";
    let mut text = format!(
        "\n{title}\n{:<24} {:>10} {:>9} {:>9} {:>9} {:>9}\n",
        "kernel", "dispatches", "ms", "min", "max", "GB/s"
    );
    for kernel in kernels {
        let s = &kernel.spread;
        let [median, min, max] = [s.seconds_median, s.seconds_min, s.seconds_max].map(|seconds| 1e3 * seconds);
        let speed = kernel.gigabytes_per_second.map_or("-".into(), |speed| format!("{speed:.2}"));
        let (name, count) = (kernel.kernel, kernel.dispatches);
        text += &format!("{name:<24} {count:>10} {median:>9.3} {min:>9.3} {max:>9.3} {speed:>9}\n");
    }
    text
}

fn end_to_end(bench: &Bench) -> String {
    let whole = &bench.end_to_end;
    let speed = |images: f64, megapixels: f64, hour: f64| {
        format!("{images:.2} images/s, {megapixels:.2} megapixels/s, {hour:.0} images an hour")
    };
    let all = speed(whole.images_per_second, whole.megapixels_per_second, whole.images_per_hour);
    let mut text =
        format!("\nfrom end to end, {} images\n{:<24} {:.2} s: {all}\n", whole.images, "everything", whole.seconds);
    if let Some(part) = &whole.analysis {
        let many = speed(part.images_per_second, part.megapixels_per_second, part.images_per_hour);
        text += &format!("{:<24} {:.2} s: {many}\n", "without tables", part.seconds);
        if let Some(share) = part.busy_share {
            text += &format!("{:<24} {:.0} % of {} threads\n", "busy", 100.0 * share, bench.threads);
        }
    }
    if let Some(bytes) = whole.memory_peak_bytes {
        text += &format!("{:<24} {}\n", "memory at most", mebibytes(bytes));
    }
    text
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}
