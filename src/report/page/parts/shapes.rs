//! Which shape the vesicles have: distributions, because a mean of shapes says little (ISO 9276-6).

use crate::measure::CUP_DEPTH;
use crate::report::page::chart::{Axis, Chart, Series};
use crate::report::page::histogram::Histogram;
use crate::report::page::table::{Cell, folded};
use crate::report::page::text::{count, escape, estimate, number, percent};
use crate::statistics::{Population, Summary};

const BARS: Series = Series(0);
const LIMIT: Series = Series(1);
/// Depths beyond this are drawn at the edge: noise in the rim's height makes them, not cups.
const DEPTH_RANGE: (f64, f64) = (-1.0, 2.0);
const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
/// Diameter from which shapes mean something, px: below, circularity is as much the grid's as the particle's.
const SHAPE_MIN_PX: u32 = 20;

/// A quantity of which the distribution is shown.
struct Quantity {
    id: &'static str,
    title: &'static str,
    label: &'static str,
    caption: &'static str,
    limit: Option<f64>,
    /// The values of all particles; those that are not known are no number.
    of: fn(&Population) -> &[f64],
    /// Values beyond are drawn at the edge.
    range: (f64, f64),
}

const QUANTITIES: [Quantity; 3] = [
    Quantity {
        id: "shapes-circularity",
        title: "Circularity",
        label: "Circularity 4π area / perimeter²",
        caption: "With the perimeter by Crofton's formula, 1 for a disc at any size. ImageJ's Circ. of the same outline is \
                  lower (0.91 for a large disc), the circularity of ISO 9276-6 is the square root.",
        limit: None,
        of: |population| &population.circularities,
        range: ANY,
    },
    Quantity {
        id: "shapes-aspect",
        title: "Aspect ratio",
        label: "Major over minor axis",
        caption: "Of the ellipse with the same second moments, at least 1 (ImageJ's AR); ISO 9276-6 uses the inverse.",
        limit: None,
        of: |population| &population.aspect_ratios,
        range: ANY,
    },
    Quantity {
        id: "shapes-cup",
        title: "Cup depth",
        label: "(rim − centre) / (rim − surroundings)",
        caption: "0 for a filled disc, 1 for a centre as dark as its surroundings. Cups come from drying and stain: a \
                  vesicle without one is no worse.",
        limit: Some(CUP_DEPTH),
        of: |population| &population.cup_depths,
        range: DEPTH_RANGE,
    },
];

/// Charts of the shapes.
pub fn html(population: &Population, summary: &Summary) -> String {
    if population.count() == 0 {
        return "<p>No accepted particle has a size in nanometres, so shapes are not shown.</p>".into();
    }
    let cups = summary.cup_share.map_or_else(String::new, |share| {
        format!(
            " Cup-shaped (a depth of {CUP_DEPTH} or more, the dashed line): {} of the vesicles, weighted.",
            escape(&estimate(Some(share), percent))
        )
    });
    let charts: String = QUANTITIES.iter().map(|quantity| chart(quantity, population)).collect();
    format!(
        "<p>Accepted particles, weighted as the sizes are. Shapes of particles below some {SHAPE_MIN_PX} px say little.{cups}</p>\
         <div class=\"charts\">{charts}</div>"
    )
}

fn chart(quantity: &Quantity, population: &Population) -> String {
    let known = (quantity.of)(population).iter().zip(&population.weights).filter(|(value, _)| value.is_finite());
    let values = known.map(|(value, weight)| (value.clamp(quantity.range.0, quantity.range.1), *weight));
    let Some(histogram) = Histogram::new(values) else {
        return format!("<figure><h3>{}</h3><p class=\"quiet\">Known of no particle.</p></figure>", quantity.title);
    };
    let last = histogram.bins.last().map_or(1.0, |bin| bin.from + histogram.width);
    let first = histogram.bins[0].from;
    let (first, last) = quantity.limit.map_or((first, last), |limit| (first.min(limit), last.max(limit)));
    let y = Axis::from_zero("Share of particles, %", 105.0 * histogram.share_max());
    let description = format!(
        "Histogram of {} values in bins of {}, weighted.",
        count(histogram.count()),
        number(histogram.width, 2)
    );
    let mut chart = Chart::new(quantity.id, quantity.title, &description, Axis::linear(quantity.label, first, last), y);
    chart.bars(histogram.bins.iter().map(|b| (b.from, b.from + histogram.width, 100.0 * b.share)), BARS);
    if let Some(limit) = quantity.limit {
        chart.rule(limit, LIMIT);
    }
    let rows: Vec<Vec<Cell>> = histogram
        .bins
        .iter()
        .map(|bin| {
            let range = format!("{} to {}", number(bin.from, 3), number(bin.from + histogram.width, 3));
            vec![Cell::Number(range), Cell::Number(count(bin.count)), Cell::Number(percent(bin.share))]
        })
        .collect();
    let caption = format!("Histogram: {}", quantity.title.to_lowercase());
    format!(
        "<figure><h3>{}</h3>{}<figcaption>{}</figcaption>{}</figure>",
        quantity.title,
        chart.svg(),
        quantity.caption,
        folded(
            "Numbers of the histogram",
            &caption,
            &[("From and to", true), ("Particles", true), ("Weighted share", true)],
            &rows
        ),
    )
}
