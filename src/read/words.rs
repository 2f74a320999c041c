//! Stored words to samples: what the microscope containers share.

use crate::image::Samples;
use bytemuck::Pod;
use bytemuck::allocation::zeroed_vec;
use rayon::prelude::*;

/// How a sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A byte that is 0 for false and anything else for true.
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
}

impl Kind {
    /// Bytes of one sample.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// The whole words of `bytes` as samples.
pub(super) fn samples(bytes: &[u8], kind: Kind, little: bool) -> Samples {
    match kind {
        Kind::Bool => Samples::Bool(bytes.iter().map(|&b| u8::from(b != 0)).collect()),
        Kind::U8 => Samples::U8(words(bytes, little)),
        Kind::I8 => Samples::I8(words(bytes, little)),
        Kind::U16 => Samples::U16(words(bytes, little)),
        Kind::I16 => Samples::I16(words(bytes, little)),
        Kind::F16 => Samples::F16(words(bytes, little)),
        Kind::U32 => Samples::U32(words(bytes, little)),
        Kind::I32 => Samples::I32(words(bytes, little)),
        Kind::F32 => Samples::F32(words(bytes, little)),
        Kind::U64 => Samples::U64(words(bytes, little)),
        Kind::I64 => Samples::I64(words(bytes, little)),
        Kind::F64 => Samples::F64(words(bytes, little)),
    }
}

/// Copied in pieces on all cores: what takes time is touching fresh memory.
fn words<T: Pod + Send>(bytes: &[u8], little: bool) -> Vec<T> {
    /// What one core copies at a time: a whole number of words of any kind.
    const PIECE_BYTES: usize = 1 << 20;
    let mut words: Vec<T> = zeroed_vec(bytes.len() / size_of::<T>());
    let stored: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
    stored.par_chunks_mut(PIECE_BYTES).zip(bytes.par_chunks(PIECE_BYTES)).for_each(|(to, from)| {
        to.copy_from_slice(&from[..to.len()]);
        if little != cfg!(target_endian = "little") {
            to.chunks_exact_mut(size_of::<T>()).for_each(<[u8]>::reverse);
        }
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;

    #[test]
    fn words_are_read_in_either_order() {
        let bytes = [1, 2, 3, 0xff];
        assert_eq!(samples(&bytes, Kind::U16, true), Samples::U16(vec![0x0201, 0xff03]));
        assert_eq!(samples(&bytes, Kind::I16, false), Samples::I16(vec![0x0102, 0x03ff]));
        assert_eq!(samples(&bytes, Kind::U32, false), Samples::U32(vec![0x0102_03ff]));
        assert_eq!(samples(&bytes, Kind::Bool, true), Samples::Bool(vec![1; 4]));
        assert_eq!(samples(&bytes, Kind::I8, true), Samples::I8(vec![1, 2, 3, -1]));
        assert_eq!(samples(&[0, 0x3c], Kind::F16, true), Samples::F16(vec![f16::ONE]));
    }

    #[test]
    fn each_kind_is_as_long_as_it_says() {
        use Kind::*;
        for kind in [Bool, U8, U16, U32, U64, I8, I16, I32, I64, F16, F32, F64] {
            assert_eq!(samples(&[1; 64], kind, true).len() as u64, 64 / kind.bytes(), "{kind:?}");
        }
    }
}
