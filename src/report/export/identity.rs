//! What a particle is called and how it is coloured in files for other programs.

use crate::measure::{Class, Status};
use crate::report::overlay;
use crate::results::{ImageResult, Particle};
use sha2::{Digest, Sha256};

/// `0012-accepted`: the particle's id and its status, by which it is found again when it comes back.
pub fn name(particle: &Particle) -> String {
    format!("{:04}-{}", particle.id, particle.status.name())
}

/// Red, green and blue of a status, as in `overlay.png`.
pub fn status_colour(status: Status) -> [u8; 3] {
    overlay::stroke(status, 1.0, 1).colour.0
}

/// Red, green and blue of a class, of Okabe and Ito's palette: bluish green for cups, sky blue for the others.
pub fn class_colour(class: Class) -> [u8; 3] {
    match class {
        Class::CupShapedVesicle => [0, 158, 115],
        _ => [86, 180, 233],
    }
}

/// The same identifier for the same thing in the same image, whoever writes it and when: the first bits of a SHA-256 of
/// the file's checksum and `thing`, marked as a UUID of version 8 (RFC 9562).
pub fn uuid(image: &ImageResult, thing: &str) -> String {
    let source = image.row.input_sha256.as_deref().unwrap_or(&image.row.image);
    let mut bits: [u8; 16] = std::array::from_fn({
        let digest = Sha256::digest(format!("{source}\n{thing}"));
        move |i| digest[i]
    });
    bits[6] = bits[6] & 0x0f | 0x80;
    bits[8] = bits[8] & 0x3f | 0x80;
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let groups = [&bits[..4], &bits[4..6], &bits[6..8], &bits[8..10], &bits[10..]];
    groups.map(hex).join("-")
}
