#!/usr/bin/env python3
"""Runs the rows of the benchmark table and prints it: rows.py BUILD-DIR [ROW...].

Whatever it starts it stops by its process id. Nothing here fails because of a time: the table says
what was measured and whether the budget was met.
"""
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIP_BYTES = 15 * 1024 * 1024 - 4096  # just under what the service takes
INTERVAL = 0.02  # between polls, for all clients, so that their rhythm does not matter
REPETITIONS = 9
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


class Service:
    """A server process; its address is in `url`."""

    def __init__(self, *command):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
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
        self.log.close()


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

    def tool(self, name):
        return self.build / "tests" / "bench" / name

    def server(self, *options, result=None):
        return Service(self.tool("bench-server"), "--result", result or self.tiny, *options)

    def emulator(self):
        return Service(self.build / "examples" / "emulator" / "omni-emulator", "--port", "0", "--quiet",
                       "--look", "identity")


def median_of(values):
    return statistics.median(values)


def timed(*command, env):
    start = time.monotonic()
    text = run(*command, env=env)
    return 1000 * (time.monotonic() - start), text


def overhead(bench, row):
    body = bench.folder / "body.json"
    write_body(bench, body)
    with bench.emulator() as emulator:
        compare(bench, row, "omni-emulator", emulator.url, body, emulator)
    with bench.server(result=bench.clip) as server:
        compare(bench, row, "a service that answers at once", server.url, body, server)


def write_body(bench, body):
    import base64
    video = "data:video/mp4;base64," + base64.b64encode(bench.clip.read_bytes()).decode()
    body.write_text(json.dumps({"model": "omni-fast-v2v", "prompt": "unchanged", "video": video,
                                "seconds": "4", "aspect_ratio": "16:9", "resolution": "720p"}))


def compare(bench, row, service, url, body, process):
    """One after another in turns, so that what disturbs the machine disturbs all."""
    out = bench.folder / "out.mp4"
    nanoseconds = int(INTERVAL * 1e9)
    element = f"omniv2v prompt=unchanged base-url={url} poll-interval={nanoseconds}"
    line = f"filesrc location={bench.clip} ! {element} ! filesink location={out}"
    whole = {"gst-launch": [], "python": [], "curl": []}
    inside = {"omniv2v": [], "python": [], "curl": []}
    for _ in range(REPETITIONS):
        took, _ = timed("gst-launch-1.0", "-q", *line.split(), env=bench.env)
        whole["gst-launch"].append(took)
        check_result(bench, out)
        took, text = timed(PYTHON, HERE / "python-client.py", url, bench.clip, out, INTERVAL,
                           env=bench.env)
        whole["python"].append(took)
        inside["python"].append(float(text))
        check_result(bench, out)
        took, text = timed("bash", HERE / "curl-client.sh", url, body, out, INTERVAL, env=bench.env)
        whole["curl"].append(took)
        inside["curl"].append(1000 * float(text))
        check_result(bench, out)
        inside["omniv2v"].append(float(run(bench.tool("bench-inside"), 1, out, line, env=bench.env)))
    for kind, values in (("whole process", whole), ("inside", inside)):
        mine, python, curl = (median_of(v) for v in (next(iter(values.values())), values["python"],
                                                     values["curl"]))
        row(f"overhead, {kind}, {service}",
            f"{mine:.0f} ms; Python {python:.0f} ms; curl {curl:.0f} ms: {mine / python:.2f} x Python, "
            f"{mine - curl:+.0f} ms to curl", "<= 0.4 x Python, <= curl + 80 ms",
            mine <= 0.4 * python and mine - curl <= 80)


def check_result(bench, out):
    if out.stat().st_size != CLIP_BYTES:
        raise Failed(f"a result of {out.stat().st_size} bytes")
    out.unlink()


def memory(bench, row):
    with bench.server() as server:
        rises = [int(run(bench.tool("bench-memory"), server.url, bench.tiny, bench.clip, env=bench.env))
                 for _ in range(3)]
    factor = median_of(rises) * 1024 / CLIP_BYTES
    row("memory, peak rise, 15 MiB clip, small result",
        f"{median_of(rises) / 1024:.1f} MiB = {factor:.2f} x clip", "<= 1.3 x clip", factor <= 1.3)


def polling(bench, row):
    for line in run(bench.tool("bench-polling"), env=bench.env).splitlines():
        measure, figure, budget, met = (cell.strip() for cell in line.strip("| ").split(" | "))
        row(measure, figure, budget, {"yes": True, "no": False}.get(met))


def stop(bench, row):
    clip = bench.padded("stop.mp4", 4 * 1024 * 1024)
    with bench.server("--hang", result=bench.padded("half.mp4", 8 * 1024 * 1024)) as server:
        text = run(bench.tool("bench-stop"), server.url, clip, 64, 5, env=bench.env)
    times, threads = zip(*((float(a), int(b)) for a, b in map(str.split, text.splitlines())))
    row("stop, 64 jobs hung in all phases, PLAYING to NULL",
        f"median {median_of(times):.0f} ms, max {max(times):.0f} ms", "<= 100 ms",
        median_of(times) <= 100)
    row("stop, threads left", str(max(threads)), "0", max(threads) <= 0)


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


ROWS = {"overhead": overhead, "memory": memory, "polling": polling, "stop": stop, "flight": flight}


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

    folder = Path(tempfile.mkdtemp(prefix="omni-bench-"))
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
