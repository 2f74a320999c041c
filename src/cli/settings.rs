//! The settings of a run: the one table that says of each its key, its unit, its option, its bounds and where it goes.

use super::wanted::{Wanted, device_name, put_device, said};
use crate::batch::{FailOn, Frame, Frames, parse_bytes};
use crate::config::{Opt, Place, Setting};
use crate::denoise::native::SEARCH_RADIUS_MAX;
use crate::log::Format;
use crate::report::Exports;

const fn option(long: &'static str, value_name: &'static str) -> Option<Opt> {
    Some(Opt { long, value_name })
}

/// What `--export` is, wherever there is one.
pub const EXPORT_HELP: &str = "Files to write beside the tables: all, default, none, or names separated by commas";
/// Most threads that can be asked for.
const THREADS_MAX: u64 = 4096;
/// Largest factor of the denoising; far below it nothing is left of the picture.
const STRENGTH_MAX: f64 = 100.0;
/// Bound of thresholds that have none by nature: far beyond anything that a picture holds.
const THRESHOLD_MAX: f64 = 1000.0;

/// All settings, in the order in which they are printed.
pub static SETTINGS: [Setting<Wanted>; 24] = [
    Setting {
        key: "calibrate.pixel_size",
        help: "Edge of a pixel with its unit (nm, A, pm, um), such as 0.62nm; overrides what the files say",
        option: option("pixel-size", "LENGTH"),
        unset: Some("from each file"),
        place: Place::Words {
            put: |plan, text| {
                plan.scale.pixel_size = if text.is_empty() { None } else { Some(text.parse()?) };
                Ok(())
            },
            // Typed pixels are square.
            get: |plan| plan.scale.pixel_size.map_or_else(String::new, |pixel| format!("{}nm", pixel.x_nm)),
        },
    },
    Setting {
        key: "calibrate.trust_scale_bar",
        help: "Let the scale bar that is drawn into an image decide its pixel size where nothing else tells it",
        option: option("trust-scale-bar", ""),
        unset: None,
        place: Place::Flag(|plan| &mut plan.scale.trust_scale_bar),
    },
    Setting {
        key: "read.frame",
        help: "Which images of a stack: a number from 0 on, all (each as an image of its own) or mean",
        option: option("frame", "N|all|mean"),
        unset: None,
        place: Place::Words {
            put: |plan, text| {
                plan.frames = text.parse().map_err(said)?;
                Ok(())
            },
            get: |plan| match plan.frames {
                Frames::All => "all".into(),
                Frames::One(Frame::Mean) => "mean".into(),
                Frames::One(Frame::Index(index)) => index.to_string(),
            },
        },
    },
    Setting {
        key: "read.max_pixels",
        help: "Largest image to read, px; larger ones are refused before memory is taken for them",
        option: option("max-pixels", "N"),
        unset: None,
        place: Place::Whole {
            low: 1,
            high: u64::MAX,
            put: |plan, count| plan.max_pixels = count.unwrap_or_default(),
            get: |plan| Some(plan.max_pixels),
        },
    },
    Setting {
        key: "read.include",
        help: "Take only files in folders that match the pattern, such as '*.dm4' or 'day1/**'; may be repeated",
        option: option("include", "GLOB"),
        unset: Some("all micrographs"),
        place: Place::List(|plan| &mut plan.include),
    },
    Setting {
        key: "read.exclude",
        help: "Pass over files and folders in folders that match the pattern, whatever --include says; may be repeated",
        option: option("exclude", "GLOB"),
        unset: Some("none"),
        place: Place::List(|plan| &mut plan.exclude),
    },
    Setting {
        key: "denoise.strength",
        help: "Strength of denoising relative to the noise found in each image, 0 to 100; 0 turns it off",
        option: option("denoise-strength", "FACTOR"),
        unset: None,
        place: Place::Number { low: 0.0, high: STRENGTH_MAX, at: |plan| &mut plan.config.denoise.strength },
    },
    Setting {
        key: "denoise.search_radius",
        help: "Half width of the window in which denoising looks for similar patches, px of the working grid, 1 to 7",
        option: None,
        unset: None,
        place: Place::Whole {
            low: 1,
            high: SEARCH_RADIUS_MAX as u64,
            put: |plan, radius| plan.config.denoise.search_radius = radius.unwrap_or_default() as usize,
            get: |plan| Some(plan.config.denoise.search_radius as u64),
        },
    },
    Setting {
        key: "segment.min_diameter_nm",
        help: "Smallest vesicle diameter to accept, nm",
        option: option("min-diameter", "NM"),
        unset: None,
        place: Place::Nanometres(|plan| &mut plan.config.segment.min_diameter_nm),
    },
    Setting {
        key: "segment.max_diameter_nm",
        help: "Largest vesicle diameter to accept, nm",
        option: option("max-diameter", "NM"),
        unset: None,
        place: Place::Nanometres(|plan| &mut plan.config.segment.max_diameter_nm),
    },
    Setting {
        key: "segment.contour_penalty",
        help: "Edge strength that an outline pays for a step of its radius between neighbouring rays, 0 to 1000; more \
               makes outlines rounder",
        option: None,
        unset: None,
        place: Place::Number { low: 0.0, high: THRESHOLD_MAX, at: |plan| &mut plan.config.segment.contour_penalty },
    },
    Setting {
        key: "verdict.min_confidence",
        help: "Least confidence of an accepted vesicle, 0 to 1",
        option: option("min-confidence", "SHARE"),
        unset: None,
        place: Place::Number { low: 0.0, high: 1.0, at: |plan| &mut plan.config.verdict.min_confidence },
    },
    Setting {
        key: "verdict.min_rim_contrast",
        help: "Least step of the grey values across an accepted vesicle's outline, in standard deviations of the noise, \
               0 to 1000",
        option: None,
        unset: None,
        place: Place::Number { low: 0.0, high: THRESHOLD_MAX, at: |plan| &mut plan.config.verdict.min_rim_contrast },
    },
    Setting {
        key: "verdict.min_rim_completeness",
        help: "Least share of an accepted vesicle's outline that has an edge, 0 to 1",
        option: None,
        unset: None,
        place: Place::Number { low: 0.0, high: 1.0, at: |plan| &mut plan.config.verdict.min_rim_completeness },
    },
    Setting {
        key: "verdict.model",
        help: "Verdict to use instead of the program's own, made by 'cupule train'",
        option: option("verdict", "FILE"),
        unset: Some("the program's own"),
        place: Place::File(|plan| &mut plan.verdict),
    },
    Setting {
        key: "run.device",
        help: "Where to compute: auto (a hardware GPU if there is one, else the processor), gpu, cpu, or part of a name \
               from 'cupule devices'",
        option: option("device", "DEVICE"),
        unset: None,
        place: Place::Words { put: put_device, get: device_name },
    },
    Setting {
        key: "run.threads",
        help: "Threads on the processor, at least 1",
        option: option("threads", "N"),
        unset: Some("one per core"),
        place: Place::Whole {
            low: 1,
            high: THREADS_MAX,
            put: |plan, count| plan.threads = count.map(|count| count as usize),
            get: |plan| plan.threads.map(|count| count as u64),
        },
    },
    Setting {
        key: "run.jobs",
        help: "Images in work at once, at least 1; they share the threads",
        option: option("jobs", "N"),
        unset: Some("half the threads and 2 more, at most 8; 1 with one thread"),
        place: Place::Whole {
            low: 1,
            high: THREADS_MAX,
            put: |plan, count| plan.jobs = count.map(|count| count as usize),
            get: |plan| plan.jobs.map(|count| count as u64),
        },
    },
    Setting {
        key: "run.memory_limit",
        help: "Memory that the images in work may take, all together, with its unit, such as 2GiB; an image that takes \
               more comes alone",
        option: option("memory-limit", "SIZE"),
        unset: Some("half of what there is"),
        place: Place::Words {
            put: |plan, text| {
                let bytes = if text.is_empty() { None } else { Some(parse_bytes(text).map_err(said)?) };
                plan.memory_bytes = bytes;
                Ok(())
            },
            get: |plan| plan.memory_bytes.map_or_else(String::new, |bytes| format!("{bytes}B")),
        },
    },
    Setting {
        key: "run.export",
        help: EXPORT_HELP,
        option: option("export", "all|NAME,..."),
        unset: None,
        place: Place::Words {
            put: |plan, text| {
                plan.exports = text.parse()?;
                Ok(())
            },
            get: |plan| match plan.exports {
                ref exports if *exports == Exports::default() => "default".into(),
                ref exports if exports.names().is_empty() => "none".into(),
                ref exports => exports.names().join(","),
            },
        },
    },
    Setting {
        key: "run.sample",
        help: "What only people know about the sample, as TOML: for the purity section and its checklist",
        option: option("sample", "FILE"),
        unset: Some("none"),
        place: Place::File(|plan| &mut plan.sample),
    },
    Setting {
        key: "run.fail_on",
        help: "From how many failed images on the run counts as failed: none, any, or a share such as 5%",
        option: option("fail-on", "none|any|N%"),
        unset: None,
        place: Place::Words {
            put: |plan, text| {
                plan.fail_on = text.parse().map_err(said)?;
                Ok(())
            },
            get: |plan| match plan.fail_on {
                FailOn::None => "none".into(),
                FailOn::Any => "any".into(),
                FailOn::Percent(percent) => format!("{percent}%"),
            },
        },
    },
    Setting {
        key: "run.log_format",
        help: "What standard error is for: text for people, or json, one object per event",
        option: option("log-format", "text|json"),
        unset: None,
        place: Place::Words {
            put: |plan, text| {
                plan.log_format = text.parse().map_err(said)?;
                Ok(())
            },
            get: |plan| match plan.log_format {
                Format::Text => "text".into(),
                Format::Json => "json".into(),
            },
        },
    },
    Setting {
        key: "run.on_finish",
        help: "Command to start when the run has ended, however it did",
        option: option("on-finish", "COMMAND"),
        unset: Some("nothing"),
        place: Place::Words {
            put: |plan, text| {
                plan.on_finish = Some(text.to_owned()).filter(|text| !text.is_empty());
                Ok(())
            },
            get: |plan| plan.on_finish.clone().unwrap_or_default(),
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Given, Value, resolve};
    use std::collections::BTreeSet;

    #[test]
    fn keys_and_options_are_unique_and_sections_stay_together() {
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let longs: Vec<_> = SETTINGS.iter().filter_map(|setting| Some(setting.option?.long)).collect();
        assert_eq!(keys.len(), SETTINGS.len());
        assert_eq!(longs.iter().collect::<BTreeSet<_>>().len(), longs.len());
        let mut sections: Vec<_> = SETTINGS.iter().map(|setting| setting.parts().0).collect();
        let all = sections.iter().copied().collect::<BTreeSet<_>>().len();
        sections.dedup();
        assert_eq!(sections.len(), all);
    }

    /// Each field of the stages' configurations can be reached: set anywhere, it shows in the record of the run.
    #[test]
    fn every_field_of_the_configuration_is_a_setting() {
        let fields = serde_json::to_value(Config::default()).unwrap();
        for (section, keys) in fields.as_object().unwrap() {
            for (key, value) in keys.as_object().unwrap() {
                let name = format!("{section}.{key}");
                let setting = SETTINGS.iter().find(|s| s.key == name).unwrap_or_else(|| panic!("no setting {name}"));
                let mut plan = Wanted::default();
                let given = match value.as_u64() {
                    Some(number) => Given::Whole(number + 1),
                    None => Given::Number(value.as_f64().unwrap() + 0.25),
                };
                setting.put(&mut plan, given).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
                let mut changed = serde_json::to_value(plan.config).unwrap();
                assert_ne!(changed[section][key], *value, "{name}");
                changed[section][key] = value.clone();
                assert_eq!(changed, fields, "{name} changes itself alone");
            }
        }
    }

    #[test]
    fn what_is_got_can_be_put() {
        let typed = |text: &str| Given::Typed(text.into());
        for setting in &SETTINGS {
            let values: &[Given] = match setting.key {
                "calibrate.pixel_size" => &[typed("6.2 A"), typed("")],
                "read.frame" => &[typed("all"), typed("mean"), Given::Whole(3)],
                "run.device" => &[typed("GPU"), typed("llvmpipe")],
                "run.export" => &[typed("none"), typed("coco,rois"), typed("all")],
                "run.memory_limit" => &[typed("1.5GiB"), typed("")],
                "run.fail_on" => &[typed("2.5%"), typed("none")],
                "run.log_format" => &[typed("json")],
                _ => match setting.place {
                    Place::Flag(_) => &[Given::Flag(true)],
                    Place::Number { .. } => &[Given::Number(0.1 + 0.2)],
                    Place::Nanometres(_) => &[typed("30"), typed("0.1um")],
                    Place::Whole { .. } => &[typed("5")],
                    Place::Words { .. } | Place::File(_) => &[typed("a b")],
                    Place::List(_) => &[typed("['a', 'b']"), typed("[ab].tif"), typed("")],
                },
            };
            for given in values {
                let (mut plan, mut again) = (Wanted::default(), Wanted::default());
                setting.put(&mut plan, given.clone()).unwrap();
                let back = match setting.get(&plan) {
                    None => Given::Text(String::new()),
                    Some(Value::Flag(flag)) => Given::Flag(flag),
                    Some(Value::Whole(number)) => Given::Whole(number),
                    Some(Value::Number(number)) => Given::Number(number),
                    Some(Value::Text(text)) => Given::Text(text),
                    Some(Value::File(path)) => Given::Typed(path.into()),
                    Some(Value::List(list)) => Given::Several(list),
                };
                setting.put(&mut again, back).unwrap();
                assert_eq!(format!("{again:?}"), format!("{plan:?}"), "{} {given:?}", setting.key);
            }
        }
    }

    #[test]
    fn profiles_are_right_and_negative_stain_is_the_default() {
        for profile in crate::config::Profile::all() {
            let resolved = resolve(&SETTINGS, profile.entries().unwrap()).unwrap();
            resolved.plan.config.validate().unwrap();
            assert!(!profile.about().is_empty());
            if profile.name == "negative-stain" {
                assert_eq!(format!("{:?}", resolved.plan), format!("{:?}", Wanted::default()));
            }
        }
    }
}
