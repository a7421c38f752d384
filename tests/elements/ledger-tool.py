#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""omni-ledger after gst-launch-1.0 has bought from omni-emulator: what it lists, sums up, fetches and gives up.

ledger-tool.py OMNI-EMULATOR OMNI-LEDGER [CASE...]. The plugin comes from GST_PLUGIN_PATH. Ends with a line
that counts.
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from emulator_service import KEY, Gate, Service
from fresh_state import fresh_state
from rig import PATIENCE, run_cases, wait_until

EMULATOR, LEDGER = sys.argv[1:3]
COLUMNS = ["ID", "STATE", "CREATED", "SECONDS", "MODEL", "TASK", "PROJECT", "BY"]


class Tool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-ledger-"))
        cls.clip = cls.folder / "a.mp4"
        # Noise: larger than what a pipe takes in at once.
        subprocess.run(["gst-launch-1.0", "-q", *f"videotestsrc num-buffers=96 pattern=snow ! "
                        f"video/x-raw,width=320,height=180,framerate=24/1 ! "
                        f"x264enc speed-preset=ultrafast bitrate=4000 ! mp4mux ! "
                        f"filesink location={cls.clip}".split()], check=True, timeout=PATIENCE)
        assert cls.clip.stat().st_size > 500000

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.out = self.folder / self._testMethodName
        self.out.mkdir()
        self.environment = dict(os.environ, OMNI_API_KEY=KEY, XDG_STATE_HOME=fresh_state())

    def emulator(self, *options):
        return Service(EMULATOR, "octopusx", str(self.out / "emulator"), "--look", "identity", *options)

    def start(self, service, prompt="x", out="b.mp4", more=""):
        return subprocess.Popen(
            ["gst-launch-1.0", "-q", *f"filesrc location={self.clip} ! omniv2v prompt={prompt} "
             f"poll-interval=50000000 base-url={service.url} {more} ! filesink location={self.out / out}".split()],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def buy(self, service, prompt="x", more=""):
        process = self.start(service, prompt, more=more)
        said = process.communicate(timeout=PATIENCE)[0]
        self.assertEqual(process.returncode, 0, said)

    def buy_and_die(self, service, prompt, gate):
        """The process is killed as soon as its job stands in the ledger as accepted; the gate opens then."""
        process = self.start(service, prompt)

        def accepted():
            done = self.tool("list", "--json")
            return any(row["state"] == "accepted" for row in json.loads(done.stdout or "[]"))
        try:
            wait_until(accepted, "the job is accepted")
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=PATIENCE)
            gate.open()

    def tool(self, *words, status=None, **more):
        done = subprocess.run([LEDGER, *words], env=dict(self.environment, **more), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        if status is not None:
            self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def rows(self, *words):
        return json.loads(self.tool("list", "--json", *words, status=0).stdout)

    def test_what_was_bought(self):
        with self.emulator() as service:
            self.buy(service, "one")
            self.buy(service, "two")
        rows = self.rows()
        self.assertEqual([row["state"] for row in rows], ["delivered"] * 2)
        self.assertEqual(rows[0]["reference_sha256"], hashlib.sha256(self.clip.read_bytes()).hexdigest())
        self.assertNotEqual(rows[0]["request_sha256"], rows[1]["request_sha256"])
        table = self.tool("list", status=0).stdout.splitlines()
        self.assertEqual(table[0].split(), COLUMNS)
        self.assertEqual(len(table), 3)
        self.assertTrue(table[1].startswith(rows[0]["id"][:8] + "  delivered"))
        shown = self.tool("show", rows[1]["id"][:8], status=0).stdout
        self.assertIn(rows[1]["task_id"], shown)
        self.assertEqual(json.loads(self.tool("show", rows[1]["id"], "--json", status=0).stdout), rows[1])
        self.assertEqual(self.rows("--open"), [])
        sums = json.loads(self.tool("sum", "--json", status=0).stdout)
        for by in ("model", "pipeline"):
            self.assertEqual([(one["jobs_paid"], one["seconds_paid"]) for one in sums[by]], [(2, 8)], sums)
        # Two days, where midnight was between them.
        self.assertEqual([sum(one[what] for one in sums["day"]) for what in ("jobs_paid", "seconds_paid")], [2, 8])
        self.assertEqual(sums["model"][0]["name"], "octopusx omni-fast-v2v")
        self.assertEqual(sums["pipeline"][0]["name"], "gst-launch-1.0/pipeline0/omniv2v0")
        self.assertIn("total", self.tool("sum", status=0).stdout)

    def test_projects(self):
        with self.emulator() as service:
            self.buy(service, "one", "project=film")
            self.buy(service, "two", "project=film")
            self.buy(service, "three")
        rows = self.rows()
        self.assertEqual([row.get("project") for row in rows], ["film", "film", None])
        self.assertIn("film", self.tool("list", status=0).stdout.splitlines()[1].split())
        self.assertRegex(self.tool("show", rows[0]["id"], status=0).stdout, r"(?m)^project +film$")
        sums = json.loads(self.tool("sum", "--by", "project", "--json", status=0).stdout)
        self.assertEqual([(one["name"], one["jobs_paid"], one["seconds_paid"]) for one in sums.pop("project")],
                         [("", 1, 4), ("film", 2, 8)])
        self.assertEqual(sums, {})  # the other tables are left out
        table = self.tool("sum", "--by", "project", status=0).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in table], ["BY", "(none)", "film", "total"])
        self.assertIn("BY project", self.tool("sum", status=0).stdout)
        self.assertIn("--by requires", self.tool("sum", "--by", "weather", status=2).stderr)

    def test_fetch_from_the_service(self):
        gate = Gate(self.out / "gate")
        with self.emulator(*gate.options) as service:
            self.buy_and_die(service, "owed", gate)
            row = self.rows("--open")[0]
            self.assertFalse(row["in_use"])
            got = self.out / "got.mp4"
            # Not without a key, and nothing is lost by trying.
            done = self.tool("fetch", row["id"], "-o", str(got), status=1, OMNI_API_KEY="", OCTOPUSX_API_KEY="")
            self.assertIn("OMNI_API_KEY", done.stderr)
            self.tool("fetch", row["id"][:8], "-o", str(got), status=0)
            self.assertEqual(got.read_bytes(), self.clip.read_bytes())
            self.assertEqual(self.rows()[0]["state"], "delivered")
            # Once is enough.
            self.assertIn("delivered", self.tool("fetch", row["id"], "-o", str(got), status=1).stderr)
        self.assertEqual(sum(one["method"] == "POST" for one in service.requests()), 1)

    def test_fetch_whatever_it_is(self):
        """What no element would pass on is paid all the same: its bytes can be had, and nothing is given up."""
        gate = Gate(self.out / "gate")
        with self.emulator(*gate.options, "--fault", "result:wrong-type*,content:wrong-type*") as service:
            self.buy_and_die(service, "odd", gate)
            row = self.rows("--open")[0]
            got = self.out / "got.mp4"
            done = self.tool("fetch", row["id"], "-o", str(got), status=0)
            self.assertIn("warning: The service sent an HTML page instead of an MP4", done.stderr)
            self.assertIn(f"written to {got} as it is", done.stderr)
            self.assertIn(b"<html", got.read_bytes())
            left = self.rows("--open")
            self.assertEqual([(one["id"], one["state"]) for one in left], [(row["id"], "accepted")])
            # The service is asked again: it may have mended its links.
            done = self.tool("fetch", row["id"], "-o", "-", status=0)
            self.assertIn("<html", done.stdout)
            self.assertIn("stays undelivered", done.stderr)
        self.assertEqual(sum(one["method"] == "POST" for one in service.requests()), 1)

    def test_fetch_what_is_kept(self):
        """Here already: neither a key nor the service is needed."""
        with self.emulator() as service:
            fifo = self.out / "b.mp4"
            os.mkfifo(fifo)
            process = self.start(service)
            reader = open(fifo, "rb")  # takes nothing: the result stays on its way
            end = time.monotonic() + PATIENCE
            row = None
            while time.monotonic() < end and not (row and row.get("kept_result_sha256")):
                listed = self.tool("list", "--json").stdout
                row = (json.loads(listed) or [None])[0] if listed else None
                time.sleep(0.02)
            self.assertIsNotNone(row)
            self.assertTrue(row["in_use"])
            self.assertIn("running process", self.tool("fetch", row["id"], "-o", "-", status=1).stderr)
            self.assertIn("running process", self.tool("forget", row["id"], status=1).stderr)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=PATIENCE)
            reader.close()
        done = subprocess.run([LEDGER, "fetch", row["id"], "-o", "-"], stdout=subprocess.PIPE,
                              env=dict(self.environment, OMNI_API_KEY=""), timeout=PATIENCE)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, self.clip.read_bytes())

    def test_forget_and_prune(self):
        gate = Gate(self.out / "gate")
        with self.emulator(*gate.options) as service:
            self.buy_and_die(service, "given-up", gate)
            row = self.rows()[0]
            self.assertIn("forgotten", self.tool("forget", row["id"], status=0).stdout)
            self.assertEqual(self.rows("--open"), [])
            self.buy(service, "given-up")
            self.assertEqual(len(self.rows()), 2)
        self.assertIn("deleted: 0", self.tool("prune", status=0).stdout)
        self.assertIn("deleted: 2", self.tool("prune", "--older-than", "0", status=0).stdout)
        self.assertEqual(self.rows(), [])
        self.assertEqual(list(Path(self.environment["XDG_STATE_HOME"]).glob("gst-omni/results/*")), [])

    def test_wrong_command_lines(self):
        for words in ([], ["nonsense"], ["show"], ["show", "a", "b"], ["--nonsense", "list"], ["fetch"]):
            if words != ["fetch"]:
                os.makedirs(f"{self.environment['XDG_STATE_HOME']}/gst-omni", exist_ok=True)
                Path(f"{self.environment['XDG_STATE_HOME']}/gst-omni/ledger.db").touch()
            done = self.tool(*words, status=2)
            self.assertIn("usage:", done.stderr)
        done = self.tool("show", "none", status=1)
        self.assertIn("There is no job", done.stderr)
        self.assertIn("usage:", self.tool("--help", status=0).stdout)
        # Looking does not make a ledger.
        elsewhere = self.out / "elsewhere"
        self.assertIn("no ledger", self.tool("list", "--state-dir", str(elsewhere), status=1).stderr)
        self.assertFalse(elsewhere.exists())


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[3:], Tool))
