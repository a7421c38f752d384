#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Restyles a film with a prompt that changes with time, and says what happens meanwhile.

    OMNI_API_KEY=... ./restyle-stream.py in.mp4 out.mp4 "film noir" --at 60 "hand-drawn cartoon"

Two ways to change the prompt are shown. --at is known beforehand: the signal prompt-at. --scene goes
with the stream, as from an element that looks at it: an event omni/prompt between two frames.
A prompt holds for a segment from its first frame; --cut begins a new segment where it changes.
"""
import argparse
import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstPbutils", "1.0")
from gi.repository import GLib, Gst, GstPbutils  # noqa: E402  (after the version)

# The sound goes through the element, where it waits for its picture.
PICTURE = ("filesrc name=source ! decodebin name=d  d. ! queue ! deinterlace ! videoconvert name=convert"
           " ! videoflip video-direction=auto ! video/x-raw,format=I420 ! omniv2vbin name=omni"
           " ! x264enc ! h264parse ! queue ! mp4mux name=m ! filesink name=sink")
SOUND = (" d. ! queue ! omni.audio_sink_0 omni.audio_src_0"
         " ! audioconvert ! audioresample ! avenc_aac ! queue ! m.")


def arguments():
    parser = argparse.ArgumentParser(description="Restyle a film with a prompt that changes with time.")
    parser.add_argument("input", help="any film that GStreamer decodes")
    parser.add_argument("output", help="a new MP4")
    parser.add_argument("prompt", help="what to make of it, from the beginning on")
    for option, text in (("--at", "from this second on another prompt (signal prompt-at)"),
                         ("--scene", "the same, as an event in the stream (omni/prompt)")):
        parser.add_argument(option, nargs=2, action="append", default=[], metavar=("SECOND", "PROMPT"),
                            help=text)
    parser.add_argument("--cut", action="store_true", help="begin a segment where the prompt changes")
    parser.add_argument("--segment", type=float, default=8, help="seconds in a job (default 8)")
    parser.add_argument("--max-seconds", type=int, default=0, help="buy no more (default: no limit)")
    parser.add_argument("--keep-going", action="store_true", help="show the original where a job fails")
    parser.add_argument("--at-most", type=int, default=3600, help="stop after so many seconds (3600)")
    parser.add_argument("--base-url", help="the service's address")
    args = parser.parse_args()
    try:
        args.at, args.scene = ([(int(float(second) * Gst.SECOND), prompt) for second, prompt in changes]
                               for changes in (args.at, args.scene))
    except ValueError as error:
        parser.error(f"SECOND is a number: {error}")
    return args


def has_sound(path):
    """Is there a sound track? A muxer would wait for one that never comes."""
    try:
        info = GstPbutils.Discoverer.new(60 * Gst.SECOND).discover_uri(Gst.filename_to_uri(path))
    except GLib.Error as error:
        sys.exit(f"{path} cannot be read: {error.message}")
    if not info.get_video_streams():
        sys.exit(f"{path} has no picture")
    return bool(info.get_audio_streams())


def make_pipeline(args):
    if not Gst.ElementFactory.find("omniv2vbin"):
        sys.exit("there is no element omniv2vbin: is its plugin in GST_PLUGIN_PATH?")
    pipeline = Gst.parse_launch(PICTURE + (SOUND if has_sound(args.input) else ""))
    pipeline.get_by_name("source").props.location = args.input
    pipeline.get_by_name("sink").props.location = args.output
    omni = pipeline.get_by_name("omni")
    omni.props.prompt = args.prompt
    omni.props.segment_duration = int(args.segment * Gst.SECOND)
    omni.props.cut_on_prompt = args.cut
    omni.props.max_seconds = args.max_seconds
    if args.keep_going:
        Gst.util_set_object_arg(omni, "on-failure", "source")
    if args.base_url:
        omni.props.base_url = args.base_url
    for time, prompt in args.at:
        omni.emit("prompt-at", time, prompt)
    pad = pipeline.get_by_name("convert").get_static_pad("src")
    pad.add_probe(Gst.PadProbeType.BUFFER, Scenes(args.scene).on_frame)
    return pipeline


class Scenes:
    """Stands for whatever looks at the frames and knows what they show."""

    def __init__(self, changes):
        self.changes = sorted(changes)

    def on_frame(self, pad, info):
        """On a streaming thread, before the frame goes on: the event gets in front of it."""
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        time = segment.to_running_time(Gst.Format.TIME, info.get_buffer().pts)
        while self.changes and time >= self.changes[0][0]:
            _, prompt = self.changes.pop(0)
            structure = Gst.Structure.new_empty("omni/prompt")
            structure.set_value("prompt", prompt)
            pad.push_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM, structure))
        return Gst.PadProbeReturn.OK


class Run:
    """The pipeline's main loop; status is the exit status."""

    def __init__(self, pipeline, at_most):
        self.loop = GLib.MainLoop()
        self.status = 0
        self.states = {}
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.on_element)
        bus.connect("message::warning", self.on_warning)
        bus.connect("message::error", self.on_error)
        bus.connect("message::eos", lambda bus, message: self.loop.quit())
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.give_up, 130, "interrupted")
        GLib.timeout_add_seconds(at_most, self.give_up, 1, f"not done after {at_most} s")

    def on_element(self, bus, message):
        job = message.get_structure()
        if job.get_name() != "omni/job" or self.states.get(job.get_value("segment")) == job.get_value("state"):
            return
        number, state = job.get_value("segment"), job.get_value("state")
        self.states[number] = state
        if state == "pending":
            begin = job.get_value("running-time") / Gst.SECOND
            end = begin + job.get_value("duration") / Gst.SECOND
            print(f"segment {number}  {begin:.2f} to {end:.2f} s  \"{job.get_value('prompt')}\"")
        elif state in ("done", "failed", "cancelled"):
            print(f"segment {number}  {state}")

    def on_warning(self, bus, message):
        print("warning", message.parse_warning()[0].message, file=sys.stderr)

    def on_error(self, bus, message):
        if self.status == 0:  # others follow from the first
            error, debug = message.parse_error()
            details = message.parse_error_details()
            known = details and details.has_field("reason")
            print("error  ", error.message, "" if known else f"\n        {debug}", file=sys.stderr)
        self.status = 1
        self.loop.quit()

    def give_up(self, status, why):
        print(f"{why}; jobs that the service has taken go on there, and are paid", file=sys.stderr)
        self.status = status
        self.loop.quit()
        return GLib.SOURCE_CONTINUE


def tell_stats(omni):
    stats = omni.props.stats
    print(f"jobs    {stats.get_value('completed')} of {stats.get_value('submitted')} done,"
          f" {stats.get_value('failed')} failed, {stats.get_value('seconds-paid')} s paid")
    if stats.get_value("completed"):
        print(f"        half of them took {stats.get_value('service-time-p50') / Gst.SECOND:.0f} s or less,"
              f" the slowest {stats.get_value('service-time-max') / Gst.SECOND:.0f} s")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    Gst.init(None)
    args = arguments()
    if os.path.exists(args.output) and os.path.samefile(args.input, args.output):
        sys.exit("input and output are the same file")
    pipeline = make_pipeline(args)
    run = Run(pipeline, args.at_most)
    pipeline.set_state(Gst.State.PLAYING)
    run.loop.run()
    tell_stats(pipeline.get_by_name("omni"))
    pipeline.set_state(Gst.State.NULL)
    if run.status == 0:
        print("done   ", args.output)
    else:
        print(f"{args.output} is not complete", file=sys.stderr)
    return run.status


if __name__ == "__main__":
    sys.exit(main())
