// Indexing and borders, in front of every shader.

// Position of a pixel in a row-major plane.
fn index(x: i32, y: i32, width: u32) -> u32 {
    return u32(y) * width + u32(x);
}

// Nearest position inside a picture: the border pixel is repeated outwards.
fn inside(v: i32, size: u32) -> i32 {
    return clamp(v, 0, i32(size) - 1);
}
