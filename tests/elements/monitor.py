#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""The example monitor beside omni-emulator: what stands on the terminal in the end, and what goes into a pipe.

monitor.py OMNI-EMULATOR MONITOR [CASE...]. The plugin comes from GST_PLUGIN_PATH. Ends with a line that
counts.
"""
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from emulator_service import Gate
from publish_rig import PublishCase, environment, make_clip
from rig import PATIENCE, run_cases, wait_until

MONITOR = os.path.abspath(sys.argv[2])
# One job after another: the second create is the second segment's.
ONE_FAILS = "on-failure=source max-in-flight=1"
SOON = "poll-interval=50000000"
TOOK = r"(\d+ m )?\d+ s"
# How a frame begins: what stands there goes, and all is written anew.
FRAME = re.compile(rb"(?:\x1b\[\d+A|\x1b\[H\x1b\[2J)?\r\x1b\[J")


class Terminal:
    """As much of one as the monitor uses. What it does not know is a mistake of the monitor's."""

    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.rows, self.row, self.column = [""] * lines, 0, 0
        self.scrolled = []

    def feed(self, text):
        for part in re.findall(r"\x1b\[\d*[A-Za-z]|\x1b.?|[^\x1b]", text):
            if part[0] == "\x1b":
                self.escape(part)
            elif part == "\r":
                self.column = 0
            elif part == "\n":
                self.line_feed()
            else:
                self.put(part)

    def put(self, character):
        assert character.isprintable(), repr(character)
        if self.column == self.columns:
            self.column = 0
            self.line_feed()
        row = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = row[:self.column] + character + row[self.column + 1:]
        self.column += 1

    def line_feed(self):
        if self.row < self.lines - 1:
            self.row += 1
        else:
            self.scrolled.append(self.rows.pop(0))
            self.rows.append("")

    def escape(self, code):
        if up := re.fullmatch(r"\x1b\[(\d+)A", code):
            self.row = max(0, self.row - int(up[1]))
        elif code == "\x1b[J":
            self.rows[self.row] = self.rows[self.row][:self.column]
            self.rows[self.row + 1:] = [""] * (self.lines - self.row - 1)
        elif code == "\x1b[2J":
            self.rows = [""] * self.lines
        elif code == "\x1b[H":
            self.row = self.column = 0
        else:
            raise AssertionError(f"unknown to this terminal: {code!r}")

    def text(self):
        return "\n".join(row.rstrip() for row in self.rows).rstrip()


class Shown:
    """The monitor at a terminal of this size."""

    def __init__(self, command, env, columns, lines):
        self.terminal = Terminal(columns, lines)
        try:
            leader, follower = pty.openpty()
        except OSError as error:
            raise unittest.SkipTest(f"there is no pseudo terminal: {error}") from None
        self.leader = leader
        self.resize(columns, lines)
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=follower,
                                        stderr=follower, start_new_session=True)
        os.close(follower)
        self.raw, self.rest = b"", b""

    def resize(self, columns, lines):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def show(self, size):
        """So much of what has come goes to the terminal."""
        self.terminal.feed(self.rest[:size].decode().replace("\r\n", "\n\r"))
        self.rest = self.rest[size:]

    def show_frame(self):
        """Whether one more is there whole, for another begins behind it. A frame comes in pieces, however it was
        written: the last one may lack something, and is kept back."""
        begin = FRAME.match(self.rest)
        following = FRAME.search(self.rest, begin.end() if begin else 0)
        if following:
            self.show(following.start())
        return bool(following)

    def read(self, until=None):
        """What it writes up to its end, or up to the first whole frame for which `until` holds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            while self.show_frame():
                if until and until(self.terminal.text()):
                    return self
            try:
                piece = os.read(self.leader, 65536)
            except OSError:  # nobody writes any more
                piece = b""
            if not piece:
                self.show(len(self.rest))
                self.process.wait(PATIENCE)
                return self
            self.raw += piece
            self.rest += piece
        self.process.kill()
        raise AssertionError("hangs:\n" + self.terminal.text())


class Monitor(PublishCase):
    emulator_program = os.path.abspath(sys.argv[1])

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-monitor-"))
        os.chdir(cls.folder)
        cls.clip = make_clip(cls.folder / "a.mp4", frames=96)

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def command(self, line, *options):
        env = environment(PYTHONIOENCODING="utf-8")
        if "OMNI_TEST_PRELOAD" in os.environ:
            env.update(LD_PRELOAD=os.environ["OMNI_TEST_PRELOAD"], ASAN_OPTIONS="detect_leaks=0")
        return ["/usr/bin/python3", MONITOR, *options, *line.split()], env

    def piped(self, line, *options):
        command, env = self.command(line, *options)
        return subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE)

    def shown(self, line, *options, columns=80, lines=24):
        command, env = self.command(line, *options)
        shown = Shown(command, env, columns, lines)
        self.addCleanup(os.close, shown.leader)
        return shown

    def stream(self, service, more="", frames=120):
        """Segments of 4 s."""
        return (f"videotestsrc num-buffers={frames} ! video/x-raw,format=I420,width=64,height=64,"
                f"framerate=10/1 ! omniv2vbin prompt=identity segment-duration=4000000000 {SOON} base-url={service.url} "
                f"state-dir={self.out}/state {more} ! fakesink")

    def check_fits(self, shown, columns):
        """No line was so long that it wrapped, and nothing scrolled away."""
        for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[\d*[A-Za-z]", "", shown.raw.decode())):
            self.assertLess(len(line), columns, line)
        self.assertEqual(shown.terminal.scrolled, [])

    def test_lines(self):
        gate, out = Gate(self.out / "gate"), self.out / "lines"
        with self.emulator("octopusx", *gate.options, "--fault", "create:moderated@2") as service:
            command, env = self.command(self.stream(service, ONE_FAILS), "--price-per-second", "0.25")
            with open(out, "w") as lines:
                process = subprocess.Popen(command, env=env, stdout=lines, stderr=subprocess.PIPE, text=True)
            try:
                # The first job runs until that has been said.
                wait_until(lambda: "  running  " in out.read_text() or process.poll() is not None, "a job runs")
            finally:
                gate.open()
                errors = process.communicate(timeout=PATIENCE)[1]
        said = out.read_text()
        self.assertEqual(process.returncode, 0, errors)
        for text in (rf"segment 0  0:00\.0-0:04\.0  running  video_\w+  {TOOK}\n",
                     rf"segment 0  0:00\.0-0:04\.0  done  video_\w+  {TOOK}\n",
                     rf"segment 1  0:04\.0-0:08\.0  failed  video_\w+  moderated  {TOOK}\n",
                     rf"segment 2  0:08\.0-0:12\.0  done  video_\w+  {TOOK}\n",
                     r"segments 2 done, 1 failed, 0 in flight   paid 3 jobs, 12 s, cost 3\.00\n",
                     r"\noutput 3 of 3   reused 0   retries 0   up [\d.]+ kB   down [\d.]+ kB   "
                     r"service time p50 [\d.]+ s\n"):
            self.assertRegex(said, text)
        self.assertNotIn("\x1b", said)
        self.assertRegex(errors, r"^warning: moderated: .*the original is shown instead")
        # One line for each change, however often progress is told.
        self.assertEqual(said.count("segment 0  0:00.0-0:04.0  running"), 1)

    def test_table(self):
        gate = Gate(self.out / "gate")
        with self.emulator("octopusx", *gate.options, "--fault", "create:moderated@2") as service:
            shown = self.shown(self.stream(service, ONE_FAILS), "--price-per-second", "0.25")
            # While they run there are bars, and the numbers above are those of the moment.
            bar = r"\n +\d 0:\d\d\.0-0:\d\d\.0 +running +[\u2588\u2591]+ +\d+% video_"
            shown.read(lambda text: re.search(bar, text) and shown.raw.count(b"\x1b[J") > 4)
            text = shown.terminal.text()
            in_flight = len(re.findall(r"\n +\d 0:.*(waiting|submitting|pending|running|downloading) ",
                                       text))
            self.assertRegex(text, rf"^segments \d done, \d failed, {in_flight} in flight   paid \d jobs?, \d+ s, "
                                   r"cost \d\.00\n")
            gate.open()
            shown.read()
        text = shown.terminal.text()
        self.assertEqual(shown.process.returncode, 0, text)
        self.assertRegex(text, r"^segments 2 done, 1 failed, 0 in flight   paid 3 jobs")
        self.assertRegex(text, r"\n# +time +state +progress +task +elapsed\n")
        self.assertRegex(text, r"\n +0 0:00\.0-0:04\.0 +done +\u2588+ 100% video_\w+~ +" + TOOK + r"\n")
        self.assertRegex(text, r"\n +1 0:04\.0-0:08\.0 +failed +moderated +video_\w+~ +" + TOOK + r"\n")
        self.assertEqual(text.count("segments "), 1, text)
        # Beneath, whole at the end.
        self.assertIn("warning: moderated: ", text)
        self.assertIn("the original is shown instead", text.replace("\n", ""))
        drawn = shown.raw.rpartition(b"\x1b[J")[0]
        self.assertGreater(drawn.count(b"\x1b[J"), 3)

    def test_narrow_and_low(self):
        # 40 columns, 7 lines: six segments, of which the last three fit.
        with self.emulator("octopusx", "--service-time", "0.5") as service:
            shown = self.shown(self.stream(service, frames=240), columns=40, lines=7).read()
        text = shown.terminal.text()
        self.assertEqual(shown.process.returncode, 0, text)
        self.check_fits(shown, 40)
        self.assertEqual(re.findall(r"^ +(\d) .*done", text, re.MULTILINE), ["3", "4", "5"], text)

    def test_other_size(self):
        gate = Gate(self.out / "gate")
        with self.emulator("octopusx", *gate.options) as service:
            shown = self.shown(self.stream(service), columns=100, lines=30)
            shown.read(lambda text: "running" in text)
            shown.resize(50, 10)
            # From where it wiped the screen on.
            shown.read(lambda text: b"\x1b[H\x1b[2J" in shown.raw)
            gate.open()
            shown.raw = shown.rest = shown.raw[shown.raw.index(b"\x1b[H\x1b[2J"):]
            shown.terminal = Terminal(50, 10)
            shown.read()
        self.assertEqual(shown.process.returncode, 0, shown.terminal.text())
        self.assertEqual(shown.terminal.text().count("segments 3 done"), 1, shown.terminal.text())
        self.check_fits(shown, 50)

    def test_several_elements(self):
        with self.emulator("octopusx", "--service-time", "0.3") as service:
            line = " ".join(f"filesrc location={self.clip} ! omniv2v name={name} prompt=identity {SOON} "
                            f"base-url={service.url} state-dir={self.out}/{name} ! fakesink"
                            for name in ("left", "right"))
            line += (f" omnivideosrc name=made prompt=sea seconds=4 {SOON} base-url={service.url} "
                     f"state-dir={self.out}/made ! fakesink")
            shown = self.shown(line).read()
        text = shown.terminal.text()
        self.assertEqual(shown.process.returncode, 0, text)
        self.assertRegex(text, r"^segments 3 done, 0 failed, 0 in flight   paid 3 jobs, 12 s\n")
        for name in ("left", "right", "made"):
            self.assertRegex(text, rf"\n{name} +0 .*done")
        self.check_fits(shown, 80)

    def test_error(self):
        with self.emulator("octopusx", "--fault", "create:402*") as service:
            line = (f"filesrc location={self.clip} ! omniv2v prompt=x {SOON} base-url={service.url} "
                    f"state-dir={self.out}/state ! fakesink")
            done = self.piped(line)
            shown = self.shown(line).read()
        self.assertEqual((done.returncode, shown.process.returncode), (1, 1))
        self.assertRegex(done.stderr, r"^error: payment-required: ")
        self.assertRegex(done.stdout, r"segments 0 done, 1 failed, 0 in flight   paid 0 jobs, 0 s\n")
        self.assertRegex(shown.terminal.text(), r"\n +0 .*failed +payment-required ")
        self.assertIn("error: payment-required: ", shown.terminal.text())

    def test_interrupted(self):
        with self.emulator("octopusx", "--service-time", "50") as service:
            shown = self.shown(self.stream(service))
            shown.read(lambda text: "3 in flight" in text and text.count("video_") == 3)
            shown.process.send_signal(signal.SIGINT)
            shown.read()
        text = shown.terminal.text()
        self.assertEqual(shown.process.returncode, 1, text)
        self.assertIn("interrupted: jobs that the service has taken go on there", text)
        self.assertRegex(text, r"^segments 0 done, 0 failed, 0 in flight, 3 cancelled   paid 3 jobs, 12 s\n")

    def test_a_thousand_segments(self):
        line = (f"multifilesrc location={self.clip} loop=true num-buffers=1000 ! omniv2v prompt=x dry-run=true "
                f"input-mode=buffer state-dir={self.out}/state ! fakesink")
        shown = self.shown(line).read()
        text = shown.terminal.text()
        self.assertEqual(shown.process.returncode, 0, text)
        self.assertRegex(text, r"^segments 0 done, 0 failed, 0 in flight, 1000 planned   paid 0 jobs, 0 s\n")
        self.check_fits(shown, 80)
        numbers = [int(number) for number in re.findall(r"^ +(\d+) .*planned", text, re.MULTILINE)]
        self.assertEqual(numbers, list(range(1000 - len(numbers), 1000)))
        self.assertEqual(len(numbers), 20)

    def test_mistakes(self):
        for line, says in (("fakesrc ! nosuchelement", "this is no pipeline: "),
                           ("fakesrc ! fakesink", "there is none of omniv2v, omniv2vbin, omnivideosrc"),
                           ("", "there is no PIPELINE")):
            with self.subTest(line):
                done = self.piped(line)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(says, done.stderr)

    def test_one_word(self):
        # As a shell script passes it on, quoted as a whole.
        command, env = self.command("")
        line = (f"filesrc location={self.clip} ! omniv2v prompt=\"two words\" dry-run=true "
                f"state-dir={self.out}/state ! fakesink")
        done = subprocess.run([*command, "--plain", line], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1 planned", done.stdout)


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[3:], Monitor))
