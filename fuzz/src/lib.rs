//! What the fuzz targets do with the bytes that they get. libFuzzer ends the process on any panic, also on one that the
//! program itself would catch.

use cupule::calibrate::{ScaleRequest, micrograph, pixel_size};
use cupule::read::{Limits, read_bytes};
use std::path::Path;

/// Small, so that a request beyond them stands out against libFuzzer's own limit of memory.
const LIMITS: Limits = Limits { max_pixels: 1 << 20, max_decoded_bytes: 1 << 23, max_file_bytes: 1 << 24 };

/// Reads the first two images of a file of this name and content, and calibrates them.
pub fn read(name: &str, bytes: &[u8]) {
    for frame in 0..2 {
        if let Ok(image) = read_bytes(Path::new(name), bytes, &LIMITS, frame) {
            assert_eq!(image.samples.len(), image.width * image.height * image.channels);
            pixel_size(&image.statements, &ScaleRequest::default());
            let _ = micrograph(image);
        }
    }
}

/// Looks for marks in a picture whose width is the first byte.
pub fn find_marks(bytes: &[u8]) {
    let Some((&width, pixels)) = bytes.split_first() else { return };
    let width = usize::from(width).max(1);
    let height = pixels.len() / width;
    let grey: Vec<f32> = pixels[..width * height].iter().map(|&v| f32::from(v)).collect();
    if height > 0 {
        let found = cupule::marks::find(&grey, width, height, None);
        assert!(found.regions.iter().all(|r| r.x0 < r.x1 && r.y0 < r.y1 && r.x1 <= width && r.y1 <= height));
    }
}
