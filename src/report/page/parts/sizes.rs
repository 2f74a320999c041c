//! How large the vesicles are.

use crate::report::page::chart::{Axis, Chart, Key, Series};
use crate::report::page::histogram::Histogram;
use crate::report::page::table::{Cell, folded, table};
use crate::report::page::text::{UNKNOWN, count, escape, estimate, maybe, number, percent};
use crate::statistics::{Density, Distribution, Estimate, Lognormal, Population, Summary};

const BARS: Series = Series(0);
const DENSITY: Series = Series(2);
const FIT: Series = Series(1);
const MEDIAN: Series = Series(7);
/// Points of a smooth curve.
const POINTS: usize = 240;
/// Most steps that are drawn of a cumulative distribution.
const STEPS_MAX: usize = 600;

/// Charts and figures of the diameters.
pub fn html(population: &Population, summary: &Summary) -> String {
    if population.count() == 0 {
        return "<p>No accepted particle has a size in nanometres, so there is no distribution of sizes.</p>".into();
    }
    let lognormal = summary.weighted.lognormal;
    format!(
        "<p>Diameters are those of the disc of the same area (area-equivalent), of dried vesicles on a grid: they are \
         smaller than hydrodynamic diameters. Every particle counts once (number-weighted) and, where the figures are \
         called weighted, for the inverse of its chance to lie whole in its picture (Miles and Lantuéjoul), because \
         large ones are cut off more often. Vesicles that are cut off are in no figure here.</p>\
         <div class=\"charts\">{}{}</div>{}{}<p>{}</p>",
        distribution(population, summary, lognormal),
        cumulative(population, summary, lognormal),
        figures(summary),
        shares(summary),
        escape(&more(summary)),
    )
}

/// A little more than the largest diameter.
fn largest_nm(population: &Population) -> f64 {
    population.diameters_nm.last().map_or(1.0, |d| d * 1.02)
}

/// From zero to the largest diameter.
fn diameters(population: &Population) -> Axis {
    Axis::from_zero("Diameter, nm", largest_nm(population))
}

/// Density of a lognormal distribution per nm.
fn lognormal_density(fit: &Lognormal, diameter_nm: f64) -> f64 {
    let sigma = libm::log(fit.geometric_sd);
    let z = libm::log(diameter_nm / fit.median_nm) / sigma;
    libm::exp(-0.5 * z * z) / (diameter_nm * sigma * std::f64::consts::TAU.sqrt())
}

/// Histogram, smooth density and fit.
fn distribution(population: &Population, summary: &Summary, fit: Option<Lognormal>) -> String {
    let (diameters_nm, weights) = (&population.diameters_nm, &population.weights);
    let values = diameters_nm.iter().copied().zip(weights.iter().copied());
    let Some(histogram) = Histogram::new(values) else { return String::new() };
    let x = diameters(population);
    let last = largest_nm(population);
    let curve = |density: &dyn Fn(f64) -> f64| -> Vec<[f64; 2]> {
        let at = |i: usize| last * i as f64 / POINTS as f64;
        (1..=POINTS).map(|i| [at(i), 100.0 * density(at(i))]).collect()
    };
    let smooth = Density::new(diameters_nm, weights).map(|density| curve(&|d| density.per_nm(d)));
    let fitted = fit.filter(|fit| fit.geometric_sd > 1.0).map(|fit| curve(&|d| lognormal_density(&fit, d)));
    let highest = [&smooth, &fitted].into_iter().flatten().flatten().map(|p| p[1]).fold(0.0, f64::max);
    let highest = highest.max(100.0 * histogram.share_max() / histogram.width);
    let description = format!(
        "Histogram of {} diameters in bins of {} nm, weighted; median {}.",
        count(population.count()),
        number(histogram.width, 2),
        estimate(summary.weighted.d50_nm, |v| format!("{} nm", number(v, 3))),
    );
    let y = Axis::from_zero("Share of particles, % per nm", highest * 1.05);
    let mut chart = Chart::new("sizes-density", "Size distribution", &description, x, y);
    median(&mut chart, summary.weighted.d50_nm);
    let height = |share: f64| 100.0 * share / histogram.width;
    chart.bars(histogram.bins.iter().map(|b| (b.from, b.from + histogram.width, height(b.share))), BARS);
    chart.key(BARS, Key::Bar, "particles");
    if let Some(curve) = &smooth {
        chart.line(curve, DENSITY);
        chart.key(DENSITY, Key::Line, "density");
    }
    if let Some(curve) = &fitted {
        chart.line(curve, FIT);
        chart.key(FIT, Key::Line, "lognormal");
    }
    let rows: Vec<Vec<Cell>> = histogram
        .bins
        .iter()
        .map(|bin| {
            let range = format!("{} to {}", number(bin.from, 4), number(bin.from + histogram.width, 4));
            vec![Cell::Number(range), Cell::Number(count(bin.count)), Cell::Number(percent(bin.share))]
        })
        .collect();
    format!(
        "<figure>{}<figcaption>Bins of {} nm (rule of Freedman and Diaconis, rounded); kernel density on the logarithm \
         of the diameter (Silverman's bandwidth). The grey line is the median, the grey band its 95 % interval.</figcaption>{}</figure>",
        chart.svg(),
        number(histogram.width, 2),
        folded(
            "Numbers of the histogram",
            "Histogram of diameters",
            &[("Diameter, nm", true), ("Particles", true), ("Weighted share", true)],
            &rows
        ),
    )
}

/// A line at the median, with its interval.
fn median(chart: &mut Chart, d50: Option<Estimate>) {
    if let Some(Estimate { value, low, high }) = d50 {
        if let (Some(low), Some(high)) = (low, high) {
            chart.band(low, high, MEDIAN);
        }
        chart.rule(value, MEDIAN);
        chart.key(MEDIAN, Key::Line, "D50");
    }
}

/// Cumulative shares.
fn cumulative(population: &Population, summary: &Summary, fit: Option<Lognormal>) -> String {
    let total: f64 = population.weights.iter().sum();
    let mut sum = 0.0;
    let mut steps = vec![[0.0, 0.0]];
    let every = population.count().div_ceil(STEPS_MAX);
    for (i, (diameter_nm, weight)) in population.diameters_nm.iter().zip(&population.weights).enumerate() {
        sum += weight;
        if (i + 1) % every == 0 || i + 1 == population.count() {
            steps.push([*diameter_nm, 100.0 * sum / total]);
        }
    }
    let description =
        "Cumulative number distribution of the diameters, weighted, with the fitted lognormal distribution.";
    let y = Axis::linear("Share of particles below, %", 0.0, 100.0);
    let mut chart =
        Chart::new("sizes-cumulative", "Cumulative size distribution", description, diameters(population), y);
    median(&mut chart, summary.weighted.d50_nm);
    chart.steps(&steps, BARS);
    chart.key(BARS, Key::Line, "particles");
    if let Some(fit) = fit.filter(|fit| fit.geometric_sd > 1.0) {
        let last = largest_nm(population);
        let points = (1..=POINTS).map(|i| last * i as f64 / POINTS as f64);
        let curve: Vec<[f64; 2]> =
            points.map(|d| [d, 100.0 * normal(libm::log(d / fit.median_nm) / libm::log(fit.geometric_sd))]).collect();
        chart.line(&curve, FIT);
        chart.key(FIT, Key::Line, "lognormal");
    }
    let rows: Vec<Vec<Cell>> = (1..20)
        .map(|i| {
            let share = 5.0 * f64::from(i);
            let at = steps.iter().find(|step| step[1] >= share).map(|step| step[0]);
            vec![Cell::Number(format!("{share:.0} %")), Cell::Number(maybe(at, 4))]
        })
        .collect();
    let fit = fit.map_or_else(String::new, |fit| {
        format!(
            " Lognormal by maximum likelihood: median {} ± {} nm, geometric SD {} ± {} (standard errors); largest \
             distance from the data {} (Kolmogorov-Smirnov).",
            number(fit.median_nm, 4),
            number(fit.median_standard_error_nm, 2),
            number(fit.geometric_sd, 3),
            number(fit.geometric_sd_standard_error, 2),
            number(fit.distance, 2),
        )
    });
    format!(
        "<figure>{}<figcaption>Share of the particles that are no larger.{}</figcaption>{}</figure>",
        chart.svg(),
        fit,
        folded(
            "Numbers of the cumulative distribution",
            "Cumulative distribution of diameters",
            &[("Share", true), ("Diameter, nm", true)],
            &rows
        ),
    )
}

/// Cumulative normal distribution, to 2e-7: the error function of M. Abramowitz and I. Stegun, 7.1.26.
fn normal(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let erf = 1.0 - series * libm::exp(-x * x);
    if z < 0.0 { 0.5 * (1.0 - erf) } else { 0.5 * (1.0 + erf) }
}

/// Figures of the distribution, weighted and unweighted beside each other.
fn figures(summary: &Summary) -> String {
    type Get = fn(&Distribution) -> String;
    let rows: [(&str, Get); 12] = [
        ("D10, nm", |d| estimate(d.d10_nm, |v| number(v, 4))),
        ("D50 (median), nm", |d| estimate(d.d50_nm, |v| number(v, 4))),
        ("D90, nm", |d| estimate(d.d90_nm, |v| number(v, 4))),
        ("Mode of the density, nm", |d| maybe(d.mode_nm, 4)),
        ("Mean, nm", |d| estimate(d.mean_nm, |v| number(v, 4))),
        ("Standard deviation, nm", |d| maybe(d.sd_nm, 4)),
        ("Geometric mean, nm", |d| maybe(d.geometric_mean_nm, 4)),
        ("Geometric standard deviation", |d| maybe(d.geometric_sd, 4)),
        ("Span (D90 − D10) / D50", |d| maybe(d.span, 3)),
        ("Lognormal median, nm", |d| plus_minus(d.lognormal.map(|l| (l.median_nm, l.median_standard_error_nm)))),
        ("Lognormal geometric SD", |d| {
            plus_minus(d.lognormal.map(|l| (l.geometric_sd, l.geometric_sd_standard_error)))
        }),
        ("Distance from the lognormal", |d| maybe(d.lognormal.map(|l| l.distance), 3)),
    ];
    let rows: Vec<Vec<Cell>> = rows
        .iter()
        .map(|(name, get)| {
            vec![
                Cell::Text((*name).into()),
                Cell::Number(get(&summary.weighted)),
                Cell::Number(get(&summary.unweighted)),
            ]
        })
        .collect();
    let headings = [("Figure", false), ("Weighted", true), ("Unweighted", true)];
    let caption = match summary.resampled.as_str() {
        "" => "Figures of the diameters".into(),
        what => format!(
            "Figures of the diameters with 95 % intervals (bootstrap, {} resamples of {what})",
            count(summary.resample_count)
        ),
    };
    format!("<h3>Figures</h3>{}", table(&caption, &headings, &rows))
}

fn plus_minus(value: Option<(f64, f64)>) -> String {
    value.map_or_else(|| UNKNOWN.into(), |(value, error)| format!("{} ± {}", number(value, 4), number(error, 2)))
}

/// Shares by range, density per area, counts.
fn shares(summary: &Summary) -> String {
    let mut rows: Vec<Vec<Cell>> = summary
        .size_shares
        .iter()
        .map(|share| {
            let range = match (share.from_nm, share.to_nm) {
                (Some(from), Some(to)) => format!("{} to {} nm", number(from, 3), number(to, 3)),
                (None, Some(to)) => format!("below {} nm", number(to, 3)),
                (Some(from), None) => format!("{} nm and above", number(from, 3)),
                (None, None) => share.name.clone(),
            };
            vec![Cell::Text(range), Cell::Number(estimate(Some(share.share), percent))]
        })
        .collect();
    if let Some(cups) = summary.cup_share {
        rows.push(vec![Cell::Text("cup-shaped".into()), Cell::Number(estimate(Some(cups), percent))]);
    }
    let shares = table(
        "Shares of the particles, weighted, with 95 % intervals; the ranges overlap",
        &[("Particles", false), ("Share", true)],
        &rows,
    );
    let counts = &summary.per_image;
    let row = |name: &str, value: String| vec![Cell::Text(name.into()), Cell::Number(value)];
    let density = [
        row("Area seen, µm²", number(summary.area_um2, 4)),
        row("Vesicles per µm² (weighted)", estimate(summary.per_um2, |v| number(v, 3))),
        row("Vesicles per image, mean", number(counts.mean, 3)),
        row("Vesicles per image, standard deviation", maybe(counts.sd, 3)),
        row("Vesicles per image, median", number(counts.median, 3)),
        row("Index of dispersion (variance over mean)", maybe(counts.dispersion_index, 3)),
        row("Images without a vesicle", percent(counts.empty_share)),
        row("Largest weight", maybe(summary.weight_max, 3)),
    ];
    let density = table(
        "How densely they lie, in images with a pixel size; an index of dispersion of 1 is a random scatter, more are clusters",
        &[("Figure", false), ("Value", true)],
        &density,
    );
    format!("<div class=\"charts\"><div><h3>Shares</h3>{shares}</div><div><h3>On the grid</h3>{density}</div></div>")
}

/// How many more particles it takes.
fn more(summary: &Summary) -> String {
    match (summary.count_for_5_percent, summary.more_for_5_percent) {
        (Some(all), Some(0)) => {
            format!("The median is known to 5 % either way or better; that takes about {} particles.", count(all))
        }
        (Some(all), Some(more)) => format!(
            "For the median to be known to 5 % either way it takes about {} particles in all, {} more than there are.",
            count(all),
            count(more)
        ),
        _ => "How many particles it takes for the median to be known to 5 % cannot be told from so few.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        for (z, expected) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025), (4.0, 0.999_968_3)] {
            assert!((normal(z) - expected).abs() < 3e-7, "{z}");
        }
    }
}
