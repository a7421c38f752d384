#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Regenerates every MP4 of a folder, several at a time: appsrc ! omniv2v input-mode=buffer ! appsink.

    OMNI_API_KEY=... ./regenerate-folder.py clips/ regenerated/ "film noir" --at-once 4

Each clip is one buffer with its number as timestamp; omniv2v keeps that, so a result finds its name also
when one before it failed. A result that is there already is not made again.
"""
import argparse
import pathlib
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  (after the version)


def arguments():
    parser = argparse.ArgumentParser(description="Regenerate every MP4 of a folder.")
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("prompt", help="what to make of them, or @FILE")
    parser.add_argument("--at-once", type=int, default=4, help="jobs that run at once (default 4)")
    parser.add_argument("--base-url", help="the service's address")
    return parser.parse_args()


class Folder:
    def __init__(self, args):
        args.output.mkdir(parents=True, exist_ok=True)
        self.clips = [path for path in sorted(args.input.glob("*.mp4"))
                      if not (args.output / path.name).exists()]
        self.output = args.output
        self.next = 0
        self.written = 0
        self.error = None
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.parse_launch(
            "appsrc name=source format=time caps=video/quicktime max-buffers=1"
            " ! omniv2v name=omni input-mode=buffer on-failure=skip"
            " ! appsink name=sink emit-signals=true sync=false")
        omni = self.pipeline.get_by_name("omni")
        omni.props.prompt = args.prompt
        omni.props.max_in_flight = args.at_once
        if args.base_url:
            omni.props.base_url = args.base_url
        self.pipeline.get_by_name("source").connect("need-data", self.on_need_data)
        self.pipeline.get_by_name("sink").connect("new-sample", self.on_sample)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.on_job)
        bus.connect("message::error", self.on_error)
        bus.connect("message::eos", lambda bus, message: self.loop.quit())

    def on_need_data(self, source, size):
        """Called by a thread of the pipeline when there is room: clips are read only then."""
        if self.next == len(self.clips):
            source.emit("end-of-stream")
            return
        buffer = Gst.Buffer.new_wrapped(self.clips[self.next].read_bytes())
        buffer.pts = self.next * Gst.SECOND
        self.next += 1
        source.emit("push-buffer", buffer)

    def on_sample(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        clip = self.clips[buffer.pts // Gst.SECOND]
        ok, info = buffer.map(Gst.MapFlags.READ)
        if not ok:
            return Gst.FlowReturn.ERROR
        (self.output / clip.name).write_bytes(info.data)
        buffer.unmap(info)
        self.written += 1
        return Gst.FlowReturn.OK

    def on_job(self, bus, message):
        job = message.get_structure()
        if job.get_name() != "omni/job":
            return
        words = [self.clips[job.get_value("segment")].name, job.get_value("state")]
        if job.has_field("progress"):
            words.append(f"{job.get_value('progress'):.0f} %")
        if job.get_value("state") == "failed":
            words.append(f"{job.get_value('reason')}: {job.get_value('message')}")
        print("  ".join(words), flush=True)

    def on_error(self, bus, message):
        self.error = self.error or message.parse_error()[0].message
        self.loop.quit()

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        try:
            self.loop.run()
        except KeyboardInterrupt:
            self.error = "interrupted; jobs that the service has taken go on there, and are paid"
        self.pipeline.set_state(Gst.State.NULL)


def main():
    Gst.init(None)
    args = arguments()
    folder = Folder(args)
    if folder.clips:
        folder.run()
    print(f"{folder.written} of {len(folder.clips)} written to {args.output}")
    if folder.error:
        print(folder.error, file=sys.stderr)
    return 0 if folder.written == len(folder.clips) and not folder.error else 1


if __name__ == "__main__":
    sys.exit(main())
