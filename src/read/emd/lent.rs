//! Bytes that somebody else owns, lent to the HDF5 decoder, which wants to own its source.
//!
//! A copy of the file would double the memory that a read takes, and files of some GB are common. So the bytes stay where
//! they are with a second thread, which hands out copies of the ranges that the decoder asks for: mostly headers, and the
//! chunks of one picture.

use crate::read::Fault;
use hdf5_reader::error::Error;
use hdf5_reader::storage::{Storage, StorageBuffer};
use hdf5_reader::{Hdf5File, OpenOptions};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

enum Request {
    /// Bytes wanted, within the file, and where to send them.
    Range(Range<usize>, Sender<Vec<u8>>),
    /// The file has been read.
    Stop,
}

/// The decoder's end.
struct Lent {
    len: u64,
    requests: Sender<Request>,
}

impl Storage for Lent {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_range(&self, offset: u64, len: usize) -> hdf5_reader::error::Result<StorageBuffer> {
        let end = offset.checked_add(len as u64).filter(|&end| end <= self.len);
        let end = end.ok_or(Error::UnexpectedEof { offset, needed: len as u64, available: self.len })?;
        let gone = || Error::Other("the file's bytes are gone".into());
        let (answer, answers) = channel();
        self.requests.send(Request::Range(offset as usize..end as usize, answer)).map_err(|_| gone())?;
        Ok(StorageBuffer::from_vec(answers.recv().map_err(|_| gone())?))
    }
}

/// Stops the lending thread, whatever becomes of the decoder.
struct Stop(Sender<Request>);

impl Drop for Stop {
    fn drop(&mut self) {
        // It fails only where the thread has ended already.
        let _ = self.0.send(Request::Stop);
    }
}

/// Opens a file of these bytes for the time of a call.
pub(super) fn with_file<T>(
    bytes: &[u8],
    options: OpenOptions,
    work: impl FnOnce(&Hdf5File) -> Result<T, Fault>,
) -> Result<T, Fault> {
    thread::scope(|scope| {
        let (requests, inbox) = channel();
        let lend = move || {
            while let Ok(Request::Range(range, answer)) = inbox.recv() {
                let _ = answer.send(bytes.get(range).unwrap_or_default().to_vec());
            }
        };
        thread::Builder::new()
            .spawn_scoped(scope, lend)
            .map_err(|e| Fault::unsupported(format!("there is no thread to read HDF5 with ({e})"), "try again"))?;
        let _stop = Stop(requests.clone());
        let storage = Arc::new(Lent { len: bytes.len() as u64, requests });
        work(&Hdf5File::from_storage_with_options(storage, options).map_err(super::fault)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_handed_out_and_bounded() {
        let bytes = [1, 2, 3, 4];
        let (requests, inbox) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                while let Ok(Request::Range(range, answer)) = inbox.recv() {
                    answer.send(bytes[range].to_vec()).unwrap();
                }
            });
            let _stop = Stop(requests.clone());
            let lent = Lent { len: 4, requests };
            assert_eq!(lent.read_range(1, 2).unwrap()[..], [2, 3]);
            assert!(lent.read_range(3, 2).is_err() && lent.read_range(u64::MAX, 1).is_err());
        });
    }

    #[test]
    fn what_is_no_hdf5_is_damaged() {
        let outcome = with_file(b"\x89HDF\r\n\x1a\nnothing", OpenOptions::default(), |_| Ok(()));
        assert!(matches!(outcome, Err(Fault::Damaged { .. })));
    }
}
