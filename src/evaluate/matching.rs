//! Which prediction is which true region: one to one, with the largest sum of IoU.

use super::Region;
use std::collections::BTreeMap;

/// A true and a predicted region that share pixels, by their places in the lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    pub truth: usize,
    pub pred: usize,
    pub shared_px2: u64,
    /// Shared over united area, above 0 and at most 1.
    pub iou: f64,
}

/// Every pair that shares a pixel, sorted by truth, then prediction.
pub fn overlaps(truth: &[Region], pred: &[Region]) -> Vec<Overlap> {
    // Runs of the predictions by row and start, so that a true run meets only what may share columns with it.
    let mut rows: BTreeMap<u32, Vec<(u32, u32, usize)>> = BTreeMap::new();
    for (index, region) in pred.iter().enumerate() {
        for run in &region.runs {
            rows.entry(run.row).or_default().push((run.start, run.end, index));
        }
    }
    rows.values_mut().for_each(|runs| runs.sort_unstable());
    let mut found = Vec::new();
    for (index, region) in truth.iter().enumerate() {
        let mut shared: BTreeMap<usize, u64> = BTreeMap::new();
        for run in &region.runs {
            for &(start, end, other) in rows.get(&run.row).into_iter().flatten() {
                if start >= run.end {
                    break;
                }
                let common = end.min(run.end).saturating_sub(start.max(run.start));
                if common > 0 {
                    *shared.entry(other).or_default() += u64::from(common);
                }
            }
        }
        found.extend(shared.into_iter().map(|(other, shared_px2)| {
            let united = region.area_px2 + pred[other].area_px2 - shared_px2;
            Overlap { truth: index, pred: other, shared_px2, iou: shared_px2 as f64 / united as f64 }
        }));
    }
    found
}

/// The one-to-one choice among the overlaps of at least `iou_min` whose IoUs have the largest sum, sorted by truth.
///
/// Exact: the assignment problem is solved for each group of overlaps that hang together. Of two equal overlaps of one
/// region, a true region that counts wins over one that `is_neutral`, then the lower place: figures of label pictures do
/// not depend on the numbering.
pub fn matches(overlaps: &[Overlap], iou_min: f64, is_neutral: impl Fn(usize) -> bool) -> Vec<Overlap> {
    let candidates: Vec<Overlap> = overlaps.iter().copied().filter(|o| o.iou >= iou_min).collect();
    let rank = |truth| (is_neutral(truth), truth);
    let mut chosen: Vec<Overlap> = components(&candidates).iter().flat_map(|part| assign(part, &rank)).collect();
    chosen.sort_unstable_by_key(|o| (o.truth, o.pred));
    chosen
}

/// Groups of candidates that share regions, each in the order given.
fn components(candidates: &[Overlap]) -> Vec<Vec<Overlap>> {
    // Places of candidates by their region, true ones first.
    let mut of_region: BTreeMap<(bool, usize), Vec<usize>> = BTreeMap::new();
    for (i, o) in candidates.iter().enumerate() {
        of_region.entry((false, o.truth)).or_default().push(i);
        of_region.entry((true, o.pred)).or_default().push(i);
    }
    let mut is_taken = vec![false; candidates.len()];
    let mut groups = Vec::new();
    for first in 0..candidates.len() {
        let (mut members, mut open) = (Vec::new(), vec![first]);
        while let Some(i) = open.pop() {
            if std::mem::replace(&mut is_taken[i], true) {
                continue;
            }
            members.push(i);
            for region in [(false, candidates[i].truth), (true, candidates[i].pred)] {
                // Removed, so that each region's candidates are walked once.
                open.extend(of_region.remove(&region).unwrap_or_default());
            }
        }
        members.sort_unstable();
        if !members.is_empty() {
            groups.push(members.into_iter().map(|i| candidates[i]).collect());
        }
    }
    groups
}

/// The best one-to-one choice within a group; between equals the true region of the lower rank.
fn assign(group: &[Overlap], rank: &impl Fn(usize) -> (bool, usize)) -> Vec<Overlap> {
    let mut truths: Vec<(bool, usize)> = group.iter().map(|o| rank(o.truth)).collect();
    let mut preds: Vec<usize> = group.iter().map(|o| o.pred).collect();
    truths.sort_unstable();
    truths.dedup();
    preds.sort_unstable();
    preds.dedup();
    // The solver wants no more rows than columns.
    let is_wide = truths.len() <= preds.len();
    let (rows, columns) = if is_wide { (truths.len(), preds.len()) } else { (preds.len(), truths.len()) };
    let mut cell: Vec<Option<&Overlap>> = vec![None; rows * columns];
    for o in group {
        let (Ok(t), Ok(p)) = (truths.binary_search(&rank(o.truth)), preds.binary_search(&o.pred)) else { continue };
        let (row, column) = if is_wide { (t, p) } else { (p, t) };
        cell[row * columns + column] = Some(o);
    }
    let cost = |row: usize, column: usize| cell[row * columns + column].map_or(0.0, |o| -o.iou);
    let column_of = cheapest(rows, columns, cost);
    column_of.iter().enumerate().filter_map(|(row, &column)| cell[row * columns + column].copied()).collect()
}

/// Column of each row in the cheapest assignment of all rows to columns of their own, `rows <= columns`.
///
/// The Hungarian method with shortest augmenting paths (Jonker and Volgenant, Computing 38, 1987): rows are added one by
/// one, and each addition may rearrange those before along the cheapest path.
fn cheapest(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut row_price = vec![0.0; rows];
    let mut column_price = vec![0.0; columns];
    let mut row_of: Vec<Option<usize>> = vec![None; columns];
    for new in 0..rows {
        let mut distance = vec![f64::INFINITY; columns];
        let mut previous: Vec<Option<usize>> = vec![None; columns];
        let mut is_settled = vec![false; columns];
        // Paths start at the new row, of which `None` is the column.
        let (mut at, mut row, mut travelled) = (None, new, 0.0);
        let end = loop {
            for column in (0..columns).filter(|&c| !is_settled[c]) {
                let through = travelled + cost(row, column) - row_price[row] - column_price[column];
                if through < distance[column] {
                    (distance[column], previous[column]) = (through, at);
                }
            }
            let open = (0..columns).filter(|&c| !is_settled[c]);
            // A free column ends the path, so that equals prefer to leave others as they are.
            let nearest = open.min_by(|&a, &b| {
                distance[a].total_cmp(&distance[b]).then(row_of[a].is_some().cmp(&row_of[b].is_some()))
            });
            let Some(column) = nearest else { break None };
            is_settled[column] = true;
            travelled = distance[column];
            match row_of[column] {
                None => break Some(column),
                Some(taken) => (at, row) = (Some(column), taken),
            }
        };
        // Prices change so that no cell is cheaper than its row and column together, and chosen ones cost just that.
        row_price[new] += travelled;
        for column in (0..columns).filter(|&c| is_settled[c]) {
            if let Some(row) = row_of[column] {
                row_price[row] += travelled - distance[column];
            }
            column_price[column] -= travelled - distance[column];
        }
        let mut column = end;
        while let Some(c) = column {
            row_of[c] = previous[c].map_or(Some(new), |before| row_of[before]);
            column = previous[c];
        }
    }
    let mut column_of = vec![0; rows];
    for (column, row) in row_of.iter().enumerate() {
        if let Some(row) = *row {
            column_of[row] = column;
        }
    }
    column_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Largest sum by trying everything.
    fn best_sum(overlaps: &[Overlap], truth: usize, used: u32) -> f64 {
        let Some(last) = overlaps.iter().map(|o| o.truth).max().filter(|&last| truth <= last) else { return 0.0 };
        debug_assert!(truth <= last);
        let mut best = best_sum(overlaps, truth + 1, used);
        for o in overlaps.iter().filter(|o| o.truth == truth && used & (1 << o.pred) == 0) {
            best = best.max(o.iou + best_sum(overlaps, truth + 1, used | 1 << o.pred));
        }
        best
    }

    fn check(overlaps: &[Overlap]) {
        let chosen = matches(overlaps, 0.3, |t| t == 1);
        let kept: Vec<Overlap> = overlaps.iter().copied().filter(|o| o.iou >= 0.3).collect();
        let sum: f64 = chosen.iter().map(|o| o.iou).sum();
        let best = best_sum(&kept, 0, 0);
        assert!((sum - best).abs() < 1e-9, "{sum} instead of {best}: {overlaps:?}");
        for side in [|o: &Overlap| o.truth, |o: &Overlap| o.pred] {
            let mut seen: Vec<usize> = chosen.iter().map(side).collect();
            seen.sort_unstable();
            assert!(seen.windows(2).all(|w| w[0] != w[1]), "{chosen:?}");
        }
        assert!(chosen.iter().all(|o| kept.contains(o)));
    }

    #[test]
    fn no_choice_is_better_than_the_one_made() {
        let mut dice = ChaCha8Rng::seed_from_u64(3);
        for case in 0..3000 {
            let (truths, preds) = (dice.random_range(1..7), dice.random_range(1..7));
            let share: f64 = dice.random_range(0.1..1.0);
            // Half of the cases from few values, so that equals abound.
            let iou = |dice: &mut ChaCha8Rng| {
                let v: f64 = dice.random_range(0.1..1.0);
                if case % 2 == 0 { v } else { (v * 4.0).ceil() / 4.0 }
            };
            let mut overlaps = Vec::new();
            for truth in 0..truths {
                for pred in 0..preds {
                    if dice.random_range(0.0..1.0) < share {
                        overlaps.push(Overlap { truth, pred, shared_px2: 1, iou: iou(&mut dice) });
                    }
                }
            }
            check(&overlaps);
        }
    }

    #[test]
    fn a_greedy_choice_would_be_worse() {
        let of = |truth, pred, iou| Overlap { truth, pred, shared_px2: 1, iou };
        let chosen = matches(&[of(0, 0, 0.9), of(0, 1, 0.8), of(1, 0, 0.8)], 0.5, |_| false);
        assert_eq!(chosen.iter().map(|o| (o.truth, o.pred)).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }

    #[test]
    fn between_equals_what_counts_wins_then_the_lower_place() {
        let of = |truth, pred| Overlap { truth, pred, shared_px2: 1, iou: 0.5 };
        let places = |o: &[Overlap]| matches(o, 0.5, |t| t == 5).iter().map(|o| (o.truth, o.pred)).collect::<Vec<_>>();
        assert_eq!(places(&[of(0, 3), of(0, 4)]), [(0, 3)]);
        assert_eq!(places(&[of(3, 1), of(4, 1)]), [(3, 1)]);
        assert_eq!(places(&[of(5, 1), of(6, 1)]), [(6, 1)]);
    }

    #[test]
    fn regions_that_overlap_each_other_are_counted_in_full() {
        let run = |row, start, end| super::super::Run { row, start, end };
        let region = |runs: &[super::super::Run]| super::super::regions::of_runs(1, runs.to_vec(), (100, 100));
        let truth = [region(&[run(1, 1, 11), run(2, 1, 11)])];
        let pred = [region(&[run(1, 1, 11)]), region(&[run(1, 6, 16), run(2, 0, 2)]), region(&[run(3, 1, 9)])];
        let found: Vec<_> = overlaps(&truth, &pred).iter().map(|o| (o.pred, o.shared_px2, o.iou)).collect();
        assert_eq!(found, [(0, 10, 0.5), (1, 6, 6.0 / 26.0)]);
    }
}
