#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""omniv2vbin from end to end: whole streams, with omni-emulator as a process of its own.

bin-launch.py OMNI-EMULATOR OMNI-STREAM-CHECK exact|live|lines|exact-full|live-full|lines-full [CASE...]
The plugin comes from GST_PLUGIN_PATH. Figures are on lines that begin with "figures:"; the last line
counts. No figure of the clock is judged.
"""
import itertools
import os
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

from bin_stream import BIN, FOUR, Rig, pictures
from emulator_service import Service
from rig import PATIENCE, free_port, run_cases

RIG = Rig(*(os.path.abspath(path) for path in sys.argv[1:3]))
FULL = sys.argv[3].endswith("-full")
SECOND = 10**9


def model(chain):
    """A service's command that decodes, and encodes what the chain gives."""
    return ("gst-launch-1.0 -q filesrc location={in} ! qtdemux ! h264parse ! avdec_h264 ! "
            f"{chain} x264enc bitrate=6000 speed-preset=ultrafast ! mp4mux ! filesink location={{out}}")


# Its programs hand each other pictures and no times.
FRAME_BY_FRAME = "sh -c '" + model("fdsink | gst-launch-1.0 -q fdsrc ! rawvideoparse width=320 height=180 "
                                   "format=i420 framerate=25/1 !") + "'"


class Streams(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="omni-bin-")
        os.chdir(self.folder)
        self.began = time.monotonic()

    def tearDown(self):
        self.say(f"{time.monotonic() - self.began:.1f} s")
        os.chdir("/")
        shutil.rmtree(self.folder)

    def say(self, text):
        print(f"figures: {self.id().split('.')[-1]}: {text}", flush=True)

    def emulator(self, *options):
        return RIG.emulator(Path(self.folder) / "service", *options)

    def play(self, options, line, *checks, patience=PATIENCE):
        with self.emulator(*options) as service:
            return RIG.run(service.url, line, *checks, patience=patience)

    def assertEnded(self, record):
        self.assertTrue(record.ended and not record.errors, f"{record.errors} {record.log[-2000:]}")

    def assertWhole(self, record, count=None):
        """It ended well; frames, times and metas out are those that came in."""
        self.assertEnded(record)
        if count is not None:
            self.assertEqual(len(record.ins), count)
        self.assertEqual([(frame.pts, frame.duration, frame.metas) for frame in record.outs],
                         [(frame.pts, frame.duration, frame.metas) for frame in record.ins])
        self.assertEqual(record.gaps, [])

    def assertSameNumbers(self, record):
        self.assertEqual([frame.number for frame in record.outs],
                         [frame.number for frame in record.ins])

    @staticmethod
    def widest(frames):
        return max(after.pts - before.pts for before, after in zip(frames, frames[1:]))

    def assertSameSound(self, record):
        self.assertGreater(len(record.sounds_in), 0)
        self.assertEqual(record.sounds_out, record.sounds_in)


class Exact(Streams):
    """Frames, times and pictures, whatever the results are like. Not live."""
    SECONDS = 60 if FULL else 12

    def test_identity_in_any_order(self):
        seconds = 600 if FULL else 40
        count = seconds * 30000 // 1001
        sound = (f"audiotestsrc wave=pink-noise num-buffers={seconds * 48000 // 1024} ! "
                 "audio/x-raw,format=S16LE,rate=48000,channels=2 ! v.audio_sink_0 "
                 "v.audio_src_0 ! fakesink name=heard")
        line = pictures(count, "30000/1001", (640, 360)) + f" ! {BIN} max-in-flight=8 "
        # Some take so much longer that later ones overtake them on the slowest machine.
        record = self.play(["--service-time", "0.2-2", "--slow-rate", "0.3", "--slow-time", "6"],
                           line + "! fakesink name=out " + sound, "--psnr",
                           patience=900 if FULL else PATIENCE)
        self.assertWhole(record, count)
        self.assertSameNumbers(record)
        self.assertEqual([frame.number for frame in record.outs], list(range(count)))
        self.assertSameSound(record)
        order = record.done_in_order()
        self.assertEqual(sorted(order), list(range(seconds // 4)))
        self.assertNotEqual(order, sorted(order), "every job waited for the one before")
        worst = min(frame.psnr for frame in record.outs)
        mean = sum(frame.psnr for frame in record.outs) / count
        self.say(f"{count} frames 640x360, PSNR at least {worst:.1f} dB, mean {mean:.1f} dB; "
                 f"jobs ended as {order[:10]}; memory at most {max(record.memory) // 1024} MB")
        self.assertGreaterEqual(worst, 38)

    def retimed(self, options, line=None, properties="", checks=()):
        record = self.play(options, (line or pictures(self.SECONDS * 25)) +
                           f" ! {BIN} {properties} ! fakesink name=out", *checks)
        self.assertWhole(record)
        return record

    def test_overlap(self):
        # 4 s of every 3 go out, in any order; where two results show the same, the numbers are still
        # to be read.
        for factor in ("1", "0.97"):
            with self.subTest(factor):
                count = self.SECONDS * 30000 // 1001
                record = self.play(["--service-time", "0.2-2", "--stretch", factor],
                                   pictures(count, "30000/1001") + f" ! {BIN} overlap={SECOND} "
                                   "max-in-flight=8 ! fakesink name=out", "--psnr")
                self.assertWhole(record, count)
                self.assertSameNumbers(record)
                # Of 12 s the last 3 would be too little for a job of their own.
                self.assertEqual(len(record.done_in_order()), (self.SECONDS - 1) // 3)
                worst = min(frame.psnr for frame in record.outs)
                self.say(f"{count} frames, {len(record.done_in_order())} jobs, PSNR at least {worst:.1f} dB")
                if factor == "1":
                    self.assertGreaterEqual(worst, 38)

    def test_other_rates_in(self):
        for rate, count in (("24000/1001", self.SECONDS * 24000 // 1001), ("50/1", self.SECONDS * 50)):
            with self.subTest(rate):
                record = self.retimed([], pictures(count, rate))
                self.assertEqual(len(record.ins), count)
                self.assertSameNumbers(record)

    def test_variable_rate_in(self):
        for options in ([], ["--stretch", "0.97"], ["--stretch", "1.05"]):
            with self.subTest(options):
                line = pictures(self.SECONDS * 25, more=" ! capssetter caps=video/x-raw,framerate=0/1")
                record = self.retimed(options, line, checks=["--variable"])
                self.assertEqual(len(record.ins), self.SECONDS * 25 * 29 // 30)
                self.assertSameNumbers(record)

    def test_frames_missing(self):
        # Behind a frame in the midst of a segment, or its last ones: the source's times jump. Who makes
        # the result gives its last frame the length of any other, or knows frames only and no times.
        for at, jump in ((11, 228), (50, 300), (92, 333), (98, 200), (99, 350)):
            for command in (model(""), FRAME_BY_FRAME):
                with self.subTest(at=at, jump=jump, command=command.split()[0]):
                    record = self.retimed(["--command", command], pictures(125), checks=[
                        "--jump-at", str(at), "--jump", str(jump * 10**6)])
                    self.assertEqual(len(record.ins), 125)
                    self.assertEqual(self.widest(record.ins), SECOND // 25 + jump * 10**6)
                    self.assertSameNumbers(record)

    def test_shorter_and_longer_are_retimed(self):
        # The same pictures played faster or slower, and back.
        for factor in ("0.97", "1.05"):
            for rate, count in (("25/1", self.SECONDS * 25),
                                ("30000/1001", self.SECONDS * 30000 // 1001)):
                with self.subTest(factor=factor, rate=rate):
                    record = self.retimed(["--stretch", factor], pictures(count, rate))
                    self.assertEqual(len(record.ins), count)
                    self.assertSameNumbers(record)

    def test_results_of_24(self):
        # The picture of 24 that is shown at the middle of each of 25: never further off than the two
        # roundings, there and back.
        record = self.retimed(["--fps", "24"])
        self.assertEqual(len(record.ins), self.SECONDS * 25)
        for number, part in record.parts().items():
            last = -1
            for place, frame in part:
                wanted = int((place + 0.5) * 24 / 25) * 25 / 24 + part[0][1].pts * 25 // SECOND
                with self.subTest(segment=number, place=place):
                    self.assertLessEqual(abs(frame.number - wanted), 1)
                    self.assertGreaterEqual(frame.number, last)
                last = frame.number
        changed = sum(frame.number != source.number for frame, source in zip(record.outs, record.ins))
        self.assertGreater(changed, 0, "the results were not of 24")

    def own_speed(self, factor, fit):
        """What is out at a place p of a segment is the result's picture at the same time."""
        record = self.retimed(["--stretch", str(factor)], properties=f"fit={fit}")
        frames = 0
        for number, part in record.parts().items():
            first = part[0][1].pts * 25 // SECOND
            self.assertEqual(len(part), 100)
            for place, frame in part:
                at = (place + 0.5) / factor
                # Times in an MP4 are rounded: where two pictures meet, either will do.
                wanted = {min(99, int(at - 0.02)), min(99, int(at + 0.02))}
                self.assertIn(frame.number - first, wanted, f"segment {number}, place {place}")
                frames += 1
        self.assertEqual(frames, self.SECONDS * 25)
        return record

    def test_trim_cuts_what_is_longer(self):
        record = self.own_speed(1.05, "trim")
        self.assertEqual(record.outs[99].number, 94)

    def test_hold_repeats_the_last(self):
        record = self.own_speed(0.97, "hold")
        self.assertEqual([frame.number for frame in record.outs[96:100]], [99] * 4)

    def test_trim_and_hold_retime_the_other(self):
        for factor, fit in (("0.97", "trim"), ("1.05", "hold")):
            with self.subTest(fit):
                self.assertSameNumbers(self.retimed(["--stretch", factor], properties=f"fit={fit}"))

    def test_smaller_results(self):
        seconds = 20 if FULL else 8
        record = self.retimed(["--size", "640x360"], pictures(seconds * 25, size=(1280, 720)),
                              checks=["--psnr"])
        self.assertEqual(len(record.ins), seconds * 25)
        self.assertSameNumbers(record)
        self.say(f"640x360 for 1280x720: PSNR at least "
                 f"{min(frame.psnr for frame in record.outs):.1f} dB")

    def test_timecode_and_captions(self):
        line = pictures(self.SECONDS * 30, "30/1")
        record = self.retimed(["--stretch", "1.05"], line, checks=["--metas"])
        self.assertEqual(len({frame.metas for frame in record.outs}), self.SECONDS * 30)
        self.assertTrue(record.outs[31].metas.startswith("10:00:01:01/"), record.outs[31].metas)
        self.assertEqual(sum("=30.32." in frame.metas for frame in record.outs[:90]), 1)
        self.assertSameNumbers(record)

    def anchored(self, provider, properties):
        """The create bodies in order, and the images that the service got."""
        folder = Path(self.folder) / provider
        with Service(RIG.emulator_program, provider, str(folder), "--service-time", "0.3",
                     "--look", "identity") as service:
            record = RIG.run(service.url, pictures(self.SECONDS * 25) + f" ! {BIN} anchor=first "
                             f"provider={provider} {properties} ! fakesink name=out")
        self.assertWhole(record, self.SECONDS * 25)
        self.assertSameNumbers(record)
        self.assertEqual(record.done_in_order()[0], 0)
        bodies = [request["body"] for request in service.requests() if request["method"] == "POST"]
        self.assertEqual(len(bodies), self.SECONDS // 4)
        return bodies, [file.read_bytes() for file in folder.glob("image-*")]

    def check_stills(self, bodies, images):
        self.assertNotIn("images", bodies[0])
        self.assertEqual([len(body["images"]) for body in bodies[1:]], [1] * (self.SECONDS // 4 - 1))
        self.assertEqual(len(images), self.SECONDS // 4 - 1)
        self.assertEqual(len(set(images)), 1)
        self.assertTrue(images[0].startswith(b"\xff\xd8\xff") and images[0].endswith(b"\xff\xd9"))
        self.say(f"{len(images)} times the same still of {len(images[0])} bytes")

    def test_anchor_inline(self):
        self.check_stills(*self.anchored("octopusx", ""))

    def test_anchor_by_url(self):
        port = free_port()
        bodies, images = self.anchored("omnirouters", "reference-transport=serve "
                                       "serve-address=127.0.0.1 "
                                       f"serve-port={port} public-url=http://127.0.0.1:{port}")
        self.check_stills(bodies, images)
        for body in bodies[1:]:
            self.assertRegex(body["images"][0], rf"^http://127\.0\.0\.1:{port}/.*\.jpg$")

    def test_seek_and_position(self):
        made = RIG.run("http://127.0.0.1:9", pictures(500) + " ! x264enc speed-preset=ultrafast "
                       "bframes=2 b-adapt=false key-int-max=50 ! mp4mux ! filesink location=a.mp4")
        self.assertTrue(made.ended, made.errors)
        # One job at a time, so that there is a rest when the seek comes.
        record = self.play(["--service-time", "0.6"],
                           f"filesrc location={self.folder}/a.mp4 ! decodebin ! {BIN} max-in-flight=1 "
                           "! fakesink name=out",
                           "--seek-after", "130", "--seek-to", str(12 * SECOND))
        self.assertTrue(record.ended and not record.errors, record.errors)
        before, after = record.before_flush, record.outs
        self.assertGreaterEqual(len(before), 130)
        self.assertLess(len(before), 500)
        self.assertEqual([f.number for f in before], list(range(len(before))))
        self.assertEqual([f.number for f in after], list(range(300, 500)))
        # With B-frames the file's first picture is at two frames; the time in the stream begins at 0.
        # Where the stream is, is the time of the frame that goes out, however far ahead the source.
        for frame in before + after:
            self.assertEqual(frame.pts, (frame.number + 2) * SECOND // 25)
            self.assertEqual(frame.position, frame.number * SECOND // 25)
        self.say(f"seek after {len(before)} frames")


class ExactFull(Exact):
    """And an hour of stream."""

    def test_sound_and_picture_after_an_hour(self):
        record = RIG.run("", pictures(7200, "2/1", (64, 64)) +
                         " ! omniv2vbin name=v prompt=x segment-duration=10000000000 "
                         "poll-interval=10000000 ! fakesink name=out "
                         "audiotestsrc num-buffers=28125 ! "
                         "audio/x-raw,format=S16LE,rate=8000,channels=1 ! v.audio_sink_0 "
                         "v.audio_src_0 ! fakesink name=heard", "--echo", patience=600)
        self.assertWhole(record, 7200)
        self.assertSameNumbers(record)
        self.assertSameSound(record)
        picture, sound = record.outs[-1], record.sounds_out[-1]
        end = picture.pts + picture.duration
        offset = end - (sound.pts + sound.size * SECOND // 16000)
        self.say(f"after {end // SECOND} s sound and picture end {offset / SECOND:.6f} s apart")
        self.assertEqual(end, 3600 * SECOND)
        self.assertLess(abs(offset), SECOND // 25)


class Live(Streams):
    """Live sources, and a service that fails, or is late, for a third of the jobs."""
    SECONDS = 180 if FULL else 40
    LATENCY = 2500 * 10**6
    # The model takes the colours away: which pictures are its own can be seen.
    OPTIONS = ["--service-time", "0-0.4", "--fail-rate", "0.15", "--slow-rate", "0.15", "--slow-time",
               "10", "--command", model("videobalance saturation=0 !")]

    def test_feeds(self):
        # Both at once: each takes as long as it lasts.
        tail = f" ! {BIN} latency={self.LATENCY} ! fakesink name=out sync=true signal-handoffs=true"
        patience = self.SECONDS + PATIENCE
        count = self.SECONDS * 25
        with self.emulator(*self.OPTIONS) as service:
            runs = {"videotestsrc": RIG.start(service.url, pictures(count, live=True) + tail,
                                              patience=patience),
                    "RTP": RIG.start(service.url, self.rtp() + tail, "--end-after", str(count),
                                     patience=patience)}
            records = {name: RIG.finish(process, patience) for name, process in runs.items()}
        judged = 0
        for name, record in records.items():
            with self.subTest(name):
                judged += self.judge(name, record)
        if not self.left_out(records["videotestsrc"]):
            self.assertEqual(self.widest(records["videotestsrc"].outs), SECOND // 25)
        # Which feed meets what is chance, but for both together it is the same each time. On a machine
        # that is too slow everything is late.
        reasons = {warning.split()[0] for record in records.values() for warning in record.warnings}
        self.assertIn("timed-out", reasons)
        if judged == len(records):
            self.assertIn("service-error", reasons)

    def rtp(self):
        """A picture that goes out and comes in again over UDP."""
        port = free_port()
        return (pictures(-1, live=True) + " ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=2000 "
                f"key-int-max=25 ! rtph264pay config-interval=1 ! udpsink host=127.0.0.1 port={port} "
                f"sync=false async=false udpsrc address=127.0.0.1 port={port} buffer-size=4000000 "
                "caps=application/x-rtp,media=video,clock-rate=90000,encoding-name=H264 ! "
                "rtpjitterbuffer latency=200 ! rtph264depay ! h264parse ! avdec_h264 ! videoconvert "
                "! video/x-raw,format=I420")

    @staticmethod
    def signs(record, *texts):
        return [line for line in record.log.splitlines() + record.warnings if any(text in line for text in texts)]

    @staticmethod
    def late(record):
        """How much later than the earliest the latest frame was shown."""
        delays = [running - pts for pts, running in record.shown]
        return max(delays) - min(delays)

    def left_out(self, record):
        """Signs that whole segments were left out, where the clock bears it out: without frames that were
        shown late, nothing may be."""
        return self.signs(record, "is too late to be shown") if self.late(record) > FOUR // 2 else []

    def judge(self, name, record):
        """Whether the pictures could be judged."""
        self.assertEnded(record)
        live, whole, upstream = record.latency
        self.assertEqual((live, whole), (1, upstream + FOUR + self.LATENCY))
        if left_out := self.left_out(record):
            self.tell(name, record, f"frames not judged, this machine is too slow ({len(left_out)} signs)")
            return False
        self.assertWhole(record)
        # The sink gets no gap that was not in the source.
        self.assertLessEqual(self.widest(record.outs), self.widest(record.ins))
        # A machine that cannot encode 320x180 in time has no pictures to show in time.
        if slow := self.signs(record, "encoder is too slow", "last frame is repeated"):
            self.tell(name, record, f"pictures not judged, this machine is too slow ({len(slow)} signs)")
            return False
        self.assertSameNumbers(record)
        done, made, kept = self.judge_pictures(record)
        self.tell(name, record, f"{made} segments of the service, {kept} of the source, {done} done")
        return True

    def judge_pictures(self, record):
        """Each segment is the service's or the source's from end to end, and the service's only where a
        job came to a good end."""
        done = set(record.done_in_order())
        made = kept = 0
        for number, part in record.parts().items():
            blues = {128 if abs(frame.blue - 128) < 6 else frame.blue for _, frame in part}
            if blues == {128}:
                made += 1
                self.assertIn(number, done)
            else:
                kept += 1
                self.assertTrue(all(abs(blue - 96) < 6 for blue in blues), f"segment {number}: {blues}")
                self.assertNotIn(number, done)
        self.assertEqual(kept, len([w for w in record.warnings if "original is shown" in w]))
        return len(done), made, kept

    def tell(self, name, record, text):
        first = min(running - pts for pts, running in record.shown)
        gaps = [after[1] - before[1] for before, after in zip(record.shown, record.shown[1:])]
        after_start = record.memory[len(record.memory) // 4:]
        self.say(f"{name}: {len(record.outs)} frames, {text}; on the clock: delay {first / 1e9:.3f} s, "
                 f"at most {self.late(record) / 1e6:.0f} ms more, widest gap {max(gaps) / 1e6:.0f} ms "
                 f"(in the source {self.widest(record.ins) / 1e6:.0f} ms); "
                 f"memory {after_start[0] // 1024} to {max(after_start) // 1024} MB")
        if FULL:
            # Of more than two minutes: less than a picture in a second.
            self.assertLess(max(after_start), after_start[0] + 8192)


class Lines(Streams):
    """What people type: gst-launch-1.0 with sound and picture, in every order of the branches."""
    FRAMES = 200

    def make_clip(self):
        # Not by gst-launch: it cannot draw numbers.
        made = RIG.run("", f"{pictures(self.FRAMES)} ! x264enc speed-preset=ultrafast ! mp4mux name=m ! "
                       "filesink location=a.mp4 audiotestsrc wave=pink-noise "
                       f"num-buffers={8 * 44100 // 1024} ! audio/x-raw,rate=44100,channels=2 ! "
                       "avenc_aac ! m.")
        self.assertTrue(made.ended, made.errors)

    def branches(self, inputs, outputs):
        """All orders when full; else each of the two ways of the inputs with each of the outputs."""
        if FULL:
            return list(itertools.permutations(inputs + outputs))
        return [first + second for first in (inputs, inputs[::-1]) for second in (outputs, outputs[::-1])]

    def sound_of(self, path, kind):
        """The clip's sound as AAC or decoded."""
        line = {"aac": f"filesrc location={path} ! qtdemux ! audio/mpeg ! filesink location=ref.sound",
                "raw": f"filesrc location={path} ! decodebin name=d d. ! audio/x-raw ! "
                       "filesink location=ref.sound d. ! video/x-raw ! fakesink"}[kind]
        done = RIG.launch("", "-q " + line)
        self.assertEqual(done.returncode, 0, done.stdout)
        return Path("ref.sound").read_bytes()

    def numbers_in_file(self, path):
        record = RIG.run("", f"filesrc location={path} ! qtdemux ! h264parse ! avdec_h264 ! videoconvert ! "
                         "video/x-raw,format=I420 ! fakesink name=out")
        self.assertTrue(record.ended, record.errors)
        return [(frame.number, frame.pts - record.outs[0].pts) for frame in record.outs]

    def every_order(self, head, inputs, outputs, check):
        self.make_clip()
        with self.emulator() as service:
            orders = self.branches(inputs, outputs)
            for order in orders:
                with self.subTest(" ".join(order)):
                    done = RIG.launch(service.url, f"{head} {' '.join(order)} {BIN}")
                    self.assertEqual(done.returncode, 0, done.stdout)
                    check()
            self.say(f"{len(orders)} orders")

    def test_into_a_muxer(self):
        wanted = [(i, i * SECOND // 25) for i in range(self.FRAMES)]

        def check():
            self.assertEqual(self.numbers_in_file("b.mp4"), wanted)
            self.assertGreater(len(self.sound_of("b.mp4", "aac")), 10000)
            Path("b.mp4").unlink()

        self.every_order("filesrc location=a.mp4 ! decodebin name=d mp4mux name=m ! filesink location=b.mp4",
                         ["d. ! v.sink", "d. ! v.audio_sink_0"],
                         ["v.src ! videoconvert ! x264enc speed-preset=ultrafast ! queue ! m.",
                          "v.audio_src_0 ! audioconvert ! avenc_aac ! queue ! m."], check)

    def test_into_sinks(self):
        frame = 320 * 180 * 3 // 2
        sound = []

        def check():
            if not sound:
                sound.append(self.sound_of("a.mp4", "raw"))
            picture = Path("b.i420").read_bytes()
            self.assertEqual(len(picture), self.FRAMES * frame)
            for number in range(self.FRAMES):
                row = picture[number * frame + 22 * 320:][:320]
                bits = "".join("1" if row[20 * bit + 10] > 120 else "0" for bit in range(16))
                self.assertEqual(int(bits, 2), number)
            self.assertTrue(Path("b.sound").read_bytes() == sound[0], "the sound is another")

        self.every_order("filesrc location=a.mp4 ! decodebin name=d", ["d. ! v.sink", "d. ! v.audio_sink_0"],
                         ["v.src ! filesink location=b.i420", "v.audio_src_0 ! filesink location=b.sound"],
                         check)

    def test_coded_sound_passes(self):
        # One demuxer thread feeds both pads.
        def check():
            self.assertTrue(self.sound_of("b.mp4", "aac") == self.sound_of("a.mp4", "aac"))
            self.assertEqual([number for number, _ in self.numbers_in_file("b.mp4")],
                             list(range(self.FRAMES)))

        self.every_order("filesrc location=a.mp4 ! qtdemux name=d mp4mux name=m ! filesink location=b.mp4",
                         ["d.video_0 ! h264parse ! avdec_h264 ! v.sink",
                          "d.audio_0 ! aacparse ! v.audio_sink_0"],
                         ["v.src ! x264enc speed-preset=ultrafast ! m.", "v.audio_src_0 ! m."], check)


if __name__ == "__main__":
    kinds = {"exact": Exact, "exact-full": ExactFull, "live": Live, "live-full": Live, "lines": Lines,
             "lines-full": Lines}
    sys.exit(run_cases(sys.argv[4:], kinds[sys.argv[3]]))
