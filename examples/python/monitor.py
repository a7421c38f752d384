#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Runs a pipeline and shows its jobs in a table that is redrawn in place.

    OMNI_API_KEY=... ./monitor.py --price-per-second 0.10 \\
        filesrc location=in.mp4 ! decodebin ! videoconvert ! video/x-raw,format=I420 ! \\
        omniv2vbin prompt="film noir" ! x264enc ! mp4mux ! filesink location=out.mp4

The pipeline is written as for gst-launch-1.0, with one or more of omniv2v, omniv2vbin and omnivideosrc in
it. All that is shown comes from the bus (omni/job, warnings, errors) and from the property stats. Where the
output is no terminal there is a line for each change instead. Exit status: 0 when the pipeline came to its
end, else 1.
"""
import argparse
import shutil
import signal
import sys
import time
import unicodedata
from collections import Counter, deque

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  (after the version)

ELEMENTS = ("omniv2v", "omniv2vbin", "omnivideosrc")
ENDED = ("done", "late", "failed", "cancelled", "planned")
KEPT = 200  # rows of segments that have ended; more fit on no screen
REDRAW = 200  # ms
TOLD = 4  # warnings and errors that are shown beneath the table


# --- texts -------------------------------------------------------------------------------------------


def cells(text):
    """How many columns of a terminal it takes."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def fit(text, width):
    """Exactly so wide, on one line, cut or padded."""
    text = "".join(one if one.isprintable() else " " for one in text)
    if cells(text) > width:
        while text and cells(text) > width - 1:
            text = text[:-1]
        text += "~"
    return (text + " " * (width - cells(text)))[:max(width, 0)] if width > 0 else ""


def clock(ns):
    """1:02:03.4 or 2:03.4; a dash for what is not known."""
    if ns is None or ns >= Gst.CLOCK_TIME_NONE:
        return "-"
    tenths = ns * 10 // Gst.SECOND
    minutes, seconds = tenths // 600, f"{tenths % 600 // 10:02}.{tenths % 10}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds}" if minutes >= 60 else f"{minutes}:{seconds}"


def lasted(seconds):
    minutes, rest = divmod(int(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} m"
    return f"{minutes} m {rest:02} s" if minutes else f"{rest} s"


def size(count):
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


# --- what is known -----------------------------------------------------------------------------------


class Segment:
    """One row: what the omni/job messages of one segment said."""

    def __init__(self, element, number, now):
        self.element, self.number, self.since, self.until = element, number, now, None
        self.state, self.task, self.reason, self.progress = "", "", "", None
        self.begin = self.end = None

    def take(self, job, now):
        self.state = job["state"]
        self.task = job.get("task-id") or self.task
        self.progress = job.get("progress", self.progress)
        self.reason = job.get("reason", "")
        begin, duration = job.get("running-time"), job.get("duration")
        if begin is not None and begin < Gst.CLOCK_TIME_NONE:
            self.begin = begin
            self.end = begin + duration if duration is not None and duration < Gst.CLOCK_TIME_NONE else None
        if self.state in ENDED:
            self.until = now

    def times(self):
        return "" if self.begin is None else f"{clock(self.begin)}-{clock(self.end)}"

    def elapsed(self, now):
        return lasted((now if self.until is None else self.until) - self.since)


class Board:
    """All segments of a run, and how many came to which end."""

    def __init__(self):
        self.rows, self.ended, self.counts, self.elements = {}, deque(), Counter(), []
        self.outputs = {}  # of each stream: its latest omni/progress

    def take(self, element, job, now):
        """The row, and whether this was news other than progress."""
        key = (element, job["segment"])
        row = self.rows.get(key)
        if row is None or row.until is not None:  # after a seek numbers begin anew
            row = self.rows[key] = Segment(element, job["segment"], now)
        if element not in self.elements:
            self.elements.append(element)
        before = row.state
        row.take(job, now)
        if row.until is not None:
            self.counts[row.state] += 1
            self.ended.append((key, row))
            if len(self.ended) > KEPT:
                old, forgotten = self.ended.popleft()
                if self.rows.get(old) is forgotten:
                    del self.rows[old]
        return row, before != row.state

    def in_flight(self):
        return sum(row.until is None for row in self.rows.values())

    def output(self):
        """How far the streams are: "output 2 of 12   "; nothing where there is none."""
        done = sum(one["segments-done"] for one in self.outputs.values())
        totals = [one["segments-total"] for one in self.outputs.values()]
        of = f" of {sum(totals)}" if all(totals) else ""
        return f"output {done}{of}   " if totals else ""

    def latest(self, count):
        """Those that run come first, then the latest of the others; in their order."""
        rows = sorted(self.rows.values(), key=lambda row: (row.until is None, row.since, row.number))
        return sorted(rows[-count:] if count > 0 else [],
                      key=lambda row: (self.elements.index(row.element), row.number))


class Stats:
    """The property stats, of all elements together. `before`: the ones read last; service times are those of
    a run, and gone when it has ended."""

    def __init__(self, elements, before=None):
        structures = [element.props.stats for element in elements]
        names = {structure.nth_field_name(i) for structure in structures for i in range(structure.n_fields())}
        self.known = {name: [structure.get_value(name) for structure in structures
                             if structure.has_field(name)] for name in names}
        self.times = [ns / Gst.SECOND for ns in self.known.get("service-time-p50", ()) if ns]
        if before and not self.times:
            self.times = before.times

    def sum(self, name):
        return sum(self.known.get(name, ()))

    def has(self, name):
        return name in self.known

    def median(self):
        """Of each element its own: "12 s", or "12 to 40 s"."""
        if not self.times:
            return "-"
        low, high = f"{min(self.times):.1f}", f"{max(self.times):.1f}"
        return f"{low} s" if low == high else f"{low} to {high} s"


def summary(board, stats, price):
    """The lines above the table."""
    counts = board.counts
    segments = f"{counts['done']} done, {counts['failed']} failed, {board.in_flight()} in flight"
    for state in ("late", "cancelled", "planned"):
        if counts[state]:
            segments += f", {counts[state]} {state}"
    jobs = stats.sum("jobs-paid")
    paid = f"{jobs} job{'' if jobs == 1 else 's'}, {stats.sum('seconds-paid')} s"
    if price is not None:
        paid += f", cost {price * stats.sum('seconds-paid'):.2f}"
    reused = f"reused {stats.sum('reused')}   " if stats.has("reused") else ""
    return [f"segments {segments}   paid {paid}",
            f"{board.output()}{reused}retries {stats.sum('retried')}   up {size(stats.sum('bytes-up'))}   "
            f"down {size(stats.sum('bytes-down'))}   service time p50 {stats.median()}"]


# --- how it is shown ---------------------------------------------------------------------------------


class Lines:
    """For a file or a pipe: a line for each change."""

    def __init__(self, board):
        self.board = board

    def changed(self, row, now):
        name = f"{row.element} " if len(self.board.elements) > 1 else ""
        times = row.times() and f"  {row.times()}"
        more = "  ".join(part for part in (row.task, row.reason) if part)
        print(f"{name}segment {row.number}{times}  {row.state}  {more}{'  ' if more else ''}"
              f"{row.elapsed(now)}")

    def told(self, kind, text):
        print(f"{kind}: {text}", file=sys.stderr)

    def draw(self, head, now):
        pass

    def end(self, head, now):
        print("\n".join(head))


class Screen:
    """For a terminal: the cursor goes up to where the table began, and all is written anew."""

    def __init__(self, board):
        self.board, self.messages, self.drawn, self.size = board, [], 0, None
        fine = (sys.stdout.encoding or "").lower().startswith("utf")
        self.full, self.empty = ("\u2588", "\u2591") if fine else ("#", "-")

    def changed(self, row, now):
        pass

    def told(self, kind, text):
        self.messages.append(f"{kind}: {text}")

    def columns(self, width):
        """Name, width and how to fill each; what a narrow terminal has no room for is left out."""
        columns = [("#", 4, lambda row, now: f"{row.number:>4}"),
                   ("time", 19, lambda row, now: row.times()),
                   ("state", 11, lambda row, now: row.state),
                   ("progress", 16, self.bar),  # the longest reason
                   ("task", 11, lambda row, now: row.task),
                   ("elapsed", 9, lambda row, now: f"{row.elapsed(now):>9}")]
        if len(self.board.elements) > 1:
            columns.insert(0, ("element", 12, lambda row, now: row.element))
        for name in ("task", "time", "progress", "elapsed", "element"):
            if sum(wide + 1 for _, wide, _ in columns) <= width:
                break
            columns = [column for column in columns if column[0] != name]
        rest = width - sum(wide + 1 for _, wide, _ in columns)
        return [(name, wide + min(max(rest, 0), 14) if name == "progress" else wide, fill)
                for name, wide, fill in columns]

    def bar(self, row, now, width):
        if row.reason:
            return row.reason
        done = 100 if row.state in ("done", "late") else row.progress
        if done is None:
            return ""
        blocks = width - 5
        count = round(blocks * min(max(done, 0), 100) / 100)
        return f"{self.full * count}{self.empty * (blocks - count)} {done:3.0f}%"

    def line(self, columns, row, now):
        texts = (fill(row, now, wide) if name == "progress" else fill(row, now)
                 for name, wide, fill in columns)
        return " ".join(fit(text, wide) for text, (_, wide, _) in zip(texts, columns))

    def table(self, head, now, width, height):
        columns = self.columns(width)
        told = [f"... {len(self.messages) - TOLD} more"] if len(self.messages) > TOLD else []
        told += self.messages[-TOLD:]
        room = height - len(head) - len(told) - 1
        lines = [*head, " ".join(fit(name, wide) for name, wide, _ in columns)]
        lines += [self.line(columns, row, now) for row in self.board.latest(room)]
        return [fit(line, width).rstrip() for line in lines + told][:height]

    def draw(self, head, now):
        size_now = shutil.get_terminal_size()
        # The last column and the last line stay free: writing there would move everything.
        lines = self.table(head, now, size_now.columns - 1, size_now.lines - 1)
        back = f"\x1b[{self.drawn}A" if self.drawn else ""
        if self.size not in (None, size_now):  # where lines stand now nobody knows
            back = "\x1b[H\x1b[2J"
        sys.stdout.write(f"{back}\r\x1b[J" + "".join(line + "\n" for line in lines))
        sys.stdout.flush()
        self.drawn, self.size = len(lines), size_now

    def end(self, head, now):
        messages, self.messages = self.messages, []
        self.draw(head, now)
        for text in messages:  # whole, now that nothing is drawn over them
            print(text)


# --- the pipeline ------------------------------------------------------------------------------------


def fields(structure):
    return {structure.nth_field_name(i): structure.get_value(structure.nth_field_name(i))
            for i in range(structure.n_fields())}


def omni_elements(pipeline):
    """Wherever they are."""
    found = []
    everything = pipeline.iterate_recurse()
    while True:
        result, element = everything.next()
        if result == Gst.IteratorResult.RESYNC:
            everything.resync()
            found = []
        elif result != Gst.IteratorResult.OK:
            return found
        elif element.get_factory() and element.get_factory().get_name() in ELEMENTS:
            found.append(element)


class Run:
    """The pipeline's main loop; status is the exit status."""

    def __init__(self, pipeline, elements, show, board, price):
        self.pipeline, self.elements = pipeline, elements
        self.show, self.board, self.price = show, board, price
        self.loop, self.status, self.stats = GLib.MainLoop(), 1, None
        pipeline.props.auto_flush_bus = False  # what elements say as they stop counts, too
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.on_signal)
        GLib.timeout_add(REDRAW, self.on_tick)

    def head(self):
        self.stats = Stats(self.elements, self.stats)
        return summary(self.board, self.stats, self.price)

    def on_message(self, bus, message):
        kind = message.type
        if kind == Gst.MessageType.ELEMENT:
            self.on_element(message)
        elif kind == Gst.MessageType.WARNING:
            self.show.told("warning", message.parse_warning()[0].message)
        elif kind == Gst.MessageType.ERROR:
            self.on_error(message)
        elif kind == Gst.MessageType.LATENCY:
            self.pipeline.recalculate_latency()
        elif kind == Gst.MessageType.CLOCK_LOST:
            self.pipeline.set_state(Gst.State.PAUSED)
            self.pipeline.set_state(Gst.State.PLAYING)
        elif kind == Gst.MessageType.EOS:
            self.status = 0
            self.loop.quit()

    def on_element(self, message):
        job = message.get_structure()
        if job.get_name() == "omni/progress":
            self.board.outputs[message.src.get_name()] = fields(job)
        if job.get_name() != "omni/job":
            return
        now = time.monotonic()
        row, news = self.board.take(message.src.get_name(), fields(job), now)
        if news:
            self.show.changed(row, now)

    def on_error(self, message):
        error, debug = message.parse_error()
        details = message.parse_error_details()
        known = details and details.has_field("reason")  # the text then says what to do
        self.show.told("error", error.message if known or not debug else f"{error.message} ({debug})")
        self.loop.quit()

    def on_signal(self):
        self.show.told("interrupted", "jobs that the service has taken go on there, and are paid")
        self.loop.quit()
        return GLib.SOURCE_CONTINUE

    def on_tick(self):
        self.show.draw(self.head(), time.monotonic())
        return GLib.SOURCE_CONTINUE

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.head()
        self.pipeline.set_state(Gst.State.NULL)
        # What the elements said as they stopped.
        bus = self.pipeline.get_bus()
        while message := bus.pop_filtered(Gst.MessageType.ELEMENT):
            self.on_element(message)
        bus.set_flushing(True)
        self.show.end(self.head(), time.monotonic())
        return self.status


def arguments():
    parser = argparse.ArgumentParser(
        description="Run a pipeline and show its jobs in a table.", usage="%(prog)s [options] PIPELINE...")
    parser.add_argument("--price-per-second", type=float, metavar="N",
                        help="what a second costs; shows the cost so far")
    parser.add_argument("--plain", action="store_true", help="a line for each change, also on a terminal")
    parser.add_argument("pipeline", nargs=argparse.REMAINDER, metavar="PIPELINE",
                        help="as for gst-launch-1.0, with omniv2v, omniv2vbin or omnivideosrc in it")
    args = parser.parse_args()
    if not args.pipeline:
        parser.error("there is no PIPELINE")
    return args


def make_pipeline(words):
    try:
        # In one word: quoted as a whole, so that the shell leaves everything in it alone.
        made = Gst.parse_launch(words[0]) if len(words) == 1 else Gst.parse_launchv(words)
    except GLib.Error as error:
        sys.exit(f"this is no pipeline: {error.message}")
    if isinstance(made, Gst.Pipeline):
        return made
    pipeline = Gst.Pipeline.new(None)  # one element alone
    pipeline.add(made)
    return pipeline


def main():
    sys.stdout.reconfigure(line_buffering=True)
    Gst.init(None)
    args = arguments()
    pipeline = make_pipeline(args.pipeline)
    elements = omni_elements(pipeline)
    if not elements:
        sys.exit(f"there is none of {', '.join(ELEMENTS)} in this pipeline")
    board = Board()
    show = Screen(board) if sys.stdout.isatty() and not args.plain else Lines(board)
    return Run(pipeline, elements, show, board, args.price_per_second).run()


if __name__ == "__main__":
    sys.exit(main())
