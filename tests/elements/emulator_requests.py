# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Requests for emulator-dialects.py: those that the services' documents show, and those that the
services refuse."""

import json
from pathlib import Path


def documented(provider):
    """What the provider's documents show, by the names of the files."""
    files = (Path(__file__).parent / "requests").glob(f"{provider}-*.json")
    return {path.stem.removeprefix(provider + "-"): json.loads(path.read_text()) for path in files}


OCTOPUSX = documented("octopusx")
OMNIROUTERS = documented("omnirouters")
# The last two are the document's scenarios that it shows without a body.
APIMART = {
    **documented("apimart"),
    "single-image-video":
    {"model": "Omni-Flash-Ext",
     "prompt": "a girl is dancing happily in a sunny garden",
     "image_urls": ["data:image/png;base64,iVBORw0KGgo="]},
    "reference-video-generation":
    {"model": "Omni-Flash-Ext",
     "prompt": "a girl is dancing happily in a sunny garden",
     "resolution": "4K",
     "size": "16:9",
     "image_urls": ["https://example.com/identity.jpg"],
     "video_urls": ["https://example.com/motion.mp4"]},
}

KLING = {"model": "Kling-3.0-omni", "resolution": "720p", "seconds": "5", "prompt": "x"}
EXT = {"model": "Omni-Flash-Ext", "prompt": "x"}
PREVIEW = {"model": "gemini-omni-flash-preview", "prompt": "x"}
HTTP = "https://example.com/a"
DATA_VIDEO = "data:video/mp4;base64,AAAA"
DATA_IMAGE = "data:image/png;base64,AAAA"


def seedance(**item):
    return {"model": "doubao-seedance-2-0-260128", "prompt": "x", "seconds": "5",
            "metadata": {"content": [item]}}


# A request, and what the message of its refusal says.
OMNIROUTERS_REFUSED = [
    ({**KLING, "resolution": None}, "field resolution is required"),
    ({**KLING, "resolution": "4k"}, 'unsupported resolution "4k", available values: 720p, 1080p'),
    ({**KLING, "seconds": None}, "field seconds is required"),
    ({**KLING, "seconds": 5}, "field seconds must be a string"),
    ({**KLING, "seconds": "0"}, "field seconds must be a positive integer"),
    ({**KLING, "seconds": "-5"}, "field seconds must be a positive integer"),
    ({**KLING, "seconds": "5.5"}, "field seconds must be a positive integer"),
    ({**KLING, "seconds": "2"}, "available values: 3 to 15"),
    ({**KLING, "seconds": "16"}, "available values: 3 to 15"),
    ({**KLING, "model": "Vidu-q2", "seconds": "11"}, "available values: 1 to 10"),
    ({**KLING, "model": "Vidu-q3-mix", "seconds": "17"}, "available values: 1 to 16"),
    ({**KLING, "model": "Veo-3.1", "seconds": "5"}, "available values: 8"),
    ({**KLING, "prompt": ""}, "field prompt is required"),
    ({**KLING, "aspect_ratio": "2:7"}, "unsupported aspect_ratio"),
    ({**KLING, "videos": DATA_VIDEO}, "field videos must be an array of strings"),
    ({**KLING, "videos": [DATA_VIDEO]}, "field videos[0] must be an http(s) URL"),
    ({**KLING, "images": [HTTP, DATA_IMAGE]}, "field images[1] must be an http(s) URL"),
    ({**KLING, "firstframe": "/tmp/a.png"}, "field firstframe must be an http(s) URL"),
    ({**KLING, "lastframe": DATA_IMAGE}, "field lastframe must be an http(s) URL"),
    ({**KLING, "subject_infos": [{"id": "s", "image_urls": [DATA_IMAGE]}]},
     "field subject_infos[0].image_urls[0] must be an http(s) URL"),
    ({**KLING, "subject_infos": [{"name": "s"}]}, "field subject_infos[0].id is required"),
    ({**KLING, "videos": [HTTP], "images": [HTTP] * 5}, "at most 4 together with videos"),
    ({**KLING, "model": "Vidu-q2", "videos": [HTTP]}, "videos is only supported for Kling-3.0-omni"),
    ({**KLING, "model": "Vidu-q3-mix", "videos": [HTTP]}, "videos is only supported for"),
    ({**KLING, "audio_generation": True}, "field audio_generation must be a string"),
    ({**KLING, "audio_generation": "On"}, "available values: Enabled, Disabled"),
    ({**KLING, "enable_bgm": "enabled"}, "available values: Enabled, Disabled"),
    ({**KLING, "keep_original_sound": "yes"}, "available values: Enabled, Disabled"),
    ({**KLING, "input_region": "Moon"}, "available values: Mainland, Oversea"),
    ({**KLING, "video_reference_type": "asset"}, "available values: feature, base"),
    ({**KLING, "model": "Veo-3.1", "seconds": "8", "video_reference_type": "base"},
     "available values: asset, style"),
    ({**KLING, "metadata": {"oops": 1}}, 'unknown metadata field "oops"'),
    ({**KLING, "metadata": {"content": [{"type": "text", "text": "x"}]}},
     "metadata.content is not supported for Kling-3.0-omni"),
    (seedance(type="video_url", video_url={"url": DATA_VIDEO}, role="reference_video"),
     "field metadata.content[0].video_url.url must be an http(s) URL"),
    (seedance(type="video_url", video_url={"url": HTTP}, role="reference_image"),
     "field metadata.content[0].role must be reference_video"),
    (seedance(type="picture"), "unsupported metadata.content[0].type"),
    ({**seedance(type="text", text="x"), "seconds": None}, "field seconds is required"),
    ({"model": "Hunyuan-3d-scene-2.0"}, "field prompt is required"),
]
APIMART_REFUSED = [
    ({**EXT, "model": "omni-flash-ext"}, "invalid_request_error"),
    ({**EXT, "model": None}, "invalid_request_error"),
    ({**EXT, "prompt": ""}, "invalid_request_error"),
    ({**EXT, "duration": 5}, "invalid_duration"),
    ({**EXT, "duration": "6"}, "invalid_duration"),
    ({**EXT, "duration": 6.5}, "invalid_duration"),
    ({**EXT, "duration": 6, "video_urls": [HTTP]}, "invalid_request_error"),
    ({**EXT, "resolution": "2k"}, "invalid_resolution"),
    ({**EXT, "aspect_ratio": "1:1"}, "invalid_request_error"),
    ({**EXT, "aspect_ratio": "16:9", "size": "9:16"}, "invalid_request_error"),
    ({**EXT, "image_urls": [HTTP] * 2}, "unsupported_image_count"),
    ({**EXT, "image_urls": [HTTP] * 4}, "unsupported_image_count"),
    ({**EXT, "image_urls": ["a.png"]}, "invalid_request_error"),
    ({**EXT, "video_urls": [HTTP] * 2}, "unsupported_video_count"),
    ({**EXT, "video_urls": [DATA_VIDEO]}, "invalid_request_error"),
    ({**EXT, "generation_type": "frame"}, "invalid_request_error"),
    ({**PREVIEW, "video_urls": [HTTP] * 2}, "unsupported_video_count"),
    ({**PREVIEW, "video_urls": ["data:video/mp4;base64,A"]}, "invalid_request_error"),
    ({**PREVIEW, "duration": 11}, "invalid_duration"),
    ({**PREVIEW, "video_urls": [HTTP], "extend_from_task_id": "t"}, "invalid_request_error"),
]
