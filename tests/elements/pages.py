#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Every launch line on every page, and in the documentation of the elements, as people run it: by a shell, with
omni-emulator as another process.

pages.py OMNI-EMULATOR SOURCE-FOLDER clips|streams|live [CASE...]. Pages are all *.md files; a new page is looked
at by itself. What is replaced in a line before it runs is in REPLACED, with the reason. `clips` runs the lines
without omniv2vbin, `streams` those with it, `live` those that need a live feed once more, with one. The plugin
comes from GST_PLUGIN_PATH. Ends with a line that counts.
"""
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from emulator_service import KEY, Service
from fresh_state import fresh_state
from rig import PATIENCE, LocalServer, environment_with, free_port, output_of, run_cases, stop, wait_until
from tracked import is_launch_line, lines_of_page, lines_of_source, tracked_files

EMULATOR, ROOT = (os.path.abspath(path) for path in sys.argv[1:3])
KIND = sys.argv[3]
AT_ONCE = 4
SRT = "uri=srt://127.0.0.1:7001"

# Pages whose lines another test runs.
ELSEWHERE = {"examples/workflows.md": "elements-workflows runs each line, and compares what it sends"}

# What stands in a line, what runs instead, and why. Each is found in some line, or the test fails.
REPLACED = [
    (r"\b(omniv2v|omniv2vbin|omnivideosrc) (?=[a-z])", r"\1 poll-interval=50000000 ",
     "a service is asked after 5 s for the first time"),
    (r"\bautovideosink\b", "fakesink", "there is no display"),
    (r"\bautoaudiosink\b", "fakesink", "there is no sound card"),
    (r"\bv4l2src\b", "videotestsrc is-live=true num-buffers=50 ! video/x-raw,width=128,height=72,framerate=25/1",
     "there is no camera"),
    (r"\buri=srt://127\.0\.0\.1:7001\b", "uri=file://{folder}/in.mp4",
     "there is no feed; with one in the kind `live`"),
    (r"\b127\.0\.0\.1:8092\b", "127.0.0.1:{store}", "the store of this test"),
    (r"\b(serve-port=|127\.0\.0\.1:)8091\b", r"\g<1>{port}", "tests run at the same time"),
]


class Line:
    def __init__(self, page, number, command):
        self.page, self.number, self.command = str(page), number, command
        name = re.sub(r"[^a-z0-9]+", "_", self.page.lower().removesuffix(".md").removesuffix(".cpp"))
        self.case = f"test_{name}_{number}"

    def kind(self):
        return "streams" if re.search(r"\bomniv2vbin\b|restyle-stream", self.command) else "clips"

    def uses_audio(self):
        """Whether audio of in.mp4 goes anywhere. GStreamer's decodebin is given none otherwise: with audio that is
        linked to nothing, `filesrc ! decodebin ! fakesink` in gst-launch-1.0 now and then plays to the end and
        posts no EOS (GStreamer 1.22, a busy computer, 2 of 600 runs without our elements; 0 of 1200 without
        audio)."""
        return not re.search(r"decodebin( uri=\S+)? !", self.command)

    def provider(self):
        given = re.search(r"\bprovider=(\w+)", self.command)
        return given[1] if given else "octopusx"


def all_lines():
    """Of all pages, and what is wrong with these."""
    lines, wrong = [], []
    for path in tracked_files(ROOT):
        if path.suffix == ".md" and str(path) not in ELSEWHERE:
            commands, outside = lines_of_page((Path(ROOT) / path).read_text())
            lines += [Line(path, *one) for one in commands if is_launch_line(one[1])]
            wrong += [f"{path}:{number}: a launch line that is in no ``` block" for number in outside]
        elif path.suffix == ".cpp" and path.is_relative_to("gst/elements"):
            text = (Path(ROOT) / path).read_text()
            if "SECTION:element-" in text:
                lines += [Line(path, *one) for one in lines_of_source(text)]
    return lines, wrong


LINES, WRONG = all_lines()


class Store(LocalServer):
    """Takes and gives files under any path, as WebDAV or a bucket does."""

    def __init__(self):
        super().__init__(StoreHandler)
        self.files, self.lock = {}, threading.Lock()
        self.start()


class StoreHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def path_only(self):
        return urllib.parse.urlsplit(self.path).path

    def answer(self, status, body=b"", head=False):
        self.send_response(status)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.files[self.path_only()] = body
        self.answer(200)

    def do_DELETE(self):
        with self.server.lock:
            gone = self.server.files.pop(self.path_only(), None)
        self.answer(404 if gone is None else 200)

    def do_HEAD(self):
        self.do_GET(head=True)

    def do_GET(self, head=False):
        with self.server.lock:
            body = self.server.files.get(self.path_only())
        self.answer(404 if body is None else 200, body or b"", head)


def launch(line):
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True, timeout=PATIENCE)


def make_files(folder):
    """What lines take, under the names that pages use."""
    # A film gets two jobs; a clip is as long as all services take.
    seconds = 5 if KIND == "clips" else 13
    picture = "video/x-raw,format=I420,width=128,height=72,framerate=12/1 ! x264enc speed-preset=ultrafast"
    sound = f"audiotestsrc num-buffers={seconds * 43} ! audio/x-raw,rate=44100 ! avenc_aac ! m."
    launch(f"videotestsrc pattern=ball num-buffers={seconds * 12} ! {picture} ! mp4mux name=m ! "
           f"filesink location={folder}/in.mp4 {sound}")
    launch(f"filesrc location={folder}/in.mp4 ! qtdemux name=d d.video_0 ! queue ! h264parse ! qtmux name=m ! "
           f"filesink location={folder}/large.mov d.audio_0 ! queue ! aacparse ! m.")
    launch(f"filesrc location={folder}/in.mp4 ! qtdemux name=d d.video_0 ! h264parse ! mp4mux ! "
           f"filesink location={folder}/silent.mp4")
    for number in range(3):
        launch(f"videotestsrc pattern={number} num-buffers=60 ! {picture} ! mp4mux ! "
               f"filesink location={folder}/in-{number}.mp4")
    shutil.copy(folder / "in-0.mp4", folder / "in-9.mp4")
    for name, encoder in (("a.png", "pngenc"), ("b.png", "pngenc"), ("scene.jpg", "jpegenc"),
                          ("character.jpg", "jpegenc"), ("product.jpg", "jpegenc")):
        launch(f"videotestsrc num-buffers=1 ! video/x-raw,width=64,height=36 ! {encoder} ! "
               f"filesink location={folder}/{name}")
    (folder / "prompt.txt").write_text("rainy neon night")
    (folder / "more.json").write_text('{"seed": 7}')
    (folder / "key.txt").write_text(KEY + "\n")


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-pages-"))
        cls.files = cls.folder / "files"
        cls.files.mkdir()
        make_files(cls.files)
        cls.store = Store()
        # The model gives each reference back, and a clip where there is none: what it looks like is not tested.
        model = f"sh -c 'cp \"${{0:-{cls.files}/in-0.mp4}}\" \"$1\"' {{in}} {{out}}"
        cls.services = {}
        chosen = {line.command: line for line in cls.lines()}
        for provider in {line.provider() for line in chosen.values()}:
            cls.services[provider] = Service(EMULATOR, provider, str(cls.folder / provider), "--command", model,
                                             "--no-fetch-images")
        # The same line on two pages runs once. Those without a fast poll first: they take longest.
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {command: pool.submit(cls.run_line, number, line) for number, (command, line) in
                       enumerate(sorted(chosen.items(), key=lambda one: "gst-launch" in one[0]))}
        cls.done = {command: one.result() for command, one in running.items()}

    @classmethod
    def tearDownClass(cls):
        for service in cls.services.values():
            service.__exit__()
        cls.store.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def lines(cls):
        return [line for line in LINES if line.kind() == KIND]

    @classmethod
    def own_folder(cls, number, line):
        own = cls.folder / str(number)
        own.mkdir()
        for path in cls.files.iterdir():
            shutil.copy(path, own)
        silent = own / "silent.mp4"
        silent.unlink() if line.uses_audio() else silent.replace(own / "in.mp4")
        (own / "examples").symlink_to(Path(ROOT) / "examples")
        return own

    @classmethod
    def environment(cls, line):
        known = environment_with(
            OMNI_API_KEY=KEY, OMNI_BASE_URL=cls.services[line.provider()].url, XDG_STATE_HOME=fresh_state(),
            AWS_ACCESS_KEY_ID="pages", AWS_SECRET_ACCESS_KEY="pages-secret", AWS_REGION="us-east-1",
            AWS_ENDPOINT_URL_S3=cls.store.url)
        if "api-key-file" in line.command:
            del known["OMNI_API_KEY"]
        return known

    @classmethod
    def run_line(cls, number, line):
        own = cls.own_folder(number, line)
        command = line.command
        for what, instead, _ in REPLACED:
            instead = instead.replace("{folder}", str(own)).replace("{store}", str(cls.store.server_port))
            if "{port}" in instead and re.search(what, command):
                instead = instead.replace("{port}", str(free_port()))
            command = re.sub(what, instead, command)
        process = subprocess.Popen(["sh", "-c", command], cwd=own, env=cls.environment(line), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            if SRT in line.command:
                return command, cls.until_on_air(process, own), process.communicate(timeout=PATIENCE)[0], own
            said = process.communicate(timeout=PATIENCE)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said = "hangs: " + process.communicate()[0][-3000:]
        return command, process.returncode, said, own

    @staticmethod
    def until_on_air(process, own):
        """Ended here: where a file stands in for a feed, EOS may come before PLAYING, and hlssink2 loses it then."""
        playlist = own / "playlist.m3u8"
        wait_until(lambda: playlist.exists() or process.poll() is not None, "there is a playlist")
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        return 0 if playlist.exists() and "segment00000.ts" in playlist.read_text() else process.wait()

    def check(self, line):
        command, status, said, own = self.done[line.command]
        self.assertEqual(status, 0, f"{line.page}:{line.number}: {command}\n{said}")
        self.assertNotIn("ERROR", said, command)
        for out in re.findall(r"\bfilesink location=(\S+)", command) + re.findall(r"\bout\.mp4\b", command):
            files = list(own.glob(out.replace("%d", "*")))
            self.assertTrue(files and all(path.stat().st_size for path in files), f"{command}\n{said}\nno {out}")


class Table(unittest.TestCase):
    """What holds for all pages."""

    def test_all_in_blocks(self):
        self.assertEqual(WRONG, [])

    def test_every_page_has_a_runner(self):
        self.assertEqual({line.kind() for line in LINES}, {"clips", "streams"})
        for page in ELSEWHERE:
            self.assertTrue((Path(ROOT) / page).is_file(), f"{page} is gone")

    def test_replacements_are_used(self):
        for what, _, reason in REPLACED:
            self.assertTrue(any(re.search(what, line.command) for line in LINES), f"in no line: {what} ({reason})")


class Live(unittest.TestCase):
    """Lines with a live feed: it is started, the line runs as it is, and is ended as by Ctrl-C."""
    FEED = ("videotestsrc is-live=true horizontal-speed=4 ! video/x-raw,width=128,height=72,framerate=25/1 ! x264enc "
            "tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse config-interval=1 ! mpegtsmux name=m "
            "alignment=7 ! srtsink uri=srt://127.0.0.1:{port}?mode=listener wait-for-connection=false audiotestsrc "
            "is-live=true wave=ticks ! avenc_aac ! aacparse ! m.")

    @classmethod
    def commands(cls):
        return sorted({line.command for line in LINES if SRT in line.command})

    def watch(self, folder, service, command):
        port = free_port()
        feed = subprocess.Popen(["gst-launch-1.0", "-q", *self.FEED.format(port=port).split()])
        own = folder / str(port)
        own.mkdir()
        process = subprocess.Popen(
            ["sh", "-c", "exec " + command.replace(":7001", f":{port}")], cwd=own, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment_with(OMNI_API_KEY=KEY, OMNI_BASE_URL=service.url, XDG_STATE_HOME=fresh_state()))
        try:
            wait_until(lambda: process.poll() is not None or
                       any(path.stat().st_size for path in own.glob("segment*.ts")), "something is on air")
            process.send_signal(signal.SIGINT)
            said = output_of(process)
        finally:
            stop(process)
            stop(feed)
        self.assertEqual(process.returncode, 0, f"{command}\n{said}")
        self.assertIn("#EXT-X-ENDLIST", (own / "playlist.m3u8").read_text(), command)

    def test_feeds(self):
        commands = self.commands()
        self.assertTrue(commands)
        folder = Path(tempfile.mkdtemp(prefix="omni-pages-live-"))
        with Service(EMULATOR, "octopusx", str(folder / "service"), "--look", "identity") as service:
            with ThreadPoolExecutor(len(commands)) as pool:
                list(pool.map(lambda command: self.watch(folder, service, command), commands))
        shutil.rmtree(folder)


def add_cases():
    for line in LINES:
        if line.kind() == KIND:
            setattr(Pages, line.case, lambda self, line=line: self.check(line))


if __name__ == "__main__":
    if KIND == "live":
        sys.exit(run_cases(sys.argv[4:], Live))
    add_cases()
    sys.exit(run_cases(sys.argv[4:], Pages, Table))
