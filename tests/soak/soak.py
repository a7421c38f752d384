#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Many segments through omniv2vbin, beside a service that fails in every way it can.

soak.py OMNI-EMULATOR OMNI-STREAM-CHECK [SEGMENTS]. 60 segments unless told otherwise; the plugin comes from
GST_PLUGIN_PATH. What is judged is said in README.md. Figures are on lines that begin with "figures:", and at
the end as a table; the last line counts. No figure of the clock is judged.
"""
import collections
import hashlib
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "elements"))
from bin_stream import Rig, pictures
from fresh_state import fresh_state

PROGRAMS = [os.path.abspath(path) for path in sys.argv[1:3]]
SEGMENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 60
RATE, SECONDS = 5, 4
FRAMES = RATE * SECONDS  # of a segment
SECOND = 10**9
SANITIZED = "ASAN_OPTIONS" in os.environ
AT_ONCE = 16
KEPT = 90 + 5  # s that a connection without work is kept, at most
# One fault in ten requests of a kind; the weights keep those seldom that make the client wait for seconds.
FAULTS = {
    "create": {"429=1": 2, "429": 1, "503=1": 1, "400": 3, "drop-early": 3, "fail=made up": 3, "moderated": 3,
               "drop-after": 2},
    "poll": {"500": 2, "502": 2, "503": 1, "html": 3, "drop": 4, "429=1": 1, "empty": 2, "garbage": 2},
    "result": {"403": 3, "404": 2, "500": 2, "truncate": 4, "slow=0.3": 3, "drop": 3, "redirect": 2,
               "wrong-type": 2},
}
REQUESTS = {"create": 2, "poll": 20, "result": 3}  # at most, a segment


def fault_script(path):
    chance = random.Random(2025)
    lines = []
    for kind, actions in FAULTS.items():
        for nth in range(1, SEGMENTS * REQUESTS[kind] + 1):
            if chance.random() < 0.1:
                action = chance.choices(list(actions), list(actions.values()))[0]
                lines.append(f"{kind}:{action}@{nth}")
    Path(path).write_text("\n".join(lines) + "\n")


class Watched(Rig):
    """Knows the state folder, and looks at the process from outside while it runs."""
    Sample = collections.namedtuple("Sample", "kilobytes sockets files threads")

    def environment(self, folder, url):
        self.state = fresh_state()
        return dict(super().environment(folder, url), XDG_STATE_HOME=self.state)

    def watch(self, process):
        samples = []
        place = Path(f"/proc/{process.pid}")
        while process.poll() is None:
            try:
                status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
                files = [os.readlink(file) for file in (place / "fd").iterdir()]
            except OSError:
                continue  # closed in this moment, or it has just ended
            if "VmRSS" in status:
                sockets = sum(file.startswith("socket:") for file in files)
                samples.append(self.Sample(int(status["VmRSS"].split()[0]), sockets, len(files) - sockets,
                                           int(status["Threads"])))
            time.sleep(0.1)
        return samples


class Soak(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="omni-soak-")
        os.chdir(cls.folder)
        fault_script("faults")
        rig = Watched(*PROGRAMS)
        line = (pictures(SEGMENTS * FRAMES, f"{RATE}/1", (64, 48)) + " ! omniv2vbin name=v prompt=noir "
                f"poll-interval=50000000 segment-duration={SECONDS * SECOND} max-in-flight={AT_ONCE} "
                "on-failure=source ! fakesink name=out")
        began = time.monotonic()
        with rig.emulator(f"{cls.folder}/service", "--look", "noir", "--service-time", "0.02-0.5", "--seed",
                          "7", "--fault", "@faults") as service:
            patience = 120 + SEGMENTS * 4
            process = rig.start(service.url, line, patience=patience)
            cls.samples = rig.watch(process)
            cls.record = rig.finish(process, patience)
        cls.took = time.monotonic() - began
        cls.service, cls.state = service, rig.state
        cls.requests = service.requests()
        cls.posts = [one for one in cls.requests if one["method"] == "POST"]
        ledger = sqlite3.connect(f"file:{cls.state}/gst-omni/ledger.db?mode=ro", uri=True)
        cls.rows = ledger.execute("SELECT label, state, task_id, owner FROM jobs").fetchall()
        ledger.close()

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def test_frames(self):
        """None lost, none doubled, in order, each with its picture."""
        record = self.record
        self.assertTrue(record.ended and not record.errors, f"{record.errors} {record.log[-2000:]}")
        self.assertEqual(len(record.ins), SEGMENTS * FRAMES)
        self.assertEqual([(frame.pts, frame.duration) for frame in record.outs],
                         [(frame.pts, frame.duration) for frame in record.ins])
        self.assertEqual([frame.number for frame in record.outs], [frame.number for frame in record.ins])
        self.assertEqual(record.gaps, [])

    def test_pictures(self):
        """Each segment is the service's from end to end where its job came to a good end, else the source's."""
        done = set(self.record.done_in_order())
        parts = self.record.parts()
        self.assertEqual(sorted(parts), list(range(SEGMENTS)))
        for number, part in parts.items():
            grey = {abs(frame.blue - 128) < 6 for _, frame in part}
            self.assertEqual((len(part), grey), (FRAMES, {number in done}), f"segment {number}")
        shown = [text for text in self.record.warnings if "original is shown" in text]
        self.assertEqual(len(shown), SEGMENTS - len(done))
        # The faults did come.
        self.assertGreater(len(shown), 0)
        self.assertGreater(len(done), SEGMENTS // 2)

    def test_posts(self):
        """A POST is repeated only when it surely was not taken, and each that was taken is another segment."""
        taken = [hashlib.sha256(path.read_bytes()).digest() for path in self.service.state.glob("reference-*")]
        self.assertEqual(len(set(taken)), len(taken))
        states = collections.Counter(state for _, state, _, _ in self.rows)
        faults = collections.Counter(one.get("fault", "").split("=")[0] for one in self.posts)
        refused = sum(one["status"] in (429, 503) for one in self.posts)
        # Cut off in the body: sent again, unless all of it was out.
        again = len(self.posts) - SEGMENTS - refused
        early = faults["drop-early"]
        self.assertTrue(0 <= again <= early, f"{again} more POSTs, {early} were cut off: {faults}")
        self.assertEqual(states["sent"], faults["drop-after"] + early - again)
        self.assertEqual(states["refused"], sum(one["status"] == 400 for one in self.posts))
        self.assertEqual(len(taken), SEGMENTS - states["refused"] - (early - again))

    def test_ledger(self):
        """A row a segment; what was accepted stands there, and what was shown is delivered."""
        self.assertEqual(sorted(label for label, *_ in self.rows),
                         sorted(f"segment {number}" for number in range(SEGMENTS)))
        self.assertEqual([owner for *_, owner in self.rows if owner], [])
        delivered = {int(label.split()[1]) for label, state, _, _ in self.rows if state == "delivered"}
        self.assertEqual(delivered, set(self.record.done_in_order()))
        tasks = [task for _, _, task, _ in self.rows if task]
        taken = {path.stem.removeprefix("reference-") for path in self.service.state.glob("reference-*")}
        self.assertEqual(len(set(tasks)), len(tasks))
        self.assertLessEqual(set(tasks), taken)
        unanswered = sum(one.get("fault") == "drop-after" for one in self.posts)
        self.assertEqual(len(taken) - len(tasks), unanswered)

    def test_flat(self):
        """Memory, sockets, files and threads of the process, after a third of the time."""
        steady = self.samples[len(self.samples) // 3:]
        middle, last = steady[:len(steady) // 2], steady[len(steady) // 2:]
        self.assertGreater(len(last), 10, "it was too short to see anything")
        for name, slack in (("files", 8), ("threads", 8)):
            before, after = (max(getattr(one, name) for one in part) for part in (middle, last))
            self.assertLessEqual(after, before + slack, name)
        # Each create opens a connection, which is kept for 90 s.
        times = [one["time_us"] / 1e6 for one in self.posts]
        kept = max(sum(0 <= end - time <= KEPT for time in times) for end in times)
        self.assertLessEqual(max(one.sockets for one in self.samples), kept + 2 * AT_ONCE)
        if SANITIZED:
            return  # ASan keeps what was freed
        # A short run shows how full the window is, which makes a difference of 100 MB, and no leak.
        if SEGMENTS >= 500:
            self.assertLess(self.growth(steady), 16)

    @staticmethod
    def growth(steady):
        """Kilobytes a segment, by the line through all samples."""
        a_sample = SEGMENTS * 2 / 3 / len(steady)
        slope, _ = statistics.linear_regression(range(len(steady)), [one.kilobytes for one in steady])
        return slope / a_sample


def tell(soak):
    """The figures, as in README.md."""
    steady = soak.samples[len(soak.samples) // 3:]
    faults = collections.Counter(one.get("fault") for one in soak.requests)
    states = collections.Counter(state for _, state, _, _ in soak.rows)
    numbers = [frame.number for frame in soak.record.outs]
    wanted = [frame.number for frame in soak.record.ins]

    def span(name):
        values = [getattr(one, name) for one in steady]
        return f"{min(values)} to {max(values)}"

    rows = (
        ("segments, of 4 s each", SEGMENTS),
        ("frames in / out", f"{len(wanted)} / {len(numbers)}"),
        ("frames lost / doubled / at another place",
         f"{len(set(wanted) - set(numbers))} / {len(numbers) - len(set(numbers))} / "
         f"{sum(a != b for a, b in zip(wanted, numbers))}"),
        ("a POST's body, on the average",
         f"{statistics.mean(one['bytes_in'] for one in soak.posts) / 1000:.0f} kB"),
        ("requests / faulty answers", f"{len(soak.requests)} / "
         f"{sum(count for name, count in faults.items() if name)}"),
        ("POSTs, of which repeated", f"{len(soak.posts)}, {len(soak.posts) - SEGMENTS}"),
        ("segments shown as the service's / as the source's",
         f"{len(soak.record.done_in_order())} / {SEGMENTS - len(soak.record.done_in_order())}"),
        ("rows in the ledger", ", ".join(f"{count} {state}" for state, count in sorted(states.items()))),
        ("memory after a third of the time", f"{span('kilobytes')} kB, {soak.growth(steady):+.1f} kB a segment"),
        ("sockets", span("sockets")),
        ("other open files", span("files")),
        ("threads", span("threads")),
        ("time", f"{soak.took:.0f} s"),
    )
    print("\n| figure | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Soak)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if hasattr(Soak, "rows"):
        tell(Soak)
    bad = len({str(test).split(" ")[0] for test, _ in result.failures + result.errors})
    good = 100 * (result.testsRun - bad) // max(1, result.testsRun)
    print(f"{good}%: Checks: {result.testsRun}, Failures: {bad}, Errors: 0", flush=True)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
