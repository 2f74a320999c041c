//! Which particles the main page shows pictures of: the best of all, and no more in memory than that.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Most particles whose pictures are in one page: a browser shows that many at once (1,000 take half a second).
pub const THUMBS_MAX: usize = 2000;

/// A particle that could be shown, with its place in the queue.
#[derive(Debug)]
pub struct Candidate {
    pub rejected: bool,
    /// Vesicles: the number within the image, so that every image gets as many. Rejected ones: rising with doubt.
    pub rank: f64,
    pub image_number: usize,
    pub id: u32,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.rejected.cmp(&other.rejected).then(self.rank.total_cmp(&other.rank));
        order.then(self.image_number.cmp(&other.image_number)).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// The first [`THUMBS_MAX`] of all candidates, the last of them on top.
#[derive(Debug, Default)]
pub struct Queue(BinaryHeap<Candidate>);

impl Queue {
    /// Takes in a candidate, if there is room or it comes before another.
    pub fn push(&mut self, candidate: Candidate) {
        if self.0.len() < THUMBS_MAX {
            self.0.push(candidate);
        } else if let Some(mut last) = self.0.peek_mut()
            && candidate < *last
        {
            *last = candidate;
        }
    }

    /// Number of the image and id of those that are in, in no order.
    pub fn chosen(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.0.iter().map(|candidate| (candidate.image_number, candidate.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_all_are_kept_whatever_their_order() {
        let mut queue = Queue::default();
        let count = 3 * THUMBS_MAX;
        for i in 0..count {
            let place = i * 1009 % count;
            queue.push(Candidate { rejected: place % 2 == 1, rank: place as f64, image_number: place, id: 1 });
        }
        let mut chosen: Vec<usize> = queue.chosen().map(|(number, _)| number).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, (0..THUMBS_MAX).map(|i| 2 * i).collect::<Vec<_>>());
    }
}
