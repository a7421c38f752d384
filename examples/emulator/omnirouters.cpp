// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The omnirouters dialect: two create routes, POST /v1/videos and POST /v1/video/generations, each
// with its own poll format, and the newer GET /v1/tasks/{id} with its list of artifacts. It is a
// new-api gateway like octopusx, but accepts other requests, and polls return the body of its
// upstream service.
#include <algorithm>
#include <charconv>

#include "gateway.h"
#include "links.h"

namespace emu {
namespace {

constexpr std::string_view kTasks = "/v1/tasks/";
constexpr unsigned kNoReferenceSeconds = 5;  // if the request may omit it
constexpr unsigned kDefaultShortSide = 720;
constexpr std::size_t kMaxImagesWithVideo = 4;  // Kling

enum class Family { kling, vidu, veo, seedance, hunyuan, other };

struct Model {
  std::string_view name;
  Family family;
  bool videos;  // accepts a reference in the field videos
  unsigned min_seconds, max_seconds;
};

/// The lengths of seedance are undocumented.
constexpr Model kModels[] = {
    {"Kling-3.0-omni", Family::kling, true, 3, 15},
    {"Kling-o1", Family::kling, true, 3, 15},
    {"Kling-3.0", Family::kling, true, 3, 15},
    {"Vidu-q2", Family::vidu, false, 1, 10},
    {"Vidu-q2-pro", Family::vidu, true, 1, 10},
    {"Vidu-q3-mix", Family::vidu, false, 1, 16},
    {"Veo-3.1", Family::veo, true, 8, 8},
    {"doubao-seedance-2-0-260128", Family::seedance, false, 1, 60},
    {"doubao-seedance-2-0-fast-260128", Family::seedance, false, 1, 60},
    {"Hunyuan-3d-scene-2.0", Family::hunyuan, false, 1, 60},
};
/// A model named with --model; nothing is known about it.
constexpr Model kUserModel{"", Family::other, true, 1, 60};

const std::vector<std::string_view> kSwitch{"Enabled", "Disabled"};
const std::vector<std::string_view> kRatios{"16:9", "9:16", "1:1", "4:3", "3:4", "21:9"};
const std::vector<std::string_view> kResolutions{"720p", "1080p"};

const Model& model_named(const std::string& name, const Settings& settings) {
  if (name.empty()) throw Refusal(Problem::no_model, "field model is required");
  for (const Model& model : kModels) {
    if (name == model.name) return model;
  }
  if (user_accepts(name, settings)) return kUserModel;
  throw Refusal(Problem::unknown_model, "No available channel for model " + name);
}

// --- the create request --------------------------------------------------------------------------

void read_seconds(Order& order, const Fields& fields, const Model& model) {
  const bool required = model.family != Family::hunyuan && model.family != Family::other;
  if (!fields.has("seconds")) {
    if (required) invalid("field seconds is required");
    return;
  }
  const std::string text = fields.text("seconds");
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) {
    invalid("field seconds must be a positive integer");
  }
  if (value < model.min_seconds || value > model.max_seconds) {
    const std::string least = std::to_string(model.min_seconds);
    const std::string range = model.min_seconds == model.max_seconds
                                  ? least
                                  : least + " to " + std::to_string(model.max_seconds);
    invalid("unsupported seconds \"" + text + "\" for " + order.model +
            ", available values: " + range);
  }
  order.seconds = value;
}

void read_resolution(Order& order, const Fields& fields, const std::optional<Fields>& metadata,
                     const Model& model) {
  order.resolution = fields.word("resolution", kResolutions);
  if (order.resolution.empty() && metadata) {
    order.resolution = metadata->word("resolution", kResolutions);
  }
  const bool priced =
      model.family == Family::kling || model.family == Family::vidu || model.family == Family::veo;
  if (order.resolution.empty() && priced) invalid("field resolution is required");
  if (!order.resolution.empty()) order.short_side = order.resolution == "1080p" ? 1080 : 720;
}

void read_ratio(Order& order, const Fields& fields, const std::optional<Fields>& metadata) {
  order.aspect_ratio = fields.word("aspect_ratio", kRatios);
  if (!metadata) return;
  if (order.aspect_ratio.empty()) order.aspect_ratio = metadata->word("aspect_ratio", kRatios);
  if (!order.aspect_ratio.empty() || metadata->text("ratio") == "adaptive") return;
  order.aspect_ratio = metadata->word("ratio", kRatios);
}

void use_reference(Order& order, const std::string& url) {
  if (order.reference_url.empty()) {
    order.reference_url = url;
  } else {
    order.notes.emplace_back("the emulator uses the first reference video only");
  }
}

void read_videos(Order& order, const Fields& fields, const Model& model) {
  const std::vector<std::string> videos = fields.texts("videos");
  if (videos.empty()) return;
  if (!model.videos) {
    std::vector<std::string_view> able;
    for (const Model& one : kModels) {
      if (one.videos) able.push_back(one.name);
    }
    invalid("videos is only supported for " + joined(able));
  }
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (!is_http(videos[i])) {
      invalid("field videos[" + std::to_string(i) + "] must be an http(s) URL");
    }
    use_reference(order, videos[i]);
  }
  if (model.family == Family::kling && order.prompt.find("<<<video_1>>>") == std::string::npos) {
    order.notes.emplace_back("the prompt does not mention <<<video_1>>>, as the documents' do");
  }
}

/// The types of reference that the examples show for a family.
std::vector<std::string_view> reference_types(Family family) {
  if (family == Family::kling) return {"feature", "base"};
  if (family == Family::veo) return {"asset", "style"};
  return {"feature", "base", "asset", "style"};
}

void read_images(Order& order, const Fields& fields, const Model& model) {
  constexpr auto kForms = ImageForms::address;
  const std::string first = fields.text("firstframe"), last = fields.text("lastframe");
  if (!first.empty()) add_image(order, "firstframe", first, kForms, ImageInput::Role::first);
  if (!last.empty()) add_image(order, "lastframe", last, kForms, ImageInput::Role::last);
  add_images(order, fields, "images", kForms);
  for (const Fields& subject : fields.objects("subject_infos")) {
    if (subject.text("id").empty()) invalid("field " + subject.full("id") + " is required");
    subject.text("name");
    add_images(order, subject, "image_urls", kForms);
  }
  const std::size_t count = fields.texts("images").size();
  if (model.family == Family::kling && order.has_reference() && count > kMaxImagesWithVideo) {
    invalid("field images takes at most 4 together with videos, got " + std::to_string(count));
  }
}

/// One item of metadata.content, seedance's own list of references.
void read_content_item(Order& order, const Fields& item) {
  const std::string type = item.word("type", {"text", "image_url", "video_url", "audio_url"});
  if (type.empty()) invalid("field " + item.full("type") + " is required");
  const std::string role = item.word("role", {"reference_image", "first_frame", "last_frame",
                                              "reference_video", "reference_audio"});
  if (type == "text") {
    item.text("text");
    return;
  }
  const std::optional<Fields> holder = item.object(type.c_str());
  const std::string url = holder ? holder->text("url") : std::string();
  const std::string name = item.full(type.c_str()) + ".url";
  if (!is_http(url)) invalid("field " + name + " must be an http(s) URL");
  if (type == "video_url") {
    if (role != "reference_video")
      invalid("field " + item.full("role") + " must be reference_video");
    use_reference(order, url);
  } else if (type == "image_url") {
    const auto place = role == "first_frame"  ? ImageInput::Role::first
                       : role == "last_frame" ? ImageInput::Role::last
                                              : ImageInput::Role::reference;
    add_image(order, name, url, ImageForms::address, place);
  } else {
    order.notes.emplace_back("the emulator does not use reference sounds");
  }
}

void read_metadata(Order& order, const Fields& metadata, const Model& model) {
  const std::string unknown = metadata.unknown(
      {"resolution", "content", "generate_audio", "ratio", "watermark", "aspect_ratio",
       "scene_type", "ext_info", "vidu_q2_object_ids", "vidu_q2_voice_map", "output_config"});
  if (!unknown.empty() && model.family != Family::other) {
    invalid("unknown metadata field \"" + unknown + "\"");
  }
  metadata.flag("watermark");
  metadata.text("scene_type");
  metadata.object("ext_info");
  metadata.texts("vidu_q2_object_ids");
  metadata.object("vidu_q2_voice_map");
  if (metadata.flag("generate_audio")) order.sound = true;
  if (const auto config = metadata.object("output_config")) {
    if (config->word("AudioGeneration", kSwitch) == "Enabled") order.sound = true;
  }
  const std::vector<Fields> content = metadata.objects("content");
  if (!content.empty() && model.family != Family::seedance && model.family != Family::other) {
    invalid("metadata.content is not supported for " + order.model);
  }
  for (const Fields& item : content) read_content_item(order, item);
}

void read_words(Order& order, const Fields& fields, const Model& model) {
  fields.word("input_region", {"Mainland", "Oversea"});
  fields.word("video_reference_type", reference_types(model.family));
  fields.text("image_usage");
  const bool audio = fields.word("audio_generation", kSwitch) == "Enabled";
  const bool music = fields.word("enable_bgm", kSwitch) == "Enabled";
  order.sound = order.sound || audio || music;
  order.mute = fields.word("keep_original_sound", kSwitch) == "Disabled";
}

// --- replies -------------------------------------------------------------------------------------

void add_error(Object& object, const JobView& job) {
  if (job.state != State::failed) return;
  object.nest("error", [&](Object& error) {
    error.add("code", job.error_code).add("message", job.error_message);
  });
}

void add_address(Object& object, const JobView& job, ReplyForm form) {
  if (job.url.empty()) return;
  switch (form) {
    case ReplyForm::urls:
      object.list_of_one("urls", job.url);
      return;
    case ReplyForm::output:
      object.nest("output", [&](Object& output) {
        output.list_of_one("file_infos", [&](Object& file) {
          file.add("file_type", "video").add("file_url", job.url);
        });
      });
      return;
    case ReplyForm::result:
      object.nest("result", [&](Object& result) { result.add("url", job.url); });
      return;
    default:
      object.add("video_url", job.url);
  }
}

/// The upstream service's own words and id.
void add_upstream(Object& object, const JobView& job, const std::string& id,
                  const Settings& settings) {
  object.add("id", id).add("task_id", job.upstream_id).add("object", "video");
  object.add("model", job.model).add("status", upstream_word(job.state));
  if (settings.progress) object.add("progress", std::int64_t{job.progress});
  object.add("created_at", job.created_at);
  if (job.completed_at > 0) object.add("completed_at", job.completed_at);
  if (job.seconds > 0) object.add("seconds", std::to_string(job.seconds));
  add_address(object, job, settings.reply);
  add_error(object, job);
}

/// The body of the upstream service, with the gateway's id.
Reply flat(const JobView& job, const Settings& settings) {
  Object object;
  if (settings.reply == ReplyForm::bare && job.polls == 0) {
    object.add("id", job.id);
  } else {
    add_upstream(object, job, job.id, settings);
  }
  return json(200, object);
}

Reply wrapped(const JobView& job, const Settings& settings) {
  Object object;
  object.add("code", "success").add("message", "");
  object.nest("data", [&](Object& data) {
    data.add("id", std::int64_t{1}).add("created_at", job.created_at);
    data.add("updated_at", std::max(job.created_at, job.completed_at)).add("task_id", job.id);
    data.add("platform", "55").add("user_id", std::int64_t{1}).add("group", "default");
    data.add("channel_id", std::int64_t{0}).add("quota", std::int64_t{1});
    data.add("action", "generate").add("status", gateway_word(job.state));
    data.add("fail_reason", job.error_message);
    // The gateway puts the failure's text where the URL would be.
    data.add("result_url", job.state == State::failed ? job.error_message : job.url);
    data.add("submit_time", job.created_at).add("start_time", job.started_at);
    data.add("finish_time", job.completed_at);
    if (settings.progress) data.add("progress", std::to_string(job.progress) + "%");
    data.nest("properties", [&](Object& inner) { inner.add("input", job.prompt); });
    data.nest("data", [&](Object& inner) { add_upstream(inner, job, job.upstream_id, settings); });
  });
  return json(200, object);
}

Reply newer_task(const JobView& job, const Settings& settings) {
  Object object;
  object.add("task_id", job.id).add("platform", "1").add("status", gateway_word(job.state));
  if (settings.progress) object.add("progress", std::to_string(job.progress) + "%");
  object.add("fail_reason", job.error_message).add("created_at", job.created_at);
  if (job.completed_at > 0) object.add("finished_at", job.completed_at);
  return json(200, object);
}

class OmniRouters final : public Gateway {
 public:
  const char* name() const override { return "omnirouters"; }
  std::string new_id() const override {
    return "task_" +
           random_text(32, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
  }
  Target route(std::string_view method, std::string_view path) const override;
  Order order(Body& body, const Settings& settings) const override;
  Reply created(const JobView& job, const Target& target) const override;
  Reply polled(const JobView& job, const Target& target, const Settings& settings) const override;
  Reply artifacts(const JobView& job) const override;
};

Target OmniRouters::route(std::string_view method, std::string_view path) const {
  if (!path.starts_with(kTasks)) return Gateway::route(method, path);
  if (method != "GET" && method != "HEAD") return {};
  path.remove_prefix(kTasks.size());
  const auto slash = path.find('/');
  const std::string id(path.substr(0, slash));
  const std::string_view rest = slash == std::string_view::npos ? "" : path.substr(slash);
  if (id.empty()) return {};
  if (rest.empty()) return {Route::poll, id, Entry::tasks};
  if (rest == "/artifacts") return {Route::artifacts, id, Entry::tasks};
  if (rest == "/artifacts/video/content") return {Route::artifact, id, Entry::tasks};
  return {};
}

Order OmniRouters::order(Body& body, const Settings& settings) const {
  const Fields fields(body);
  Order order;
  order.model = fields.text("model");
  const Model& model = model_named(order.model, settings);
  order.prompt = fields.text("prompt");
  if (order.prompt.empty()) invalid("field prompt is required");
  const std::optional<Fields> metadata = fields.object("metadata");
  read_resolution(order, fields, metadata, model);
  read_seconds(order, fields, model);
  read_ratio(order, fields, metadata);
  if (metadata) read_metadata(order, *metadata, model);
  read_videos(order, fields, model);
  read_images(order, fields, model);
  read_words(order, fields, model);
  if (!order.has_reference()) {
    if (order.seconds == 0) order.seconds = kNoReferenceSeconds;
    if (order.short_side == 0) order.short_side = kDefaultShortSide;
  }
  return order;
}

Reply OmniRouters::created(const JobView& job, const Target& target) const {
  Object object;
  object.add("id", job.id).add("task_id", job.id);
  if (target.entry == Entry::main) object.add("object", "video");
  object.add("model", job.model).add("status", "queued");
  if (target.entry == Entry::main) object.add("progress", std::int64_t{0});
  object.add("created_at", job.created_at);
  return json(200, object);
}

Reply OmniRouters::polled(const JobView& job, const Target& target,
                          const Settings& settings) const {
  if (target.entry == Entry::tasks || settings.reply == ReplyForm::artifacts) {
    return newer_task(job, settings);
  }
  if (target.entry == Entry::wrapped || settings.reply == ReplyForm::wrapped) {
    return wrapped(job, settings);
  }
  return flat(job, settings);
}

Reply OmniRouters::artifacts(const JobView& job) const {
  const auto fill = [&](Object& artifact) {
    artifact.add("key", "video").add("type", "video").add("mime_type", "video/mp4");
    artifact.add("content_url", job.artifact_url);
  };
  Object object;
  object.add("task_id", job.id);
  if (job.state == State::completed) {
    object.list_of_one("artifacts", fill);
  } else {
    object.empty_list("artifacts");
  }
  return json(200, object);
}

}  // namespace

const Dialect& omnirouters() {
  static const OmniRouters dialect;
  return dialect;
}

}  // namespace emu
