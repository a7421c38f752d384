// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The octopusx dialect: POST /v1/videos, GET /v1/videos/{id}, GET /v1/videos/{id}/content, and the
// older "unified" entry /v1/video/generations. The service is a new-api gateway, and so are its
// errors.
#include <charconv>

#include "gateway.h"
#include "links.h"

namespace emu {
namespace {

constexpr const char* kV2vModel = "omni-fast-v2v";
constexpr const char* kT2vModel = "omni-fast";
constexpr unsigned kMinSeconds = 4, kMaxSeconds = 30;
constexpr std::size_t kMaxImages = 5;
constexpr unsigned kDefaultSeconds = 8;  // of a video without a reference: the documentation's
                                         // example
constexpr unsigned kDefaultShortSide = 720;

// --- replies -------------------------------------------------------------------------------------

const char* word(State state) {
  switch (state) {
    case State::queued:
      return "queued";
    case State::running:
      return "in_progress";
    case State::completed:
      return "completed";
    case State::failed:
      break;
  }
  return "failed";
}

Reply flat(const JobView& job, const Settings& settings) {
  Object object;
  object.add("id", job.id).add("task_id", job.id).add("object", "video");
  object.add("model", job.model).add("status", word(job.state));
  if (settings.progress) object.add("progress", std::int64_t{job.progress});
  object.add("created_at", job.created_at).add("completed_at", job.completed_at);
  object.add("expires_at", job.expires_at);
  if (job.seconds > 0) object.add("seconds", std::to_string(job.seconds));
  object.add("size", job.width ? std::to_string(job.width) + "x" + std::to_string(job.height) : "");
  object.add("remixed_from_video_id", "");
  // A healthy task has an error of empty strings, as the service documents it.
  object.nest("error", [&](Object& error) {
    error.add("message", job.error_message).add("code", job.error_code);
  });
  const auto url = [&](Object& inner) { inner.add("url", job.url); };
  object.add("video_url", settings.reply == ReplyForm::video_url ? job.url : std::string());
  if (settings.reply == ReplyForm::data && !job.url.empty()) object.list_of_one("data", url);
  if (settings.reply == ReplyForm::metadata) {
    // The gateway puts the failure's text where the URL would be.
    object.nest("metadata", [&](Object& inner) {
      inner.add("url", job.state == State::failed ? job.error_message : job.url);
    });
  }
  return json(200, object);
}

Reply task_form(const JobView& job) {
  Object object;
  object.add("code", "success").add("message", "");
  object.nest("data", [&](Object& data) {
    data.add("task_id", job.id).add("status", upstream_word(job.state));
    data.add("url", job.url).add("format", "mp4").null("metadata");
    if (job.state != State::failed) {
      data.null("error");
      return;
    }
    data.nest("error", [&](Object& error) {
      error.add("message", job.error_message).add("code", job.error_code);
    });
  });
  return json(200, object);
}

Reply dto_form(const JobView& job, const Settings& settings) {
  Object object;
  object.add("code", "success").add("message", "");
  object.nest("data", [&](Object& data) {
    data.add("id", std::int64_t{1}).add("task_id", job.id).add("action", "generate");
    data.add("status", gateway_word(job.state)).add("fail_reason", job.error_message);
    if (settings.reply == ReplyForm::dto) {
      data.add("result_url", job.state == State::failed ? job.error_message : job.url);
    }
    data.add("submit_time", job.created_at).add("finish_time", job.completed_at);
    if (settings.progress) data.add("progress", std::to_string(job.progress) + "%");
    data.nest("data", [&](Object& inner) {
      inner.add("status", upstream_word(job.state));
      inner.nest("content", [&](Object& content) {
        if (settings.reply == ReplyForm::nested && !job.url.empty())
          content.add("video_url", job.url);
      });
    });
  });
  return json(200, object);
}

// --- the create request --------------------------------------------------------------------------

unsigned read_seconds(const Fields& fields) {
  JsonNode* node = fields.node("seconds");
  if (!node) return 0;
  std::int64_t value = 0;
  if (is_string(node)) {
    const std::span<char> text = fields.span("seconds");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      invalid("field seconds must be a whole number, for example \"8\"");
    }
  } else if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64) {
    value = json_node_get_int(node);
  } else {
    invalid("field seconds must be a string or a whole number, for example \"8\"");
  }
  if (value < kMinSeconds || value > kMaxSeconds) {
    invalid("field seconds must be 4 to 30, got " + std::to_string(value));
  }
  return static_cast<unsigned>(value);
}

unsigned read_resolution(const std::string& value) {
  if (value.empty()) return 0;
  if (value == "720p") return 720;
  if (value == "1080p") return 1080;
  if (value == "2k") return 1440;
  if (value == "4k") return 2160;
  invalid("unsupported resolution \"" + value + "\", available values: 720p, 1080p, 2k, 4k");
}

/// The reference is the first of three fields that is present; the others are ignored.
void read_reference(Order& order, const Fields& fields) {
  for (const char* name : {"video", "video_url", "input_video"}) {
    const std::span<char> text = fields.span(name);
    const std::string_view view(text.data(), text.size());
    if (view.empty()) continue;
    if (is_http(view)) {
      order.reference_url = view;
    } else if (view.starts_with("data:video/mp4;base64,")) {
      order.reference = read_data_uri(name, text);
    } else {
      invalid(std::string("field ") + name +
              " must be an http(s) URL or data:video/mp4;base64,...");
    }
    return;
  }
}

void read_images(Order& order, const Fields& fields) {
  const std::string first = fields.text("first_image_url");
  const std::string last = fields.text("last_image_url");
  constexpr auto kForms = ImageForms::address_or_data;
  if (first.empty() && !last.empty()) invalid("field last_image_url needs first_image_url");
  if (!first.empty()) {
    add_image(order, "first_image_url", first, kForms, ImageInput::Role::first);
  }
  if (!last.empty()) add_image(order, "last_image_url", last, kForms, ImageInput::Role::last);
  const std::size_t before = order.images.size();
  add_images(order, fields, "images", kForms);
  const std::size_t count = order.images.size() - before;
  if (count > kMaxImages) invalid("field images takes at most 5, got " + std::to_string(count));
}

void check_model(const Order& order, const Settings& settings) {
  if (order.model.empty()) throw Refusal(Problem::no_model, "field model is required");
  if (order.model == kV2vModel || order.model == kT2vModel) return;
  if (user_accepts(order.model, settings)) return;
  throw Refusal(Problem::unknown_model, "No available channel for model " + order.model);
}

class OctopusX final : public Gateway {
 public:
  const char* name() const override { return "octopusx"; }
  std::string new_id() const override { return "video_" + random_hex(12); }
  Order order(Body& body, const Settings& settings) const override;
  Reply created(const JobView& job, const Target& target) const override;
  Reply polled(const JobView& job, const Target& target, const Settings& settings) const override;
};

Order OctopusX::order(Body& body, const Settings& settings) const {
  const Fields fields(body);
  Order order;
  order.model = fields.text("model");
  check_model(order, settings);
  order.prompt = fields.text("prompt");
  if (order.prompt.empty()) invalid("field prompt is required");
  order.seconds = read_seconds(fields);
  order.aspect_ratio = fields.word("aspect_ratio", {"16:9", "9:16"});
  order.resolution = fields.text("resolution");
  order.short_side = read_resolution(order.resolution);
  read_images(order, fields);
  read_reference(order, fields);
  if (order.has_reference() && order.model == kT2vModel) {
    invalid("omni-fast does not support a reference video; use omni-fast-v2v");
  }
  if (!order.has_reference() && order.model == kV2vModel) {
    invalid("field video is required; without a reference video use omni-fast");
  }
  if (!order.has_reference()) {
    if (order.seconds == 0) order.seconds = kDefaultSeconds;
    if (order.short_side == 0) order.short_side = kDefaultShortSide;
    order.sound = true;  // there is no field to request or to suppress it
  }
  return order;
}

Reply OctopusX::created(const JobView& job, const Target&) const {
  Object object;
  object.add("id", job.id).add("task_id", job.id).add("object", "video");
  object.add("model", job.model).add("status", "queued").add("progress", std::int64_t{0});
  object.add("created_at", job.created_at).add("video_url", "");
  return json(200, object);
}

Reply OctopusX::polled(const JobView& job, const Target& target, const Settings& settings) const {
  if (settings.reply == ReplyForm::dto || settings.reply == ReplyForm::nested) {
    return dto_form(job, settings);
  }
  if (target.entry == Entry::wrapped || settings.reply == ReplyForm::task) return task_form(job);
  return flat(job, settings);
}

}  // namespace

const Dialect& octopusx() {
  static const OctopusX dialect;
  return dialect;
}

}  // namespace emu
