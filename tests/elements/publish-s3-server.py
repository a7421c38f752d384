#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""reference-transport=s3 against an S3 server that verifies signatures, with omni-emulator as the
service that fetches what was stored.

publish-s3-server.py OMNI-EMULATOR [CASE...]. The plugin comes from GST_PLUGIN_PATH, the server from
OMNI_TEST_S3_SERVER: the folder where npm has installed tests/support/s3-server, as
`tests/run.sh --full long` does. Ends with 77 (skipped) without it, else with a line that counts.
"""
import hashlib
import json
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
from publish_rig import PublishCase, make_clip, start_application
from rig import PATIENCE, output_of, run_cases, wait_until

BUCKET, SECRET, TOKEN = "omni-test-bucket", "s3-secret/with+odd=signs", "session-token-5e0c//+="


class Store:
    """The S3 server as a process."""

    def __init__(self, folder, token=""):
        folder.mkdir()
        self.folder, self.token = folder, token
        script = os.path.join(os.environ["OMNI_TEST_S3_SERVER"], "server.js")
        self.process = subprocess.Popen(
            ["node", script, str(folder), BUCKET, SECRET, *([token] if token else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        assert port, "the S3 server does not start: " + self.process.stderr.read()
        self.port = int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=PATIENCE)  # its input ends, and so does it

    def environment(self, **more):
        return {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}", "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_SESSION_TOKEN": self.token, **more}

    def seen(self):
        log = self.folder / "requests.jsonl"
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        return sorted(map(json.loads, lines), key=lambda one: one["number"])

    def objects(self):
        """What is stored in the bucket, by content."""
        stored = (self.folder / "objects" / BUCKET).rglob("*_object")
        return [path.read_bytes() for path in stored if path.is_file()]


class S3(PublishCase):
    emulator_program = os.path.abspath(sys.argv[1]) if sys.argv[1:] else None

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="omni-s3-"))
        cls.clip = make_clip(cls.folder / "a.mp4")

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        shutil.rmtree(cls.folder)

    def store(self, token=""):
        self.started += 1
        return Store(self.out / f"store-{self.started}", token)

    def round_trip(self, store, s3_url, provider="omnirouters", member="videos", **environment):
        """The URL that the service fetched from, and what came to the store."""
        with self.emulator(provider) as service:
            done = self.regenerate(service, "reference-transport=s3", f"s3-url={s3_url}",
                                   **store.environment(**environment))
            self.check_round_trip(service, done)
        self.assertNotIn(SECRET, done.stdout)
        self.assertEqual(store.objects(), [self.clip.read_bytes()])
        [create] = service.recorded("POST")
        seen = wait_until(lambda: store.seen() if len(store.seen()) >= 3 else None, "all is written down")
        self.assertEqual([(one["method"], one["status"], one["agent"]) for one in seen],
                         [("PUT", 200, "gst-omni"), ("GET", 206, "gst-omni"),
                          ("GET", 200, "omni-emulator")])
        self.assertTrue(all(one["signed"] for one in seen))
        # The server does not look into the body; what was signed for is what was sent.
        self.assertEqual(seen[0]["hash"], hashlib.sha256(self.clip.read_bytes()).hexdigest())
        self.assertEqual(len({one["path"] for one in seen}), 1)
        return create["body"][member][0], seen

    def status_of(self, url):
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def test_the_server_verifies(self):
        # What all the rest rests upon: it takes a right signature only.
        with self.store() as store:
            url, _ = self.round_trip(store, f"s3://{BUCKET}/clips")
            self.assertEqual(self.status_of(url), (200, self.clip.read_bytes()))
            last = url[-1]
            wrong = url[:-1] + ("0" if last != "0" else "1")
            for other in (wrong, url.replace("X-Amz-Expires=", "X-Amz-Expires=1"),
                          url.replace("/clips/", "/clips/x"), url[:url.index("?")]):
                status, body = self.status_of(other)
                self.assertEqual(status, 403, other)

    def test_apimart(self):
        with self.store() as store:
            url, _ = self.round_trip(store, f"s3://{BUCKET}", "apimart", "video_urls")
            self.assertRegex(url, rf"^http://127\.0\.0\.1:{store.port}/{BUCKET}/[0-9a-f]{{32}}\.mp4\?X-Amz-")

    def test_endpoint_in_the_url(self):
        with self.store() as store:
            self.round_trip(store, f"s3://{BUCKET}/a/b/?endpoint=http://localhost:{store.port}&region=us-east-2",
                            AWS_ENDPOINT_URL_S3="", AWS_REGION="")

    def test_odd_prefixes(self):
        # As they stand in the key, and as a shell hands them over.
        for prefix in ("with+plus", "ünïcödé-日本", "a=b&c", "semi;colon,comma", "100%", "(round)*!'$@:~",
                       "two  blanks"):
            with self.subTest(prefix), self.store() as store:
                # An application: gst-launch's own quoting is not what is asked about.
                with self.emulator("omnirouters") as service:
                    process = start_application(
                        self.clip, "b.mp4", {"provider": "omnirouters", "base-url": service.url,
                                             "s3-url": f"s3://{BUCKET}/{prefix}/x"}, store.environment())
                    said = output_of(process)
                    self.assertEqual(process.returncode, 0, said)
                    self.assertEqual([kept.read_bytes() for kept in service.kept("reference")],
                                     [self.clip.read_bytes()])
                wait_until(lambda: len(store.seen()) >= 3, "all is written down")
                paths = {one["path"] for one in store.seen()}
                self.assertEqual(len(paths), 1, paths)
                self.assertRegex(paths.pop(), f"^/{BUCKET}/{re.escape(prefix)}/x/[0-9a-f]{{32}}\\.mp4$")
                self.assertEqual([one["status"] for one in store.seen()], [200, 206, 200])

    def test_session_token(self):
        with self.store(TOKEN) as store:
            self.round_trip(store, f"s3://{BUCKET}/clips")
        with self.store(TOKEN) as store:
            done = self.refused("omnirouters", "unauthorized", "InvalidToken", "AWS_SESSION_TOKEN", words=[
                f"s3-url=s3://{BUCKET}/clips"], **store.environment(AWS_SESSION_TOKEN="an-old-one"))
            self.assertNotIn("an-old-one", done.stdout)

    def delete(self, *emulator_options, returncode=0):
        with self.store() as store, self.emulator("omnirouters", *emulator_options) as service:
            process = start_application(
                self.clip, "b.mp4", {"provider": "omnirouters", "base-url": service.url,
                                     "s3-url": f"s3://{BUCKET}/clips", "delete-reference": True},
                store.environment(), linger=True)
            try:
                said = "".join(iter(process.stdout.readline, "ended\n"))
                wait_until(lambda: any(one["method"] == "DELETE" for one in store.seen()), "it is deleted")
            finally:
                rest = output_of(process)
            self.assertEqual(process.returncode, returncode, said + rest)
            self.assertEqual(store.objects(), [])
            self.assertEqual([(one["status"], one["signed"]) for one in store.seen()
                              if one["method"] == "DELETE"], [(204, True)])

    def test_delete(self):
        self.delete()

    def test_delete_after_failure(self):
        self.delete("--fault", "create:402", returncode=1)

    def refused_store(self, reason, *says, s3_url=f"s3://{BUCKET}/clips", **environment):
        with self.store() as store:
            done = self.refused("omnirouters", reason, *says, words=[f"s3-url={s3_url}"],
                                **store.environment(**environment))
            self.assertEqual(store.objects(), [])
        self.assertNotIn(SECRET, done.stdout)
        return done

    def test_wrong_secret(self):
        done = self.refused_store("unauthorized", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY",
                                  "Nothing was submitted", AWS_SECRET_ACCESS_KEY="not-this-one")
        self.assertNotIn("not-this-one", done.stdout)

    def test_unknown_key(self):
        self.refused_store("unauthorized", "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID",
                           AWS_ACCESS_KEY_ID="NOBODY")

    def test_missing_bucket(self):
        self.refused_store("invalid-request", "NoSuchBucket", "bucket's name in s3-url",
                           s3_url="s3://no-such-bucket/clips")

    def test_no_credentials(self):
        self.refused_store("unauthorized", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                           AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")

    def test_secrets_are_nowhere(self):
        with self.store(TOKEN) as store, self.emulator("omnirouters") as service:
            process = start_application(
                self.clip, "b.mp4", {"provider": "omnirouters", "base-url": service.url,
                                     "s3-url": f"s3://{BUCKET}/clips"},
                store.environment(GST_DEBUG="*:6", GST_DEBUG_FILE="debug.log", GST_DEBUG_NO_COLOR="1"))
            said = output_of(process)
            self.assertEqual(process.returncode, 0, said)
            log = Path("debug.log").read_text(errors="replace")
            self.assertIn("published as http://127.0.0.1", log)
            for secret in (SECRET, TOKEN, TOKEN[:18], "X-Amz-Signature", "Signature="):
                self.assertNotIn(secret, said)
                self.assertNotIn(secret, log)


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


if __name__ == "__main__":
    if not os.environ.get("OMNI_TEST_S3_SERVER"):
        skip("there is no S3 server; tests/run.sh --full long installs one")
    if not shutil.which("node"):
        skip("node is not installed (Debian: nodejs)")
    sys.exit(run_cases(sys.argv[2:], S3))
