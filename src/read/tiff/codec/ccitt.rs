//! Bilevel pictures in runs: modified Huffman, Group 3 in one and two dimensions, Group 4 (ITU-T T.4 and T.6; TIFF 6.0,
//! sections 10 and 11). The tables of codes are those of the `fax` crate. A black pixel is 1.

use super::super::page::{Compression, unsupported};
use crate::read::Fault;
use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader};
use std::convert::Infallible;

/// Zero bits that begin the end of a line, which may have more of them.
const LINE_END_ZEROS: u8 = 11;
/// The tables look further ahead than a code may be long, also at the end; no code is made of zeros.
const PADDING: [u8; 8] = [0; 8];
/// Codes of this length and more have another one behind them, pixels.
const MAKE_UP: u32 = 64;

/// Fills the rows of `out`, each of `width` bits.
pub(super) fn decode(compression: Compression, stored: &[u8], width: usize, out: &mut [u8]) -> Result<(), Fault> {
    let damaged = || Fault::damaged("the TIFF is cut off or damaged (its fax data are not valid)");
    let row_bytes = width.div_ceil(8);
    // A picture of several samples or bits has longer rows.
    if !out.len().is_multiple_of(row_bytes) {
        return Err(unsupported("the TIFF has fax data of more than 1 bit per pixel"));
    }
    let width = u32::try_from(width).map_err(|_| damaged())?;
    let bytes = stored.iter().chain(&PADDING).map(|&byte| Ok::<u8, Infallible>(byte));
    let Ok(reader) = ByteReader::new(bytes);
    let mut lines = Lines { reader, width, above: Vec::new(), line: Vec::new() };
    for row in out.chunks_exact_mut(row_bytes) {
        lines.next(compression).ok_or_else(damaged)?;
        paint(&lines.line, width, row);
    }
    Ok(())
}

/// Sets the bits between each change to black and the next change.
fn paint(changes: &[u32], width: u32, row: &mut [u8]) {
    row.fill(0);
    for run in changes.chunks(2) {
        let (from, to) = (run[0], run.get(1).copied().unwrap_or(width));
        for x in from..to.min(width) {
            row[x as usize / 8] |= 0x80 >> (x % 8);
        }
    }
}

/// The lines so far. A line is the places where the colour changes, from white on, in rising order and below the width.
struct Lines<R> {
    reader: R,
    width: u32,
    above: Vec<u32>,
    line: Vec<u32>,
}

impl<R: Iterator<Item = Result<u8, Infallible>>> Lines<ByteReader<R>> {
    fn next(&mut self, compression: Compression) -> Option<()> {
        std::mem::swap(&mut self.above, &mut self.line);
        self.line.clear();
        let in_two = match compression {
            Compression::CcittGroup4 => true,
            Compression::CcittGroup3 { two_dimensional } => self.line_end(two_dimensional)?,
            _ => {
                let Ok(()) = self.reader.consume(self.reader.bits_to_byte_boundary());
                false
            }
        };
        if in_two {
            self.two_dimensional()?
        } else {
            self.one_dimensional()?
        }
        // A change at the edge is none.
        while self.line.last().is_some_and(|&x| x >= self.width) {
            self.line.pop();
        }
        Some(())
    }

    /// Skips ends of lines; whether the next line is told by the one above.
    fn line_end(&mut self, two_dimensional: bool) -> Option<bool> {
        let mut in_two = false;
        while self.reader.peek(LINE_END_ZEROS)? == 0 {
            while self.reader.peek(1)? == 0 {
                let Ok(()) = self.reader.consume(1);
            }
            let Ok(()) = self.reader.consume(1);
            if two_dimensional {
                in_two = self.reader.peek(1)? == 0;
                let Ok(()) = self.reader.consume(1);
            }
        }
        Some(in_two)
    }

    fn run(&mut self, is_black: bool) -> Option<u32> {
        let mut sum = 0_u32;
        loop {
            let length = if is_black { black::decode(&mut self.reader) } else { white::decode(&mut self.reader) };
            let length = u32::from(length?);
            sum = sum.checked_add(length)?;
            if length < MAKE_UP {
                return Some(sum);
            }
        }
    }

    /// Notes a change; two in one place are none.
    fn change(&mut self, x: u32) {
        match self.line.last() {
            Some(&last) if last == x => drop(self.line.pop()),
            _ => self.line.push(x),
        }
    }

    fn one_dimensional(&mut self) -> Option<()> {
        let (mut x, mut is_black) = (0_u32, false);
        while x < self.width {
            x = x.checked_add(self.run(is_black)?)?;
            is_black = !is_black;
            self.change(x);
        }
        Some(())
    }

    fn two_dimensional(&mut self) -> Option<()> {
        // How far the line is known; `None` is the place before its first pixel.
        let mut known: Option<u32> = None;
        let mut is_black = false;
        // The changes of the line above that lie behind are never needed again, but for the last one.
        let mut i = 0_usize;
        while known.is_none_or(|x| x < self.width) {
            // The next change above from this colour to the other one.
            i = i.saturating_sub(2) / 2 * 2 + usize::from(is_black);
            while self.above.get(i).is_some_and(|&x| known.is_some_and(|known| x <= known)) {
                i += 2;
            }
            let above = |i: usize| self.above.get(i).copied().unwrap_or(self.width);
            match mode::decode(&mut self.reader)? {
                Mode::Pass => known = Some(above(i + 1)),
                Mode::Vertical(shift) => {
                    let x = above(i).checked_add_signed(i32::from(shift))?;
                    if known.is_some_and(|known| x < known) {
                        return None;
                    }
                    self.change(x);
                    known = Some(x);
                    is_black = !is_black;
                }
                Mode::Horizontal => {
                    let first = known.unwrap_or(0).checked_add(self.run(is_black)?)?;
                    let second = first.checked_add(self.run(!is_black)?)?;
                    self.change(first);
                    self.change(second);
                    known = Some(second);
                }
                // Parts without compression are allowed, but nobody is known to write them.
                Mode::Extension | Mode::EOF => return None,
            }
        }
        Some(())
    }
}
