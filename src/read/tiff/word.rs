//! Rows of samples of 1 to 8 bytes, whatever they mean: bits to words, sums of differences, bytes sorted by weight.

use bytemuck::Pod;

/// An unsigned integer that holds the bits of a sample.
pub(super) trait Word: Pod + Send + Sync {
    fn swapped(self) -> Self;
    /// The sum without what goes beyond the word.
    fn plus(self, other: Self) -> Self;
    fn of(value: u64) -> Self;
    fn value(self) -> u64;
}

macro_rules! word {
    ($($type:ty)*) => {$(
        impl Word for $type {
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn of(value: u64) -> Self {
                value as $type
            }
            fn value(self) -> u64 {
                u64::from(self)
            }
        }
    )*};
}

word!(u8 u16 u32 u64);

/// Undoes the horizontal predictor: each sample was stored as its difference from the pixel before.
pub(super) fn sum_up<T: Word>(row: &mut [T], samples: usize) {
    if samples == 1 {
        let mut sum = T::zeroed();
        for sample in row {
            sum = sum.plus(*sample);
            *sample = sum;
        }
    } else {
        for i in samples..row.len() {
            row[i] = row[i].plus(row[i - samples]);
        }
    }
}

/// Undoes the floating point predictor (Adobe Photoshop TIFF Technical Note 3): of each row first came the highest bytes of
/// all samples, then the next ones, and each byte as its difference from the one a pixel before.
pub(super) fn gather_bytes<T: Word>(rows: &mut [T], row: usize, samples: usize) {
    let mut bytes = vec![0_u8; row * size_of::<T>()];
    for row in rows.chunks_exact_mut(row) {
        bytes.copy_from_slice(bytemuck::cast_slice(row));
        sum_up(&mut bytes, samples);
        let count = row.len();
        for (i, sample) in row.iter_mut().enumerate() {
            *sample = T::of((0..size_of::<T>()).fold(0, |word, k| word << 8 | u64::from(bytes[k * count + i])));
        }
    }
}

/// Samples of 1 to 32 bits that lie without gaps, the highest bit first whatever the byte order.
pub(super) fn unpack<T: Word>(bytes: &[u8], row: &mut [T], bits: u32) {
    let mut bytes = bytes.iter();
    let (mut buffer, mut valid) = (0_u64, 0);
    for sample in row {
        while valid < bits {
            buffer = buffer << 8 | u64::from(bytes.next().copied().unwrap_or(0));
            valid += 8;
        }
        valid -= bits;
        *sample = T::of(buffer >> valid & ((1 << bits) - 1));
    }
}

/// Leaves the low `bits` of each word, with the sign drawn out where there is one.
pub(super) fn settle<T: Word>(row: &mut [T], bits: u32, signed: bool) {
    let spare = 64 - bits;
    for sample in row {
        let high = sample.value() << spare;
        *sample = T::of(if signed { (high.cast_signed() >> spare).cast_unsigned() } else { high >> spare });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_summed_up_per_channel() {
        let mut row = [250_u8, 1, 10, 2, 0, 3];
        sum_up(&mut row, 2);
        assert_eq!(row, [250, 1, 4, 3, 4, 6]);
        let mut row = [65535_u16, 2, 3];
        sum_up(&mut row, 1);
        assert_eq!(row, [65535, 1, 4]);
    }

    #[test]
    fn bytes_are_gathered_by_weight() {
        // 1.0 and 2.0 are 3f800000 and 40000000; highest bytes 3f 40, then 80 00, as differences 3f 01 40 80 ...
        let stored = [0x3f_u8, 0x01, 0x40, 0x80, 0x00, 0x00, 0x00, 0x00];
        let mut row: Vec<u32> = stored.chunks(4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect();
        gather_bytes(&mut row, 2, 1);
        assert_eq!(row.iter().map(|&w| f32::from_bits(w)).collect::<Vec<_>>(), [1.0, 2.0]);
    }

    #[test]
    fn packed_bits_are_widened() {
        let mut row = [0_u16; 3];
        unpack(&[0xab, 0xcd, 0xef, 0x12, 0x30], &mut row, 12);
        assert_eq!(row, [0xabc, 0xdef, 0x123]);
        let mut row = [0_u8; 9];
        unpack(&[0b1010_0000, 0b1000_0000], &mut row, 1);
        assert_eq!(row, [1, 0, 1, 0, 0, 0, 0, 0, 1]);
        let mut row = [0_u32; 1];
        unpack(&[1, 2, 3, 4], &mut row, 32);
        assert_eq!(row, [0x0102_0304]);
    }

    #[test]
    fn signs_are_drawn_out() {
        let mut row = [0xfff_u16, 0x7ff, 0x1001];
        settle(&mut row, 12, true);
        assert_eq!(row.map(u16::cast_signed), [-1, 2047, 1]);
        settle(&mut row[..1], 12, false);
        assert_eq!(row[0], 0xfff);
    }
}
