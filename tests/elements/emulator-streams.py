#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What omni-emulator offers to tests of streams, where a programme goes out in many jobs at once: jobs
that take their time, are slow or fail by chance; results of another length, size and rate; and the
look identity, which keeps every frame at its moment.

emulator-streams.py OMNI-EMULATOR [CASE...]. Ends with a line that counts.
"""
import base64
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from emulator_requests import EXT, KLING
from emulator_service import Files, Service, launch
from rig import PATIENCE, run_cases

EMULATOR = os.path.abspath(sys.argv[1])
SIDE = 32  # of the small grey pictures that are compared
NTSC = 30000 / 1001
DONE = ("completed", "succeeded", "failed")


def seconds_of(clock):
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def decoded(path, track="video"):
    """One track alone: the decoder has no other that is left unlinked."""
    return f"filesrc location={path} ! qtdemux name=d d.{track}_0 ! decodebin ! {track}/x-raw"


def shown(path, track="video"):
    """Beginning and length of each decoded buffer, in running time."""
    said = launch(f"{decoded(path, track)} ! fakesink silent=false sync=false", verbose=True)
    segments = re.findall(r"type: segment .*? start=\(guint64\)(\d+)", said)
    assert len(segments) == 1, segments
    start = int(segments[0]) / 1e9
    return [(seconds_of(pts) - start, seconds_of(lasts))
            for pts, lasts in re.findall(r"pts: ([\d:.]+), duration: ([\d:.]+),", said)]


def times(path):
    return [begin for begin, _ in shown(path)]


def sound_end(path):
    begin, lasts = shown(path, "audio")[-1]
    return begin + lasts


def size(path):
    said = launch(f"{decoded(path)} ! fakesink", verbose=True)
    return tuple(int(re.search(rf"fakesink0.*caps = .* {name}=\(int\)(\d+)", said).group(1))
                 for name in ("width", "height"))


def pictures(path):
    """Every frame, small and grey."""
    launch(f"{decoded(path)} ! videoconvert ! videoscale add-borders=false ! "
           f"video/x-raw,format=GRAY8,width={SIDE},height={SIDE} ! filesink location={path}.gray")
    pixels = Path(f"{path}.gray").read_bytes()
    return [pixels[i:i + SIDE * SIDE] for i in range(0, len(pixels), SIDE * SIDE)]


def differ(one, other):
    return sum(abs(a - b) for a, b in zip(one, other)) / len(one)


def drawn(log):
    """What the log says of the service time that each job has drawn, in order of acceptance."""
    return [float(time) for time in re.findall(r"  chance  takes at least ([\d.]+) s", log)]


class QuietService(Service):
    """GStreamer says in the log what it finds wrong, and often goes on as if nothing were."""

    def __exit__(self, *how):
        super().__exit__(*how)
        wrong = re.findall(r".*(?:CRITICAL|WARNING \*\*).*", self.said())
        assert not wrong, wrong[:5]


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="omni-streams-")
        os.chdir(cls.folder)
        os.mkdir("www")
        # 8.008 s with B frames, so that the first of them does not stand at 0 in the file. Its sound
        # is longer: the container's length says nothing about the frames.
        launch("videotestsrc num-buffers=240 pattern=ball ! video/x-raw,format=I420,width=192,height=108,"
               "framerate=30000/1001 ! x264enc speed-preset=veryfast ! mp4mux name=m ! filesink "
               "location=www/ntsc.mp4 audiotestsrc num-buffers=390 samplesperbuffer=1024 ! "
               "audio/x-raw,rate=48000 ! avenc_aac ! m.")
        launch("videotestsrc num-buffers=240 pattern=ball ! video/x-raw,format=I420,width=192,height=108,"
               "framerate=30/1 ! identity drop-probability=0.3 ! x264enc speed-preset=veryfast ! mp4mux "
               "! filesink location=www/vfr.mp4")
        for name, frames in (("a", 90), ("b", 108), ("c", 132), ("d", 150)):  # 3, 3.6, 4.4, 5 s
            launch(f"videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,format=I420,width=64,"
                   "height=36,framerate=30/1 ! x264enc speed-preset=ultrafast ! mp4mux ! filesink "
                   f"location=www/{name}.mp4")
        cls.clip = Path("www/ntsc.mp4").read_bytes()
        cls.files = Files(f"{cls.folder}/www")

    @classmethod
    def tearDownClass(cls):
        cls.files.close()
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def service(self, *options, provider="octopusx"):
        self.started = getattr(self, "started", 0) + 1
        folder = f"{self.folder}/{self._testMethodName}-{self.started}"
        return QuietService(EMULATOR, provider, folder, *options)

    def body(self, clip, prompt="identity", seconds="8"):
        bytes_ = clip if isinstance(clip, bytes) else Path(f"www/{clip}.mp4").read_bytes()
        data = "data:video/mp4;base64," + base64.b64encode(bytes_).decode()
        return {"model": "omni-fast-v2v", "prompt": prompt, "video": data, "seconds": seconds}

    def made(self, service, body):
        task = service.create(body)
        self.assertEqual(service.until(task, *DONE)["status"], "completed")
        return service.result(task)

    def assertTimes(self, got, wanted, within=0.0001):
        self.assertEqual(len(got), len(wanted))
        for one, other in zip(got, wanted):
            self.assertAlmostEqual(one, other, delta=within)

    # --- chance ----------------------------------------------------------------------------------

    def chances(self, *options, jobs=12):
        """The log of some jobs that follow each other, and which of them failed."""
        with self.service("--look", "identity", *options) as service:
            tasks = [service.create(self.body("a", seconds="4")) for _ in range(jobs)]
            ended = [service.until(task, *DONE)["status"] for task in tasks]
            log = service.said()
        took = {task: float(time) for task, time in
                re.findall(r"job (\S+)  completed  .* after ([\d.]+) s", log)}
        return log, [word == "failed" for word in ended], [took.get(task) for task in tasks]

    def test_service_time_by_chance(self):
        log, _, took = self.chances("--service-time", "0.1-0.9")
        planned = drawn(log)
        self.assertEqual(len(planned), 12)
        self.assertGreater(len(set(planned)), 6)
        self.assertTrue(all(0.1 <= time <= 0.9 for time in planned), planned)
        self.assertLess(min(planned), 0.3)
        self.assertGreater(max(planned), 0.7)
        for wanted, real in zip(planned, took):
            self.assertGreaterEqual(real, wanted - 0.06)  # the log rounds to a tenth
        again, _, _ = self.chances("--service-time", "0.1-0.9", "--seed", "1")  # the default
        other, _, _ = self.chances("--service-time", "0.1-0.9", "--seed", "2")
        self.assertEqual(drawn(again), planned)
        self.assertNotEqual(drawn(other), planned)

    def test_jobs_end_in_another_order(self):
        with self.service("--look", "identity", "--service-time", "0.5-4") as service:
            tasks = [service.create(self.body("a", seconds="4")) for _ in range(8)]
            for task in tasks:
                service.until(task, *DONE)
            log = service.said()
        ended = re.findall(r"job (\S+)  completed", log)
        self.assertEqual(set(ended), set(tasks))
        self.assertNotEqual(ended, tasks)

    def test_one_service_time(self):
        log, _, took = self.chances("--service-time", "0.5", jobs=3)
        self.assertNotIn("chance", log)
        self.assertTrue(all(time >= 0.5 for time in took), took)

    def test_fail_rate(self):
        log, failed, _ = self.chances("--fail-rate", "0.3", jobs=30)
        self.assertEqual(log.count("  chance  will fail"), sum(failed))
        self.assertTrue(3 <= sum(failed) <= 16, failed)
        self.assertEqual(self.chances("--fail-rate", "0.3", jobs=30)[1], failed)
        self.assertNotEqual(self.chances("--fail-rate", "0.3", "--seed", "5", jobs=30)[1], failed)
        # What decides about one thing does not change what decides about another.
        slow = ("--slow-rate", "0.5", "--slow-time", "0.1", "--service-time", "0-0.2")
        self.assertEqual(self.chances("--fail-rate", "0.3", *slow, jobs=30)[1], failed)
        self.assertEqual(self.chances("--fail-rate", "0", jobs=5)[1], [False] * 5)
        self.assertEqual(self.chances("--fail-rate", "1", jobs=5)[1], [True] * 5)

    def test_failed_bodies(self):
        says = "the upstream model failed"
        with self.service("--fail-rate", "1") as service:
            reply = service.until(service.create(self.body("a", seconds="4")), *DONE)
            self.assertEqual((reply["status"], reply["error"]["code"], reply["error"]["message"]),
                             ("failed", "generation_failed", says))
        videos = [self.files.url + "/a.mp4"]
        with self.service("--fail-rate", "1", provider="omnirouters") as service:
            reply = service.until(service.create({**KLING, "videos": videos}), *DONE)
            self.assertEqual((reply["status"], reply["error"]),
                             ("failed", {"code": "generation_failed", "message": says}))
        with self.service("--fail-rate", "1", provider="apimart") as service:
            data = service.until(service.create({**EXT, "video_urls": videos}), *DONE)["data"]
            self.assertEqual((data["status"], data["error"]["message"]), ("failed", says))

    def test_script_goes_before_chance(self):
        with self.service("--fail-rate", "1", "--fault", "create:fail=by the script") as service:
            reply = service.until(service.create(self.body("a", seconds="4")), *DONE)
            self.assertEqual(reply["error"]["message"], "by the script")

    def test_slow_rate(self):
        log, failed, took = self.chances("--slow-rate", "0.25", "--slow-time", "0.7")
        slow = log.count("one of the slow ones")
        self.assertTrue(1 <= slow <= 8, slow)
        self.assertEqual(drawn(log), [0.7] * slow)
        self.assertGreaterEqual(sum(time >= 0.7 for time in took), slow)
        self.assertFalse(any(failed))
        # The same ones are slow where times differ, by so much, and the others keep their time.
        span = ("--service-time", "0-0.2")
        both, _, _ = self.chances("--slow-rate", "0.25", "--slow-time", "0.7", *span)
        plain = drawn(self.chances(*span)[0])
        marks = re.findall(r"  chance  takes at least [\d.]+ s(, one of the slow ones)?", both)
        self.assertEqual(sum(bool(mark) for mark in marks), slow)
        for time, base, mark in zip(drawn(both), plain, marks):
            self.assertAlmostEqual(time, base + (0.7 if mark else 0), delta=0.002)

    # --- identity --------------------------------------------------------------------------------

    def test_identity_is_the_reference(self):
        for options in ([], ["--stretch", "1"], ["--size", "192x108"]):
            with self.subTest(options), self.service(*options) as service:
                for name in ("ntsc", "vfr"):
                    path = self.made(service, self.body(name))
                    self.assertEqual(path.read_bytes(), Path(f"www/{name}.mp4").read_bytes())
        with self.service("--fps", "30") as service:
            path = self.made(service, self.body("a", seconds="4"))
            self.assertEqual(path.read_bytes(), Path("www/a.mp4").read_bytes())

    def test_clips_are_what_the_tests_need(self):
        self.assertTimes(times("www/ntsc.mp4"), [i / NTSC for i in range(240)])
        self.assertGreater(sound_end("www/ntsc.mp4"), 8.2)
        irregular = times("www/vfr.mp4")
        steps = {round((b - a) * 30) for a, b in zip(irregular, irregular[1:])}
        self.assertGreater(len(steps), 1)
        frames = pictures("www/ntsc.mp4")
        self.assertGreater(differ(frames[0], frames[30]), 4, "it does not move")

    def test_many_jobs_at_once(self):
        # Each has a reference of its own: what is mixed up is found out.
        box = 1_000_000
        clips = [self.clip + (box + 8).to_bytes(4, "big") + b"free" + bytes([i]) * box
                 for i in range(32)]
        with self.service("--service-time", "0.5-1.5") as service:
            def one(clip):
                reply = service.until(service.create(self.body(clip)), *DONE)
                return reply["status"] == "completed" and service.fetched(reply["video_url"]) == clip
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                self.assertEqual(list(pool.map(one, clips)), [True] * 32)
            process = Path(f"/proc/{service.process.pid}")
            status, maps = (process / "status").read_text(), (process / "maps").read_text()
        # All bodies at once, and as much again: not one decoded frame, no job with a pipeline.
        peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024
        bodies = sum(len(clip) for clip in clips) * 4 // 3
        if "libasan" not in maps:  # its memory is another matter
            self.assertLess(peak, 2 * bodies + 32_000_000)

    # --- another form ----------------------------------------------------------------------------

    def test_size(self):
        for name in ("ntsc", "vfr"):
            before, wanted = pictures(f"www/{name}.mp4"), times(f"www/{name}.mp4")
            for text, option in (((640, 360), "640x360"), ((100, 100), "100x100")):
                with self.subTest(name, size=option), self.service("--size", option) as service:
                    path = self.made(service, self.body(name))
                    self.assertEqual(size(path), text)
                    self.assertTimes(times(path), wanted)
                    # Squeezed, nothing is cut off: on the same small square it looks the same.
                    after = pictures(path)
                    for i in (0, len(after) // 2, -1):
                        self.assertLess(differ(before[i], after[i]), 3)

    def test_size_of_what_is_regenerated_and_painted(self):
        with self.service("--size", "320x180") as service:
            asked = {**self.body("a", "noir", "4"), "resolution": "720p", "aspect_ratio": "9:16"}
            self.assertEqual(size(self.made(service, asked)), (320, 180))
            painted = {"model": "omni-fast", "prompt": "a harbour", "seconds": "4"}
            self.assertEqual(size(self.made(service, painted)), (320, 180))

    def test_stretch(self):
        for factor in (0.97, 1.05):
            for name, prompt in (("ntsc", "identity"), ("vfr", "identity"), ("ntsc", "noir")):
                with self.subTest(name, factor=factor, prompt=prompt), \
                        self.service("--stretch", str(factor)) as service:
                    path = self.made(service, self.body(name, prompt))
                    wanted = times(f"www/{name}.mp4")
                    self.assertTimes(times(path), [time * factor for time in wanted])
                    before, after = pictures(f"www/{name}.mp4"), pictures(path)
                    if prompt == "identity":
                        for i in (0, len(after) // 3, len(after) // 2, -1):
                            self.assertLess(differ(before[i], after[i]), 3)

    def test_stretch_with_its_sound(self):
        for factor in (0.97, 1.05):
            with self.subTest(factor), self.service("--stretch", str(factor)) as service:
                lasts = sound_end(self.made(service, self.body("ntsc")))
                self.assertAlmostEqual(lasts, sound_end("www/ntsc.mp4") * factor, delta=0.05)

    def test_stretch_of_what_is_painted(self):
        with self.service("--stretch", "1.5", "--size", "64x36") as service:
            path = self.made(service, {"model": "omni-fast", "prompt": "x", "seconds": "4"})
            self.assertTimes(times(path), [i / 24 for i in range(144)])

    def test_fps(self):
        for name, prompt in (("ntsc", "identity"), ("vfr", "identity"), ("ntsc", "neon"),
                             ("vfr", "neon")):
            begins = times(f"www/{name}.mp4")
            end = sum(shown(f"www/{name}.mp4")[-1])
            for fps in (24, 30, 50):
                with self.subTest(name, prompt=prompt, fps=fps), \
                        self.service("--fps", str(fps)) as service:
                    path = self.made(service, self.body(name, prompt))
                    self.assertTimes(times(path), [i / fps for i in range(round(end * fps))])
                    if prompt != "identity":
                        continue
                    before, after = pictures(f"www/{name}.mp4"), pictures(path)
                    for i in range(0, len(after), 20):
                        at = i / fps
                        near = [before[k] for k, begin in enumerate(begins) if abs(begin - at) < 0.12]
                        self.assertLess(min(differ(one, after[i]) for one in near), 3)

    def test_length_of_a_look(self):
        # Bought were 4 s. Less than half a second more or less: the reference's length.
        with self.service() as service:
            for name, frames in (("a", 120), ("b", 108), ("c", 132), ("d", 120)):
                with self.subTest(name):
                    path = self.made(service, self.body(name, "noir", "4"))
                    self.assertTimes(times(path), [i / 30 for i in range(frames)])
            # Its longer sound does not count.
            path = self.made(service, self.body("ntsc", "noir"))
            self.assertTimes(times(path), [i / NTSC for i in range(240)])

    def test_identity_never_cuts(self):
        for options, fps in (([], 30), (["--size", "32x18"], 30), (["--fps", "24"], 24)):
            with self.subTest(options), self.service(*options) as service:
                for name, seconds in (("a", 3), ("d", 5)):  # 4 were bought
                    path = self.made(service, self.body(name, seconds="4"))
                    self.assertTimes(times(path), [i / fps for i in range(seconds * fps)])

    # --- the command line ------------------------------------------------------------------------

    def test_options(self):
        for options, says in ((["--service-time", "4-0.5"], "--service-time must have its smaller"),
                              (["--service-time", "fast"], "--service-time must be 0 to 86400 seconds"),
                              (["--service-time", "1-"], "--service-time must be 0 to 86400 seconds"),
                              (["--service-time", "1-2s"], "--service-time must be 0 to 86400 seconds"),
                              (["--service-time=-1"], "--service-time must be 0 to 86400 seconds"),
                              (["--service-time", "nan"], "--service-time must be 0 to 86400 seconds"),
                              (["--service-time", "1-90000"], "--service-time must be 0 to 86400 seconds"),
                              (["--fail-rate", "1.1"], "--fail-rate must be 0 (no job) to 1 (all)"),
                              (["--fail-rate", "nan"], "--fail-rate must be 0 (no job) to 1 (all)"),
                              (["--slow-rate=-0.1", "--slow-time", "1"], "--slow-rate must be 0"),
                              (["--slow-rate", "0.1"], "--slow-rate and --slow-time go together"),
                              (["--slow-time", "3"], "--slow-rate and --slow-time go together"),
                              (["--slow-rate", "0.1", "--slow-time=-3"], "--slow-time must be"),
                              (["--seed=-1"], "--seed must be 0 or more"),
                              (["--stretch", "0"], "--stretch must be 0.5 to 2"),
                              (["--stretch", "nan"], "--stretch must be 0.5 to 2"),
                              (["--size", "640"], "--size must be WIDTHxHEIGHT"),
                              (["--size", "641x360"], "--size must be WIDTHxHEIGHT, both even"),
                              (["--size", "640x360p"], "--size must be WIDTHxHEIGHT"),
                              (["--size", "640x-360"], "--size must be WIDTHxHEIGHT"),
                              (["--size", "90000x360"], "--size must be WIDTHxHEIGHT")):
            with self.subTest(options):
                done = subprocess.run([EMULATOR, *options], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(says, done.stdout)
        said = subprocess.run([EMULATOR, "--help"], stdout=subprocess.PIPE, text=True,
                              timeout=PATIENCE).stdout
        for word in ("--service-time", "MIN-MAX", "--seed", "--fail-rate", "--slow-rate", "--slow-time",
                     "--stretch", "--size", "Results:", "Chance:"):
            self.assertIn(word, said)


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[2:], Streams))
