#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""The dialects of omni-emulator, as an HTTP client meets them: every request of the services'
documents, every refusal, every form of reply, from queued to done and to failed, and what is fetched
and made.

emulator-dialects.py OMNI-EMULATOR [CASE...]. Ends with a line that counts.
"""
import base64
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
from emulator_requests import (APIMART, APIMART_REFUSED, EXT, HTTP, KLING, OCTOPUSX,
                               OMNIROUTERS, OMNIROUTERS_REFUSED, PREVIEW)
from emulator_service import KEY, Files, Service, launch
from rig import PATIENCE, run_cases

EMULATOR = os.path.abspath(sys.argv[1])


def without_nulls(body):
    return {name: value for name, value in body.items() if value is not None}


class Dialects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="omni-dialects-")
        os.chdir(cls.folder)
        os.mkdir("www")
        launch("videotestsrc num-buffers=48 pattern=ball ! video/x-raw,width=320,height=180,"
               "framerate=24/1 ! x264enc speed-preset=ultrafast ! mp4mux name=m ! filesink "
               "location=www/a.mp4 audiotestsrc num-buffers=80 ! avenc_aac ! m.")
        launch("videotestsrc num-buffers=8 ! video/x-raw,width=320,height=180,framerate=24/1 ! "
               "x264enc speed-preset=ultrafast ! mp4mux ! filesink location=www/short.mp4")
        launch("videotestsrc num-buffers=1 pattern=smpte75 ! video/x-raw,width=400,height=400 ! "
               "jpegenc ! filesink location=www/first.jpg")
        launch("videotestsrc num-buffers=1 pattern=gradient ! video/x-raw,width=640,height=400 ! "
               "pngenc ! filesink location=www/last.png")
        Path("www/no.txt").write_text("neither a picture nor a film\n" * 10)
        cls.clip = Path("www/a.mp4").read_bytes()
        cls.files = Files(f"{cls.folder}/www")

    @classmethod
    def tearDownClass(cls):
        cls.files.close()
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def service(self, provider, *options):
        self.started = getattr(self, "started", 0) + 1
        return Service(EMULATOR, provider, f"{self.folder}/{self._testMethodName}-{self.started}", *options)

    # --- requests --------------------------------------------------------------------------------

    def accepts(self, provider, examples, path):
        # The tasks fail at once: taking the request is what is looked at.
        with self.service(provider, "--fault", "create:fail=enough*") as service:
            for name, body in examples.items():
                with self.subTest(name):
                    self.assertEqual(service.ask(path, body)[0], 200)
        recorded = [one["body"] for one in service.requests()]
        self.assertEqual(len(recorded), len(examples))
        for sent, kept in zip(examples.values(), recorded):
            if "data:" not in json.dumps(sent):
                self.assertEqual(sent, kept)

    def test_octopusx_examples(self):
        self.accepts("octopusx", OCTOPUSX, "/v1/videos")
        self.accepts("octopusx", OCTOPUSX, "/v1/video/generations")

    def test_omnirouters_examples(self):
        self.assertEqual(len(OMNIROUTERS), 20)
        self.accepts("omnirouters", OMNIROUTERS, "/v1/videos")

    def test_omnirouters_examples_at_the_other_route(self):
        self.accepts("omnirouters", OMNIROUTERS, "/v1/video/generations")

    def test_omnirouters_fast_model(self):
        fast = dict(OMNIROUTERS["seedance-2-0-all-in-one-multi-parameter-example"],
                    model="doubao-seedance-2-0-fast-260128")
        self.accepts("omnirouters", {"fast": fast}, "/v1/videos")

    def test_apimart_examples(self):
        self.accepts("apimart", APIMART, "/v1/videos/generations")

    def test_apimart_preview_takes_data(self):
        data = "data:video/mp4;base64," + base64.b64encode(self.clip).decode()
        with self.service("apimart", "--look", "identity") as service:
            task = service.create({**PREVIEW, "video_urls": [data], "aspect_ratio": "9:16"})
            reply = service.until(task, "completed", "failed")
            self.assertEqual(service.fetched(reply["data"]["result"]["videos"][0]["url"][0]), self.clip)
            self.assertIn("ignores aspect_ratio", service.said())

    def test_omnirouters_refusals(self):
        with self.service("omnirouters") as service:
            for body, says in OMNIROUTERS_REFUSED:
                with self.subTest(says, body=body):
                    status, reply = service.ask("/v1/videos", without_nulls(body))
                    self.assertEqual(status, 400, reply)
                    self.assertEqual(set(reply), {"code", "message", "data"})
                    self.assertEqual(reply["code"], "invalid_request")
                    self.assertIsNone(reply["data"])
                    self.assertIn(says, reply["message"])

    def test_apimart_refusals(self):
        with self.service("apimart") as service:
            for body, kind in APIMART_REFUSED:
                with self.subTest(kind, body=body):
                    status, reply = service.ask("/v1/videos/generations", without_nulls(body))
                    self.assertEqual(status, 400, reply)
                    self.assertEqual(set(reply["error"]), {"code", "message", "type"})
                    self.assertEqual((reply["error"]["code"], reply["error"]["type"]), (400, kind))
                    self.assertTrue(reply["error"]["message"])

    def test_gateway_refusals(self):
        for provider in ("octopusx", "omnirouters"):
            with self.subTest(provider), self.service(provider) as service:
                status, reply = service.ask("/v1/videos", {**KLING, "model": "kling-3.0-omni"})
                self.assertEqual((status, reply["error"]["code"]), (503, "model_not_found"))
                status, reply = service.ask("/v1/videos", {"prompt": "x"})
                self.assertEqual((status, reply["error"]["type"]), (400, "new_api_error"))
                status, reply = service.ask("/v1/videos", b"{\"model\":")
                self.assertEqual((status, reply["error"]["type"]), (400, "new_api_error"))
                status, reply = service.ask("/v1/videos", KLING, key="wrong")
                self.assertEqual((status, reply["error"]["type"]), (401, "new_api_error"))
                status, reply = service.ask("/v1/videos/nobody")
                self.assertEqual((status, reply["code"]), (400, "task_not_exist"))
                status, reply = service.ask("/v1/videos/nobody/content")
                self.assertEqual((status, reply["error"]["message"]), (404, "Task not found"))
                status, reply = service.ask("/v1/nothing")
                self.assertEqual((status, reply["error"]["type"]), (404, "invalid_request_error"))
        with self.service("omnirouters") as service:
            self.assertEqual(service.ask("/v1/tasks/nobody/artifacts")[0], 404)
            self.assertEqual(service.ask("/v1/tasks/nobody/artifacts/video/content")[0], 404)

    def test_apimart_statuses(self):
        script = "create:402,create:429=3,create:500"
        with self.service("apimart", "--fault", script) as service:
            for status, kind in ((402, "payment_required"), (429, "rate_limit_error"),
                                 (500, "server_error")):
                got, reply = service.ask("/v1/videos/generations", EXT)
                self.assertEqual((got, reply["error"]["code"], reply["error"]["type"]),
                                 (status, status, kind))
            status, reply = service.ask("/v1/videos/generations", EXT, key="wrong")
            self.assertEqual((status, reply["error"]["type"]), (401, "authentication_error"))
            status, reply = service.ask("/v1/videos/generations", b"{")
            self.assertEqual((status, reply["error"]["type"]), (400, "invalid_request_error"))
            self.assertEqual(service.ask("/v1/tasks/nobody")[0], 404)
            self.assertEqual(service.ask("/v1/videos")[0], 404)

    def test_refusals_in_200(self):
        with self.service("apimart", "--refusals-in-200", "--fault", "create:402") as service:
            status, reply = service.ask("/v1/videos/generations", EXT)
            self.assertEqual((status, reply["code"]), (200, 402))
            self.assertEqual(reply["error"]["type"], "payment_required")
            status, reply = service.ask("/v1/videos/generations", {**EXT, "duration": 5})
            self.assertEqual((status, reply["code"], reply["error"]["type"]),
                             (200, 400, "invalid_duration"))
            status, reply = service.ask("/v1/tasks/nobody")
            self.assertEqual((status, reply["code"]), (200, 404))
        with self.service("omnirouters", "--refusals-in-200") as service:
            status, reply = service.ask("/v1/videos", {**KLING, "seconds": "99"})
            self.assertEqual((status, reply["code"], reply["data"]), (200, 400, None))
            self.assertEqual(service.ask("/v1/videos/nobody/content")[0], 404)

    def test_too_many(self):
        # The first job holds its place for as long as it takes; the second finds no room.
        with self.service("apimart", "--concurrency", "1", "--service-time", "600") as service:
            service.create(EXT)
            status, reply = service.ask("/v1/videos/generations", EXT)
            self.assertEqual((status, reply["error"]["type"]), (429, "rate_limit_error"))

    def test_note_of_a_prompt_without_its_video(self):
        with self.service("omnirouters", "--fault", "create:fail*") as service:
            service.create({**KLING, "videos": [HTTP], "prompt": "as in <<<video_1>>>"})
            self.assertNotIn("  note  ", service.said())
            service.create({**KLING, "videos": [HTTP], "prompt": "as in the video"})
            self.assertIn("  note  the prompt does not mention <<<video_1>>>", service.said())

    def test_options(self):
        for options, says in ((["--provider", "nobody"], "--provider must be"),
                              (["--reply", "flat"], "--reply of octopusx must be one of video_url"),
                              (["--provider", "apimart", "--reply", "data"],
                               "--reply of apimart must be one of array, string, early")):
            done = subprocess.run([EMULATOR, *options], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2)
            self.assertIn(says, done.stdout)
        said = subprocess.run([EMULATOR, "--help"], stdout=subprocess.PIPE, text=True,
                              timeout=PATIENCE).stdout
        for word in ("emulator", "No AI model", "artifacts", "early", "nested"):
            self.assertIn(word, said)

    # --- replies ---------------------------------------------------------------------------------

    def walk(self, provider, reply, look, extra=(), wrapped=False):
        """One job from running to done, one behind it from queued to failed. `look` judges the
        replies; the jobs wait for a file, so that each state is met for sure."""
        gate = Path(f"{self.folder}/{self._testMethodName}-{reply}-go")
        program = (f"sh -c 'while [ ! -e {gate} ]; do sleep 0.05; done; case \"$2\" in *broken*) "
                   "echo out of colours >&2; exit 1;; esac; cp \"$0\" \"$1\"' {in} {out} {prompt}")
        body = {"octopusx": {"model": "omni-fast-v2v", "video": self.files.url + "/a.mp4"},
                "omnirouters": {**KLING, "videos": [self.files.url + "/a.mp4"]},
                "apimart": {**EXT, "video_urls": [self.files.url + "/a.mp4"]}}[provider]
        door = "/v1/video/generations" if wrapped else None
        with self.service(provider, "--reply", reply, "--concurrency", "1", "--queue", "1",
                          "--command", program, *extra) as service:
            try:
                good = service.create({**body, "prompt": "a film"}, door)
                bad = service.create({**body, "prompt": "a broken film"}, door)
                look("queued", service.poll(bad, door), bad, service)
                look("running", service.poll(good, door), good, service)
            finally:
                gate.touch()
            done = ("completed", "succeeded", "SUCCESS", "failed", "FAILURE")
            look("done", service.until(good, *done, path=door), good, service)
            look("failed", service.until(bad, *done, path=door), bad, service)

    def octopusx_flat(self, state, reply, task, service, where):
        word = {"queued": "queued", "running": "in_progress", "done": "completed",
                "failed": "failed"}[state]
        self.assertEqual((reply["id"], reply["task_id"], reply["status"]), (task, task, word))
        self.assertEqual(reply["error"]["message"], "out of colours" if state == "failed" else "")
        if state == "done":
            self.assertEqual(service.fetched(where(reply)), self.clip)
        elif state != "failed":
            self.assertEqual(reply.get("video_url"), "")
            self.assertNotIn("data", reply)

    def test_octopusx_video_url(self):
        self.walk("octopusx", "video_url", functools.partial(
            self.octopusx_flat, where=lambda reply: reply["video_url"]))

    def test_octopusx_data(self):
        self.walk("octopusx", "data", functools.partial(
            self.octopusx_flat, where=lambda reply: reply["data"][0]["url"]))

    def test_octopusx_metadata(self):
        def look(state, reply, task, service):
            self.octopusx_flat(state, reply, task, service, lambda one: one["metadata"]["url"])
            if state == "failed":  # the failure's text where the address would stand
                self.assertEqual(reply["metadata"]["url"], "out of colours")
        self.walk("octopusx", "metadata", look)

    def test_octopusx_content(self):
        def look(state, reply, task, service):
            status, body = service.ask(f"/v1/videos/{task}/content")
            if state == "done":
                self.assertEqual((status, body), (200, self.clip))
                self.assertEqual(service.ask(f"/v1/videos/{task}/content", key=None)[0], 401)
            else:
                self.assertEqual(status, 400)
                self.assertIn("not completed yet", body["error"]["message"])
            self.assertNotIn("http://", json.dumps(reply))
        self.walk("octopusx", "content", look)

    def test_octopusx_task(self):
        def look(state, reply, task, service):
            data = reply["data"]
            words = {"running": "processing", "done": "succeeded"}
            self.assertEqual((reply["code"], data["task_id"], data["status"]),
                             ("success", task, words.get(state, state)))
            if state == "done":
                self.assertEqual(service.fetched(data["url"]), self.clip)
            self.assertEqual((data["error"] or {}).get("message"),
                             "out of colours" if state == "failed" else None)
        self.walk("octopusx", "task", look)

    def octopusx_dto(self, state, reply, task, service, where):
        data = reply["data"]
        self.assertEqual((reply["code"], data["task_id"], data["id"]), ("success", task, 1))
        self.assertRegex(data["progress"], r"^\d+%$")
        self.assertEqual(data["status"], {"queued": "QUEUED", "running": "IN_PROGRESS",
                                          "done": "SUCCESS", "failed": "FAILURE"}[state])
        self.assertEqual(data["fail_reason"], "out of colours" if state == "failed" else "")
        if state == "done":
            self.assertEqual(service.fetched(where(data)), self.clip)

    def test_octopusx_dto(self):
        self.walk("octopusx", "dto", functools.partial(
            self.octopusx_dto, where=lambda data: data["result_url"]))

    def test_octopusx_nested(self):
        self.walk("octopusx", "nested", functools.partial(
            self.octopusx_dto, where=lambda data: data["data"]["content"]["video_url"]))

    def upstream(self, state, reply, task, service, where):
        words = {"running": "processing", "done": "succeeded"}
        self.assertEqual((reply["id"], reply["status"]), (task, words.get(state, state)))
        self.assertNotEqual(reply["task_id"], task)  # another one's
        self.assertEqual(reply.get("error"), {"code": "generation_failed", "message":
                                              "out of colours"} if state == "failed" else None)
        if state == "done":
            self.assertEqual(service.fetched(where(reply)), self.clip)
            self.assertEqual(service.ask(f"/v1/videos/{task}/content"), (200, self.clip))
        else:
            self.assertNotIn("http://", json.dumps(reply))

    def test_omnirouters_flat(self):
        self.walk("omnirouters", "flat", functools.partial(
            self.upstream, where=lambda reply: reply["video_url"]))

    def test_omnirouters_bare(self):
        def look(state, reply, task, service):
            if state in ("queued", "running"):
                self.assertEqual(reply, {"id": task})
                reply = service.poll(task)
            self.upstream(state, reply, task, service, lambda one: one["video_url"])
        self.walk("omnirouters", "bare", look)

    def test_omnirouters_urls(self):
        self.walk("omnirouters", "urls", functools.partial(
            self.upstream, where=lambda reply: reply["urls"][0]))

    def test_omnirouters_output(self):
        self.walk("omnirouters", "output", functools.partial(
            self.upstream, where=lambda reply: reply["output"]["file_infos"][0]["file_url"]))

    def test_omnirouters_result(self):
        self.walk("omnirouters", "result", functools.partial(
            self.upstream, where=lambda reply: reply["result"]["url"]))

    def gateway(self, state, reply, task, service):
        data = reply["data"]
        self.octopusx_dto(state, reply, task, service, lambda one: one["result_url"])
        words = {"running": "processing", "done": "succeeded"}
        self.assertEqual(data["data"]["status"], words.get(state, state))
        self.assertNotIn(task, json.dumps(data["data"]))
        if state == "failed":
            self.assertEqual((data["result_url"], data["progress"]), ("out of colours", "100%"))
        elif state != "done":
            self.assertEqual(data["result_url"], "")

    def test_omnirouters_wrapped(self):
        self.walk("omnirouters", "wrapped", self.gateway)

    def test_omnirouters_wrapped_by_its_route(self):
        self.walk("omnirouters", "flat", self.gateway, wrapped=True)

    def test_omnirouters_artifacts(self):
        def look(state, reply, task, service):
            word = {"queued": "QUEUED", "running": "IN_PROGRESS", "done": "SUCCESS",
                    "failed": "FAILURE"}[state]
            self.assertEqual((reply["task_id"], reply["status"]), (task, word))
            self.assertNotIn("http://", json.dumps(reply))
            self.assertEqual(service.poll(task, "/v1/tasks")["status"], word)
            self.assertEqual(reply["fail_reason"], "out of colours" if state == "failed" else "")
            listed = service.ask(f"/v1/tasks/{task}/artifacts")[1]
            self.assertEqual(listed["task_id"], task)
            if state != "done":
                self.assertEqual(listed["artifacts"], [])
                return
            url = listed["artifacts"][0]["content_url"]
            self.assertIn(f"/v1/tasks/{task}/artifacts/video/content?access=", url)
            self.assertEqual(service.fetched(url), self.clip)
            self.assertEqual(service.ask(url[:-1] + "x", key=None)[0], 403)
            self.assertEqual(service.ask(f"/v1/videos/{task}/content"), (200, self.clip))
        self.walk("omnirouters", "artifacts", look)

    def apimart(self, state, reply, task, service, early=False, string=False):
        data = reply["data"]
        words = {"queued": "pending", "running": "processing", "done": "completed"}
        self.assertEqual((reply["code"], data["id"], data["status"]),
                         (200, task, words.get(state, state)))
        has_url = state == "done" or (early and state == "running")
        self.assertEqual("result" in data, has_url)
        if has_url:
            url = data["result"]["videos"][0]["url"]
            self.assertIsInstance(url, str if string else list)
            url = url if string else url[0]
            if state == "done":
                self.assertEqual(service.fetched(url), self.clip)
            else:
                self.assertEqual(service.ask(url, key=None)[0], 404)
        self.assertEqual("error" in data, state == "failed")
        if state == "failed":
            self.assertEqual(data["error"]["message"], "out of colours")
            self.assertEqual(data["progress"], 0)

    def test_apimart_array(self):
        self.walk("apimart", "array", self.apimart)

    def test_apimart_string(self):
        self.walk("apimart", "string", functools.partial(self.apimart, string=True))

    def test_apimart_early(self):
        self.walk("apimart", "early", functools.partial(self.apimart, early=True))

    # --- what is fetched -------------------------------------------------------------------------

    def outcome(self, service, body):
        task = service.create(body)
        reply = service.until(task, "succeeded", "failed")
        return reply.get("error", {}).get("message", "succeeded")

    def test_fetches(self):
        www, identity = self.files.url, {**KLING, "prompt": "<<<video_1>>>"}
        with self.service("omnirouters", "--look", "identity") as service:
            for videos, says in ((www + "/a.mp4", "succeeded"),
                                 (www + "/moved/a.mp4", "succeeded"),
                                 (www + "/away/a.mp4", "from this computer only"),
                                 (www + "/none.mp4", "could not be downloaded: .*status 404"),
                                 (www + "/no.txt", "is not an MP4 file"),
                                 ("http://127.0.0.1:1/a.mp4", "could not be downloaded"),
                                 ("https://example.com/a.mp4", "from this computer only")):
                with self.subTest(videos):
                    self.assertRegex(self.outcome(service, {**identity, "videos": [videos]}), says)
            for image, says in ((www + "/first.jpg", "succeeded"),
                                (www + "/none.jpg",
                                 r"images\[0\] could not be downloaded: .*status 404"),
                                (www + "/no.txt", r"images\[0\] could not be decoded"),
                                ("https://example.com/a.png", r"images\[0\] could not be downloaded")):
                with self.subTest(image):
                    self.assertRegex(self.outcome(service, {
                        **identity, "videos": [www + "/a.mp4"], "images": [image]}), says)
        self.assertIn("/first.jpg", [path for path, _ in self.files.asked])
        for _, agent in self.files.asked:
            self.assertRegex(agent, r"^omni-emulator/\d+\.\d+\.\d+$")

    def test_leaves_images_alone(self):
        before = len(self.files.asked)
        with self.service("omnirouters", "--look", "identity", "--no-fetch-images") as service:
            said = self.outcome(service, {**KLING, "videos": [self.files.url + "/a.mp4"],
                                          "images": ["https://example.com/none.png"],
                                          "firstframe": self.files.url + "/first.jpg"})
        self.assertEqual(said, "succeeded")
        self.assertEqual([path for path, _ in self.files.asked[before:]], ["/a.mp4"])

    def test_preview_clip_too_short(self):
        with self.service("apimart", "--look", "identity") as service:
            task = service.create({**PREVIEW, "video_urls": [self.files.url + "/short.mp4"]})
            data = service.until(task, "completed", "failed")["data"]
            self.assertIn("it must last 1 to 24 s", data["error"]["message"])

    # --- what is made ----------------------------------------------------------------------------

    def made(self, service, body):
        task = service.create(body)
        word = service.until(task, "completed", "succeeded", "failed")
        self.assertNotIn("failed", json.dumps(word))
        path = service.result(task)
        text = subprocess.run(["gst-discoverer-1.0", "--timeout=60", "-v", str(path)],
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout
        hours, minutes, seconds = re.search(r"Duration: (\d+):(\d+):([\d.]+)", text).groups()
        size = tuple(int(re.search(rf"{name}: (\d+)", text).group(1)) for name in ("Width", "Height"))
        return path, int(hours) * 3600 + int(minutes) * 60 + float(seconds), size, "audio" in text

    def frames(self, path):
        """The first and the last frame, small and grey."""
        launch(f"filesrc location={path} ! qtdemux name=d d.video_0 ! decodebin ! videoconvert ! videoscale "
               f"add-borders=false ! video/x-raw,format=GRAY8,width=32,height=32 ! filesink location={path}.gray")
        pixels = Path(f"{path}.gray").read_bytes()
        return pixels[:1024], pixels[-1024:]

    def picture(self, name, crop=""):
        launch(f"filesrc location=www/{name} ! decodebin ! videoconvert ! {crop} videoscale "
               "add-borders=false ! video/x-raw,format=GRAY8,width=32,height=32 ! filesink "
               f"location={name}.gray")
        return Path(f"{name}.gray").read_bytes()

    def differ(self, one, other):
        return sum(abs(a - b) for a, b in zip(one, other)) / len(one)

    def test_text_to_video(self):
        cases = (("apimart", {**EXT, "duration": 4, "aspect_ratio": "9:16"}, 4, (720, 1280), False),
                 ("apimart", EXT, 6, (1280, 720), False),
                 ("apimart", {**PREVIEW, "duration": 3}, 3, (1280, 720), True),
                 ("omnirouters", {**KLING, "seconds": "3", "aspect_ratio": "1:1"}, 3, (720, 720), False),
                 ("omnirouters", {**KLING, "seconds": "3", "resolution": "1080p",
                                  "audio_generation": "Enabled"}, 3, (1920, 1080), True),
                 ("omnirouters", {"model": "Hunyuan-3d-scene-2.0", "prompt": "x"}, 5, (1280, 720), False),
                 ("octopusx", {"model": "omni-fast", "prompt": "x", "seconds": "4"}, 4, (1280, 720), True))
        for provider, body, seconds, size, sound in cases:
            with self.subTest(provider, body=body), \
                    self.service(provider, "--look", "identity") as service:
                path, lasts, shows, heard = self.made(service, body)
                self.assertAlmostEqual(lasts, seconds, delta=0.05)
                self.assertEqual((shows, heard), (size, sound))
                first, last = self.frames(path)
                self.assertGreater(self.differ(first, last), 3, "it does not move")
                self.assertGreater(max(first) - min(first), 60, "there is nothing to be seen")

    def test_prompts_look_different(self):
        with self.service("omnirouters", "--look", "identity") as service:
            body = {**KLING, "seconds": "3"}
            first = self.frames(self.made(service, {**body, "prompt": "a harbour"})[0])[0]
            again = self.frames(self.made(service, {**body, "prompt": "a harbour"})[0])[0]
            other = self.frames(self.made(service, {**body, "prompt": "a village"})[0])[0]
            noir = self.frames(self.made(service, {**body, "prompt": "noir"})[0])[0]
        self.assertEqual(first, again)
        self.assertGreater(self.differ(first, other), 3)
        self.assertGreater(self.differ(first, noir), 3)

    def test_image_to_video(self):
        with self.service("omnirouters") as service:
            path, lasts, size, sound = self.made(service, {
                **KLING, "seconds": "3", "images": [self.files.url + "/first.jpg"],
                "metadata": {"output_config": {"AudioGeneration": "Enabled"}}})
        self.assertAlmostEqual(lasts, 3, delta=0.05)
        self.assertEqual((size, sound), ((720, 720), True))
        first, last = self.frames(path)
        self.assertLess(self.differ(first, self.picture("first.jpg")), 8)
        self.assertGreater(self.differ(first, last), 3, "it does not move")

    def test_first_and_last_frame(self):
        with self.service("omnirouters") as service:
            path, _, size, _ = self.made(service, {
                **KLING, "seconds": "3", "aspect_ratio": "16:9",
                "firstframe": self.files.url + "/first.jpg",
                "lastframe": self.files.url + "/last.png"})
        self.assertEqual(size, (1280, 720))
        first, last = self.frames(path)
        crop = "aspectratiocrop aspect-ratio=16/9 !"
        begins, ends = self.picture("first.jpg", crop), self.picture("last.png", crop)
        self.assertLess(self.differ(first, begins), 8)
        self.assertLess(self.differ(last, ends), 8)
        self.assertGreater(self.differ(first, ends), 20)

    def test_image_by_data_uri(self):
        data = "data:image/jpeg;base64," + base64.b64encode(Path("www/first.jpg").read_bytes()).decode()
        with self.service("apimart") as service:
            path, lasts, size, _ = self.made(service, {**EXT, "duration": 4, "image_urls": [data]})
        self.assertAlmostEqual(lasts, 4, delta=0.05)
        self.assertEqual(size, (1280, 720))
        crop = "aspectratiocrop aspect-ratio=16/9 !"
        self.assertLess(self.differ(self.frames(path)[0], self.picture("first.jpg", crop)), 8)

    def test_regenerated_without_its_sound(self):
        body = {**KLING, "seconds": "3", "prompt": "noir <<<video_1>>>",
                "videos": [self.files.url + "/a.mp4"]}
        with self.service("omnirouters") as service:
            for keep, heard in (("Enabled", True), ("Disabled", False)):
                made = self.made(service, {**body, "keep_original_sound": keep})
                self.assertAlmostEqual(made[1], 3, delta=0.05)
                self.assertEqual(made[2:], ((1280, 720), heard))

    def test_record_of_requests(self):
        data = "data:video/mp4;base64," + base64.b64encode(self.clip).decode()
        with self.service("octopusx", "--look", "identity", "--fault", "create:429") as service:
            body = {"model": "omni-fast-v2v", "prompt": f"my key is {KEY}", "video": data, "n": [1, None]}
            self.assertEqual(service.ask("/v1/videos", body)[0], 429)
            task = service.create(body)
            service.until(task, "completed")
            service.ask("/v1/videos", {**body, "prompt": ""})
        early, post, *others, refused = service.requests()
        self.assertEqual(post["body"], {**body, "prompt": "my key is ***",
                                        "video": f"data:video/mp4;base64,({len(self.clip)} bytes)"})
        self.assertEqual((early["status"], early["body"]), (429, post["body"]))
        self.assertEqual((refused["status"], refused["body"]["prompt"]), (400, ""))
        self.assertTrue(all("body" not in one for one in others))
        self.assertNotIn(KEY, (service.state / "requests.jsonl").read_text())
        self.assertNotIn(KEY, service.said())
        self.assertEqual((service.state / f"reference-{task}.mp4").read_bytes(), self.clip)
        self.assertEqual(service.result(task).read_bytes(), self.clip)


if __name__ == "__main__":
    sys.exit(run_cases(sys.argv[2:], Dialects))
