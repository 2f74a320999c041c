// Central differences, saturated: g / (|g| + half_saturation), so that a faint closed edge can vote as loudly as a
// strong piece of clutter. Both numbers of a pixel are packed into one word.

struct Params {
    width: u32,
    height: u32,
    half_saturation: f32,  // gradient length that becomes 0.5, grey per px
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn gradient(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    let w = params.width;
    let gx = 0.5 * (plane[index(inside(x + 1, w), y, w)] - plane[index(inside(x - 1, w), y, w)]);
    let gy = 0.5 * (plane[index(x, inside(y + 1, params.height), w)] - plane[index(x, inside(y - 1, params.height), w)]);
    let total = sqrt(gx * gx + gy * gy) + params.half_saturation;
    let factor = select(0.0, 1.0 / total, total > 0.0);
    out[index(x, y, w)] = packed(gx * factor, gy * factor);
}
