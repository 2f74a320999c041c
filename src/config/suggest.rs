//! "Did you mean": the known name that a mistyped one comes nearest to.

use strsim::osa_distance;

/// The known name nearest to a mistyped one, if it is near enough to be meant: a third of the letters may differ, or the
/// section be missing or another's.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let near = known.clone().map(|name| (osa_distance(&typed, name), name)).min();
    let meant = near.filter(|(steps, name)| *steps <= name.chars().count().div_ceil(3)).map(|(_, name)| name);
    let key = last(&typed);
    let elsewhere = known.map(|name| (osa_distance(&key, &last(name)), name)).min();
    let allowed = |name: &str| last(name).chars().count() / 3;
    elsewhere
        .filter(|(steps, name)| *steps == 0 || meant.is_none() && *steps <= allowed(name))
        .map(|(_, name)| name)
        .or(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["denoise.strength", "denoise.search_radius", "calibrate.pixel_size", "run.device"];
        for (typed, meant) in [
            ("denoise.stength", Some("denoise.strength")),
            ("denoize.strenght", Some("denoise.strength")),
            ("strength", Some("denoise.strength")),
            ("read.pixel-size", Some("calibrate.pixel_size")),
            ("RUN.DEVICE", Some("run.device")),
            ("run.colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known.into_iter()), meant, "{typed}");
        }
    }
}
