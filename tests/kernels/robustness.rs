//! What goes wrong on a device is an error that can be told, and never the end of the device.

use crate::device::with_adapter;
use bytemuck::{Pod, Zeroable};
use cupule::error::{Error, Result};
use cupule::gpu::{self, Device, DeviceKind, DeviceRequest, Kernel, Plane, kernels};
use cupule::segment::native::HalveParams;
use std::borrow::Cow;

fn is_device_error<T>(result: Result<T>, what: &str) {
    match result {
        Err(error @ Error::Device { .. }) => assert_eq!(error.exit_code(), 5),
        Err(other) => panic!("{what}: {other}"),
        Ok(_) => panic!("{what} went well"),
    }
}

/// The error of a kernel, which comes out where its numbers are read, at the latest.
fn run<P: Pod>(
    device: &Device,
    kernel: &Kernel,
    params: &P,
    inputs: &[&Plane],
    out_len: usize,
    grid: [usize; 3],
) -> Result<Vec<f32>> {
    let out = device.run(kernel, params, inputs, out_len, grid)?;
    device.download(&out).map(Cow::into_owned)
}

/// A small dispatch with a known result.
fn assert_works(device: &Device, after: &str) {
    let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
    let plane = device.upload(vec![1.0, 3.0, 10.0, 30.0, 5.0, 7.0, 50.0, 70.0]).unwrap();
    let out = device.run(&kernels::HALVE, &params, &[&plane], 2, [2, 1, 1]).unwrap();
    assert_eq!(*device.download(&out).unwrap(), [4.0, 40.0], "after {after}");
}

#[test]
fn asking_for_a_gpu_never_gives_a_software_one() {
    let hardware = gpu::list().iter().any(|d| d.kind == DeviceKind::Hardware);
    let asked = Device::open(&DeviceRequest::Gpu);
    let automatic = Device::open(&DeviceRequest::Auto).unwrap().info().kind;
    if hardware {
        assert_eq!(asked.unwrap().info().kind, DeviceKind::Hardware);
    } else {
        is_device_error(asked, "a GPU where there is none");
        assert_eq!(automatic, DeviceKind::Native);
    }
    assert_ne!(automatic, DeviceKind::Software);
}

#[test]
fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
    let Err(error) = Device::open(&DeviceRequest::Named("no such adapter".into())) else { panic!("opened") };
    assert_eq!(error.exit_code(), 5);
    for known in gpu::list().iter().filter(|d| d.kind != DeviceKind::Native) {
        assert!(error.to_string().contains(&known.name) || cfg!(not(feature = "gpu")), "{error}");
    }
}

#[test]
fn a_buffer_beyond_the_devices_memory_is_an_error() {
    with_adapter(|device| {
        let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
        let plane = device.upload(vec![0.0; 8]).unwrap();
        // 4 TiB.
        is_device_error(run(device, &kernels::HALVE, &params, &[&plane], 1 << 40, [2, 1, 1]), "an output of 4 TiB");
        assert_works(device, "an output of 4 TiB");
        // 2 GiB and a bit of zeros, which cost the host nothing until they are read. Hardware may take them.
        let plane = device.upload(vec![0.0; (1 << 29) + 1]).unwrap();
        let result = run(device, &kernels::HALVE, &params, &[&plane], 2, [2, 1, 1]);
        if device.info().kind == DeviceKind::Software {
            is_device_error(result, "an upload of more than 2 GiB");
        }
        assert_works(device, "a large upload");
    });
}

#[test]
fn an_input_beyond_the_largest_binding_is_an_error() {
    with_adapter(|device| {
        if device.info().kind != DeviceKind::Software {
            return; // lavapipe binds 128 MiB at most; hardware takes what fits
        }
        let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
        let plane = device.upload(vec![0.0; (1 << 25) + 1]).unwrap();
        is_device_error(
            run(device, &kernels::HALVE, &params, &[&plane], 2, [2, 1, 1]),
            "an input of more than 128 MiB",
        );
        assert_works(device, "a large input");
    });
}

#[test]
fn a_dispatch_of_too_many_groups_is_an_error() {
    with_adapter(|device| {
        let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
        let plane = device.upload(vec![0.0; 8]).unwrap();
        // Its low 32 bits are 0.
        is_device_error(run(device, &kernels::HALVE, &params, &[&plane], 2, [2, 1 << 40, 1]), "endless rows");
        assert_works(device, "endless rows");
    });
}

#[test]
fn a_shader_that_does_not_compile_is_an_error_every_time() {
    with_adapter(|device| {
        let broken = Kernel { source: "@compute @workgroup_size(64) fn halve() { nonsense(); }", ..kernels::HALVE };
        let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
        let plane = device.upload(vec![0.0; 8]).unwrap();
        for time in ["the first time", "the second time"] {
            is_device_error(run(device, &broken, &params, &[&plane], 2, [2, 1, 1]), time);
            assert_works(device, time);
        }
    });
}

#[test]
fn missing_inputs_and_short_parameters_are_errors() {
    #[repr(C)]
    #[derive(Clone, Copy, Pod, Zeroable)]
    struct Short {
        width: u32,
    }
    with_adapter(|device| {
        let params = HalveParams { width: 4, height: 2, out_width: 2, out_height: 1 };
        let plane = device.upload(vec![0.0; 8]).unwrap();
        is_device_error(run(device, &kernels::HALVE, &params, &[], 2, [2, 1, 1]), "no input");
        is_device_error(run(device, &kernels::HALVE, &Short { width: 4 }, &[&plane], 2, [2, 1, 1]), "short parameters");
        assert_works(device, "wrong bindings");
    });
}
