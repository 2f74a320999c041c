//! An image with its outlines, to be zoomed into.

use super::outline;
use super::text::{count, name};
use super::thumbs::picture_data;
use crate::error::Result;
use crate::measure::Status;
use crate::report::overlay::is_drawn;
use crate::results::{ImageResult, Picture};
use std::fmt::Write;
use std::path::Path;

/// Longest side of a picture in the main page, px: it fills a screen's width.
pub const SIDE_MAIN: u32 = 1024;
/// The same in the page of one image.
pub const SIDE_PAGE: u32 = 1800;
/// How far an outline may be from the true one, px of the picture as it is shown.
const TOLERANCE_PX: f64 = 0.2;
/// Longest share of the picture's width that the scale bar takes.
const BAR_SHARE: f64 = 0.25;

/// The figure of an image. `page` is the file that it goes into, for errors.
///
/// # Errors
/// [`crate::error::Error::Output`].
pub fn figure(image_number: usize, image: &ImageResult, picture: &Picture, side: u32, page: &Path) -> Result<String> {
    let (width, height) = image.size_px();
    let data = picture_data(picture, side, page)?;
    let shown = |status: Status| image.particles.iter().filter(move |p| p.status == status && is_drawn(p));
    let counts = [Status::Accepted, Status::Border, Status::Rejected].map(|status| shown(status).count());
    let mut html = format!(
        "<figure class=\"view\" id=\"v-{image_number}\"><figcaption><b>{image_number}</b> {} · {} × {} px{} · \
         {} accepted, {} border, {} near misses outlined</figcaption>\
         <svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"xMinYMin\" role=\"img\" aria-label=\"Micrograph {image_number} with the outlines of its particles\">\
         <clipPath id=\"k-{image_number}\"><path d=\"M0 0h{width}v{height}h-{width}z\"/></clipPath>\
         <image width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"{data}\"/>\
         <g clip-path=\"url(#k-{image_number})\">",
        name(&image.row.image),
        count(width),
        count(height),
        image.row.pixel_size.map_or_else(String::new, |p| format!(" of {p}")),
        count(counts[0]),
        count(counts[1]),
        count(counts[2]),
    );
    // One px of the picture as it is shown, in px of the image.
    let unit = width.max(height) as f64 / f64::from(side);
    let decimals = (-libm::log10(0.3 * unit).floor()).clamp(0.0, 2.0) as i32;
    for mark in &image.marks {
        let (w, h) = (mark.x1.saturating_sub(mark.x0), mark.y1.saturating_sub(mark.y0));
        let _ = write!(html, "<path class=\"mark\" d=\"M{} {}h{w}v{h}h-{w}z\"/>", mark.x0, mark.y0);
    }
    // What matters most comes last and is on top.
    for status in [Status::Rejected, Status::Border, Status::Accepted] {
        for particle in shown(status) {
            let path = outline::path(&particle.polygon, TOLERANCE_PX * unit, decimals);
            let (class, id) = (status.name(), particle.id);
            let _ = write!(html, "<path class=\"o {class}\" data-p=\"{image_number}-{id}\" d=\"{path}\"/>");
        }
    }
    html.push_str("</g>");
    write_bar(&mut html, image);
    html.push_str("</svg></figure>\n");
    Ok(html)
}

/// A scale bar in the lower left corner.
fn write_bar(html: &mut String, image: &ImageResult) {
    let (Some(pixel_size), (width, height)) = (image.row.pixel_size, image.size_px()) else { return };
    let longest_nm = BAR_SHARE * width as f64 * pixel_size.x_nm;
    let power = 10f64.powi(libm::log10(longest_nm).floor() as i32);
    let Some(length_nm) = [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|nm| *nm <= longest_nm) else { return };
    let label = if length_nm >= 1000.0 { format!("{} µm", length_nm / 1000.0) } else { format!("{length_nm} nm") };
    let size = width.max(height) as f64;
    let (thick, letters, margin) = (0.008 * size, 0.026 * size, 0.02 * size);
    let (length, bottom) = (length_nm / pixel_size.x_nm, height as f64 - margin);
    let _ = write!(
        html,
        "<g class=\"scalebar\"><path d=\"M{margin:.1} {:.1}h{length:.1}v{thick:.1}h-{length:.1}z\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{letters:.1}\">{label}</text></g>",
        bottom - thick,
        margin,
        bottom - 2.0 * thick,
    );
}
