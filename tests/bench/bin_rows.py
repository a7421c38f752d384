# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""The rows of omniv2vbin; rows.py runs them.

Times are compared with what the service took, CPU seconds with those of plain elements at the same
work: both measured in the same run, in turns, so that what disturbs the machine disturbs all alike.
"""
import heapq
import math
import statistics

LONG = 900  # seconds that one program may take
GOLDEN = 0.6180339887498949  # as in bench-server.cpp


def figures(text):
    return [float(word) for word in text.split()]


# --- wall time -------------------------------------------------------------------------------------


def service_time(job, shortest, longest):
    return shortest + math.fmod(job * GOLDEN, 1) * (longest - shortest)


def bound(times, at_once):
    """When the last job is done at the earliest, if each begins the moment that one before it ends."""
    free = [0.0] * at_once
    for seconds in times:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def stream(bench, row, run):
    segments, at_once, shortest, longest = 24, 8, 20, 40
    with bench.server("--echo", "--service-time", shortest, "--service-time-up-to", longest) as server:
        took, frames = figures(run(bench.tool("bench-bin-stream"), server.url, segments,
                                   f"max-in-flight={at_once}", env=bench.env, timeout=LONG))
    jobs = sorted(server.jobs(), key=lambda job: job.created)
    least = bound([service_time(job.number, shortest, longest) for job in jobs], at_once)
    lag = statistics.mean(job.sent - job.done for job in jobs)
    sent = sorted(job.sent for job in jobs)
    turn = statistics.mean(after.created - before
                           for before, after in zip(sent, jobs[at_once:]))
    polls = statistics.mean(job.polls for job in jobs)
    row(f"bin, wall time of {segments} segments, {at_once} at once, jobs of {shortest}-{longest} s",
        f"{took:.1f} s, bound {least:.1f} s: {100 * (took / least - 1):+.1f} % (noticed after "
        f"{1000 * lag:.0f} ms with {polls:.0f} polls, next job created {1000 * turn:.0f} ms later)",
        "<= +3 %", took <= 1.03 * least)
    expected = segments * 4 * 5
    row("bin, frames out of that stream", f"{frames:.0f} of {expected}", "all", frames == expected)


# --- memory and CPU while jobs wait ----------------------------------------------------------------


def flight(bench, row, run):
    rise, size = {}, 0
    for count in (8, 64):
        with bench.server("--echo", "--service-time", 10, "--first-at-once", "--hold-until",
                          count + 1) as server:
            rise[count] = figures(run(bench.tool("bench-bin-flight"), server.url, count,
                                      env=bench.env, timeout=LONG))
        size = statistics.mean(job.size for job in server.jobs())
        waited = sum(job.done - job.created for job in server.jobs())
        polls = sum(job.polls for job in server.jobs())
    for what, column in (("while all wait", 0), ("at the most until then", 1)):
        slope = (rise[64][column] - rise[8][column]) * 1024 / 56 / size
        row(f"bin, memory a job, between 8 and 64 jobs, {what}",
            f"{slope:.2f} x reference ({size / 1e6:.1f} MB)", "<= 1.15 x reference", slope <= 1.15)
    row("bin, CPU while 64 jobs wait and are polled", f"{rise[64][2]:.1f} % of a core", "< 2 %",
        rise[64][2] < 2)


# --- CPU -------------------------------------------------------------------------------------------


def cpu(bench, run, mode, picture, where, seconds=None):
    width, height, rate, usual, pattern = picture
    return float(run(bench.tool("bench-bin-cost"), mode, width, height, rate, seconds or usual,
                     pattern, where, env=bench.env, timeout=LONG))


def costs(bench, run, picture, repetitions=3):
    """CPU seconds of the bin, of encoding and of decoding; the least of some runs, for what else a
    machine does only ever adds to them."""
    file = bench.folder / "encoded.mp4"
    seen = {"bin": [], "encode": [], "decode": []}
    with bench.server("--echo") as server:
        for _ in range(repetitions):
            for mode, values in seen.items():
                values.append(cpu(bench, run, mode, picture, server.url if mode == "bin" else file))
    return tuple(min(values) for values in seen.values())


MOVING = "smpte horizontal-speed=4"


def cost(bench, row, run):
    for name, picture in (("bars that move", (1280, 720, 25, 16, MOVING)),
                          ("noise", (1280, 720, 25, 16, "snow")),
                          ("bars that move", (640, 360, 25, 32, MOVING))):
        whole, encode, decode = costs(bench, run, picture)
        own = whole / (encode + decode) - 1
        row(f"bin, CPU beyond encoder and decoder, {picture[0]}x{picture[1]}p{picture[2]}, {name}",
            f"{whole:.2f} s for {picture[3]} s; x264enc ! h264parse ! mp4mux {encode:.2f} s, qtdemux ! "
            f"avdec_h264 {decode:.2f} s: {100 * own:+.1f} %", "<= +10 %", own <= 0.1)


def shares(whole, encode, decode, seconds):
    own = max(0, whole - encode - decode)
    return (f"{whole / seconds:.2f} CPU s each second (encoder {encode / whole:.0%}, decoder "
            f"{decode / whole:.0%}, the rest {own / whole:.0%}): {2 * seconds / whole:.1f} channels "
            "on 2 cores")


def capacity(bench, row, run):
    small, large = (640, 360, 25, 24, MOVING), (1920, 1080, 50, 8, MOVING)
    _, encode, decode = costs(bench, run, small)
    with bench.server("--echo", "--service-time", 2) as server:
        whole = cpu(bench, run, "live", small, server.url)
    row("bin, live, 640x360p25", shares(whole, encode, decode, small[3]), "", None)
    pixels = 1920 * 1080 * 50 / (640 * 360 * 25)
    row("bin, 1080p50, computed by pixels from that",
        f"{pixels * whole / small[3]:.1f} CPU s each second", "", None)
    row("bin, 1080p50, measured, not live", shares(*costs(bench, run, large, 1), large[3]), "", None)


def fade(bench, row, run):
    """A share of the time that a live stream has for a frame at 50 a second."""
    for name, size in (("I420", (1920, 1080)), ("I420_10LE", (1920, 1080)), ("I420", (3840, 2160))):
        mixed, copied = figures(run(bench.tool("bench-bin-fade"), name, *size, env=bench.env, timeout=LONG))
        row(f"bin, CPU of a faded frame, {size[0]}x{size[1]} {name}",
            f"{mixed:.1f} ms, {mixed / copied:.1f} x a copy of it; {100 * mixed / 20:.0f} % of a core at "
            "50 frames a second", "", None)


# --- stopping --------------------------------------------------------------------------------------


def stop(bench, row, run):
    half = bench.padded("half.mp4", 8 * 1024 * 1024)
    with bench.server("--hang", result=half) as server:
        stop_at(bench, row, run, server.url, "64 jobs hung in all phases", 64, 5, "hung")
    with bench.server("--echo", "--service-time", 0.3, "--service-time-up-to", 2) as server:
        stop_at(bench, row, run, server.url, "100 times at random, 32 jobs under way", 32, 100,
                "random")


def stop_at(bench, row, run, url, state, jobs, count, mode):
    text = run(bench.tool("bench-bin-stop"), url, jobs, count, mode, env=bench.env, timeout=LONG)
    times, threads = zip(*(figures(line) for line in text.splitlines()))
    row(f"bin, PLAYING to NULL, {state}",
        f"median {statistics.median(times):.0f} ms, max {max(times):.0f} ms; {max(threads):.0f} threads "
        "left", "<= 100 ms, none left", statistics.median(times) <= 100 and max(threads) <= 0)


ROWS = {"bin-stream": stream, "bin-flight": flight, "bin-cost": cost, "bin-fade": fade,
        "bin-capacity": capacity, "bin-stop": stop}
