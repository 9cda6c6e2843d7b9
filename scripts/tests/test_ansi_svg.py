"""What the SVG of a terminal's screen shows."""

import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ansi_svg import BACKGROUND, CELL_HEIGHT, CELL_WIDTH, FOREGROUND, MARGIN, NAMED, TITLE_HEIGHT
from ansi_svg import Cell, Style, palette, parse, svg


def elements(screen, tag):
    """The elements of a screen's picture with a tag, without its frame and title."""
    root = ElementTree.fromstring(svg(screen, "a title"))
    return [element for element in root.iter(f"{{http://www.w3.org/2000/svg}}{tag}")][1:]


def paths(screen):
    """The paths of a screen's picture."""
    root = ElementTree.fromstring(svg(screen, "a title"))
    return [element.get("d") for element in root.iter("{http://www.w3.org/2000/svg}path")]


class Parsing(unittest.TestCase):
    def style_of(self, screen):
        return parse(screen)[0][-1].style

    def test_colors_are_named_indexed_or_given(self):
        self.assertEqual(self.style_of("\x1b[31mx").color, NAMED[1])
        self.assertEqual(self.style_of("\x1b[97mx").color, NAMED[15])
        self.assertEqual(self.style_of("\x1b[38;5;9mx").color, NAMED[9])
        self.assertEqual(self.style_of("\x1b[38;5;208mx").color, "#ff8700")
        self.assertEqual(self.style_of("\x1b[38;2;1;2;255mx").color, "#0102ff")
        self.assertEqual(self.style_of("\x1b[48;5;255mx").background, "#eeeeee")
        self.assertEqual(self.style_of("\x1b[31m\x1b[39mx").color, None)

    def test_the_palette_has_a_cube_and_grays(self):
        self.assertEqual([palette(16), palette(21), palette(196)], ["#000000", "#0000ff", "#ff0000"])
        self.assertEqual([palette(232), palette(255)], ["#080808", "#eeeeee"])

    def test_attributes_end_where_they_are_reset(self):
        self.assertEqual(self.style_of("\x1b[1;4mx"), Style(bold=True, underline=True))
        self.assertEqual(self.style_of("\x1b[1;4m\x1b[22mx"), Style(underline=True))
        self.assertEqual(self.style_of("\x1b[1;3;7m\x1b[mx"), Style())

    def test_a_style_continues_on_the_next_line(self):
        self.assertEqual(parse("\x1b[1mx\ny")[1], [Cell("y", Style(bold=True), 1)])

    def test_wide_and_combining_characters_have_their_columns(self):
        self.assertEqual([(cell.text, cell.columns) for cell in parse("語e\u0301")[0]], [("語", 2), ("e\u0301", 1)])

    def test_unknown_sequences_are_errors(self):
        for screen in ("\x1b[2Jx", "\x1b[99mx", "\x1b[38;7mx", "\tx", "\x1bx"):
            with self.assertRaises(ValueError, msg=repr(screen)):
                parse(screen)

    def test_hyperlinks_are_skipped(self):
        self.assertEqual(len(parse("\x1b]8;;https://burn.dev\x1b\\x\x1b]8;;\x1b\\")[0]), 1)


class Drawing(unittest.TestCase):
    def test_a_text_stands_at_its_column_and_fills_its_cells(self):
        first, second = elements("a <b>   & c", "text")
        self.assertEqual([first.text, first.get("x")], ["a <b>", str(MARGIN)])
        self.assertEqual([second.text, second.get("x")], ["& c", str(MARGIN + 8 * CELL_WIDTH)])
        self.assertEqual(second.get("textLength"), str(3 * CELL_WIDTH))

    def test_a_text_has_one_style(self):
        plain, bold = elements("ab\x1b[1;31mcd", "text")
        self.assertEqual([plain.get("fill"), plain.get("font-weight")], [None, None])
        self.assertEqual([bold.get("fill"), bold.get("font-weight")], [NAMED[1], "bold"])
        self.assertEqual(bold.get("x"), str(MARGIN + 2 * CELL_WIDTH))

    def test_a_box_is_four_lines(self):
        (path,) = paths("┌──┐\n│  │\n└──┘")
        self.assertEqual([path.count("H"), path.count("V"), path.count("M")], [2, 2, 4])

    def test_a_corner_is_not_a_cross(self):
        (path,) = paths("┌")
        x, y = MARGIN + CELL_WIDTH / 2, TITLE_HEIGHT + CELL_HEIGHT / 2
        right, bottom = MARGIN + CELL_WIDTH, TITLE_HEIGHT + CELL_HEIGHT
        self.assertEqual(path, f"M{x:g} {y:g}H{right}M{x:g} {y:g}V{bottom}")

    def test_blocks_beside_each_other_are_one_rectangle(self):
        (bar,) = elements("\x1b[38;5;9m████", "rect")
        self.assertEqual([bar.get("width"), bar.get("fill")], [str(4 * CELL_WIDTH), NAMED[9]])
        (bar,) = elements("█▌", "rect")
        self.assertEqual(bar.get("width"), str(CELL_WIDTH * 3 // 2))
        left, right = elements("▌█", "rect")
        self.assertEqual([left.get("width"), right.get("x")], [str(CELL_WIDTH // 2), str(MARGIN + CELL_WIDTH)])

    def test_every_bit_of_a_braille_character_is_a_dot(self):
        for bits in (0b1, 0b10010110, 0b11111111):
            (path,) = paths(chr(0x2800 + bits))
            self.assertEqual(path.count("M"), bits.bit_count())

    def test_reverse_swaps_the_colors(self):
        (background,) = elements("\x1b[7mx", "rect")
        (text,) = elements("\x1b[7mx", "text")
        self.assertEqual([background.get("fill"), text.get("fill")], [FOREGROUND, BACKGROUND])

    def test_the_picture_has_the_size_of_its_screen(self):
        root = ElementTree.fromstring(svg("12345\n1", "t"))
        self.assertEqual(root.get("width"), str(2 * MARGIN + 5 * CELL_WIDTH))
        self.assertEqual(root.get("height"), str(TITLE_HEIGHT + 2 * CELL_HEIGHT + MARGIN))


if __name__ == "__main__":
    unittest.main()
