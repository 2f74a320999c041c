//! Packed files: MRC is passed about with gzip around it (EMDB, SerialEM's frames).

use super::{Fault, Limits, UNPACK, check_packing, extension, guarded, mrc};
use crate::error::Result;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

const GZIP: &[u8] = b"\x1f\x8b";
/// Deflate makes its input at most this many times smaller: what memory may be taken on a header's word.
const DEFLATE_MAX_RATIO: u64 = 1032;
/// Largest extended header of a packed file, bytes. The largest known are a few MB: 1 kB for each of some thousand images.
const EXTENDED_MAX_BYTES: u64 = 64 << 20;

/// The content of a packed MRC file, as much as its header asks for; any other content as it is.
///
/// Serves callers that read several frames of one file: its result can be given to [`super::read_bytes`] again and again.
///
/// # Errors
/// [`crate::error::Error::Input`] when the packed content is damaged or cut off,
/// [`crate::error::Error::Unsupported`] when the header asks for more than the limits allow.
pub fn unpack<'a>(path: &Path, bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>> {
    if !bytes.starts_with(GZIP) {
        return Ok(Cow::Borrowed(bytes));
    }
    match guarded("gzip", || inflate(bytes, &extension(path), limits)) {
        // Something else is packed: the table of formats refuses it by name.
        Ok(None) => Ok(Cow::Borrowed(bytes)),
        Ok(Some(content)) => Ok(Cow::Owned(content)),
        Err(fault) => Err(fault.of(path)),
    }
}

/// `None` when the content is no MRC.
fn inflate(bytes: &[u8], extension: &str, limits: &Limits) -> std::result::Result<Option<Vec<u8>>, Fault> {
    let damaged =
        |e: std::io::Error| Fault::damaged(format!("the gzip around the picture is damaged or cut off ({e})"));
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut content = Vec::with_capacity(mrc::HEADER_BYTES);
    (&mut decoder).take(mrc::HEADER_BYTES as u64).read_to_end(&mut content).map_err(damaged)?;
    if content.len() < mrc::HEADER_BYTES || !mrc::recognises_header(&content, extension) {
        return Ok(None);
    }
    let needs = mrc::needed(&content, limits)?;
    if needs.extended_bytes > EXTENDED_MAX_BYTES || needs.bytes > limits.max_file_bytes {
        let cause = format!("the MRC would unpack to {} bytes", needs.bytes);
        return Err(Fault::unsupported(cause, UNPACK));
    }
    check_packing(bytes.len() as u64, needs.bytes)?;
    let missing = needs.bytes.saturating_sub(content.len() as u64);
    let reserve = missing.min((bytes.len() as u64).saturating_mul(DEFLATE_MAX_RATIO));
    content.reserve_exact(reserve as usize);
    (&mut decoder).take(missing).read_to_end(&mut content).map_err(damaged)?;
    // Asking for one byte more makes the decoder compare the checksum, if the file ends here.
    decoder.read(&mut [0]).map_err(damaged)?;
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// 4 x 2 bytes in a section.
    fn header(sections: i32) -> Vec<u8> {
        let mut header = vec![0; mrc::HEADER_BYTES];
        for (at, word) in [(0, 4i32), (4, 2), (8, sections)] {
            header[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        header[208..214].copy_from_slice(b"MAP DD");
        header
    }

    fn unpacked(content: &[u8]) -> Result<Vec<u8>> {
        unpack(Path::new("a.mrc.gz"), content, &Limits::default()).map(Cow::into_owned)
    }

    #[test]
    fn only_what_the_header_asks_for_is_unpacked() {
        let mut content = header(2);
        content.resize(mrc::HEADER_BYTES + (8 << 20), 7);
        assert_eq!(unpacked(&packed(&content)).unwrap().len(), mrc::HEADER_BYTES + 16);
        let tight = Limits { max_file_bytes: 1030, ..Limits::default() };
        let refused = unpack(Path::new("a.mrc.gz"), &packed(&content), &tight).unwrap_err().to_string();
        assert!(refused.contains("1040 bytes"), "{refused}");
        // 512 MiB of nothing.
        let refused = unpacked(&packed(&header(1 << 26))).unwrap_err().to_string();
        assert!(refused.contains("micrograph"), "{refused}");
    }

    #[test]
    fn a_wrong_checksum_is_seen() {
        let mut content = header(1);
        content.extend([5; 8]);
        let mut good = packed(&content);
        assert_eq!(unpacked(&good).unwrap(), content);
        let crc = good.len() - 8;
        good[crc] ^= 1;
        assert!(unpacked(&good).is_err());
    }

    #[test]
    fn other_content_stays_packed() {
        for other in [packed(b"no picture"), packed(&[0; 4000]), b"\x1f\x8b\x08".to_vec(), b"plain".to_vec()] {
            let outcome = unpacked(&other);
            assert!(outcome.as_ref().is_err() || outcome.unwrap() == other);
        }
    }
}
