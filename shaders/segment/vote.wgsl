// How much a ring around each pixel looks like a closed edge: the mean over directions of the best radial derivative
// among a few radii (so that ovals vote too). For objects lighter, and darker, than their surroundings, packed into one word.

struct Params {
    width: u32,
    height: u32,
    directions: u32,
    radii: u32,      // radii tried along each direction
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<u32>;  // saturated, packed
@group(0) @binding(2) var<storage, read> ring: array<f32>;      // per direction: cos, sin, then dx, dy per radius, px
@group(0) @binding(3) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn vote(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let stride = 2u + 2u * params.radii;
    var lighter = 0.0;
    var darker = 0.0;
    for (var d = 0u; d < params.directions; d++) {
        let base = d * stride;
        let along = vec2<f32>(ring[base] / TOP, ring[base + 1u] / TOP);
        var best_lighter = -1.0;
        var best_darker = -1.0;
        for (var k = 0u; k < params.radii; k++) {
            let x = i32(id.x) + i32(ring[base + 2u + 2u * k]);
            let y = i32(id.y) + i32(ring[base + 3u + 2u * k]);
            // Read without a branch, which would cost more than the few reads that are in vain.
            let i = index(inside(x, params.width), inside(y, params.height), params.width);
            let known = x >= 0 && y >= 0 && x < i32(params.width) && y < i32(params.height);
            // Beyond the border nothing is known: a derivative of 0.
            let g = unpacked(gradient[i]);
            let outward = select(0.0, g.x * along.x + g.y * along.y, known);
            best_lighter = max(best_lighter, -outward);
            best_darker = max(best_darker, outward);
        }
        lighter += best_lighter;
        darker += best_darker;
    }
    let count = f32(params.directions);
    out[id.y * params.width + id.x] = packed(lighter / count, darker / count);
}
