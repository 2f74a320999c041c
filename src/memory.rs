//! The program's allocator: the system's, with large pages for what is large, and large blocks kept for what comes next.
//!
//! Pictures are tens of megabytes. Touching fresh memory in pages of 4 KiB costs several times what reading or computing them
//! does: 30 ms were measured for 32 MiB, against 6 ms in pages of 2 MiB. Linux gives those on request. Still, one image takes and
//! gives back gigabytes in all, so that a seventh of its time went into clean pages; a block that was just given back is as
//! good, and costs nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests from this size on are large, bytes: below, most of a large page would lie idle.
const LARGE_BYTES: usize = 4 << 20;
/// Large blocks kept at most, bytes: half of what an image of 2048 x 2048 px takes at once.
const IDLE_MAX_BYTES: usize = 128 << 20;
/// The same, blocks.
const IDLE_MAX: usize = 24;
/// A block serves requests down to this share of its size: a smaller one would keep it from those it fits.
const SHARE_MIN: usize = 8;
/// In front of each large block stands its size. As large as the system aligns to, so that what follows is aligned, too.
const HEAD_BYTES: usize = 16;

/// The system's allocator, with large blocks kept.
pub struct LargePages {
    idle: Mutex<Idle>,
}

/// Large blocks that nobody uses, the one given back first at the front.
struct Idle {
    blocks: [Block; IDLE_MAX],
    count: usize,
    bytes: usize,
}

/// A block of the system's, its head included.
#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: the blocks belong to nobody but whoever takes them out.
unsafe impl Send for Idle {}

impl Idle {
    /// The smallest block that is large enough and not much too large.
    fn take(&mut self, bytes: usize) -> Option<Block> {
        let fits = |block: &Block| (bytes..=bytes.saturating_mul(SHARE_MIN)).contains(&block.bytes);
        let fitting = (0..self.count).filter(|at| fits(&self.blocks[*at]));
        let at = fitting.min_by_key(|at| self.blocks[*at].bytes)?;
        Some(self.remove(at))
    }

    fn remove(&mut self, at: usize) -> Block {
        let block = self.blocks[at];
        self.blocks.copy_within(at + 1..self.count, at);
        self.count -= 1;
        self.bytes -= block.bytes;
        block
    }
}

impl Block {
    /// The layout with which it was made.
    fn layout(bytes: usize) -> Layout {
        // SAFETY: the alignment is a power of two, and no request is as large as half of the address space.
        unsafe { Layout::from_size_align_unchecked(bytes, HEAD_BYTES) }
    }

    /// A new block, or none when there is no memory.
    unsafe fn new(bytes: usize, alloc: unsafe fn(&System, Layout) -> *mut u8) -> Option<Self> {
        let start = unsafe { alloc(&System, Self::layout(bytes)) };
        (!start.is_null()).then_some(Self { start: advise(start, bytes), bytes })
    }

    /// What the one who asked for it gets.
    unsafe fn lend(self) -> *mut u8 {
        unsafe {
            self.start.cast::<usize>().write(self.bytes);
            self.start.add(HEAD_BYTES)
        }
    }

    unsafe fn lent(address: *mut u8) -> Self {
        unsafe {
            let start = address.sub(HEAD_BYTES);
            Self { start, bytes: start.cast::<usize>().read() }
        }
    }

    unsafe fn free(self) {
        unsafe { System.dealloc(self.start, Self::layout(self.bytes)) };
    }
}

impl LargePages {
    /// Nothing is kept yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        const NONE: Block = Block { start: std::ptr::null_mut(), bytes: 0 };
        Self { idle: Mutex::new(Idle { blocks: [NONE; IDLE_MAX], count: 0, bytes: 0 }) }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a block; those that were kept longest make room for it.
    fn keep(&self, block: Block) {
        let mut idle = self.idle();
        // SAFETY: nobody else knows of these blocks any more.
        while idle.count > 0 && (idle.count == IDLE_MAX || idle.bytes + block.bytes > IDLE_MAX_BYTES) {
            unsafe { idle.remove(0).free() };
        }
        if block.bytes > IDLE_MAX_BYTES {
            return unsafe { block.free() };
        }
        let at = idle.count;
        idle.blocks[at] = block;
        idle.count += 1;
        idle.bytes += block.bytes;
    }
}

/// Whether a request is met from what is kept.
fn is_large(layout: Layout) -> bool {
    layout.size() >= LARGE_BYTES && layout.align() <= HEAD_BYTES
}

// SAFETY: small requests are handed on to the system's allocator unchanged. A large one gets what follows the head of a block
// that is large enough and aligned as the system aligns; the head tells the layout that the block was made with.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_large(layout) {
            return unsafe { System.alloc(layout) };
        }
        let bytes = layout.size() + HEAD_BYTES;
        let kept = self.idle().take(bytes);
        let block = kept.or_else(|| unsafe { Block::new(bytes, System::alloc) });
        block.map_or(std::ptr::null_mut(), |block| unsafe { block.lend() })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !is_large(layout) {
            return unsafe { System.alloc_zeroed(layout) };
        }
        let bytes = layout.size() + HEAD_BYTES;
        let kept = self.idle().take(bytes);
        if let Some(block) = kept {
            unsafe {
                let address = block.lend();
                address.write_bytes(0, layout.size());
                return address;
            }
        }
        let block = unsafe { Block::new(bytes, System::alloc_zeroed) };
        block.map_or(std::ptr::null_mut(), |block| unsafe { block.lend() })
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_large(layout), is_large(wanted)) {
            (false, false) => unsafe { System.realloc(old, layout, size) },
            (true, true) => unsafe {
                let block = Block::lent(old);
                let bytes = size + HEAD_BYTES;
                if (bytes..=bytes.saturating_mul(SHARE_MIN)).contains(&block.bytes) {
                    return old;
                }
                let start = System.realloc(block.start, Block::layout(block.bytes), bytes);
                if start.is_null() { start } else { Block { start: advise(start, bytes), bytes }.lend() }
            },
            _ => unsafe {
                let new = self.alloc(wanted);
                if !new.is_null() {
                    new.copy_from_nonoverlapping(old, layout.size().min(size));
                    self.dealloc(old, layout);
                }
                new
            },
        }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        if is_large(layout) {
            self.keep(unsafe { Block::lent(old) });
        } else {
            unsafe { System.dealloc(old, layout) }
        }
    }
}

/// Wishes for large pages under a block; where they are not granted, small ones do.
#[cfg(target_os = "linux")]
fn advise(block: *mut u8, bytes: usize) -> *mut u8 {
    /// What the kernel wants addresses to be a multiple of; larger pages than these are no harm.
    const PAGE_BYTES: usize = 1 << 16;
    if bytes >= LARGE_BYTES && !block.is_null() {
        let skip = block.align_offset(PAGE_BYTES);
        let whole = (bytes - skip) / PAGE_BYTES * PAGE_BYTES;
        // SAFETY: the range lies within the block, and the advice changes nothing about its content.
        unsafe { libc::madvise(block.add(skip).cast(), whole, libc::MADV_HUGEPAGE) };
    }
    block
}

#[cfg(not(target_os = "linux"))]
fn advise(block: *mut u8, _bytes: usize) -> *mut u8 {
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(bytes: usize) -> Layout {
        Layout::from_size_align(bytes, 8).unwrap()
    }

    #[test]
    fn a_block_given_back_is_handed_out_again() {
        let pages = LargePages::new();
        let (large, smaller) = (layout(2 * LARGE_BYTES), layout(LARGE_BYTES + 5));
        unsafe {
            let first = pages.alloc(large);
            first.write_bytes(7, large.size());
            pages.dealloc(first, large);
            let again = pages.alloc_zeroed(smaller);
            assert_eq!(first, again);
            assert!(std::slice::from_raw_parts(again, smaller.size()).iter().all(|b| *b == 0));
            again.write(9);
            // Within the block, beyond it, and down to what is not large.
            let (mut block, mut size) = (again, smaller.size());
            for to in [large.size(), 8 * LARGE_BYTES, 64] {
                block = pages.realloc(block, layout(size), to);
                assert_eq!(block.read(), 9);
                block.add(to - 1).write(1);
                size = to;
            }
            pages.dealloc(block, layout(size));
        }
    }

    #[test]
    fn no_more_is_kept_than_was_said() {
        let pages = LargePages::new();
        let layout = layout(IDLE_MAX_BYTES / 4 - HEAD_BYTES);
        let blocks: Vec<*mut u8> = (0..7).map(|_| unsafe { pages.alloc(layout) }).collect();
        blocks.into_iter().for_each(|block| unsafe { pages.dealloc(block, layout) });
        let idle = pages.idle.lock().unwrap();
        assert_eq!((idle.count, idle.bytes), (4, IDLE_MAX_BYTES));
    }
}
