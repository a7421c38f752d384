# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""omni-emulator as a process with a client, and a server of files for it to fetch from."""
import functools
import http.server
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from rig import PATIENCE, LocalServer

KEY = "dialects-test-key-81d0"


class Files(LocalServer):
    """Serves a folder on loopback and keeps what was asked for, with the User-Agent."""

    def __init__(self, folder):
        self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                self.server.asked.append((self.path, self.headers["User-Agent"]))
                if self.path.startswith("/moved/"):
                    self.send_response(302)
                    self.send_header("Location", self.path[len("/moved"):])
                    self.end_headers()
                elif self.path.startswith("/away/"):
                    self.send_response(302)
                    self.send_header("Location", "http://192.0.2.1/a.mp4")
                    self.end_headers()
                else:
                    super().do_GET()

            def log_message(self, *_):
                pass

        super().__init__(functools.partial(Handler, directory=folder))
        self.start()


def launch(line, verbose=False):
    """What gst-launch-1.0 says of a line that has to work."""
    done = subprocess.run(["gst-launch-1.0", "-v" if verbose else "-q", *line.split()],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout
    return done.stdout


class Gate:
    """Jobs of an emulator wait here once they run, and are let through by the test. The result is the
    reference, or a file of the test's where there is none."""

    def __init__(self, path, result="{in}"):
        self.all, self.one = Path(path), Path(f"{path}-one")
        self.options = ["--command", f"sh -c 'until [ -e {self.all} ] || rm {self.one} 2>/dev/null; do "
                        f"sleep 0.05; done; cp \"$0\" \"$1\"' {result} {{out}}"]

    def let_one(self):
        self.one.touch()

    def open(self):
        self.all.touch()


class Service:
    """omni-emulator as a process, and a client of it."""
    CREATE = {"octopusx": "/v1/videos", "omnirouters": "/v1/videos",
              "apimart": "/v1/videos/generations"}

    def __init__(self, program, provider, folder, *options):
        self.provider, self.state = provider, Path(folder)
        self.log = open(f"{folder}.log", "w+")
        self.process = subprocess.Popen(
            [program, "--provider", provider, "--port", "0", "--state", folder, *options],
            env=dict(os.environ, OMNI_EMULATOR_KEY=KEY), stdout=subprocess.PIPE, stderr=self.log,
            text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        self.log.close()
        assert self.process.returncode == 0, f"the emulator ended with {self.process.returncode}"

    def said(self):
        return Path(self.log.name).read_text()

    def ask(self, path, body=None, key=KEY, kind="application/json"):
        """Status and body, parsed where it is JSON."""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(path if path.startswith("http") else self.url + path, data,
                                         {"Content-Type": kind})
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text[:1] == b"{" else text

    def create(self, body, path=None):
        status, reply = self.ask(path or self.CREATE[self.provider], body)
        assert status == 200, (status, reply)
        return reply["data"][0]["task_id"] if self.provider == "apimart" else reply["id"]

    def poll(self, task, path=None):
        path = path or ("/v1/tasks" if self.provider == "apimart" else "/v1/videos")
        status, reply = self.ask(f"{path}/{task}")
        assert status == 200, (status, reply)
        return reply

    def until(self, task, *words, path=None):
        """The first poll that has one of these words for its status."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            reply = self.poll(task, path)
            data = reply.get("data") if isinstance(reply.get("data"), dict) else reply
            if data.get("status") in words:
                return reply
            time.sleep(0.05)
        raise AssertionError(f"no {words} within {PATIENCE} s, last {reply}")

    def fetched(self, url):
        """Without a key: a result link is a permission of its own."""
        status, body = self.ask(url, key=None)
        assert status == 200, (status, body)
        return body

    def requests(self):
        """To be read once the service has ended: a request is written down when its connection is
        done with it, which may be after the client has its reply."""
        return [json.loads(line) for line in (self.state / "requests.jsonl").read_text().splitlines()]

    def recorded(self, method=None):
        """The same at any time: lines that are complete, of connections that have ended."""
        log = self.state / "requests.jsonl"
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        return [one for one in map(json.loads, lines) if method in (None, one["method"])]

    def kept(self, kind):
        return sorted(self.state.glob(f"{kind}-*"))

    def result(self, task):
        return self.state / f"result-{task}.mp4"
