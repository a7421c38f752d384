// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/plan.h"

#include <algorithm>
#include <string_view>

#include "client/files.h"
#include "elements/common/attachments.h"
#include "elements/common/connection.h"
#include "media/mp4/probe.h"
#include "media/mp4/result-check.h"
#include "media/reference-limits.h"
#include "service/request.h"

namespace omni {

namespace {

/// The request without its images.
Request text_fields_of(const Settings& settings) {
  Request request;
  request.model = settings.model;
  request.prompt = text_or_file(settings.prompt, "prompt");
  request.seconds = settings.seconds;
  request.aspect_ratio = settings.aspect_ratio.empty() ? "auto" : settings.aspect_ratio;
  request.resolution = settings.resolution.empty() ? "auto" : settings.resolution;
  request.video_reference_type = settings.video_reference_type;
  request.keep_original_sound = settings.keep_original_sound;
  request.generate_audio = settings.generate_audio;
  request.parameters = text_or_file(settings.parameters, "parameters");
  return request;
}

Request request_of(const Settings& settings, Attachments& attachments) {
  Request request = text_fields_of(settings);
  for (const std::string& image : settings.images)
    request.images.push_back(attachments.image(image, "images"));
  request.first_image = attachments.image(settings.first_image, "first-image");
  request.last_image = attachments.image(settings.last_image, "last-image");
  return request;
}

/// The same with the right number of images, as placeholders. Nothing is read or published for it,
/// and the prompt may come later.
Request stand_in_for(const Settings& settings, const std::string& image) {
  Settings worded = settings;
  worded.prompt = "stand-in";
  Request request = text_fields_of(worded);
  request.images.assign(settings.images.size(), image);
  if (!settings.first_image.empty()) request.first_image = image;
  if (!settings.last_image.empty()) request.last_image = image;
  return request;
}

/// The service needs a complete MP4 with video.
mp4::Info look_into(const ByteRope& reference) {
  if (reference.empty())
    throw Failure(Reason::bad_input,
                  "The input ended before any data arrived: there is nothing to regenerate.");
  auto probed = mp4::probe(reference);
  if (const auto* problem = std::get_if<mp4::Problem>(&probed))
    throw Failure(Reason::bad_input,
                  "The input cannot be sent as a reference: " + problem->text + ".");
  return std::get<mp4::Info>(std::move(probed));
}

ReferenceInfo facts_of(const ByteRope& reference, const mp4::Info& info, bool by_url) {
  const mp4::Track* video = info.video();
  return {reference.size(), info.duration_ns, video->width, video->height, by_url};
}

ResultCheck result_check(unsigned seconds) {
  return [seconds](const ByteRope& result) { return mp4::result_problem(result, seconds); };
}

/// Is the reference sent by URL rather than in the body? Throws Failure when the user selected a
/// transport that this model does not support.
bool goes_by_url(const Settings& settings, const ModelFacts& facts, std::uint64_t bytes) {
  switch (settings.reference_transport) {
    case ReferenceTransport::inline_data:
      if (!facts.takes_data_uri && !facts.name.empty())
        refuse_request(std::string("reference-transport is inline, and ") +
                       settings.dialect().title() +
                       " takes the reference of this model by http(s) URL only. Set it to serve, "
                       "put or s3.");
      return false;
    case ReferenceTransport::serve:
    case ReferenceTransport::put:
    case ReferenceTransport::s3:
      return true;
    case ReferenceTransport::automatic:
      break;
  }
  if (!facts.takes_data_uri) return true;
  return settings.oversize == Oversize::publish && facts.max_inline_bytes > 0 &&
         bytes > facts.max_inline_bytes;
}

ReferenceLimits limits_of(const ModelFacts& facts, bool by_url, std::uint64_t own_limit) {
  ReferenceLimits limits;
  limits.max_bytes = facts.max_bytes(by_url);
  if (own_limit && (limits.max_bytes == 0 || own_limit < limits.max_bytes))
    limits.max_bytes = own_limit;
  limits.max_width = limits.max_height = facts.max_side;
  return limits;
}

/// Detects, as far as the file shows it, what the service would reject.
void check_form(const Settings& settings, const mp4::Info& info, const ByteRope& reference,
                const ReferenceLimits& limits) {
  const LimitViolation violation = find_violation(info, reference.size(), limits);
  if (violation.kind != LimitViolation::Kind::codec &&
      violation.kind != LimitViolation::Kind::container)
    return;
  throw Failure(Reason::bad_input,
                "The reference does not fit: " + violation.text + ", and " +
                    settings.dialect().title() +
                    " takes plain MP4 with H.264. Set oversize=transcode to convert it.");
}

/// The reference as it will be sent.
std::shared_ptr<const ByteRope> fitting_reference(const Settings& settings, mp4::Info& info,
                                                  std::shared_ptr<const ByteRope> reference,
                                                  const ReferenceLimits& limits,
                                                  const PlanHelp& help) {
  if (find_violation(info, reference->size(), limits).kind == LimitViolation::Kind::none)
    return reference;
  if (settings.oversize != Oversize::transcode) {
    check_form(settings, info, *reference, limits);
    return reference;  // the dialect checks its size
  }
  if (help.on_transcode) help.on_transcode();
  const auto log = [&](const std::string& text) { help.log(LogLevel::info, text); };
  reference = transcode_to_limits(reference, info, limits, help.cancellation, log, help.encoder);
  info = look_into(*reference);
  return reference;
}

void fill_spec(JobSpec& spec, const Settings& settings) {
  spec.job_timeout = static_cast<Micros>(settings.job_timeout / 1000);
  spec.poll_interval = static_cast<Micros>(settings.poll_interval / 1000);
  spec.max_attempts = static_cast<int>(settings.retry_attempts);
  spec.download_folder = state_folder(settings.state_dir);
  spec.reuse = settings.reuse;
  spec.project = settings.project;
  spec.spend_limit = {settings.max_jobs, settings.max_seconds,
                      static_cast<Micros>(settings.budget_period / 1000)};
}

/// A reference that is ready to be sent, inline or by URL.
struct PreparedReference {
  std::shared_ptr<const ByteRope> bytes;
  mp4::Info info;
  bool by_url = false;
  std::string url;  // set if the application has published it
};

PreparedReference prepare(const Settings& settings, std::shared_ptr<const ByteRope> reference,
                          bool by_url, const ReferenceLimits& limits, const PlanHelp& help) {
  PreparedReference prepared{std::move(reference), {}, by_url, {}};
  prepared.info = look_into(*prepared.bytes);
  prepared.bytes =
      fitting_reference(settings, prepared.info, std::move(prepared.bytes), limits, help);
  return prepared;
}

/// A publishing application is asked first; what it declines is sent as without it. A reference
/// that must be transcoded anyway is made small enough for both transports, so that it is
/// transcoded only once.
PreparedReference prepare_reference(const Settings& settings, const ModelFacts& facts,
                                    std::shared_ptr<const ByteRope> reference,
                                    const PlanHelp& help) {
  const bool by_url = goes_by_url(settings, facts, reference->size());
  const ReferenceLimits own = limits_of(facts, by_url, help.max_reference_bytes);
  const bool may_publish = settings.reference_transport == ReferenceTransport::automatic &&
                           help.publish && !settings.dry_run;
  if (by_url || !may_publish) return prepare(settings, std::move(reference), by_url, own, help);
  const ReferenceLimits limits = limits_of(facts, true, help.max_reference_bytes);
  const bool fits = !find_violation(look_into(*reference), reference->size(), limits);
  PreparedReference prepared = prepare(settings, reference, true, fits ? limits : own, help);
  prepared.url = help.publish(*prepared.bytes);
  if (!prepared.url.empty()) return prepared;
  return prepare(settings, std::move(prepared.bytes), false, own, help);
}

void add_reference(Plan& plan, const Settings& settings, const Request& request,
                   std::shared_ptr<const ByteRope> reference, Attachments& attachments,
                   const PlanHelp& help) {
  const Dialect& dialect = settings.dialect();
  const ModelFacts& facts = dialect.model_facts(request, true);
  PreparedReference prepared;
  if (dialect.replaces_reference(request))
    prepared = {reference, look_into(*reference), true, {}};
  else
    prepared = prepare_reference(settings, facts, std::move(reference), help);
  plan.resolved =
      dialect.resolve(request, facts_of(*prepared.bytes, prepared.info, prepared.by_url));
  plan.duration_ns = prepared.info.duration_ns;
  plan.spec.reference = prepared.bytes;
  std::string placeholder;
  if (prepared.by_url) placeholder = attachments.reference(prepared.bytes, std::move(prepared.url));
  const auto body = [&](const ResolvedRequest& resolved) {
    if (!prepared.by_url) return inline_body(dialect, resolved);
    return CreateBody{dialect.create_body(resolved, placeholder), {}, false};
  };
  plan.spec.body = body(plan.resolved);
  if (!help.anchored) return;
  // The anchor image is not part of the job's identity: with another still, or none yet, it is the
  // same job.
  ResolvedRequest plain = plan.resolved;
  if (help.still) plain.request.images.pop_back();
  plan.spec.identity = body(plain);
  plan.spec.identity->tail += "\nanchored";
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), by);
}

std::string shown_data(std::string_view type, std::string_view base64) {
  const auto padding = static_cast<std::size_t>(std::ranges::count(base64, '='));
  return "(" + std::to_string((base64.size() - padding) * 3 / 4) + " bytes, " + std::string(type) +
         ")";
}

/// A body without the payloads of its data: URIs. A URI that continues past the end stays.
std::string without_data(std::string_view body) {
  static constexpr std::string_view kStart = "\"data:", kMark = ";base64,";
  std::string shown;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = body.find(kStart, at)) != body.npos;) {
    const std::size_t value = at + 1, type = at + kStart.size();
    const std::size_t end = body.find('"', type), mark = body.find(kMark, type);
    at = type;
    if (end == body.npos || mark > end) continue;
    const std::size_t data = mark + kMark.size();
    shown += body.substr(done, value - done);
    shown += shown_data(body.substr(type, mark - type), body.substr(data, end - data));
    done = at = end;
  }
  return shown.append(body.substr(done));
}

}  // namespace

std::string Plan::shown_request() const {
  std::string shown = without_data(spec.body.head);
  if (spec.body.has_hole)
    shown +=
        "(" + std::to_string(spec.reference->size()) + " bytes)" + without_data(spec.body.tail);
  for (const Upload& upload : spec.uploads)
    replace(
        shown, upload.placeholder,
        "(URL of " + std::to_string(upload.bytes->size()) + " bytes, " + upload.media_type + ")");
  return shown;
}

const ModelFacts& model_of(const Settings& settings) {
  Request request;
  request.model = settings.model;
  request.parameters = text_or_file(settings.parameters, "parameters");
  return settings.dialect().model_facts(request, true);
}

std::uint64_t reference_limit(const Settings& settings) {
  const ModelFacts& facts = model_of(settings);
  return facts.max_bytes(goes_by_url(settings, facts, 0));
}

void check_reference_size(const Settings& settings, std::uint64_t bytes) {
  if (bytes > kMostCollected)
    throw Failure(Reason::too_large,
                  "The reference is larger than 1 GiB, which is more than one clip. Cut it into "
                  "shorter ones.");
  // They may set another reference or model, whose limits apply instead.
  if (!settings.parameters.empty() || settings.oversize != Oversize::error) return;
  const Dialect& dialect = settings.dialect();
  const ModelFacts& facts = dialect.model_facts(
      settings.model.empty() ? dialect.service().video_to_video_model : settings.model);
  const bool by_url = goes_by_url(settings, facts, bytes);
  const std::uint64_t most = facts.max_bytes(by_url);
  if (most == 0 || bytes <= most) return;
  throw Failure(Reason::too_large,
                "The reference is larger than the " + std::to_string(most / (1024 * 1024)) +
                    " MiB that " + dialect.title() + " takes. Set oversize=transcode" +
                    (by_url ? "" : " or oversize=publish") +
                    ", use a shorter clip, or encode it at a lower bitrate or size.");
}

void check_room_for_image(const Settings& settings, std::uint64_t reference_ns) {
  const Dialect& dialect = settings.dialect();
  const std::string address = "https://stand-in.invalid/", added = address + new_placeholder();
  Request request = stand_in_for(settings, address);
  const ReferenceInfo reference{1, reference_ns, 1280, 720, true};
  const auto body = [&] {
    return dialect.create_body(dialect.resolve(request, reference), address);
  };
  const auto refuse = [&](const std::string& why) {
    refuse_request("anchor=first adds one image, and that is one too many: " + why +
                   " Or set anchor=none.");
  };
  body();  // errors unrelated to the extra image are reported unchanged
  request.images.push_back(added);
  std::string all;
  try {
    all = body();
  } catch (const Failure& failure) {
    refuse(failure.what());
  }
  if (all.find(added.substr(address.size())) == std::string::npos)
    refuse("`parameters` replaces it. Remove that entry.");
}

Plan plan_job(const Settings& settings, std::shared_ptr<const ByteRope> reference,
              const PlanHelp& help) {
  const Dialect& dialect = settings.dialect();
  Plan plan;
  fill_spec(plan.spec, settings);
  Attachments attachments(settings, help.publish);
  Request request = request_of(settings, attachments);
  if (help.still) request.images.push_back(attachments.image(*help.still, "anchor"));
  if (reference) {
    add_reference(plan, settings, request, std::move(reference), attachments, help);
  } else {
    plan.resolved = dialect.resolve(request, std::nullopt);
    plan.spec.body.head = dialect.create_body(plan.resolved, {});
  }
  plan.spec.uploads = attachments.uploads_in(plan.spec.body.head + plan.spec.body.tail);
  plan.spec.seconds = plan.resolved.seconds;
  plan.spec.model = plan.resolved.request.model;
  plan.spec.check_result = result_check(plan.spec.seconds);
  return plan;
}

}  // namespace omni
