#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Compares our signatures with those of AWS's own code, byte for byte, over random requests.

usage: sigv4-botocore.py SIGNER [COUNT]
"""
import json
import random
import subprocess
import sys
from urllib.parse import quote

try:
    from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.config import Config
    from botocore.credentials import Credentials
except ImportError:
    print("skipped: python3-botocore is not installed")
    sys.exit(77)  # meson: skipped

ODD = " !\"#$%&'()*+,-./0:;<=>?@AZ[\\]^_`az{|}~\u00e9\u4e2d\U0001f600"
PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def some(letters, least, most):
    return "".join(random.choice(letters) for _ in range(random.randint(least, most)))


def one_case():
    host = random.choice([
        "https://examplebucket.s3.amazonaws.com", "http://127.0.0.1:9000", "https://store.example.com:443",
        "http://store.example.com:80", "https://store.example.com:8443/storage/v1/s3", "http://[::1]:9000",
    ])
    return {
        "method": random.choice(["PUT", "GET", "DELETE"]),
        "endpoint": host,
        # Not with a slash in front, nor with empty folders: keys here are never so.
        "key": some(PLAIN, 1, 8) + "/" + some(ODD, 1, 20).replace("/", "") + "/" + some(PLAIN, 1, 40) + ".mp4",
        "access": some(PLAIN, 16, 20),
        "secret": some(PLAIN + "+/", 1, 60),
        "token": some(PLAIN + "+/=", 100, 900) if random.random() < 0.5 else "",
        "region": random.choice(["us-east-1", "eu-central-1", "auto", "cn-north-1", "x"]),
        "time": "20%02d%02d%02dT%02d%02d%02dZ" % (
            random.randint(10, 40), random.randint(1, 12), random.randint(1, 28),
            random.randint(0, 23), random.randint(0, 59), random.randint(0, 59)),
        "hash": some("0123456789abcdef", 64, 64),
        "type": random.choice(["video/mp4", "image/png", "  video/mp4;   codecs=\"avc1\" "]),
        "expires": random.randint(1, 604800),
    }


class GivenHash(S3SigV4Auth):
    """Signs a payload of which only the hash is known."""

    def payload(self, request):
        return request.context["hash"]


def expected(case):
    credentials = Credentials(case["access"], case["secret"], case["token"] or None)
    url = case["endpoint"] + "/" + quote(case["key"], safe="/~")
    context = {"timestamp": case["time"], "hash": case["hash"],
               "client_config": Config(s3={"payload_signing_enabled": True})}

    def request(method):
        made = AWSRequest(method=method, url=url)
        made.context.update(context)
        return made

    header = GivenHash(credentials, "s3", case["region"])
    signed = request(case["method"])
    signed.headers["Content-Type"] = case["type"]
    # What add_auth() does after it has looked at the clock.
    header._modify_request_before_signing(signed)
    canonical = header.canonical_request(signed)
    to_sign = header.string_to_sign(signed, canonical)
    header._inject_signature_to_request(signed, header.signature(to_sign, signed))

    query = S3SigV4QueryAuth(credentials, "s3", case["region"], expires=case["expires"])
    link = request("GET")
    query._modify_request_before_signing(link)
    to_sign = query.string_to_sign(link, query.canonical_request(link))
    query._inject_signature_to_request(link, query.signature(to_sign, link))
    return [url, canonical, signed.headers["Authorization"], link.url]


def main():
    signer, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 500
    seed = random.randrange(2**32)
    random.seed(seed)
    cases = [one_case() for _ in range(count)]
    run = subprocess.run([signer], input="".join(json.dumps(case) + "\n" for case in cases),
                         capture_output=True, text=True, timeout=100)
    answers = run.stdout.splitlines()
    if run.returncode != 0 or len(answers) != count or count == 0:
        print(f"the signer answered {len(answers)} of {count}: {run.stderr}")
        return 1
    for case, answer in zip(cases, answers):
        ours = [bytes.fromhex(part).decode() for part in answer.split()]
        theirs = expected(case)
        for name, one, other in zip(["url", "canonical request", "Authorization", "presigned URL"], ours, theirs):
            if one != other:
                print(f"seed {seed}: {name} differs for {case}\n ours   {one!r}\n theirs {other!r}")
                return 1
        if len(ours) != len(theirs):
            return 1
    print(f"{count} requests signed as botocore signs them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
