// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/encoder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "media/gst-util.h"
#include "service/error.h"

namespace omni {
namespace {

// Fixed: "automatic" would give other bytes on another machine. More threads than cores do no harm.
constexpr unsigned kThreads = 4;

using FactoryListPtr = std::unique_ptr<GList, FreeWith<&gst_plugin_feature_list_free>>;

/// Sets a property of any type; does nothing when the element does not have it.
bool set(GstElement* element, const char* name, const std::string& value) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
  if (!spec || !(spec->flags & G_PARAM_WRITABLE)) return false;
  GValue parsed = G_VALUE_INIT;
  g_value_init(&parsed, spec->value_type);
  const bool good = gst_value_deserialize(&parsed, value.c_str());
  if (good) g_object_set_property(G_OBJECT(element), name, &parsed);
  g_value_unset(&parsed);
  return good;
}
bool set(GstElement* element, const char* name, std::uint64_t value) {
  return set(element, name, std::to_string(value));
}
/// Sets the first of these properties that the element has.
void set_first(GstElement* element, std::initializer_list<const char*> names,
               const std::string& value) {
  for (const char* name : names)
    if (set(element, name, value)) return;
}

void set_up_x264(GstElement* encoder, const H264Settings& settings) {
  set(encoder, "speed-preset", "fast");
  set(encoder, "pass", "cbr");
  set(encoder, "bitrate", std::max<std::uint64_t>(1, settings.bits_per_second / 1000));
  // With a VBV buffer, x264's threads depend on each other's progress, and the bytes differ each
  // time.
  set(encoder, "vbv-buf-capacity", 0);
  set(encoder, "threads", kThreads);
  // Threads share each frame. With a frame per thread they depend on each other's progress, and the
  // bytes differ under load.
  set(encoder, "sliced-threads", TRUE);
  // At the end, and when cancelled, x264 encodes its whole lookahead.
  set(encoder, "rc-lookahead", 0);
  set(encoder, "sync-lookahead", 0);
  set(encoder, "bframes", 0);
  set(encoder, "key-int-max", settings.keyframe_interval);
  // The default of 10 is too coarse for drawn images. An upper limit would not help to make files
  // small.
  set(encoder, "qp-min", 4);
}

void set_up_openh264(GstElement* encoder, const H264Settings& settings) {
  set(encoder, "rate-control", "bitrate");
  set(encoder, "bitrate", settings.bits_per_second);
  set(encoder, "max-bitrate", settings.bits_per_second + settings.bits_per_second / 10);
  set(encoder, "multi-thread", 1);
  set(encoder, "enable-frame-skip", "false");  // one output frame for each input frame
  if (settings.keyframe_interval) set(encoder, "gop-size", settings.keyframe_interval);
}

/// Most hardware encoders count in kbit/s; the others say so in the property's description.
bool counts_kilobits(GstElement* encoder, const char* name) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(encoder), name);
  if (!spec) return false;
  const CharPtr blurb(g_ascii_strdown(g_param_spec_get_blurb(spec), -1));
  const std::string text = blurb.get();
  for (const char* word : {"kbit", "kilobit", "kbps", "kb/s"})
    if (text.find(word) != std::string::npos) return true;
  return false;
}

void set_up_other(GstElement* encoder, const H264Settings& settings) {
  for (const char* name : {"bitrate", "target-bitrate"}) {
    const bool kilobits = counts_kilobits(encoder, name);
    if (set(encoder, name, settings.bits_per_second / (kilobits ? 1000 : 1))) break;
  }
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(encoder), "extra-controls")) {
    const std::string rate = std::to_string(settings.bits_per_second);
    set(encoder, "extra-controls",
        "controls,video_bitrate=(int)" + rate + ",video_bitrate_mode=(int)1");
  }
  set_first(encoder, {"rate-control", "rc-mode"}, "cbr");
  set_first(encoder, {"b-frames", "bframes", "max-bframes", "num-b-frames"}, "0");
  if (settings.keyframe_interval == 0) return;
  set_first(encoder, {"key-int-max", "gop-size", "keyframe-period", "max-keyframe-interval"},
            std::to_string(settings.keyframe_interval));
}

std::string best_h264_factory() {
  for (const char* name : {"x264enc", "openh264enc"}) {
    const auto factory = ObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(name));
    if (factory) return name;
  }
  const FactoryListPtr all(gst_element_factory_list_get_elements(
      GST_ELEMENT_FACTORY_TYPE_ENCODER | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO, GST_RANK_NONE));
  const auto caps = CapsPtr::adopt(gst_caps_new_empty_simple("video/x-h264"));
  const FactoryListPtr fitting(
      gst_element_factory_list_filter(all.get(), caps.get(), GST_PAD_SRC, FALSE));
  const FactoryListPtr sorted(g_list_sort(gst_plugin_feature_list_copy(fitting.get()),
                                          &gst_plugin_feature_rank_compare_func));
  return sorted ? gst_plugin_feature_get_name(GST_PLUGIN_FEATURE(sorted->data)) : "";
}

}  // namespace

ElementPtr make_h264_encoder(const H264Settings& settings, const std::string& factory) {
  const std::string name = factory.empty() ? best_h264_factory() : factory;
  ElementPtr encoder = name.empty() ? ElementPtr() : try_make_element(name.c_str());
  if (!encoder) {
    throw Failure(Reason::invalid_request,
                  (factory.empty() ? "no H.264 encoder is installed"
                                   : "there is no H.264 encoder \"" + factory + "\"") +
                      ": install x264enc (Debian package gstreamer1.0-plugins-ugly) or "
                      "openh264enc (gstreamer1.0-plugins-bad)");
  }
  if (name == "x264enc") {
    set_up_x264(encoder.get(), settings);
  } else if (name == "openh264enc") {
    set_up_openh264(encoder.get(), settings);
  } else {
    set_up_other(encoder.get(), settings);
  }
  return encoder;
}

AacEncoder make_aac_encoder(unsigned bits_per_second) {
  struct Known {
    const char* factory;
    unsigned priming;
  };
  for (const Known& known : {Known{"fdkaacenc", 2048}, Known{"avenc_aac", 1024},
                             Known{"voaacenc", 1600}, Known{"faac", 1024}}) {
    ElementPtr encoder = try_make_element(known.factory);
    if (!encoder) continue;
    set(encoder.get(), "bitrate", bits_per_second);
    return {std::move(encoder), known.priming};
  }
  throw Failure(
      Reason::invalid_request,
      "no AAC encoder is installed: install avenc_aac (Debian package gstreamer1.0-libav) "
      "or voaacenc (gstreamer1.0-plugins-bad)");
}

}  // namespace omni
