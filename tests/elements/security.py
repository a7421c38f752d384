#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What must never get out, and what must never get in, tried on all three elements as processes: keys and
signed links in logs at every level, messages, DOT files and the state folder; headers at other origins;
certificates that are not to be trusted; what a served reference's door gives; modes of files.

security.py OMNI-EMULATOR [CASE...]. The plugin comes from GST_PLUGIN_PATH. Ends with a line that counts.
"""
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from publish_rig import PublishCase, make
from rig import PATIENCE, free_port, free_ports, output_of, run_cases, wait_until
from security_rig import (KEY, PASSWORD, SECRETS, SIGNATURE, SIGNED, SOON, TENANT, TICKET, Authority, Recorder,
                          Reply, Run, ask, environment, files_below, forms, hits)

EMULATOR = os.path.abspath(sys.argv[1])
ELEMENTS = ("omniv2v", "omniv2vbin", "omnivideosrc")
FAR = 1 << 21  # bytes: a result that goes to a file
# A result that is not to be had is looked for over and over, and no longer when this is nearly over.
SOON_OVER = "job-timeout=15000000000"


class Security(PublishCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-security-"))
        os.chdir(cls.folder)
        cls.clip = cls.folder / "a.mp4"
        make("videotestsrc num-buffers=40 pattern=ball ! video/x-raw,width=64,height=64,framerate=10/1 ! "
             f"x264enc speed-preset=ultrafast ! mp4mux ! filesink location={cls.clip}")
        cls.long = cls.clip.read_bytes() + (8 + FAR).to_bytes(4, "big") + b"free" + bytes(FAR)
        cls.authority = Authority(cls.folder / "authority")
        cls.key_file = cls.folder / "key.txt"
        cls.key_file.write_text(KEY + "\n")

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def recorder(self, behave=None, certificate=None, **more):
        return Recorder(behave, certificate, result=self.clip.read_bytes(), **more)

    def each(self, check, *cases):
        """check(*case) for all of them, four at a time: most of their time goes in pauses between tries."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = [(case, pool.submit(check, *case)) for case in cases]
        for case, result in results:
            with self.subTest(" ".join(map(str, case))):
                result.result()

    def run_one(self, name, element, url, options="", **more):
        return Run(self.out / name, element, self.clip, url, options, **more).finish()

    # --- keys and signed links in what is left behind ------------------------------------------------

    def check_nothing_shown(self, run, *markers):
        """Each marker is found in the log, by the same reading as no secret is found anywhere."""
        left = files_below(run.folder)
        names = [str(path.relative_to(run.folder)) for path in left]
        self.assertTrue({"debug.log", "said.txt"} <= set(names), names)
        dots = [path for path in left if path.suffix == ".dot"]
        self.assertTrue(dots, names)
        for path in left:
            data = path.read_bytes()
            if path.name == "debug.log":
                for marker in ("omni", "GST_", *markers):
                    self.assertTrue(hits(data, [marker]), f"{marker} is not in the log")
            if path.name == "said.txt":
                self.assertTrue(hits(data, ["omni/job"]), run.said[-1500:])
            if path in dots:
                self.assertTrue(hits(data, ["omni"]), path)
            if path.name != "out.mp4":
                self.assertEqual(hits(data, SECRETS), [], f"{run.folder.name}/{path.name}")

    def test_the_search_finds(self):
        # In each form, at any place, and in a database in use, where it stands in the log of writes alone.
        for secret in SECRETS:
            for form in forms(secret):
                for around in (b"", b"\0\xff", b"x" * 70000):
                    self.assertTrue(hits(around + form.encode() + around, [secret]), form)
        self.assertTrue(hits(b"headers\\, key\\=(string)" + KEY.replace("=", "\\=").encode(), [KEY]))
        self.assertEqual(hits(KEY[:-1].encode() + b"?" + SIGNATURE[1:].encode(), SECRETS), [])
        base = sqlite3.connect("ledger.db")
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE job (text)")
        base.execute("INSERT INTO job VALUES (?)", (f"http://h/o.mp4{SIGNED}&key={KEY}",))
        base.commit()
        found = {path.name: len(hits(path.read_bytes(), SECRETS)) for path in files_below(".")}
        base.close()
        self.assertEqual(sorted(found), ["ledger.db", "ledger.db-shm", "ledger.db-wal"])
        self.assertGreaterEqual(found["ledger.db-wal"], 4, found)

    def test_emulator(self):
        for element in ELEMENTS:
            for source in ("environment", "file"):
                with self.subTest(element, source=source):
                    folder = self.out / f"{element}-{source}-service"
                    folder.mkdir()
                    service = self.start_emulator(folder)
                    try:
                        run = self.run_with(source, f"{element}-{source}", element, service.url)
                    finally:
                        service.terminate()
                        service.wait(PATIENCE)
                    self.assertEqual(run.status, 0, run.said[-2000:])
                    asked = [json.loads(line) for line in (folder / "requests.jsonl").read_text().splitlines()]
                    self.assertEqual([one["status"] for one in asked if one["method"] == "POST"], [200])
                    self.check_nothing_shown(run, "accepted as task", "GET http")
                    for path in files_below(run.folder):
                        self.assertIsNone(re.search(rb"[?&](sig|expires)=", path.read_bytes()), path)

    def start_emulator(self, folder):
        process = subprocess.Popen([EMULATOR, "--port", "0", "--state", folder, "--look", "identity"],
                                   env=dict(os.environ, OMNI_EMULATOR_KEY=KEY), stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        process.url = process.stdout.readline().split()[-1]
        return process

    def run_with(self, source, name, element, url, options="", **more):
        """The key from the environment, or from api-key-file."""
        if source == "file":
            return self.run_one(name, element, url, f"{options} api-key-file={self.key_file}", key="", **more)
        return self.run_one(name, element, url, options, **more)

    def test_recorded(self):
        # What came over the wire shows that the key is in use, where the log shows nothing of it.
        for element in ELEMENTS:
            for source in ("environment", "file"):
                with self.subTest(element, source=source), self.recorder() as service:
                    run = self.run_with(source, f"{element}-{source}", element, service.url)
                    self.assertEqual(run.status, 0, run.said[-2000:])
                    [create] = service.creates()
                    self.assertEqual(create.headers["authorization"], f"Bearer {KEY}")
                    [fetch] = service.requests(lambda seen: seen.is_result)
                    self.assertIn(SIGNATURE, fetch.target)
                    self.check_nothing_shown(run, "accepted as task video_1", "/results/video_1.mp4")

    def test_properties(self):
        # What may hold secrets, at an application: none of it reads back or is logged.
        for element in ELEMENTS:
            with self.subTest(element), self.recorder() as service:
                port = urllib.parse.urlsplit(service.url).port
                run = self.run_one(element, element, "http://service.invalid", key="", properties={
                    "api-key": KEY,
                    "extra-headers": {"X-Tenant": TENANT},
                    "proxy": f"http://user:{PASSWORD}@127.0.0.1:{port}",
                    "put-url": f"http://user:{PASSWORD}@127.0.0.1:{port}/{{name}}?t={TICKET}",
                    "public-url": f"http://127.0.0.1:{port}/{{name}}?t={TICKET}",
                    "s3-url": f"s3://bucket/prefix?endpoint=http://127.0.0.1:{port}&k={TICKET}"})
                self.assertEqual(run.status, 0, run.said[-2000:])
                [create] = service.creates()
                self.assertTrue(create.target.startswith("http://service.invalid/"), create.target)
                self.assertEqual(create.headers["authorization"], f"Bearer {KEY}")
                self.assertEqual(create.headers["x-tenant"], TENANT)
                self.assertRegex(run.said, r"property proxy http://\(redacted\)@127")
                self.assertRegex(run.said, r"property extra-headers .*X-Tenant=.*redacted")
                self.check_nothing_shown(run, "accepted as task video_1")

    def test_published_with_a_secret(self):
        # put to a store that wants a password and repeats what it got; the address has a ticket.
        def store(seen):
            if seen.method == "PUT" and behaviour == "refuses":
                return Reply(403, f"<Error><Code>Denied</Code><Message>{self.echoes(seen)} {seen.target}"
                                  "</Message></Error>".encode(), "application/xml")
            if seen.method in ("PUT", "DELETE"):
                stored[seen.path] = seen.body
                return Reply(201)
            if seen.path in stored:
                return Reply(body=stored[seen.path], kind="video/mp4")
            return None
        for behaviour in ("takes", "refuses"):
            for element in ("omniv2v", "omniv2vbin"):
                stored = {}
                with self.subTest(element, store=behaviour), self.recorder(store) as service:
                    port = service.server_port
                    run = self.run_one(f"{element}-{behaviour}", element, service.url, properties={
                        "reference-transport": 3, "extra-headers": {"X-Tenant": TENANT},
                        "put-url": f"http://user:{PASSWORD}@127.0.0.1:{port}/s/{{name}}?t={TICKET}"})
                    puts = service.requests(lambda seen: seen.method == "PUT")
                    self.assertIn(TICKET, puts[0].target)
                    self.assertIn("authorization", puts[0].headers)
                    self.assertNotIn("x-tenant", puts[0].headers)
                    self.assertEqual(len(service.creates()), int(behaviour == "takes"))
                    self.check_nothing_shown(run, "/s/")

    # --- the same, of runs that fail -----------------------------------------------------------------

    def echoes(self, seen):
        """As some gateways do: all that came, said back."""
        return (f"bad key {KEY} ({urllib.parse.quote(KEY, safe='')}), headers {dict(seen.headers)}, "
                f"token: {KEY}, tenant {TENANT}. See http://h/{KEY}/o.mp4{SIGNED} (request id: {KEY})")

    def failing(self):
        """Name -> what the service does, the reason, and what else the log says."""
        def refuses(seen):
            return Reply(401, {"error": {"message": self.echoes(seen), "code": KEY, "type": KEY}})

        def page(seen):
            return Reply(400, f"<html><title>{KEY}</title>{self.echoes(seen)}</html>".encode(), "text/html")

        def long_text(seen):
            # Cut to what is shown, a key must not leave a part of it.
            text = "no " * 96 + KEY
            return Reply(400, {"error": {"message": text}})

        def fails(seen):
            return Reply(body={"id": "video_1", "status": "failed", "error": {
                "message": self.echoes(seen), "code": KEY}}) if seen.is_poll else None

        def odd_word(seen):
            if not seen.is_poll:
                return None
            polled.append(seen)
            return fails(seen) if len(polled) > 2 else Reply(body={
                "id": "video_1", "status": KEY, "message": self.echoes(seen)})

        def expired(seen):
            return Reply(403, f"<Error><Code>AccessDenied</Code><Url>{seen.target}</Url><Key>{KEY}</Key>"
                              f"</Error>".encode(), "application/xml") if "/v1/" not in seen.target or (
                                  seen.path.endswith("/content")) else None

        def leads_astray(seen):
            return Reply(302, headers={"Location": f"ftp://other.example/{KEY}/o.mp4{SIGNED}"}) if (
                seen.is_result or seen.path.endswith("/content")) else None

        def no_address(seen):
            return Reply(body={"id": "video_1", "status": "completed",
                               "video_url": f"gopher://h/{KEY}{SIGNED}"}) if seen.is_poll else (
                                   fails(seen) or refuses(seen) if seen.path.endswith("/content") else None)

        polled = []
        return {"401": (refuses, "unauthorized"), "page": (page, "invalid-request"),
                "long": (long_text, "invalid-request"), "failed": (fails, "service-error"),
                "word": (odd_word, "service-error"), "expired": (expired, "bad-result"),
                "astray": (leads_astray, "bad-result"), "no-address": (no_address, "bad-result")}

    def test_failures(self):
        self.each(self.one_failure, *itertools.product(self.failing(), ELEMENTS))

    def one_failure(self, name, element):
        behave, reason = self.failing()[name]
        with self.recorder(behave) as service:
            run = self.run_one(f"{element}-{name}", element, service.url, SOON_OVER,
                               properties={"extra-headers": {"X-Tenant": TENANT}})
        self.assertEqual(run.status, 1, run.said[-2000:])
        self.assertEqual(len(service.creates()), 1)
        self.check_nothing_shown(run, f"ended: {reason}: ")
        if name == "long":
            self.assertNotIn(KEY[:8], run.said)

    def test_failures_of_tls(self):
        self.each(self.refused_certificate, *((element,) for element in ELEMENTS))
        self.each(self.refused_redirect, *((element,) for element in ELEMENTS))

    def refused_certificate(self, element):
        with self.recorder(certificate=self.authority.self_signed) as service:
            run = self.run_one(f"{element}-certificate", element, service.url)
        self.assertEqual((run.status, service.seen), (1, []))
        self.check_nothing_shown(run, "ended: unreachable: ")

    def refused_redirect(self, element):
        """A result that would go over to plain http, its path holding what the service knows."""
        with self.recorder() as plain, \
                self.recorder(self.redirects(plain, f"/{KEY}/o.mp4"), self.authority.good) as service:
            run = self.run_one(f"{element}-redirect", element, service.url,
                               f"{SOON_OVER} ssl-ca-file={self.authority.file}")
        self.assertEqual((run.status, plain.seen, len(service.creates())), (1, [], 1))
        self.check_nothing_shown(run, "ended: bad-result: a redirect from https://", "was refused")

    # --- headers at other origins --------------------------------------------------------------------

    @staticmethod
    def redirects(to, path="/results/video_1.mp4"):
        """Whatever gives a result leads elsewhere."""
        def behave(seen):
            if seen.is_result or seen.path.endswith("/content"):
                return Reply(302, headers={"Location": to.url + path + SIGNED})
            return None
        return behave

    def get_result(self, name, element, service, options=""):
        run = self.run_one(name, element, service.url,
                           f'extra-headers=headers,X-Tenant=(string)"{TENANT}" {options}', debug="2")
        return run

    def check_headers(self, service, *others):
        """The service has had both with all that it was asked, links without the key; others nothing."""
        self.assertEqual(len(service.creates()), 1)
        for seen in service.requests():
            self.assertEqual(seen.headers.get("x-tenant"), TENANT, seen.target)
            api = seen.path.startswith("/v1/")
            self.assertEqual(seen.headers.get("authorization"), f"Bearer {KEY}" if api else None, seen.target)
        for other in others:
            self.assertTrue(other.seen)
            for seen in other.seen:
                told = " ".join(f"{name}: {value}" for name, value in seen.headers.items())
                self.assertEqual(hits((told + seen.path).encode(), [KEY, TENANT]), [], told)

    def test_result_elsewhere(self):
        for element in ELEMENTS:
            with self.subTest(element), self.recorder() as other:
                other.results["video_1"] = self.clip.read_bytes()
                links = f"{other.url}/results/{{id}}.mp4{SIGNED}"
                with self.recorder(links=links) as service:
                    run = self.get_result(element, element, service)
                    self.assertEqual(run.status, 0, run.said[-2000:])
                    self.check_headers(service, other)

    def test_result_at_another_name_of_the_host(self):
        # The same port of the same machine by another name is another origin.
        for element in ELEMENTS:
            with self.subTest(element), self.recorder() as service:
                service.links = f"http://localhost:{service.server_port}/results/{{id}}.mp4"
                run = self.get_result(element, element, service)
                self.assertEqual(run.status, 0, run.said[-2000:])
                [fetch] = service.requests(lambda seen: seen.is_result)
                self.assertNotIn("authorization", fetch.headers)
                self.assertNotIn("x-tenant", fetch.headers)

    def test_redirect_elsewhere(self):
        for element in ELEMENTS:
            with self.subTest(element), self.recorder() as other:
                other.results["video_1"] = self.clip.read_bytes()
                with self.recorder(self.redirects(other)) as service:
                    run = self.get_result(element, element, service)
                    self.assertEqual(run.status, 0, run.said[-2000:])
                    self.check_headers(service, other)

    def test_content_with_the_key_elsewhere_and_back(self):
        # /content wants the key; it leads away, and from there back to the API, which gets the key again.
        for element in ELEMENTS:
            def back(seen):
                return Reply(302, headers={"Location": f"{service.url}/v1/files/final.mp4"})

            def api(seen):
                if seen.is_poll:
                    return Reply(body=Recorder.task("video_1", "completed"))
                if seen.path.endswith("/content"):
                    return Reply(302, headers={"Location": f"{other.url}/hop.mp4"})
                if seen.path == "/v1/files/final.mp4":
                    return Reply(body=self.clip.read_bytes(), kind="video/mp4")
                return None

            with self.subTest(element), self.recorder(back) as other, self.recorder(api) as service:
                run = self.get_result(element, element, service)
                self.assertEqual(run.status, 0, run.said[-2000:])
                self.check_headers(service, other)
                self.assertEqual(len(service.requests(lambda seen: "/files/" in seen.path)), 1)

    def test_redirected_create_goes_nowhere(self):
        # A create is never repeated at another address, so nobody else gets the body.
        for element in ELEMENTS:
            with self.subTest(element), self.recorder() as other:
                def moved(seen):
                    return Reply(307, headers={"Location": other.url + seen.path}) if seen.is_create else None
                with self.recorder(moved) as service:
                    run = self.get_result(element, element, service)
                    self.assertEqual(run.status, 1, run.said[-2000:])
                    self.assertEqual((len(service.creates()), other.seen), (1, []))

    # --- certificates --------------------------------------------------------------------------------

    def test_certificates_refused(self):
        # "good" is refused where nobody said that the private CA is to be trusted.
        self.each(self.one_certificate, *itertools.product(
            ("self_signed", "other_host", "expired", "not_yet", "good"), ELEMENTS))

    def one_certificate(self, name, element):
        trusted = f"ssl-ca-file={self.authority.file}" if name != "good" else ""
        with self.recorder(certificate=getattr(self.authority, name)) as service:
            run = self.run_one(f"{element}-{name}", element, service.url, trusted, debug="2")
        self.assertEqual(run.status, 1, run.said[-2000:])
        self.assertRegex(run.said, r"ERROR: from element .*omni: unreachable: ")
        error = run.said[run.said.index("unreachable: "):][:600].lower()
        self.assertIn("certificate", error)
        self.assertIn("ssl-ca-file", error)
        self.assertGreater(service.handshakes, 0)
        self.assertEqual(service.seen, [])

    def test_private_authority_accepted(self):
        for element in ELEMENTS:
            with self.subTest(element), self.recorder(certificate=self.authority.good) as service:
                run = self.run_one(element, element, service.url, f"ssl-ca-file={self.authority.file}",
                                   debug="2")
                self.assertEqual(run.status, 0, run.said[-2000:])
                self.assertEqual(len(service.creates()), 1)

    def test_result_from_a_bad_certificate(self):
        # The service is good; what it links to is not what it says it is.
        self.each(self.one_bad_link, *((element,) for element in ELEMENTS))

    def one_bad_link(self, element):
        with self.recorder(certificate=self.authority.other_host) as other:
            links = f"{other.url}/results/{{id}}.mp4"
            with self.recorder(self.no_content, self.authority.good, links=links) as service:
                run = self.run_one(element, element, service.url,
                                   f"{SOON_OVER} ssl-ca-file={self.authority.file}", debug="2")
        self.assertEqual(run.status, 1, run.said[-2000:])
        self.assertEqual((len(service.creates()), other.seen), (1, []))

    @staticmethod
    def no_content(seen):
        return Reply(404, {"error": {"message": "no"}}) if seen.path.endswith("/content") else None

    # --- results -------------------------------------------------------------------------------------

    def test_results_that_make_no_sense(self):
        # Whole MP4s that are looked at before they go downstream; all cases are in unit/result-check.cpp.
        self.each(self.one_senseless, *itertools.product(("long", "wide"), ELEMENTS))

    def one_senseless(self, name, element):
        clip = bytearray(self.clip.read_bytes())
        if name == "long":  # each frame of the table of times lasts for hours
            at = clip.index(b"stts") + 16
            clip[at:at + 4] = b"\x7f\xff\xff\xff"
        else:
            at = clip.index(b"tkhd") + 4 + 76
            clip[at:at + 4] = b"\xff\xff\0\0"

        def hostile(seen):
            if seen.is_result or seen.path.endswith("/content"):
                return Reply(body=bytes(clip), kind="video/mp4")
            return None

        with self.recorder(hostile) as service:
            run = self.run_one(f"{element}-{name}", element, service.url, SOON_OVER, debug="2")
        self.assertEqual(run.status, 1, run.said[-2000:])
        self.assertEqual(len(service.creates()), 1)
        self.assertRegex(run.said, r"omni: bad-result: .*not usable: it" + (
            r" is \d+ s long, and 4 s were bought" if name == "long" else r"s frame size is given as 65535x64"))
        out = run.folder / "out.mp4"
        self.assertEqual(out.read_bytes() if out.exists() else b"", b"")

    # --- the door of reference-transport=serve -------------------------------------------------------

    def test_doors_beside_each_other(self):
        # Paths, methods and ranges of one door are tried in publish-servers.py and publish-faults.cpp. Here:
        # what the door of another element has, near misses of a name, and requests begun before the end.
        hold = threading.Event()

        def waits(seen):
            return None if not seen.is_poll or hold.is_set() else Reply(
                body=Recorder.task(seen.path.rsplit("/", 1)[-1], "in_progress"))

        with self.recorder(waits) as service:
            ports = free_ports(2)
            runs = [Run(self.out / str(port), element, self.clip, service.url,
                        f"reference-transport=serve serve-address=127.0.0.1 serve-port={port}", debug="2")
                    for port, element in zip(ports, ("omniv2v", "omniv2vbin"))]
            wait_until(lambda: len(service.creates()) == 2, "both are submitted")
            urls = {urllib.parse.urlsplit(json.loads(seen.body)["video"]) for seen in service.creates()}
            paths = [next(url.path for url in urls if url.port == port) for port in ports]
            for port, own, foreign in zip(ports, paths, reversed(paths)):
                name, file = own.strip("/").split("/")
                near = name[:-1] + ("0" if name[-1] != "0" else "1")
                self.assertEqual([ask(port, own), ask(port, own, "HEAD")], [200, 200])
                for path in (foreign, f"{own}/..{foreign}", f"/{near}/{file}", f"/{name[:16]}/{file}",
                             f"/{name.upper()}x/{file}", f"/{name}%00/{file}", f"/{name}//{file}", "/."):
                    self.assertIn(ask(port, path), (404, 400), path)
                for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "MKCOL"):
                    self.assertEqual(ask(port, own, method), 405, method)
                    self.assertEqual(ask(port, foreign, method), 404, method)
            hold.set()
            for run in runs:
                self.assertEqual(run.finish().status, 0, run.said[-2000:])
            self.assertEqual([ask(port, path) for port, path in zip(ports, paths)], [0, 0])

    def test_requests_that_outlive_a_job(self):
        # Connected, or half asked, while the job ran: by the time the rest comes the job is over, while the
        # door stays open for another one.
        turns, released = threading.Semaphore(0), set()

        def by_turns(seen):
            task = seen.path.rsplit("/", 1)[-1]
            if not seen.is_poll or task in released:
                return None
            if not turns.acquire(blocking=False):
                return Reply(body=Recorder.task(task, "in_progress"))
            released.add(task)
            return None

        for number in range(2):
            shutil.copy(self.clip, self.out / f"in-{number}.mp4")
        port = free_port()
        with self.recorder(by_turns) as service:
            process = self.start_buffers(service, 1, f"max-in-flight=2 serve-port={port}")
            wait_until(lambda: len(service.creates()) == 2, "both are submitted")
            paths = [urllib.parse.urlsplit(json.loads(seen.body)["video"]).path for seen in service.creates()]
            self.assertEqual([ask(port, path) for path in paths], [200, 200])
            begun = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(4)]
            requests = [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths] * 2
            for connection, request in zip(begun[:2], requests):
                connection.sendall(request[:-20])
            turns.release()
            [gone] = wait_until(lambda: [path for path in paths if ask(port, path) == 404], "one is over")
            heads = []
            for connection, request, half in zip(begun, requests, (True, True, False, False)):
                connection.sendall(request[-20:] if half else request)
                heads.append(connection.makefile("rb").readline().split()[1])
            self.assertEqual(heads, [b"404" if path == gone else b"200" for path in paths * 2])
            turns.release()
            said = output_of(process)
            self.assertEqual(process.returncode, 0, said)

    def start_buffers(self, service, last, options):
        """Clips in-0.mp4 to the last, each a job whose reference is served."""
        line = (f"multifilesrc location={self.out}/in-%d.mp4 stop-index={last} ! omniv2v prompt=x {SOON} "
                f"input-mode=buffer base-url={service.url} reference-transport=serve {options} "
                f"serve-address=127.0.0.1 state-dir={self.out}/state ! fakesink")
        return subprocess.Popen(["gst-launch-1.0", *line.split()], env=environment(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_names_cannot_be_guessed(self):
        # 128 bits each, none of which is the same in all of them.
        with self.recorder() as service:
            for number in range(48):
                shutil.copy(self.clip, self.out / f"in-{number}.mp4")
            process = self.start_buffers(service, 47, "")
            said = output_of(process)
            self.assertEqual(process.returncode, 0, said)
            names = [urllib.parse.urlsplit(json.loads(seen.body)["video"]).path.split("/")[1]
                     for seen in service.creates()]
        self.assertEqual(len(set(names)), 48)
        numbers = [int(name, 16) for name in names]
        for bit in range(128):
            self.assertTrue(0 < sum(number >> bit & 1 for number in numbers) < 48, bit)

    # --- modes of files ------------------------------------------------------------------------------

    def check_modes(self, folder):
        """Whatever lies there is the user's alone."""
        for path in (folder, *folder.rglob("*")):
            wanted = 0o700 if path.is_dir() else 0o600
            self.assertEqual(oct(path.stat().st_mode & 0o777), oct(wanted), path)

    def open_files(self, pid, folder):
        """Modes of the results that a process is fetching into a folder; they have no name any more."""
        modes = []
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                # Made with a name, which is then taken away.
                link = os.readlink(entry)
                if link.startswith(f"{folder}/result-") and link.endswith(" (deleted)"):
                    modes.append(oct(entry.stat().st_mode & 0o777))
            except FileNotFoundError:
                continue
        return modes

    def test_modes(self):
        self.each(self.one_mode, *itertools.product(ELEMENTS, (0o022, 0o000), (False, True)))

    def one_mode(self, element, umask, there):
        """A result so long that it goes to a file, stopped on its way so that the file can be looked at."""
        top = self.out / f"{element}-{umask}-{there}"
        if there:
            (top / "state").mkdir(parents=True)
            (top / "state").chmod(0o700)

        def long_result(seen):
            return Reply(body=self.long, kind="video/mp4") if seen.is_result else None

        with self.recorder(long_result) as service:
            service.pause_at = 3 * FAR // 4
            run = Run(top, element, self.clip, service.url, umask=umask, debug="2")
            self.assertTrue(service.paused.wait(PATIENCE))
            modes = wait_until(lambda: self.open_files(run.process.pid, run.state), "the result has a file")
            self.assertEqual(set(modes), {"0o600"})
            self.check_modes(run.state)
            service.go_on.set()
            run.finish()
            self.assertEqual(run.status, 0, run.said[-2000:])
            self.check_modes(run.state)
            self.assertTrue((run.state / "ledger.db").exists())
            self.assertEqual(len(list(run.state.glob("results/*.mp4"))), 1)

    def test_modes_of_folders_above(self):
        # Folders that had to be made on the way are as closed as the last.
        def long_result(seen):
            return Reply(body=self.long, kind="video/mp4") if seen.is_result else None

        with self.recorder(long_result) as service:
            state = self.out / "new" / "deep" / "state"
            run = self.run_one("run", "omniv2v", service.url, state=state, umask=0, debug="2")
            self.assertEqual(run.status, 0, run.said[-2000:])
            for folder in (state, state.parent, state.parent.parent):
                self.check_modes(folder)


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[2:], Security))
