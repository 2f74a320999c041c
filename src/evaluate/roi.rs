//! ImageJ's ROI files: one outline per `.roi`, many in a zip as the ROI Manager saves them.
//!
//! The format is known from ImageJ's public `ij.io.RoiDecoder`: big-endian, a header of 64 bytes, then coordinates. Areas
//! are read (polygon, freehand, traced, ellipse, rectangle, oval, composite); lines, angles and points enclose nothing
//! and are refused.

use super::Shape;
use std::io::{Cursor, Read};

/// Most files in a zip and most bytes of one of them, unpacked: far more than anyone draws by hand.
const ENTRIES_MAX: usize = 65_534;
const ROI_BYTES_MAX: u64 = 16 << 20;
/// Most bytes of all files of a zip, unpacked.
const ZIP_BYTES_MAX: usize = 256 << 20;
/// Straight pieces that a curved segment of a composite is cut into.
const CURVE_PIECES: usize = 16;

const HEADER_BYTES: usize = 64;
/// First version with sub-pixel coordinates, and first with sub-pixel rectangles and ovals.
const VERSION_SUBPIXEL: u16 = 222;
const VERSION_SUBPIXEL_BOX: u16 = 223;
/// Bits of the options.
const SPLINE_FIT: u16 = 1;
const SUBPIXEL: u16 = 128;

/// Why a ROI gives no outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Damaged(String),
    /// Intact, but no area that is read; with the remedy.
    Unsupported(String, &'static str),
}

/// A ROI's place in the zip, and its shape or what is wrong with it.
type Named = (String, Result<Shape, Fault>);

fn damaged<T>(cause: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Damaged(cause.into()))
}

/// The ROIs of a zip in the order of its directory, with their names; what is not a `.roi` is passed over.
pub fn decode_zip(bytes: &[u8]) -> Result<Vec<Named>, Fault> {
    let broken = |error: zip::result::ZipError| Fault::Damaged(format!("the zip is damaged ({error})"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > ENTRIES_MAX {
        return damaged(format!("the zip has {} files, more than {ENTRIES_MAX}", archive.len()));
    }
    let (mut rois, mut total) = (Vec::new(), 0);
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(broken)?;
        let name = file.name().map_err(broken)?.into_owned();
        // macOS adds files of its own to the zips that it makes.
        if !name.to_lowercase().ends_with(".roi") || name.starts_with("__MACOSX/") {
            continue;
        }
        let mut content = Vec::new();
        file.take(ROI_BYTES_MAX + 1)
            .read_to_end(&mut content)
            .map_err(|error| Fault::Damaged(format!("'{name}' can't be unpacked ({error})")))?;
        total += content.len();
        if content.len() as u64 > ROI_BYTES_MAX || total > ZIP_BYTES_MAX {
            return damaged(format!("'{name}' unpacks to more than a ROI can be"));
        }
        rois.push((name, decode(&content)));
    }
    if rois.is_empty() {
        return Err(Fault::Unsupported(
            "the zip holds no .roi file".into(),
            "save the ROI set with ImageJ's ROI Manager",
        ));
    }
    Ok(rois)
}

/// The outline of a `.roi` file.
pub fn decode(bytes: &[u8]) -> Result<Shape, Fault> {
    if bytes.len() < HEADER_BYTES || !bytes.starts_with(b"Iout") {
        return damaged("this is no ImageJ ROI: it does not begin with a header of 64 bytes and 'Iout'");
    }
    let roi = Roi(bytes);
    let composite_count = roi.long(36);
    match (bytes[6], roi.short(48)) {
        (1, 0) if composite_count > 0 => roi.composite(composite_count as usize),
        (1, 0) if roi.short(54) != 0 => refuse("a rectangle with rounded corners", "draw it as an oval or a polygon"),
        (1, 1) => refuse("a text", ENCLOSING),
        (1, 4) => refuse("an image", ENCLOSING),
        (1, _) => {
            roi.bounds().map(|[x, y, w, h]| Shape::Polygons(vec![vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]]]))
        }
        (2, _) => roi.bounds().map(|[x, y, w, h]| Shape::Ellipse {
            x_px: x + w / 2.0,
            y_px: y + h / 2.0,
            radius_x_px: w / 2.0,
            radius_y_px: h / 2.0,
        }),
        (0 | 7 | 8, _) if roi.short(50) & SPLINE_FIT != 0 => refuse(
            "a polygon with a fitted spline",
            "choose Edit > Selection > Interpolate in ImageJ and save it again",
        ),
        (0 | 7 | 8, _) => roi.polygon().map(|polygon| Shape::Polygons(vec![polygon])),
        (3, 2) => refuse("an arrow", ENCLOSING),
        (3, _) => refuse("a straight line", ENCLOSING),
        (4, _) => refuse("a freehand line", ENCLOSING),
        (5, _) => refuse("a segmented line", ENCLOSING),
        (6, _) => refuse("no ROI", ENCLOSING),
        (9, _) => refuse("an angle", ENCLOSING),
        (10, _) => refuse("a point or a set of points", ENCLOSING),
        (other, _) => refuse(&format!("a ROI of the unknown type {other}"), ENCLOSING),
    }
}

const ENCLOSING: &str =
    "outline the vesicle with the polygon, freehand, oval, ellipse, rectangle or wand tool, or take this ROI out";

fn refuse(what: &str, remedy: &'static str) -> Result<Shape, Fault> {
    Err(Fault::Unsupported(format!("this is {what}, which is no outline that can be read"), remedy))
}

/// A file of at least the header's length.
struct Roi<'a>(&'a [u8]);

impl Roi<'_> {
    /// Two bytes at `at`, which the caller has compared with the length.
    fn short(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.0[at], self.0[at + 1]])
    }

    fn long(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn real(&self, at: usize) -> f64 {
        f64::from(f32::from_bits(self.long(at)))
    }

    /// ImageJ takes shorts down to -5000 for negative and what would be below for large.
    fn coordinate(&self, at: usize) -> f64 {
        let value = i32::from(self.short(at) as i16);
        f64::from(if value < -5000 { value + 65_536 } else { value })
    }

    fn is_subpixel(&self, since: u16) -> bool {
        self.short(4) >= since && self.short(50) & SUBPIXEL != 0
    }

    /// Left, top, width and height of a rectangle or an oval.
    fn bounds(&self) -> Result<[f64; 4], Fault> {
        let [x, y, width, height] = if self.is_subpixel(VERSION_SUBPIXEL_BOX) {
            [18, 22, 26, 30].map(|at| self.real(at))
        } else {
            let [top, left, bottom, right] = [8, 10, 12, 14].map(|at| self.coordinate(at));
            [left, top, right - left, bottom - top]
        };
        if ![x, y, width, height].iter().all(|v| v.is_finite()) || width <= 0.0 || height <= 0.0 {
            return damaged(format!("the ROI is {width} x {height} px"));
        }
        Ok([x, y, width, height])
    }

    fn polygon(&self) -> Result<Vec<[f64; 2]>, Fault> {
        let count = match self.short(16) {
            // Of more vertices than a short holds.
            0 => self.long(18) as usize,
            count => usize::from(count),
        };
        let is_subpixel = self.is_subpixel(VERSION_SUBPIXEL);
        let needed = count.checked_mul(if is_subpixel { 12 } else { 4 }).and_then(|n| n.checked_add(HEADER_BYTES));
        if needed.is_none_or(|needed| needed > self.0.len()) {
            return damaged(format!("the ROI is cut off: {count} vertices in a file of {} bytes", self.0.len()));
        }
        if count < 3 {
            return damaged(format!("the outline has {count} vertices, which enclose nothing"));
        }
        let vertex = |i: usize| {
            if is_subpixel {
                // Behind the whole coordinates, and not relative to the bounds as those are.
                let first = HEADER_BYTES + 4 * count;
                [self.real(first + 4 * i), self.real(first + 4 * (count + i))]
            } else {
                let [top, left] = [8, 10].map(|at| self.coordinate(at));
                [left + self.coordinate(HEADER_BYTES + 2 * i), top + self.coordinate(HEADER_BYTES + 2 * (count + i))]
            }
        };
        finite((0..count).map(vertex).collect())
    }

    /// A path of segments, each an operation (0 move, 1 line, 2 quadratic, 3 cubic, 4 close) and its points.
    fn composite(&self, count: usize) -> Result<Shape, Fault> {
        if count > (self.0.len() - HEADER_BYTES) / 4 {
            return damaged(format!("the ROI is cut off: {count} numbers in a file of {} bytes", self.0.len()));
        }
        let number: Vec<f64> = (0..count).map(|i| self.real(HEADER_BYTES + 4 * i)).collect();
        let mut polygons: Vec<Vec<[f64; 2]>> = Vec::new();
        let mut rest = number.as_slice();
        while let Some((&operation, after)) = rest.split_first() {
            let length = match operation {
                0.0 | 1.0 => 2,
                2.0 => 4,
                3.0 => 6,
                4.0 => 0,
                other => return damaged(format!("the composite ROI has a segment of the unknown kind {other}")),
            };
            let Some((segment, after)) = after.split_at_checked(length) else {
                return damaged("the composite ROI ends within a segment");
            };
            rest = after;
            let points: Vec<[f64; 2]> = segment.chunks_exact(2).map(|p| [p[0], p[1]]).collect();
            if operation == 0.0 {
                polygons.push(points);
            } else if let Some(polygon) = polygons.last_mut() {
                append(polygon, &points);
            } else {
                return damaged("the composite ROI does not begin with a point");
            }
        }
        let polygons: Result<Vec<_>, Fault> = polygons.into_iter().filter(|p| p.len() > 2).map(finite).collect();
        match polygons?.as_slice() {
            [] => damaged("the composite ROI encloses nothing"),
            some => Ok(Shape::Polygons(some.to_vec())),
        }
    }
}

/// Appends a Bézier segment from the last point by its control points, the straight one of degree 1 included.
fn append(polygon: &mut Vec<[f64; 2]>, control: &[[f64; 2]]) {
    let Some(&start) = polygon.last().filter(|_| !control.is_empty()) else { return };
    let pieces = if control.len() == 1 { 1 } else { CURVE_PIECES };
    for piece in 1..=pieces {
        let t = piece as f64 / pieces as f64;
        // De Casteljau: the points between the points, until one is left.
        let mut points: Vec<[f64; 2]> = std::iter::once(start).chain(control.iter().copied()).collect();
        while points.len() > 1 {
            points = points.windows(2).map(|w| [0, 1].map(|axis| w[0][axis] + t * (w[1][axis] - w[0][axis]))).collect();
        }
        polygon.extend(points);
    }
}

fn finite(polygon: Vec<[f64; 2]>) -> Result<Vec<[f64; 2]>, Fault> {
    if polygon.iter().flatten().all(|v| v.is_finite()) { Ok(polygon) } else { damaged("a coordinate is not finite") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u8, bounds: [i16; 4], count: u16) -> Vec<u8> {
        let mut bytes = b"Iout\0\xe4".to_vec();
        bytes.extend([kind, 0]);
        bytes.extend(bounds.iter().flat_map(|v| v.to_be_bytes()));
        bytes.extend(count.to_be_bytes());
        bytes.resize(HEADER_BYTES, 0);
        bytes
    }

    fn triangle() -> Vec<u8> {
        let mut bytes = header(0, [10, 20, 30, 40], 3);
        bytes.extend([0_i16, 20, 10, 0, 0, 20].iter().flat_map(|v| v.to_be_bytes()));
        bytes
    }

    #[test]
    fn whole_coordinates_count_from_the_bounds() {
        let expected = Shape::Polygons(vec![vec![[20.0, 10.0], [40.0, 10.0], [30.0, 30.0]]]);
        assert_eq!(decode(&triangle()).unwrap(), expected);
    }

    #[test]
    fn subpixel_coordinates_need_the_version() {
        let mut bytes = triangle();
        bytes[51] = SUBPIXEL as u8;
        let reals = [20.25_f32, 40.5, 30.75, 10.0, 10.5, 30.25];
        bytes.extend(reals.iter().flat_map(|v| v.to_be_bytes()));
        let expected = Shape::Polygons(vec![vec![[20.25, 10.0], [40.5, 10.5], [30.75, 30.25]]]);
        assert_eq!(decode(&bytes).unwrap(), expected);
        bytes[5] = 221;
        assert_eq!(decode(&bytes).unwrap(), decode(&triangle()).unwrap());
    }

    #[test]
    fn every_cut_and_every_changed_byte_ends_in_an_answer() {
        let mut composite = header(1, [0, 0, 9, 9], 0);
        let path = [0.0_f32, 1.0, 1.0, 1.0, 8.0, 1.0, 2.0, 9.0, 9.0, 1.0, 8.0, 4.0];
        composite[36..40].copy_from_slice(&(path.len() as u32).to_be_bytes());
        composite.extend(path.iter().flat_map(|v| v.to_be_bytes()));
        assert!(matches!(decode(&composite), Ok(Shape::Polygons(p)) if p[0].len() == 2 + CURVE_PIECES));
        for whole in [triangle(), header(2, [1, 1, 5, 5], 0), composite] {
            assert!(decode(&whole).is_ok());
            for cut in 0..whole.len() {
                if whole.len() > HEADER_BYTES || cut < HEADER_BYTES {
                    assert!(matches!(decode(&whole[..cut]), Err(Fault::Damaged(_))), "{cut}");
                }
            }
            for at in 0..whole.len() {
                for value in [0, 1, 127, 128, 255] {
                    let mut changed = whole.clone();
                    changed[at] = value;
                    let _ = decode(&changed);
                }
            }
        }
    }

    #[test]
    fn absurd_counts_are_refused_before_memory_is_taken() {
        let mut many = header(7, [0, 0, 9, 9], 0);
        many[18..22].copy_from_slice(&u32::MAX.to_be_bytes());
        let mut path = header(1, [0, 0, 9, 9], 0);
        path[36..40].copy_from_slice(&u32::MAX.to_be_bytes());
        for bytes in [header(0, [0, 0, 9, 9], u16::MAX), many, path] {
            assert!(matches!(decode(&bytes), Err(Fault::Damaged(cause)) if cause.contains("cut off")));
        }
    }

    #[test]
    fn what_encloses_nothing_is_refused_by_its_name() {
        for (kind, word) in [(3, "line"), (5, "segmented"), (9, "angle"), (10, "point"), (6, "no ROI"), (77, "type 77")]
        {
            let Err(Fault::Unsupported(cause, _)) = decode(&header(kind, [0, 0, 9, 9], 2)) else { panic!("{kind}") };
            assert!(cause.contains(word), "{cause}");
        }
        assert!(matches!(decode(&header(2, [5, 5, 5, 9], 0)), Err(Fault::Damaged(_))));
        assert!(matches!(decode(b"Iout"), Err(Fault::Damaged(_))));
        assert!(matches!(decode_zip(b"PK\x03\x04 and so on"), Err(Fault::Damaged(_))));
    }
}
