//! EMD: the pictures that Velox (Thermo Fisher) and the tools of Berkeley's NCEM keep in HDF5.
//!
//! HDF5 itself is decoded by the `hdf5-reader` crate, within [`Limits`] and without following links to other files.

mod berkeley;
mod lent;
mod velox;

use super::words::Kind;
use super::{EXPORT, Fault, Limits, check_frame, check_packing};
use crate::image::{RawImage, Samples, Statement};
use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, OpenOptions, SliceInfo, SliceInfoElem};

/// Deflate makes its input at most this many times smaller; a file that states more pixels than that was not filled.
const DEFLATE_MAX_RATIO: u64 = 1032;
/// Largest header of an object, bytes: attributes and links, of which real files have some kB. The decoder takes up to nine
/// times as much for it.
const HEADER_MAX_BYTES: usize = 1 << 20;
/// Members of a group beyond this many are not looked at.
const MEMBERS_MAX: usize = 4096;

/// A picture of the file before its pixels are read.
struct Picture {
    dataset: Dataset,
    kind: Kind,
    /// Axes of the rows and of the columns; all others count frames, the last one fastest.
    rows: usize,
    columns: usize,
    statement: Statement,
}

pub(super) fn read(bytes: &[u8], limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
    let decoded_max = usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX);
    // Each chunk is read once: a cache would only keep a second copy of the picture.
    let options = OpenOptions::default()
        .with_chunk_cache_bytes(0)
        .with_max_object_header_bytes(HEADER_MAX_BYTES)
        .with_max_read_bytes(decoded_max)
        .with_max_chunk_bytes(decoded_max);
    lent::with_file(bytes, options, |file| {
        // As the library of HDF5 itself does: of a file that is cut off some pictures may be left, but which?
        let superblock = file.superblock();
        let end = superblock.base_address.saturating_add(superblock.eof_address);
        if end > bytes.len() as u64 {
            return Err(Fault::damaged(format!("the HDF5 needs {end} bytes, but has {}", bytes.len())));
        }
        let root = file.root_group().map_err(fault)?;
        let (picture, format) = match velox::picture(&root)? {
            Some(picture) => (picture, "EMD Velox"),
            None => (berkeley::picture(&root)?.ok_or_else(|| no_emd(&root))?, "EMD Berkeley"),
        };
        picture.decode(format, bytes.len() as u64, limits, frame)
    })
}

/// Names what else the file is.
fn no_emd(root: &Group) -> Fault {
    let name = match &child_groups(root)[..] {
        names if names.iter().any(|name| name == "ImageList") => "a Gatan DM5",
        names if names.iter().any(|name| name == "Experiments") => "a HyperSpy file (HSPY)",
        _ => "an HDF5 without a picture of EMD",
    };
    Fault::unsupported(format!("the file is {name}, which is not read"), EXPORT)
}

/// Names of the groups in a group, sorted; none where it is damaged.
fn child_groups(group: &Group) -> Vec<String> {
    let mut names = group.member_names().unwrap_or_default().0;
    names.sort();
    names.truncate(MEMBERS_MAX);
    names
}

fn fault(error: Error) -> Fault {
    match error {
        Error::Context { source, .. } => fault(*source),
        Error::ResourceLimit(what) => Fault::unsupported(
            format!("the HDF5 asks for more memory than the limit ({what})"),
            "crop or bin the image",
        ),
        e @ (Error::UnsupportedFilter(_) | Error::UnsupportedEncoding(_)) => {
            Fault::unsupported(format!("this kind of HDF5 is not read ({e})"), EXPORT)
        }
        e => Fault::damaged(format!("the HDF5 is damaged or cut off ({e})")),
    }
}

/// Kind of plain numbers; `None` for all else, such as the pairs of a complex image.
fn number_kind(datatype: &Datatype) -> Option<Kind> {
    Some(match *datatype {
        Datatype::FixedPoint { size: 1, signed: false, .. } => Kind::U8,
        Datatype::FixedPoint { size: 2, signed: false, .. } => Kind::U16,
        Datatype::FixedPoint { size: 4, signed: false, .. } => Kind::U32,
        Datatype::FixedPoint { size: 8, signed: false, .. } => Kind::U64,
        Datatype::FixedPoint { size: 1, signed: true, .. } => Kind::I8,
        Datatype::FixedPoint { size: 2, signed: true, .. } => Kind::I16,
        Datatype::FixedPoint { size: 4, signed: true, .. } => Kind::I32,
        Datatype::FixedPoint { size: 8, signed: true, .. } => Kind::I64,
        Datatype::FloatingPoint { size: 4, .. } => Kind::F32,
        Datatype::FloatingPoint { size: 8, .. } => Kind::F64,
        _ => return None,
    })
}

impl Picture {
    fn decode(self, format: &'static str, file_bytes: u64, limits: &Limits, frame: usize) -> Result<RawImage, Fault> {
        let shape = self.dataset.shape();
        let (height, width) = (shape[self.rows], shape[self.columns]);
        let frame_bytes = limits.check(width, height, self.kind.bytes())?;
        let others: Vec<usize> = (0..shape.len()).filter(|axis| ![self.rows, self.columns].contains(axis)).collect();
        let frames = others.iter().try_fold(1u64, |product, &axis| product.checked_mul(shape[axis]));
        let room = file_bytes.saturating_mul(DEFLATE_MAX_RATIO);
        let frames = frames.filter(|&n| n > 0 && n.checked_mul(frame_bytes).is_some_and(|bytes| bytes <= room));
        let frames = frames.ok_or_else(|| {
            Fault::damaged(format!("the HDF5 states a picture of {shape:?}, but has only {file_bytes} bytes in all"))
        })?;
        check_frame(frame, frames as usize)?;
        check_packing(file_bytes, frame_bytes)?;
        self.check_chunk(frame_bytes)?;

        let mut selections = vec![SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 }; shape.len()];
        let mut rest = frame as u64;
        for &axis in others.iter().rev() {
            selections[axis] = SliceInfoElem::Index(rest % shape[axis]);
            rest /= shape[axis];
        }
        let samples = self.samples(&SliceInfo { selections })?;
        let (width, height) = (width as usize, height as usize);
        if samples.len() != width * height {
            return Err(Fault::damaged("the HDF5 holds fewer pixels than it states"));
        }
        Ok(RawImage {
            frames: frames as usize,
            statements: vec![self.statement],
            ..RawImage::grey(format, width, height, samples)
        })
    }

    /// Refuses chunks that are far larger than the picture in them: unpacking them would take memory for nothing.
    fn check_chunk(&self, frame_bytes: u64) -> Result<(), Fault> {
        /// A chunk of several pictures, such as a burst of a camera, may be this large in any case, bytes.
        const CHUNK_BYTES: u64 = 64 << 20;
        let chunk = self.dataset.chunks().unwrap_or_default();
        let bytes = chunk.iter().try_fold(self.kind.bytes(), |bytes, &n| bytes.checked_mul(n.into()));
        if bytes.is_some_and(|bytes| bytes <= frame_bytes.saturating_mul(2).max(CHUNK_BYTES)) {
            return Ok(());
        }
        let cause = format!("the HDF5 keeps a picture of {frame_bytes} bytes in chunks of {chunk:?} pixels");
        Err(Fault::unsupported(cause, EXPORT))
    }

    fn samples(&self, selection: &SliceInfo) -> Result<Samples, Fault> {
        macro_rules! slice {
            ($sample:ident, $word:ty) => {
                // Row-major, and of one piece.
                Samples::$sample(
                    self.dataset.read_slice::<$word>(selection).map_err(fault)?.into_raw_vec_and_offset().0,
                )
            };
        }
        Ok(match self.kind {
            Kind::U8 => slice!(U8, u8),
            Kind::U16 => slice!(U16, u16),
            Kind::U32 => slice!(U32, u32),
            Kind::U64 => slice!(U64, u64),
            Kind::I8 => slice!(I8, i8),
            Kind::I16 => slice!(I16, i16),
            Kind::I32 => slice!(I32, i32),
            Kind::I64 => slice!(I64, i64),
            Kind::F32 => slice!(F32, f32),
            Kind::F64 => slice!(F64, f64),
            Kind::Bool | Kind::F16 => return Err(Fault::damaged("the HDF5 stores its pixels in an unknown way")),
        })
    }
}
