#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""The transports of omniv2v that make the service fetch the reference, against servers that people
really have: nginx as a WebDAV store and as a tunnel, omni-emulator as the service that fetches.

publish-servers.py OMNI-EMULATOR [CASE...]. The plugin comes from GST_PLUGIN_PATH. Everything runs on
loopback as the calling user, in a temporary folder. Ends with 77 (skipped) when nginx is missing,
else with a line that counts.
"""
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from emulator_service import KEY, Gate
from nginx_rig import start_nginx
from publish_rig import FAST, PublishCase, launch, make, make_clip, start_application, start_launch
from rig import PATIENCE, free_port, free_ports, output_of, run_cases, stop, wait_until

USER, PASSWORD = "uploader", "davs-pass-93ab"
GUESSES = ("/", "/reference.mp4", f"/{'0' * 32}/reference.mp4", "/../../etc/passwd",
           "/%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "//", "/?name=reference.mp4")

LOG = '$server_port $request_method $uri $status "$http_user_agent" "$remote_user"'
HTTP = """
  types {{ video/mp4 mp4; image/png png; image/jpeg jpg; }}
  client_max_body_size 100m;
  server {{
    listen 127.0.0.1:{store};
    root {folder}/www;
    dav_methods PUT DELETE;
    auth_basic_user_file {folder}/users;
    location / {{
      limit_except GET {{ auth_basic "uploads"; }}
      create_full_put_path on;
    }}
    location /strict/ {{ limit_except GET {{ auth_basic "uploads"; }} }}
    location /small/ {{
      limit_except GET {{ auth_basic "uploads"; }}
      client_max_body_size 4k;
    }}
    location /closed/ {{
      limit_except GET {{ deny all; }}
    }}
    location /static/ {{ dav_methods off; }}
    location /page/ {{
      types {{ }}
      default_type text/html;
      return 200 "<html>Please log in.</html>";
    }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /dav/$1 redirect; }}
  }}
  server {{
    listen 127.0.0.1:{tunnel};
    location / {{ proxy_pass http://127.0.0.1:{behind}; }}
  }}
"""


class Nginx:
    """A store at self.store, and a tunnel from self.tunnel to self.behind, where nobody listens yet."""

    def __init__(self, program, folder):
        self.folder, self.www = folder, folder / "www"
        for name in ("dav", "small"):
            (self.www / name).mkdir(parents=True)
        self.store, self.tunnel, self.behind = free_ports(3)
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        self.process = start_nginx(program, folder, LOG, HTTP.format(
            folder=folder, store=self.store, tunnel=self.tunnel, behind=self.behind),
            [self.store, self.tunnel])

    def url(self, path="/dav/{name}", credentials=""):
        return f"http://{credentials}127.0.0.1:{self.store}{path}"

    def put_url(self, path="/dav/{name}", password=PASSWORD):
        return self.url(path, f"{USER}:{password}@")

    def files(self, folder="dav"):
        return sorted((self.www / folder).iterdir())

    def seen(self, path, port=None):
        """Who asked for it and what was said: (method, status, program, user)."""
        rows = []
        for line in (self.folder / "access.log").read_text().splitlines():
            found = re.fullmatch(r'(\d+) (\S+) (\S+) (\d+) "([^/"]*)[^"]*" "([^"]*)"', line)
            if found and found[1] == str(port or self.store) and found[3] == path:
                rows.append((found[2], int(found[4]), found[5], found[6]))
        return rows


def ask(url, method="GET", **headers):
    """Status, headers and body; status 0 when nobody listens there."""
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
    except urllib.error.URLError:
        return 0, {}, b""


def ask_as_it_is(port, path):
    """Its status, the path sent without being tidied."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


class Servers(PublishCase):
    emulator_program = os.path.abspath(sys.argv[1])
    nginx_program = None

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-publish-"))
        os.chdir(cls.folder)
        (cls.folder / "nginx").mkdir()
        cls.nginx = Nginx(cls.nginx_program, cls.folder / "nginx")
        cls.clip = make_clip(cls.folder / "a.mp4")

    @classmethod
    def tearDownClass(cls):
        stop(cls.nginx.process)
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def setUp(self):
        super().setUp()
        for file in self.nginx.files():
            file.unlink()

    def large_clip(self):
        """Over 15 MiB; made once."""
        path = self.folder / "noise.mp4"
        if not path.exists():
            make("videotestsrc num-buffers=100 pattern=snow ! video/x-raw,width=640,height=480,"
                 "framerate=24/1 ! x264enc speed-preset=ultrafast bitrate=48000 ! mp4mux ! "
                 f"filesink location={path}")
        self.assertGreater(path.stat().st_size, 15 * 1024 * 1024)
        return path

    # --- put -------------------------------------------------------------------------------------

    def put(self, provider, *words):
        """What came to the store for the one file, when its clip has gone round."""
        with self.emulator(provider) as service:
            done = self.regenerate(service, "reference-transport=put",
                                   "put-url=" + self.nginx.put_url(), *words)
            self.check_round_trip(service, done)
        self.assertEqual(len(service.recorded("POST")), 1)
        body = service.recorded("POST")[0]["body"]
        [url] = body["videos" if provider == "omnirouters" else "video_urls"]
        self.assertRegex(url, rf"^{self.nginx.url('/dav/')}[0-9a-f]{{32}}\.mp4$")
        return url[url.index("/dav/"):]

    def check_seen(self, path, *last):
        self.check_log(path, [("PUT", 201, "gst-omni", USER), ("HEAD", 200, "gst-omni", "-"),
                              ("GET", 200, "omni-emulator", "-"), *last])

    def check_log(self, path, wanted):
        """nginx writes a request down after the last byte of its answer."""
        wait_until(lambda: len(self.nginx.seen(path)) >= len(wanted), "all is in the access log")
        self.assertEqual(self.nginx.seen(path), wanted)

    def test_put_omnirouters(self):
        path = self.put("omnirouters")
        self.check_seen(path)
        [left] = self.nginx.files()
        self.assertEqual((f"/dav/{left.name}", left.read_bytes()), (path, self.clip.read_bytes()))

    def test_put_apimart(self):
        self.check_seen(self.put("apimart"))
        self.assertEqual(len(self.nginx.files()), 1)

    # gst-launch-1.0 goes to NULL as soon as the result, or the error, is there: what was stored must be
    # gone by then.
    def test_put_and_delete(self):
        for provider in ("omnirouters", "apimart"):
            with self.subTest(provider):
                path = self.put(provider, "delete-reference=true")
                self.assertEqual(self.nginx.files(), [])
                self.check_seen(path, ("DELETE", 204, "gst-omni", USER))

    def test_images_are_deleted_too(self):
        make(f"videotestsrc num-buffers=1 ! pngenc ! filesink location={self.folder}/i.png")
        for _ in range(5):
            with self.emulator("omnirouters") as service:
                done = self.regenerate(service, "put-url=" + self.nginx.put_url(), "delete-reference=true",
                                       f'images=<"{self.folder}/i.png","{self.folder}/i.png">')
                self.check_round_trip(service, done)
            self.assertEqual(self.nginx.files(), [])

    def test_put_makes_folders(self):
        with self.emulator("omnirouters") as service:
            done = self.regenerate(service, "put-url=" + self.nginx.put_url("/dav/new/deep/{name}"))
            self.check_round_trip(service, done)
        shutil.rmtree(self.nginx.www / "dav" / "new")

    def test_put_after_failure(self):
        # The service refuses; what was put for it is taken back all the same.
        with self.emulator("omnirouters", "--fault", "create:402") as service:
            done = self.regenerate(service, "put-url=" + self.nginx.put_url(), "delete-reference=true")
            self.assertIn("payment-required: ", done.stdout)
            self.assertEqual(self.nginx.files(), [])
        # So is what the service could not have fetched.
        with self.emulator("omnirouters") as service:
            done = self.regenerate(service, "put-url=" + self.nginx.put_url(), "delete-reference=true",
                                   "public-url=" + self.nginx.url("/nowhere/{name}"))
            self.assertIn("invalid-request: ", done.stdout)
            self.assertEqual(self.nginx.files(), [])
        self.assertEqual(service.recorded("POST"), [])

    def refused_put(self, reason, *says, words=(), put_url=None, **more):
        done = self.refused("omnirouters", reason, "Nothing was submitted", *says, words=(
            "reference-transport=put", "put-url=" + (put_url or self.nginx.put_url()), *words), **more)
        # The one line that may hold it is GStreamer's own, of a launch line that does not parse.
        self.assertNotIn(PASSWORD, done.stdout)
        return done

    def test_put_wrong_password(self):
        done = self.refused_put("unauthorized", "HTTP 401", "put-url", "password",
                                put_url=self.nginx.put_url(password="wrong-one"))
        self.assertNotIn("wrong-one", done.stdout)
        self.assertEqual(self.nginx.files(), [])

    def test_put_no_password(self):
        self.refused_put("unauthorized", "HTTP 401", "put-url", put_url=self.nginx.url())

    def test_put_not_allowed(self):
        self.refused_put("unauthorized", "HTTP 403", "put-url", "permission to write",
                         put_url=self.nginx.put_url("/closed/{name}"))

    def test_put_missing_folder(self):
        self.refused_put("unreachable", "HTTP 500", "folder of put-url exists", words=["retry-attempts=2"],
                         put_url=self.nginx.put_url("/strict/missing/{name}"))
        # That of a folder, not of a file.
        self.refused_put("invalid-request", "HTTP 409", "Check put-url",
                         put_url=self.nginx.put_url("/dav/{name}/"))

    def test_put_no_webdav(self):
        self.refused_put("invalid-request", "HTTP 405", "put-url", "WebDAV",
                         put_url=self.nginx.put_url("/static/{name}"))

    def test_put_too_large(self):
        self.assertGreater(self.clip.stat().st_size, 4096)
        self.refused_put("too-large", "HTTP 413", "limit",
                         put_url=self.nginx.put_url("/small/{name}"))
        self.assertEqual(self.nginx.files("small"), [])

    def test_put_nobody_there(self):
        self.refused_put("unreachable", "put-url", words=["retry-attempts=2"],
                         put_url=f"http://127.0.0.1:{free_port()}/{{name}}")

    def test_public_url(self):
        with self.emulator("omnirouters") as service:
            done = self.regenerate(service, "put-url=" + self.nginx.put_url(),
                                   "public-url=" + self.nginx.url() + "?for=the-service")
            self.check_round_trip(service, done)
        [url] = service.recorded("POST")[0]["body"]["videos"]
        self.assertTrue(url.endswith(".mp4?for=the-service"), url)

    def test_public_url_wrong(self):
        # 404, a page of a portal, and a redirect, though to the right place: not what is paid for.
        for path, reason, says in (("/nowhere/{name}", "invalid-request", "HTTP 404"),
                                   ("/page/{name}", "bad-input", "text/html"),
                                   ("/moved/{name}", "invalid-request", "redirect")):
            with self.subTest(path):
                self.refused_put(reason, says, "public-url",
                                 words=["public-url=" + self.nginx.url(path)])

    def test_public_url_of_another_clip(self):
        short = make_clip("short.mp4", frames=24)
        shutil.copy(short, self.nginx.www / "dav" / "a.mp4")
        self.refused_put("bad-input", str(short.stat().st_size), str(self.clip.stat().st_size),
                         "public-url", words=["public-url=" + self.nginx.url("/dav/a.mp4?{name}")])

    def test_images(self):
        make("videotestsrc num-buffers=1 ! video/x-raw,width=320,height=320 ! pngenc ! "
             "filesink location=a.png")
        make("videotestsrc num-buffers=1 pattern=smpte75 ! video/x-raw,width=320,height=320 ! jpegenc ! "
             "filesink location=first.jpg")
        with self.emulator("omnirouters") as service:
            done = self.regenerate(service, "put-url=" + self.nginx.put_url(), 'images=<"a.png">',
                                   "first-image=first.jpg")
            self.check_round_trip(service, done)
            kept = [file.read_bytes() for file in service.kept("image")]
        self.assertEqual(sorted(kept), sorted(Path(name).read_bytes() for name in ("a.png", "first.jpg")))
        body = service.recorded("POST")[0]["body"]
        self.assertRegex(body["images"][0], r"[0-9a-f]{32}\.png$")
        self.assertRegex(body["firstframe"], r"[0-9a-f]{32}\.jpg$")
        for url in (body["images"][0], body["firstframe"]):
            self.check_seen(url[url.index("/dav/"):])

    def test_credentials_are_nowhere(self):
        query = "ticket=once-44d1"
        for name, password in (("taken", PASSWORD), ("refused", "wrong-one-17")):
            with self.subTest(name), self.emulator("omnirouters") as service:
                put_url = self.nginx.put_url(password=password) + "?" + query
                process = start_application(
                    self.clip, "b.mp4", {"provider": "omnirouters", "base-url": service.url,
                                         "put-url": put_url, "delete-reference": True,
                                         "public-url": self.nginx.url() + "?" + query},
                    {"GST_DEBUG": "*:6", "GST_DEBUG_FILE": f"{name}.log", "GST_DEBUG_NO_COLOR": "1",
                     "GST_DEBUG_DUMP_DOT_DIR": str(self.out)})
                said = output_of(process)
                self.assertEqual(process.returncode, int(name == "refused"), said)
                self.assertIn("property put-url http://(redacted)@127.0.0.1:", said)
                log = Path(f"{name}.log").read_text(errors="replace")
                self.assertRegex(log, r" omni .*(published as|put-url)")
                basic = "dXBsb2FkZXI6"  # USER and the colon in base64, as the header has it
                for secret in (password, query, basic, USER, KEY):
                    self.assertNotIn(secret, said)
                    self.assertNotIn(secret, log)

    # --- serve -----------------------------------------------------------------------------------

    def url_of(self, service, number=0):
        """The URL that the service was given in its nth create."""
        creates = wait_until(lambda: service.recorded("POST")[number:], "the job is submitted")
        return creates[0]["body"]["videos"][0]

    def check_served(self, url, clip):
        """As a service sees it while the job runs: whole, in parts, nothing else."""
        whole = clip.read_bytes()
        status, headers, body = ask(url)
        self.assertEqual((status, headers["Content-Type"], body), (200, "video/mp4", whole))
        status, headers, body = ask(url, Range="bytes=100-299")
        self.assertEqual((status, body), (206, whole[100:300]))
        self.assertEqual(headers["Content-Range"], f"bytes 100-299/{len(whole)}")
        self.assertEqual(ask(url, Range="bytes=-7")[::2], (206, whole[-7:]))
        self.assertEqual(ask(url, Range=f"bytes={len(whole)}-")[0], 416)
        curl = subprocess.run(["curl", "-sS", "-r", "1000-", url], stdout=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(curl.stdout, whole[1000:])
        status, headers, body = ask(url, "HEAD")
        self.assertEqual((status, headers["Content-Length"], body), (200, str(len(whole)), b""))
        self.assertEqual([ask(url, method)[0] for method in ("PUT", "DELETE", "POST")], [405] * 3)

    def check_nothing_else(self, port, url):
        there = re.search(r"/([0-9a-f]{32})/reference\.mp4$", url)
        for path in (*GUESSES, f"/{there[1]}", f"/{there[1]}/", f"/{there[1]}/reference",
                     f"/{there[1]}/reference.mp4/", f"/{there[1]}/../{there[1]}x/reference.mp4"):
            self.assertEqual(ask_as_it_is(port, path), 404, path)

    def test_serve(self):
        port, gate = free_port(), Gate(self.out / "gate")
        with self.emulator("omnirouters", *gate.options) as service:
            process = start_application(self.clip, "b.mp4", {
                "provider": "omnirouters", "base-url": service.url, "reference-transport": "serve",
                "serve-address": "127.0.0.1", "serve-port": port}, linger=True)
            try:
                url = self.url_of(service)
                self.assertRegex(url, rf"^http://127\.0\.0\.1:{port}/[0-9a-f]{{32}}/reference\.mp4$")
                self.check_served(url, self.clip)
                self.check_nothing_else(port, url)
                gate.open()
                lines = iter(process.stdout.readline, "ended\n")
                said = "".join(line for line in lines if line)
                # The application lives and plays on; nobody listens for it any more.
                wait_until(lambda: ask(url)[0] == 0, "the port is closed")
                self.assertIsNone(process.poll(), said)
            finally:
                gate.open()
                rest = output_of(process)
            self.assertEqual(process.returncode, 0, rest)
            self.assertEqual([kept.read_bytes() for kept in service.kept("reference")],
                             [self.clip.read_bytes()])
        self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())

    def test_serve_any_port(self):
        for provider in ("omnirouters", "apimart"):
            with self.subTest(provider), self.emulator(provider) as service:
                done = self.regenerate(service, "reference-transport=serve", "serve-address=127.0.0.1")
                self.check_round_trip(service, done)

    def test_serve_through_a_tunnel(self):
        gate = Gate(self.out / "gate")
        with self.emulator("omnirouters", *gate.options) as service:
            process = start_launch(
                "filesrc", f"location={self.clip}", "!", "omniv2v", FAST, "provider=omnirouters",
                f"base-url={service.url}", f"serve-port={self.nginx.behind}",
                f"public-url=http://127.0.0.1:{self.nginx.tunnel}/of/mine", "!", "filesink",
                "location=b.mp4")
            try:
                url = self.url_of(service)
                self.assertIn(f":{self.nginx.tunnel}/of/mine/", url)
                self.check_served(url, self.clip)
            finally:
                gate.open()
                said = output_of(process)
            process.stdout = said
            self.check_round_trip(service, process)
        path = url[url.index("/of/"):]
        wait_until(lambda: ("GET", 200, "omni-emulator", "-") in self.nginx.seen(path, self.nginx.tunnel),
                   "the service's GET is in the access log")
        self.assertEqual(self.nginx.seen(path, self.nginx.tunnel)[0][:3], ("HEAD", 200, "gst-omni"))

    def test_serve_tunnel_is_down(self):
        # It answers, but leads to another port than the one that is served.
        self.refused("omnirouters", "unreachable", "HTTP 502", "public-url", "tunnel", words=[
            f"serve-port={free_port()}", f"public-url=http://127.0.0.1:{self.nginx.tunnel}",
            "retry-attempts=2"])

    def test_serve_until_each_job_ends(self):
        # One job at a time: the second waits, published, while the first ends.
        clips = [make_clip(f"in-{number}.mp4", frames=72 + number) for number in range(2)]
        port, gate = free_port(), Gate(self.out / "gate")
        with self.emulator("omnirouters", *gate.options, "--concurrency", "1", "--retry-after", "1") as service:
            process = start_launch(
                "multifilesrc", "location=in-%d.mp4", "stop-index=1", "!", "omniv2v", FAST,
                "provider=omnirouters", "input-mode=buffer", f"base-url={service.url}",
                "serve-address=127.0.0.1", f"serve-port={port}", "retry-attempts=50",
                "!", "multifilesink", "location=out-%d.mp4")
            try:
                def urls():
                    return {one["body"]["videos"][0]: one["status"] for one in service.recorded("POST")}
                wait_until(lambda: sorted(urls().values()) == [200, 429], "one runs and one waits")
                first, second = sorted(urls(), key=lambda url: urls()[url])
                self.assertEqual([ask(first)[0], ask(second)[0]], [200, 200])
                gate.let_one()
                wait_until(lambda: ask(first)[0] == 404, "the first is no longer served")
                self.assertEqual(ask(second)[0], 200)
            finally:
                gate.open()
                said = output_of(process)
            self.assertEqual(process.returncode, 0, said)
        for number, clip in enumerate(clips):
            self.assertEqual(Path(f"out-{number}.mp4").read_bytes(), clip.read_bytes())

    def test_serve_port_is_taken(self):
        port, gate = free_port(), Gate(self.out / "gate")
        with self.emulator("omnirouters", *gate.options) as service:
            line = []
            for name in ("one", "two"):
                line += ["filesrc", f"location={self.clip}", "!", "omniv2v", f"name={name}", FAST,
                         "provider=omnirouters", f"base-url={service.url}", "serve-address=127.0.0.1",
                         f"serve-port={port}", "on-failure=source", "!", "filesink",
                         f"location={name}.mp4"]
            process, said = start_launch(*line), ""
            try:
                # The one that has the port runs until the other has found it taken.
                while "WARNING: " not in said and (more := process.stdout.readline()):
                    said += more
            finally:
                gate.open()
                said += output_of(process)
        self.assertEqual(process.returncode, 0, said)
        warnings = re.findall(r"^WARNING: from element .*invalid-request: .*$", said, re.MULTILINE)
        self.assertEqual(len(warnings), 1, said)
        self.assertIn(f"port {port}", warnings[0])
        self.assertIn("Set serve-port to a free port", warnings[0])
        self.assertEqual(len(service.recorded("POST")), 1)
        self.assertEqual([Path(name).read_bytes() == self.clip.read_bytes()
                          for name in ("one.mp4", "two.mp4")], [True, True])

    # --- which transport -------------------------------------------------------------------------

    def test_nothing_configured(self):
        for provider in ("omnirouters", "apimart"):
            with self.subTest(provider):
                self.refused(provider, "invalid-request", "serve", "public-url", "serve-port", "put",
                             "put-url", "{name}", "s3", "s3-url", "publish-reference")

    def test_inline_not_taken(self):
        self.refused("omnirouters", "invalid-request", "reference-transport is inline",
                     "serve, put or s3", words=["reference-transport=inline"])

    def test_url_where_inline_would_do(self):
        with self.emulator("octopusx") as service:
            done = self.regenerate(service, "reference-transport=put", "put-url=" + self.nginx.put_url())
            self.check_round_trip(service, done)
        self.assertTrue(service.recorded("POST")[0]["body"]["video"].startswith(self.nginx.url("/dav/")))

    # --- too large, or of another form -----------------------------------------------------------

    def test_oversize_error(self):
        done = self.refused("octopusx", "too-large", "15 MiB", clip=self.large_clip())
        self.assertIn("oversize=transcode", done.stdout)
        self.assertIn("oversize=publish", done.stdout)

    def test_oversize_publish(self):
        clip = self.large_clip()
        with self.emulator("octopusx") as service:
            done = self.regenerate(service, "oversize=publish", "put-url=" + self.nginx.put_url(), clip=clip)
            self.check_round_trip(service, done, clip)
            # What fits goes inside the request as ever.
            done = self.regenerate(service, "oversize=publish", "put-url=" + self.nginx.put_url())
            self.assertEqual(done.returncode, 0, done.stdout)
        videos = [one["body"]["video"] for one in service.recorded("POST")]
        self.assertTrue(videos[0].startswith(self.nginx.url("/dav/")), videos)
        self.assertTrue(videos[1].startswith("data:video/mp4"), videos)
        self.assertEqual(len(self.nginx.files()), 1)

    def test_oversize_transcode(self):
        with self.emulator("octopusx") as service:
            done = self.regenerate(service, "oversize=transcode", clip=self.large_clip())
            self.assertEqual(done.returncode, 0, done.stdout)
            [sent] = service.kept("reference")
            self.assertLess(sent.stat().st_size, 15 * 1024 * 1024)
            self.assertGreater(sent.stat().st_size, 5 * 1024 * 1024)
            self.check_plays(sent, 100)

    def check_plays(self, clip, frames):
        """H.264 in an MP4 with so many frames."""
        done = launch("-q", "filesrc", f"location={clip}", "!", "qtdemux", "!",
                      "video/x-h264,stream-format=avc", "!", "avdec_h264", "!", "videoconvert", "!",
                      "video/x-raw,format=GRAY8", "!", "multifilesink", "location=f%d.gray")
        self.assertEqual(done.returncode, 0, done.stdout)
        shown = list(Path(".").glob("f*.gray"))
        self.assertEqual(len(shown), frames)
        for file in shown:
            file.unlink()

    def other_form(self, clip, says):
        self.refused("octopusx", "bad-input", says, "oversize=transcode", clip=clip)
        for provider, words in (("octopusx", []), ("omnirouters", ["put-url=" + self.nginx.put_url()])):
            with self.subTest(provider), self.emulator(provider) as service:
                done = self.regenerate(service, "oversize=transcode", *words, clip=clip)
                self.assertEqual(done.returncode, 0, done.stdout)
                [sent] = service.kept("reference")
                self.assertIn(sent.read_bytes()[8:12], (b"isom", b"mp42", b"iso4", b"avc1"))
                self.assertNotIn(b"moof", sent.read_bytes())
                self.check_plays(sent, 72)
        self.assertEqual(len(self.nginx.files()), 1)

    def test_hevc(self):
        self.other_form(make_clip("hevc.mp4", "x265enc speed-preset=ultrafast ! h265parse"), "HEVC")

    def test_mov(self):
        self.other_form(make_clip("a.mov", muxer="qtmux"), "QuickTime")

    def test_fragmented(self):
        self.other_form(make_clip("f.mp4", muxer="mp4mux fragment-duration=500"), "fragmented")

    # --- publish-reference -----------------------------------------------------------------------

    def from_application(self, folder):
        with self.emulator("omnirouters") as service:
            process = start_application(
                self.clip, "b.mp4", {"provider": "omnirouters", "base-url": service.url,
                                     "put-url": self.nginx.put_url()},
                folder=folder, url=self.nginx.url("/dav/"))
            process.stdout_text = output_of(process)
            self.assertEqual(process.returncode, 0, process.stdout_text)
            [kept] = service.kept("reference")
            self.assertEqual(kept.read_bytes(), self.clip.read_bytes())
        self.assertEqual(Path("b.mp4").read_bytes(), self.clip.read_bytes())
        [file] = self.nginx.files()
        return service.recorded("POST")[0]["body"]["videos"][0], file

    def test_application_publishes(self):
        url, file = self.from_application(str(self.nginx.www / "dav"))
        self.assertEqual(url, self.nginx.url("/dav/from-the-application.mp4"))
        self.check_log("/dav/from-the-application.mp4",
                       [("HEAD", 200, "gst-omni", "-"), ("GET", 200, "omni-emulator", "-")])

    def test_application_passes(self):
        url, file = self.from_application("")
        self.assertEqual(url, self.nginx.url(f"/dav/{file.name}"))
        self.assertEqual(self.nginx.seen(f"/dav/{file.name}")[0], ("PUT", 201, "gst-omni", USER))


def find_nginx():
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if not nginx:
        print("skipped: nginx is not installed (Debian: nginx)")
        sys.exit(77)
    about = subprocess.run([nginx, "-V"], stderr=subprocess.PIPE, text=True).stderr
    if "http_dav_module" not in about:
        print("skipped: this nginx was built without WebDAV")
        sys.exit(77)
    return nginx


if __name__ == "__main__":
    Servers.nginx_program = find_nginx()
    sys.exit(run_cases(sys.argv[2:], Servers))
