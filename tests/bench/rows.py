#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Runs the rows of the benchmark table and prints it: rows.py BUILD-DIR [ROW...].

Whatever it starts it stops by its process id. Nothing here fails because of a time: the table says
what was measured and whether the budget was met.
"""
import base64
import collections
import filecmp
import functools
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import bin_rows

HERE = Path(__file__).resolve().parent
CLIP_BYTES = 15 * 1024 * 1024 - 4096  # just under what the service takes
INTERVAL = 0.005  # between polls, the same for all clients and short: lag has a row of its own
REPETITIONS = 11
# Not the first python3 of the path: requests is a package of the system's.
PYTHON = "/usr/bin/python3"


class Failed(Exception):
    pass


def run(*command, env=None, timeout=120):
    done = subprocess.run([str(word) for word in command], env=env, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"{Path(str(command[0])).name}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


# A line of what bench-server prints at its end: times in s, the result's size in bytes.
Job = collections.namedtuple("Job", "number created done sent size polls")


class Service:
    """A server process; its address is in `url`."""

    def __init__(self, *command, env=None):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=env)
        found = re.search(r"(\d+)\s*$", self.process.stdout.readline())
        if not found:
            self.log.seek(0)
            raise Failed(f"{command[0]} does not start: {self.log.read()}")
        self.url = "http://127.0.0.1:" + found[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.printed = self.process.stdout.read()
        self.log.close()

    def jobs(self):
        """Those that bench-server had; when it has ended."""
        return [Job(*map(float, line.split())) for line in self.printed.splitlines()]


class Bench:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.env = dict(os.environ, GST_PLUGIN_PATH=str(build / "plugin"), OMNI_API_KEY="bench",
                        GST_REGISTRY=str(folder / "registry.bin"), GSETTINGS_BACKEND="memory",
                        XDG_STATE_HOME=str(folder / "state"))
        for name in ("OMNI_BASE_URL", "GST_DEBUG", "http_proxy", "https_proxy", "all_proxy"):
            self.env.pop(name, None)
        self.tiny = folder / "tiny.mp4"
        run("gst-launch-1.0", "-q", "videotestsrc", "num-buffers=120", "pattern=ball", "!",
            "video/x-raw,width=320,height=180,framerate=30/1", "!", "x264enc",
            "speed-preset=ultrafast", "!", "mp4mux", "faststart=true", "!", "filesink",
            f"location={self.tiny}", env=self.env)
        self.clip = self.padded("clip.mp4", CLIP_BYTES)
        # The first start writes the registry of plugins.
        run("gst-inspect-1.0", "omniv2v", env=self.env)

    def padded(self, name, size):
        """The tiny clip with a free box after it that holds noise: valid, and does not compress."""
        path, tiny = self.folder / name, self.tiny.read_bytes()
        free = size - len(tiny)
        path.write_bytes(tiny + free.to_bytes(4, "big") + b"free" + os.urandom(free - 8))
        return path

    def timed(self, out, *command):
        """Runs a client: its time in ms, and what it printed. Its result must be the clip."""
        start = time.monotonic()
        text = run(*command, env=self.env)
        took = 1000 * (time.monotonic() - start)
        if not filecmp.cmp(out, self.clip, shallow=False):
            raise Failed(f"{Path(str(command[0])).name} brought another result")
        out.unlink()
        return took, text

    def tool(self, name):
        return self.build / "tests" / "bench" / name

    def server(self, *options, result=None):
        return Service(self.tool("bench-server"), "--result", result or self.tiny, *options)

    def emulator(self):
        return Service(self.build / "examples" / "emulator" / "omni-emulator", "--port", "0", "--quiet",
                       "--look", "identity", "--state", self.folder / "emulator", env=self.env)


def overhead(bench, row):
    body = bench.folder / "body.json"
    video = "data:video/mp4;base64," + base64.b64encode(bench.clip.read_bytes()).decode()
    body.write_text(json.dumps({"model": "omni-fast-v2v", "prompt": "unchanged", "video": video,
                                "seconds": "4", "aspect_ratio": "16:9", "resolution": "720p"}))
    with bench.emulator() as emulator:
        compare(bench, row, "omni-emulator", emulator.url, body)
    with bench.server(result=bench.clip) as server:
        compare(bench, row, "a service that answers at once", server.url, body)


def service_time(url, body):
    """From the last byte of a create, handed over by a bare socket, to the finished job, in ms."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
    data = body.read_bytes()
    connection.request("POST", "/v1/videos", data, headers)
    sent = time.monotonic()
    task = json.load(connection.getresponse())
    while task["status"] not in ("completed", "failed"):
        time.sleep(0.001)
        connection.request("GET", "/v1/videos/" + task["id"], headers=headers)
        task = json.load(connection.getresponse())
    return 1000 * (time.monotonic() - sent)


def compare(bench, row, service, url, body):
    """In turns, so that what disturbs the machine disturbs all alike."""
    out = bench.folder / "out.mp4"
    element = f"omniv2v prompt=unchanged base-url={url} poll-interval={int(INTERVAL * 1e9)}"
    line = f"filesrc location={bench.clip} ! {element} ! filesink location={out}"
    python = (PYTHON, HERE / "python-client.py", url, bench.clip, out, INTERVAL)
    curl = ("bash", HERE / "curl-client.sh", url, body, out, INTERVAL)
    own, whole, inside = [], collections.defaultdict(list), collections.defaultdict(list)
    for _ in range(REPETITIONS):
        own.append(service_time(url, body))
        whole["omniv2v"].append(bench.timed(out, "gst-launch-1.0", "-q", *line.split())[0])
        inside["omniv2v"].append(float(bench.timed(out, bench.tool("bench-inside"), 1, out, line)[1]))
        for name, command in (("python", python), ("curl", curl)):
            took, text = bench.timed(out, *command)
            whole[name].append(took)
            inside[name].append(float(text))
    served = statistics.median(own)
    for kind, values in (("whole process", whole), ("inside the process", inside)):
        mine, script, floor = (statistics.median(values[name]) - served
                               for name in ("omniv2v", "python", "curl"))
        row(f"overhead, {kind}, {service} (its own {served:.0f} ms left out)",
            f"{mine:.0f} ms; Python {script:.0f} ms; curl {floor:.0f} ms: {mine / script:.2f} x Python, "
            f"{mine - floor:+.0f} ms to curl", "<= 0.4 x Python, <= curl + 80 ms",
            mine <= 0.4 * script and mine - floor <= 80)


def memory(bench, row):
    with bench.server() as server:
        rises = [int(run(bench.tool("bench-memory"), server.url, bench.tiny, bench.clip, env=bench.env))
                 for _ in range(3)]
    factor = statistics.median(rises) * 1024 / CLIP_BYTES
    row("memory, peak rise, 15 MiB clip, small result",
        f"{statistics.median(rises) / 1024:.1f} MiB = {factor:.2f} x clip", "<= 1.3 x clip", factor <= 1.3)


SERVE = "reference-transport=serve serve-address=127.0.0.1"


def by_url(bench, row):
    """The emulator takes both forms, so that one differs from the other in nothing else."""
    with bench.emulator() as emulator:
        rises = [int(run(bench.tool("bench-memory"), emulator.url, bench.tiny, bench.clip, SERVE,
                         env=bench.env)) for _ in range(3)]
        times = {"inline": [], "serve": []}
        out = bench.folder / "out.mp4"
        for _ in range(REPETITIONS):
            for way in times:
                element = (f"omniv2v prompt=unchanged base-url={emulator.url} "
                           f"poll-interval={int(INTERVAL * 1e9)} "
                           + (SERVE if way == "serve" else "reference-transport=inline"))
                line = f"filesrc location={bench.clip} ! {element} ! filesink location={out}"
                times[way].append(float(bench.timed(out, bench.tool("bench-inside"), 1, out, line)[1]))
    # The result is as large as the clip, and above 1 MiB it is in a file, which is mapped.
    rise = statistics.median(rises) * 1024 / CLIP_BYTES
    row("by URL, peak rise of memory, 15 MiB clip served, result as large", f"{rise:.2f} x clip",
        "<= 2.3 x clip", rise <= 2.3)
    inline, serve = (statistics.median(times[way]) for way in ("inline", "serve"))
    row("by URL, served: submit to result, omni-emulator",
        f"{serve:.0f} ms; inline {inline:.0f} ms: {serve / inline:.2f} x", "", None)


def ledger(bench, row):
    """With the state folder on a disk that is synced, unlike those of the other rows."""
    disk = Path(tempfile.mkdtemp(prefix="omni-bench-ledger-", dir="/var/tmp"))
    out = bench.folder / "out.mp4"
    times = {"on": [], "off": []}
    try:
        with bench.server(result=bench.clip) as server:
            for _ in range(REPETITIONS):
                for mode in times:
                    element = (f"omniv2v prompt=unchanged base-url={server.url} ledger={mode} "
                               f"state-dir={disk} poll-interval={int(INTERVAL * 1e9)}")
                    line = f"filesrc location={bench.clip} ! {element} ! filesink location={out}"
                    times[mode].append(float(bench.timed(out, bench.tool("bench-inside"), 1, out, line)[1]))
    finally:
        shutil.rmtree(disk)
    on, off = (statistics.median(times[mode]) for mode in ("on", "off"))
    row("ledger, 15 MiB clip, result as large: submit to result, inside the process",
        f"{on:.0f} ms; without a ledger {off:.0f} ms: {on - off:+.0f} ms, {on / off:.2f} x", "", None)


def fit(bench, row):
    """Against the plain pipeline that decodes and encodes the same at the rate that came out."""
    clip = bench.folder / "large.mp4"
    run("gst-launch-1.0", "-q", "videotestsrc", "num-buffers=240", "pattern=snow", "!",
        "video/x-raw,width=640,height=360,framerate=30/1", "!", "x264enc", "bitrate=24000",
        "speed-preset=ultrafast", "!", "mp4mux", "!", "filesink", f"location={clip}", env=bench.env)
    out = bench.folder / "out.mp4"
    element = "omniv2v prompt=x dry-run=true oversize=transcode base-url=http://127.0.0.1:9"
    line = f"filesrc location={clip} ! {element} ! filesink location={out}"
    times, plain = [], []
    rate = int(0.95 * 15 * 1024 * 1024 * 8 / 8 / 1000)
    encode = (f"filesrc location={clip} ! qtdemux ! h264parse ! avdec_h264 ! videoconvert ! x264enc "
              f"bitrate={rate} speed-preset=fast pass=cbr bframes=0 threads=4 ! h264parse ! mp4mux ! "
              f"filesink location={out}")
    for _ in range(3):
        times.append(float(run(bench.tool("bench-inside"), 1, out, line, env=bench.env)))
        plain.append(float(run(bench.tool("bench-inside"), 1, out, encode, env=bench.env)))
    mine, floor = statistics.median(times), statistics.median(plain)
    row(f"fit, {clip.stat().st_size >> 20} MiB of noise to 15 MiB, oversize=transcode",
        f"{mine / 1000:.1f} s; one pass of decoding and encoding {floor / 1000:.1f} s: "
        f"{mine / floor:.2f} x", "", None)


def polling(bench, row):
    for line in run(bench.tool("bench-polling"), env=bench.env).splitlines():
        measure, figure, budget, met = (cell.strip() for cell in line.split("|")[1:5])
        row(measure, figure, budget, {"yes": True, "**no**": False}.get(met))


def stop(bench, row):
    clip = bench.padded("stop.mp4", 4 * 1024 * 1024)
    with bench.server("--hang", result=bench.padded("half.mp4", 8 * 1024 * 1024)) as server:
        stop_at(bench, row, "hung in all phases", server.url, clip)
    # What does not fit into the queue of a socket that nobody accepts from gets no connection.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop_at(bench, row, "without a connection", url, clip)


def stop_at(bench, row, state, url, clip):
    text = run(bench.tool("bench-stop"), url, clip, 64, 5, env=bench.env)
    times, threads = zip(*((float(a), int(b)) for a, b in map(str.split, text.splitlines())))
    row(f"stop, PLAYING to NULL, 64 jobs {state}",
        f"median {statistics.median(times):.0f} ms, max {max(times):.0f} ms; {max(threads)} threads left",
        "<= 100 ms, none left", statistics.median(times) <= 100 and max(threads) <= 0)


def flight(bench, row):
    size = 2 * 1024 * 1024
    clip = bench.padded("flight.mp4", size)
    figures = {}
    for jobs in (8, 64):
        with bench.server("--service-time", "10", "--first-at-once") as server:
            text = run(bench.tool("bench-flight"), server.url, clip, jobs, env=bench.env)
        rise, share, results = text.split()
        figures[jobs] = (int(rise) * 1024, float(share), int(results))
    slope = (figures[64][0] - figures[8][0]) / 56 / size
    row("in flight, memory a job, between 8 and 64 jobs", f"{slope:.2f} x reference",
        "<= 1.15 x reference", slope <= 1.15)
    row("in flight, CPU while 64 jobs wait and are polled", f"{figures[64][1]:.1f} % of a core",
        "< 2 %", figures[64][1] < 2)
    row("in flight, 64 results in order", str(figures[64][2]), "64", figures[64][2] == 64)


ROWS = {"overhead": overhead, "memory": memory, "by-url": by_url, "ledger": ledger, "fit": fit, "polling": polling, "stop": stop, "flight": flight}
for bin_name, bin_row in bin_rows.ROWS.items():
    ROWS[bin_name] = functools.partial(bin_row, run=run)


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = run("gst-launch-1.0", "--version").splitlines()[1]
    soup = run("pkg-config", "--modversion", "libsoup-3.0").strip()
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    curl = run("curl", "--version").split()[1]
    python = run(PYTHON, "-c", "import platform, requests; "
                 "print(platform.python_version() + ', requests ' + requests.__version__)").strip()
    return (f"{len(os.sched_getaffinity(0))} cores, {model[1] if model else platform.machine()}; {system}; "
            f"{versions}, libsoup {soup}; Python {python}; curl {curl}; load "
            f"{os.getloadavg()[0]:.1f} at the start")


def quick_folder():
    """In memory where there is room: how a disk writes back is nobody's overhead."""
    shared = "/dev/shm"
    roomy = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 4 << 30
    return shared if roomy else None


def main():
    build = Path(sys.argv[1]).resolve()
    names = sys.argv[2:] or list(ROWS)
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        sys.exit(f"no such row: {', '.join(unknown)}. There are: {', '.join(ROWS)}")
    about = machine()
    table = []

    def row(measure, figure, budget, met):
        word = {True: "yes", False: "**no**", None: ""}[met]
        table.append(f"| {measure} | {figure} | {budget} | {word} |")

    folder = Path(tempfile.mkdtemp(prefix="omni-bench-", dir=quick_folder()))
    failed = False
    try:
        bench = Bench(build, folder)
        for name in names:
            print(f"== {name}", file=sys.stderr, flush=True)
            try:
                ROWS[name](bench, row)
            except (Failed, subprocess.TimeoutExpired, ValueError) as error:
                failed = True
                table.append(f"| {name} | not measured: {error} | | **no** |")
    finally:
        shutil.rmtree(folder)
    print("| measure | figure | budget | met? |\n|---|---|---|---|")
    print("\n".join(table))
    print(f"\nMeasured on: {about}.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
