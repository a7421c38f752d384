// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Transport `s3`: an object store. Written with the user's credentials. The service gets a URL that
// is signed for reading this one object, valid as long as the job may take.
#include "client/publisher.h"
#include "client/s3.h"
#include "client/sha256.h"
#include "client/sigv4.h"
#include "client/store.h"
#include "client/url.h"
#include "service/error.h"
#include "service/redact.h"
#include "service/request.h"

namespace omni {

namespace {

constexpr std::int64_t kSpareSeconds = 3600;
constexpr std::int64_t kMostSeconds = 7 * 24 * 3600;  // the longest validity of an S3 signature
constexpr std::size_t kHashStep = 1024 * 1024;

/// Yields to the other jobs in between: hashing 15 MB takes 50 ms.
Async<std::string> sha256_of(std::shared_ptr<const ByteRope> bytes, Cancellation& cancellation) {
  const std::unique_ptr<GChecksum, FreeWith<&g_checksum_free>> sum(
      g_checksum_new(G_CHECKSUM_SHA256));
  std::size_t since_turn = 0;
  for (std::uint64_t at = 0; at < bytes->size();) {
    const auto [run, available] = bytes->run_at(at);
    const std::size_t step = std::min(available, kHashStep - since_turn);
    g_checksum_update(sum.get(), run, static_cast<gssize>(step));
    at += step;
    since_turn += step;
    if (since_turn < kHashStep) continue;
    since_turn = 0;
    co_await sleep(cancellation, 0);
  }
  co_return g_checksum_get_string(sum.get());
}

class S3Publisher : public Publisher {
 public:
  explicit S3Publisher(const PublisherParts& parts)
      : settings_(parts.settings), http_(parts.http), log_(parts.log) {}

  PublishedUpload prepare(const Upload& upload, const JobLimits& terms) override {
    const S3Place place = s3_place(settings_.s3_url, settings_.s3);
    if (settings_.s3.access_key.empty() || settings_.s3.secret_key.empty())
      throw Failure(
          Reason::unauthorized,
          "There are no credentials for s3-url: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "
          "the environment (and AWS_SESSION_TOKEN with temporary credentials).");
    PublishedUpload offer{.bytes = upload.bytes, .media_type = upload.media_type};
    offer.object = s3_object_url(place, unguessable_name() + upload.extension);
    const std::int64_t seconds =
        std::min(terms.job_timeout / kSecond + kSpareSeconds, kMostSeconds);
    offer.url = presigned_url("GET", offer.object, key(place), this_moment(), seconds);
    offer.get_only = true;
    offer.setting = "s3-url";
    offer.advice = "The credentials must allow s3:GetObject in the bucket of s3-url.";
    return offer;
  }

  Async<void> publish(PublishedUpload offer, JobLimits terms, Cancellation& cancellation) override {
    const S3Place place = s3_place(settings_.s3_url, settings_.s3);
    const std::string hash = co_await sha256_of(offer.bytes, cancellation);
    const auto make = [&] {
      HttpRequest request = signed_request("PUT", offer.object, place, hash, offer.media_type);
      request.content = offer.bytes;
      request.content_type = offer.media_type;
      return request;
    };
    const StoreReply reply = co_await ask_store(http_, log_, make, terms, cancellation, is_passing);
    if (is_success(reply.status)) co_return;
    Error error = refusal(reply, offer.object, place);
    error.message += " Nothing was submitted.";
    throw Failure(error);
  }

  bool deletes() const override { return settings_.delete_reference; }
  Async<void> withdraw(PublishedUpload offer, JobLimits terms,
                       Cancellation& cancellation) override {
    if (!settings_.delete_reference || !offer.begun) co_return;
    const S3Place place = s3_place(settings_.s3_url, settings_.s3);
    const auto make = [&] {
      return signed_request("DELETE", offer.object, place, sha256_hex(""), "");
    };
    const StoreReply reply = co_await ask_store(http_, log_, make, terms, cancellation, is_passing);
    if (!is_gone(reply)) throw Failure(refusal(reply, offer.object, place));
  }

 private:
  static bool is_passing(const StoreReply& reply) {
    return is_passing_s3(read_s3_refusal(reply.body));
  }
  static std::string this_moment() { return sigv4_time(g_get_real_time() / kSecond); }

  SigV4Key key(const S3Place& place) const {
    return {settings_.s3.access_key, settings_.s3.secret_key, settings_.s3.session_token,
            place.region};
  }

  /// Signed again for each attempt, because the signature contains the time.
  HttpRequest signed_request(const char* method, const std::string& url, const S3Place& place,
                             const std::string& hash, const std::string& type) const {
    SigV4Request to_sign{method, url, {}, hash};
    if (!type.empty()) to_sign.headers.emplace_back("Content-Type", type);
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = sigv4_headers(std::move(to_sign), key(place), this_moment());
    return request;
  }

  static Error refusal(const StoreReply& reply, const std::string& url, const S3Place& place) {
    const S3Refusal said = read_s3_refusal(reply.body);
    const S3Advice advice =
        advise_s3(reply.status, said, place, reply.region.empty() ? said.region : reply.region);
    std::string text = "The S3 store refused the file for the service: " + describe(reply, url);
    if (!said.code.empty())
      text += " (" + quote_for_user(said.code, 60) + ": " + quote_for_user(said.message) + ")";
    return {advice.reason, text + ". " + advice.text, reply.status, {}, said.code};
  }

  const PublishSettings& settings_;
  Http& http_;
  LogSink log_;
};

}  // namespace

std::unique_ptr<Publisher> new_s3_publisher(const PublisherParts& parts) {
  return std::make_unique<S3Publisher>(parts);
}

}  // namespace omni
