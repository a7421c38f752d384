#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What people write today: the source document's own sample, made into a whole job.

python-client.py BASE-URL CLIP OUT POLL-INTERVAL. Prints the time after the imports, in ms.
"""
import base64
import os
import sys
import time
from pathlib import Path

import requests


def regenerate(base_url, clip, out, interval):
    headers = {"Authorization": "Bearer " + os.environ["OMNI_API_KEY"]}
    source = Path(clip)
    if source.stat().st_size > 15 * 1024 * 1024:
        raise ValueError("Reference video must be at most 15MB")
    video = "data:video/mp4;base64," + base64.b64encode(source.read_bytes()).decode("ascii")
    body = {"model": "omni-fast-v2v", "prompt": "unchanged", "video": video, "seconds": "4",
            "aspect_ratio": "16:9", "resolution": "720p"}
    task = requests.post(base_url + "/v1/videos", headers=headers, json=body, timeout=60)
    task.raise_for_status()
    task = task.json()
    while task["status"] not in ("completed", "failed"):
        time.sleep(interval)
        task = requests.get(base_url + "/v1/videos/" + task["id"], headers=headers, timeout=60).json()
    url = task["video_url"]
    if url.startswith("/"):
        url = base_url + url
    Path(out).write_bytes(requests.get(url, timeout=60).content)


started = time.monotonic()
regenerate(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
print(f"{1000 * (time.monotonic() - started):.3f}")
