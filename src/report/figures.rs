//! `figures/`: wide-field and close-up panels with burned-in scale bars, ready for a paper.
//!
//! Guidelines for extracellular vesicles (MISEV2018, PMC9465297, table T3) ask for images 'by wide-field and close-up'. The
//! images are chosen for being typical, not for being pretty: those whose density of vesicles comes closest to the run's
//! median. A panel is the micrograph alone, with a scale bar; `figures.csv` says where each comes from.

use super::canvas::{self, Area};
use super::csv::{Table, decimal, harmless};
use super::legend::scale_bar;
use crate::atomic::{remove_file, write_whole};
use crate::error::Result;
use crate::measure::Status;
use crate::results::{ImageResult, Picture, Run, make_folder};
use crate::units::PixelSize;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Resampling};
use image::{ExtendedColorType, GrayImage, ImageEncoder, Rgb, RgbImage};
use rayon::prelude::*;
use std::fs;
use std::io;
use std::path::Path;

/// Folder of the panels in a run's folder.
pub const FIGURES: &str = "figures";

/// Images shown: what fits beside each other in a column of a page.
const IMAGES_MAX: usize = 3;
/// Width of a panel, px: 84 mm, a journal's column, at 300 dots per inch.
const WIDTH_PX: usize = 1000;
/// Width of the specimen in a close-up, nm: some five vesicles of 100 nm side by side, so that a membrane of 5 nm is 10 px
/// wide.
const CLOSE_UP_NM: f64 = 500.0;

/// The images that may be shown: those with a pixel size and a vesicle, in the order of the run.
#[derive(Debug, Default)]
pub struct Candidates {
    all: Vec<Candidate>,
    /// Images that were looked at.
    count: u32,
}

/// One image that may be shown.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// Its place in the run, from 0 on.
    index: u32,
    pixel_nm: f64,
    /// Longest side of the specimen that it shows.
    field_nm: f64,
    /// Accepted vesicles per nm².
    density: f64,
}

impl Candidates {
    /// Takes in the next image of the run.
    pub fn add(&mut self, image: &ImageResult) {
        let index = self.count;
        self.count += 1;
        let count = image.particles.iter().filter(|p| p.status == Status::Accepted).count();
        let Some(pixel_size) = image.row.pixel_size.filter(|_| image.row.error.is_none() && count > 0) else { return };
        let (width, height) = image.size_px();
        let (width_nm, height_nm) = (width as f64 * pixel_size.x_nm, height as f64 * pixel_size.y_nm);
        self.all.push(Candidate {
            index,
            pixel_nm: pixel_size.mean_nm(),
            field_nm: width_nm.max(height_nm),
            density: count as f64 / (width_nm * height_nm),
        });
    }
}

/// Writes the panels of the most typical images; none where no image with a pixel size has a vesicle.
///
/// # Errors
/// [`crate::error::Error::Output`]; [`crate::error::Error::Input`] when results of the run are damaged.
pub fn write_figures(run: &Run, candidates: &Candidates) -> Result<()> {
    remove_all(&run.dir)?;
    let folder = run.dir.join(FIGURES);
    let candidates = &candidates.all;
    if candidates.is_empty() {
        return Ok(());
    }
    make_folder(&run.dir, &folder)?;
    let headings = ["file", "image", "kind", "x_px", "y_px", "width_px", "height_px", "panel_pixel_nm", "scale_bar_nm"];
    let mut table = Table::create(&folder.join("figures.csv"), headings.into_iter())?;
    // Of a run at several magnifications the wider half serves the one kind, the finer half the other.
    let widest = typical(candidates, |candidate| -candidate.field_nm);
    let finest = typical(candidates, |candidate| candidate.pixel_nm);
    let numbered =
        |kind, chosen: Vec<Candidate>| (1..).zip(chosen).map(move |(number, candidate)| (kind, number, candidate));
    let panels: Vec<(&str, usize, Candidate)> =
        numbered("wide-field", widest).chain(numbered("close-up", finest)).collect();
    let rows: Vec<Option<Vec<String>>> = panels
        .into_par_iter()
        .map(|(kind, number, candidate)| write_panel(run, &folder, kind, number, &candidate))
        .collect::<Result<_>>()?;
    rows.into_iter().flatten().try_for_each(|row| table.row(row.into_iter()))?;
    table.finish()
}

/// Draws a panel and writes it; its row in the table.
fn write_panel(
    run: &Run,
    folder: &Path,
    kind: &str,
    number: usize,
    candidate: &Candidate,
) -> Result<Option<Vec<String>>> {
    let Some(output) = run.outputs.get(candidate.index as usize) else { return Ok(None) };
    let image = run.image(output)?;
    let Some(pixel_size) = image.row.pixel_size else { return Ok(None) };
    let picture = run.picture(output, &image)?;
    let view = if kind == "close-up" { close_up(&image, pixel_size) } else { whole(&image) };
    let panel = Panel::new(&picture, view, pixel_size);
    let file = format!("{kind}-{number}.png");
    write_whole(&folder.join(&file), |out| panel.write(out))?;
    let View { x, y, width, height } = view;
    let numbers = [x, y, width, height].map(|px| px.to_string());
    let rest = [decimal(panel.pixel_nm), decimal(panel.bar_nm)];
    let words = [file, harmless(image.row.image.clone()), kind.into()];
    Ok(Some(words.into_iter().chain(numbers).chain(rest).collect()))
}

/// Those whose density of vesicles is nearest to the median of all, among the half that comes first by `order`, in the
/// order of the run.
fn typical(candidates: &[Candidate], order: impl Fn(&Candidate) -> f64) -> Vec<Candidate> {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let middle = median(candidates.iter().map(&order).collect());
    let density = median(candidates.iter().map(|candidate| candidate.density).collect());
    let off = |candidate: &Candidate| libm::log(candidate.density / density).abs();
    let mut chosen: Vec<Candidate> = Vec::with_capacity(IMAGES_MAX + 1);
    for candidate in candidates.iter().filter(|candidate| order(candidate) <= middle) {
        // Of two alike the first one stays.
        let place = chosen.partition_point(|better| off(better).total_cmp(&off(candidate)).is_le());
        chosen.insert(place, *candidate);
        chosen.truncate(IMAGES_MAX);
    }
    chosen.sort_by_key(|candidate| candidate.index);
    chosen
}

/// Removes the panels of an earlier run: they may show other images.
///
/// # Errors
/// [`crate::error::Error::Output`].
pub fn remove_all(run: &Path) -> Result<()> {
    files(run).iter().try_for_each(|name| remove_file(&run.join(name)))?;
    // Where nothing else is in it. Otherwise it stays, and that is no fault.
    let _ = fs::remove_dir(run.join(FIGURES));
    Ok(())
}

/// Paths of the panels and their table from the run's folder, as far as they are there, in no order.
pub(super) fn files(run: &Path) -> Vec<String> {
    let entries = fs::read_dir(run.join(FIGURES)).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_ours =
        |name: &String| name == "figures.csv" || name.starts_with("wide-field-") || name.starts_with("close-up-");
    names.filter(is_ours).map(|name| format!("{FIGURES}/{name}")).collect()
}

/// A part of an image, px.
#[derive(Debug, Clone, Copy)]
struct View {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

fn whole(image: &ImageResult) -> View {
    let (width, height) = image.size_px();
    View { x: 0, y: 0, width, height }
}

/// A square with the vesicle whose size is nearest to the image's median in the middle, moved to lie within the image.
fn close_up(image: &ImageResult, pixel_size: PixelSize) -> View {
    let (width, height) = image.size_px();
    let side = |nm: f64, limit: usize| ((CLOSE_UP_NM / nm).round() as usize).clamp(1, limit);
    let (view_width, view_height) = (side(pixel_size.x_nm, width), side(pixel_size.y_nm, height));
    let mut sized: Vec<_> = image.particles.iter().filter(|p| p.status == Status::Accepted).collect();
    sized.sort_by(|a, b| a.shape.diameter_px.total_cmp(&b.shape.diameter_px));
    let (x, y) = sized.get(sized.len() / 2).map_or((0.0, 0.0), |p| (p.shape.x_px, p.shape.y_px));
    let place = |centre: f64, side: usize, limit: usize| {
        ((centre - side as f64 / 2.0).round().max(0.0) as usize).min(limit - side)
    };
    View { x: place(x, view_width, width), y: place(y, view_height, height), width: view_width, height: view_height }
}

/// A panel, drawn.
struct Panel {
    canvas: RgbImage,
    /// Edge of one of its pixels along a row.
    pixel_nm: f64,
    bar_nm: f64,
}

impl Panel {
    fn new(picture: &Picture, view: View, pixel_size: PixelSize) -> Self {
        let reduced = |px: usize| (px / picture.reduce) as u32;
        let size = |px: usize| reduced(px).max(1);
        let (x, y, width, height) = (reduced(view.x), reduced(view.y), size(view.width), size(view.height));
        let part = imageops::crop_imm(&picture.grey, x, y, width, height).to_image();
        // Pixels that are not square in the specimen are drawn so that the specimen keeps its shape.
        let height = WIDTH_PX as f64 * (view.height as f64 * pixel_size.y_nm) / (view.width as f64 * pixel_size.x_nm);
        let height = height.round().clamp(1.0, 4.0 * WIDTH_PX as f64) as u32;
        let resampling = if part.width() < WIDTH_PX as u32 { Resampling::CatmullRom } else { Resampling::Lanczos3 };
        let grey: GrayImage = imageops::resize(&part, WIDTH_PX as u32, height, resampling);
        let mut canvas = RgbImage::from_fn(grey.width(), grey.height(), |x, y| Rgb([grey.get_pixel(x, y).0[0]; 3]));
        let pixel_nm = view.width as f64 * pixel_size.x_nm / WIDTH_PX as f64;
        let bar_nm = draw_bar(&mut canvas, pixel_nm);
        Self { canvas, pixel_nm, bar_nm }
    }

    fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let grey: Vec<u8> = self.canvas.pixels().map(|pixel| pixel.0[0]).collect();
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive)
            .write_image(&grey, self.canvas.width(), self.canvas.height(), ExtendedColorType::L8)
            .map_err(io::Error::other)?;
        out.write_all(&png)
    }
}

/// Burns a scale bar with its length into the lower right corner, on a dark ground so that it shows on any specimen; its
/// length in nm.
fn draw_bar(canvas: &mut RgbImage, pixel_nm: f64) -> f64 {
    const WHITE: Rgb<u8> = Rgb([255; 3]);
    const BLACK: Rgb<u8> = Rgb([0; 3]);
    /// Canvas pixels per pixel of the font: letters of 3 mm at the width of a column.
    const TEXT: i64 = 5;
    const MARGIN: i64 = 4 * TEXT;
    const THICKNESS: i64 = 2 * TEXT;
    let Some(pixel_size) = PixelSize::square(pixel_nm) else { return 0.0 };
    let (nm, label) = scale_bar(pixel_size, canvas.width() as usize);
    let (bar, text) = ((nm / pixel_nm).round() as i64, canvas::text_width(&label, TEXT));
    let width = bar.max(text) + 2 * MARGIN;
    let height = THICKNESS + canvas::text_height(TEXT) + 3 * MARGIN;
    let (x, y) = (i64::from(canvas.width()) - width, i64::from(canvas.height()) - height);
    canvas::fill(canvas, Area { x, y, width, height }, BLACK);
    canvas::text(canvas, (x + (width - text) / 2, y + MARGIN), &label, TEXT, WHITE, 0);
    let bar_y = y + height - MARGIN - THICKNESS;
    canvas::fill(canvas, Area { x: x + (width - bar) / 2, y: bar_y, width: bar, height: THICKNESS }, WHITE);
    nm
}
