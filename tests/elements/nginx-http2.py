#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""omniv2v through a real gateway: nginx with TLS and HTTP/2 before omni-emulator.

nginx-http2.py OMNI-EMULATOR [CASE...]. The plugin comes from GST_PLUGIN_PATH. Everything runs on
loopback as the calling user, in a temporary folder, with a certificate authority made for the
occasion. Ends with 77 (skipped) when nginx or openssl is missing.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from emulator_service import Gate
from fresh_state import fresh_state
from nginx_rig import start_nginx
from rig import PATIENCE, free_ports, stop, wait_until

KEY = "nginx-test-key"
# Far beyond what sockets and HTTP/2 windows hold: a refusal comes while this is being sent.
CLIP_BYTES = 12 * 1024 * 1024

LOG = "$server_port $server_protocol $request_method $uri $status"
HTTP = """
  ssl_certificate {folder}/server.pem;
  ssl_certificate_key {folder}/server.key;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  default_type application/json;
  client_max_body_size 40m;
{servers}
"""

SERVER = """  server {{
    listen 127.0.0.1:{port} ssl{protocol};
{rules}
    location / {{ proxy_pass http://127.0.0.1:{backend}; }}
  }}
"""

REFUSAL = """    location = /v1/videos {{
      {header}
      return {status} '{{"error":{{"message":"refused at the gate","code":"{code}"}}}}';
    }}"""

# What the gateway does by itself, before the body is there: name -> its rules.
GATES = {
    "pass": "",
    "413": "    client_max_body_size 1m;",
    "401": REFUSAL.format(status=401, code="invalid_api_key", header=""),
    "429": REFUSAL.format(status=429, code="rate_limit_exceeded",
                          header="add_header Retry-After 1 always;"),
    # Refuses and hangs up at once, as many gateways do: what is still on its way meets a reset.
    "401-cut": "    lingering_close off;\n"
               + REFUSAL.format(status=401, code="invalid_api_key", header=""),
}
PROTOCOLS = {"h2": " http2", "h1": ""}


def check(good, text):
    if not good:
        raise AssertionError(text)


def run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=PATIENCE,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make_certificates(folder):
    """An authority, and a certificate of it for 127.0.0.1."""
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=gst-omni test authority", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout",
        folder / "server.key", "-out", folder / "server.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    run("openssl", "x509", "-req", "-days", "2", "-in", folder / "server.csr", "-CA",
        folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial", "-extfile",
        folder / "names", "-out", folder / "server.pem")


def make_clip(folder):
    """A small clip, and a free box after it that makes it large."""
    clip = folder / "clip.mp4"
    run("gst-launch-1.0", "-q", "videotestsrc", "num-buffers=120", "!",
        "video/x-raw,width=320,height=180,framerate=30/1", "!", "x264enc",
        "speed-preset=ultrafast", "!", "mp4mux", "!", "filesink", f"location={clip}")
    small = clip.read_bytes()
    free = CLIP_BYTES - len(small)
    clip.write_bytes(small + free.to_bytes(4, "big") + b"free" + os.urandom(free - 8))
    return clip


class Emulator:
    def __init__(self, program, folder, *options):
        self.state = Path(tempfile.mkdtemp(prefix="emulator-", dir=folder))
        self.log_path = self.state / "log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                [program, "--port", "0", "--key", KEY, "--look", "identity", "--state",
                 str(self.state), *options], stdout=subprocess.PIPE, stderr=log, text=True)
        self.port = int(re.search(r":(\d+)\s*$", self.process.stdout.readline())[1])

    def log(self):
        return self.log_path.read_text()

    def requests(self, method):
        lines = (self.state / "requests.jsonl").read_text().splitlines()
        return [entry for entry in map(json.loads, lines) if entry["method"] == method]


class Nginx:
    def __init__(self, program, folder, backend):
        self.folder = Path(tempfile.mkdtemp(prefix="nginx-", dir=folder))
        for name in ("server.pem", "server.key"):
            shutil.copy(folder / name, self.folder)
        doors = [(gate, protocol) for gate in GATES for protocol in PROTOCOLS]
        self.ports = dict(zip(doors, free_ports(len(doors))))
        servers = "".join(SERVER.format(port=port, protocol=PROTOCOLS[protocol], rules=GATES[gate],
                                        backend=backend)
                          for (gate, protocol), port in self.ports.items())
        self.process = start_nginx(program, self.folder, LOG,
                                   HTTP.format(folder=self.folder, servers=servers),
                                   self.ports.values())

    def url(self, gate, protocol="h2"):
        return f"https://127.0.0.1:{self.ports[gate, protocol]}"

    def seen(self, gate, protocol="h2"):
        """What came to this server: (protocol, method, path, status)."""
        prefix = f"{self.ports[gate, protocol]} "
        lines = (self.folder / "access.log").read_text().splitlines()
        return [tuple(line.split()[1:]) for line in lines if line.startswith(prefix)]

    def posts(self, gate, protocol="h2"):
        return [entry for entry in self.seen(gate, protocol) if entry[1] == "POST"]

    def worker(self):
        """The process id of the one worker; the master is our own child."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None


class Client:
    """One gst-launch-1.0 with omniv2v."""

    def __init__(self, rig, url, trusting=True, **properties):
        self.out = rig.folder / "out.mp4"
        self.out.unlink(missing_ok=True)
        settings = {"prompt": "unchanged", "base-url": url, "poll-interval": 100000000, **properties}
        if trusting:
            settings["ssl-ca-file"] = rig.folder / "ca.pem"
        words = [f"{name.replace('_', '-')}={value}" for name, value in settings.items()]
        env = dict(os.environ, OMNI_API_KEY=KEY, XDG_STATE_HOME=fresh_state())
        for name in ("OMNI_BASE_URL", "http_proxy", "https_proxy", "all_proxy"):
            env.pop(name, None)
        self.process = subprocess.Popen(
            ["gst-launch-1.0", "-q", "filesrc", f"location={rig.clip}", "!", "omniv2v", *words, "!",
             "filesink", f"location={self.out}"], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)

    def finish(self):
        """The reason word of its error; None when it went well."""
        try:
            errors = self.process.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("omniv2v hangs: " + self.process.communicate()[1])
        check("CRITICAL" not in errors, errors)
        if self.process.returncode == 0:
            return None
        found = re.search(r"^ERROR: from element .*?omniv2v0: ([a-z-]+): ", errors, re.M)
        check(found, "no error with a reason: " + errors)
        self.errors = errors
        return found[1]


class Rig:
    def __init__(self, emulator, nginx, folder):
        self.emulator_program, self.nginx_program, self.folder = emulator, nginx, folder
        make_certificates(folder)
        self.clip = make_clip(folder)
        self.running = []

    def start(self, *options):
        """An emulator with these options behind a new nginx."""
        emulator = Emulator(self.emulator_program, self.folder, *options)
        self.running.append(emulator.process)
        nginx = Nginx(self.nginx_program, self.folder, emulator.port)
        self.running.append(nginx.process)
        return emulator, nginx

    def client(self, *arguments, **properties):
        client = Client(self, *arguments, **properties)
        self.running.append(client.process)
        return client

    def stop_all(self):
        for process in reversed(self.running):
            stop(process)
        self.running.clear()

    def check_result(self, client):
        check(client.out.read_bytes() == self.clip.read_bytes(), "the result is not the clip")


def expect(client, reason):
    got = client.finish()
    check(got == reason, f"expected {reason or 'a result'}, got {got}: "
                         f"{getattr(client, 'errors', '')}")


def round_trip(rig):
    emulator, nginx = rig.start()
    client = rig.client(nginx.url("pass"))
    expect(client, None)
    rig.check_result(client)
    # The last of all; nginx writes it down after its last byte.
    wait_until(lambda: any("/results/" in entry[2] for entry in nginx.seen("pass")), "the result came past nginx")
    seen = nginx.seen("pass")
    check(all(entry[0] == "HTTP/2.0" for entry in seen), f"not all is HTTP/2: {seen}")
    check(len(nginx.posts("pass")) == 1 and len(emulator.requests("POST")) == 1, f"one POST: {seen}")


def round_trip_http1(rig):
    emulator, nginx = rig.start()
    client = rig.client(nginx.url("pass", "h1"))
    expect(client, None)
    rig.check_result(client)
    check(len(emulator.requests("POST")) == 1, "one POST")


def untrusted(rig):
    emulator, nginx = rig.start()
    client = rig.client(nginx.url("pass"), False)
    expect(client, "unreachable")
    check("ssl-ca-file" in client.errors, "the error names ssl-ca-file: " + client.errors)
    check(not emulator.requests("POST") and not nginx.seen("pass"), "nothing was sent")


def early(gate, reason, posts, protocol):
    def case(rig):
        emulator, nginx = rig.start()
        properties = {"retry_attempts": 3} if gate == "429" else {}
        expect(rig.client(nginx.url(gate, protocol), **properties), reason)
        # nginx writes a request down when it is through with what the client still sends.
        wait_until(lambda: len(nginx.posts(gate, protocol)) >= min(posts), "the POSTs are in the access log")
        seen = nginx.posts(gate, protocol)
        check(len(seen) in posts and all(entry[3] == gate[:3] for entry in seen),
              f"expected {posts} POSTs that were answered {gate[:3]}: {seen}")
        check(not emulator.requests("POST"), "nothing came to the service")
    return case


def busy_then_taken(rig):
    """The service's own 429 passes the gateway; the second POST is taken."""
    emulator, nginx = rig.start("--fault", "create:retry-after=1")
    client = rig.client(nginx.url("pass"))
    expect(client, None)
    rig.check_result(client)
    check([entry[3] for entry in nginx.posts("pass")] == ["429", "200"], str(nginx.posts("pass")))


def worker_killed(rig):
    """While a poll is under way, the worker that holds the connection dies."""
    gate = Gate(rig.folder / "gate")
    emulator, nginx = rig.start(*gate.options, "--fault", "poll:hang@3")
    client = rig.client(nginx.url("pass"))
    wait_until(lambda: "fault poll:hang" in emulator.log() or "fault hang" in emulator.log(),
               "a poll hangs")
    worker = nginx.worker()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: nginx.worker() not in (None, worker), "there is a new worker")
    gate.open()
    expect(client, None)
    rig.check_result(client)
    check(len(emulator.requests("POST")) == 1, "one POST")


def worker_killed_in_create(rig):
    """While the create waits for its answer: it may have been taken, so it is not sent again."""
    emulator, nginx = rig.start("--fault", "create:hang")
    client = rig.client(nginx.url("pass"))
    wait_until(lambda: "fault" in emulator.log(), "the create hangs")
    os.kill(nginx.worker(), signal.SIGKILL)
    expect(client, "unknown-outcome")
    # The emulator writes a request down when it has ended; one that hangs has not.
    check(len(emulator.requests("POST")) <= 1 and not nginx.posts("pass"), "one POST")


def reloaded(rig):
    """nginx -s reload while a job runs: the old worker says GOAWAY and ends."""
    emulator, nginx = rig.start("--service-time", "3")
    client = rig.client(nginx.url("pass"))
    wait_until(lambda: any(entry[1] == "GET" for entry in nginx.seen("pass")), "the job is polled")
    for _ in range(3):
        worker = nginx.worker()
        nginx.process.send_signal(signal.SIGHUP)
        wait_until(lambda: nginx.worker() not in (None, worker), "there is a new worker")
        time.sleep(0.3)
    expect(client, None)
    rig.check_result(client)
    check(len(emulator.requests("POST")) == 1, "one POST")


CASES = {
    "round-trip": round_trip,
    "round-trip-http1": round_trip_http1,
    "untrusted": untrusted,
    "early-401": early("401", "unauthorized", [1], "h2"),
    "early-413": early("413", "too-large", [1], "h2"),
    "early-429": early("429", "rate-limited", [3], "h2"),
    "early-401-http1": early("401", "unauthorized", [1], "h1"),
    "early-413-http1": early("413", "too-large", [1], "h1"),
    "early-429-http1": early("429", "rate-limited", [3], "h1"),
    # A reset leaves no reason; the second try asks before it sends the body.
    "early-401-cut": early("401-cut", "unauthorized", [1, 2], "h1"),
    "busy-then-taken": busy_then_taken,
    "worker-killed": worker_killed,
    "worker-killed-in-create": worker_killed_in_create,
    "reloaded": reloaded,
}


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def find_nginx():
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if not nginx:
        skip("nginx is not installed (Debian: nginx-light)")
    about = subprocess.run([nginx, "-V"], stderr=subprocess.PIPE, text=True).stderr
    if "http_v2_module" not in about or "http_ssl_module" not in about:
        skip("this nginx was built without HTTP/2 or TLS")
    if not shutil.which("openssl"):
        skip("openssl is not installed, which makes the certificates")
    return nginx


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: nginx-http2.py OMNI-EMULATOR [CASE...]")
    names = sys.argv[2:] or list(CASES)
    nginx = find_nginx()
    folder = Path(tempfile.mkdtemp(prefix="omni-nginx-"))
    failed = 0
    try:
        rig = Rig(sys.argv[1], nginx, folder)
        for name in names:
            start = time.monotonic()
            try:
                CASES[name](rig)
                verdict = "passed"
            except (AssertionError, OSError) as error:
                failed += 1
                verdict = f"FAILED: {error}"
            finally:
                rig.stop_all()
            print(f"{name}: {verdict} ({time.monotonic() - start:.1f} s)", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"{len(names) - failed} of {len(names)} passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
