# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""A stream through omniv2vbin beside omni-emulator, as the cases of bin-launch.py want it: starts the
emulator and omni-stream-check, reads what the latter wrote down (see support/stream-check.cpp)."""
import os
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

from emulator_service import KEY, Service
from fresh_state import fresh_state
from rig import PATIENCE

FOUR = 4 * 10**9
BIN = f"omniv2vbin name=v prompt=identity poll-interval=50000000 segment-duration={FOUR}"

In = namedtuple("In", "pts duration number metas")
Out = namedtuple("Out", "pts duration number metas psnr blue position")
Sound = namedtuple("Sound", "pts size crc")


def pictures(count, rate="25/1", size=(320, 180), live=False, more=""):
    """Numbered pictures, as a launch line."""
    return (f"videotestsrc pattern=black num-buffers={count} is-live={str(live).lower()} ! "
            f"video/x-raw,format=I420,width={size[0]},height={size[1]},framerate={rate} ! "
            f"identity name=stamp {more}")


class Record:
    """What omni-stream-check wrote down."""

    def __init__(self, text):
        self.ins, self.outs, self.sounds_in, self.sounds_out = [], [], [], []
        self.shown, self.jobs, self.memory, self.gaps = [], [], [], []
        self.warnings, self.errors, self.ended = [], [], False
        self.latency = None
        self.before_flush = None  # the frames out until then
        self.segments = {}  # number -> running time
        for line in text.splitlines():
            self.take(*line.split(" "))

    def take(self, kind, *words):
        if kind == "in":
            self.ins.append(In(int(words[0]), int(words[1]), int(words[2]), words[3]))
        elif kind == "out":
            self.outs.append(Out(int(words[0]), int(words[1]), int(words[2]), words[3],
                                 float(words[4]), int(words[5]), int(words[6])))
        elif kind in ("sound-in", "sound-out"):
            to = self.sounds_in if kind == "sound-in" else self.sounds_out
            to.append(Sound(*map(int, words)))
        elif kind == "shown":
            self.shown.append(tuple(map(int, words)))
        elif kind == "job":
            self.jobs.append((int(words[0]), words[1]))
            self.segments[int(words[0])] = int(words[2])
        elif kind == "memory":
            self.memory.append(int(words[0]))
        elif kind == "gap":
            self.gaps.append(tuple(map(int, words)))
        elif kind == "latency":
            self.latency = tuple(map(int, words))
        elif kind in ("warning", "error"):
            (self.warnings if kind == "warning" else self.errors).append(" ".join(words))
        elif kind == "event" and words[0] == "flush-stop":
            self.before_flush, self.outs = self.outs, []
        elif kind == "eos":
            self.ended = True

    def done_in_order(self):
        """The segments' numbers as their jobs came to a good end."""
        return [segment for segment, state in self.jobs if state == "done"]

    def parts(self):
        """The frames out, by segment: {number: [(place in the segment, frame)]}. Of a stream whose
        running time is its PTS."""
        starts = sorted((running, number) for number, running in self.segments.items())
        parts = {number: [] for _, number in starts}
        at = -1
        for frame in self.outs:
            while at + 1 < len(starts) and frame.pts >= starts[at + 1][0]:
                at += 1
            part = parts[starts[at][1]]
            part.append((len(part), frame))
        return parts


class Rig:
    """The programs, and a folder for what they leave."""

    def __init__(self, emulator, check):
        self.emulator_program, self.check_program = emulator, check

    def emulator(self, folder, *options):
        return Service(self.emulator_program, "octopusx", str(folder), *options)

    def environment(self, folder, url):
        # A ledger of its own: what a test before it left unfinished is not taken up. One arena: what
        # malloc keeps for threads that have ended would hide what is really held.
        return dict(os.environ, OMNI_API_KEY=KEY, OMNI_BASE_URL=url, XDG_STATE_HOME=fresh_state(),
                    GST_DEBUG="omni*:2", MALLOC_ARENA_MAX="1")

    def start(self, url, line, *options, patience=PATIENCE):
        folder = tempfile.mkdtemp(prefix="run-", dir=".")
        with open(f"{folder}/record", "w") as record, open(f"{folder}/log", "w") as log:
            process = subprocess.Popen(
                [self.check_program, *options, "--patience", str(patience), *line.split()],
                env=self.environment(folder, url), stdout=record, stderr=log)
        process.folder = Path(folder)
        return process

    def finish(self, process, patience=PATIENCE):
        status = process.wait(timeout=patience + 30)
        log = (process.folder / "log").read_text()
        assert status == 0, f"omni-stream-check ended with {status}: {log[-3000:]}"
        record = Record((process.folder / "record").read_text())
        record.log = log
        return record

    def run(self, url, line, *options, patience=PATIENCE):
        return self.finish(self.start(url, line, *options, patience=patience), patience)

    def launch(self, url, line):
        folder = tempfile.mkdtemp(prefix="run-", dir=".")
        return subprocess.run(["gst-launch-1.0", *line.split()], env=self.environment(folder, url),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE)
