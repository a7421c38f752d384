// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Transport `put`: HTTP PUT to a WebDAV folder, or to any server that stores what it receives.
#include "client/publish-url.h"
#include "client/publisher.h"
#include "client/store.h"
#include "client/url.h"
#include "service/error.h"
#include "service/redact.h"
#include "service/request.h"

namespace omni {

namespace {

struct Advice {
  Reason reason;
  const char* text;
};

Advice advise(const StoreReply& reply) {
  switch (reply.status) {
    case 0:
      return reply.fault == TransportFault::tls
                 ? Advice{Reason::unreachable,
                          "Its certificate was refused: for a private certificate authority set "
                          "ssl-ca-file."}
                 : Advice{Reason::unreachable, "Check put-url, proxy and the network."};
    case 401:
      return {Reason::unauthorized, "Set the right user and password in put-url."};
    case 403:
      return {Reason::unauthorized, "Give the user of put-url permission to write there."};
    case 404:
    case 405:
      return {Reason::invalid_request,
              "Check put-url: nothing can be stored at this address. The server must allow PUT "
              "there (WebDAV)."};
    case 409:
      return {Reason::invalid_request,
              "Check put-url: its folder does not exist. Create it first."};
    case 413:
      return {Reason::too_large, "Raise the server's upload limit."};
    case 429:
      return {Reason::rate_limited, "Lower max-in-flight, or try again later."};
    case 500:
      // nginx replies this if the folder is missing (RFC 4918 requires 409) or not writable.
      return {Reason::unreachable,
              "Check that the folder of put-url exists and that the server may write there (nginx "
              "answers like this if not), or look at its log."};
    case 507:
      return {Reason::unreachable, "Its storage is full: free some space."};
    default:
      break;
  }
  if (reply.status >= 300 && reply.status < 400)
    return {Reason::invalid_request,
            "Uploads are not sent after a redirect: set put-url to the address that it leads to."};
  if (reply.status >= 500)
    return {Reason::unreachable, "Look at the server's log, or try again later."};
  return {Reason::invalid_request, "Check put-url, and look at the server's log."};
}

class PutPublisher : public Publisher {
 public:
  explicit PutPublisher(const PublisherParts& parts)
      : settings_(parts.settings), http_(parts.http), log_(parts.log) {}

  PublishedUpload prepare(const Upload& upload, const JobLimits&) override {
    if (settings_.put_url.empty())
      throw Failure(Reason::invalid_request,
                    "There is no place to store the reference: set put-url to "
                    "http(s)://[USER:PASSWORD@]HOST/FOLDER/{name}.");
    PublishedUpload offer{.bytes = upload.bytes, .media_type = upload.media_type};
    offer.object = unguessable_name() + upload.extension;
    const PutTarget target = put_target(settings_.put_url, offer.object);
    offer.url = read_address(target, settings_.public_url, offer.object);
    offer.setting = settings_.public_url.empty() ? "put-url" : "public-url";
    offer.advice =
        settings_.public_url.empty()
            ? "Files at put-url must be readable there without a password; otherwise set "
              "public-url to the URL where they are."
            : "Check public-url: files that are stored at put-url must be readable there.";
    return offer;
  }

  Async<void> publish(PublishedUpload offer, JobLimits terms, Cancellation& cancellation) override {
    const PutTarget target = put_target(settings_.put_url, offer.object);
    const auto make = [&] {
      HttpRequest request = request_to(target, "PUT");
      request.content = offer.bytes;
      request.content_type = offer.media_type;
      return request;
    };
    const StoreReply reply = co_await ask_store(http_, log_, make, terms, cancellation);
    if (is_success(reply.status)) co_return;
    const Advice advice = advise(reply);
    throw Failure({advice.reason,
                   "The file for the service could not be stored: " + describe(reply, target.url) +
                       ". " + advice.text + " Nothing was submitted.",
                   reply.status,
                   {},
                   {}});
  }

  bool deletes() const override { return settings_.delete_reference; }
  Async<void> withdraw(PublishedUpload offer, JobLimits terms,
                       Cancellation& cancellation) override {
    if (!settings_.delete_reference || !offer.begun) co_return;
    const PutTarget target = put_target(settings_.put_url, offer.object);
    const auto make = [&] { return request_to(target, "DELETE"); };
    const StoreReply reply = co_await ask_store(http_, log_, make, terms, cancellation);
    if (!is_gone(reply))
      throw Failure(Reason::unreachable, "DELETE: " + describe(reply, target.url));
  }

 private:
  static HttpRequest request_to(const PutTarget& target, const char* method) {
    HttpRequest request;
    request.method = method;
    request.url = target.url;
    if (!target.authorization.empty())
      request.headers.emplace_back("Authorization", target.authorization);
    return request;
  }

  const PublishSettings& settings_;
  Http& http_;
  LogSink log_;
};

}  // namespace

std::unique_ptr<Publisher> new_put_publisher(const PublisherParts& parts) {
  return std::make_unique<PutPublisher>(parts);
}

}  // namespace omni
