//! The truth of a scene: label picture and table.

use super::clutter::Piece;
use super::marks::Marks;
use super::style::{Stain, Style};
use super::vesicle::Vesicle;
use crate::image::Labels;
use serde::Serialize;

/// Whether a body is brighter or darker than what is right next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    Bright,
    Dark,
}

/// One line of the truth table. Measures are those of the exact outline, whole even where the border cuts it or another
/// vesicle lies on top.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruthRow {
    /// The label for vesicles; others count on from there.
    pub particle_id: u32,
    pub shape: &'static str,
    /// How the inside looks; the kind of clutter for what is no vesicle.
    pub appearance: &'static str,
    pub polarity: Polarity,
    /// Centroid of the outline.
    pub x_nm: f64,
    pub y_nm: f64,
    /// Of the circle of the same area.
    pub diameter_nm: f64,
    pub feret_max_nm: f64,
    pub feret_min_nm: f64,
    pub is_vesicle: bool,
    pub touches_border: bool,
    /// Labelled area over the outline's area: what is neither cut off nor covered.
    pub visible_share: f64,
}

/// Labels of the vesicles, numbered from 1 in the order given; later ones lie on top. None below the open rows.
pub(super) fn labels(
    vesicles: &[Vesicle],
    (width, height): (usize, usize),
    open_rows: usize,
    pixel_size_nm: f64,
) -> Labels {
    let mut label = vec![0u16; width * height];
    for (id, vesicle) in (1..=u16::MAX).zip(vesicles) {
        let outline = &vesicle.body.outline;
        let reach_nm = outline.reach_nm();
        let range = |centre_nm: f64, size: usize| {
            let low = ((centre_nm - reach_nm) / pixel_size_nm).floor().max(0.0) as usize;
            low.min(size)..(((centre_nm + reach_nm) / pixel_size_nm).ceil().max(0.0) as usize).min(size)
        };
        for y in range(outline.y_nm, open_rows) {
            for x in range(outline.x_nm, width) {
                let place = outline.place((x as f64 + 0.5) * pixel_size_nm, (y as f64 + 0.5) * pixel_size_nm);
                if place.rho < 1.0 {
                    label[y * width + x] = id;
                }
            }
        }
    }
    Labels { width, height, label }
}

/// The table.
pub(super) fn rows(
    vesicles: &[Vesicle],
    pieces: &[(&'static str, Piece)],
    labels: &Labels,
    marks: &Marks,
    style: &Style,
) -> Vec<TruthRow> {
    let pixel_size_nm = marks.pixel_size_nm;
    let (width_nm, height_nm) = (labels.width as f64 * pixel_size_nm, marks.open_height_nm());
    let mut pixels = vec![0usize; vesicles.len() + 1];
    labels.label.iter().for_each(|&id| pixels[usize::from(id)] += 1);
    let polarity = if style.stain == Stain::Negative { Polarity::Bright } else { Polarity::Dark };
    let of_vesicles = vesicles.iter().zip(&pixels[1..]).map(|(vesicle, &count)| {
        let outline = &vesicle.body.outline;
        let piece = Piece::outlined(outline);
        let area_nm2 = std::f64::consts::PI * (0.5 * piece.diameter_nm).powi(2);
        TruthRow {
            touches_border: outline.leaves(width_nm, height_nm),
            visible_share: (count as f64 * pixel_size_nm * pixel_size_nm / area_nm2).min(1.0),
            ..row(&piece, vesicle.shape.name(), vesicle.appearance.name(), polarity, true)
        }
    });
    let of_pieces = pieces.iter().map(|(sort, piece)| {
        let half_nm = 0.5 * piece.feret_max_nm;
        let cut = |centre: f64, size: f64| centre < half_nm || centre + half_nm > size;
        TruthRow {
            touches_border: cut(piece.x_nm, width_nm) || cut(piece.y_nm, height_nm),
            ..row(piece, "none", sort, polarity, false)
        }
    });
    let mut rows: Vec<_> = of_vesicles.chain(of_pieces).collect();
    (1..).zip(&mut rows).for_each(|(id, row)| row.particle_id = id);
    rows
}

fn row(piece: &Piece, shape: &'static str, appearance: &'static str, polarity: Polarity, is_vesicle: bool) -> TruthRow {
    TruthRow {
        particle_id: 0,
        shape,
        appearance,
        polarity,
        x_nm: piece.x_nm,
        y_nm: piece.y_nm,
        diameter_nm: piece.diameter_nm,
        feret_max_nm: piece.feret_max_nm,
        feret_min_nm: piece.feret_min_nm,
        is_vesicle,
        touches_border: false,
        visible_share: 1.0,
    }
}
