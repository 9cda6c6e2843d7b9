"""Which links the checker rejects."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from check_links import Checker, markdown_page

HTML = '<html><base href="/nowhere/"><h2 id="start">Start</h2><a name="old"></a>{}</html>'


class Links(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("page.html", HTML.format(""))
        self.write("guide/index.html", HTML.format(""))
        self.write("notes.md", "# Notes\n\n## What `x` is: a list, or [two](page.html)\n\n## Twice\n\n## Twice\n")
        self.write("a picture.svg", "<svg/>")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def problems_in(self, name, text):
        return Checker().problems(self.write(name, text))

    def test_links_that_lead_somewhere(self):
        links = ["page.html", "page.html#start", "page.html#old", "#start", "guide/", "a%20picture.svg"]
        links += ["https://burn.dev/none#none", "mailto:someone@burn.dev", "//burn.dev"]
        html = "".join(f'<a href="{link}">x</a><img src="{link}">' for link in links)
        self.assertEqual(self.problems_in("good.html", HTML.format(html)), [])
        links += ["notes.md#what-x-is-a-list-or-two", "notes.md#twice", "notes.md#twice-1"]
        links.remove("#start")
        markdown = "".join(f"- [x]({link})\n" for link in links)
        self.assertEqual(self.problems_in("good.md", markdown), [])

    def test_a_missing_file(self):
        for tag in ('<a href="none.html#start">', '<img src="none.html">', '<link href="none.html">'):
            (problem,) = self.problems_in("bad.html", HTML.format(tag))
            self.assertIn("none.html", problem)
            self.assertIn("no such file", problem)
        for text in ("[x](none.md)", "![x](none.md)", '<img src="none.md">', "[x]\n\n[x]: none.md"):
            self.assertEqual(self.problems_in("bad.md", text), ["none.md: no such file"])

    def test_a_missing_anchor(self):
        for link in ("page.html#end", "#end", "notes.md#thrice"):
            problem = f"{link}: no such anchor"
            self.assertEqual(self.problems_in("bad.html", HTML.format(f'<a href="{link}">')), [problem])
        self.assertEqual(self.problems_in("bad.md", "[x](#end)"), ["#end: no such anchor"])

    def test_code_holds_neither_links_nor_headings(self):
        page = markdown_page("# One\n\n```sh\n# not a heading\n[x](none)\n```\n\n`[y](none)`\n")
        self.assertEqual((page.anchors, page.links), ({"one"}, []))


if __name__ == "__main__":
    unittest.main()
