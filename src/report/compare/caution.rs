//! What makes two runs hard to compare, in plain words.

use super::Member;
use crate::results::record::leaves;
use std::collections::{BTreeMap, BTreeSet};

/// Ratio of mean pixel sizes from which the smallest vesicles are not found alike.
const PIXEL_SIZE_RATIO: f64 = 1.25;
/// What of the configuration is a fact about the pictures, which has a warning of its own.
const FACTS: [&str; 1] = ["pixel_size"];
/// Comparisons from which one that shows a difference by chance alone is likely enough to be mentioned.
const MANY: usize = 3;

/// About all runs together.
pub(super) fn warnings(members: &[Member]) -> Vec<String> {
    let all = [
        versions(members),
        configurations(members),
        pixel_sizes(members),
        samples(members, "stains", |m| m.sample.as_ref()?.preparation.stain.clone()),
        samples(members, "ways to choose fields", |m| {
            m.sample.as_ref()?.fields.selection.map(|s| format!("{s:?}").to_lowercase())
        }),
        curations(members),
        shared_images(members),
        many(members),
    ];
    all.into_iter().flatten().collect()
}

/// The values that occur, with the runs that have them, when there are several.
fn differing(members: &[Member], of: impl Fn(&Member) -> String) -> Option<String> {
    let mut runs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for member in members {
        runs.entry(of(member)).or_default().push(format!("'{}'", member.name));
    }
    let list: Vec<String> = runs.iter().map(|(value, names)| format!("{value} in {}", names.join(", "))).collect();
    (runs.len() > 1).then(|| list.join("; "))
}

fn versions(members: &[Member]) -> Option<String> {
    let list = differing(members, |m| m.record.cupule_version.clone())?;
    Some(format!(
        "Versions of cupule differ ({list}): their figures may differ for that alone. Analyse all with one version."
    ))
}

fn configurations(members: &[Member]) -> Option<String> {
    let leaves: Vec<BTreeMap<String, String>> = members.iter().map(|m| leaves(&m.record.config)).collect();
    let keys: BTreeSet<&String> = leaves.iter().flat_map(BTreeMap::keys).collect();
    let of =
        |leaves: &BTreeMap<String, String>, key: &String| leaves.get(key).cloned().unwrap_or_else(|| "none".into());
    let lines: Vec<String> = keys
        .into_iter()
        .filter(|key| !FACTS.iter().any(|fact| key.starts_with(fact)))
        .filter(|key| leaves.iter().any(|other| of(other, key) != of(&leaves[0], key)))
        .map(|key| {
            let values: BTreeSet<String> = leaves.iter().map(|one| of(one, key)).collect();
            format!("{key}: {}", values.into_iter().collect::<Vec<_>>().join(" or "))
        })
        .collect();
    (!lines.is_empty()).then(|| {
        format!(
            "Settings differ ({}): different settings make different figures. Analyse all with the same.",
            lines.join("; ")
        )
    })
}

/// Mean over the images, nm.
fn pixel_size_nm(member: &Member) -> Option<f64> {
    member.population.pixel_nm.mean()
}

fn pixel_sizes(members: &[Member]) -> Option<String> {
    let sizes: Vec<f64> = members.iter().filter_map(pixel_size_nm).collect();
    let (low, high) =
        sizes.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), size| (low.min(*size), high.max(*size)));
    let list = differing(members, |m| pixel_size_nm(m).map_or("none".into(), |nm| format!("{nm:.2} nm")))?;
    (high > PIXEL_SIZE_RATIO * low || sizes.len() < members.len()).then(|| {
        format!(
            "Pixel sizes differ (mean {list}): coarse pictures miss the smallest vesicles. Compare pictures of one \
             magnification."
        )
    })
}

/// What only people know about the samples, where it differs or is known of some alone.
fn samples(members: &[Member], what: &str, of: impl Fn(&Member) -> Option<String>) -> Option<String> {
    let list = differing(members, |m| of(m).unwrap_or_else(|| "unknown".into()))?;
    Some(format!(
        "The {what} differ or are not known of all ({list}): a difference between the runs may come from that."
    ))
}

fn curations(members: &[Member]) -> Option<String> {
    let list = differing(members, |m| if m.decision_count > 0 { "people decided".into() } else { "none".into() })?;
    Some(format!(
        "Not all runs were reviewed ({list}): what a person rejects in one is still counted in the other. Review all or \
         none."
    ))
}

fn shared_images(members: &[Member]) -> Option<String> {
    let (mut seen, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for member in members {
        let own = &member.checksums;
        shared.extend(own.intersection(&seen).cloned());
        seen.extend(own.iter().cloned());
    }
    let files = |count: usize| if count == 1 { "1 file is".into() } else { format!("{count} files are") };
    (!shared.is_empty()).then(|| {
        format!(
            "{} in more than one run, so that the runs are not independent and the intervals of differences do not hold.",
            files(shared.len())
        )
    })
}

fn many(members: &[Member]) -> Option<String> {
    let count = members.len() - 1;
    (count >= MANY).then(|| {
        format!(
            "{count} runs are compared with the first: one comparison in twenty shows a difference by chance alone."
        )
    })
}
