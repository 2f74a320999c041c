//! The second pass: pictures, each decoded once; galleries and figures; pages per image where the main page has no room.

use super::document::Section;
use super::facts_of_image;
use super::gallery;
use super::paths::{PageName, page_name};
use super::queue::THUMBS_MAX;
use super::review::{Named, Review, intro};
use super::scales::PixelSizes;
use super::survey::Survey;
use super::text::{escape, href, name};
use super::view::{self, SIDE_MAIN, SIDE_PAGE};
use crate::atomic::remove_file;
use crate::error::Result;
use crate::report::overlay::is_drawn;
use crate::results::{ImageResult, Picture, Run, make_folder};
use crate::stop;
use crate::visible::visible;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// Bytes of pictures with outlines in the main page. With 2,000 particles of some 3 kB it stays far below 15 MB.
const PICTURES_BYTES: usize = 2_000_000;
/// Images that are in memory at once. What is written does not depend on it.
const AT_ONCE: usize = 8;

/// What the main page shows of the images.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Figures of the first images.
    pub figures: String,
    pub figure_count: usize,
    /// Entries of the gallery image by image, and the images that they are of, by number.
    pub entries: Vec<String>,
    pub named: BTreeMap<usize, Named>,
    /// Link to where an image that is listed is shown, by number: a page of its own, or a place in the main page.
    pub links: BTreeMap<usize, String>,
    /// Number of pages per image.
    pub page_count: usize,
}

/// One image as far as the main page needs it.
struct Shown {
    image_number: usize,
    name: PageName,
    image: ImageResult,
    picture: Picture,
    /// Empty once the main page has no more room.
    figure: String,
    entries: String,
    /// Whether every particle that is drawn is in the main page's gallery.
    is_whole: bool,
}

/// Gathers what the main page shows, and writes the pages per image: of those that have no room in the main page, and of
/// these only such in which something is drawn or that the main page lists.
///
/// # Errors
/// [`crate::error::Error::Output`]; [`crate::error::Error::Input`] when results of the run are damaged.
pub fn gather(run: &Run, survey: &Survey) -> Result<Gathered> {
    let mut gathered = Gathered::default();
    let chosen = survey.chosen();
    let mut has_room = true;
    let mut outputs = (1..).zip(run.outputs.iter());
    loop {
        let some: Vec<(usize, &str)> = outputs.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            return Ok(gathered);
        }
        stop::check()?;
        let shown: Vec<Option<Shown>> = some
            .par_iter()
            .map(|(number, output)| show(run, survey, &chosen, (*number, output), has_room))
            .collect::<Result<_>>()?;
        let mut paged = Vec::new();
        for mut shown in shown.into_iter().flatten() {
            has_room &= gathered.figures.len() + shown.figure.len() <= PICTURES_BYTES;
            if !shown.entries.is_empty() {
                gathered.named.insert(shown.image_number, Named::of(&shown.image.row));
                gathered.entries.push(std::mem::take(&mut shown.entries));
            }
            if has_room {
                gathered.figures += &shown.figure;
                gathered.figure_count += 1;
            }
            let is_whole = has_room && shown.is_whole;
            if survey.is_listed(shown.image_number) {
                let here = format!("#v-{}", shown.image_number);
                gathered.links.insert(shown.image_number, if is_whole { here } else { href(&shown.name.relative) });
            }
            if !is_whole {
                paged.push(shown);
            }
        }
        gathered.page_count += paged.len();
        paged.par_iter().try_for_each(|shown| write_page(run, shown))?;
    }
}

/// What one image has to show; `None` when it failed, or has nothing and there is no room.
fn show(
    run: &Run,
    survey: &Survey,
    chosen: &HashSet<(usize, u32)>,
    (image_number, output): (usize, &str),
    has_room: bool,
) -> Result<Option<Shown>> {
    let name = page_name(&run.dir, output);
    if !has_room && !survey.is_listed(image_number) && !survey.has_drawn(image_number) {
        remove_file(&name.path)?;
        return Ok(None);
    }
    let image = run.image(output)?;
    if image.row.error.is_some() {
        // A page that an earlier run left would be taken for this one's.
        remove_file(&name.path)?;
        return Ok(None);
    }
    let picture = run.picture(output, &image)?;
    let main = run.dir.join(super::REPORT);
    let mut shown =
        Shown { image_number, name, figure: String::new(), entries: String::new(), is_whole: true, image, picture };
    if has_room {
        shown.figure = view::figure(image_number, &shown.image, &shown.picture, SIDE_MAIN, &main)?;
    }
    for particle in shown.image.particles.iter().filter(|p| is_drawn(p) || p.decision.is_some()) {
        if chosen.contains(&(image_number, particle.id)) {
            shown.entries += &gallery::entry(image_number, &shown.image, particle, &shown.picture, &main)?;
        } else {
            shown.is_whole = false;
        }
    }
    if has_room && shown.is_whole {
        remove_file(&shown.name.path)?;
    }
    Ok(Some(shown))
}

/// Writes the page of one image.
fn write_page(run: &Run, shown: &Shown) -> Result<()> {
    let Shown { image_number, name: PageName { path, up, .. }, image, picture, .. } = shown;
    if let Some(folder) = path.parent() {
        make_folder(&run.dir, folder)?;
    }
    let mut particles: Vec<_> = image.particles.iter().filter(|p| is_drawn(p) || p.decision.is_some()).collect();
    let drawn = particles.len();
    // Vesicles come first in an image; of the rest the most likely ones are kept, shown in the image's order.
    particles.sort_by(|a, b| {
        (!a.is_vesicle()).cmp(&!b.is_vesicle()).then_with(|| {
            let sure = |p: &crate::results::Particle| p.confidence.unwrap_or(1.0);
            if a.is_vesicle() { a.id.cmp(&b.id) } else { sure(b).total_cmp(&sure(a)).then(a.id.cmp(&b.id)) }
        })
    });
    particles.truncate(THUMBS_MAX);
    particles.sort_by_key(|p| p.id);
    let entries: Vec<String> =
        particles.iter().map(|p| gallery::entry(*image_number, image, p, picture, path)).collect::<Result<_>>()?;
    let words = intro(entries.len(), drawn, image.particles.len() - drawn, "the others are in particles.csv");
    let mut scales = PixelSizes::default();
    scales.add(image.row.pixel_size);
    let named = BTreeMap::from([(*image_number, Named::of(&image.row))]);
    let review = Review::new(words, entries, &named, &scales);
    let title = format!("{} · {}", visible(&image.row.image), super::PROGRAM);
    let header = format!(
        "<p class=\"quiet\"><a href=\"{up}{}#images\">All images of the run</a></p><h1>{}</h1>\
         <p class=\"quiet\">Image {image_number} of {}</p>",
        super::REPORT,
        name(&image.row.image),
        run.outputs.len(),
    );
    let figure = super::parts::images::view_controls() + &view::figure(*image_number, image, picture, SIDE_PAGE, path)?;
    let sections = [
        Section { id: "pictures", title: "Picture", html: figure },
        Section { id: "particles-of-run", title: "Particles and review", html: review.html(path)? },
        Section { id: "facts", title: "Facts", html: facts_of_image(&image.row) },
    ];
    let footer = format!("cupule {}", escape(&run.record.cupule_version));
    super::document(&title, &header, &sections, &footer).write(path)
}
