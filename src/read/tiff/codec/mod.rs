//! Stored strips and tiles to rows of samples as they were before compression.

mod ccitt;
mod jpeg;
mod lzw;
mod packbits;

use super::page::{Compression, Page};
use crate::read::Fault;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::Read;
use zlib_rs::{Inflate, InflateFlush};

/// Largest window of zstd, bytes: that of its highest level. Of memory for it only what is used is ever touched.
const ZSTD_WINDOW_BYTES: u64 = 128 << 20;
/// Largest window of Deflate, as a power of two (RFC 1950).
const DEFLATE_WINDOW_BITS: u8 = 15;

/// Fills `out` with the first bytes that `stored` stands for; an error when it stands for fewer. `out` holds whole rows of
/// the strip or tile.
pub(super) fn decompress(page: &Page, stored: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    let filled = match page.compression {
        Compression::None => {
            let filled = stored.len().min(out.len());
            out[..filled].copy_from_slice(&stored[..filled]);
            filled
        }
        Compression::PackBits => packbits::decode(stored, out),
        Compression::Lzw => lzw::decode(stored, out),
        Compression::Deflate => inflate(stored, out)?,
        Compression::Zstd => unpack_zstd(stored, out)?,
        Compression::Jpeg => return jpeg::decode(page, stored, out),
        Compression::CcittRle | Compression::CcittGroup3 { .. } | Compression::CcittGroup4 => {
            return ccitt::decode(page.compression, stored, page.chunk_width, out);
        }
    };
    if filled < out.len() {
        return Err(Fault::damaged("the TIFF is cut off or damaged (a strip or tile holds too few pixels)"));
    }
    Ok(())
}

fn inflate(stored: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let mut decoder = Inflate::new(true, DEFLATE_WINDOW_BITS);
    // What does not fit into `out` is not needed, so an end that was not reached is no error.
    match decoder.decompress(stored, out, InflateFlush::Finish) {
        Err(zlib_rs::InflateError::DataError) | Err(zlib_rs::InflateError::NeedDict { .. }) => {
            Err(Fault::damaged("the TIFF is damaged (its Deflate data are not valid)"))
        }
        _ => Ok(usize::try_from(decoder.total_out()).unwrap_or(0)),
    }
}

fn unpack_zstd(stored: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let damaged = || Fault::damaged("the TIFF is damaged (its zstd data are not valid)");
    let mut frames = FrameDecoder::new();
    frames.set_max_window_size(ZSTD_WINDOW_BYTES);
    let mut decoder = StreamingDecoder::new_with_decoder(stored, frames).map_err(|_| damaged())?;
    decoder.read_exact(out).map_err(|_| damaged())?;
    Ok(out.len())
}
