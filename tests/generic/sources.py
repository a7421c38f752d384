#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""The sources and pages themselves: licence lines, lengths, references that lead somewhere.

sources.py SOURCE-FOLDER [CASE...]. Looks at what git knows, or at all of a folder without git, such as an
unpacked tarball. Ends with a line that counts.
"""
import os
import re
import sys
import unittest
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "elements"))
from rig import run_cases
from tracked import tracked_files

ROOT = Path(os.path.abspath(sys.argv[1]))
FILES = tracked_files(ROOT)
SOURCES = {".cpp", ".h", ".py", ".sh", ".js"}
SPDX = "SPDX-License-Identifier: LGPL-2.1-or-later"
COPYRIGHT = re.compile(r"Copyright \(C\) \d{4}(-\d{4})? the gst-omni authors")
README_LINES = 150
OUTSIDE = re.compile(r"\(T\d+\)")


def is_source(path):
    if path.suffix in SOURCES or path.name in ("meson.build", "meson_options.txt"):
        return True
    return not path.suffix and (ROOT / path).read_bytes()[:2] == b"#!"


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def prose_of(page):
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^\s*```.*?^\s*```", "", page, flags=re.DOTALL | re.MULTILINE))


def anchors_of(page):
    """The anchors of its headings, as GitHub makes them."""
    anchors = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE),
                              re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        anchor = plain.replace(" ", "-")
        while anchor in anchors:
            anchor = re.sub(r"(-(\d+))?$", lambda found: f"-{int(found[2] or 0) + 1}", anchor, count=1)
        anchors.add(anchor)
    return anchors


class Sources(unittest.TestCase):
    def test_licence_lines(self):
        sources = [path for path in FILES if is_source(path)]
        self.assertGreater(len(sources), 300)
        for path in sources:
            with self.subTest(str(path)):
                head = "\n".join(text_of(path).splitlines()[:4])
                self.assertIn(SPDX, head)
                self.assertRegex(head, COPYRIGHT)

    def test_readme_is_short(self):
        self.assertLessEqual(len(text_of("README.md").splitlines()), README_LINES)

    def test_no_reference_out_of_the_repository(self):
        for path in FILES:
            if path.parts[0] in ("gst", "plugin", "examples") and is_source(path):
                with self.subTest(str(path)):
                    self.assertNotRegex(text_of(path), OUTSIDE)

    def test_links(self):
        pages = [path for path in FILES if path.suffix == ".md"]
        self.assertGreater(len(pages), 10)
        for path in pages:
            for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(text_of(path))):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = urllib.parse.unquote(target).partition("#")
                file = (ROOT / path.parent / name).resolve() if name else ROOT / path
                with self.subTest(f"{path}: {target}"):
                    self.assertTrue(file.exists(), "leads nowhere")
                    if anchor and file.suffix == ".md":
                        self.assertIn(anchor, anchors_of(file.read_text(encoding="utf-8")))

    def test_each_folder_of_examples_has_a_page(self):
        folders = {path.parent for path in FILES if path.parts[0] == "examples"}
        for folder in folders:
            self.assertIn(folder / "README.md", FILES)


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[2:], Sources))
