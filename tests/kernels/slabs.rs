//! A dispatch that is cut into slabs computes what it computes in one piece.

use crate::device::with_adapter;
use crate::parity::cases;
use crate::pictures::pictures;
use cupule::gpu::{Device, Kernel, kernels};
use cupule::segment::native::HalveParams;

/// Workgroups per dispatch: each alone, some that divide nothing, and about a row of the larger pictures.
const GROUPS: [u32; 3] = [1, 3, 7];

#[test]
fn slabs_change_nothing() {
    with_adapter(|device| {
        for kernel in kernels::ALL {
            let mut cut = 0;
            // Larger than a workgroup in both directions, and all border.
            for picture in pictures().iter().filter(|p| ["cups", "dense", "tiny"].contains(&p.name)) {
                for case in cases(kernel, picture) {
                    let whole = bits((case.run)(device, kernel));
                    device.take_passes();
                    for groups in GROUPS {
                        let slabs = bits((case.run)(device, &Kernel { groups, ..*kernel }));
                        assert!(slabs == whole, "{} on {} in slabs of {groups}", kernel.name, case.name);
                    }
                    cut += device.take_passes().iter().map(|pass| pass.dispatches).sum::<usize>();
                }
            }
            assert_cut(kernel, cut);
        }
    });
}

/// Where the device counts its dispatches, some must have been cut.
fn assert_cut(kernel: &Kernel, dispatches: usize) {
    assert!(dispatches == 0 || dispatches > 3 * 10, "{}: {dispatches} dispatches", kernel.name);
}

fn bits(values: Vec<f32>) -> Vec<u32> {
    values.into_iter().map(f32::to_bits).collect()
}

/// A shader that ignores its slab computes the first one again and again.
#[test]
fn a_forgotten_slab_is_noticed() {
    with_adapter(|device| {
        let source = kernels::HALVE.source.replace("slab.first + invocation", "invocation").leak();
        let (params, inputs, expected) = column(300);
        let run = |kernel: &Kernel| halved(device, kernel, &params, &inputs);
        // First, so that no buffer holds what is expected.
        assert_ne!(run(&Kernel { source, groups: 64, ..kernels::HALVE }), expected);
        assert_eq!(run(&Kernel { groups: 64, ..kernels::HALVE }), expected);
    });
}

#[test]
fn more_groups_than_a_device_takes_along_an_axis_are_dispatched_all_the_same() {
    with_adapter(|device| {
        let (params, inputs, expected) = column(70_000);
        let kernel = Kernel { groups: u32::MAX, ..kernels::HALVE };
        assert_eq!(halved(device, &kernel, &params, &inputs), expected);
    });
}

/// A picture that is halved to a column, and what comes out.
fn column(height: usize) -> (HalveParams, Vec<f32>, Vec<f32>) {
    let params = HalveParams { width: 2, height: 2 * height as u32, out_width: 1, out_height: height as u32 };
    let input = (0..height).flat_map(|y| [y as f32; 4]).collect();
    (params, input, (0..height).map(|y| y as f32).collect())
}

fn halved(device: &Device, kernel: &Kernel, params: &HalveParams, input: &[f32]) -> Vec<f32> {
    let plane = device.upload(input.to_vec()).unwrap();
    let height = params.out_height as usize;
    let out = device.run(kernel, params, &[&plane], height, [1, height, 1]).unwrap();
    device.download(&out).unwrap().into_owned()
}
