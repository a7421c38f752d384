#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""kill -9 at every state of a job, then the same line again: nothing is paid twice, nothing paid is lost.

crash.py OMNI-EMULATOR [CASE...]. gst-launch-1.0 runs as a process, with the plugin of GST_PLUGIN_PATH; the
service is in this one (see echo_service.py), and once omni-emulator. All cases together make the table
tests/faults/crash-table.md and fail when that differs; with OMNI_RENEW_TABLES=1 they write it. The last line
counts.
"""
import array
import contextlib
import fcntl
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from collections import namedtuple
from pathlib import Path

from echo_service import EchoService
from emulator_service import KEY, Gate, Service
from rig import PATIENCE, run_cases

EMULATOR = os.path.abspath(sys.argv[1])
TABLE = Path(__file__).parent.parent / "faults" / "crash-table.md"
FRAME = 64 * 48 * 3 // 2
SEGMENT = 100 * FRAME
SMALL, LARGE = 300_000, 3_000_000  # results; up to 1 MiB they are in memory
MUCH = 5_000_000  # more than the sockets of both sides hold


def until(condition, what, process=None):
    end = time.monotonic() + PATIENCE
    while not condition():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode} before {what}: {process.said()}")
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {PATIENCE} s")
        time.sleep(0.005)


def padded(clip, size):
    """The same MP4 with a box of padding behind it."""
    padding = max(8, size - len(clip))
    return clip + struct.pack(">I4s", padding, b"free") + random.Random(1).randbytes(padding - 8)


def has_bytes(pipe):
    waiting = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0] > 0


class Line(subprocess.Popen):
    """gst-launch-1.0; what comes out of it can be read from stdout. It lives as long as stdin is open."""

    running = []

    def __init__(self, line, state, url, stay=False):
        Line.running.append(self)
        self.words = tempfile.TemporaryFile("w+")
        super().__init__(["gst-launch-1.0", "-q", *line.split(), *"fdsrc ! fakesink async=false".split()],
                         env=dict(os.environ, OMNI_API_KEY=KEY, OMNI_BASE_URL=url, XDG_STATE_HOME=state),
                         stdin=subprocess.PIPE if stay else subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=self.words)

    def said(self):
        self.words.seek(0)
        return self.words.read()

    def end(self):
        """What came out, up to its own end."""
        out, _ = self.communicate(timeout=PATIENCE)
        return out

    def delivers(self):
        return has_bytes(self.stdout)

    def of_threads(self, file):
        """This file of /proc of each of its threads; those that end meanwhile are gone."""
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield (thread / file).read_text()

    def stop(self):
        """No thread of it does anything from now on."""
        os.kill(self.pid, signal.SIGSTOP)
        until(lambda: all(said.rsplit(")")[-1].split()[0] == "T" for said in self.of_threads("stat") if said),
              "stop", self)

    def let_write_down(self):
        """What it wants to write into the ledger now, it may: until that thread has slept for a while."""
        def switches():
            for status in self.of_threads("status"):
                if status.startswith("Name:\tomni-ledger\n"):
                    return re.findall(r"ctxt_switches:\s*(\d+)", status)
            return None
        seen = []

        def sleeps():
            seen.append(switches())
            return seen[-1] and len(seen) > 40 and len(set(map(tuple, filter(None, seen[-40:])))) == 1
        until(sleeps, "sleep of the ledger's thread", self)

    def kill9(self):
        os.kill(self.pid, signal.SIGKILL)
        self.wait(PATIENCE)
        assert self.returncode == -signal.SIGKILL, f"ended with {self.returncode}: {self.said()}"
        self.stdout.close()
        if self.stdin:
            self.stdin.close()


Row = namedtuple("Row", "id state task_id result_hash")


def rows(state):
    """The ledger's rows, oldest first; none when there is no ledger yet."""
    try:
        ledger = sqlite3.connect(f"file:{state}/gst-omni/ledger.db?mode=ro", uri=True)
        try:
            return [Row(*row) for row in ledger.execute(
                f"SELECT {', '.join(Row._fields)} FROM jobs ORDER BY created_at")]
        finally:
            ledger.close()
    except sqlite3.OperationalError:
        return []


def state_of(state):
    found = rows(state)
    return found[-1].state if found else None


# When to kill ---------------------------------------------------------------------------------

def at_step(crash, process):
    until(crash.service.reached.is_set, "step", process)


def at_row(word):
    def wait(crash, process):
        until(lambda: state_of(crash.state) == word, word, process)
    return wait


def when_answered(stopped):
    """The whole answer is out: it has reached the process, which has not read it when `stopped`."""
    def wait(crash, process):
        at_step(crash, process)
        if stopped:
            process.stop()
        crash.service.release()
        until(crash.service.answered.is_set, "answer")
    return wait


def when_delivering(kept):
    def wait(crash, process):
        until(process.delivers, "output", process)
        until(lambda: state_of(crash.state) == "fetched" and (rows(crash.state)[-1].result_hash or not kept),
              "result in the ledger", process)
    return wait


def when_pushed(crash, process):
    """Its sink has it whole; another branch of the pipeline goes on."""
    assert process.stdout.read(len(crash.expected)) == crash.expected
    process.let_write_down()


def when_ended(crash, process):
    out, _ = process.communicate(timeout=PATIENCE)
    assert out == crash.expected
    assert process.returncode == 0, process.said()


Case = namedtuple("Case", "name title row ready then step after word large more",
                  defaults=(None, 0, "completed", None, ""))
CASES = [
    Case("connecting", "before the POST: connecting", "intent", at_row("intent"), "bought"),
    Case("body", "in the body", "intent", at_step, "bought", "body", large="body"),
    Case("unanswered", "after the last byte, no answer", "sent", at_step, "told", "reply"),
    Case("unread", "the answer is there, and not read", "sent", when_answered(True), "told", "reply"),
    Case("answered", "in the moment of the answer", "sent or accepted", when_answered(False), "as the row",
         "reply", word="in_progress"),
    Case("accepted", "the answer is written down", "accepted", at_row("accepted"), "polled", "poll"),
    Case("pending", "pending", "accepted", at_step, "polled", "poll", 2, "queued"),
    Case("running", "running", "accepted", at_step, "polled", "poll", 2, "in_progress"),
    Case("download", "in the download, 0.3 MB", "accepted", at_step, "polled", "file"),
    Case("download_large", "in the download, 3 MB", "accepted", at_step, "polled", "file", large="result"),
    Case("delivering", "while it is delivered", "fetched", when_delivering(True), "kept"),
    Case("delivering_unkept", "the same with `state-size=0`", "fetched", when_delivering(False), "polled",
         more="state-size=0"),
    Case("pushed", "after its own EOS, before the pipeline's", "fetched", when_pushed, "kept"),
    Case("ended", "not at all", "delivered", when_ended, "bought"),
    Case("ended_reuse_all", "the same with `reuse=all`", "delivered", when_ended, "kept", more="reuse=all"),
]
SECOND = {
    "bought": "POST",
    "told": "`unknown-outcome` with the row's id; then `reuse=none`: POST",
    "as the row": "as the row says: polled, or `unknown-outcome`",
    "polled": "taken up, no POST",
    "kept": "taken up, no request at all",
}
CAME = {"told": "bought", "as the row": "polled or bought"}
ELEMENTS = ("omniv2v", "omnivideosrc", "omniv2vbin")
table = {}


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-crash-"))
        made = subprocess.run(
            ["gst-launch-1.0", "-q", *"videotestsrc num-buffers=48 pattern=ball ! "
             "video/x-raw,width=64,height=48,framerate=24/1 ! x264enc speed-preset=ultrafast ! mp4mux ! "
             f"filesink location={cls.folder}/a.mp4".split()], capture_output=True, timeout=PATIENCE)
        assert made.returncode == 0, made.stderr
        cls.clip = (cls.folder / "a.mp4").read_bytes()
        (cls.folder / "large.mp4").write_bytes(padded(cls.clip, MUCH))
        (cls.folder / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(MUCH))
        cls.unbroken = {}  # what the bin makes of a stream, by its line

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.state = tempfile.mkdtemp(dir=self.folder)
        self.size = SMALL

    def tearDown(self):
        for run in Line.running:
            if run.poll() is None:  # the test has failed
                run.kill9()
            run.words.close()
        Line.running.clear()

    def remake(self, number, reference):
        return padded(reference or self.clip, self.size)

    def serve(self, accepts=True):
        self.service = EchoService(self.remake, accepts)
        self.enterContext(self.service)

    def fresh_line(self, element):
        """An element's line, with a state folder that nobody has used."""
        self.state = tempfile.mkdtemp(dir=self.folder)
        return self.line(element)

    def fresh_job(self, element):
        """The same, with what has to come out of it, and a service."""
        line = self.fresh_line(element)
        self.expected = self.wanted(element, line, False)
        self.serve()
        return line

    def line(self, element, more="", large=False):
        more += " prompt=x poll-interval=50000000"
        if element == "omniv2v":
            clip = self.folder / ("large.mp4" if large else "a.mp4")
            return f"filesrc location={clip} ! omniv2v {more} ! fdsink"
        if large:
            more += f" first-image={self.folder}/large.png"
        if element == "omnivideosrc":
            return f"omnivideosrc {more} ! fdsink"
        return self.stream(100, more)

    @staticmethod
    def stream(frames, more):
        return (f"videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,format=I420,width=64,"
                "height=48,framerate=25/1 ! "
                f"omniv2vbin segment-duration=4000000000 {more} ! fdsink")

    def wanted(self, element, line, large):
        """What has to come out: of the bin, what comes out without a crash."""
        if element != "omniv2vbin":
            clip = self.clip
            if element == "omniv2v" and large:
                clip = (self.folder / "large.mp4").read_bytes()
            return self.remake(1, clip)
        if line not in self.unbroken:
            with EchoService(self.remake) as service:
                run = Line(line, tempfile.mkdtemp(dir=self.folder), service.url)
                self.unbroken[line] = run.end()
                self.assertEqual(run.returncode, 0, run.said())
        return self.unbroken[line]

    def crash(self, element, case):
        """kill -9, and the same line again."""
        large = case.large == "body"
        self.size = LARGE if case.large == "result" else SMALL
        line = self.line(element, case.more, large)
        self.expected = self.wanted(element, line, large)
        if element == "omniv2vbin":
            self.assertEqual(len(self.expected), SEGMENT)
        self.serve(accepts=case.name != "connecting")
        self.service.word = lambda number, polls: case.word
        if case.step:
            self.service.hold(case.step, case.after)
        first = Line(line, self.state, self.service.url, stay=True)
        case.ready(self, first)
        if first.returncode is None:
            first.kill9()
        before = self.service.whole_posts()
        row = state_of(self.state)
        self.assertIn(row, case.row.split(" or "))
        self.assertEqual(before, 0 if row == "intent" else 1)
        if case.name == "connecting":
            self.service.accept()
        if large:
            self.assertEqual(len(self.service.posts), 1)
        self.service.release()
        self.service.word = lambda number, polls: "completed"
        then = case.then
        if then == "as the row":
            then = "told" if row == "sent" else "polled"
        whole = self.again(line, then)
        table[element, case.name] = (element, case.title, case.row, before, SECOND[case.then], whole,
                                     CAME.get(case.then, case.then))

    def again(self, line, then):
        """The second run, and what is expected of it. How many POSTs came whole up to its end."""
        posts, polls, requests = (self.service.whole_posts(), self.service.polls.total(),
                                  self.service.requests())
        run = Line(line, self.state, self.service.url)
        out = run.end()
        whole = self.service.whole_posts()
        if then == "told":
            self.told(line, run, out)
            return whole
        self.assertEqual(run.returncode, 0, run.said())
        self.assertTrue(out == self.expected, f"{len(out)} bytes, not the {len(self.expected)} expected")
        self.assertEqual(whole - posts, 1 if then == "bought" else 0)
        if then == "polled":
            self.assertGreater(self.service.polls.total(), polls)
        if then == "kept":
            self.assertEqual(self.service.requests(), requests)
        self.assertEqual(state_of(self.state), "delivered")
        return whole

    def told(self, line, run, out):
        """Nobody knows whether it was taken: nothing is sent, the two ways on are named, one is gone."""
        self.assertEqual((run.returncode, len(out)), (1, 0), run.said())
        doubtful = rows(self.state)
        self.assertEqual([row.state for row in doubtful], ["sent"])
        for words in ("unknown-outcome: ", f"`omni-ledger forget {doubtful[0].id}`", "reuse=none"):
            self.assertIn(words, run.said())
        self.assertEqual(self.service.whole_posts(), 1)
        self.again(line.replace(" prompt=x", " prompt=x reuse=none"), "bought")

    def test_omniv2v_flushing(self):
        """All was pushed, but the sink keeps it until EOS: that is not delivered yet."""
        fifo = f"{self.state}/out"
        os.mkfifo(fifo)
        line = self.line("omniv2v").replace("fdsink", f"filesink location={fifo} buffer-size=1000000")
        self.expected = self.remake(1, self.clip)
        self.serve()
        with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
            first = Line(line, self.state, self.service.url)
            # It writes nothing before EOS, and then more than the pipe holds.
            until(lambda: has_bytes(reader), "output", first)
            first.let_write_down()
            first.kill9()
        self.assertEqual(state_of(self.state), "fetched")
        with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
            second = Line(line, self.state, self.service.url)
            until(lambda: has_bytes(reader), "output", second)
            os.set_blocking(reader.fileno(), True)
            self.assertTrue(reader.read() == self.expected)
            self.assertEqual(second.wait(PATIENCE), 0, second.said())
        self.assertEqual(self.service.whole_posts(), 1)
        self.assertEqual(state_of(self.state), "delivered")

    # Several at once ------------------------------------------------------------------------------

    def test_killed_again_and_again(self):
        """One job, five runs, one POST."""
        for element in ELEMENTS:
            with self.subTest(element):
                line = self.fresh_job(element)
                for step, word in (("poll", "queued"), ("poll", "in_progress"), ("file", "completed")):
                    self.service.word = lambda number, polls, word=word: word
                    self.service.hold(step)
                    run = Line(line, self.state, self.service.url)
                    at_step(self, run)
                    run.kill9()
                    self.service.release()
                run = Line(line, self.state, self.service.url)
                when_delivering(True)(self, run)
                run.kill9()
                self.again(line, "kept")
                self.assertEqual(self.service.whole_posts(), 1)

    def test_running_jobs_are_not_stolen(self):
        """Two processes, one clip: two jobs. One is killed, the other goes on; a third takes up the orphan."""
        for element in ELEMENTS:
            with self.subTest(element):
                line = self.fresh_job(element)
                self.service.word = lambda number, polls: "in_progress"
                lines = []
                for number in (1, 2):
                    lines.append(Line(line, self.state, self.service.url))
                    until(lambda: [row.state for row in rows(self.state)] == ["accepted"] * number,
                          f"job {number}", lines[-1])
                lines[0].kill9()
                seen = self.service.polls["task-1"]
                lines.append(Line(line, self.state, self.service.url))
                until(lambda: self.service.polls["task-1"] > seen, "poll of the orphan", lines[-1])
                self.service.word = lambda number, polls: "completed"
                for run in lines[1:]:
                    out = run.end()
                    self.assertEqual(run.returncode, 0, run.said())
                    self.assertTrue(out == self.expected)
                self.assertEqual(self.service.whole_posts(), 2)
                self.assertEqual([row.state for row in rows(self.state)], ["delivered"] * 2)

    def test_many_segments(self):
        """Two of six segments were shown, two are there, two run. None is delivered before the end."""
        line = self.stream(600, "prompt=x poll-interval=50000000 max-in-flight=6")
        with EchoService(self.remake) as service:
            # One after another, so that the order of the references is known.
            unbroken = Line(line.replace("flight=6", "flight=1"), tempfile.mkdtemp(dir=self.folder),
                            service.url)
            self.expected = unbroken.end()
            references = [post.reference for post in service.posts]
        self.assertEqual(len(self.expected), 6 * SEGMENT, unbroken.said())
        self.assertEqual(len(set(references)), 6)
        self.serve()

        def word(number, polls):
            segment = references.index(self.service.tasks[f"task-{number}"].reference)
            return "in_progress" if segment >= 4 else "completed"
        self.service.word = word
        run = Line(line, self.state, self.service.url)
        got = run.stdout.read(2 * SEGMENT)
        self.assertTrue(got == self.expected[:2 * SEGMENT])

        def halfway():
            found = rows(self.state)
            return (sorted(row.state for row in found) ==
                    ["accepted"] * 2 + ["fetched"] * 4 and
                    sum(bool(row.result_hash) for row in found) == 4)
        until(halfway, "the state between", run)
        run.kill9()
        self.service.word = lambda number, polls: "completed"
        before = self.service.polls.copy()
        tasks = {row.task_id for row in rows(self.state) if row.state == "accepted"}
        run = Line(line, self.state, self.service.url)
        out = run.end()
        self.assertEqual(run.returncode, 0, run.said())
        self.assertTrue(out == self.expected)
        self.assertEqual((len(self.service.posts), self.service.whole_posts()), (6, 6))
        asked = {task for task, polls in self.service.polls.items() if polls > before[task]}
        self.assertEqual(asked, tasks)
        self.assertEqual([row.state for row in rows(self.state)], ["delivered"] * 6)

    def test_emulator(self):
        """The same against another service, as a process."""
        for element in ELEMENTS:
            with self.subTest(element):
                line = self.fresh_line(element)
                folder = f"{self.state}/service"
                gate = Gate(f"{self.state}/gate",
                            self.folder / "a.mp4" if element == "omnivideosrc" else "{in}")
                with Service(EMULATOR, "octopusx", folder, *gate.options) as service:
                    run = Line(line, self.state, service.url)
                    at_row("accepted")(self, run)
                    run.kill9()
                    gate.open()
                    task = rows(self.state)[0].task_id
                    run = Line(line, self.state, service.url)
                    out = run.end()
                    self.assertEqual(run.returncode, 0, run.said())
                self.assertEqual([one["method"] for one in service.requests()].count("POST"), 1)
                result = service.result(task).read_bytes()
                if element == "omniv2vbin":
                    self.assertEqual(len(out), SEGMENT)
                else:
                    self.assertTrue(out == result)


def test_of(element, case):
    return lambda self: self.crash(element, case)


for element in ELEMENTS:
    for case in CASES:
        setattr(Crash, f"test_{element}_{case.name}", test_of(element, case))

HEAD = """# Crash table

Made by `tests/run.sh elements-crash`, which runs tests/elements/crash.py and fails when this file differs
from what it saw; with `OMNI_RENEW_TABLES=1` before it the file is written anew.

Each row: gst-launch-1.0 was killed with SIGKILL in this state of its one job, or came to its end, then the same line
was started again, with the same state folder. "POSTs" are creates whose body came whole to the service: before the kill,
and up to the end of the second run. In every row the result came whole in the end, byte for byte.

| element | killed | row in the ledger | POSTs before | second run | POSTs in all | the result was |
|---|---|---|---|---|---|---|
"""


class Table(unittest.TestCase):
    def test_table(self):
        lines = [table.get((element, case.name)) for element in ELEMENTS for case in CASES]
        self.assertNotIn(None, lines, "a case is missing, for it failed")
        text = HEAD + "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)
        if os.environ.get("OMNI_RENEW_TABLES") == "1":
            TABLE.write_text(text)
        self.assertEqual(TABLE.read_text(), text, "OMNI_RENEW_TABLES=1 writes it anew")


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[2:], Crash, Table))
