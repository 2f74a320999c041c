//! Parameters lie in memory as the shaders read them.

use crate::shaders::module;
use bytemuck::Zeroable;
use cupule::calibrate::native::BinParams;
use cupule::denoise::native::NlmParams;
use cupule::gpu::{Kernel, kernels};
use cupule::network::native::{ConvolveParams, ResampleParams};
use cupule::segment::native::{BlurParams, ContourParams, GradientParams, HalveParams, PolarParams, VoteParams};
use naga::proc::Layouter;
use naga::{Module, ScalarKind, TypeInner};

/// A struct as it lies in memory: size, then name, offset, size and type of each member.
#[derive(Debug, Clone, PartialEq)]
struct Layout {
    size: u32,
    members: Vec<(String, u32, u32, String)>,
}

/// The layout of a Rust struct. All members must be named, or it doesn't compile.
macro_rules! layout {
    ($type:ident { $($member:ident),* }) => {{
        let value = $type::zeroed();
        let $type { $($member: _),* } = value;
        Layout {
            size: size_of::<$type>() as u32,
            members: vec![$((
                stringify!($member).to_owned(),
                std::mem::offset_of!($type, $member) as u32,
                size_of_val(&value.$member) as u32,
                std::any::type_name_of_val(&value.$member).to_owned(),
            )),*],
        }
    }};
}

fn rust_layouts() -> Vec<(&'static Kernel, Layout)> {
    vec![
        (&kernels::BIN, layout!(BinParams { width, out_width, out_height, factor, offset, scale })),
        (&kernels::NLM, layout!(NlmParams { width, height, search_radius, distance_max, weight_shift })),
        (&kernels::RESAMPLE, layout!(ResampleParams { width, height, out_width, out_height })),
        (
            &kernels::CONVOLVE,
            layout!(ConvolveParams {
                grid_width,
                grid_height,
                width,
                channels,
                enlarged,
                skip_channels,
                out_width,
                out_height,
                outputs,
                stride,
                scale,
                top
            }),
        ),
        (&kernels::HALVE, layout!(HalveParams { width, height, out_width, out_height })),
        (&kernels::BLUR, layout!(BlurParams { width, height, radius, axis })),
        (&kernels::GRADIENT, layout!(GradientParams { width, height, half_saturation })),
        (&kernels::VOTE, layout!(VoteParams { width, height, directions, radii })),
        (
            &kernels::POLAR,
            layout!(PolarParams { width, height, left, top, right, bottom, candidates, rays, positions }),
        ),
        (&kernels::CONTOUR, layout!(ContourParams { candidates, rays, positions, penalty })),
    ]
}

/// The layout of a shader's `Params`.
fn wgsl_layout(module: &Module) -> Layout {
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).unwrap();
    let (_, params) =
        module.types.iter().find(|(_, t)| t.name.as_deref() == Some("Params")).expect("a struct named Params");
    let TypeInner::Struct { members, span } = &params.inner else { panic!("Params is no struct") };
    let members = members.iter().map(|member| {
        let scalar = match module.types[member.ty].inner {
            TypeInner::Scalar(scalar) => scalar,
            ref other => panic!("{other:?}: parameters are plain scalars, so that no padding can hide"),
        };
        let kind = match scalar.kind {
            ScalarKind::Uint => "u",
            ScalarKind::Sint => "i",
            ScalarKind::Float => "f",
            other => panic!("{other:?} can't be shared with the host"),
        };
        let name = member.name.clone().unwrap_or_default();
        let ty = format!("{kind}{}", 8 * u32::from(scalar.width));
        (name, member.offset, layouter[member.ty].size, ty)
    });
    Layout { size: *span, members: members.collect() }
}

#[test]
fn parameters_lie_as_the_shaders_read_them() {
    let rust = rust_layouts();
    let names = |kernels: &mut dyn Iterator<Item = &'static Kernel>| kernels.map(|k| k.name).collect::<Vec<_>>();
    assert_eq!(names(&mut rust.iter().map(|(k, _)| *k)), names(&mut kernels::ALL.into_iter()));
    for (kernel, layout) in rust {
        assert_eq!(layout, wgsl_layout(&module(kernel)), "{}: Rust on the left, WGSL on the right", kernel.name);
    }
}

#[test]
fn a_swapped_a_missing_and_a_retyped_member_are_noticed() {
    let right = wgsl_layout(&module(&kernels::BLUR));
    let source = kernels::BLUR.source;
    for (text, fault) in [
        ("    width: u32,\n    height: u32,\n", "    height: u32,\n    width: u32,\n"),
        ("    axis: u32,", "    axis: u32, more: u32,"),
        ("    height: u32,", "    height: i32,"),
    ] {
        assert_eq!(source.matches(text).count(), 1, "{text}");
        // Only parsed: a retyped member makes the rest invalid.
        let module = naga::front::wgsl::parse_str(&source.replace(text, fault));
        match module {
            Ok(module) => assert_ne!(right, wgsl_layout(&module), "{fault}"),
            Err(error) => assert!(fault.contains("i32"), "{error}"),
        }
    }
}
