# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""The files of the project, and the launch lines on its pages."""
import re
import subprocess
from pathlib import Path

NOT_OURS = re.compile(r"(build.*|quickstart-out|subprojects|__pycache__|\.git|\.cache|debian)$")


def tracked_files(root):
    """All files that git knows, or is to know; in a folder without git all but builds. Sorted, relative."""
    root = Path(root)
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                stdout=subprocess.PIPE, text=True)
        if listed.returncode == 0:
            return sorted({Path(name) for name in listed.stdout.split("\0") if name and (root / name).is_file()})
    found = []
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not any(NOT_OURS.match(part) for part in relative.parts):
            found.append(relative)
    return sorted(found)


def is_launch_line(command):
    return "gst-launch-1.0 " in command or "examples/python/" in command


def lines_of_page(text):
    """(line number, command) of every command in a fenced block, and the numbers of launch lines outside of
    one. Lines that end in a backslash are joined, as by a shell."""
    commands, outside = [], []
    fence, begun, command = False, 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fence, command = not fence, ""
        elif fence:
            begun = begun if command else number
            command += line
            if command.endswith("\\"):
                command = command[:-1]
            else:
                commands.append((begun, command.strip()))
                command = ""
        elif re.match(r"(    |\t)\s*gst-launch-1\.0 ", line):
            outside.append(number)
    return commands, outside


def lines_of_source(text):
    """(line number, command) of every launch line in the documentation of an element."""
    lines = []
    for block in re.finditer(r"\|\[(.*?)\]\|", text, re.DOTALL):
        words = " ".join(line.strip().removeprefix("*").strip() for line in block[1].splitlines())
        words = re.sub(r"export \S+", "", words).strip()
        if not words.startswith("gst-launch-1.0 "):
            words = "gst-launch-1.0 " + words
        lines.append((text[:block.start()].count("\n") + 2, words))
    return lines
