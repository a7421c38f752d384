"""Requests for emulator-dialects.py: those that the services' documents show, and those that the
services refuse."""

ARK = "https://ark-project.tos-cn-beijing.volces.com/"

# What the documents of octopusx show.
OCTOPUSX = {
    "Public MP4 Reference Video":
    {"model": "omni-fast-v2v",
     "prompt": "Edit the attached video into a visibly new version while preserving the original "
               "camera path, timing, subject motion, and shot continuity. Add a rainy cinematic "
               "night look with neon reflections. Output a newly generated video, not the uploaded "
               "source clip or its preview.",
     "video": "https://example.com/source.mp4",
     "seconds": "8",
     "aspect_ratio": "16:9",
     "resolution": "720p"},
    "Extend":
    {"model": "omni-fast-v2v",
     "prompt": "Extend this clip into a new cinematic shot with the same camera path.",
     "video": "https://example.com/source.mp4",
     "seconds": "8",
     "aspect_ratio": "16:9",
     "resolution": "720p"},
    "Using the input_video alias":
    {"model": "omni-fast-v2v",
     "prompt": "Regenerate the attached clip with brighter lighting and smoother motion.",
     "input_video": "https://example.com/source.mp4",
     "seconds": "8",
     "aspect_ratio": "16:9",
     "resolution": "720p"},
}

# What the documents of omnirouters show, under the documents' own headings.
OMNIROUTERS = {
    "Text-to-Video":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "prompt": "一个女孩在海边回头微笑",
      "seconds": "5",
      "aspect_ratio": "16:9"},
    "Image-to-Video":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "images": [ARK + "doc_image/seepro_first_frame.jpeg",
                 ARK + "doc_image/seelite_ref_2.png"],
      "prompt": "一个女孩在海边回头微笑",
      "seconds": "5"},
    "Audio-Video Co-Generation":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "女孩抱着小狗跳舞",
      "images": [ARK + "doc_image/seepro_first_frame.jpeg",
                 ARK + "doc_image/seelite_ref_2.png"],
      "aspect_ratio": "16:9",
      "input_region": "Mainland",
      "audio_generation": "Enabled"},
    "First/Last-Frame Video":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "prompt": "一个女孩在海边回头微笑,镜头缓慢推进",
      "seconds": "5",
      "firstframe": "https://example.com/first.jpg",
      "lastframe": "https://example.com/last.jpg"},
    "Vidu Background Music":
    {"model": "Vidu-q2",
      "resolution": "1080p",
      "prompt": "一个女孩在海边回头微笑",
      "seconds": "5",
      "aspect_ratio": "16:9",
      "enable_bgm": "Enabled"},
    "Vidu Subject Creation and Voice Mapping":
    {"model": "Vidu-q2",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "让 @girl 抱起 @dog 转一圈,说狗狗真可爱!",
      "images": [ARK + "doc_image/seepro_first_frame.jpeg",
                 ARK + "doc_image/seelite_ref_2.png"],
      "aspect_ratio": "16:9",
      "metadata": {"vidu_q2_object_ids": ["girl", "dog"],
                   "vidu_q2_voice_map": {"girl": "female-shaonv"},
                   "output_config": {"AudioGeneration": "Enabled"}}},
    "Vidu Video Reference":
    {"model": "Vidu-q2-pro",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "参考视频的动作和镜头语言生成新视频",
      "videos": ["https://example.com/ref-video.mp4"],
      "aspect_ratio": "16:9"},
    "Vidu Image + Video Mixed Reference":
    {"model": "Vidu-q2-pro",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "参考视频动作,参考图片主体形象,生成一个新视频",
      "images": ["https://example.com/ref-image.jpg"],
      "videos": ["https://example.com/ref-video.mp4"],
      "aspect_ratio": "16:9",
      "keep_original_sound": "Disabled"},
    "Vidu-q3-mix Reference Subject Control":
    {"model": "Vidu-q3-mix",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "参考图片生成视频",
      "images": ["https://example.com/a.png"],
      "aspect_ratio": "9:16",
      "audio_generation": "Enabled",
      "subject_infos": [{"id": "s1", "name": "subject", "image_urls": ["https://example.com/s.jpg"]}]},
    "Kling Smart Storyboard":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "女孩抱着小狗跳舞,镜头自然切换,主体一致性优先",
      "images": [ARK + "doc_image/seepro_first_frame.jpeg"],
      "metadata": {"aspect_ratio": "16:9",
                   "scene_type": "template_effect",
                   "ext_info": {"AdditionalParameters": {"multi_shot": True,
                                                         "shot_type": "intelligence"}}}},
    "Kling Custom Storyboard":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "女孩抱着小狗跳舞",
      "images": [ARK + "doc_image/seepro_first_frame.jpeg"],
      "metadata": {"aspect_ratio": "16:9",
                   "scene_type": "template_effect",
                   "ext_info": {"AdditionalParameters": {"multi_shot": True,
                                                         "shot_type": "customize",
                                                         "multi_prompt": [{"index": 1,
                                                                           "prompt": "女孩抱着小狗在公园转圈起舞,近景,柔和阳光",
                                                                           "duration": 2},
                                                                          {"index": 2,
                                                                           "prompt": "镜头拉远,女孩和小狗继续舞动,背景树影摇曳",
                                                                           "duration": 3}]}}}},
    "Kling Subject Consistency":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "女孩抱着小狗跳舞,主体一致性优先",
      "images": [ARK + "doc_image/seepro_first_frame.jpeg"],
      "metadata": {"aspect_ratio": "16:9",
                   "scene_type": "template_effect",
                   "ext_info": {"AdditionalParameters": {"element_list": [{"element_id": 12345}]}}}},
    "Kling Video Reference Generation":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "参考 <<<video_1>>> 的动作和镜头节奏,生成一个新视频",
      "videos": ["https://example.com/ref-video.mp4"],
      "aspect_ratio": "16:9",
      "video_reference_type": "feature"},
    "Kling Video Editing":
    {"model": "Kling-o1",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "基于 <<<video_1>>> 进行编辑,让人物服装更换为现代风格",
      "videos": ["https://example.com/source-video.mp4"],
      "aspect_ratio": "16:9",
      "video_reference_type": "base",
      "keep_original_sound": "Enabled"},
    "Kling Image + Video Mixed Reference":
    {"model": "Kling-3.0-omni",
      "resolution": "1080p",
      "seconds": "5",
      "prompt": "参考 <<<image_1>>> 的人物形象,结合 <<<video_1>>> 的动作和镜头节奏,生成一个新视频",
      "images": ["https://example.com/ref-image.jpg"],
      "videos": ["https://example.com/ref-video.mp4"],
      "aspect_ratio": "16:9",
      "video_reference_type": "feature"},
    "Kling Subject Reference":
    {"model": "Kling-3.0",
      "resolution": "1080p",
      "seconds": "8",
      "prompt": "让 <<<girl1>>> 抱着小狗在客厅里跳舞,镜头缓慢推进,真实电影感",
      "images": ["https://example.com/reference-scene.png"],
      "image_usage": "Reference",
      "aspect_ratio": "16:9",
      "audio_generation": "Enabled",
      "subject_infos": [{"id": "girl1",
                         "name": "女孩",
                         "image_urls": ["https://example.com/girl-subject-1.png",
                                        "https://example.com/girl-subject-2.png"]}]},
    "Veo Video Asset Reference":
    {"model": "Veo-3.1",
      "resolution": "1080p",
      "seconds": "8",
      "prompt": "参考视频素材生成一个新视频",
      "videos": ["https://example.com/ref-video.mp4"],
      "aspect_ratio": "16:9",
      "video_reference_type": "asset"},
    "Veo Video Style Reference":
    {"model": "Veo-3.1",
      "resolution": "1080p",
      "seconds": "8",
      "prompt": "参考视频风格生成一个新视频",
      "videos": ["https://example.com/style-video.mp4"],
      "aspect_ratio": "16:9",
      "video_reference_type": "style"},
    "Seedance 2.0 All-in-One Multi-Parameter Example":
    {"model": "doubao-seedance-2-0-260128",
      "prompt": "全程使用视频1的第一视角构图,全程使用音频1作为背景音乐。第一人称视角果茶宣传广告,seedance牌「苹苹安安」苹果果茶限定款;首帧为图片1,你的手摘下一颗带晨露的阿克苏红苹果,轻脆的苹果碰撞声;2-4 "
                "秒:快速切镜,你的手将苹果块投入雪克杯,加入冰块与茶底,用力摇晃,冰块碰撞声与摇晃声卡点轻快鼓点,背景音:「鲜切现摇」;4-6 "
                "秒:第一人称成品特写,分层果茶倒入透明杯,你的手轻挤奶盖在顶部铺展,在杯身贴上粉红包标,镜头拉近看奶盖与果茶的分层纹理;6-8 "
                "秒:第一人称手持举杯,你将图片2中的果茶举到镜头前(模拟递到观众面前的视角),杯身标签清晰可见,背景音「来一口鲜爽」,尾帧定格为图片2。背景声音统一为女生音色。",
      "seconds": "11",
      "metadata": {"resolution": "720p",
                   "content": [{"type": "image_url",
                                "image_url": {"url": ARK + "doc_image/r2v_tea_pic1.jpg"},
                                "role": "reference_image"},
                               {"type": "image_url",
                                "image_url": {"url": ARK + "doc_image/r2v_tea_pic2.jpg"},
                                "role": "reference_image"},
                               {"type": "video_url",
                                "video_url": {"url": ARK + "doc_video/r2v_tea_video1.mp4"},
                                "role": "reference_video"},
                               {"type": "audio_url",
                                "audio_url": {"url": ARK + "doc_audio/r2v_tea_audio1.mp3"},
                                "role": "reference_audio"}],
                   "generate_audio": True,
                   "ratio": "16:9",
                   "watermark": False}},
    "Hunyuan World Scene Roaming 2.0":
    {"model": "Hunyuan-3d-scene-2.0", "prompt": "一个未来感展厅的3D场景,金属材质,柔和灯光"},
}

# Those of apimart; the last two are the document's scenarios that it shows without a body.
APIMART = {
    "Text-to-Video":
    {"model": "Omni-Flash-Ext",
     "prompt": "a beautiful sunset over the ocean with seagulls flying",
     "duration": 6,
     "resolution": "720p",
     "aspect_ratio": "16:9"},
    "3-Reference-Image Fusion":
    {"model": "Omni-Flash-Ext",
     "prompt": "a creative scene combining these elements with smooth camera motion",
     "duration": 10,
     "resolution": "1080p",
     "aspect_ratio": "9:16",
     "image_urls": ["https://example.com/scene.jpg",
                    "https://example.com/character.jpg",
                    "https://example.com/product.jpg"]},
    "4K Short Video":
    {"model": "Omni-Flash-Ext",
     "prompt": "close-up of a hummingbird hovering in front of a red flower",
     "duration": 4,
     "resolution": "4k",
     "aspect_ratio": "16:9"},
    "Single-Image Video":
    {"model": "Omni-Flash-Ext",
     "prompt": "a girl is dancing happily in a sunny garden",
     "image_urls": ["data:image/png;base64,iVBORw0KGgo="]},
    "Reference Video Generation":
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
