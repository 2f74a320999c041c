// Working grid -> the network's grid: each output pixel is the mean of 3 x 3 bilinear samples. Whole numbers throughout.

struct Params {
    width: u32,       // of the input, px
    height: u32,
    out_width: u32,
    out_height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grey: array<f32>;     // whole numbers 0 to 65535
@group(0) @binding(2) var<storage, read> columns: array<f32>;  // per sample: input column left of it, 256ths towards the next
@group(0) @binding(3) var<storage, read> rows: array<f32>;     // the same of rows
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const SAMPLES = 3u;

fn grey_at(x: u32, y: u32) -> u32 {
    return u32(grey[y * params.width + x]);
}

@compute @workgroup_size(64)
fn resample(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    var sum = 0u;
    for (var j = 0u; j < SAMPLES; j++) {
        let row = 2u * (id.y * SAMPLES + j);
        let y0 = u32(rows[row]);
        let y1 = min(y0 + 1u, params.height - 1u);
        let fy = u32(rows[row + 1u]);
        for (var i = 0u; i < SAMPLES; i++) {
            let column = 2u * (id.x * SAMPLES + i);
            let x0 = u32(columns[column]);
            let x1 = min(x0 + 1u, params.width - 1u);
            let fx = u32(columns[column + 1u]);
            let upper = grey_at(x0, y0) * (256u - fx) + grey_at(x1, y0) * fx;
            let lower = grey_at(x0, y1) * (256u - fx) + grey_at(x1, y1) * fx;
            sum += (upper * (256u - fy) + lower * fy + 32768u) >> 16u;
        }
    }
    out[id.y * params.out_width + id.x] = f32((sum + 4u) / 9u);
}
