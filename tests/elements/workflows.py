#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Every line of examples/workflows.md, run by a shell as it stands there, sends the request that the
service's document shows: tests/elements/requests/NAME.json.

workflows.py WORKFLOWS.MD REQUESTS-FOLDER. A server here writes down what comes and answers in each
service's form; the plugin comes from GST_PLUGIN_PATH. Ends with a line that counts.
"""
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fresh_state import fresh_state
from rig import PATIENCE, LocalServer, run_cases

DOCUMENT, REQUESTS = Path(sys.argv[1]), Path(sys.argv[2])
KEY = "workflow-test-key-81d0"
AT_ONCE = 4


class Service(LocalServer):
    """Creates, polls, results and a store for references, each under a folder of its own line."""

    def __init__(self, result):
        super().__init__(Handler)
        self.result = result
        self.lock = threading.Lock()
        self.creates = {}  # line -> bodies
        self.stored = {}   # path -> bytes
        self.start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", type="application/json", head=False, **headers):
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def do_PUT(self):
        with self.server.lock:
            self.server.stored[self.path] = self.body()
        self.answer(201)

    def do_POST(self):
        line, path = re.fullmatch(r"/(\d+)(/.*)", self.path).groups()
        body = self.body()
        if self.headers["Authorization"] != f"Bearer {KEY}":
            return self.answer(401, b"{}")
        with self.server.lock:
            self.server.creates.setdefault(line, []).append(json.loads(body))
        reply = {"/v1/videos": {"id": "t", "task_id": "t", "status": "queued"},
                 "/v1/videos/generations":
                     {"code": 200, "data": [{"status": "submitted", "task_id": "t"}]}}[path]
        # The next poll may come soon: nothing is worked on here.
        self.answer(200, json.dumps(reply).encode(), Retry_After="1")

    def do_HEAD(self):
        self.do_GET(head=True)

    def do_GET(self, head=False):
        if self.path.startswith("/refs/"):
            with self.server.lock:
                stored = self.server.stored.get(self.path)
            return self.answer(404 if stored is None else 200, stored or b"", "video/mp4", head)
        if self.path == "/result.mp4":
            return self.answer(200, self.server.result, "video/mp4", head)
        url = f"{self.server.url}/result.mp4"
        if "/v1/tasks/" in self.path:
            reply = {"code": 200, "data": {"id": "t", "status": "completed", "progress": 100,
                                           "result": {"videos": [{"url": [url]}]}}}
        else:
            reply = {"id": "t", "status": "completed", "progress": 100, "video_url": url}
        self.answer(200, json.dumps(reply).encode())


def documented_lines():
    """(name, shell line) of every code block, in order."""
    blocks = re.findall(r"<!-- ([a-z0-9-]+) -->\n```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert blocks, "there are no lines in the document"
    return blocks


def with_url(request, url):
    """The documented request with this URL of the reference in place of the document's own."""
    changed = json.loads(json.dumps(request))
    if "videos" in changed:
        changed["videos"] = [url]
    else:
        changed["video"] = url
    return changed


class Workflows(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-workflows-"))
        cls.clip = cls.folder / "in.mp4"
        subprocess.run(
            ["gst-launch-1.0", "-q", *(f"videotestsrc num-buffers=120 ! video/x-raw,width=320,height=180,"
             f"framerate=24/1 ! x264enc speed-preset=ultrafast ! mp4mux ! filesink location={cls.clip}").split()],
            check=True, timeout=PATIENCE)
        cls.service = Service(cls.clip.read_bytes())
        cls.lines = documented_lines()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            cls.done = list(pool.map(cls.run_line, range(len(cls.lines))))

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def run_line(cls, number):
        own = cls.folder / str(number)
        own.mkdir()
        shutil.copy(cls.clip, own / "in.mp4")
        environment = dict(os.environ, OMNI_API_KEY=KEY, OMNI_BASE_URL=f"{cls.service.url}/{number}",
                           PUT_URL=f"{cls.service.url}/refs/{{name}}", XDG_STATE_HOME=fresh_state())
        return subprocess.run(["sh", "-c", cls.lines[number][1]], cwd=own, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)

    def check(self, number):
        name, line = self.lines[number]
        done = self.done[number]
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}")
        out = self.folder / str(number) / "out.mp4"
        self.assertEqual(out.read_bytes(), self.clip.read_bytes(), line)
        sent = self.service.creates.get(str(number), [])
        self.assertEqual(len(sent), 1, line)
        wanted = json.loads((REQUESTS / f"{name}.json").read_text())
        if "put-url" in line:
            used = re.search(re.escape(self.service.url) + r"(/refs/[0-9a-f]{32}\.mp4)",
                             json.dumps(sent[0]))
            self.assertIsNotNone(used, f"no stored reference in {sent[0]}")
            self.assertEqual(self.service.stored[used[1]], self.clip.read_bytes())
            wanted = with_url(wanted, used[0])
        self.assertEqual(sent[0], wanted, line)

    def test_all_documented(self):
        """Each request has a line, and no line is without one."""
        self.assertEqual({path.stem for path in REQUESTS.glob("*.json")},
                         {name for name, _ in self.lines})
        launches = re.findall(r"^\s*gst-launch-1\.0 ", DOCUMENT.read_text(), re.MULTILINE)
        self.assertEqual(len(launches), len(self.lines), "a line that nobody runs")


def add_tests():
    for number, (name, _) in enumerate(documented_lines()):
        setattr(Workflows, f"test_{number:02}_{name}", lambda self, n=number: self.check(n))


if __name__ == "__main__":
    add_tests()
    sys.exit(run_cases((), Workflows))
