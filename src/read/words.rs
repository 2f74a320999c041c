//! Stored words to samples: what the microscope containers share.

use crate::image::Samples;
use half::f16;
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
    macro_rules! words {
        ($sample:ident, $word:ty) => {
            Samples::$sample(if little {
                words(bytes, <$word>::from_le_bytes)
            } else {
                words(bytes, <$word>::from_be_bytes)
            })
        };
    }
    match kind {
        Kind::Bool => Samples::Bool(bytes.iter().map(|&b| u8::from(b != 0)).collect()),
        Kind::U8 => Samples::U8(bytes.to_vec()),
        Kind::I8 => Samples::I8(bytes.iter().map(|&b| b as i8).collect()),
        Kind::U16 => words!(U16, u16),
        Kind::I16 => words!(I16, i16),
        Kind::F16 => words!(F16, f16),
        Kind::U32 => words!(U32, u32),
        Kind::I32 => words!(I32, i32),
        Kind::F32 => words!(F32, f32),
        Kind::U64 => words!(U64, u64),
        Kind::I64 => words!(I64, i64),
        Kind::F64 => words!(F64, f64),
    }
}

/// Generic over `word`, not by pointer: only what is inlined is vectorised. Several threads share the cost of memory that
/// is touched for the first time.
fn words<T: Send, const N: usize>(bytes: &[u8], word: impl Fn([u8; N]) -> T + Sync) -> Vec<T> {
    bytes.as_chunks::<N>().0.par_iter().map(|&chunk| word(chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
