//! What a TIA `.emi` file says of the series beside it: whether they are diffraction patterns.
//!
//! An EMI holds XML that describes the acquisition (`<Label>Mode</Label><Value>TEM uP SA Zoom Diffraction</Value>`), among
//! thumbnails; its pixels are in `<stem>_1.ser`, `<stem>_2.ser` and so on. A scanned picture is taken with the microscope in
//! diffraction mode too (`STEM nP SA Zoom Diffraction`): only a mode of TEM tells a pattern.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An EMI longer than this is not looked at; they are some 10 kB with their thumbnails.
const EMI_MAX_BYTES: u64 = 16 << 20;
const MODE: &[u8] = b"<Label>Mode</Label><Value>";

/// Whether the EMI that belongs to a SER file, found by its name, says that the microscope was in diffraction mode.
pub fn says_diffraction(ser: &Path) -> bool {
    let Some(path) = beside(ser) else { return false };
    let mut content = Vec::new();
    let mut read = || File::open(&path)?.take(EMI_MAX_BYTES).read_to_end(&mut content);
    read().is_ok() && content_says(&content)
}

/// `<stem>.emi` for `<stem>_<n>.ser`, where it is there and not too long.
pub fn beside(ser: &Path) -> Option<PathBuf> {
    let (stem, number) = ser.file_stem()?.to_str()?.rsplit_once('_')?;
    number.parse::<u32>().ok()?;
    let mut paths = ["emi", "EMI"].into_iter().map(|end| ser.with_file_name(format!("{stem}.{end}")));
    paths.find(|path| path.metadata().is_ok_and(|file| file.is_file() && file.len() <= EMI_MAX_BYTES))
}

/// Whether there is a mode and each one is diffraction in TEM.
fn content_says(content: &[u8]) -> bool {
    let mut rest = content;
    let mut found = false;
    while let Some(at) = rest.windows(MODE.len()).position(|window| window == MODE) {
        rest = &rest[at + MODE.len()..];
        let value = &rest[..rest.iter().position(|&b| b == b'<').unwrap_or(rest.len())];
        let value = String::from_utf8_lossy(value);
        if !value.trim().starts_with("TEM") || !value.contains("Diffraction") {
            return false;
        }
        found = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(value: &str) -> Vec<u8> {
        [b"JK\0\x02..", MODE, value.as_bytes(), b"</Value>"].concat()
    }

    #[test]
    fn only_diffraction_in_tem_is_a_pattern() {
        assert!(content_says(&mode(" TEM uP SA Zoom Diffraction")));
        assert!(!content_says(&mode(" STEM nP SA Zoom Diffraction")));
        assert!(!content_says(&mode(" TEM uP SA Zoom Image")));
        assert!(!content_says(b"JK\0\x02"));
    }

    #[test]
    fn the_emi_beside_a_series_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let ser = folder.path().join("a b_12.ser");
        assert!(!says_diffraction(&ser));
        std::fs::write(folder.path().join("a b.emi"), mode("TEM Diffraction")).unwrap();
        assert!(says_diffraction(&ser) && !says_diffraction(&folder.path().join("a b.ser")));
    }
}
