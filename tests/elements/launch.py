#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""omniv2v as people use it: gst-launch-1.0 as a process, omni-emulator as another.

launch.py OMNI-EMULATOR OMNI-REGENERATE PYTHON-EXAMPLE [CASE...]. The plugin comes from
GST_PLUGIN_PATH. Clips are made by GStreamer in a temporary folder. Ends with a line that counts.
"""
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from emulator_service import KEY, Gate, Service
from fresh_state import fresh_state
from rig import PATIENCE, output_of, run_cases, wait_until

EMULATOR, REGENERATE, PYTHON_EXAMPLE = (os.path.abspath(path) for path in sys.argv[1:4])
FAST = "poll-interval=50000000"


def run(command, key=KEY, **more):
    """The finished process; its output is text, stderr with stdout."""
    environment = dict(os.environ, OMNI_API_KEY=key, **{"XDG_STATE_HOME": fresh_state(), **more})
    if "OMNI_TEST_PRELOAD" in os.environ and command[0] == "/usr/bin/python3":
        environment.update(LD_PRELOAD=os.environ["OMNI_TEST_PRELOAD"], ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)


def launch(*line, **more):
    return run(["gst-launch-1.0", *" ".join(line).split()], **more)


def start_launch(line, **more):
    """The process, under way; its output is text, stderr with stdout."""
    environment = dict(os.environ, OMNI_API_KEY=KEY, XDG_STATE_HOME=fresh_state(), **more)
    return subprocess.Popen(["gst-launch-1.0", *line.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env=environment, text=True)


def make_clip(path, frames=48, noise=False, faststart=False, audio=True):
    picture = ("pattern=snow ! video/x-raw,width=640,height=480,framerate=24/1 ! x264enc "
               "bitrate=24000 speed-preset=ultrafast" if noise else
               "pattern=ball ! video/x-raw,width=320,height=180,framerate=24/1 ! x264enc "
               "speed-preset=ultrafast")
    sound = (f" audiotestsrc num-buffers={frames * 2} ! avenc_aac ! m." if audio else "")
    done = launch(f"-q videotestsrc num-buffers={frames} {picture} ! mp4mux name=m "
                  f"faststart={str(faststart).lower()} ! filesink location={path}{sound}")
    assert done.returncode == 0, done.stdout
    return Path(path)


def lay_on_its_side(clip, to):
    """The same clip, to be shown turned by 90 degrees, as a phone stores it: its track header's matrix says so."""
    data = bytearray(clip.read_bytes())
    matrix = data.index(b"tkhd") + 44
    data[matrix:matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 180 << 16, 0, 1 << 30)
    to.write_bytes(data)
    return to


def shown_size(clip):
    """Width and height of the only track, of its header, whose times are longer in version 1."""
    data = clip.read_bytes()
    header = data.index(b"tkhd")
    at = header + 80 + 12 * data[header + 4]
    return tuple(side >> 16 for side in struct.unpack(">2I", data[at:at + 8]))


class Launch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="omni-launch-")
        cls.clip = make_clip(f"{cls.folder}/a.mp4")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.out = Path(self.folder) / self._testMethodName
        self.out.mkdir()
        os.chdir(self.out)

    def emulator(self, *options, folder="state"):
        return Service(EMULATOR, "octopusx", str(self.out / folder), "--look", "identity", *options)

    def test_byte_for_byte(self):
        with self.emulator() as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=identity {FAST} "
                          f"base-url={service.url} ! filesink location=b.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
            reference, result = service.kept("reference"), service.kept("result")
            self.assertEqual(len(reference), 1)
            self.assertEqual(reference[0].read_bytes(), self.clip.read_bytes())
            self.assertEqual(Path("b.mp4").read_bytes(), result[0].read_bytes())
            for word in ("submit", "generate", "download"):
                self.assertIn(f"Progress: ({word})", done.stdout)
        # What was asked is written down for sure once the service has ended.
        self.assertEqual(len(service.recorded("POST")), 1)

    def test_key_only_at_the_api(self):
        # The link redirects to another origin, which writes down whether the key came along.
        with self.emulator("--fault", "result:redirect") as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=identity {FAST} "
                          f"base-url={service.url} ! filesink location=b.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())
        api = [one for one in service.recorded() if one["path"].startswith("/v1/")]
        other = [one for one in service.recorded() if not one["path"].startswith("/v1/")]
        self.assertTrue(all(one["authorization"] for one in api))
        self.assertGreaterEqual(len(other), 2)
        self.assertFalse(any(one["authorization"] for one in other))

    def test_really_regenerated(self):
        with self.emulator() as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=noir {FAST} "
                          f"base-url={service.url} ! filesink location=b.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())
        shown = launch("filesrc location=b.mp4 ! decodebin name=d d. ! videoconvert ! fakesink "
                       "d. ! audioconvert ! fakesink")
        self.assertEqual(shown.returncode, 0, shown.stdout)

    def decodes_whole(self, clip, frames):
        with self.emulator() as service:
            done = launch(f"filesrc location={clip} ! omniv2v prompt=identity {FAST} "
                          f"base-url={service.url} ! decodebin ! videoconvert ! "
                          "video/x-raw,format=GRAY8 ! multifilesink location=f%d.gray")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(service.recorded("POST")), 1)
        self.assertEqual(len(list(Path(".").glob("f*.gray"))), frames)

    # Silent clips: audio that is linked to nothing can cost GStreamer's decodebin the EOS (see pages.py).
    def test_into_decodebin(self):
        self.decodes_whole(make_clip("silent.mp4", audio=False), 48)

    def test_into_decodebin_moov_first(self):
        self.decodes_whole(make_clip("fast.mp4", faststart=True, audio=False), 48)

    def test_into_decodebin_moov_at_the_end_and_large(self):
        # Below 10 MiB a demuxer only buffers; above, it seeks from inside the push.
        clip = make_clip("large.mp4", frames=100, noise=True, audio=False)
        self.assertGreater(clip.stat().st_size, 10 * 1024 * 1024)
        self.assertLess(clip.stat().st_size, 15 * 1024 * 1024)
        self.decodes_whole(clip, 100)

    def test_behind_a_muxer(self):
        # filesink says that one can seek in it; the muxer must not take that for the reference.
        with self.emulator() as service:
            done = launch("videotestsrc num-buffers=48 ! video/x-raw,framerate=24/1 ! x264enc ! mp4mux "
                          f"! omniv2v prompt=identity {FAST} base-url={service.url} "
                          "! filesink location=b.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(Path("b.mp4").read_bytes(), service.kept("reference")[0].read_bytes())
        shown = launch("filesrc location=b.mp4 ! qtdemux ! fakesink num-buffers=48")
        self.assertEqual(shown.returncode, 0, shown.stdout)

    def test_buffer_mode(self):
        for number in range(6):
            make_clip(f"in-{number}.mp4", frames=24 + number)
        with self.emulator("--service-time", "0.3") as service:
            done = launch(f"multifilesrc location=in-%d.mp4 stop-index=5 ! omniv2v prompt=identity "
                          f"{FAST} input-mode=buffer max-in-flight=3 base-url={service.url} ! "
                          "multifilesink location=out-%d.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(service.recorded("POST")), 6)
        for number in range(6):
            self.assertEqual(Path(f"out-{number}.mp4").read_bytes(),
                             Path(f"in-{number}.mp4").read_bytes())

    def test_busy_service(self):
        # Two at once are allowed, six are wanted: it takes longer, and nothing is lost.
        for number in range(4):
            make_clip(f"in-{number}.mp4", frames=24 + number)
        gate = Gate(self.out / "gate")
        with self.emulator(*gate.options, "--concurrency", "2", "--retry-after", "1") as service:
            process = start_launch("multifilesrc location=in-%d.mp4 stop-index=3 ! omniv2v prompt=identity "
                                   f"{FAST} input-mode=buffer retry-attempts=50 base-url={service.url} ! "
                                   "multifilesink location=out-%d.mp4")
            try:
                wait_until(lambda: any(one["status"] == 429 for one in service.recorded("POST")), "one is refused")
            finally:
                gate.open()
                said = output_of(process)
            self.assertEqual(process.returncode, 0, said)
            self.assertEqual(len(service.kept("reference")), 4)
        self.assertGreater(len(service.recorded("POST")), 4)
        for number in range(4):
            self.assertEqual(Path(f"out-{number}.mp4").read_bytes(),
                             Path(f"in-{number}.mp4").read_bytes())

    def one_error(self, source, reason, properties="prompt=x", posts=0, **more):
        with self.emulator() as service:
            begun = time.monotonic()
            done = launch(f"{source} ! omniv2v base-url={service.url} {properties} ! fakesink", **more)
            took = time.monotonic() - begun
        self.assertEqual(len(service.recorded("POST")), posts)
        self.assertEqual(done.returncode, 1, done.stdout)
        errors = re.findall(r"^ERROR: from element (.*)$", done.stdout, re.MULTILINE)
        self.assertEqual(len(errors), 1, done.stdout)
        self.assertIn(f"omniv2v0: {reason}: ", errors[0])
        return took

    def test_error_wrong_key(self):
        self.one_error(f"filesrc location={self.clip}", "unauthorized", posts=1, key="wrong")

    def test_error_no_key(self):
        self.one_error(f"filesrc location={self.clip}", "unauthorized", key="")

    def test_error_unreachable(self):
        self.one_error(f"filesrc location={self.clip}", "unreachable",
                       "prompt=x retry-attempts=2 base-url=http://127.0.0.1:9")

    def test_error_too_large(self):
        Path("big.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(20_000_000))
        self.one_error("filesrc location=big.mp4", "too-large")

    def test_error_jpeg(self):
        done = launch("-q videotestsrc num-buffers=1 ! jpegenc ! filesink location=j.mp4")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.one_error("filesrc location=j.mp4", "bad-input")

    def test_error_empty(self):
        Path("empty.mp4").touch()
        self.one_error("filesrc location=empty.mp4", "bad-input")

    def test_error_moderated(self):
        with self.emulator("--fault", "create:moderated") as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=x {FAST} "
                          f"base-url={service.url} ! fakesink")
        self.assertEqual(done.returncode, 1)
        self.assertIn("omniv2v0: moderated: ", done.stdout)

    def test_paid_but_unknown(self):
        with self.emulator("--fault", "create:drop-after") as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=x {FAST} "
                          f"base-url={service.url} ! fakesink")
        self.assertEqual(len(service.recorded("POST")), 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("omniv2v0: unknown-outcome: ", done.stdout)

    def test_faulty_service(self):
        script = "create:429=0*2,poll:500,poll:html,result:truncate"
        with self.emulator("--fault", script) as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=identity {FAST} "
                          f"base-url={service.url} ! filesink location=b.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())
            self.assertEqual(len(service.kept("reference")), 1)

    def test_expired_link(self):
        with self.emulator("--fault", "result:403") as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=identity {FAST} "
                          f"base-url={service.url} ! filesink location=b.mp4")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())

    def test_reply_forms(self):
        for form in ("video_url", "data", "metadata", "content", "task", "dto", "nested"):
            with self.emulator("--reply", form, folder=form) as service:
                done = launch(f"filesrc location={self.clip} ! omniv2v prompt=identity {FAST} "
                              f"base-url={service.url} ! filesink location={form}.mp4")
                self.assertEqual(done.returncode, 0, form + done.stdout)
                self.assertEqual(Path(f"{form}.mp4").read_bytes(), self.clip.read_bytes())

    def test_on_failure_source(self):
        with self.emulator("--fault", "create:402") as service:
            done = launch(f"filesrc location={self.clip} ! omniv2v prompt=x on-failure=source "
                          f"base-url={service.url} ! filesink location=b.mp4")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("WARNING: from element", done.stdout)
        self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())

    def test_interrupted(self):
        with self.emulator("--service-time", "50") as service:
            process = start_launch(f"filesrc location={self.clip} ! omniv2v prompt=x base-url={service.url} ! "
                                   "fakesink")
            # Said by the main loop: from then on it listens for the signal, too.
            while (line := process.stdout.readline()) and "Progress: (generate)" not in line:
                pass
            process.send_signal(signal.SIGINT)
            output = output_of(process)
            self.assertIn("Setting pipeline to NULL", output)
            self.assertIn("Freeing pipeline", output)

    def test_interrupted_source(self):
        # -e: EOS calls the job off.
        line = "omnivideosrc prompt=x base-url={} ! filesink location=b.mp4"
        with self.emulator("--service-time", "50") as service:
            process = start_launch("-e " + line.format(service.url))
            while (said := process.stdout.readline()) and "Progress: (generate)" not in said:
                pass
            process.send_signal(signal.SIGINT)
            output = output_of(process)
            self.assertRegex(output, r"Progress: \(generate\) cancelled: .* billed\. It is in the ledger as")
            self.assertIn("Got EOS", output)
            self.assertEqual(process.returncode, 0)
        self.assertEqual(len(service.recorded("POST")), 1)

    def test_clip_on_its_side(self):
        clip = lay_on_its_side(make_clip(f"{self.folder}/flat.mp4", frames=120, audio=False), self.out / "side.mp4")
        sizes = {}
        for turn in ("videoflip video-direction=auto !", ""):
            with self.emulator(folder="state" + turn[:1]) as service:
                done = launch(f"filesrc location={clip} ! decodebin ! videoconvert ! {turn} omniv2vbin prompt=x "
                              f"{FAST} base-url={service.url} ! x264enc ! mp4mux ! filesink location=b.mp4")
                self.assertEqual(done.returncode, 0, done.stdout)
                sizes[turn[:1]] = shown_size(service.kept("reference")[0])
                self.assertEqual(shown_size(Path("b.mp4")), sizes[turn[:1]])
                warned = "image-orientation=rotate-90" in done.stdout
                self.assertEqual(warned, not turn, done.stdout)
        self.assertEqual(sizes, {"v": (180, 320), "": (320, 180)})

    def test_stream_shows_its_progress(self):
        with self.emulator() as service:
            done = launch("videotestsrc num-buffers=100 ! video/x-raw,format=I420,width=160,height=90,framerate=10/1 "
                          f"! omniv2vbin prompt=x segment-duration=4000000000 {FAST} base-url={service.url} ! "
                          "fakesink", GST_DEBUG="omniv2vbin:4", GST_DEBUG_NO_COLOR="1")
        self.assertEqual(done.returncode, 0, done.stdout)
        progress = re.findall(r"Progress: \(generate\) (.*)", done.stdout)
        self.assertEqual(progress, ["waiting for the first segment", "the first segment is ready"])
        self.assertIn("2 of 2 segments done, 0 running", done.stdout)

    # Each thread that waits says for what, in a line.
    def test_log_of_a_pipeline_that_hangs(self):
        waits = [r"waiting for input: no segment is queued", r"segment 0: waiting for its encoder",
                 r"waiting for the job of segment 0", r"segment 0: its job is running, task video_\w+",
                 r"segment 3 waits: 3 segments are in flight",
                 r"<v:audio_sink_0> waiting for room: [0-9:.]+ of audio queued"]
        line = ("videotestsrc ! video/x-raw,format=I420,width=160,height=90,framerate=10/1 ! omniv2vbin name=v "
                "prompt=x segment-duration=4000000000 max-in-flight=1 base-url={} ! fakesink audiotestsrc ! "
                "audio/x-raw,rate=8000 ! v.audio_sink_0 v.audio_src_0 ! fakesink")
        with self.emulator("--service-time", "3600") as service:
            process = start_launch(line.format(service.url), GST_DEBUG="omni*:5", GST_DEBUG_NO_COLOR="1")
            log, limit = "", time.monotonic() + PATIENCE
            while not all(re.search(wait, log) for wait in waits):
                more = process.stdout.readline()
                self.assertTrue(more and time.monotonic() < limit, "it never said so:\n" + log)
                log += more
            process.send_signal(signal.SIGINT)
            output_of(process)
        self.assertNotIn(KEY, log)

    def test_key_is_nowhere(self):
        with self.emulator() as service:
            done = launch(f"-v -m filesrc location={self.clip} ! omniv2v prompt=identity {FAST} "
                          f"base-url={service.url} ! filesink location=b.mp4",
                          GST_DEBUG="*:9", GST_DEBUG_FILE="debug.log",
                          GST_DEBUG_DUMP_DOT_DIR=str(self.out))
            self.assertEqual(done.returncode, 0, done.stdout)
        files = [path for path in self.out.iterdir() if path.is_file()]
        self.assertTrue(any(path.suffix == ".dot" for path in files))
        self.assertIn("accepted as task", Path("debug.log").read_text(errors="replace"))
        for text in [done.stdout] + [path.read_text(errors="replace") for path in files]:
            self.assertNotIn(KEY, text)
            self.assertIsNone(re.search(r"[?&](sig|expires)=", text))

    def test_cpp_application(self):
        with self.emulator() as service:
            done = run([REGENERATE, str(self.clip), "b.mp4", "-p", "identity"], OMNI_BASE_URL=service.url)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())
            failed = run([REGENERATE, str(self.clip), "c.mp4", "-p", "identity"], key="wrong",
                         OMNI_BASE_URL=service.url)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("unauthorized", failed.stdout)

    def test_python_application(self):
        with self.emulator() as service:
            done = run(["/usr/bin/python3", PYTHON_EXAMPLE, str(self.clip), "b.mp4", "identity"],
                       OMNI_BASE_URL=service.url)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())

    def test_mistyped(self):
        done = launch("fakesrc ! omniv2v promt=x ! fakesink")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('no property "promt" in element "omniv2v"', done.stdout)


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[4:], Launch))
