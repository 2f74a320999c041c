//! The gallery: one entry per particle, with its picture, its outline and what the review needs to know.

use super::outline;
use super::text::{escape, number};
use super::thumbs::{THUMB_SIDE, Window, thumb_data};
use crate::error::Result;
use crate::measure::CUP_DEPTH;
use crate::results::{ImageResult, Particle, Picture};
use crate::visible::visible;
use std::fmt::Write;
use std::path::Path;

/// How far a drawn outline may be from the true one, px of the particle's picture: not to be seen.
const TOLERANCE_PX: f64 = 0.15;

/// A particle in the gallery. `page` is the file that it goes into, for errors.
///
/// # Errors
/// [`crate::error::Error::Output`].
pub fn entry(
    image_number: usize,
    image: &ImageResult,
    particle: &Particle,
    picture: &Picture,
    page: &Path,
) -> Result<String> {
    let (id, status, class) = (particle.id, particle.status.name(), particle.class.name());
    let mut html =
        format!("<li class=\"p {status}\" id=\"p-{image_number}-{id}\" data-s=\"{status}\" data-c=\"{class}\"");
    write_data(&mut html, image, particle);
    html.push('>');
    if let Some(window) = Window::of(particle) {
        let data = thumb_data(&window, picture, page)?;
        let path = outline::path(&window.polygon(&particle.polygon), TOLERANCE_PX, 1);
        // Pictures out of sight wait: a page of a thousand opens a third faster.
        let _ = write!(
            html,
            "<div class=\"t\"><img alt=\"\" loading=\"lazy\" width=\"{THUMB_SIDE}\" height=\"{THUMB_SIDE}\" src=\"{data}\">\
             <svg viewBox=\"0 0 {THUMB_SIDE} {THUMB_SIDE}\" aria-hidden=\"true\"><path d=\"{path}\"/></svg></div>"
        );
    }
    let _ = write!(html, "<b>{image_number}·{id}</b> <span>{}</span>", size(image, particle));
    let confidence = particle.confidence.map_or_else(String::new, |c| format!(" {c:.2}"));
    let _ = write!(html, "<small><i>{status}</i>{confidence}<br><span>{}</span></small>", class.replace('_', " "));
    if let Some(decision) = &particle.decision {
        let _ = write!(html, "<em>by {}</em>", super::text::name(&decision.by));
    }
    html.push_str("</li>\n");
    Ok(html)
}

/// What the review reads: size, confidence, verdicts.
fn write_data(html: &mut String, image: &ImageResult, particle: &Particle) {
    let diameter = particle.shape.diameter_px * image.row.pixel_size.map_or(1.0, |p| p.mean_nm());
    if diameter.is_finite() {
        let _ = write!(html, " data-d=\"{diameter:.2}\"");
    }
    if let Some(confidence) = particle.confidence {
        let _ = write!(html, " data-f=\"{confidence:.3}\"");
    }
    if particle.shape.is_cut() {
        html.push_str(" data-cut=\"\"");
    }
    if particle.appearance.is_some_and(|a| a.cup_depth >= CUP_DEPTH) {
        html.push_str(" data-cup=\"\"");
    }
    if let Some(reason) = &particle.reason {
        let _ = write!(html, " data-r=\"{}\"", escape(&visible(reason)));
    }
    if let Some(machine) = particle.machine.as_ref().filter(|_| particle.decision.is_some()) {
        let _ = write!(html, " data-m=\"{}, {}\"", machine.status.name(), machine.class.name());
    }
}

/// The diameter for people: nm, or px where the image has no pixel size.
fn size(image: &ImageResult, particle: &Particle) -> String {
    let px = particle.shape.diameter_px;
    image.row.pixel_size.map_or_else(
        || format!("{} px", number(px, 3)),
        |pixel_size| format!("{} nm", number(px * pixel_size.mean_nm(), 3)),
    )
}
