//! What guidelines ask to report: given, doubtful or missing, who asks, and what to do.
//!
//! Sources are those whose text could be read. The text of MISEV2023 (Welsh 2024) could not, nor EV-METRIC's own list: none of
//! their demands is quoted here. Limits that are ours say so.

use super::profile::PROFILE;
use super::sample::{Sample, Selection};
use super::tally::{Item, Standing};
use crate::results::ImageResult;

const MISEV_TWO: &str = "MISEV2018 checklist (PMC9465297, table 3; PMC8581208, table 1)";
const RIKKERT: &str = "Rikkert 2019 (abstract)";
const PREPARATION: &str = "Rikkert 2019 (abstract): EVs per image and background differ by protocol";
const EV_TRACK: &str = "EV-TRACK (knowledge base of methods)";
const SETTINGS: &str = "ours: without it nobody can repeat the measurement";
const CAVALLARO: &str = "Cavallaro 2021 (abstract): preparation creates EV-like artefacts";
const OURS: &str = "ours, no guideline's";
const MISEV_OURS: &str = "MISEV2018 checklist (PMC9465297, table 3); the limit is ours";

/// What the images say towards the checklist.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub failed_count: usize,
    scaled_count: usize,
    unscaled_count: usize,
    /// Images whose pixel size was read off a scale bar.
    bar_count: usize,
    /// Where pixel sizes came from, each once, in the order of the run.
    sources: Vec<String>,
    /// Longest frame, µm, and finest pixel, nm.
    widest_um: f64,
    finest_nm: Option<f64>,
}

impl Checked {
    pub fn add(&mut self, image: &ImageResult) {
        let row = &image.row;
        let Some(pixel) = row.pixel_size else {
            self.unscaled_count += 1;
            return;
        };
        self.scaled_count += 1;
        if let Some(source) = &row.pixel_size_source {
            self.bar_count += usize::from(source == "scale_bar");
            if !self.sources.contains(source) {
                self.sources.push(source.clone());
            }
        }
        let (width, height) = image.size_px();
        let longer_um = (width as f64 * pixel.x_nm).max(height as f64 * pixel.y_nm) * 1e-3;
        self.widest_um = self.widest_um.max(longer_um);
        let nm = pixel.mean_nm();
        self.finest_nm = Some(self.finest_nm.map_or(nm, |finest| finest.min(nm)));
    }
}

/// What may be said of the sample.
pub(super) fn statement(sample: Option<&Sample>) -> String {
    match sample.and_then(|sample| sample.fields.selection) {
        Some(Selection::Predefined) => {
            "The fields were at predefined locations: counts per image and background may be read as the quality of the \
             sample (Rikkert 2019)."
        }
        Some(Selection::Operator) => {
            "The fields were picked by the operator: this shows presence, not sample quality (Rikkert 2019)."
        }
        None => "How the fields were chosen is not declared: this shows presence, not sample quality (Rikkert 2019).",
    }
    .into()
}

/// All lines. `numbers` are those of the images that were analysed and of the EV-like particles.
pub(super) fn checklist(checked: &Checked, numbers: (usize, usize), sample: Option<&Sample>) -> Vec<Item> {
    let empty = Sample::default();
    let sample = sample.unwrap_or(&empty);
    let mut items = vec![scale(checked)];
    items.extend(frames(checked));
    items.extend(enough(numbers, checked));
    items.push(selection(sample));
    let text = |name: &str, value: &Option<String>, key: &str, source: &str| match value {
        Some(text) => item(name, Standing::Given, text.clone(), source),
        None => item(name, Standing::Missing, format!("give {key} in sample.toml"), source),
    };
    let (made, seen) = (&sample.preparation, &sample.microscope);
    items.extend([
        text("sample", &sample.source, "source", MISEV_TWO),
        text("isolation method", &sample.isolation.method, "isolation.method", EV_TRACK),
        text("protocol", &sample.isolation.protocol, "isolation.protocol (such as an EV-TRACK ID)", EV_TRACK),
        text("stain", &made.stain, "preparation.stain", PREPARATION),
        text("fixation", &made.fixation, "preparation.fixation", PREPARATION),
        text("grid", &made.grid, "preparation.grid", PREPARATION),
        text("microscope", &seen.model, "microscope.model", SETTINGS),
        text("acceleration voltage", &seen.kv.map(|kv| format!("{kv} kV")), "microscope.kv", SETTINGS),
        text("magnification calibration", &seen.calibration, "microscope.calibration (when, against what)", SETTINGS),
    ]);
    items.push(control(sample));
    items.extend(others(sample));
    items
}

fn item(name: &str, standing: Standing, detail: impl Into<String>, source: &str) -> Item {
    Item { name: name.into(), standing, detail: detail.into(), source: source.into() }
}

fn scale(checked: &Checked) -> Item {
    let (known, unknown) = (checked.scaled_count, checked.unscaled_count);
    let from = checked.sources.join(", ");
    let (standing, detail) = match () {
        () if known == 0 => (Standing::Missing, "no image has a pixel size: give it with --pixel-size".to_owned()),
        () if unknown > 0 => {
            (Standing::Doubtful, format!("{unknown} of {} images have no pixel size: give it", known + unknown))
        }
        () if checked.bar_count > 0 => {
            let count = checked.bar_count;
            (
                Standing::Doubtful,
                format!("in {count} images read off the scale bar: compare with the microscope's files"),
            )
        }
        () => (Standing::Given, format!("{known} images, from: {from}")),
    };
    item("scale and its source", standing, detail, SETTINGS)
}

fn frames(checked: &Checked) -> [Item; 2] {
    let (wide, close) = (PROFILE.wide_field_um, PROFILE.close_up_nm_per_px);
    let widest = checked.widest_um;
    let wide_field = match checked.finest_nm {
        None => (Standing::Missing, "no image has a scale".to_owned()),
        Some(_) if widest >= wide => (Standing::Given, format!("the widest frame is {widest:.1} µm")),
        Some(_) => (Standing::Missing, format!("the widest frame is {widest:.1} µm: add one of {wide} µm or more")),
    };
    let close_up = match checked.finest_nm {
        None => (Standing::Missing, "no image has a scale".to_owned()),
        Some(nm) if nm <= close => (Standing::Given, format!("the finest pixel is {nm:.2} nm")),
        Some(nm) => {
            let detail = format!(
                "the finest pixel is {nm:.2} nm: add an image of {close} nm per pixel or less, or show the close-up panels of \
                 figures/ if they resolve the membrane"
            );
            (Standing::Doubtful, detail)
        }
    };
    [
        item("wide-field image", wide_field.0, wide_field.1, MISEV_OURS),
        item("close-up image", close_up.0, close_up.1, MISEV_OURS),
    ]
}

fn enough((images, ev_like): (usize, usize), checked: &Checked) -> [Item; 2] {
    let enough = |count: usize, least: usize, what: &str, more: &str| match count {
        0 => (Standing::Missing, format!("no {what}")),
        n if n < least => (Standing::Doubtful, format!("{n}: fewer than {least}, {more}")),
        n => (Standing::Given, n.to_string()),
    };
    let mut count = enough(images, PROFILE.images_min, "image was analysed", "add more fields");
    if checked.failed_count > 0 {
        count.1 += &format!(" ({} more failed)", checked.failed_count);
    }
    let found = enough(ev_like, PROFILE.ev_like_min, "EV-like particle", "sizes are known to worse than 10 %");
    [item("number of images", count.0, count.1, OURS), item("number of EV-like particles", found.0, found.1, OURS)]
}

fn selection(sample: &Sample) -> Item {
    let (standing, detail) = match sample.fields.selection {
        Some(Selection::Predefined) => (Standing::Given, "predefined locations"),
        Some(Selection::Operator) => {
            (Standing::Doubtful, "operator: shows presence, not sample quality; choose locations beforehand")
        }
        None => (Standing::Missing, "give fields.selection in sample.toml: \"predefined\" or \"operator\""),
    };
    item("choice of fields", standing, detail, RIKKERT)
}

fn control(sample: &Sample) -> Item {
    let (standing, detail) = match sample.fields.control_grid {
        Some(true) => (Standing::Given, "a grid without sample was looked at"),
        Some(false) => (Standing::Missing, "prepare a grid with buffer alone: what looks EV-like there is no EV"),
        None => (Standing::Missing, "give fields.control_grid in sample.toml"),
    };
    item("control grid", standing, detail, CAVALLARO)
}

fn others(sample: &Sample) -> [Item; 3] {
    let nta = &sample.nta;
    let has_nta = [nta.mean_nm, nta.median_nm, nta.mode_nm, nta.particles_per_ml].iter().any(Option::is_some);
    let second = match (has_nta, sample.other_methods.is_empty()) {
        (true, _) => (Standing::Given, "NTA or alike: figures attached".to_owned()),
        (false, false) => {
            (Standing::Doubtful, format!("{}, but no figures: give those of [nta]", sample.other_methods.join(", ")))
        }
        (false, true) => (Standing::Missing, "give figures of a method that is no imaging, such as [nta]".to_owned()),
    };
    let protein = match sample.protein.ug_per_ml {
        Some(ug) => (Standing::Given, format!("{ug} µg/mL")),
        None => (Standing::Missing, "give protein.ug_per_ml in sample.toml".to_owned()),
    };
    let ratio = match (nta.particles_per_ml, sample.protein.ug_per_ml) {
        (Some(count), Some(ug)) => (Standing::Given, format!("{:.2e} particles per µg", count / ug)),
        (None, None) => (Standing::Missing, "give nta.particles_per_ml and protein.ug_per_ml".to_owned()),
        (None, Some(_)) => (Standing::Missing, "give nta.particles_per_ml".to_owned()),
        (Some(_), None) => (Standing::Missing, "give protein.ug_per_ml".to_owned()),
    };
    [
        item("second method on single particles", second.0, second.1, MISEV_TWO),
        item("amount of protein", protein.0, protein.1, MISEV_TWO),
        item("particles per protein", ratio.0, ratio.1, MISEV_TWO),
    ]
}
