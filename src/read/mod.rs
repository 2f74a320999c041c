//! Files to pictures: what is stored, untouched, with what the file says about its scale.
//!
//! A format is recognised by its first bytes, never by its name alone; the table `FORMATS` has them all. Reading
//! never trusts a size: each one is compared with [`Limits`] and with the length of the file before memory is taken.

mod content;
mod jpeg;
mod mrc;
mod png;
mod raster;
mod sidecar;
mod tiff;

use crate::error::{Error, Result};
use crate::image::RawImage;
pub use content::Content;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// How large a file and its first picture may be; what is larger is refused before memory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height. Default 2^28: a square of 16384 pixels.
    pub max_pixels: u64,
    /// Bytes of decoded samples, all channels. Default 1 GiB.
    pub max_decoded_bytes: u64,
    /// Bytes of the file. Default 4 GiB.
    pub max_file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 1 << 28, max_decoded_bytes: 1 << 30, max_file_bytes: 4 << 30 }
    }
}

impl Limits {
    /// Decoded length in bytes of a picture, or why it can't be read.
    fn check(&self, width: u64, height: u64, bytes_per_pixel: u64) -> std::result::Result<u64, Fault> {
        if width == 0 || height == 0 {
            return Err(Fault::damaged(format!("the picture is {width} x {height} pixels")));
        }
        let pixels = width.checked_mul(height).filter(|&n| n <= self.max_pixels);
        let bytes = pixels.and_then(|n| n.checked_mul(bytes_per_pixel)).filter(|&n| n <= self.max_decoded_bytes);
        bytes.ok_or_else(|| {
            Fault::unsupported(
                format!(
                    "the picture is {width} x {height} pixels of {bytes_per_pixel} bytes, more than the limit of {} \
                     pixels and {} bytes",
                    self.max_pixels, self.max_decoded_bytes
                ),
                "crop or bin it, or check that the file is intact",
            )
        })
    }
}

/// Why a reader gave up; [`read_bytes`] adds the file's name.
#[derive(Debug)]
enum Fault {
    Damaged { cause: String },
    Unsupported { cause: String, remedy: String },
}

impl Fault {
    fn damaged(cause: impl ToString) -> Self {
        Self::Damaged { cause: cause.to_string() }
    }

    fn unsupported(cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Unsupported { cause: cause.to_string(), remedy: remedy.to_string() }
    }

    fn of(self, path: &Path) -> Error {
        match self {
            Self::Damaged { cause } => Error::input(path, cause, "export or copy the file again"),
            Self::Unsupported { cause, remedy } => Error::unsupported(path, cause, remedy),
        }
    }
}

/// Refuses a frame that the file does not have.
fn check_frame(frame: usize, frames: usize) -> std::result::Result<(), Fault> {
    if frame < frames {
        return Ok(());
    }
    let cause = if frames == 1 { "the file holds 1 frame".into() } else { format!("the file holds {frames} frames") };
    Err(Fault::unsupported(format!("there is no frame {frame}: {cause}"), "count frames from 0"))
}

/// Reads one image, counted from 0, of a file's bytes.
type Reader = fn(&[u8], &Limits, usize) -> std::result::Result<RawImage, Fault>;

/// One row of the table of formats.
struct Format {
    name: &'static str,
    /// Whether these bytes, with this lower-case extension, are of the format.
    recognises: fn(&[u8], &str) -> bool,
    /// `None` for a format that is known by name only.
    reader: Option<Reader>,
}

const fn readable(name: &'static str, recognises: fn(&[u8], &str) -> bool, reader: Reader) -> Format {
    Format { name, recognises, reader: Some(reader) }
}

const fn named(name: &'static str, recognises: fn(&[u8], &str) -> bool) -> Format {
    Format { name, recognises, reader: None }
}

/// All formats that are recognised, the ones with the surest marks first.
const FORMATS: &[Format] = &[
    readable("TIFF", |b, _| tiff::recognises(b), tiff::read),
    readable("PNG", |b, _| b.starts_with(b"\x89PNG\r\n\x1a\n"), png::read),
    readable("JPEG", |b, _| b.starts_with(b"\xff\xd8\xff"), jpeg::read),
    named("HDF5 (EMD, DM5)", |b, _| b.starts_with(b"\x89HDF\r\n\x1a\n")),
    named("TIA SER", |b, _| b.starts_with(b"II\x97\x01")),
    named("TIA EMI", |b, _| b.starts_with(b"JK\x00\x02")),
    named("Gatan DM3", |b, _| is_digital_micrograph(b, 3, 8)),
    named("Gatan DM4", |b, _| is_digital_micrograph(b, 4, 12)),
    named("BMP", |b, _| b.starts_with(b"BM") && b.get(6..10) == Some(&[0; 4])),
    named("GIF", |b, _| b.starts_with(b"GIF8")),
    named("WebP", |b, _| b.starts_with(b"RIFF") && b.get(8..12) == Some(b"WEBP")),
    named("JPEG 2000", |b, _| b.starts_with(b"\0\0\0\x0cjP  ")),
    named("gzip", |b, _| b.starts_with(b"\x1f\x8b")),
    named("bzip2", |b, _| b.starts_with(b"BZh")),
    named("zip", |b, _| b.starts_with(b"PK\x03\x04")),
    named("PDF", |b, _| b.starts_with(b"%PDF")),
    readable("MRC", mrc::recognises, mrc::read),
];

/// Version (big-endian) at 0 and the byte order flag, 0 or 1, at `order_at`.
fn is_digital_micrograph(bytes: &[u8], version: u8, order_at: usize) -> bool {
    bytes.starts_with(&[0, 0, 0, version]) && matches!(bytes.get(order_at..order_at + 4), Some([0, 0, 0, 0 | 1]))
}

/// Reads one image, counted from 0, of the file at `path`.
///
/// # Errors
/// [`Error::Input`] for a file that is missing, empty, damaged or cut off; [`Error::Unsupported`] for one that is intact
/// but of a kind, a variant or a size that is not read. Both name the file, the cause and the remedy.
pub fn read(path: &Path, limits: &Limits, frame: usize) -> Result<RawImage> {
    decode(path, &load(path, limits)?, limits, frame)
}

/// Reads one image, counted from 0, of the content of the file at `path`, and what the files beside it say of its scale.
///
/// # Errors
/// As [`read`].
pub fn decode(path: &Path, bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage> {
    let mut image = read_bytes(path, bytes, limits, frame)?;
    image.statements.extend(sidecar::statements(path, &image));
    Ok(image)
}

/// Brings a file's content into memory.
///
/// # Errors
/// [`Error::Input`] when it cannot be read, [`Error::Unsupported`] when it is larger than the limit.
pub fn load(path: &Path, limits: &Limits) -> Result<Content> {
    let unreadable = |e: std::io::Error| Error::input(path, e, "check that the file exists and may be read");
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    // Opening a pipe or a device could wait for ever.
    if !meta.is_file() {
        return Err(Error::input(path, "this is not a file", "name a micrograph"));
    }
    if meta.len() > limits.max_file_bytes {
        return Err(Error::unsupported(
            path,
            format!("the file is larger than the limit of {} bytes", limits.max_file_bytes),
            "save its first image as a file of its own",
        ));
    }
    let length = usize::try_from(meta.len()).map_err(|_| unreadable(ErrorKind::OutOfMemory.into()))?;
    Content::read(path, length).map_err(unreadable)
}

/// Reads one image, counted from 0, of a file's content; `path` serves the messages, and its extension as a hint for old MRC
/// files, which bear no mark.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(path: &Path, bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage> {
    if bytes.is_empty() {
        return Err(Error::input(path, "the file is empty", "export or copy the file again"));
    }
    let Some(format) = FORMATS.iter().find(|f| (f.recognises)(bytes, &extension(path))) else {
        return Err(Error::unsupported(
            path,
            "the content is of no known picture format",
            "export the image as TIFF or MRC",
        ));
    };
    let Some(reader) = format.reader else {
        let cause = format!("{} files are not read", format.name);
        let remedy = match format.name {
            "gzip" | "bzip2" | "zip" => "unpack it first",
            _ => "export the image as TIFF or MRC",
        };
        return Err(Error::unsupported(path, cause, remedy));
    };
    // The last net: a bug in a decoder must cost one image, not the run. Sizes are checked before, because a failed
    // allocation or an exhausted stack ends the program without unwinding.
    catch_unwind(AssertUnwindSafe(|| reader(bytes, limits, frame)))
        .unwrap_or_else(|_| Err(Fault::damaged(format!("the {} decoder failed on this content", format.name))))
        .map_err(|fault| fault.of(path))
}

/// Whether a file of this name is taken up when a folder is searched.
///
/// Goes by the extension alone, in any case. Includes the microscope formats that [`read`] refuses by name, because a
/// micrograph that is passed over in silence is worse than one with a clear error.
pub fn looks_readable(path: &Path) -> bool {
    const TAKEN: &[&str] = &["tif", "tiff", "png", "jpg", "jpeg", "mrc", "mrcs", "dm3", "dm4", "ser", "emd"];
    TAKEN.contains(&extension(path).as_str())
}

/// Lower-case extension without the dot, empty when there is none.
fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_taken_in_any_case() {
        for taken in ["a.TIF", "a.ome.tiff", "b.Jpeg", "c.mrcs", "d.DM4"] {
            assert!(looks_readable(Path::new(taken)), "{taken}");
        }
        for passed in ["a", "tif", ".tif", "a.tif.txt", "a.csv"] {
            assert!(!looks_readable(Path::new(passed)), "{passed}");
        }
    }

    #[test]
    fn known_formats_are_refused_by_name() {
        let cases: &[(&str, &[u8])] = &[
            ("Gatan DM3", b"\0\0\0\x03\0\0\x01\0\0\0\0\x01"),
            ("Gatan DM4", b"\0\0\0\x04\0\0\0\0\0\0\x01\0\0\0\0\x01"),
            ("TIA SER", b"II\x97\x01\x10\x02"),
            ("HDF5", b"\x89HDF\r\n\x1a\n\0"),
            ("GIF", b"GIF89a"),
            ("BMP", b"BM\x40\0\0\0\0\0\0\0"),
            ("gzip", b"\x1f\x8b\x08"),
        ];
        for (name, bytes) in cases {
            let error = read_bytes(Path::new("folder/x.bin"), bytes, &Limits::default(), 0).unwrap_err();
            let message = error.to_string();
            assert!(matches!(error, Error::Unsupported { .. }), "{message}");
            assert!(message.contains(name) && message.contains("folder/x.bin"), "{message}");
        }
    }

    #[test]
    fn sizes_beyond_the_limits_are_refused() {
        let limits = Limits::default();
        assert_eq!(limits.check(16384, 16384, 4).unwrap(), 1 << 30);
        for (w, h, bytes) in [(16385, 16384, 1), (16384, 16384, 5), (u64::MAX, u64::MAX, 8), (0, 9, 1), (9, 0, 1)] {
            assert!(limits.check(w, h, bytes).is_err(), "{w} x {h} x {bytes}");
        }
    }

    #[test]
    fn folders_and_missing_files_are_input_errors() {
        for path in [Path::new("src"), Path::new("no/such/file.tif")] {
            assert!(matches!(read(path, &Limits::default(), 0), Err(Error::Input { .. })), "{}", path.display());
        }
    }

    #[test]
    fn a_file_over_the_limit_is_not_loaded() {
        let limits = Limits { max_file_bytes: 10, ..Limits::default() };
        let message = read(Path::new("Cargo.toml"), &limits, 0).unwrap_err().to_string();
        assert!(message.contains("10 bytes"), "{message}");
    }
}
