// Grey values of the file -> mean of factor x factor pixels on the working scale of 0 to 65535, rounded.

struct Params {
    width: u32,       // of the input, px
    out_width: u32,   // of the output, px
    out_height: u32,
    factor: u32,      // input pixels per output pixel along each axis
    offset: f32,      // grey value that becomes 0
    scale: f32,       // working units per grey value
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grey: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn bin(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    var sum = 0.0;
    for (var j = 0u; j < params.factor; j++) {
        for (var i = 0u; i < params.factor; i++) {
            sum += grey[(id.y * params.factor + j) * params.width + id.x * params.factor + i] - params.offset;
        }
    }
    out[id.y * params.out_width + id.x] = round(clamp(sum * params.scale, 0.0, 65535.0));
}
