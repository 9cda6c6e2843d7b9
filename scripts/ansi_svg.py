#!/usr/bin/env python3
"""Draws a terminal's screen as an SVG.

    tmux capture-pane -e -p | scripts/ansi_svg.py --title 'zoo train' > screen.svg

Reads text with SGR escape sequences: bold, dim, italic, underline, reverse, the 16 named colors, the
256 indexed colors and 24-bit colors. Lines, blocks and Braille dots are drawn as shapes, so that they
do not depend on the reader's fonts; other characters are text, fitted to their cells. The picture has a
dark background of its own, and looks the same on a light page and on a dark one.
"""

import argparse
import re
import sys
import unicodedata
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

CELL_WIDTH, CELL_HEIGHT = 8, 17
MARGIN, TITLE_HEIGHT = 12, 32
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace"
BACKGROUND, FOREGROUND, FRAME, TITLE = "#14171c", "#d5dae1", "#3b424d", "#9aa4b2"
# The 16 named colors, normal and bright, for a dark background.
NAMED = [
    "#3b424d", "#e5655e", "#7cb86a", "#d8a84e", "#5b9be6", "#b98be0", "#4fb3bf", "#d5dae1",
    "#6b7480", "#f47067", "#8ddb8c", "#eac55f", "#6cb6ff", "#d2a8ff", "#76d9e6", "#ffffff",
]
# The arms of a line character, from the center of its cell: left, right, up, down.
ARMS = {
    **dict.fromkeys("─━═╌╍┄┅┈┉", "lr"), **dict.fromkeys("│┃║╎╏┆┇┊┋", "ud"),
    **dict.fromkeys("┌┏╔╭", "rd"), **dict.fromkeys("┐┓╗╮", "ld"),
    **dict.fromkeys("└┗╚╰", "ru"), **dict.fromkeys("┘┛╝╯", "lu"),
    **dict.fromkeys("├┣╠", "rud"), **dict.fromkeys("┤┫╣", "lud"),
    **dict.fromkeys("┬┳╦", "lrd"), **dict.fromkeys("┴┻╩", "lru"), **dict.fromkeys("┼╋╬", "lrud"),
    **dict.fromkeys("╴╸", "l"), **dict.fromkeys("╶╺", "r"),
    **dict.fromkeys("╵╹", "u"), **dict.fromkeys("╷╻", "d"),
}
# Left, top, width and height of a block character, in eighths of its cell, and its opacity.
BLOCKS = {
    "█": (0, 0, 8, 8, 1), "▀": (0, 0, 8, 4, 1), "▐": (4, 0, 4, 8, 1),
    "░": (0, 0, 8, 8, 0.25), "▒": (0, 0, 8, 8, 0.5), "▓": (0, 0, 8, 8, 0.75),
    **{chr(0x2590 - eighths): (0, 0, eighths, 8, 1) for eighths in range(1, 8)},
    **{chr(0x2580 + eighths): (0, 8 - eighths, 8, eighths, 1) for eighths in range(1, 8)},
}
# Column and row of the dots of a Braille character, by bit.
DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
ESCAPE = re.compile(r"\x1b\[([0-9;:]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


@dataclass(frozen=True)
class Style:
    """How a cell is drawn; a color is None where it is the terminal's own."""

    color: str | None = None
    background: str | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False

    def colors(self) -> tuple[str, str | None]:
        """The colors of the character and of the cell behind it."""
        if self.reverse:
            return self.background or BACKGROUND, self.color or FOREGROUND
        return self.color or FOREGROUND, self.background


@dataclass(frozen=True)
class Cell:
    """A character with the number of columns that it takes."""

    text: str
    style: Style
    columns: int


def palette(index: int) -> str:
    """The color of an index of 256: 16 named colors, a cube of 6 × 6 × 6, 24 grays."""
    if index < 16:
        return NAMED[index]
    if index < 232:
        steps = [0, 95, 135, 175, 215, 255]
        red, green, blue = (steps[(index - 16) // 6**place % 6] for place in (2, 1, 0))
    else:
        red = green = blue = 8 + 10 * (index - 232)
    return f"#{red:02x}{green:02x}{blue:02x}"


def extended_color(codes: list[int]) -> str:
    """Takes the color that follows a 38 or 48 from the codes."""
    kind = codes.pop(0)
    if kind == 5:
        return palette(codes.pop(0))
    if kind == 2:
        red, green, blue = codes.pop(0), codes.pop(0), codes.pop(0)
        return f"#{red:02x}{green:02x}{blue:02x}"
    raise ValueError(f"unknown kind of color: {kind}")


ATTRIBUTES = {
    1: {"bold": True}, 2: {"dim": True}, 3: {"italic": True}, 4: {"underline": True},
    7: {"reverse": True}, 22: {"bold": False, "dim": False}, 23: {"italic": False},
    24: {"underline": False}, 27: {"reverse": False}, 39: {"color": None}, 49: {"background": None},
    **{30 + index: {"color": color} for index, color in enumerate(NAMED[:8])},
    **{40 + index: {"background": color} for index, color in enumerate(NAMED[:8])},
    **{90 + index: {"color": color} for index, color in enumerate(NAMED[8:])},
    **{100 + index: {"background": color} for index, color in enumerate(NAMED[8:])},
}


def restyle(style: Style, parameters: str) -> Style:
    """The style after an SGR sequence with these parameters."""
    codes = [int(code or 0) for code in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in (38, 48):
            field = "color" if code == 38 else "background"
            style = replace(style, **{field: extended_color(codes)})
        elif code in ATTRIBUTES:
            style = replace(style, **ATTRIBUTES[code])
        else:
            raise ValueError(f"unknown SGR code: {code}")
    return style


def parse(screen: str) -> list[list[Cell]]:
    """The cells of each line of a screen."""
    rows, style = [], Style()
    for line in screen.rstrip("\n").split("\n"):
        row, at = [], 0
        while at < len(line):
            sequence = ESCAPE.match(line, at)
            if sequence:
                at = sequence.end()
                if sequence.group(2) == "m":
                    style = restyle(style, sequence.group(1))
                elif sequence.group(2):
                    raise ValueError(f"unknown escape sequence: {sequence.group()!r}")
                continue
            character, at = line[at], at + 1
            if unicodedata.category(character) == "Cc":
                raise ValueError(f"unknown control character: {character!r}")
            if row and (unicodedata.combining(character) or character in "\ufe0e\ufe0f\u200d"):
                row[-1] = replace(row[-1], text=row[-1].text + character)
                continue
            is_wide = unicodedata.east_asian_width(character) in "WF"
            row.append(Cell(character, style, 2 if is_wide else 1))
        rows.append(row)
    return rows


def number(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Canvas:
    """The shapes of a picture, by color."""

    def __init__(self) -> None:
        self.rectangles: list[list] = []
        self.lines: dict[str, list[list[float]]] = {}
        self.dots: dict[str, list[str]] = {}
        self.texts: list[str] = []

    def rectangle(self, x: float, y: float, width: float, height: float, fill: tuple) -> None:
        """Adds a rectangle, or widens the one that ends where it starts."""
        last = self.rectangles[-1] if self.rectangles else None
        if last and last == [x - last[2], y, last[2], height, fill]:
            last[2] += width
        else:
            self.rectangles.append([x, y, width, height, fill])

    def line(self, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
        """Adds a line, or lengthens one that ends where it starts, in its direction."""
        lines = self.lines.setdefault(color, [])
        axis = 0 if start[1] == end[1] else 1
        for known in reversed(lines):
            if known[4] == axis and (known[2], known[3]) == start:
                known[2], known[3] = end
                return
        lines.append([*start, *end, axis])

    def shape(self, cell: Cell, x: float, y: float) -> bool:
        """Draws a line, a block or Braille dots; false for any other character."""
        color, _ = cell.style.colors()
        middle, center = x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2
        if cell.text in ARMS:
            arms = ARMS[cell.text]
            ends = {
                "l": (x, center),
                "r": (x + CELL_WIDTH, center),
                "u": (middle, y),
                "d": (middle, y + CELL_HEIGHT),
            }
            for before, after in ("lr", "ud"):
                if before in arms or after in arms:
                    start = ends[before] if before in arms else (middle, center)
                    self.line(start, ends[after] if after in arms else (middle, center), color)
        elif cell.text in BLOCKS:
            left, top, width, height, opacity = BLOCKS[cell.text]
            across, down = CELL_WIDTH / 8, CELL_HEIGHT / 8
            x, y = x + left * across, y + top * down
            self.rectangle(x, y, width * across, height * down, (color, opacity))
        elif 0x2800 <= ord(cell.text[0]) < 0x2900:
            for bit, (column, row) in enumerate(DOTS):
                if ord(cell.text[0]) >> bit & 1:
                    dot_x = x + CELL_WIDTH * (column + 0.5) / 2
                    dot_y = y + CELL_HEIGHT * (row + 0.5) / 4
                    self.dots.setdefault(color, []).append(f"M{number(dot_x)} {number(dot_y)}h0")
        else:
            return False
        return True

    def text(self, text: str, style: Style, columns: int, x: float, y: float) -> None:
        """Adds a text of one style, fitted to its columns."""
        color, _ = style.colors()
        look = "".join(
            attribute
            for attribute, applies in (
                (f' fill="{color}"', color != FOREGROUND),
                (' font-weight="bold"', style.bold),
                (' font-style="italic"', style.italic),
                (' text-decoration="underline"', style.underline),
                (' opacity=".6"', style.dim),
            )
            if applies
        )
        baseline = number(y + CELL_HEIGHT - 4.5)
        self.texts.append(
            f'<text x="{number(x)}" y="{baseline}" textLength="{columns * CELL_WIDTH}"{look}>'
            f"{escape(text)}</text>"
        )

    def row(self, row: list[Cell], y: float) -> None:
        """Draws the cells of a line."""
        x, run = MARGIN, []
        for cell in row:
            _, background = cell.style.colors()
            width = cell.columns * CELL_WIDTH
            if background:
                self.rectangle(x, y, width, CELL_HEIGHT, (background, 1))
            # A text ends with its style, before a shape, and before a gap.
            is_blank = cell.text == " " and not cell.style.underline
            is_shape = self.shape(cell, x, y)
            is_next_text = run and cell.style != run[0].style
            if is_shape or is_next_text or (run and is_blank and run[-1].text == " "):
                self.flush(run, x, y)
                run = []
            if not is_shape and (run or not is_blank):
                run.append(cell)
            x += width
        self.flush(run, x, y)

    def flush(self, run: list[Cell], end: float, y: float) -> None:
        """Draws a run of cells that ends at a column, without the spaces behind it."""
        columns = sum(cell.columns for cell in run)
        start = end - columns * CELL_WIDTH
        while run and run[-1].text == " " and not run[-1].style.underline:
            columns -= run.pop().columns
        if run:
            self.text("".join(cell.text for cell in run), run[0].style, columns, start, y)

    def elements(self) -> list[str]:
        """The SVG elements of everything that was drawn."""
        drawn = []
        for x, y, width, height, (color, opacity) in self.rectangles:
            shade = "" if opacity == 1 else f' opacity="{opacity}"'
            drawn.append(
                f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                f'height="{number(height)}" fill="{color}"{shade}/>'
            )
        for color, lines in self.lines.items():
            path = "".join(
                f"M{number(x)} {number(y)}" + (f"V{number(to_y)}" if axis else f"H{number(to_x)}")
                for x, y, to_x, to_y, axis in lines
            )
            drawn.append(f'<path d="{path}" stroke="{color}" stroke-linecap="square" fill="none"/>')
        for color, dots in self.dots.items():
            drawn.append(
                f'<path d="{"".join(dots)}" stroke="{color}" stroke-width="2.4" '
                f'stroke-linecap="round" fill="none"/>'
            )
        return drawn + self.texts


def svg(screen: str, title: str) -> str:
    """The picture of a screen, with a title above it."""
    rows = parse(screen)
    columns = max(sum(cell.columns for cell in row) for row in rows)
    width = 2 * MARGIN + columns * CELL_WIDTH
    height = TITLE_HEIGHT + len(rows) * CELL_HEIGHT + MARGIN
    canvas = Canvas()
    for index, row in enumerate(rows):
        canvas.row(row, TITLE_HEIGHT + index * CELL_HEIGHT)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="{FONTS}" font-size="13" '
            f'fill="{FOREGROUND}" style="white-space:pre">',
            f"<title>{escape(title)}</title>",
            f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" '
            f'fill="{BACKGROUND}" stroke="{FRAME}"/>',
            f'<text x="{width // 2}" y="21" text-anchor="middle" fill="{TITLE}">{escape(title)}</text>',
            *canvas.elements(),
            "</svg>\n",
        ]
    )


def main() -> None:
    """Reads a screen from standard input and writes its picture to standard output."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--title", required=True, help="the text above the screen")
    arguments = parser.parse_args()
    try:
        sys.stdout.write(svg(sys.stdin.read(), arguments.title))
    except ValueError as error:
        sys.exit(f"ansi_svg: {error}")


if __name__ == "__main__":
    main()
