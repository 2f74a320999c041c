//! All strips or tiles of a picture to samples: decompressed, differences summed up, packed bits widened, put in place.
//!
//! The rows of strips or tiles go to the threads one by one. A single strip that is not compressed is cut into pieces;
//! of a compressed one only what follows decompression can be shared.

use super::codec::decompress;
use super::page::{Compression, Kind, Page, Predictor};
use super::word::{self, Word};
use crate::image::Samples;
use crate::read::Fault;
use bytemuck::allocation::{cast_vec, zeroed_vec};
use rayon::prelude::*;
use std::borrow::Cow;

/// Samples of rows that one thread takes at a time: a few times the cost of handing them over.
const PIECE_SAMPLES: usize = 1 << 16;

pub(super) fn samples(page: &Page, file: &[u8]) -> Result<Samples, Fault> {
    Ok(match (page.kind, page.bits) {
        (Kind::Unsigned, 1) => Samples::Bool(decode(page, file)?),
        (Kind::Unsigned, 2..=8) => Samples::U8(decode(page, file)?),
        (Kind::Unsigned, 9..=16) => Samples::U16(decode(page, file)?),
        (Kind::Unsigned, 17..=32) => Samples::U32(decode(page, file)?),
        (Kind::Unsigned, _) => Samples::U64(decode(page, file)?),
        (Kind::Signed, ..=8) => Samples::I8(cast_vec(decode::<u8>(page, file)?)),
        (Kind::Signed, 9..=16) => Samples::I16(cast_vec(decode::<u16>(page, file)?)),
        (Kind::Signed, 17..=32) => Samples::I32(cast_vec(decode::<u32>(page, file)?)),
        (Kind::Signed, _) => Samples::I64(cast_vec(decode::<u64>(page, file)?)),
        (Kind::Real, ..=16) => Samples::F16(cast_vec(decode::<u16>(page, file)?)),
        (Kind::Real, 17..=32) => Samples::F32(cast_vec(decode::<u32>(page, file)?)),
        (Kind::Real, _) => Samples::F64(cast_vec(decode::<u64>(page, file)?)),
    })
}

/// Memory that a thread keeps from one piece to the next.
#[derive(Default)]
struct Scratch<T> {
    tile: Vec<T>,
    packed: Vec<u8>,
}

fn decode<T: Word>(page: &Page, file: &[u8]) -> Result<Vec<T>, Fault> {
    let row = page.width * page.channels;
    let mut out: Vec<T> = zeroed_vec(row * page.height);
    let bands = out.par_chunks_mut(row * page.chunk_height).enumerate();
    bands.try_for_each_init(
        || Scratch { tile: Vec::new(), packed: Vec::new() },
        |scratch, (band, rows)| decode_band(page, file, band, rows, scratch),
    )?;
    Ok(out)
}

/// One row of strips or tiles, of all planes.
fn decode_band<T: Word>(
    page: &Page,
    file: &[u8],
    band: usize,
    out: &mut [T],
    scratch: &mut Scratch<T>,
) -> Result<(), Fault> {
    if page.columns == 1 && page.chunk_width == page.width && !page.planar {
        return decode_chunk(page, page.chunk(file, 0, band, 0)?, out, &mut scratch.packed);
    }
    let planes = if page.planar { page.channels } else { 1 };
    let (samples, row) = (page.samples(), page.width * page.channels);
    let chunk_row = page.chunk_width * samples;
    scratch.tile.resize(chunk_row * page.rows(band), T::zeroed());
    for plane in 0..planes {
        for column in 0..page.columns {
            let stored = page.chunk(file, plane, band, column)?;
            decode_chunk(page, stored, &mut scratch.tile, &mut scratch.packed)?;
            let left = column * page.chunk_width;
            let width = page.chunk_width.min(page.width - left);
            for (from, to) in scratch.tile.chunks_exact(chunk_row).zip(out.chunks_exact_mut(row)) {
                let to = &mut to[left * page.channels + plane..];
                if page.planar {
                    from[..width].iter().zip(to.iter_mut().step_by(page.channels)).for_each(|(&from, to)| *to = from);
                } else {
                    to[..width * samples].copy_from_slice(&from[..width * samples]);
                }
            }
        }
    }
    Ok(())
}

/// One strip or tile, of which `out` holds whole rows.
fn decode_chunk<T: Word>(page: &Page, stored: &[u8], out: &mut [T], packed: &mut Vec<u8>) -> Result<(), Fault> {
    // The bits of a JPEG have one order only.
    let stored = if page.reversed && page.compression != Compression::Jpeg {
        Cow::Owned(stored.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(stored)
    };
    let row = page.chunk_width * page.samples();
    let row_bytes = page.row_bytes(page.chunk_width);
    let piece = row * (PIECE_SAMPLES / row).max(1);
    let piece_bytes = row_bytes * (piece / row);
    let whole = page.bits == 8 * size_of::<T>();
    if whole && page.compression != Compression::None {
        decompress(page, &stored, bytemuck::cast_slice_mut(out))?;
        out.par_chunks_mut(piece).for_each(|rows| finish(page, rows, row));
        return Ok(());
    }
    if page.compression != Compression::None {
        packed.resize(row_bytes * (out.len() / row), 0);
        decompress(page, &stored, packed)?;
    }
    let bytes: &[u8] = if page.compression == Compression::None { &stored } else { packed };
    out.par_chunks_mut(piece).zip(bytes.par_chunks(piece_bytes)).for_each(|(rows, bytes)| {
        if whole {
            bytemuck::cast_slice_mut(rows).copy_from_slice(bytes);
            finish(page, rows, row);
        } else {
            for (row, bytes) in rows.chunks_exact_mut(row).zip(bytes.chunks_exact(row_bytes)) {
                widen(page, bytes, row);
            }
        }
    });
    Ok(())
}

/// Rows of whole words as they are stored to what they mean.
fn finish<T: Word>(page: &Page, rows: &mut [T], row: usize) {
    if page.predictor == Predictor::Floating {
        word::gather_bytes(rows, row, page.samples());
        return;
    }
    if page.little != cfg!(target_endian = "little") && page.compression != Compression::Jpeg {
        rows.iter_mut().for_each(|word| *word = word.swapped());
    }
    if page.predictor == Predictor::Horizontal {
        rows.chunks_exact_mut(row).for_each(|row| word::sum_up(row, page.samples()));
    }
}

/// A row of packed bits to words.
fn widen<T: Word>(page: &Page, bytes: &[u8], row: &mut [T]) {
    word::unpack(bytes, row, page.bits as u32);
    if page.predictor == Predictor::Horizontal {
        word::sum_up(row, page.samples());
    }
    // Sums and signs of fewer bits than the word has.
    word::settle(row, page.bits as u32, page.kind == Kind::Signed);
}
