// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The apimart dialect: POST /v1/videos/generations, GET /v1/tasks/{id}. All replies are in
// {"code":200,"data":...}; the data of a create reply is an array, that of a poll reply an object.
#include <algorithm>

#include "links.h"
#include "wire.h"

namespace emu {
namespace {

constexpr std::string_view kCreate = "/v1/videos/generations";
constexpr std::string_view kTasks = "/v1/tasks/";
constexpr const char* kExt = "Omni-Flash-Ext";
constexpr const char* kPreview = "gemini-omni-flash-preview";
constexpr unsigned kDefaultSeconds = 6, kDefaultShortSide = 720;
constexpr const char* kDefaultRatio = "16:9";
constexpr double kPreviewClipMin = 1, kPreviewClipMax = 24;
/// The last frame of a 24 s clip may last a little longer.
constexpr double kClipTolerance = 0.05;

// --- the create request --------------------------------------------------------------------------

void read_duration(Order& order, const Fields& fields) {
  JsonNode* node = fields.node("duration");
  if (!node) return;
  if (order.has_reference()) {
    invalid("duration cannot be used together with video_urls; leave it out");
  }
  const bool preview = order.model == kPreview;
  const std::int64_t value =
      JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64
          ? json_node_get_int(node)
          : 0;
  const bool known =
      preview ? value >= 3 && value <= 10 : value == 4 || value == 6 || value == 8 || value == 10;
  if (!known) {
    invalid(preview ? "duration must be an integer from 3 to 10"
                    : "duration must be one of the integers 4, 6, 8, 10",
            "invalid_duration");
  }
  order.seconds = static_cast<unsigned>(value);
}

void read_resolution(Order& order, const Fields& fields) {
  order.resolution = fields.text("resolution");
  if (order.resolution.empty()) return;
  std::string lower = order.resolution;
  std::transform(lower.begin(), lower.end(), lower.begin(), g_ascii_tolower);
  if (lower == "720p") {
    order.short_side = 720;
  } else if (lower == "1080p") {
    order.short_side = 1080;
  } else if (lower == "4k") {
    order.short_side = 2160;
  } else {
    invalid(
        "unsupported resolution \"" + order.resolution + "\", available values: 720p, 1080p, 4k",
        "invalid_resolution");
  }
  if (order.model == kPreview && order.short_side != 720) {
    order.notes.emplace_back("gemini-omni-flash-preview makes 720p, whatever resolution says");
    order.short_side = 720;
  }
}

void read_ratio(Order& order, const Fields& fields) {
  const std::string ratio = fields.word("aspect_ratio", {"16:9", "9:16"});
  const std::string size = fields.word("size", {"16:9", "9:16"});
  if (!ratio.empty() && !size.empty() && ratio != size) {
    invalid("aspect_ratio and size mean the same and must not differ");
  }
  order.aspect_ratio = ratio.empty() ? size : ratio;
  if (order.model == kPreview && order.has_reference() && !order.aspect_ratio.empty()) {
    order.notes.emplace_back(
        "gemini-omni-flash-preview ignores aspect_ratio with a reference video");
    order.aspect_ratio.clear();
  }
}

void read_images(Order& order, const Fields& fields) {
  add_images(order, fields, "image_urls", ImageForms::address_or_data);
  const std::size_t count = order.images.size();
  if (count != 0 && count != 1 && count != 3) {
    invalid("image_urls takes 0, 1 or 3 images, got " + std::to_string(count),
            "unsupported_image_count");
  }
  const std::string type = fields.word("generation_type", {"frame", "reference"});
  if (type == "frame" && count != 1) {
    invalid("generation_type frame takes exactly 1 image, got " + std::to_string(count));
  }
  if (type == "reference" && count == 0 && !order.has_reference()) {
    invalid("generation_type reference takes 1 or 3 images, got 0");
  }
}

void read_videos(Order& order, const Fields& fields) {
  JsonNode* node = fields.node("video_urls");
  if (!node) return;
  if (!JSON_NODE_HOLDS_ARRAY(node)) invalid("field video_urls must be an array of strings");
  JsonArray* array = json_node_get_array(node);
  const guint count = json_array_get_length(array);
  if (count > 1) {
    invalid("video_urls takes 0 or 1 video, got " + std::to_string(count),
            "unsupported_video_count");
  }
  if (count == 0) return;
  JsonNode* first = json_array_get_element(array, 0);
  if (!is_string(first)) invalid("field video_urls must be an array of strings");
  const std::span<char> text = fields.body().text(first);
  const std::string_view view(text.data(), text.size());
  if (is_http(view)) {
    order.reference_url = view;
  } else if (view.starts_with("data:video/") && order.model != kExt) {
    order.reference = read_data_uri("video_urls[0]", text);
  } else {
    invalid(order.model == kExt ? "video_urls[0] must be a public http(s) URL"
                                : "video_urls[0] must be an http(s) URL or data:video/...;base64,");
  }
  if (order.model == kPreview) {
    order.clip_min = kPreviewClipMin - kClipTolerance;
    order.clip_max = kPreviewClipMax + kClipTolerance;
  }
}

void read_rest(Order& order, const Fields& fields) {
  fields.flag("nsfw_check");
  if (!fields.text("webhook").empty()) {
    order.notes.emplace_back("the emulator calls no webhook; poll for the result");
  }
  if (!fields.text("extend_from_task_id").empty()) {
    invalid(order.has_reference() ? "extend_from_task_id cannot be used together with video_urls"
                                  : "the emulator does not play extend_from_task_id");
  }
}

// --- replies -------------------------------------------------------------------------------------

Reply error_reply(unsigned status, const std::string& message, const std::string& type) {
  Object object;
  object.nest("error", [&](Object& error) {
    error.add("code", std::int64_t{status}).add("message", message).add("type", type);
  });
  return json(status, object);
}

const char* word(State state) {
  static constexpr const char* kWords[] = {"pending", "processing", "completed", "failed"};
  return kWords[static_cast<int>(state)];
}

class ApiMart final : public Dialect {
 public:
  const char* name() const override { return "apimart"; }
  std::string new_id() const override {
    return "task_01" + random_text(24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
  }
  Target route(std::string_view method, std::string_view path) const override;
  Order order(Body& body, const Settings& settings) const override;
  Reply created(const JobView& job, const Target& target) const override;
  Reply polled(const JobView& job, const Target& target, const Settings& settings) const override;
  Reply refused(const Refusal& refusal) const override;
  Reply with_status(unsigned status) const override;
};

Target ApiMart::route(std::string_view method, std::string_view path) const {
  if (path == kCreate) return method == "POST" ? Target{Route::create, {}, Entry::main} : Target{};
  if (!path.starts_with(kTasks) || (method != "GET" && method != "HEAD")) return {};
  path.remove_prefix(kTasks.size());
  if (path.empty() || path.find('/') != std::string_view::npos) return {};
  return {Route::poll, std::string(path), Entry::main};
}

Order ApiMart::order(Body& body, const Settings& settings) const {
  const Fields fields(body);
  Order order;
  order.model = fields.text("model");
  if (order.model != kExt && order.model != kPreview && !user_accepts(order.model, settings)) {
    invalid(std::string("model must be ") + kExt + " or " + kPreview);
  }
  order.prompt = fields.text("prompt");
  if (order.prompt.empty()) invalid("prompt must not be empty");
  read_videos(order, fields);
  read_duration(order, fields);
  read_resolution(order, fields);
  read_ratio(order, fields);
  read_images(order, fields);
  read_rest(order, fields);
  if (!order.has_reference()) {
    if (order.seconds == 0) order.seconds = kDefaultSeconds;
    if (order.short_side == 0) order.short_side = kDefaultShortSide;
    if (order.aspect_ratio.empty()) order.aspect_ratio = kDefaultRatio;
    order.sound = order.model == kPreview;
  }
  return order;
}

Reply ApiMart::created(const JobView& job, const Target&) const {
  Object object;
  object.add("code", std::int64_t{200});
  object.list_of_one("data",
                     [&](Object& data) { data.add("status", "submitted").add("task_id", job.id); });
  return json(200, object);
}

Reply ApiMart::polled(const JobView& job, const Target&, const Settings& settings) const {
  const bool early = settings.reply == ReplyForm::early && job.state == State::running;
  const std::string& url = early ? job.early_url : job.url;
  const auto video = [&](Object& inner) {
    if (settings.reply == ReplyForm::string) {
      inner.add("url", url);
    } else {
      inner.list_of_one("url", url);
    }
    inner.add("expires_at", job.expires_at);
  };
  Object object;
  object.add("code", std::int64_t{200});
  object.nest("data", [&](Object& data) {
    data.add("id", job.id).add("status", word(job.state));
    // The progress of a failed task returns to 0.
    const int progress = job.state == State::failed ? 0 : job.progress;
    if (settings.progress) data.add("progress", std::int64_t{progress});
    if (!url.empty()) {
      data.nest("result", [&](Object& result) { result.list_of_one("videos", video); });
    }
    if (job.state == State::failed) {
      data.nest("error", [&](Object& error) {
        error.add("code", std::int64_t{500}).add("message", job.error_message);
        error.add("type", job.error_code);
      });
    }
    data.add("created", job.created_at);
    if (job.completed_at > 0) {
      data.add("completed", job.completed_at);
      data.add("actual_time", job.completed_at - job.created_at);
    }
    data.add("estimated_time", static_cast<std::int64_t>(settings.service_time.most));
  });
  return json(200, object);
}

Reply ApiMart::refused(const Refusal& refusal) const {
  const std::string message = refusal.what();
  const char* usual = "invalid_request_error";
  switch (refusal.problem) {
    case Problem::unauthorized:
      return error_reply(401, message, "authentication_error");
    case Problem::malformed:
      return error_reply(400, "the body is not valid JSON: " + message, usual);
    case Problem::body_too_large:
    case Problem::reference_too_large:
      return error_reply(413, message, usual);
    case Problem::busy:
      return error_reply(429, message, "rate_limit_error");
    case Problem::no_task:
    case Problem::no_content:
    case Problem::unknown_path:
      return error_reply(404, "not found: " + message, usual);
    case Problem::no_model:
    case Problem::unknown_model:
    case Problem::invalid:
    case Problem::not_ready:
      break;
  }
  return error_reply(400, message, refusal.code.empty() ? usual : refusal.code);
}

Reply ApiMart::with_status(unsigned status) const {
  switch (status) {
    case 400:
      return error_reply(400, "the request was refused (fault)", "invalid_request_error");
    case 401:
      return error_reply(401, "Invalid token (fault)", "authentication_error");
    case 402:
      return error_reply(402, "Insufficient balance (fault)", "payment_required");
    case 404:
      return error_reply(404, "not found (fault)", "invalid_request_error");
    case 413:
      return error_reply(413, "the request is too large (fault)", "invalid_request_error");
    case 429:
      return error_reply(429, "Rate limit exceeded (fault)", "rate_limit_error");
    default:
      break;
  }
  if (status == 502 || status >= 504) return html_page(status);
  return error_reply(status, "fault " + std::to_string(status),
                     status >= 500 ? "server_error" : "invalid_request_error");
}

}  // namespace

const Dialect& apimart() {
  static const ApiMart dialect;
  return dialect;
}

}  // namespace emu
