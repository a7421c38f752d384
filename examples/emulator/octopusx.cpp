// The octopusx dialect: POST /v1/videos, GET /v1/videos/{id}, GET /v1/videos/{id}/content, and the
// older "unified" entry /v1/video/generations. The service is a new-api gateway; so are its errors.
#include <charconv>
#include <functional>

#include "dialect.h"

namespace emu {
namespace {

constexpr std::string_view kVideos = "/v1/videos";
constexpr std::string_view kGenerations = "/v1/video/generations";
constexpr const char* kV2vModel = "omni-fast-v2v";
constexpr const char* kT2vModel = "omni-fast";
constexpr unsigned kMinSeconds = 4, kMaxSeconds = 30;
constexpr std::size_t kMaxImages = 5;

// --- replies -------------------------------------------------------------------------------------

/// Builds a JSON object member by member.
class Object {
 public:
  Object() : builder_(omni::ObjectPtr<JsonBuilder>::adopt(json_builder_new())) {
    json_builder_begin_object(builder_.get());
  }
  Object& add(const char* name, const std::string& value) {
    json_builder_set_member_name(builder_.get(), name);
    const omni::CharPtr valid(g_utf8_make_valid(value.data(), static_cast<gssize>(value.size())));
    json_builder_add_string_value(builder_.get(), valid.get());
    return *this;
  }
  Object& add(const char* name, std::int64_t value) {
    json_builder_set_member_name(builder_.get(), name);
    json_builder_add_int_value(builder_.get(), value);
    return *this;
  }
  Object& null(const char* name) {
    json_builder_set_member_name(builder_.get(), name);
    json_builder_add_null_value(builder_.get());
    return *this;
  }
  Object& nest(const char* name, const std::function<void(Object&)>& fill) {
    json_builder_set_member_name(builder_.get(), name);
    json_builder_begin_object(builder_.get());
    fill(*this);
    json_builder_end_object(builder_.get());
    return *this;
  }
  Object& list_of_one(const char* name, const std::function<void(Object&)>& fill) {
    json_builder_set_member_name(builder_.get(), name);
    json_builder_begin_array(builder_.get());
    json_builder_begin_object(builder_.get());
    fill(*this);
    json_builder_end_object(builder_.get());
    json_builder_end_array(builder_.get());
    return *this;
  }
  std::string text() {
    json_builder_end_object(builder_.get());
    JsonNode* root = json_builder_get_root(builder_.get());
    const omni::CharPtr text(json_to_string(root, FALSE));
    json_node_unref(root);
    return text.get();
  }

 private:
  omni::ObjectPtr<JsonBuilder> builder_;
};

Reply json(unsigned status, Object& object) {
  return {.status = status, .text = object.text(), .headers = {}};
}

/// The gateway's two forms of errors: the relay's and the task's.
Reply relay_error(unsigned status, const std::string& message, const char* type,
                  const char* code = nullptr) {
  Object object;
  object.nest("error", [&](Object& error) {
    error.add("message", message).add("type", std::string(type));
    if (code) error.add("code", std::string(code));
  });
  return json(status, object);
}

Reply task_error(unsigned status, const char* code, const std::string& message) {
  Object object;
  object.add("code", std::string(code)).add("message", message).null("data");
  return json(status, object);
}

Reply html_page(unsigned status) {
  const std::string title =
      std::to_string(status) + (status == 504 ? " Gateway Time-out" : " Error");
  return {.status = status,
          .text = "<html><head><title>" + title + "</title></head><body><center><h1>" + title +
                  "</h1></center></body></html>\n",
          .type = "text/html",
          .headers = {}};
}

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
  object.add("id", job.id).add("task_id", job.id).add("object", std::string("video"));
  object.add("model", job.model).add("status", std::string(word(job.state)));
  if (settings.progress) object.add("progress", std::int64_t{job.progress});
  object.add("created_at", job.created_at).add("completed_at", job.completed_at);
  object.add("expires_at", job.expires_at);
  if (job.seconds > 0) object.add("seconds", std::to_string(job.seconds));
  object.add("size", job.width ? std::to_string(job.width) + "x" + std::to_string(job.height) : "");
  object.add("remixed_from_video_id", std::string());
  // A healthy task carries an error of empty strings: that is how the service documents it.
  object.nest("error", [&](Object& error) {
    error.add("message", job.error_message).add("code", job.error_code);
  });
  const auto url = [&](Object& inner) { inner.add("url", job.url); };
  object.add("video_url", settings.reply == ReplyForm::video_url ? job.url : std::string());
  if (settings.reply == ReplyForm::data && !job.url.empty()) object.list_of_one("data", url);
  if (settings.reply == ReplyForm::metadata) {
    // The gateway shows the failure's text where the address would stand.
    object.nest("metadata", [&](Object& inner) {
      inner.add("url", job.state == State::failed ? job.error_message : job.url);
    });
  }
  return json(200, object);
}

Reply task_form(const JobView& job) {
  static constexpr const char* kWords[] = {"queued", "processing", "succeeded", "failed"};
  Object object;
  object.add("code", std::string("success")).add("message", std::string());
  object.nest("data", [&](Object& data) {
    data.add("task_id", job.id).add("status", std::string(kWords[static_cast<int>(job.state)]));
    data.add("url", job.url).add("format", std::string("mp4")).null("metadata");
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
  static constexpr const char* kOuter[] = {"QUEUED", "IN_PROGRESS", "SUCCESS", "FAILURE"};
  static constexpr const char* kInner[] = {"queued", "processing", "succeeded", "failed"};
  const int at = static_cast<int>(job.state);
  Object object;
  object.add("code", std::string("success")).add("message", std::string());
  object.nest("data", [&](Object& data) {
    data.add("id", std::int64_t{1}).add("task_id", job.id).add("action", std::string("generate"));
    data.add("status", std::string(kOuter[at])).add("fail_reason", job.error_message);
    if (settings.reply == ReplyForm::dto) {
      data.add("result_url", job.state == State::failed ? job.error_message : job.url);
    }
    data.add("submit_time", job.created_at).add("finish_time", job.completed_at);
    if (settings.progress) data.add("progress", std::to_string(job.progress) + "%");
    data.nest("data", [&](Object& inner) {
      inner.add("status", std::string(kInner[at]));
      inner.nest("content", [&](Object& content) {
        if (settings.reply == ReplyForm::nested && !job.url.empty())
          content.add("video_url", job.url);
      });
    });
  });
  return json(200, object);
}

// --- the create request --------------------------------------------------------------------------

[[noreturn]] void invalid(const std::string& message) {
  throw Refusal(Problem::invalid, message);
}

bool is_string(JsonNode* node) {
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

std::string optional_text(Body& body, const char* name) {
  JsonNode* node = body.member(name);
  if (!node) return {};
  if (!is_string(node)) invalid(std::string("field ") + name + " must be a string");
  const std::span<char> text = body.text(node);
  return {text.begin(), text.end()};
}

unsigned read_seconds(Body& body) {
  JsonNode* node = body.member("seconds");
  if (!node) return 0;
  std::int64_t value = 0;
  if (is_string(node)) {
    const std::span<char> text = body.text(node);
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

bool is_http(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

/// The reference is in the first of three fields that is there; the others are ignored.
void read_reference(Order& order, Body& body) {
  for (const char* name : {"video", "video_url", "input_video"}) {
    JsonNode* node = body.member(name);
    if (!node) continue;
    if (!is_string(node)) invalid(std::string("field ") + name + " must be a string");
    const std::span<char> text = body.text(node);
    const std::string_view view(text.data(), text.size());
    if (view.empty()) continue;
    static constexpr std::string_view kPrefix = "data:video/mp4;base64,";
    if (is_http(view)) {
      order.reference_url = view;
    } else if (view.starts_with(kPrefix)) {
      try {
        order.reference = decode_base64(text.subspan(kPrefix.size()));
      } catch (const BadBody& error) {
        invalid(std::string("field ") + name + ": " + error.what());
      }
    } else {
      invalid(std::string("field ") + name + " must be an http(s) URL or " + std::string(kPrefix) +
              "...");
    }
    if (order.reference.size() > kMaxReferenceBytes) {
      throw Refusal(Problem::reference_too_large,
                    "the reference video is " + std::to_string(order.reference.size()) +
                        " bytes, at most " + std::to_string(kMaxReferenceBytes) + " are allowed");
    }
    return;
  }
}

void check_image(const std::string& name, std::string_view value) {
  if (!is_http(value) && !value.starts_with("data:image/")) {
    invalid("field " + name + " must be an http(s) URL or data:image/...");
  }
}

/// Images are checked and then left alone: the looks have no use for them.
void check_images(Body& body) {
  const std::string first = optional_text(body, "first_image_url");
  const std::string last = optional_text(body, "last_image_url");
  if (!first.empty()) check_image("first_image_url", first);
  if (!last.empty()) check_image("last_image_url", last);
  if (first.empty() && !last.empty()) invalid("field last_image_url needs first_image_url");
  JsonNode* node = body.member("images");
  if (!node) return;
  if (!JSON_NODE_HOLDS_ARRAY(node)) invalid("field images must be an array of strings");
  JsonArray* images = json_node_get_array(node);
  const guint count = json_array_get_length(images);
  if (count > kMaxImages) invalid("field images takes at most 5, got " + std::to_string(count));
  for (guint i = 0; i < count; ++i) {
    JsonNode* image = json_array_get_element(images, i);
    if (!is_string(image)) invalid("field images must be an array of strings");
    const std::span<char> text = body.text(image);
    check_image("images", {text.data(), text.size()});
  }
}

void check_model(const Order& order, const Settings& settings) {
  if (order.model.empty()) throw Refusal(Problem::no_model, "field model is required");
  if (order.model == kV2vModel || order.model == kT2vModel) return;
  for (const std::string& model : settings.models) {
    if (model == "any" || model == order.model) return;
  }
  throw Refusal(Problem::unknown_model, "No available channel for model " + order.model);
}

class OctopusX final : public Dialect {
 public:
  const char* name() const override { return "octopusx"; }
  Target route(std::string_view method, std::string_view path) const override;
  Order order(Body& body, const Settings& settings) const override;
  Reply created(const JobView& job, const Target& target) const override;
  Reply polled(const JobView& job, const Target& target, const Settings& settings) const override;
  Reply refused(Problem problem, const std::string& message) const override;
  Reply with_status(unsigned status) const override;
};

Target OctopusX::route(std::string_view method, std::string_view path) const {
  const bool wrapped = path.starts_with(kGenerations);
  const std::string_view base = wrapped ? kGenerations : kVideos;
  if (!path.starts_with(base)) return {};
  std::string_view rest = path.substr(base.size());
  if (rest.empty()) {
    return method == "POST" ? Target{Route::create, {}, wrapped} : Target{};
  }
  if (rest.front() != '/' || (method != "GET" && method != "HEAD")) return {};
  rest.remove_prefix(1);
  const bool content = !wrapped && rest.ends_with("/content");
  if (content) rest.remove_suffix(std::string_view("/content").size());
  if (rest.empty() || rest.find('/') != std::string_view::npos) return {};
  return {content ? Route::content : Route::poll, std::string(rest), wrapped};
}

Order OctopusX::order(Body& body, const Settings& settings) const {
  Order order;
  order.model = optional_text(body, "model");
  check_model(order, settings);
  order.prompt = optional_text(body, "prompt");
  if (order.prompt.empty()) invalid("field prompt is required");
  order.seconds = read_seconds(body);
  order.aspect_ratio = optional_text(body, "aspect_ratio");
  if (!order.aspect_ratio.empty() && order.aspect_ratio != "16:9" && order.aspect_ratio != "9:16") {
    invalid("unsupported aspect_ratio \"" + order.aspect_ratio +
            "\", available values: 16:9, 9:16");
  }
  order.resolution = optional_text(body, "resolution");
  order.short_side = read_resolution(order.resolution);
  check_images(body);
  read_reference(order, body);
  const bool has_reference = !order.reference.empty() || !order.reference_url.empty();
  if (has_reference && order.model == kT2vModel) {
    invalid("omni-fast does not support a reference video; use omni-fast-v2v");
  }
  if (!has_reference && order.model == kV2vModel) {
    invalid("field video is required; without a reference video use omni-fast");
  }
  return order;
}

Reply OctopusX::created(const JobView& job, const Target&) const {
  Object object;
  object.add("id", job.id).add("task_id", job.id).add("object", std::string("video"));
  object.add("model", job.model)
      .add("status", std::string("queued"))
      .add("progress", std::int64_t{0});
  object.add("created_at", job.created_at).add("video_url", std::string());
  return json(200, object);
}

Reply OctopusX::polled(const JobView& job, const Target& target, const Settings& settings) const {
  if (settings.reply == ReplyForm::dto || settings.reply == ReplyForm::nested) {
    return dto_form(job, settings);
  }
  if (target.wrapped || settings.reply == ReplyForm::task) return task_form(job);
  return flat(job, settings);
}

Reply OctopusX::refused(Problem problem, const std::string& message) const {
  switch (problem) {
    case Problem::unauthorized:
      return relay_error(401, message + " (request id: emulated)", "new_api_error", "");
    case Problem::malformed:
    case Problem::no_model:
      return relay_error(400, message, "new_api_error", "");
    case Problem::unknown_model:
      return relay_error(503, message, "new_api_error", "model_not_found");
    case Problem::invalid:
      return task_error(400, "invalid_request", message);
    case Problem::body_too_large:
      return task_error(413, "read_request_body_failed", message);
    case Problem::reference_too_large:
      return task_error(413, "invalid_request", message);
    case Problem::busy:
      return task_error(429, "fail_to_fetch_task", message);
    case Problem::no_task:
      return task_error(400, "task_not_exist", "task_not_exist");
    case Problem::no_content:
      return relay_error(404, "Task not found", "invalid_request_error");
    case Problem::not_ready:
      return relay_error(400, "Task is not completed yet, current status: " + message,
                         "invalid_request_error");
    case Problem::unknown_path:
      break;
  }
  Object object;
  object.nest("error", [&](Object& error) {
    error.add("message", "Invalid URL (" + message + ")");
    error.add("type", std::string("invalid_request_error"));
    error.add("param", std::string()).add("code", std::string());
  });
  return json(404, object);
}

Reply OctopusX::with_status(unsigned status) const {
  switch (status) {
    case 400:
      return task_error(400, "invalid_request", "the request was refused (fault)");
    case 401:
      return relay_error(401, "Invalid token (request id: emulated)", "new_api_error", "");
    case 402:
      return relay_error(402, "Insufficient balance (fault)", "new_api_error", "payment_required");
    case 403:
      return task_error(403, "insufficient_user_quota", "user quota is not enough (fault)");
    case 404:
      return relay_error(404, "Task not found", "invalid_request_error");
    case 413:
      return task_error(413, "read_request_body_failed", "http: request body too large");
    case 429:
      return task_error(429, "fail_to_fetch_task", "upstream load saturated, retry later (fault)");
    case 500:
      return task_error(500, "unmarshal_response_body_failed", "unreadable upstream reply (fault)");
    case 501:
      return task_error(501, "not_implemented", "not_implemented:video");
    case 502:
      return relay_error(502, "upstream trouble (fault)", "server_error");
    case 503:
      return relay_error(503, "No available channel for this model (fault)", "new_api_error",
                         "model_not_found");
    default:
      break;
  }
  if (status >= 504) return html_page(status);
  return relay_error(status, "fault " + std::to_string(status), "new_api_error", "");
}

}  // namespace

const Dialect& octopusx() {
  static const OctopusX dialect;
  return dialect;
}

}  // namespace emu
