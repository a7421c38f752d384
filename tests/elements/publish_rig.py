# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What the tests of the reference transports share: clips, gst-launch-1.0, an application of its own
with the plugin in it, and omni-emulator as the service that fetches what was published."""
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from emulator_service import KEY, Service
from fresh_state import fresh_state
from rig import PATIENCE, environment_with

FAST = ["poll-interval=50000000", "prompt=x"]

# An application: properties and what to do come in as JSON, so that no launch line holds a secret.
# All messages of the bus go out; with "linger" it stays in PLAYING until its input ends.
APPLICATION = r"""
import json, os, sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

def publish(element, buffer, job):
    if not job["folder"]:
        return None
    name = "from-the-application.mp4"
    with open(os.path.join(job["folder"], name), "wb") as file:
        file.write(buffer.extract_dup(0, buffer.get_size()))
    return job["url"] + name

Gst.init(None)
job = json.loads(sys.stdin.readline())
pipeline = Gst.Pipeline.new("application")
source, omni, sink = (Gst.ElementFactory.make(name) for name in ("filesrc", "omniv2v", "filesink"))
source.props.location, sink.props.location = job["in"], job["out"]
for name, value in job["properties"].items():
    omni.set_property(name, value)
if "folder" in job:
    omni.connect("publish-reference", publish, job)
for element in (source, omni, sink):
    pipeline.add(element)
source.link(omni)
omni.link(sink)
for name in job["properties"]:
    print("property", name, omni.get_property(name), flush=True)
pipeline.set_state(Gst.State.PLAYING)
bus = pipeline.get_bus()
while True:
    message = bus.timed_pop(Gst.CLOCK_TIME_NONE)
    structure = message.get_structure()
    print("message", message.type.first_value_nick, structure.to_string() if structure else "", flush=True)
    if message.type == Gst.MessageType.ERROR:
        error, debug = message.parse_error()
        print("ERROR", error.message, debug, flush=True)
    if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
        break
if job.get("linger"):
    print("ended", flush=True)
    sys.stdin.readline()
pipeline.set_state(Gst.State.NULL)
sys.exit(message.type == Gst.MessageType.ERROR)
"""


def environment(**more):
    return environment_with(**{"OMNI_API_KEY": KEY, "XDG_STATE_HOME": fresh_state(), **more})


def launch(*words, **more):
    """The finished gst-launch-1.0; stderr is in its stdout."""
    words = [str(word) for part in words for word in (part if isinstance(part, list) else [part])]
    return subprocess.run(["gst-launch-1.0", *words], env=environment(**more), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)


def start_launch(*words, **more):
    words = [str(word) for part in words for word in (part if isinstance(part, list) else [part])]
    return subprocess.Popen(["gst-launch-1.0", *words], env=environment(**more), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def make(line):
    done = launch("-q", line.split())
    assert done.returncode == 0, done.stdout


def make_clip(path, encoder="x264enc speed-preset=ultrafast", muxer="mp4mux", frames=72):
    make(f"videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,width=320,height=180,"
         f"framerate=24/1 ! {encoder} ! {muxer} ! filesink location={path}")
    return Path(path)


def start_application(source, out, properties, more_environment=None, **job):
    env = environment(**(more_environment or {}))
    if "OMNI_TEST_PRELOAD" in os.environ:
        env.update(LD_PRELOAD=os.environ["OMNI_TEST_PRELOAD"], ASAN_OPTIONS="detect_leaks=0")
    process = subprocess.Popen(["/usr/bin/python3", "-c", APPLICATION], env=env, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    defaults = {"prompt": "x", "poll-interval": 50000000}
    process.stdin.write(json.dumps({"in": str(source), "out": str(out),
                                    "properties": {**defaults, **properties}, **job}) + "\n")
    process.stdin.flush()
    return process


class PublishCase(unittest.TestCase):
    """A folder of its own for each case, and clips for all of them."""
    emulator_program = None

    def setUp(self):
        self.out = self.folder / self._testMethodName
        self.out.mkdir()
        os.chdir(self.out)
        self.started = 0

    def emulator(self, provider, *options):
        self.started += 1
        # The result is the reference, byte for byte.
        return Service(self.emulator_program, provider, str(self.out / f"emulator-{self.started}"),
                       "--look", "identity", *options)

    def regenerate(self, service, *words, clip=None, **more):
        """filesrc ! omniv2v ! filesink as a finished process."""
        return launch("filesrc", f"location={clip or self.clip}", "!", "omniv2v", FAST,
                      f"provider={service.provider}", f"base-url={service.url}", list(words), "!",
                      "filesink", "location=b.mp4", **more)

    def check_round_trip(self, service, done, clip=None):
        """The service has got the clip by URL, and its result came back."""
        clip = (clip or self.clip).read_bytes()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([kept.read_bytes() == clip for kept in service.kept("reference")], [True])
        self.assertEqual(Path("b.mp4").read_bytes(), clip)

    def check_refused(self, done, reason, *says):
        """One error, with this reason, that says all this."""
        self.assertEqual(done.returncode, 1, done.stdout)
        errors = re.findall(r"^ERROR: from element (.*)$", done.stdout, re.MULTILINE)
        self.assertEqual(len(errors), 1, done.stdout)
        self.assertIn(f"omniv2v0: {reason}: ", errors[0])
        for words in says:
            self.assertIn(words, errors[0])

    def refused(self, provider, reason, *says, words=(), clip=None, **more):
        """Refused before anything is paid."""
        with self.emulator(provider) as service:
            done = self.regenerate(service, *words, clip=clip, **more)
        self.check_refused(done, reason, *says)
        self.assertEqual(service.recorded("POST"), [])
        return done
