//! Text files beside a picture that state its pixel size: Hitachi, JEOL, Tescan, Direct Electron.
//!
//! The file has the stem of the picture and lies in its folder; a name that it gives for the picture may differ. Sources:
//! Bio-Formats' and gwyddion's descriptions (Hitachi), pynxtools-em's and odemis' (JEOL), gwyddion's (Tescan), rosettasciio's
//! (Direct Electron).

use super::tiff::latin;
use crate::image::{RawImage, Source, Statement};
use crate::units::{METRE_NM, MILLIMETRE_NM, unit_nm};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Longest file that is looked at, bytes; the real ones have a few thousand.
const MAX_BYTES: u64 = 1 << 20;
/// Width of the film that JEOL's magnification is meant for, mm.
const JEOL_FILM_MM: f64 = 128.0;

type Number = Result<f64, String>;

/// What the files beside a picture state, in no order. A file that can't be read states nothing.
pub fn statements(path: &Path, image: &RawImage) -> Vec<Statement> {
    let mut found = Vec::new();
    if let Some(text) = text(&texts(path)) {
        found.extend(hitachi(&text, image).or_else(|| jeol(&text, image)));
    }
    if let Some(text) = text(&headers(path)) {
        found.extend(tescan(&text));
    }
    if image.format == "MRC" {
        found.extend(text(&infos(path)).and_then(|text| direct_electron(&text)));
    }
    found
}

/// The files beside a picture that may state something, whatever they hold.
pub fn beside(path: &Path) -> Vec<PathBuf> {
    [texts(path), headers(path), infos(path)].iter().filter_map(|kind| first(kind)).cloned().collect()
}

fn texts(path: &Path) -> Vec<PathBuf> {
    with_extension(path, "", "txt")
}

fn headers(path: &Path) -> Vec<PathBuf> {
    let suffix = path.extension().map(|e| format!("-{}", e.to_string_lossy())).unwrap_or_default();
    with_extension(path, &suffix, "hdr")
}

fn infos(path: &Path) -> Vec<PathBuf> {
    direct_electron_info(path).into_iter().collect()
}

/// The stem, `suffix` and the extension as it may be written.
fn with_extension(path: &Path, suffix: &str, extension: &str) -> Vec<PathBuf> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let capital = format!("{}{}", extension[..1].to_uppercase(), &extension[1..]);
    let spellings = [extension.to_string(), extension.to_uppercase(), capital];
    spellings.iter().map(|spelling| path.with_file_name(format!("{stem}{suffix}.{spelling}"))).collect()
}

/// The first of these files that is there, if it is short enough.
fn first(candidates: &[PathBuf]) -> Option<&PathBuf> {
    let mut found = candidates.iter().filter_map(|path| Some((path, path.metadata().ok()?)));
    let (path, file) = found.find(|(_, file)| file.is_file())?;
    (file.len() <= MAX_BYTES).then_some(path)
}

/// Content of the first of these files.
fn text(candidates: &[PathBuf]) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(first(candidates)?).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_BYTES).then(|| decode(&bytes))
}

/// UTF-16 with its mark, UTF-8, or else Latin-1.
fn decode(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], word: fn([u8; 2]) -> u16| {
        let words: Vec<u16> = bytes.chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&words)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => latin(rest),
        // Without a mark: text that the Western world writes has every other byte 0.
        [_, 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, _, 0, _, ..] => utf16(bytes, u16::from_be_bytes),
        _ => latin(bytes),
    }
}

fn number(text: &str) -> Number {
    let text = text.trim();
    text.parse().map_err(|_| format!("'{text}' is not a number"))
}

fn said(raw: String, nm: Result<(f64, f64), String>) -> Option<Statement> {
    Some(Statement::new(Source::Sidecar, raw, nm))
}

/// A value below the key of an INI, whatever the section.
fn ini<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
}

/// `[SemImageFile]` or `[TemImageFile]`: PixelSize in nm, of a picture of `DataSize=WxH`.
fn hitachi(text: &str, image: &RawImage) -> Option<Statement> {
    if !["[SemImageFile]", "[TemImageFile]"].iter().any(|head| text.contains(head)) {
        return None;
    }
    let size = ini(text, "PixelSize")?;
    let raw = format!("PixelSize={size}");
    let recorded = ini(text, "DataSize").and_then(|size| size.split_once(['x', 'X', '*']));
    if let Some((width, height)) = recorded {
        let pixels = |text: &str| text.trim().parse::<usize>().ok();
        if (pixels(width), pixels(height)) != (Some(image.width), Some(image.height)) {
            let reason = format!("it is of a picture of {} x {} pixels", width.trim(), height.trim());
            return said(raw, Err(reason));
        }
    }
    // Some versions write the unit behind the number.
    said(raw, number(size.trim_end_matches("nm")).map(|nm| (nm, nm)))
}

/// `$CM_` and `$$SM_` lines of JEOL's microscopes, the surest first.
fn jeol(text: &str, image: &RawImage) -> Option<Statement> {
    let value = |key: &str| {
        let mut pairs = text.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value.trim())
    };
    if !text.lines().any(|line| line.starts_with("$CM_") || line.starts_with("$$SM_")) {
        return None;
    }
    let square = |nm: Number| nm.map(|nm| (nm, nm));
    let width = image.width as f64;
    // Columns that were recorded. A bar below the picture adds rows only.
    let recorded = value("$CM_FULL_SIZE").and_then(|size| number(size.split([' ', 'x', 'X']).next()?).ok());
    let recorded = recorded.filter(|&recorded| recorded > 0.0).unwrap_or(width);
    if let Some(size) = value("$CM_PIXEL_SIZE") {
        let mut said = said(format!("$CM_PIXEL_SIZE {size}"), square(length_nm(size, "nm")))?;
        said.doubt =
            (recorded != width).then(|| format!("{recorded} columns were recorded, but the picture has {width}"));
        return Some(said);
    }
    if let Some((marker, bar)) = value("$$SM_MICRON_MARKER").zip(value("$$SM_MICRON_BAR")) {
        let nm = length_nm(marker, "").and_then(|nm| Ok(nm / number(bar)? * recorded / width));
        let mut said = said(format!("$$SM_MICRON_MARKER {marker}, $$SM_MICRON_BAR {bar}"), square(nm))?;
        // The bar is a whole number of pixels.
        said.doubt = Some("the bar's length is known to one pixel only".into());
        return Some(said);
    }
    if let Some(field) = value("$CM_FIELD_OF_VIEW") {
        let wide = field.split_whitespace().next().unwrap_or_default();
        return said(format!("$CM_FIELD_OF_VIEW {field}"), square(number(wide).map(|mm| mm * MILLIMETRE_NM / width)));
    }
    let magnification = value("$CM_MAG")?;
    let nm = number(magnification).map(|times| JEOL_FILM_MM * MILLIMETRE_NM / times / width);
    let mut said = said(format!("$CM_MAG {magnification}"), square(nm))?;
    said.doubt = Some("it is worked out from the magnification and the width of a film".into());
    Some(said)
}

/// `50nm`, `2.5 um`, or a number alone in `default`.
fn length_nm(text: &str, default: &str) -> Number {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (value, unit) = text.split_at(split);
    // What follows the unit is another remark.
    let unit = unit.split_whitespace().next().unwrap_or(default);
    let unit_nm = unit_nm(unit).ok_or_else(|| format!("'{unit}' is not a unit of length"))?;
    Ok(number(value)? * unit_nm)
}

/// `PixelSizeX` and `PixelSizeY` in metres.
fn tescan(text: &str) -> Option<Statement> {
    let x = ini(text, "PixelSizeX")?;
    let y = ini(text, "PixelSizeY").unwrap_or(x);
    let nm = number(x).and_then(|x| Ok((x * METRE_NM, number(y)? * METRE_NM)));
    said(format!("PixelSizeX={x}, PixelSizeY={y}"), nm)
}

/// `20240131_00012_info.txt` beside `20240131_00012_movie.mrc`.
fn direct_electron_info(path: &Path) -> Option<PathBuf> {
    let name = path.file_stem()?.to_string_lossy().into_owned();
    let mut parts = name.splitn(3, '_');
    let (date, number, _) = (parts.next()?, parts.next()?, parts.next()?);
    Some(path.with_file_name(format!("{date}_{number}_info.txt")))
}

/// `Specimen Pixel Size X (nanometers) = v`; -1 where nobody set it.
fn direct_electron(text: &str) -> Option<Statement> {
    let x = ini(text, "Specimen Pixel Size X (nanometers)")?;
    let y = ini(text, "Specimen Pixel Size Y (nanometers)").unwrap_or(x);
    let raw = format!("Specimen Pixel Size {x} x {y} nm");
    let nm = number(x).and_then(|x| Ok((x, number(y)?)));
    if nm.as_ref().is_ok_and(|&(x, y)| x == -1.0 || y == -1.0) {
        return said(raw, Err("the pixel size was not set".into()));
    }
    said(raw, nm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Samples;

    fn picture(format: &'static str) -> RawImage {
        RawImage::grey(format, 64, 48, Samples::U8(vec![0; 64 * 48]))
    }

    fn nm(said: Option<Statement>) -> f64 {
        said.unwrap().nm.unwrap().0
    }

    #[test]
    fn hitachi_states_nanometres_of_its_own_picture() {
        let of =
            |size: &str| hitachi(&format!("[TemImageFile]\r\nPixelSize=0.62\r\nDataSize={size}\r\n"), &picture("TIFF"));
        assert_eq!(nm(of("64x48")), 0.62);
        assert!(of("64x56").unwrap().nm.unwrap_err().contains("64 x 56"));
        assert_eq!(hitachi("PixelSize=1\n", &picture("TIFF")), None);
    }

    #[test]
    fn jeol_states_in_four_ways() {
        let of = |text: &str| nm(jeol(text, &picture("TIFF")));
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        near(of("$CM_MAG 9\n$CM_PIXEL_SIZE 0.62nm\n"), 0.62);
        near(of("$$SM_MICRON_BAR 160\n$$SM_MICRON_MARKER 5um\n"), 31.25);
        near(of("$$SM_MICRON_BAR 160\n$$SM_MICRON_MARKER 5um\n$CM_FULL_SIZE 128 96\n"), 62.5);
        near(of("$CM_FIELD_OF_VIEW 0.064 0.048\n"), 1000.0);
        near(of("$CM_MAG 1000\n"), 2000.0);
        assert_eq!(jeol("no JEOL\n", &picture("TIFF")), None);
        let scaled = jeol("$CM_FULL_SIZE 128 96\n$CM_PIXEL_SIZE 0.31 nm\n", &picture("TIFF")).unwrap();
        assert!(scaled.nm == Ok((0.31, 0.31)) && scaled.doubt.is_some());
        assert!(jeol("$CM_PIXEL_SIZE wide\n", &picture("TIFF")).unwrap().nm.is_err());
    }

    #[test]
    fn tescan_and_direct_electron_state_metres_and_nanometres() {
        let both = tescan("[MAIN]\nPixelSizeX=6.2e-10\nPixelSizeY=8e-10\n").unwrap().nm.unwrap();
        assert!((both.0 - 0.62).abs() < 1e-12 && (both.1 - 0.8).abs() < 1e-12);
        let of = |x: &str| {
            direct_electron(&format!(
                "A = 1\nSpecimen Pixel Size X (nanometers)  = {x}\nSpecimen Pixel Size Y (nanometers) = 1\n"
            ))
        };
        assert_eq!(of("0.5").unwrap().nm, Ok((0.5, 1.0)));
        assert!(of("-1").unwrap().nm.is_err());
        let info = direct_electron_info(Path::new("a/20240131_00012_movie.mrc")).unwrap();
        assert_eq!(info, Path::new("a/20240131_00012_info.txt"));
    }

    #[test]
    fn all_encodings_are_read() {
        let utf16 = |order: fn(u16) -> [u8; 2], mark: &[u8]| {
            [mark, &"PixelSize=1µ".encode_utf16().flat_map(order).collect::<Vec<_>>()].concat()
        };
        for bytes in [
            utf16(u16::to_le_bytes, &[0xff, 0xfe]),
            utf16(u16::to_be_bytes, &[0xfe, 0xff]),
            utf16(u16::to_le_bytes, &[]),
            "\u{feff}PixelSize=1µ".as_bytes().to_vec(),
            b"PixelSize=1\xb5".to_vec(),
        ] {
            assert_eq!(decode(&bytes), "PixelSize=1µ");
        }
    }

    #[test]
    fn files_beside_the_picture_are_found_in_any_case() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("A.TXT", "[SemImageFile]\nPixelSize=0.5\n");
        write("b-tif.hdr", "PixelSizeX=1e-9\n");
        write("20240131_00012_info.txt", "Specimen Pixel Size X (nanometers) = 2\n");
        let found =
            |name: &str, format| statements(&folder.path().join(name), &picture(format)).pop().map(|said| said.nm);
        assert_eq!(found("A.tif", "TIFF"), Some(Ok((0.5, 0.5))));
        assert_eq!(found("b.tif", "TIFF"), Some(Ok((1.0, 1.0))));
        assert_eq!(found("20240131_00012_movie.mrc", "MRC"), Some(Ok((2.0, 2.0))));
        assert_eq!(found("c.tif", "TIFF"), None);
        let names = |name: &str| beside(&folder.path().join(name)).len();
        assert_eq!(["A.tif", "b.tif", "20240131_00012_movie.mrc", "c.tif"].map(names), [1, 1, 1, 0]);
        write("d.txt", &format!("[SemImageFile]\nPixelSize=0.5\n{}", " ".repeat(MAX_BYTES as usize)));
        assert_eq!(found("d.tif", "TIFF"), None);
    }
}
