//! Buffers that are used again: a driver takes long to make one, and the kernels of one image need the sizes that those
//! of the last one needed.

use std::collections::VecDeque;

/// Bytes that lie idle at most: the largest planes of a tile of the network and what goes with them, not all that a
/// large picture once needed.
const IDLE_BYTES: u64 = 512 << 20;
/// Buffers that lie idle at most, so that looking through them costs nothing.
const IDLE_COUNT: usize = 128;
/// Buffers differ by this at least, bytes.
const STEP: u64 = 256;

/// Buffers of one use that wait to be used again.
///
/// A buffer may be given back while the device still works with it: all work goes through one queue in order, and wgpu
/// puts barriers between what uses the same buffer.
pub struct Pool<B> {
    /// The one that waits longest first.
    idle: VecDeque<(u64, B)>,
    bytes: u64,
}

impl<B> Default for Pool<B> {
    fn default() -> Self {
        Self { idle: VecDeque::new(), bytes: 0 }
    }
}

impl<B> Pool<B> {
    /// A buffer of the size, which is one of [`class`]: of several, the one that waits longest, because the device is
    /// done with it first.
    pub fn take(&mut self, size: u64) -> Option<B> {
        let at = self.idle.iter().position(|(of, _)| *of == size)?;
        self.bytes -= size;
        self.idle.remove(at).map(|(_, buffer)| buffer)
    }

    /// Takes a buffer back, and lets go of those that wait longest where too many do.
    pub fn give(&mut self, size: u64, buffer: B) {
        self.idle.push_back((size, buffer));
        self.bytes += size;
        while self.bytes > IDLE_BYTES || self.idle.len() > IDLE_COUNT {
            let Some((size, _)) = self.idle.pop_front() else { break };
            self.bytes -= size;
        }
    }

    /// Lets go of all; whether there were any.
    pub fn clear(&mut self) -> bool {
        self.bytes = 0;
        !std::mem::take(&mut self.idle).is_empty()
    }
}

/// Size of the buffer for so many bytes: a few sizes, at most an eighth too large, none above the device's largest
/// unless what is asked for is.
pub fn class(bytes: u64, largest: u64) -> u64 {
    let step = (bytes.max(1).ilog2().checked_sub(3)).map_or(STEP, |bits| STEP.max(1 << bits));
    bytes.max(1).div_ceil(step).saturating_mul(step).min(largest.max(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_few_and_hardly_too_large() {
        let largest = 1 << 31;
        assert_eq!([0, 1, 4, 256].map(|bytes| class(bytes, largest)), [256; 4]);
        for bytes in [257, 5000, 123_456_788, 1 << 30, (1 << 30) + 4] {
            let class = class(bytes, largest);
            assert!(
                class >= bytes && class - bytes <= (bytes / 8).max(STEP) && class.is_multiple_of(4),
                "{bytes} -> {class}"
            );
        }
        assert_eq!(class(largest - 4, largest - 4), largest - 4);
        assert_eq!(class(largest + 8, largest), largest + 8);
        assert_eq!(
            (1 << 20..1 << 21)
                .step_by(4)
                .map(|bytes| class(bytes, largest))
                .fold(Vec::new(), |mut seen, class| {
                    if seen.last() != Some(&class) {
                        seen.push(class);
                    }
                    seen
                })
                .len(),
            9
        );
    }

    #[test]
    fn a_buffer_comes_back_for_its_size_only() {
        let mut pool = Pool::default();
        pool.give(512, "old");
        pool.give(256, "small");
        pool.give(512, "new");
        assert_eq!(
            [pool.take(1024), pool.take(512), pool.take(512), pool.take(512)],
            [None, Some("old"), Some("new"), None]
        );
        assert!(pool.clear() && !pool.clear());
    }

    #[test]
    fn what_lies_idle_is_bounded() {
        let mut pool = Pool::default();
        for i in 0..3 {
            pool.give(IDLE_BYTES / 2, i);
        }
        assert_eq!([1, 2, 3].map(|_| pool.take(IDLE_BYTES / 2)), [Some(1), Some(2), None]);
        pool.give(IDLE_BYTES + 4, 4);
        assert_eq!(pool.take(IDLE_BYTES + 4), None);
        for i in 0..=IDLE_COUNT {
            pool.give(STEP, i as i32);
        }
        assert_eq!(pool.take(STEP), Some(1));
    }
}
