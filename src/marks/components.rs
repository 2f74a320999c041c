//! Connected pieces of ink.

/// Pixels of one row, from `x0` up to but without `x1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub y: u32,
    pub x0: u32,
    pub x1: u32,
}

/// Pixels that hang together, corners included.
#[derive(Debug, Clone)]
pub(super) struct Component {
    /// Box around it; `x1` and `y1` are the first beyond.
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
    pub area: usize,
    /// From top to bottom.
    pub runs: Vec<Run>,
}

impl Component {
    pub fn width(&self) -> usize {
        self.x1 - self.x0
    }

    pub fn height(&self) -> usize {
        self.y1 - self.y0
    }
}

/// More runs than this are noise, not letters: a picture of 4096 x 4096 pixels full of text has a tenth.
const RUNS_MAX: usize = 3_000_000;

/// The pieces of the pixels for which `ink` holds, from top to bottom, if they are of a wanted size (width and height); none
/// where there are too many to be letters.
pub(super) fn components(
    value: &[u8],
    width: usize,
    ink: impl Fn(u8) -> bool,
    wanted: impl Fn(usize, usize) -> bool,
) -> Vec<Component> {
    let mut runs: Vec<Run> = Vec::new();
    let mut parent: Vec<u32> = Vec::new();
    // Where the runs of the row above begin and end.
    let mut above = 0..0;
    for (y, row) in value.chunks_exact(width).enumerate() {
        let first = runs.len();
        let mut x = 0;
        let mut next = above.start;
        while x < width {
            let Some(start) = row[x..].iter().position(|v| ink(*v)) else { break };
            let start = x + start;
            let end = row[start..].iter().position(|v| !ink(*v)).map_or(width, |n| start + n);
            let own = runs.len() as u32;
            parent.push(own);
            while next < above.end && (runs[next].x1 as usize) < start {
                next += 1;
            }
            let mut touching = next;
            while touching < above.end && runs[touching].x0 as usize <= end {
                let (a, b) = (root(&mut parent, touching as u32), root(&mut parent, own));
                parent[a.max(b) as usize] = a.min(b);
                touching += 1;
            }
            runs.push(Run { y: y as u32, x0: start as u32, x1: end as u32 });
            x = end;
        }
        if runs.len() > RUNS_MAX {
            return Vec::new();
        }
        above = first..runs.len();
    }
    // Boxes first: grain makes a million pieces, of which none is kept.
    let mut boxes = vec![[u32::MAX, 0, 0]; runs.len()];
    for (i, run) in runs.iter().enumerate() {
        let [x0, x1, y1] = &mut boxes[root(&mut parent, i as u32) as usize];
        *x0 = (*x0).min(run.x0);
        *x1 = (*x1).max(run.x1);
        *y1 = run.y + 1;
    }
    let mut place = vec![u32::MAX; runs.len()];
    let mut found: Vec<Component> = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let top = root(&mut parent, i as u32) as usize;
        if top == i {
            let [x0, x1, y1] = boxes[i];
            if !wanted((x1 - x0) as usize, (y1 - run.y) as usize) {
                continue;
            }
            place[i] = found.len() as u32;
            let (x0, x1, y0, y1) = (x0 as usize, x1 as usize, run.y as usize, y1 as usize);
            found.push(Component { x0, y0, x1, y1, area: 0, runs: Vec::new() });
        }
        if let Some(component) = found.get_mut(place[top] as usize) {
            component.area += (run.x1 - run.x0) as usize;
            component.runs.push(*run);
        }
    }
    found
}

/// First of the set that a run belongs to; shortens the way for the next who asks.
fn root(parent: &mut [u32], mut run: u32) -> u32 {
    while parent[run as usize] != run {
        parent[run as usize] = parent[parent[run as usize] as usize];
        run = parent[run as usize];
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hang_together_over_corners_and_from_below() {
        let picture = b"#.#.....#.....#....##";
        let found = components(picture, 7, |v| v == b'#', |_, _| true);
        let boxes: Vec<_> = found.iter().map(|c| (c.x0, c.y0, c.x1, c.y1, c.area)).collect();
        assert_eq!(boxes, [(0, 0, 3, 3, 4), (5, 2, 7, 3, 2)]);
        let found = components(picture, 7, |v| v == b'#', |_, height| height < 3);
        assert_eq!(found.iter().map(|c| (c.x0, c.area)).collect::<Vec<_>>(), [(5, 2)]);
    }
}
