#!/usr/bin/env python3
"""Checks the links of a built book and of Markdown files.

    check_links.py docs/book README.md …

Every link and every picture must lead to a file, and every anchor to a heading or an element of it.
Links to other sites are not followed. Prints the broken ones and exits with status 1.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Page:
    """The anchors of a page, and where its links lead."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)


class HtmlPage(HTMLParser):
    """Collects the anchors and links of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.page = Page()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        for name in ("id", "name"):
            if attributes.get(name):
                self.page.anchors.add(attributes[name])
        for name in ("href", "src", "data"):
            if attributes.get(name) is not None and (tag, name) != ("base", "href"):
                self.page.links.append(attributes[name])


def markdown_page(text: str) -> Page:
    """The anchors, as GitHub and mdBook make them, and the links of a Markdown file."""
    page, seen = Page(), {}
    # Code holds neither headings nor links.
    text = re.sub(r"^(```+|~~~+).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+\s+(.*?)\s*#*$", text, flags=re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
        repeated = seen.get(anchor, 0)
        seen[anchor] = repeated + 1
        page.anchors.add(f"{anchor}-{repeated}" if repeated else anchor)
    text = re.sub(r"(`+).*?\1", "", text, flags=re.DOTALL)
    page.links += re.findall(r"\]\(\s*<?([^)\s>]*)", text)
    page.links += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, flags=re.MULTILINE)
    html = HtmlPage(text).page
    page.anchors |= html.anchors
    page.links += html.links
    return page


def read(path: Path) -> Page:
    """The page of a file."""
    text = path.read_text(encoding="utf-8")
    return HtmlPage(text).page if path.suffix == ".html" else markdown_page(text)


class Checker:
    """Checks links, and reads each page once."""

    def __init__(self) -> None:
        self.pages: dict[Path, Page] = {}
        self.checked = 0

    def page(self, path: Path) -> Page:
        """The page of a file, from memory if it was read before."""
        if path not in self.pages:
            self.pages[path] = read(path)
        return self.pages[path]

    def problem(self, path: Path, link: str) -> str | None:
        """What is wrong with a link of a file; None if nothing is."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return None
        self.checked += 1
        target = path
        if parts.path:
            target = (path.parent / unquote(parts.path)).resolve()
            if target.is_dir() and path.suffix == ".html":
                target /= "index.html"
        if not target.exists():
            return "no such file"
        anchor = unquote(parts.fragment)
        if anchor and target.suffix in (".html", ".md") and anchor not in self.page(target).anchors:
            return "no such anchor"
        return None

    def problems(self, path: Path) -> list[str]:
        """The broken links of a file, each with its reason."""
        path = path.resolve()
        found = [(link, self.problem(path, link)) for link in dict.fromkeys(self.page(path).links)]
        return [f"{link}: {problem}" for link, problem in found if problem]


def main() -> None:
    """Checks the files on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, help="Markdown files, and folders of a built book")
    checker, broken, files = Checker(), 0, 0
    for path in parser.parse_args().paths:
        # mdBook's page for an unknown address has links relative to the site's root.
        pages = sorted(page for page in path.rglob("*.html") if page.name != "404.html")
        for page in pages if path.is_dir() else [path]:
            files += 1
            for problem in checker.problems(page):
                broken += 1
                print(f"{page}: {problem}", file=sys.stderr)
    if broken or not checker.checked:
        sys.exit(f"check_links: {broken} of {checker.checked} links are broken")
    print(f"check_links: {checker.checked} links in {files} files")


if __name__ == "__main__":
    main()
