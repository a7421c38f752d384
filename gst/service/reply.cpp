// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One parser for the replies of all services. Every location and word that it knows was seen in a
// deployed service or in its documentation; new ones are added to the tables at the top.
#include "service/reply.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "service/json.h"

namespace omni {
namespace {

constexpr std::size_t kMaxUrls = 16;
constexpr std::size_t kMaxUrlLength = 16 * 1024;  // of http(s) URLs and paths
constexpr std::size_t kMaxIdLength = 512;
constexpr std::size_t kMaxCodeLength = 256;
constexpr std::size_t kMaxTextLength = 64 * 1024;  // of what is shown or compared

struct Word {
  const char* text;
  TaskState state;
};
/// OpenAI and new-api, Kling, Vidu, Runway (THROTTLED), fal (IN_QUEUE), Replicate (aborted), Black
/// Forest Labs (Ready, Request Moderated), and their like.
constexpr std::array kWords = {
    Word{"queued", TaskState::pending},
    Word{"queueing", TaskState::pending},
    Word{"queuing", TaskState::pending},
    Word{"in_queue", TaskState::pending},
    Word{"pending", TaskState::pending},
    Word{"submitted", TaskState::pending},
    Word{"not_start", TaskState::pending},
    Word{"not_started", TaskState::pending},
    Word{"notstarted", TaskState::pending},
    Word{"created", TaskState::pending},
    Word{"starting", TaskState::pending},
    Word{"preparing", TaskState::pending},
    Word{"waiting", TaskState::pending},
    Word{"scheduled", TaskState::pending},
    Word{"accepted", TaskState::pending},
    Word{"initializing", TaskState::pending},
    Word{"throttled", TaskState::pending},
    Word{"unknown", TaskState::pending},
    Word{"", TaskState::pending},
    Word{"in_progress", TaskState::running},
    Word{"inprogress", TaskState::running},
    Word{"processing", TaskState::running},
    Word{"running", TaskState::running},
    Word{"generating", TaskState::running},
    Word{"rendering", TaskState::running},
    Word{"working", TaskState::running},
    Word{"started", TaskState::running},
    Word{"uploading", TaskState::running},
    Word{"active", TaskState::running},
    Word{"completed", TaskState::done},
    Word{"complete", TaskState::done},
    Word{"succeeded", TaskState::done},
    Word{"succeed", TaskState::done},
    Word{"success", TaskState::done},
    Word{"finished", TaskState::done},
    Word{"done", TaskState::done},
    Word{"failed", TaskState::failed},
    Word{"fail", TaskState::failed},
    Word{"failure", TaskState::failed},
    Word{"error", TaskState::failed},
    Word{"cancelled", TaskState::failed},
    Word{"canceled", TaskState::failed},
    Word{"expired", TaskState::failed},
    Word{"timeout", TaskState::failed},
    Word{"timed_out", TaskState::failed},
    Word{"rejected", TaskState::failed},
    Word{"aborted", TaskState::failed},
    Word{"terminated", TaskState::failed},
    Word{"interrupted", TaskState::failed},
    Word{"incomplete", TaskState::failed},
    Word{"deleted", TaskState::failed},
    Word{"removed", TaskState::failed},
    Word{"blocked", TaskState::failed},
    Word{"denied", TaskState::failed},
    Word{"nsfw", TaskState::failed},
    Word{"moderated", TaskState::failed},
    Word{"moderation_failed", TaskState::failed},
    Word{"content_moderated", TaskState::failed},
    Word{"request_moderated", TaskState::failed},
    Word{"content_filtered", TaskState::failed},
    Word{"request_failed", TaskState::failed},
    Word{"task_failed", TaskState::failed},
};

/// Where result URLs were seen, best first. Looked up from the root, from the task, and from a body
/// nested in the task. At the end of a path a string, an array of these, or of objects is taken.
/// "video" and "videos" alone are not in it: some services repeat the request there.
constexpr std::array kUrlPaths = {
    "result.videos",  // APIMart
    "data.result.videos",
    "video_url",
    "url",
    "urls",
    "data.result_url",
    "data.video_url",
    "data.url",
    "data.urls",
    "data[0].url",
    "data[0].video_url",
    "result.video_url",
    "result.url",
    "result.urls",
    "result.data",
    "output.video_url",
    "output.url",
    "output.urls",
    "output.file_infos",  // Tencent, GeekNow
    "output",
    "result",
    "metadata.url",  // new-api
    "metadata.result_url",
    "result_url",
    "content.video_url",
    "meta_data.url",  // JuheAPI
    "response.resultUrls",
    "resultUrls",
    "files",
    "artifacts",
    "content_url",
    "task_result.videos",  // Kling
    "creations",           // Vidu
    "video.url",           // xAI
    "video.uri",
    "unsigned_urls",  // OpenRouter
    "video_result",
    "outputs",
    "output_url",
    "download_url",
    "data_url",  // Mixroute
    "response.videos",
    "response.generateVideoResponse.generatedSamples",
    "data",
    "fail_reason",
};
/// The member of an object in such an array that holds the URL.
constexpr std::array kUrlMembers = {"url",         "video_url",    "file_url",
                                    "content_url", "download_url", "uri"};
/// JSON in a string, in which to look once more: kie.ai.
constexpr std::array kJsonTexts = {"resultJson", "result_json"};
/// The result itself: Mixroute, OpenAI's shape for images, Vertex.
constexpr std::array kBase64Members = {"b64_json", "base64", "bytesBase64Encoded"};

/// Where error texts were seen, in a task and in an envelope.
constexpr std::array kErrorPaths = {
    "error",
    "fail_reason",
    "error_message",
    "message",
    "msg",
    "err",
    "error_msg",
    "detail",
    "header.message",
    "response.error",
    "data.error",
    "task_status_msg",       // Kling
    "base_resp.status_msg",  // MiniMax
    "failMsg",               // kie.ai
};
/// Where its code was seen. Of several, the one that says most comes first: Vidu puts its word into
/// `reason` or `err_code`, beside an HTTP status in `code`.
constexpr std::array kCodePaths = {
    "error.code", "error.type", "err_code", "reason", "code", "error_code", "base_resp.status_code",
    "failCode",
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = g_ascii_tolower(c);
  return result;
}

bool is_object(JsonNode* node) {
  return node && JSON_NODE_HOLDS_OBJECT(node);
}
bool is_array(JsonNode* node) {
  return node && JSON_NODE_HOLDS_ARRAY(node);
}
bool is_string(JsonNode* node) {
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}
bool is_number(JsonNode* node) {
  return node && JSON_NODE_HOLDS_VALUE(node) && !is_string(node) && as_number(node).has_value();
}

std::string string_at(JsonNode* node) {
  return is_string(node) ? as_text(node).value_or("") : "";
}

/// A reply may hold a whole video, in any place.
std::string short_text(std::string text) {
  if (text.size() > kMaxTextLength) text.resize(kMaxTextLength);
  return text;
}

/// A reply's outermost object, and the object in it that tells about the task (often the same).
struct Body {
  JsonNode* root = nullptr;
  JsonNode* task = nullptr;
};

/// Some put what they say into an array.
JsonNode* outermost(JsonNode* node) {
  return is_array(node) ? at_path(node, "[0]") : node;
}

/// An array under `data` holds the task in a create reply of one service, and result URLs in a poll
/// reply of another; only the former has an id or a status.
Body unwrap(JsonNode* root) {
  JsonNode* data = member(root, "data");
  if (is_object(data)) return {root, data};
  JsonNode* first = at_path(data, "[0]");
  for (const char* name : {"task_id", "taskId", "id", "status"}) {
    if (member(first, name)) return {root, first};
  }
  return {root, root};
}

// --- status ---

struct Status {
  bool present = false;  // as a word, not as a number
  std::string word;
  TaskState state = TaskState::running;
  bool known = false;
};

/// Numbers are ignored: their meaning differs, and the same member may hold an HTTP status.
Status read_status(JsonNode* node) {
  Status status;
  for (const char* name : {"status", "task_status", "state"}) {
    JsonNode* found = member(node, name);
    const auto text = as_text(found);
    if (!text) continue;
    status.present = is_string(found);
    status.word = short_text(*text);
    break;
  }
  if (!status.present) return status;
  std::string word = lower(status.word);
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c == '-' || c == ' '; }, '_');
  const auto known =
      std::find_if(kWords.begin(), kWords.end(), [&](const Word& one) { return word == one.text; });
  if (known == kWords.end()) return status;
  status.known = true;
  status.state = known->state;
  return status;
}

Status status_of(const Body& body, ReplyKind kind) {
  Status status = read_status(body.task);
  if (status.present || body.task == body.root) return status;
  Status outer = read_status(body.root);
  // "success" around the task of a create reply refers to the call: nothing is done yet.
  if (kind == ReplyKind::create && outer.state == TaskState::done) return status;
  return outer.present ? outer : status;
}

// --- error text and code ---

std::string text_of(JsonNode* node, int depth) {
  if (depth == 0 || !node) return {};
  if (is_array(node)) return text_of(at_path(node, "[0]"), depth - 1);
  if (!is_object(node)) return short_text(string_at(node));
  for (const char* name : {"message", "msg", "detail", "error"}) {
    std::string text = text_of(member(node, name), depth - 1);
    if (!text.empty()) return text;
  }
  return {};
}

/// A wrapper's "success" around a failed task is not the reason for the failure.
bool is_polite(const std::string& text) {
  const std::string word = lower(text);
  return word == "success" || word == "ok" || word == "succeeded" || word == "succeed" ||
         word == "成功" || word == "操作成功";
}

std::string error_text(const Body& body) {
  for (const char* path : kErrorPaths) {
    for (JsonNode* node : {body.root, body.task}) {
      std::string text = text_of(at_path(node, path), 4);
      if (!text.empty() && !is_polite(text)) return text;
    }
  }
  return {};
}

bool is_fine(JsonNode* code) {
  const std::string text = lower(as_text(code).value_or(""));
  if (is_number(code)) {
    const double number = *as_number(code);
    return number == 0 || (number >= 200 && number < 300) || number == 20000;
  }
  for (const char* fine : {"", "success", "ok", "0", "200", "20000"}) {
    if (text == fine) return true;
  }
  return false;
}

std::string error_code(const Body& body) {
  for (const char* path : kCodePaths) {
    for (JsonNode* node : {body.root, body.task}) {
      JsonNode* code = at_path(node, path);
      const std::string text = as_text(code).value_or("");
      const bool sentence = text.find(' ') != std::string::npos;  // `reason` may be one
      if (!text.empty() && text.size() <= kMaxCodeLength && !sentence && !is_fine(code))
        return text;
    }
  }
  return {};
}

struct Trouble {
  std::string text;
  std::string code;
};

/// Gateways put their upstream service's whole reply into their own error text: it is parsed once.
Trouble trouble_of(const Body& body) {
  Trouble trouble{error_text(body), error_code(body)};
  if (!trouble.text.starts_with('{') && !trouble.text.starts_with('[')) return trouble;
  const JsonNodePtr inner = parse_json(trouble.text, nullptr);
  if (!inner) return trouble;
  const Body inner_body = unwrap(outermost(inner.get()));
  std::string text = error_text(inner_body);
  std::string code = error_code(inner_body);
  if (!text.empty()) trouble.text = std::move(text);
  const bool generic = trouble.code.empty() || trouble.code == "fail_to_fetch_task";
  if (generic && !code.empty()) trouble.code = std::move(code);
  return trouble;
}

bool has_error(JsonNode* root) {
  JsonNode* error = member(root, "error");
  if (!is_object(error)) return !string_at(error).empty();
  return !text_of(error, 4).empty() || !is_fine(member(error, "code"));
}

// --- task ---

bool is_usable_id(const std::string& id) {
  if (id.empty() || id.size() > kMaxIdLength) return false;
  return std::none_of(id.begin(), id.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::string id_in(JsonNode* node, const char* name) {
  JsonNode* found = member(node, name);
  const bool integer = is_number(found) && json_node_get_value_type(found) == G_TYPE_INT64;
  if (!is_string(found) && !integer) return {};
  std::string id = as_text(found).value_or("");
  return is_usable_id(id) ? id : std::string();
}

/// A plain `id` beside a `task_id` may be a row number in the service's database.
std::string id_of(const Body& body) {
  for (const char* name : {"task_id", "taskId", "id"}) {
    for (JsonNode* node : {body.task, body.root}) {
      std::string id = id_in(node, name);
      if (!id.empty()) return id;
    }
  }
  return {};
}

std::optional<double> percent(JsonNode* node) {
  if (!is_string(node)) return as_number(node);
  std::string text = string_at(node);
  if (text.ends_with('%')) text.pop_back();
  char* end = nullptr;
  const double value = g_ascii_strtod(text.c_str(), &end);
  if (end == text.c_str() || std::string_view(end).find_first_not_of(' ') != std::string::npos ||
      !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> progress_of(const Body& body) {
  for (JsonNode* node : {body.task, body.root}) {
    if (const auto value = percent(member(node, "progress"))) return std::clamp(*value, 0., 100.);
  }
  for (JsonNode* node : {body.task, body.root}) {
    const auto value = percent(member(node, "progress_pct"));
    if (!value) continue;
    const bool fraction = *value > 0 && *value < 1;  // only this member was seen with fractions
    return std::clamp(fraction ? *value * 100 : *value, 0., 100.);
  }
  return std::nullopt;
}

// --- result URLs ---

/// Spaces are written as they are by some; other characters of that kind are no part of a URL.
std::string without_spaces(const std::string& url) {
  std::string result;
  for (const char c : url) c == ' ' ? result += "%20" : result += c;
  return result;
}

bool has_gap(const std::string& url) {
  return std::any_of(url.begin(), url.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

/// On failure some services put the error text where the URL is expected, so it must look like a
/// URL.
bool is_usable_url(const std::string& url) {
  const std::string start = lower(std::string_view(url).substr(0, 128));
  if (start.starts_with("data:video/")) return start.find(";base64,") != std::string::npos;
  if (url.size() > kMaxUrlLength || has_gap(url)) return false;
  if (start.starts_with("http://") || start.starts_with("https://")) return true;
  if (url.starts_with("//")) return url.size() > 2 && g_ascii_isalnum(url[2]);
  return url.starts_with('/');
}

using Urls = std::vector<std::string>;

void add_url(std::string url, Urls& urls) {
  if (!is_usable_url(url) || urls.size() >= kMaxUrls) return;
  if (!url.starts_with("data:")) url = without_spaces(url);
  if (std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(std::move(url));
}

void collect_base64(JsonNode* node, Urls& urls) {
  for (const char* name : kBase64Members) {
    std::string text = string_at(member(node, name));
    if (text.empty()) continue;
    add_url(text.starts_with("data:") ? std::move(text) : "data:video/mp4;base64," + text, urls);
  }
}

void collect_urls(JsonNode* node, int depth, Urls& urls) {
  if (!node || depth == 0 || urls.size() >= kMaxUrls) return;
  if (is_array(node)) {
    const guint length =
        std::min<guint>(json_array_get_length(json_node_get_array(node)), kMaxUrls);
    for (guint i = 0; i < length; ++i) {
      collect_urls(json_array_get_element(json_node_get_array(node), i), depth - 1, urls);
    }
  } else if (is_object(node)) {
    for (const char* name : kUrlMembers) collect_urls(member(node, name), depth - 1, urls);
    JsonNode* video = member(node, "video");
    if (is_object(video)) collect_urls(video, depth - 1, urls);
    collect_base64(node, urls);
  } else {
    add_url(string_at(node), urls);
  }
}

void collect_from(JsonNode* node, Urls& urls) {
  for (const char* path : kUrlPaths) collect_urls(at_path(node, path), 4, urls);
  collect_base64(node, urls);
}

Urls urls_of(const Body& body) {
  Urls urls;
  std::array nodes = {body.root, body.task, member(body.task, "data")};
  if (nodes[0] == nodes[1]) nodes[1] = nullptr;
  for (JsonNode* node : nodes) {
    collect_from(node, urls);
    for (const char* name : kJsonTexts) {
      const std::string text = string_at(member(node, name));
      if (text.starts_with('{')) collect_from(parse_json(text, nullptr).get(), urls);
    }
  }
  return urls;
}

// --- the reply ---

/// True if the envelope refuses. The status of a task takes precedence; "error" with a code and
/// without a task refers to the call.
bool is_refusal(const Body& body, const Status& status, const std::string& id) {
  const bool has_task = !id.empty() || body.task != body.root;
  if (status.present && (has_task || status.state != TaskState::failed)) return false;
  if (!is_fine(member(body.root, "code"))) return true;
  if (!is_fine(at_path(body.root, "base_resp.status_code"))) return true;
  JsonNode* success = member(body.root, "success");
  if (success && JSON_NODE_HOLDS_VALUE(success) &&
      json_node_get_value_type(success) == G_TYPE_BOOLEAN && !json_node_get_boolean(success)) {
    return true;
  }
  return id.empty() && !status.present && has_error(body.root);
}

Task task_of(const Body& body, const Status& status) {
  Task task;
  task.state = status.state;
  task.word = status.word;
  task.word_known = status.known;
  task.progress = progress_of(body);
  if (task.state == TaskState::done) task.urls = urls_of(body);
  if (task.state == TaskState::failed) {
    Trouble trouble = trouble_of(body);
    task.error_text = std::move(trouble.text);
    task.error_code = std::move(trouble.code);
  }
  return task;
}

Refusal refusal_of(const Body& body) {
  Trouble trouble = trouble_of(body);
  return {std::move(trouble.code), std::move(trouble.text)};
}

Reply read_create(const Body& body, const Status& status, const std::string& id) {
  Task task = task_of(body, status);
  task.id = id;
  if (!id.empty()) return task;
  if (status.state == TaskState::failed || has_error(body.root)) return refusal_of(body);
  // One service names its task so. Others name each of their replies so, beside the task's id.
  task.id = id_in(body.root, "request_id");
  if (task.id.empty() && task.urls.empty()) return Unreadable{"it contains no task id"};
  return task;
}

}  // namespace

Reply parse_reply(std::string_view text, ReplyKind kind) {
  std::string why;
  const JsonNodePtr node = parse_json(text, &why);
  if (!node) {
    const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    const bool page = first != std::string_view::npos && text[first] == '<';
    return Unreadable{page ? "it is a web page, not JSON" : why};
  }
  JsonNode* root = outermost(node.get());
  if (!is_object(root)) return Unreadable{"it is JSON, but not an object"};
  const Body body = unwrap(root);
  const Status status = status_of(body, kind);
  const std::string id = id_of(body);
  if (is_refusal(body, status, id)) return refusal_of(body);
  if (kind == ReplyKind::create) return read_create(body, status, id);
  Task task = task_of(body, status);
  if (kind == ReplyKind::artifacts) task.urls = urls_of(body);
  return task;
}

std::optional<Refusal> read_refusal(std::string_view text) {
  const JsonNodePtr node = parse_json(text, nullptr);
  JsonNode* root = outermost(node.get());
  if (!is_object(root)) return std::nullopt;
  return refusal_of(unwrap(root));
}

}  // namespace omni
