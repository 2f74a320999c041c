//! The program's allocator: the system's, with large pages for what is large.
//!
//! Pictures are tens of megabytes. Touching fresh memory in pages of 4 KiB costs several times what reading or computing them
//! does: 30 ms were measured for 32 MiB, against 6 ms in pages of 2 MiB. Linux gives those on request.

use std::alloc::{GlobalAlloc, Layout, System};

/// Requests from this size on ask for large pages, bytes: below, most of a page would lie idle.
#[cfg(target_os = "linux")]
const LARGE_BYTES: usize = 4 << 20;

/// The system's allocator, asking for large pages.
pub struct LargePages;

// SAFETY: every call is handed on to the system's allocator unchanged; what is added only advises the kernel about memory
// that was just handed out.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        advise(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        advise(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        advise(unsafe { System.realloc(old, layout, size) }, size)
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
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
