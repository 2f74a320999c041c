//! Files to pictures: what is stored, untouched, with what the file says about its scale.
//!
//! A format is recognised by its first bytes, never by its name alone; the table `FORMATS` has them all. Reading
//! never trusts a size: each one is compared with [`Limits`] and with the length of the file before memory is taken.

mod dm;
#[cfg(feature = "emd")]
mod emd;
mod emi;
mod jpeg;
mod mrc;
mod png;
mod raster;
mod ser;
mod sidecar;
mod tiff;
mod unpack;
mod words;

pub use unpack::unpack;

use crate::error::{Error, Result};
use crate::image::RawImage;
#[cfg(unix)]
use rayon::prelude::*;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

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
    /// Limits for images of up to this many pixels, of 4 bytes each or as the default if that is more.
    pub fn of_pixels(max_pixels: u64) -> Self {
        let default = Self::default();
        Self { max_pixels, max_decoded_bytes: max_pixels.saturating_mul(4).max(default.max_decoded_bytes), ..default }
    }

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
                "raise --max-pixels if that is right, or crop or bin it",
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

/// Refuses a packed picture whose content must be nearly all the same: a bomb, or at least no micrograph. Those become
/// two or three times smaller, never a hundred times; small ones are unpacked in any case.
fn check_packing(packed_bytes: u64, bytes: u64) -> std::result::Result<(), Fault> {
    const SMALL_BYTES: u64 = 64 << 20;
    const RATIO_MAX: u64 = 200;
    if bytes <= SMALL_BYTES || bytes / RATIO_MAX <= packed_bytes {
        return Ok(());
    }
    let cause = format!("{packed_bytes} bytes would unpack to {bytes}, which cannot be a micrograph");
    Err(Fault::unsupported(cause, "check the file, and unpack it before"))
}

/// Reads one image, counted from 0, of a file's bytes.
type Reader = fn(&[u8], &Limits, usize) -> std::result::Result<RawImage, Fault>;

/// One row of the table of formats.
struct Format {
    name: &'static str,
    /// Whether these bytes, with this lower-case extension, are of the format.
    recognises: fn(&[u8], &str) -> bool,
    /// The remedy for a format that is known by name only.
    reader: std::result::Result<Reader, &'static str>,
}

const fn readable(name: &'static str, recognises: fn(&[u8], &str) -> bool, reader: Reader) -> Format {
    Format { name, recognises, reader: Ok(reader) }
}

const fn named(name: &'static str, recognises: fn(&[u8], &str) -> bool) -> Format {
    hinted(name, recognises, EXPORT)
}

const fn hinted(name: &'static str, recognises: fn(&[u8], &str) -> bool, remedy: &'static str) -> Format {
    Format { name, recognises, reader: Err(remedy) }
}

/// All formats that are recognised, the ones with the surest marks first.
const FORMATS: &[Format] = &[
    readable("TIFF", |b, _| tiff::recognises(b), tiff::read),
    readable("PNG", |b, _| b.starts_with(b"\x89PNG\r\n\x1a\n"), png::read),
    readable("JPEG", |b, _| b.starts_with(b"\xff\xd8\xff"), jpeg::read),
    #[cfg(feature = "emd")]
    readable("EMD", |b, _| b.starts_with(HDF5), emd::read),
    #[cfg(not(feature = "emd"))]
    hinted(
        "EMD (HDF5)",
        |b, _| b.starts_with(HDF5),
        "build the program with its feature emd, or export the image as TIFF",
    ),
    readable("TIA SER", |b, _| ser::recognises(b), ser::read),
    hinted("TIA EMI", |b, _| b.starts_with(b"JK\x00\x02"), "its pixels are in the .ser files beside it: name those"),
    readable("Gatan DM3", |b, _| dm::recognises(b, 3), dm::read),
    readable("Gatan DM4", |b, _| dm::recognises(b, 4), dm::read),
    // Other microscope formats, by the marks that RosettaSciIO lists in its descriptions of them.
    named("Bruker BCF", |b, _| b.starts_with(b"AAMVHFSS")),
    hinted("NanoMegas BLO", |b, _| b.starts_with(b"IMGBLO"), "these are diffraction patterns, not pictures"),
    named("TVIPS video", |b, e| e == "tvips" && matches!(b.get(4..8), Some([1 | 2, 0, 0, 0]))),
    named("NORPIX sequence", |b, _| b.starts_with(b"\xed\xfe\0\0N\0o\0r\0p\0i\0x\0")),
    hinted("Merlin MIB", |b, _| b.starts_with(b"MQ1,"), "these are frames of a diffraction detector, not pictures"),
    named("Panta Rhei PRZ", |b, e| e == "prz" && b.starts_with(ZIP)),
    named("NumPy archive", |b, _| b.starts_with(ZIP) && b.get(30..).is_some_and(starts_with_array)),
    named("NumPy array", |b, _| b.starts_with(b"\x93NUMPY")),
    named("BMP", |b, _| b.starts_with(b"BM") && b.get(6..10) == Some(&[0; 4])),
    named("GIF", |b, _| b.starts_with(b"GIF8")),
    named("WebP", |b, _| b.starts_with(b"RIFF") && b.get(8..12) == Some(b"WEBP")),
    named("JPEG 2000", |b, _| b.starts_with(b"\0\0\0\x0cjP  ")),
    hinted("gzip", |b, _| b.starts_with(b"\x1f\x8b"), UNPACK),
    hinted("bzip2", |b, _| b.starts_with(b"BZh"), UNPACK),
    hinted("zip", |b, _| b.starts_with(ZIP), UNPACK),
    named("PDF", |b, _| b.starts_with(b"%PDF")),
    readable("MRC", mrc::recognises, mrc::read),
];

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
const ZIP: &[u8] = b"PK\x03\x04";
const EXPORT: &str = "export the image as TIFF or MRC";
const UNPACK: &str = "unpack it first";

/// Whether the first name in a zip archive, whose length stands before, is that of a NumPy array.
fn starts_with_array(name: &[u8]) -> bool {
    name.iter().take(64).position(|&b| b == b'.').is_some_and(|dot| name[dot..].starts_with(b".npy"))
}

/// Reads one image, counted from 0, of the file at `path`.
///
/// # Errors
/// [`Error::Input`] for a file that is missing, empty, damaged or cut off; [`Error::Unsupported`] for one that is intact
/// but of a kind, a variant or a size that is not read. Both name the file, the cause and the remedy.
pub fn read(path: &Path, limits: &Limits, frame: usize) -> Result<RawImage> {
    decode(path, &load(path, limits)?, limits, frame)
}

/// Reads one image, counted from 0, of a file's content, and hears what the files beside it say.
///
/// # Errors
/// As [`read`].
pub fn decode(path: &Path, bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage> {
    let mut image = read_bytes(path, bytes, limits, frame)?;
    if image.format == ser::FORMAT && emi::says_diffraction(path) {
        let cause = "this is a diffraction pattern, says the .emi file beside it";
        return Err(Error::unsupported(path, cause, "name a micrograph"));
    }
    image.statements.extend(sidecar::statements(path, &image));
    Ok(image)
}

/// The files beside a picture that have a say in what it is: of another content, they may make another result of it.
pub fn sidecars(path: &Path) -> Vec<PathBuf> {
    let mut found = sidecar::beside(path);
    if extension(path) == "ser" {
        found.extend(emi::beside(path));
    }
    found
}

/// Whether a file is called as [`sidecars`] may be.
pub fn looks_like_sidecar(path: &Path) -> bool {
    ["txt", "hdr", "emi"].contains(&extension(path).as_str())
}

/// Brings a file's content into memory.
///
/// # Errors
/// [`Error::Input`] when it cannot be read, [`Error::Unsupported`] when it is larger than the limit.
pub fn load(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let unreadable = |e: std::io::Error| Error::input(path, e, "check that the file exists and may be read");
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if meta.is_dir()
        && let Err(error) = std::fs::read_dir(path)
    {
        return Err(Error::input(path, error, "check that the folder may be read"));
    }
    // Opening a pipe or a device could wait for ever.
    if !meta.is_file() {
        return Err(Error::input(path, "this is not a file", "name a micrograph"));
    }
    let Some(length) = usize::try_from(meta.len()).ok().filter(|_| meta.len() <= limits.max_file_bytes) else {
        return Err(Error::unsupported(
            path,
            format!("the file is larger than the limit of {} bytes", limits.max_file_bytes),
            "save its first image as a file of its own",
        ));
    };
    // What the file has now. If it grows meanwhile, that part is not seen; if it shrinks, it is not read.
    let mut bytes = vec![0; length];
    let file = File::open(path).map_err(unreadable)?;
    fill(&file, &mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Reads a file from its beginning until `bytes` is full: in pieces, on all cores, because filling fresh memory takes
/// longer than fetching what is in the system's cache.
#[cfg(unix)]
fn fill(file: &File, bytes: &mut [u8]) -> std::io::Result<()> {
    /// What one core reads at a time.
    const PIECE_BYTES: usize = 4 << 20;
    bytes
        .par_chunks_mut(PIECE_BYTES)
        .enumerate()
        .try_for_each(|(i, piece)| std::os::unix::fs::FileExt::read_exact_at(file, piece, (i * PIECE_BYTES) as u64))
}

#[cfg(not(unix))]
fn fill(mut file: &File, bytes: &mut [u8]) -> std::io::Result<()> {
    std::io::Read::read_exact(&mut file, bytes)
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
    let bytes = &*unpack(path, bytes, limits)?;
    let Some(format) = FORMATS.iter().find(|f| (f.recognises)(bytes, &extension(path))) else {
        return Err(Error::unsupported(path, "the content is of no known picture format", EXPORT));
    };
    let reader = match format.reader {
        Ok(reader) => reader,
        Err(remedy) => return Err(Error::unsupported(path, format!("{} files are not read", format.name), remedy)),
    };
    // The last net: a bug in a decoder must cost one image, not the run. Sizes are checked before, because a failed
    // allocation or an exhausted stack ends the program without unwinding.
    guarded(format.name, || reader(bytes, limits, frame)).map_err(|fault| fault.of(path))
}

/// Turns a panic of a decoder into a fault.
fn guarded<T>(name: &str, decode: impl FnOnce() -> std::result::Result<T, Fault>) -> std::result::Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Fault::damaged(format!("the {name} decoder failed on this content"))))
}

/// Whether a file of this name is taken up when a folder is searched.
///
/// Goes by the extension alone, in any case. Includes the microscope formats that [`read`] refuses by name, because a
/// micrograph that is passed over in silence is worse than one with a clear error.
pub fn looks_readable(path: &Path) -> bool {
    const TAKEN: &[&str] = &[
        "tif", "tiff", "png", "jpg", "jpeg", "mrc", "mrcs", "map", "st", "dm3", "dm4", "dm5", "ser", "emd", "bcf",
        "prz", "tvips",
    ];
    TAKEN.contains(&extension(path).as_str())
}

/// Lower-case extension without the dot, empty when there is none; of a packed file that of its content.
fn extension(path: &Path) -> String {
    let last = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match last(path).as_str() {
        "gz" | "bz2" => last(Path::new(path.file_stem().unwrap_or_default())),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_taken_in_any_case() {
        for taken in ["a.TIF", "a.ome.tiff", "b.Jpeg", "c.mrcs", "d.DM4", "e.mrc.gz"] {
            assert!(looks_readable(Path::new(taken)), "{taken}");
        }
        for passed in ["a", "tif", ".tif", "a.tif.txt", "a.csv", "a.gz", "a.csv.gz"] {
            assert!(!looks_readable(Path::new(passed)), "{passed}");
        }
    }

    #[test]
    fn known_formats_are_refused_by_name() {
        let cases: &[(&str, &[u8])] = &[
            ("TIA EMI", b"JK\0\x02\0\0"),
            ("BCF", b"AAMVHFSS"),
            ("BLO", b"IMGBLO\x02\x01"),
            ("NumPy", b"PK\x03\x04\x2d\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0data.npy"),
            ("zip", b"PK\x03\x04\x2d\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0data.txt"),
            ("GIF", b"GIF89a"),
            ("BMP", b"BM\x40\0\0\0\0\0\0\0"),
            ("bzip2", b"BZh91AY"),
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
