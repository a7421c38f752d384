# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What the tests of security share: a service of their own that keeps all that reaches it, certificates
made with openssl, an application that gets its secrets on stdin, and a search that goes through bytes."""
import base64
import http.client
import http.server
import json
import os
import ssl
import subprocess
import threading
import urllib.parse
from pathlib import Path

from rig import PATIENCE, LocalServer, environment_with, output_of

# Nothing that looks like a key to anybody: too short for one, and no sk- in front. Only its owner can know
# that it is one. Each of the ways of writing it gives another text.
KEY = "Watch+me/not=7d1f~Zq9xw"
TENANT = "tenant+pass/19c2=xq"  # the value of an extra header
PASSWORD = "proxy-pass-77ae"
TICKET = "ticket-55d0e1-once"  # in the query of a URL that a property holds
SIGNATURE = "a91fe05c77d2sigwatch"
SIGNED = f"?X-Amz-Credential=AKIAWATCHME&X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}"
SECRETS = (KEY, TENANT, PASSWORD, TICKET, SIGNATURE, "AKIAWATCHME", "X-Amz-Signature")

# An application: the line comes in as JSON with the properties that hold secrets, so that no launch line has
# them. It says all that a bus and properties say, and dumps the graph as gst-launch-1.0 does.
APPLICATION = r"""
import json, sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
job = json.loads(sys.stdin.readline())
pipeline = Gst.parse_launch(job["line"])
omni = pipeline.get_by_name("omni")
for name, value in job["properties"].items():
    if name == "extra-headers":
        headers = Gst.Structure.new_empty("headers")
        for header, text in value.items():
            headers.set_value(header, text)
        value = headers
    omni.set_property(name, value)
for spec in omni.list_properties():
    if spec.flags & 1 and spec.name != "images":  # Python has no word for its type
        value = omni.get_property(spec.name)
        print("property", spec.name, value.to_string() if isinstance(value, Gst.Structure) else value)
pipeline.add_property_deep_notify_watch(None, True)
pipeline.set_state(Gst.State.PLAYING)
bus = pipeline.get_bus()
while True:
    message = bus.timed_pop(Gst.CLOCK_TIME_NONE)
    structure = message.get_structure()
    print("message", message.type.first_value_nick, structure.to_string() if structure else "", flush=True)
    if message.type == Gst.MessageType.STATE_CHANGED and message.src == pipeline:
        Gst.debug_bin_to_dot_file_with_ts(pipeline, Gst.DebugGraphDetails.ALL, "application")
    if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
        break
Gst.debug_bin_to_dot_file_with_ts(pipeline, Gst.DebugGraphDetails.ALL, "application-end")
print("stats", omni.props.stats.to_string())
pipeline.set_state(Gst.State.NULL)
sys.exit(message.type == Gst.MessageType.ERROR)
"""


SOON = "poll-interval=50000000 retry-attempts=2"


def environment(key=KEY, **more):
    return environment_with(OMNI_API_KEY=key, **more)


# --- a run ------------------------------------------------------------------------------------------


def line_of(element, clip, options):
    """A pipeline with one job; its element is called omni."""
    omni = f"{element} name=omni prompt=identity {SOON} {options}"
    return {
        "omniv2v": f"filesrc location={clip} ! {omni} ! filesink location=out.mp4",
        "omniv2vbin": "videotestsrc num-buffers=40 pattern=ball ! video/x-raw,format=I420,width=64,height=64,"
                      f"framerate=10/1 ! {omni} segment-duration=4000000000 ! fakesink",
        "omnivideosrc": f"{omni} seconds=4 ! filesink location=out.mp4",
    }[element]


class Run:
    """One process and all that it leaves, in a folder of its own: log, messages, dots/, state/."""

    def __init__(self, folder, element, clip, url, options="", key=KEY, properties=None, umask=-1,
                 debug="*:9", state=None):
        self.folder = folder
        (folder / "dots").mkdir(parents=True)
        self.state = state or folder / "state"
        options += f" base-url={url} state-dir={self.state}"
        more = {"GST_DEBUG": debug, "GST_DEBUG_FILE": str(folder / "debug.log"), "GST_DEBUG_NO_COLOR": "1",
                "GST_DEBUG_DUMP_DOT_DIR": str(folder / "dots"), "G_MESSAGES_DEBUG": "all"}
        line = line_of(element, clip, options)
        command = ["gst-launch-1.0", "-m", "-v", *line.split()]
        text = None
        if properties is not None:
            command = ["/usr/bin/python3", "-c", APPLICATION]
            text = json.dumps({"line": line, "properties": properties}) + "\n"
            if "OMNI_TEST_PRELOAD" in os.environ:
                more.update(LD_PRELOAD=os.environ["OMNI_TEST_PRELOAD"], ASAN_OPTIONS="detect_leaks=0")
        self.process = subprocess.Popen(command, env=environment(key, **more), text=True, umask=umask,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, cwd=folder)
        self.input = text

    def finish(self):
        self.said = output_of(self.process, self.input)
        (self.folder / "said.txt").write_text(self.said)
        return self

    @property
    def status(self):
        return self.process.returncode


def ask(port, path, method="GET"):
    """Its status, the path sent as it is; 0 when nobody listens there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


# --- what is searched for ----------------------------------------------------------------------------


def forms(secret):
    """The ways in which a text can stand somewhere: as it is, in a URL, in JSON, and within base64, where
    it looks different at each of three places."""
    found = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret),
             json.dumps(secret)[1:-1]}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret.encode()).decode()
        # The characters at both ends hold bits of what stands beside it.
        first = -(-before * 8 // 6)
        last = (before + len(secret)) * 8 // 6
        found.add(text[first:last])
    return sorted(found)


def hits(data, secrets):
    """Which of them stand in these bytes, each with some of what stands before it. Structures and DOT
    files have backslashes anywhere."""
    found = []
    for text in (data, data.replace(b"\\", b"")):
        for secret in secrets:
            for form in forms(secret):
                at = text.find(form.encode())
                if at >= 0:
                    before = text[max(0, at - 160):at].decode(errors="replace")
                    found.append(f"{secret} behind: {before}")
    return found


def files_below(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


# --- the service -------------------------------------------------------------------------------------


class Reply:
    def __init__(self, status=200, body=b"", kind="application/json", headers=None):
        self.status, self.kind, self.headers = status, kind, headers or {}
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


class Seen:
    """A request as it came."""

    def __init__(self, handler, body):
        self.method, self.target = handler.command, handler.path
        self.path = urllib.parse.urlsplit(handler.path).path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = body
        self.is_create = self.method == "POST"
        self.is_poll = self.method == "GET" and self.path.startswith("/v1/videos/") and (
            not self.path.endswith("/content"))
        self.is_result = self.method == "GET" and self.path.startswith("/results/")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = Seen(self, body)
        with self.server.lock:
            self.server.seen.append(seen)
        reply = self.server.reply_to(seen)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        head, rest = reply.body[:self.server.pause_at], reply.body[self.server.pause_at:]
        self.wfile.write(head)
        if rest:
            self.wfile.flush()
            self.server.paused.set()
            assert self.server.go_on.wait(PATIENCE)
            self.wfile.write(rest)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Recorder(LocalServer):
    """A service in OctopusX's dialect that keeps every request, and gives references back as results.
    `behave` may answer instead: a function of a request that returns a Reply, or None."""

    def __init__(self, behave=None, certificate=None, result=b"", links=None):
        super().__init__(Handler)
        self.lock = threading.Lock()
        self.seen, self.results, self.handshakes = [], {}, 0
        self.behave, self.result = behave, result
        self.tls = None
        # When a body is longer than this it stops there until go_on is set.
        self.pause_at, self.paused, self.go_on = 1 << 40, threading.Event(), threading.Event()
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
            self.url = self.url.replace("http:", "https:")
        self.links = links or f"{self.url}/results/{{id}}.mp4{SIGNED}"
        self.start()

    def finish_request(self, request, client_address):
        if self.tls:
            request.settimeout(PATIENCE)
            with self.lock:
                self.handshakes += 1
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError):
                return  # the other side did not like the certificate
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # clients that went away

    def reply_to(self, seen):
        reply = self.behave(seen) if self.behave else None
        if reply is not None:
            return reply
        if seen.is_create:
            return self.create(seen)
        task = seen.path.rsplit("/", 1)[-1].removesuffix(".mp4")
        if seen.is_poll:
            return Reply(body=self.task(task, "completed", video_url=self.links.format(id=task)))
        task = seen.path.split("/")[-2] if seen.path.endswith("/content") else task
        if task in self.results and seen.method in ("GET", "HEAD"):
            return Reply(body=self.results[task], kind="video/mp4")
        return Reply(404, {"error": {"message": "nothing here"}})

    def create(self, seen):
        with self.lock:
            task = f"video_{len(self.results) + 1}"
            video = json.loads(seen.body).get("video", "")
            given = base64.b64decode(video.partition(",")[2]) if video.startswith("data:") else b""
            self.results[task] = given or self.result
        return Reply(body=self.task(task, "queued", task_id=task))

    @staticmethod
    def task(task, status, **more):
        return {"id": task, "object": "video", "status": status, "progress": 0, **more}

    def requests(self, what=lambda seen: True):
        with self.lock:
            return [seen for seen in self.seen if what(seen)]

    def creates(self):
        return self.requests(lambda seen: seen.is_create)


# --- certificates ------------------------------------------------------------------------------------

CA_CONF = """
[ca]
default_ca = private
[private]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """A private CA. Each certificate is (file, key file)."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "index.txt").touch()
        (folder / "ca.conf").write_text(CA_CONF.format(folder=folder))
        self.file, self.key = self.alone("ca", "basicConstraints=critical,CA:TRUE")
        self.good = self.sign("good", "IP:127.0.0.1")
        self.other_host = self.sign("other-host", "DNS:service.example,IP:192.0.2.7")
        self.expired = self.sign("expired", "IP:127.0.0.1", "20200101000000Z", "20210101000000Z")
        self.not_yet = self.sign("not-yet", "IP:127.0.0.1", "20980101000000Z", "20990101000000Z")
        self.self_signed = self.alone("self-signed", "subjectAltName=IP:127.0.0.1")

    def openssl(self, *words):
        done = subprocess.run(["openssl", *map(str, words)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE)
        assert done.returncode == 0, done.stdout

    def request(self, name, *more):
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={name}", "-keyout", files[1], *more)
        return files

    def alone(self, name, extension):
        """Signed with its own key."""
        return self.request(name, "-x509", "-days", "30", "-addext", extension, "-out", f"{name}.pem")

    def sign(self, name, names, start=None, end="20990101000000Z"):
        files = self.request(name, "-addext", f"subjectAltName={names}", "-out", f"{name}.csr")
        self.openssl("ca", "-batch", "-notext", "-config", "ca.conf", "-cert", self.file, "-keyfile",
                     self.key, "-in", f"{name}.csr", "-out", files[0], "-enddate", end,
                     *(["-startdate", start] if start else []))
        return files
