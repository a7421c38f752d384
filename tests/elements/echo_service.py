# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""A video service of the octopusx dialect in the test's own process. It regenerates nothing: the result of a
job is its own reference, or what the test makes of that. It writes down every POST, with whether its body
came whole, and every other request; a test can hold it at a step (see `STEPS`)."""
import base64
import collections
import http.server
import json
import re
import socket
import threading

from rig import PATIENCE

STEPS = (
    "body",   # a piece of a POST's body was read, and no more is
    "reply",  # a POST came whole, and is not answered
    "poll",   # a poll came, and is not answered
    "file",   # half of a result was sent, and no more is
)
PIECE = 64 * 1024
REFERENCE = re.compile(rb'data:video/mp4;base64,([^"]*)')


class Post:
    """One create, as it came."""

    def __init__(self):
        self.whole = False
        self.task = None
        self.reference = b""


class EchoService(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # In the background, with a thread a connection. What others share is under `lock`.

    def __init__(self, remake=lambda number, reference: reference, accepts=True):
        """`remake` makes a result of a job's number (the first is 1) and its reference. With `accepts`
        False, connections to it hang until accept() is called."""
        self.lock = threading.Lock()
        self.remake = remake
        self.posts = []
        self.polls, self.files = collections.Counter(), collections.Counter()  # by task
        self.tasks = {}  # id -> post
        self.word = lambda number, polls: "completed"  # a task's status at its nth poll
        self.held, self.after = None, 0
        self.reached, self.released, self.answered = (threading.Event() for _ in range(3))
        self.serving = False
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        # Small, so that a body that is not read stays with its sender.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        self.server_bind()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.fillers = []
        self.accept() if accepts else self.fill()

    def fill(self):
        """Takes all places in which connections wait to be accepted: further ones do not come about."""
        self.socket.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.server_port))
            self.fillers.append(filler)

    def accept(self):
        for filler in self.fillers:
            filler.close()
        self.server_activate()
        self.serving = True
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
        if self.serving:
            self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """A client that was killed is no error here."""

    def hold(self, step, after=0):
        """The first `after` requests that come by there pass."""
        assert step in STEPS
        with self.lock:
            self.held, self.after = step, after
            self.reached, self.released, self.answered = (threading.Event() for _ in range(3))

    def release(self):
        with self.lock:
            self.held = None
        self.released.set()

    def at(self, step):
        with self.lock:
            if self.held != step:
                return
            self.after -= 1
            if self.after >= 0:
                return
        self.reached.set()
        self.released.wait(PATIENCE)

    def whole_posts(self):
        with self.lock:
            return sum(post.whole for post in self.posts)

    def requests(self):
        """How many of all kinds."""
        with self.lock:
            return len(self.posts) + self.polls.total() + self.files.total()

    def take(self, post, body):
        """A create that came whole: its task's id."""
        found = REFERENCE.search(body)
        with self.lock:
            post.reference = base64.b64decode(found[1]) if found else b""
            post.task = f"task-{len(self.tasks) + 1}"
            self.tasks[post.task] = post
        return post.task

    def result(self, task):
        return self.remake(int(task.split("-")[1]), self.tasks[task].reference)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", headers=()):
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def read_body(self):
        """None when it does not come whole."""
        length = int(self.headers["Content-Length"])
        body = bytearray()
        while len(body) < length:
            piece = self.rfile.read(min(PIECE, length - len(body)))
            if not piece:
                return None
            body += piece
            if len(body) < length:
                self.server.at("body")
        return bytes(body)

    def do_POST(self):
        post = Post()
        with self.server.lock:
            self.server.posts.append(post)
        body = self.read_body()
        if body is None:
            self.close_connection = True
            return
        post.whole = True
        self.server.at("reply")
        self.create(post, body)

    def create(self, post, body):
        task = self.server.take(post, body)
        self.answer(200, {"id": task, "object": "video", "status": "queued", "progress": 0})
        self.server.answered.set()  # the answer is with the system, if not with the client

    def do_GET(self):
        words = self.path.split("/")
        if words[1:3] == ["v1", "videos"] and words[3] in self.server.tasks:
            self.poll(words[3])
        elif words[1] == "files" and words[2] in self.server.tasks:
            self.file(words[2])
        else:
            self.answer(404, {"error": {"message": "not here"}})

    def poll(self, task):
        with self.server.lock:
            self.server.polls[task] += 1
            polls = self.server.polls[task]
        word = self.server.word(int(task.split("-")[1]), polls)
        self.server.at("poll")
        reply = {"id": task, "object": "video", "status": word, "progress": 100 if word == "completed" else 30}
        if word == "completed":
            reply["video_url"] = f"{self.server.url}/files/{task}"
        self.answer(200, reply)

    def file(self, task):
        with self.server.lock:
            self.server.files[task] += 1
        result = self.server.result(task)
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(len(result)))
        self.end_headers()
        self.wfile.write(result[:len(result) // 2])
        self.wfile.flush()
        self.server.at("file")
        self.wfile.write(result[len(result) // 2:])
