// Mean of 2 x 2 pixels: the next, twice as coarse level of the pyramid. An odd last row or column repeats its pixel.

struct Params {
    width: u32,       // of the input, px
    height: u32,
    out_width: u32,   // half of it, rounded up
    out_height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn halve(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let x0 = i32(2u * id.x);
    let y0 = i32(2u * id.y);
    let x1 = inside(x0 + 1, params.width);
    let y1 = inside(y0 + 1, params.height);
    let upper = plane[index(x0, y0, params.width)] + plane[index(x1, y0, params.width)];
    let lower = plane[index(x0, y1, params.width)] + plane[index(x1, y1, params.width)];
    out[id.y * params.out_width + id.x] = (upper + lower) * 0.25;
}
