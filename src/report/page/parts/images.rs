//! The images: one row each, their particles side by side, those that failed, and the pictures.

use crate::report::page::chart::{Axis, Chart, Series};
use crate::report::page::gather::Gathered;
use crate::report::page::survey::{DOTS_MAX, Listed, Survey};
use crate::report::page::table::{Cell, Heading, not_listed, table};
use crate::report::page::text::{UNKNOWN, count, escape, maybe, name, number};
use crate::results::ImageRow;
use crate::visible::visible;

const DOTS: Series = Series(0);
const MEDIANS: Series = Series(1);
/// Most images whose numbers fit below the axis.
const NUMBERS_MAX: usize = 30;
/// Share of an image's column in which its dots are spread.
const SPREAD: f64 = 0.56;

/// Table and dot plot.
pub fn html(survey: &Survey, gathered: &Gathered) -> String {
    if survey.image_count == 0 {
        return "<p>The run has no images.</p>".into();
    }
    format!("{}{}{}", dots(survey), rows(survey, gathered), failed(survey))
}

fn dots(survey: &Survey) -> String {
    let images = survey.image_count;
    let largest =
        survey.columns.iter().filter_map(|column| column.diameters_nm.last()).fold(0.0, |a: f64, b| a.max(*b));
    if largest == 0.0 {
        return String::new();
    }
    let numbers =
        if images <= NUMBERS_MAX { (1..=images).map(|i| (i as f64, i.to_string())).collect() } else { Vec::new() };
    let x = if numbers.is_empty() {
        Axis::linear("Image", 0.0, images as f64 + 1.0)
    } else {
        Axis::linear("Image", 0.4, images as f64 + 0.6).named(numbers)
    };
    let description = "One dot per accepted particle, one column per image; a short line is the median of the image.";
    let y = Axis::from_zero("Diameter, nm", largest * 1.02);
    let mut chart = Chart::new("image-dots", "Diameters by image", description, x, y).wide();
    // Where columns stand for several images each, they are as wide as the room of these.
    let width = survey.every as f64;
    let mut points = Vec::new();
    for column in &survey.columns {
        for (i, diameter) in column.diameters_nm.iter().enumerate() {
            // Spread by the golden ratio: neighbours in size never lie on each other, without any chance.
            let aside = (i as f64 * 0.618_034).fract() - 0.5;
            points.push([column.number as f64 + width * SPREAD * aside, *diameter]);
        }
    }
    chart.dots(points, DOTS);
    for (x, y) in survey.columns.iter().filter_map(|column| Some((column.number as f64, column.median_nm?))) {
        chart.segment([x - 0.36 * width, y], [x + 0.36 * width, y], MEDIANS);
    }
    let chosen = match survey.every {
        1 => String::new(),
        every => format!(" Of so many images only one in {every} is shown."),
    };
    format!(
        "<figure><div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Diameters by image\">{}</div>\
         <figcaption>Accepted particles by image (at most {DOTS_MAX} dots each); the lines are the medians.{chosen} \
         The numbers are in the table below.</figcaption></figure>",
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

fn rows(survey: &Survey, gathered: &Gathered) -> String {
    let rows: Vec<Vec<Cell>> = survey
        .listed
        .iter()
        .map(|Listed { number: number_of, row, .. }| {
            let shown = name(&row.image);
            let link = match gathered.links.get(number_of) {
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
    table(caption, &HEADINGS, &rows) + &not_listed(rows.len(), survey.analysed_count(), "images.csv")
}

fn background(row: &ImageRow) -> String {
    match (row.background_grey, row.background_swing) {
        (Some(grey), Some(swing)) => format!("{} ± {}", number(grey, 4), number(swing, 2)),
        (grey, _) => maybe(grey, 4),
    }
}

/// Images that failed, with the reason.
fn failed(survey: &Survey) -> String {
    let row = |(number, image, error): &(usize, String, String)| {
        vec![Cell::Number(number.to_string()), Cell::Html(name(image)), Cell::Text(visible(error))]
    };
    let rows: Vec<Vec<Cell>> = survey.failed.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let headings = [("No.", true), ("Image", false), ("Why", false)];
    let table = table("They are in no figure of this page", &headings, &rows);
    format!("<h3>Images that failed</h3>{table}{}", not_listed(rows.len(), survey.failed_count, "images.csv"))
}

/// The pictures with their outlines.
pub fn pictures(survey: &Survey, gathered: &Gathered) -> String {
    let analysed = survey.analysed_count();
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
