//! Long dispatches in short ones: some systems end a driver's work after two seconds, and no device takes more than
//! 65535 workgroups along an axis.

/// Workgroups of one dispatch: a block out of a kernel's grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slab {
    pub first: [u32; 3],
    pub count: [u32; 3],
}

impl Slab {
    /// Bytes that the shader sees.
    pub const BYTES: u64 = 32;

    /// As `Slab` in `shaders/common.wgsl`: first invocation, first workgroup, each with its padding.
    pub fn uniform(&self, workgroup: [u32; 3]) -> [u32; 8] {
        let [x, y, z] = self.first;
        let [u, v, w] = [0, 1, 2].map(|axis| self.first[axis] * workgroup[axis]);
        [u, v, w, 0, x, y, z, 0]
    }

    /// How many workgroups it has.
    pub fn groups(&self) -> u32 {
        self.count.iter().product()
    }
}

/// Cuts a grid of workgroups into slabs of at most `most` (at least one), with at most `axis_most` along an axis: whole
/// rows if they fit, so that neighbours stay together.
pub fn slabs(groups: [u32; 3], most: u32, axis_most: u32) -> impl Iterator<Item = Slab> {
    let mut room = most.max(1);
    let size = groups.map(|groups| {
        let size = groups.min(axis_most).min(room).max(1);
        room = (room / size).max(1);
        size
    });
    let starts = move |axis: usize| (0..groups[axis]).step_by(size[axis] as usize);
    let count = move |axis: usize, first: u32| size[axis].min(groups[axis] - first);
    starts(2).flat_map(move |z| {
        starts(1).flat_map(move |y| {
            starts(0).map(move |x| Slab { first: [x, y, z], count: [count(0, x), count(1, y), count(2, z)] })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn slabs_cover_every_group_once_and_keep_the_limits() {
        for (groups, most, axis_most) in [
            ([7, 5, 3], 1000, 1000),
            ([7, 5, 3], 10, 1000),
            ([7, 5, 3], 1, 1000),
            ([7, 5, 3], 1000, 2),
            ([9, 1, 1], 4, 3),
        ] {
            let mut covered = HashSet::new();
            for slab in slabs(groups, most, axis_most) {
                assert!(slab.groups() <= most && slab.count.iter().all(|&c| c <= axis_most), "{slab:?}");
                for z in 0..slab.count[2] {
                    for y in 0..slab.count[1] {
                        for x in 0..slab.count[0] {
                            let group = [slab.first[0] + x, slab.first[1] + y, slab.first[2] + z];
                            assert!(covered.insert(group) && (0..3).all(|axis| group[axis] < groups[axis]), "{slab:?}");
                        }
                    }
                }
            }
            assert_eq!(covered.len() as u32, groups.iter().product::<u32>());
        }
    }

    #[test]
    fn what_fits_is_one_slab() {
        let whole = Slab { first: [0; 3], count: [16, 40, 2] };
        assert_eq!(slabs([16, 40, 2], 16 * 40 * 2, 65535).collect::<Vec<_>>(), [whole]);
        assert_eq!(slabs([16, 0, 2], 8, 65535).count(), 0);
        let rows: Vec<_> = slabs([16, 4, 1], 47, 65535).map(|slab| slab.count).collect();
        assert_eq!(rows, [[16, 2, 1], [16, 2, 1]]);
        assert_eq!(Slab { first: [1, 2, 3], count: [1; 3] }.uniform([64, 1, 2]), [64, 2, 6, 0, 1, 2, 3, 0]);
    }
}
