//! The figures that runs are compared by: the rows of every table.

use super::Member;
use crate::report::page::text::{number, percent};
use crate::statistics::Estimate;

/// A row.
pub(super) struct Figure {
    /// For programs.
    pub name: &'static str,
    pub unit: &'static str,
    /// For people.
    pub title: &'static str,
    pub get: fn(&Member) -> Option<Estimate>,
    pub show: fn(f64) -> String,
}

fn exact(value: f64) -> Option<Estimate> {
    Some(Estimate { value, low: None, high: None })
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn three(value: f64) -> String {
    number(value, 3)
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    title: &'static str,
    get: fn(&Member) -> Option<Estimate>,
    show: fn(f64) -> String,
) -> Figure {
    Figure { name, unit, title, get, show }
}

/// Why the EV-like fraction's own interval and that of its difference do not fit each other.
pub(super) const FRACTION_NOTE: &str = "The interval of the EV-like fraction takes particles for independent (Wilson); that \
                                        of its difference is made by image.";

/// Sizes are weighted by Miles and Lantuejoul.
pub(super) const FIGURES: [Figure; 14] = [
    figure("image_count", "1", "Images with a pixel size", |m| exact(m.summary.image_count as f64), whole),
    figure("particle_count", "1", "Vesicles, whole and sized", |m| exact(m.summary.count as f64), whole),
    figure("d10_nm", "nm", "D10, nm", |m| m.summary.weighted.d10_nm, three),
    figure("d50_nm", "nm", "D50 (median), nm", |m| m.summary.weighted.d50_nm, three),
    figure("d90_nm", "nm", "D90, nm", |m| m.summary.weighted.d90_nm, three),
    figure("mode_nm", "nm", "Mode, nm", |m| m.summary.weighted.mode_nm.and_then(exact), three),
    figure("mean_nm", "nm", "Mean, nm", |m| m.summary.weighted.mean_nm, three),
    figure("sd_nm", "nm", "Standard deviation, nm", |m| m.summary.weighted.sd_nm.and_then(exact), three),
    figure("geometric_sd", "1", "Geometric SD", |m| m.summary.weighted.geometric_sd.and_then(exact), three),
    figure("span", "1", "Span (D90 - D10) / D50", |m| m.summary.weighted.span.and_then(exact), three),
    figure("unweighted_d50_nm", "nm", "D50 without weights, nm", |m| m.summary.unweighted.d50_nm, three),
    figure("cup_share", "1", "Cup-shaped", |m| m.summary.cup_share, percent),
    figure("per_um2", "1/um2", "Vesicles per µm²", |m| m.summary.per_um2, three),
    figure(
        "ev_like_fraction",
        "1",
        "EV-like fraction by number",
        |m| m.purity.number_fraction.map(|fraction| fraction.left_out),
        percent,
    ),
];
