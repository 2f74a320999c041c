//! The images: one row each, their particles side by side, those that failed, and the pictures.

use crate::report::page::chart::{Axis, Chart, Series};
use crate::report::page::gather::Gathered;
use crate::report::page::table::{Cell, Heading, table};
use crate::report::page::text::{UNKNOWN, count, escape, maybe, name, number};
use crate::results::ImageRow;
use crate::statistics::Population;
use crate::visible::visible;
use std::collections::BTreeMap;

const DOTS: Series = Series(0);
const MEDIANS: Series = Series(1);
/// Most images whose numbers fit below the axis.
const NUMBERS_MAX: usize = 30;
/// Most dots of one image; beyond, evenly chosen ones of the sorted diameters stand for all.
const DOTS_MAX: usize = 120;
/// Share of an image's column in which its dots are spread.
const SPREAD: f64 = 0.56;

/// Table and dot plot.
pub fn html(images: &[ImageRow], population: &Population, gathered: &Gathered) -> String {
    if images.is_empty() {
        return "<p>The run has no images.</p>".into();
    }
    format!("{}{}{}", dots(images, population), rows(images, gathered), failed(images))
}

/// Diameters of the accepted particles by place of the image in the run, sorted.
fn diameters(population: &Population) -> BTreeMap<usize, Vec<f64>> {
    let scaled = population.fields.iter().filter(|field| field.pixel_size.is_some());
    scaled
        .map(|field| {
            let mut diameters: Vec<f64> = field.accepted.iter().map(|p| p.diameter).filter(|d| d.is_finite()).collect();
            diameters.sort_by(f64::total_cmp);
            (field.index, diameters)
        })
        .collect()
}

fn dots(images: &[ImageRow], population: &Population) -> String {
    let diameters = diameters(population);
    let largest = diameters.values().filter_map(|d| d.last()).fold(0.0, |a: f64, b| a.max(*b));
    if largest == 0.0 {
        return String::new();
    }
    let numbers = if images.len() <= NUMBERS_MAX {
        (1..=images.len()).map(|i| (i as f64, i.to_string())).collect()
    } else {
        Vec::new()
    };
    let x = if numbers.is_empty() {
        Axis::linear("Image", 0.0, images.len() as f64 + 1.0)
    } else {
        Axis::linear("Image", 0.4, images.len() as f64 + 0.6).named(numbers)
    };
    let description = "One dot per accepted particle, one column per image; a short line is the median of the image.";
    let y = Axis::from_zero("Diameter, nm", largest * 1.02);
    let mut chart = Chart::new("image-dots", "Diameters by image", description, x, y).wide();
    let mut points = Vec::new();
    let mut medians = Vec::new();
    for (index, row) in images.iter().enumerate() {
        let Some(sorted) = diameters.get(&index) else { continue };
        let number = (index + 1) as f64;
        let every = sorted.len().div_ceil(DOTS_MAX).max(1);
        for (i, diameter) in sorted.iter().step_by(every).enumerate() {
            // Spread by the golden ratio: neighbours in size never lie on each other, without any chance.
            let aside = (i as f64 * 0.618_034).fract() - 0.5;
            points.push([number + SPREAD * aside, *diameter]);
        }
        medians.extend(row.diameter_median_nm.map(|d| (number, d)));
    }
    chart.dots(points, DOTS);
    for (x, y) in medians {
        chart.segment([x - 0.36, y], [x + 0.36, y], MEDIANS);
    }
    format!(
        "<figure><div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Diameters by image\">{}</div>\
         <figcaption>Accepted particles by image (at most {DOTS_MAX} dots each); the lines are the medians. The \
         numbers are in the table below.</figcaption></figure>",
        chart.svg()
    )
}

const HEADINGS: [Heading; 11] = [
    ("No.", true),
    ("Image", false),
    ("Pixel, nm", true),
    ("Accepted", true),
    ("Border", true),
    ("Rejected", true),
    ("D50, nm", true),
    ("Per µm²", true),
    ("Background", true),
    ("Noise", true),
    ("Warnings", false),
];

fn rows(images: &[ImageRow], gathered: &Gathered) -> String {
    let rows: Vec<Vec<Cell>> = (1..)
        .zip(images)
        .filter(|(_, row)| row.error.is_none())
        .map(|(number_of, row)| {
            let shown = name(&row.image);
            let link = match gathered.links.get(&number_of) {
                Some(link) => format!("<a href=\"{link}\">{shown}</a>"),
                None => shown,
            };
            let counted = |get: fn(&crate::results::ImageCounts) -> usize| {
                Cell::Number(row.counts.as_ref().map_or_else(|| UNKNOWN.into(), |c| count(get(c))))
            };
            let warnings = row.warnings.iter().map(|w| escape(&visible(w))).collect::<Vec<_>>().join("<br>");
            vec![
                Cell::Number(number_of.to_string()),
                Cell::Html(link),
                Cell::Number(maybe(row.pixel_size.map(|p| p.mean_nm()), 4)),
                counted(|c| c.accepted),
                counted(|c| c.border),
                counted(|c| c.rejected),
                Cell::Number(maybe(row.diameter_median_nm, 3)),
                Cell::Number(maybe(row.per_um2, 3)),
                Cell::Number(background(row)),
                Cell::Number(maybe(row.noise_grey, 3)),
                Cell::Html(warnings),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let caption = "Images that were analysed: D50 and density of the accepted particles (unweighted); background as median \
                   grey ± swing over the picture, and noise, in the file's grey units";
    table(caption, &HEADINGS, &rows)
}

fn background(row: &ImageRow) -> String {
    match (row.background_grey, row.background_swing) {
        (Some(grey), Some(swing)) => format!("{} ± {}", number(grey, 4), number(swing, 2)),
        (grey, _) => maybe(grey, 4),
    }
}

/// Images that failed, with the reason.
fn failed(images: &[ImageRow]) -> String {
    let rows: Vec<Vec<Cell>> = (1..)
        .zip(images)
        .filter_map(|(number, row): (usize, _)| row.error.as_ref().map(|error| (number, row, error)))
        .map(|(number, row, error)| {
            vec![Cell::Number(number.to_string()), Cell::Html(name(&row.image)), Cell::Text(visible(error))]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let headings = [("No.", true), ("Image", false), ("Why", false)];
    format!("<h3>Images that failed</h3>{}", table("They are in no figure of this page", &headings, &rows))
}

/// The pictures with their outlines.
pub fn pictures(images: &[ImageRow], gathered: &Gathered) -> String {
    let analysed = images.iter().filter(|row| row.error.is_none()).count();
    if gathered.figures.is_empty() {
        let place = if gathered.page_count > 0 {
            "The pictures are on the pages of the images, which the table above links to."
        } else {
            "There is no picture to show."
        };
        return format!("<p>{place}</p>");
    }
    let rest = if gathered.figure_count < analysed {
        format!(
            " The first {} of {} images are shown here; the table of images links to the pages of the others, in the \
             folder <code>pages</code> beside this file.",
            count(gathered.figure_count),
            count(analysed)
        )
    } else {
        String::new()
    };
    format!(
        "<p>What counts as a vesicle is outlined in blue (accepted, solid) and yellow (cut off, dashed), near misses in orange \
         (rejected, dotted; those of a confidence of at least {}).{rest}</p>{}<div class=\"views\">{}</div>",
        crate::report::overlay::REJECTED_DRAWN_MIN,
        view_controls(),
        gathered.figures
    )
}

/// Which outlines are shown; works without a script.
pub fn view_controls() -> String {
    let kinds =
        [("accepted", "accepted"), ("border", "border"), ("rejected", "rejected"), ("mark", "marks of the instrument")];
    let boxes = kinds.map(|(id, label)| {
        format!("<label><input type=\"checkbox\" id=\"show-{id}\" checked autocomplete=\"off\"> {label}</label>")
    });
    format!("<fieldset class=\"shown screen\"><legend>Outlines shown</legend>{}</fieldset>\n", boxes.concat())
}
