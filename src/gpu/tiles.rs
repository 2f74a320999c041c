//! Pictures of any size on devices that take so much at a time: cut into tiles with a halo.
//!
//! A picture that fits is one tile, brought to the device once. Whoever works on tiles asks for a halo as wide as its results
//! look, and keeps the core: then tiles change nothing.

use super::{Device, Plane};
use crate::error::Result;
use rayon::prelude::*;
use std::ops::{Deref, Range};

/// Most numbers of a plane: 128 MiB of `f32`, which every WebGPU device binds.
pub const PLANE_MAX: usize = 1 << 25;

/// A rectangle of pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rect {
    pub x: Range<usize>,
    pub y: Range<usize>,
}

impl Rect {
    /// All of a picture.
    pub fn whole((width, height): (usize, usize)) -> Self {
        Self { x: 0..width, y: 0..height }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.x.len(), self.y.len())
    }

    /// How many pixels it has.
    pub fn area(&self) -> usize {
        self.x.len() * self.y.len()
    }
}

/// A part of a picture: what is computed, and what has to be looked at for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub core: Rect,
    pub wide: Rect,
}

/// Cuts a picture into tiles of at most [`PLANE_MAX`] pixels with their halo, row by row; all borders but the picture's own
/// are multiples of `align`. Where the halo alone is too much, the tiles are as large as the halo.
pub fn tiles(size: (usize, usize), halo: usize, align: usize) -> Vec<Tile> {
    tiles_within(PLANE_MAX, size, halo, align)
}

/// As [`tiles`], of another number of pixels at most.
pub fn tiles_within(most: usize, size: (usize, usize), halo: usize, align: usize) -> Vec<Tile> {
    let whole = Rect::whole(size);
    if whole.area() <= most {
        return vec![Tile { core: whole.clone(), wide: whole }];
    }
    let halo = halo.next_multiple_of(align);
    let side = (most.isqrt().saturating_sub(2 * halo) / align * align).max(halo).max(align);
    let cut = |size: usize| {
        let count = size.div_ceil(side);
        let border = move |i: usize| if i == count { size } else { i * size / count / align * align };
        (0..count).map(move |i| border(i)..border(i + 1)).filter(|range| !range.is_empty())
    };
    let around = |core: &Range<usize>, size: usize| core.start.saturating_sub(halo)..(core.end + halo).min(size);
    let tile = |x: Range<usize>, y: Range<usize>| {
        let wide = Rect { x: around(&x, size.0), y: around(&y, size.1) };
        Tile { core: Rect { x, y }, wide }
    };
    cut(size.1).flat_map(|y| cut(size.0).map(move |x| (x, y.clone()))).map(|(x, y)| tile(x, y)).collect()
}

/// A picture of whole numbers on the processor, and on the device as long as it is needed there.
pub struct Picture {
    /// 0 to 65535, row-major.
    pub values: Vec<u16>,
    pub width: usize,
    pub height: usize,
    /// The same on the device, where it fits.
    plane: Option<Plane>,
}

/// A plane of a picture's or one of its own.
pub enum Lent<'a> {
    Whole(&'a Plane),
    Cut(Plane),
}

impl Deref for Lent<'_> {
    type Target = Plane;

    fn deref(&self) -> &Plane {
        match self {
            Self::Whole(plane) => plane,
            Self::Cut(plane) => plane,
        }
    }
}

impl Picture {
    /// A picture that lies on the processor.
    pub fn new(values: Vec<u16>, (width, height): (usize, usize)) -> Self {
        assert_eq!(values.len(), width * height, "a picture of {width} x {height} pixels");
        Self { values, width, height, plane: None }
    }

    /// Puts a picture together from what `part` computes for the core of each tile, as a plane of the wide tile.
    pub fn from_tiles(
        device: &Device,
        size: (usize, usize),
        halo: usize,
        part: impl Fn(&Tile) -> Result<Plane>,
    ) -> Result<Self> {
        let mut picture = Self::new(vec![0; size.0 * size.1], size);
        let tiles = tiles(size, halo, 1);
        for tile in &tiles {
            let plane = part(tile)?;
            let values = device.download(&plane)?;
            let (wide, core) = (&tile.wide, &tile.core);
            let rows = picture.values.par_chunks_exact_mut(size.0).skip(core.y.start).take(core.y.len());
            rows.enumerate().for_each(|(y, row)| {
                let start = (y + core.y.start - wide.y.start) * wide.x.len() + core.x.start - wide.x.start;
                let whole = row[core.x.clone()].iter_mut().zip(&values[start..]);
                whole.for_each(|(to, from)| *to = *from as u16);
            });
            drop(values);
            picture.plane = Some(plane).filter(|_| tiles.len() == 1);
        }
        Ok(picture)
    }

    /// Width and height, px.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Brings the picture onto the device, if it fits there.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`].
    pub fn keep_on(&mut self, device: &Device) -> Result<()> {
        if self.plane.is_none() && self.values.len() <= PLANE_MAX {
            self.plane = Some(device.upload(self.numbers(&Rect::whole(self.size())))?);
        }
        Ok(())
    }

    /// Gives back what the picture takes on the device.
    pub fn leave_device(&mut self) {
        self.plane = None;
    }

    /// A part of the picture on the device.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`].
    pub fn on(&self, device: &Device, part: &Rect) -> Result<Lent<'_>> {
        match &self.plane {
            Some(plane) if *part == Rect::whole(self.size()) => Ok(Lent::Whole(plane)),
            _ => device.upload(self.numbers(part)).map(Lent::Cut),
        }
    }

    fn numbers(&self, part: &Rect) -> Vec<f32> {
        let mut numbers = vec![0.0; part.area()];
        numbers.par_chunks_exact_mut(part.x.len()).zip(part.y.clone()).for_each(|(to, y)| {
            let from = &self.values[y * self.width..][part.x.clone()];
            to.iter_mut().zip(from).for_each(|(to, from)| *to = f32::from(*from));
        });
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_cover_a_picture_once_and_lie_on_the_grid() {
        for (most, size, halo, align) in
            [(1000, (31, 32), 5, 4), (400, (97, 61), 3, 4), (400, (64, 3), 9, 1), (100, (50, 40), 20, 8)]
        {
            let mut seen = vec![0; size.0 * size.1];
            for Tile { core, wide } in tiles_within(most, size, halo, align) {
                for y in core.y.clone() {
                    seen[y * size.0..][core.x.clone()].iter_mut().for_each(|n| *n += 1);
                }
                for (core, wide, size) in [(core.x, wide.x, size.0), (core.y, wide.y, size.1)] {
                    assert!(wide.start.is_multiple_of(align) && (wide.end.is_multiple_of(align) || wide.end == size));
                    assert!(core.start.saturating_sub(halo) >= wide.start && (core.end + halo).min(size) <= wide.end);
                }
            }
            assert!(seen.iter().all(|n| *n == 1), "{size:?}");
        }
        assert_eq!(tiles_within(1000, (31, 32), 5, 4).len(), 1);
    }

    #[test]
    fn tiles_with_their_halo_are_as_small_as_was_asked() {
        let tiles = tiles_within(10_000, (1000, 700), 10, 4);
        assert!(tiles.len() > 70 && tiles.iter().all(|tile| tile.wide.area() <= 10_000));
    }

    #[test]
    fn a_picture_is_put_together_from_its_tiles() {
        let picture = Picture::new((0..20_u16 * 10).collect(), (20, 10));
        let part = |tile: &Tile| match picture.on(&Device::Native, &tile.wide)? {
            Lent::Cut(plane) => Ok(plane),
            Lent::Whole(_) => unreachable!("it was not brought to the device"),
        };
        let again = Picture::from_tiles(&Device::Native, (20, 10), 3, part).unwrap();
        assert!(again.values == picture.values && again.plane.is_some());
    }
}
