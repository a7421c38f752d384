#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What examples/ shows of omniv2vbin, run as people run it, against omni-emulator as another process.
The frames of the results are looked at: how colourful they are tells which look made them.

stream-examples.py OMNI-EMULATOR EXAMPLES-FOLDER [CASE...]. The plugin comes from GST_PLUGIN_PATH. Ends
with a line that counts.
"""
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from emulator_service import KEY, PATIENCE, Service
from fresh_state import fresh_state
from rig import free_port

EMULATOR, EXAMPLES = (os.path.abspath(path) for path in sys.argv[1:3])
FILE, LIVE = f"{EXAMPLES}/stream/restyle-file.sh", f"{EXAMPLES}/stream/restyle-live.sh"
APPLICATION = f"{EXAMPLES}/python/restyle-stream.py"
WIDTH, HEIGHT = 64, 36  # of the pictures that are looked at
RATE = 25
LIVELY = 35  # a picture in colour is more colourful than this
GREY = 12  # one in grey is less


def environment(url="", **more):
    known = dict(os.environ, OMNI_BASE_URL=url, OMNI_API_KEY=KEY, OMNI_EMULATOR_KEY=KEY,
                 PATH=f"{os.path.dirname(EMULATOR)}:{os.environ['PATH']}",
                 **{"XDG_STATE_HOME": fresh_state()})
    return {**known, **more}


def run(*command, url="", **more):
    """The finished process; its output is text, stderr with stdout."""
    known = environment(url, **more)
    if "OMNI_TEST_PRELOAD" in os.environ and command[0] == "/usr/bin/python3":
        known.update(LD_PRELOAD=os.environ["OMNI_TEST_PRELOAD"], ASAN_OPTIONS="detect_leaks=0")
    process = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, start_new_session=True)
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    except BaseException:
        # With all that it started: nothing of it goes on beside later tests.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(command, process.returncode, said)


def launch(line):
    done = run("gst-launch-1.0", "-q", *line.split())
    assert done.returncode == 0, done.stdout


def pictures(source):
    """Every frame, small and in RGB."""
    path = Path(f"frames-{threading.get_ident()}.rgb")
    launch(f"{source} ! decodebin ! videoconvert ! videoscale add-borders=false ! video/x-raw,format=RGB,"
           f"width={WIDTH},height={HEIGHT},pixel-aspect-ratio=1/1 ! filesink location={path}")
    pixels, size = path.read_bytes(), WIDTH * HEIGHT * 3
    return [pixels[i:i + size] for i in range(0, len(pixels), size)]


def pictures_of(path):
    return pictures(f"filesrc location={path} ! qtdemux name=d d.video_0")


def colour(picture):
    """0 for grey; the mean distance of the strongest channel to the weakest one."""
    reds, greens, blues = picture[0::3], picture[1::3], picture[2::3]
    return sum(max(one) - min(one) for one in zip(reds, greens, blues)) / len(reds)


def differ(one, other):
    return sum(abs(a - b) for a, b in zip(one, other)) / len(one)


def sound_of(path):
    launch(f"filesrc location={path} ! qtdemux name=d d.audio_0 ! decodebin ! audioconvert ! audioresample"
           f" ! audio/x-raw,format=U8,rate=8000,channels=1 ! filesink location={path}.raw")
    return Path(f"{path}.raw").read_bytes()


class StreamExamples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="omni-stream-examples-")
        os.chdir(cls.folder)
        # 14 s of bars that move to the left, so that each frame is another; no B frames, so that the
        # first one stands at 0.
        line = ("videotestsrc num-buffers={frames} pattern=smpte horizontal-speed=3 ! video/x-raw,format="
                "I420,width=192,height=108,framerate=25/1 ! x264enc speed-preset=veryfast bframes=0 ! "
                "mp4mux name=m ! filesink location={name}.mp4")
        sound = (" audiotestsrc num-buffers=656 samplesperbuffer=1024 ! audio/x-raw,rate=48000 ! "
                 "avenc_aac ! m.")
        launch(line.format(frames=350, name="long") + sound)
        launch(line.format(frames=110, name="mute"))

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.work = Path(self._testMethodName)
        self.work.mkdir()

    def service(self, *options):
        return Service(EMULATOR, "octopusx", str(self.work.absolute() / "state"), *options)

    def creates(self, service):
        return [one for one in service.requests() if one["method"] == "POST"]

    def assertLooks(self, frames, looks):
        """`looks`: first frame, frame after the last one, and whether they are in grey."""
        for first, end, is_grey in looks:
            for number in (first, (first + end) // 2, end - 1):
                value = colour(frames[number])
                self.assertTrue(value < GREY if is_grey else value > LIVELY,
                                f"frame {number} has {value}, grey: {is_grey}")

    def assertSame(self, before, after):
        """Each frame looks like its own, and more so than like the one before it."""
        self.assertEqual(len(before), len(after))
        for number in range(1, len(before), 12):
            own = differ(after[number], before[number])
            self.assertLess(own, 4, number)
            self.assertLess(own, differ(after[number], before[number - 1]), number)

    # --- a file ----------------------------------------------------------------------------------

    def test_file_with_sound(self):
        with self.service() as service:
            done = run(FILE, "--segment", "5", "long.mp4", f"{self.work}/out.mp4", "film noir",
                       url=service.url)
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(self.creates(service)), 3)
        self.assertEqual(done.stdout.count("sent to the service"), 3, done.stdout)
        before, after = pictures_of("long.mp4"), pictures_of(f"{self.work}/out.mp4")
        self.assertEqual((len(before), len(after)), (350, 350))
        self.assertLooks(before, [(0, 350, False)])
        self.assertLooks(after, [(0, 125, True), (125, 250, True), (250, 350, True)])
        sounds = len(sound_of("long.mp4")), len(sound_of(f"{self.work}/out.mp4"))
        self.assertLess(abs(sounds[0] - sounds[1]), 8000 * 0.1, sounds)
        self.assertFalse(Path(f"{self.work}/out.mp4.part").exists())

    def test_file_frame_by_frame(self):
        # A prompt with everything in it that a launch line would take for its own.
        prompt = 'identity, "quoted" ! and = more; name=v'
        with self.service("--look", "identity") as service:
            done = run(FILE, "--segment", "4", "mute.mp4", f"{self.work}/out.mp4", prompt, url=service.url)
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([one["body"]["prompt"] for one in self.creates(service)], [prompt])
        self.assertSame(pictures_of("mute.mp4"), pictures_of(f"{self.work}/out.mp4"))

    def test_file_dry_run(self):
        with self.service() as service:
            done = run(FILE, "--dry-run", "long.mp4", f"{self.work}/out.mp4", "film noir", url=service.url)
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.creates(service), [])
        self.assertRegex(done.stdout, r'request: \{.*"prompt":"film noir"')
        self.assertFalse(Path(f"{self.work}/out.mp4").exists())

    def test_file_that_fails(self):
        with self.service("--fault", "create:402*") as service:
            done = run(FILE, "long.mp4", f"{self.work}/out.mp4", "film noir", url=service.url)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("payment-required: ", done.stdout)
        self.assertFalse(Path(f"{self.work}/out.mp4").exists())
        self.assertFalse(Path(f"{self.work}/out.mp4.part").exists())

    def test_error_in_the_midst_of_a_message(self):
        # As gst-launch-1.0 does it at times: messages are printed in two writes by one thread, errors by
        # that which has them.
        folder = self.work.absolute() / "bin"
        folder.mkdir()
        fake = folder / "gst-launch-1.0"
        fake.write_text("#!/bin/sh\n"
                        "printf 'Got message #18 from element \"v\" (element): '\n"
                        "echo 'ERROR: from element /GstPipeline:p/GstOmniV2vBin:v: moderated: no.' >&2\n"
                        "echo 'omni/job, segment=(uint)0, state=(string)pending;'\n"
                        "exit 1\n")
        fake.chmod(0o755)
        path = f"{folder}:{os.path.dirname(EMULATOR)}:{os.environ['PATH']}"
        for command, step in (((FILE, "long.mp4", f"{self.work}/out.mp4"), "sent to the service"),
                              ((LIVE, "srt://127.0.0.1:1", f"{self.work}/hls"), "pending")):
            with self.subTest(command[0]):
                done = run(*command, "film noir", PATH=path)
                self.assertEqual(done.returncode, 1, done.stdout)
                lines = done.stdout.splitlines()
                self.assertIn("ERROR: from element /GstPipeline:p/GstOmniV2vBin:v: moderated: no.", lines)
                self.assertIn(f"segment 0  {step}", lines)

    def test_file_that_keeps_going(self):
        # Two jobs of 5 s are bought; what is over is shown as it was.
        with self.service() as service:
            done = run(FILE, "--segment", "5", "--max-seconds", "10", "long.mp4", f"{self.work}/out.mp4",
                       "film noir", url=service.url)
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(self.creates(service)), 2)
        self.assertIn("budget: ", done.stdout)
        self.assertLooks(pictures_of(f"{self.work}/out.mp4"), [(0, 250, True), (250, 350, False)])

    def test_mistakes(self):
        for command, says in (((FILE, "nowhere.mp4", "o.mp4", "x"), "there is no file nowhere.mp4"),
                              ((FILE, "long.mp4", "long.mp4", "x"), "the same file"),
                              ((FILE, "long.mp4", "no/o.mp4", "x"), "there is no folder no"),
                              ((FILE, "--segment", "x", "a", "b", "c"), "--segment needs a whole number"),
                              ((FILE, "long.mp4"), "usage: "),
                              ((LIVE, "srt://127.0.0.1:1", "out"), "usage: "),
                              ((LIVE, "srt://127.0.0.1:1", "rtp://x", "x"), "OUT is a folder or")):
            with self.subTest(command):
                done = run(*command)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(says, done.stdout)
        for program in (FILE, LIVE):
            done = run(program, "--help")
            self.assertEqual((done.returncode, done.stdout[:6]), (0, "usage:"))

    # --- live ------------------------------------------------------------------------------------

    def live(self, *more, url=""):
        """Without an url the demo starts a service of its own."""
        out = self.work.absolute() / "hls"
        return run(LIVE, "--demo", "--for", "20", *more, str(out), "film noir", url=url,
                   OMNI_DEMO_PORT=str(free_port())), out

    def frames_of(self, out):
        parts = re.findall(r"^part\d+\.ts$", (out / "playlist.m3u8").read_text(), re.MULTILINE)
        whole = self.work / "whole.ts"
        whole.write_bytes(b"".join((out / part).read_bytes() for part in parts))
        return pictures(f"filesrc location={whole} ! tsdemux name=d d. ! h264parse")

    def lives_in(self, session):
        listed = subprocess.run(["ps", "-o", "stat=,args=", "-s", str(session)], stdout=subprocess.PIPE,
                                text=True).stdout.splitlines()
        return [line for line in listed if not line.startswith("Z")]

    def test_live_demo(self):
        # What is there goes out, so that a generous latency makes nothing longer.
        done, out = self.live("--latency", "90")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("segment 0  done", done.stdout)
        frames = self.frames_of(out)
        self.assertGreater(len(frames), 2 * RATE)
        # Each job that was done is seen, less the frames that a busy machine loses. What is too short for a job,
        # at the end and where the feed broke off, is shown as it is.
        self.assertLooks(frames, [(0, 2 * RATE, True)])
        jobs = len(set(re.findall(r"segment (\d+)  done", done.stdout)))
        grey = sum(colour(frame) < GREY for frame in frames)
        self.assertGreater(grey, 0.8 * jobs * 4 * RATE)
        self.assertIn("#EXT-X-ENDLIST", (out / "playlist.m3u8").read_text())

    def test_live_too_late(self):
        # No clip is made before all is over: the feed goes on as it is.
        with self.service("--service-time", "600") as service:
            done, out = self.live("--latency", "1", url=service.url)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("WARNING: from element", done.stdout)
        frames = self.frames_of(out)
        self.assertGreater(len(frames), 0)  # how many get through in time is up to the machine
        self.assertLooks(frames, [(0, len(frames), False)])

    def test_live_ends_what_it_started(self):
        out, log = self.work.absolute() / "hls", open(f"{self.work}/log", "w+")
        port = free_port()
        process = subprocess.Popen([LIVE, "--demo", str(out)], stdout=log, stderr=subprocess.STDOUT,
                                   env=environment(OMNI_DEMO_PORT=str(port)), start_new_session=True)
        try:
            while "segment 0  pending" not in Path(log.name).read_text() and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
            self.assertEqual(process.returncode, 143, Path(log.name).read_text())
            # Everything it started was in its session, and the port is free again.
            end = time.monotonic() + PATIENCE
            while self.lives_in(process.pid) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(self.lives_in(process.pid), [])
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.bind(("127.0.0.1", port))
        finally:
            log.close()

    # --- an application --------------------------------------------------------------------------

    def application(self, service, *more):
        return run("/usr/bin/python3", APPLICATION, "long.mp4", f"{self.work}/out.mp4", *more,
                   url=service.url)

    def test_prompt_that_changes(self):
        # The signal at 4.5 s holds from the segment that begins at 5 s, the event at 9 s from that
        # at 10 s on.
        with self.service() as service:
            done = self.application(service, "identity", "--segment", "5", "--at", "4.5", "noir",
                                    "--scene", "9", "identity")
            self.assertEqual(done.returncode, 0, done.stdout)
        # Jobs that run at once are posted in any order; which segment had which is seen below.
        self.assertCountEqual([one["body"]["prompt"] for one in self.creates(service)],
                              ["identity", "noir", "identity"])
        before, after = pictures_of("long.mp4"), pictures_of(f"{self.work}/out.mp4")
        self.assertLooks(after, [(0, 125, False), (125, 250, True), (250, 350, False)])
        self.assertSame(before[:125] + before[250:], after[:125] + after[250:])
        self.assertIn('segment 1  5.00 to 10.00 s  "noir"', done.stdout)
        self.assertIn("jobs    3 of 3 done, 0 failed, 14 s paid", done.stdout)

    def test_prompt_that_cuts(self):
        with self.service() as service:
            done = self.application(service, "identity", "--segment", "9", "--at", "5", "noir", "--cut")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertLooks(pictures_of(f"{self.work}/out.mp4"), [(0, 125, False), (125, 350, True)])

    def test_application_that_fails(self):
        with self.service("--fault", "create:402*") as service:
            done = self.application(service, "noir")
        self.assertEqual(done.returncode, 1)
        self.assertIn("error   payment-required: ", done.stdout)
        self.assertIn("0 s paid", done.stdout)

    # --- presets ---------------------------------------------------------------------------------

    def test_presets(self):
        program = ("import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; "
                   "Gst.init(None); e = Gst.ElementFactory.make('omniv2vbin'); "
                   "print(*((n, e.load_preset(n)) for n in e.get_preset_names()), sep='\\n'); "
                   "print(e.props.latency, e.props.segment_duration, e.props.prompt is None)")
        done = run("/usr/bin/python3", "-c", program)
        self.assertEqual(done.returncode, 0, done.stdout)
        for name in ("rainy-neon-night", "film-noir", "hand-drawn-cartoon", "careful", "live"):
            self.assertIn(f"('{name}', True)", done.stdout)
        self.assertIn("120000000000 4000000000 False", done.stdout)


def run_case(name):
    result = unittest.TestResult()
    StreamExamples(name).run(result)
    return name, result


def main():
    """All cases at once: what takes long is that the service is asked after five seconds at the
    earliest. Those beside a real clock come behind, each alone: they need the machine for themselves."""
    names = sys.argv[3:] or unittest.defaultTestLoader.getTestCaseNames(StreamExamples)
    live = [name for name in names if name.startswith("test_live_")]
    StreamExamples.setUpClass()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(run_case, [name for name in names if name not in live]))
    results += map(run_case, live)
    StreamExamples.tearDownClass()
    for name, result in results:
        print(name, "ok" if result.wasSuccessful() else "FAILED")
        for _, text in result.failures + result.errors:
            print(text)
    ran = sum(result.testsRun for _, result in results)
    failures = sum(len(result.failures) for _, result in results)
    errors = sum(len(result.errors) for _, result in results)
    good = 100 * (ran - failures - errors) // max(1, ran)
    print(f"{good}%: Checks: {ran}, Failures: {failures}, Errors: {errors}", flush=True)
    return 0 if ran and not failures and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
