// Convolution with a symmetric kernel along one axis; the border pixel is repeated outwards.

struct Params {
    width: u32,
    height: u32,
    radius: u32,  // px; the kernel has radius + 1 weights, the centre first
    axis: u32,    // 0 along rows, 1 along columns
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn at(x: i32, y: i32, offset: i32) -> f32 {
    let along_x = params.axis == 0u;
    let u = select(x, inside(x + offset, params.width), along_x);
    let v = select(inside(y + offset, params.height), y, along_x);
    return plane[index(u, v, params.width)];
}

@compute @workgroup_size(64)
fn blur(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    var sum = plane[index(x, y, params.width)] * weights[0];
    for (var k = 1; k <= i32(params.radius); k++) {
        sum += (at(x, y, -k) + at(x, y, k)) * weights[k];
    }
    out[index(x, y, params.width)] = sum;
}
