//! A file's bytes in memory.
//!
//! Touching fresh memory page by page can cost several times the reading itself (30 ms against 6 ms were measured for 32
//! MiB), so it is asked for in large pages where the system has them, and shared among the threads.

use memmap2::MmapMut;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::Path;

/// Bytes that one thread reads at a time: two large pages of most processors.
const PIECE_BYTES: usize = 4 << 20;

/// The content of a file, as it was when it was read.
pub struct Content {
    /// At least one byte long, because nothing can't be mapped.
    memory: MmapMut,
    length: usize,
}

impl Content {
    /// Reads the first `length` bytes.
    pub(super) fn read(path: &Path, length: usize) -> io::Result<Self> {
        let mut memory = MmapMut::map_anon(length.max(1))?;
        // A wish: where it is not granted, small pages do.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        memory[..length].par_chunks_mut(PIECE_BYTES).enumerate().try_for_each(|(i, piece)| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start((i * PIECE_BYTES) as u64))?;
            file.read_exact(piece)
        })?;
        Ok(Self { memory, length })
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
}

impl AsRef<[u8]> for Content {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for length in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 7] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7 / 5) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            assert!(*Content::read(&path, length).unwrap() == bytes[..], "{length}");
            assert!(Content::read(&path, length + 1).is_err(), "{length}");
        }
    }
}
