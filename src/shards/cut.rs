//! How many bytes go where.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Deals files out to chunks: as few of them as hold all with at most `files_max` in each, and about as many bytes in one
/// as in another. The largest file goes first, each to the chunk that has the fewest bytes then (R. L. Graham, "Bounds on
/// multiprocessing timing anomalies", 1969). The number of each file's chunk, from 0 on.
///
/// * `bytes`: lengths of the files in the order of their names; the same lengths are always dealt alike.
pub fn cut(bytes: &[u64], files_max: usize) -> Vec<u32> {
    let files_max = files_max.max(1);
    let count = bytes.len().div_ceil(files_max);
    let mut order: Vec<u32> = (0..bytes.len() as u32).collect();
    order.sort_by(|&a, &b| bytes[b as usize].cmp(&bytes[a as usize]).then(a.cmp(&b)));
    let mut chunks: BinaryHeap<Reverse<Load>> =
        (0..count as u32).map(|number| Reverse(Load { bytes: 0, files: 0, number })).collect();
    let mut chunk_of = vec![0; bytes.len()];
    for file in order {
        let Some(Reverse(mut load)) = chunks.pop() else { break };
        chunk_of[file as usize] = load.number;
        load.bytes += bytes[file as usize];
        load.files += 1;
        if load.files < files_max {
            chunks.push(Reverse(load));
        }
    }
    chunk_of
}

/// What a chunk has so far, in the order in which they take the next file.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Load {
    bytes: u64,
    /// Of files of no length each takes its share too.
    files: usize,
    number: u32,
}

/// Fewest and most bytes of all chunks.
pub fn range(bytes: &[u64], chunk_of: &[u32]) -> (u64, u64) {
    let mut sums = vec![0; chunk_of.iter().max().map_or(0, |&most| most as usize + 1)];
    bytes.iter().zip(chunk_of).for_each(|(bytes, &chunk)| sums[chunk as usize] += bytes);
    (sums.iter().copied().min().unwrap_or(0), sums.iter().copied().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(chunk_of: &[u32]) -> Vec<usize> {
        let mut counts = vec![0; chunk_of.iter().max().map_or(0, |&most| most as usize + 1)];
        chunk_of.iter().for_each(|&chunk| counts[chunk as usize] += 1);
        counts
    }

    #[test]
    fn chunks_have_about_as_many_bytes_and_never_too_many_files() {
        // Lengths between 1 and 40 MB, in no order.
        let bytes: Vec<u64> = (0..5003u64).map(|i| 1_000_000 + (i * 7_919_777) % 39_000_000).collect();
        let chunk_of = cut(&bytes, 200);
        assert_eq!(counts(&chunk_of).len(), 26);
        assert!(counts(&chunk_of).iter().all(|&count| count <= 200));
        let (least, most) = range(&bytes, &chunk_of);
        assert!((most - least) * 200 < most, "{least} to {most}: more than half a percent");
    }

    #[test]
    fn few_empty_and_uneven_files() {
        assert!(cut(&[], 200).is_empty());
        assert_eq!(range(&[], &[]), (0, 0));
        assert_eq!(cut(&[7], 200), [0]);
        assert_eq!(counts(&cut(&[0; 400], 200)), [200, 200]);
        assert_eq!(counts(&cut(&[0; 5], 2)).len(), 3);
        // One file that outweighs all others.
        let chunk_of = cut(&[1000, 1, 1, 1, 1, 1], 3);
        assert_eq!(counts(&chunk_of), [3, 3]);
        assert_eq!(range(&[1000, 1, 1, 1, 1, 1], &chunk_of), (3, 1002));
    }
}
