//! A small bitmap font for what is written on overlays: digits, lower case, the point and the micro sign.

/// Columns and rows of a glyph; the last row is for descenders only.
pub const WIDTH: usize = 5;
pub const HEIGHT: usize = 8;
/// From one glyph to the next.
pub const ADVANCE: usize = WIDTH + 1;

/// Set pixels (column, row) of a character; none for one that is not in the font.
pub fn pixels(character: char) -> impl Iterator<Item = (usize, usize)> {
    let rows = GLYPHS.iter().find(|(c, _)| *c == character).map_or("", |(_, rows)| rows);
    rows.split('/').enumerate().flat_map(|(row, line)| {
        line.bytes().enumerate().filter(|&(_, b)| b == b'#').map(move |(column, _)| (column, row))
    })
}

#[rustfmt::skip]
const GLYPHS: &[(char, &str)] = &[
    ('0', " ### /#   #/#   #/#   #/#   #/#   #/ ### /     "),
    ('1', "  #  / ##  /  #  /  #  /  #  /  #  / ### /     "),
    ('2', " ### /#   #/    #/   # /  #  / #   /#####/     "),
    ('3', " ### /#   #/    #/  ## /    #/#   #/ ### /     "),
    ('4', "   # /  ## / # # /#  # /#####/   # /   # /     "),
    ('5', "#####/#    /#### /    #/    #/#   #/ ### /     "),
    ('6', " ### /#    /#    /#### /#   #/#   #/ ### /     "),
    ('7', "#####/    #/   # /  #  / #   / #   / #   /     "),
    ('8', " ### /#   #/#   #/ ### /#   #/#   #/ ### /     "),
    ('9', " ### /#   #/#   #/ ####/    #/    #/ ### /     "),
    ('.', "     /     /     /     /     / ##  / ##  /     "),
    ('µ', "     /     /#   #/#   #/#   #/##  #/# ## /#    "),
    ('a', "     /     / ### /    #/ ####/#   #/ ####/     "),
    ('b', "#    /#    /#### /#   #/#   #/#   #/#### /     "),
    ('c', "     /     / ####/#    /#    /#    / ####/     "),
    ('d', "    #/    #/ ####/#   #/#   #/#   #/ ####/     "),
    ('e', "     /     / ### /#   #/#####/#    / ### /     "),
    ('f', "  ## / #   /#### / #   / #   / #   / #   /     "),
    ('g', "     /     / ####/#   #/#   #/ ####/    #/ ### "),
    ('h', "#    /#    /#### /#   #/#   #/#   #/#   #/     "),
    ('i', "  #  /     / ##  /  #  /  #  /  #  / ### /     "),
    ('j', "   # /     /  ## /   # /   # /   # /#  # / ##  "),
    ('k', "#    /#    /#  # /# #  /##   /# #  /#  # /     "),
    ('l', " ##  /  #  /  #  /  #  /  #  /  #  / ### /     "),
    ('m', "     /     /## # /# # #/# # #/# # #/# # #/     "),
    ('n', "     /     /#### /#   #/#   #/#   #/#   #/     "),
    ('o', "     /     / ### /#   #/#   #/#   #/ ### /     "),
    ('p', "     /     /#### /#   #/#   #/#### /#    /#    "),
    ('q', "     /     / ####/#   #/#   #/ ####/    #/    #"),
    ('r', "     /     /# ## /##  #/#    /#    /#    /     "),
    ('s', "     /     / ####/#    / ### /    #/#### /     "),
    ('t', " #   / #   /#### / #   / #   / #   /  ## /     "),
    ('u', "     /     /#   #/#   #/#   #/#   #/ ####/     "),
    ('v', "     /     /#   #/#   #/#   #/ # # /  #  /     "),
    ('w', "     /     /#   #/# # #/# # #/# # #/ # # /     "),
    ('x', "     /     /#   #/ # # /  #  / # # /#   #/     "),
    ('y', "     /     /#   #/#   #/#   #/ ####/    #/ ### "),
    ('z', "     /     /#####/   # /  #  / #   /#####/     "),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_are_whole_and_all_different() {
        for (character, rows) in GLYPHS {
            assert_eq!(rows.split('/').map(str::len).collect::<Vec<_>>(), [WIDTH; HEIGHT], "{character}");
            assert_eq!(GLYPHS.iter().filter(|(_, other)| other == rows).count(), 1, "{character}");
        }
    }

    #[test]
    fn everything_written_on_an_overlay_can_be_written() {
        for text in ["0123456789.", "accepted", "border", "rejected", "no pixel size", "nm", "µm"] {
            for character in text.chars().filter(|c| *c != ' ') {
                assert!(pixels(character).count() > 1, "{character}");
            }
        }
    }
}
