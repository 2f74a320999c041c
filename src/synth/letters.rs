//! Letters made of strokes, for what is burned into pictures.

use super::dice::Dice;

/// Step from letter to letter, in heights.
pub(super) const ADVANCE: f64 = 0.75;
/// What text is made of.
const LETTERS: [char; 17] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'n', 'm', 'k', 'x', 'V', 'A', 'C'];

/// Width of a text of the given height.
pub(super) fn text_width(text: &str, high: f64) -> f64 {
    text.len() as f64 * ADVANCE * high
}

/// Letters and blanks at random.
pub(super) fn line_of_text(letters: usize, dice: &mut Dice) -> String {
    (0..letters).map(|_| if dice.chance(0.15) { ' ' } else { LETTERS[dice.count(0, LETTERS.len() - 1)] }).collect()
}

/// The line through the nodes of a grid, 3 wide and 5 high, that draws a letter.
pub(super) fn glyph(letter: char) -> &'static [u8] {
    match letter {
        '0' => &[0, 2, 14, 12, 0],
        '1' => &[3, 1, 13],
        '2' => &[0, 2, 8, 6, 12, 14],
        '3' => &[0, 2, 8, 6, 8, 14, 12],
        '4' => &[0, 6, 8, 2, 14],
        '5' => &[2, 0, 6, 8, 14, 12],
        '6' => &[2, 0, 12, 14, 8, 6],
        '7' => &[0, 2, 13],
        '8' => &[0, 2, 14, 12, 0, 6, 8],
        '9' => &[8, 6, 0, 2, 14, 12],
        'n' => &[12, 6, 8, 14],
        'm' => &[12, 6, 7, 13, 7, 8, 14],
        'k' => &[0, 12, 6, 5, 6, 14],
        'x' => &[3, 14, 10, 5, 12],
        'V' => &[0, 13, 2],
        'A' => &[12, 1, 14, 11, 9],
        'C' => &[2, 0, 12, 14],
        _ => &[],
    }
}
