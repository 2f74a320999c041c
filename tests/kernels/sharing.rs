//! One device for many threads and images: buffers are used again, nobody gets what is another's, and the device says
//! how long it worked.

use crate::device::with_adapter;
use cupule::gpu::{Device, Kernel, Plane, kernels};
use cupule::segment::native::HalveParams;

/// Threads, and pictures of each.
const THREADS: usize = 4;
const PICTURES: usize = 30;

/// Halves a picture of one value until a pixel is left, reading back now and then.
fn pyramid(device: &Device, value: f32, size: usize) -> Vec<f32> {
    let mut found = Vec::new();
    let mut plane = device.upload(vec![value; size * size]).unwrap();
    let mut size = size;
    while size > 1 {
        plane = halve(device, &kernels::HALVE, &plane, size);
        size = size.div_ceil(2);
        if size % 2 == 1 {
            found.extend(device.download(&plane).unwrap().iter());
        }
    }
    found
}

fn halve(device: &Device, kernel: &Kernel, plane: &Plane, size: usize) -> Plane {
    let out = size.div_ceil(2);
    let params = HalveParams { width: size as u32, height: size as u32, out_width: out as u32, out_height: out as u32 };
    device.run(kernel, &params, &[plane], out * out, [out, out, 1]).unwrap()
}

#[test]
fn threads_that_share_a_device_get_their_own_numbers() {
    with_adapter(|device| {
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    for i in 0..PICTURES {
                        // Sizes that share buffers with those of the others.
                        let (value, size) = ((thread * PICTURES + i) as f32, 40 + 24 * ((i + thread) % 3));
                        let found = pyramid(device, value, size);
                        assert!(!found.is_empty() && found.iter().all(|&v| v == value), "{thread}, {i}: {found:?}");
                    }
                });
            }
        });
    });
}

#[test]
fn an_error_belongs_to_what_was_computed_from_it() {
    with_adapter(|device| {
        let broken = Kernel { source: "@compute @workgroup_size(64) fn halve() { nonsense(); }", ..kernels::HALVE };
        let (good, bad) = (device.upload(vec![3.0; 64]).unwrap(), device.upload(vec![3.0; 64]).unwrap());
        let bad = halve(device, &broken, &bad, 8);
        let good = halve(device, &kernels::HALVE, &good, 8);
        let worse = halve(device, &kernels::HALVE, &bad, 4);
        assert_eq!(*device.download(&good).unwrap(), [3.0; 16]);
        let told = [&bad, &worse, &bad].map(|plane| device.download(plane).unwrap_err().to_string());
        assert!(told.iter().all(|text| *text == told[0] && text.contains("failed at halve")), "{told:?}");
        assert_eq!(*device.download(&good).unwrap(), [3.0; 16]);
    });
}

/// What lay in a buffer before is not part of a plane: a read beyond its end gives 0 or another of its numbers.
#[test]
fn a_plane_ends_where_it_ends() {
    with_adapter(|device| {
        let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
        let last = |values: Vec<f32>| {
            let plane = device.upload(values).unwrap();
            let out = device.run(&kernels::HALVE, &params, &[&plane], 2, [2, 1, 1]).unwrap();
            device.download(&out).unwrap()[1]
        };
        assert_eq!(last(vec![100.0; 8]), 100.0);
        // The mean of two numbers that are there and two that are not.
        let beyond = last(vec![1.0; 6]);
        assert!((0.5..=1.0).contains(&beyond), "{beyond}");
    });
}

#[test]
fn the_device_says_how_long_each_kernel_took() {
    with_adapter(|device| {
        device.take_passes();
        let size = 256;
        let plane = device.upload(vec![1.0; size * size]).unwrap();
        let half = halve(device, &kernels::HALVE, &plane, size);
        device.download(&halve(device, &kernels::HALVE, &half, size / 2)).unwrap();
        let passes = device.take_passes();
        if passes.is_empty() {
            return; // a device without a clock
        }
        assert_eq!(passes.iter().map(|p| (p.kernel, p.dispatches)).collect::<Vec<_>>(), [("halve", 2)]);
        assert!(passes[0].seconds > 0.0 && passes[0].seconds < 60.0, "{passes:?}");
        assert_eq!(passes[0].bytes, 4 * (256 * 256 + 2 * 128 * 128 + 64 * 64));
        assert!(device.take_passes().is_empty());
        assert!(Device::Native.take_passes().is_empty());
    });
}
