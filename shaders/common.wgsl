// Indexing, borders and slabs, in front of every shader.

// Position of a pixel in a row-major plane.
fn index(x: i32, y: i32, width: u32) -> u32 {
    return u32(y) * width + u32(x);
}

// Nearest position inside a picture: the border pixel is repeated outwards.
fn inside(v: i32, size: u32) -> i32 {
    return clamp(v, 0, i32(size) - 1);
}

// The part of the grid that a dispatch computes: a long one is cut into slabs.
struct Slab {
    first: vec3<u32>,        // its first invocation
    first_group: vec3<u32>,  // its first workgroup
}

@group(1) @binding(0) var<uniform> slab: Slab;

// Position in the whole grid of an invocation of this dispatch.
fn in_grid(invocation: vec3<u32>) -> vec3<u32> {
    return slab.first + invocation;
}
