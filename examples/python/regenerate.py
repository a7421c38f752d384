#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Regenerates one clip: filesrc ! omniv2v ! filesink, with progress and errors that say why.

    OMNI_API_KEY=... ./regenerate.py in.mp4 out.mp4 "rainy neon night"

Services that fetch the clip from an address get it from a folder that a web server of yours shows:

    ./regenerate.py --provider apimart --publish /var/www/clips https://example.com/clips in.mp4 out.mp4 "..."
"""
import argparse
import os
import secrets
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  (after the version)


def arguments():
    parser = argparse.ArgumentParser(description="Regenerate a clip from a prompt.")
    parser.add_argument("input", help="MP4, as long as the service takes")
    parser.add_argument("output")
    parser.add_argument("prompt", help="what to make of it, or @FILE")
    parser.add_argument("--provider", help="octopusx (default), omnirouters or apimart")
    parser.add_argument("--base-url", help="the service's address")
    parser.add_argument("--publish", nargs=2, metavar=("FOLDER", "URL"),
                        help="store the clip in FOLDER, which the service finds at URL")
    parser.add_argument("--seconds", type=int, default=0, help="length (default: the clip's)")
    parser.add_argument("--dry-run", action="store_true", help="show the request, send nothing")
    return parser.parse_args()


def make_pipeline(args):
    pipeline = Gst.Pipeline.new("regenerate")
    source, omni, sink = (Gst.ElementFactory.make(name) for name in ("filesrc", "omniv2v", "filesink"))
    if not omni:
        sys.exit("there is no element omniv2v: is its plugin in GST_PLUGIN_PATH?")
    source.props.location = args.input
    sink.props.location = args.output
    omni.props.prompt = args.prompt
    omni.props.seconds = args.seconds
    omni.props.dry_run = args.dry_run
    if args.provider:
        Gst.util_set_object_arg(omni, "provider", args.provider)
    if args.base_url:
        omni.props.base_url = args.base_url
    shelf = Shelf(*(args.publish or ("", "")))
    if args.publish:
        omni.connect("publish-reference", shelf.publish)
    for element in (source, omni, sink):
        pipeline.add(element)
    source.link(omni)
    omni.link(sink)
    return pipeline, shelf


class Shelf:
    """A folder that a web server shows. The names cannot be guessed; what was stored goes at the end."""

    def __init__(self, folder, url):
        self.folder, self.url, self.stored = folder, url.rstrip("/"), []

    def publish(self, element, buffer):
        """On a streaming thread; what it returns goes to the service."""
        name = secrets.token_hex(16) + ".mp4"
        path = os.path.join(self.folder, name)
        self.stored.append(path)
        with open(path, "wb") as file:
            file.write(buffer.extract_dup(0, buffer.get_size()))
        return f"{self.url}/{name}"

    def clear(self):
        for path in self.stored:
            os.remove(path)


class Run:
    """The pipeline's main loop; status is the exit status."""

    def __init__(self, pipeline):
        self.loop = GLib.MainLoop()
        self.status = 0
        self.state = None
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.on_element)
        bus.connect("message::progress", self.on_progress)
        bus.connect("message::error", self.on_error)
        bus.connect("message::eos", lambda bus, message: self.loop.quit())
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.on_interrupt)

    def on_element(self, bus, message):
        job = message.get_structure()
        if job.get_name() != "omni/job" or job.get_value("state") == self.state:
            return
        self.state = job.get_value("state")
        print("job   ", self.state, job.get_value("task-id"))
        if job.has_field("request"):
            print("      ", job.get_value("request")[:300])

    def on_progress(self, bus, message):
        kind, _code, text = message.parse_progress()
        if kind == Gst.ProgressType.CONTINUE:
            print("      ", text)

    def on_error(self, bus, message):
        if self.status == 0:  # others follow from the first
            error, debug = message.parse_error()
            details = message.parse_error_details()
            print("error ", error.message, file=sys.stderr)
            if details and details.has_field("reason"):
                print("       reason =", details.get_value("reason"), file=sys.stderr)
            else:
                print("      ", debug, file=sys.stderr)
        self.status = 1
        self.loop.quit()

    def on_interrupt(self):
        print("interrupted; a job that the service has taken goes on there, and is paid", file=sys.stderr)
        self.status = 130
        self.loop.quit()
        return GLib.SOURCE_CONTINUE


def main():
    Gst.init(None)
    args = arguments()
    pipeline, shelf = make_pipeline(args)
    run = Run(pipeline)
    pipeline.set_state(Gst.State.PLAYING)
    run.loop.run()
    pipeline.set_state(Gst.State.NULL)
    shelf.clear()
    if run.status == 0:
        print("done  ", args.output)
    return run.status


if __name__ == "__main__":
    sys.exit(main())
