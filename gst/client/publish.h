// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a job's application says about publishing: services that take no data URI fetch the
// reference, and images, from a URL. Only settings and the things to publish; how it is done is in
// publisher.h and below.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

/// Something that the service has to fetch by URL: the reference, or an image.
struct Upload {
  std::string placeholder;  // stands for the URL in the create body; unguessable, JSON-safe
  std::shared_ptr<const ByteRope> bytes;
  std::string media_type;  // "video/mp4", "image/png"
  std::string extension;   // ".mp4"
  std::string url;  // not empty: the application published it; only looked at, never withdrawn
};

enum class Transport {
  none,   // nothing can be published; what has a URL of its own is still looked at
  serve,  // from this process
  put,    // HTTP PUT to a WebDAV folder or the like
  s3,     // an object store that speaks S3
};

struct S3Credentials {
  std::string access_key, secret_key, session_token;
  std::string region, endpoint;
};

/// From AWS_ACCESS_KEY_ID and its kin. `variable` gives the value of one, empty when it is not set.
S3Credentials s3_credentials_from(const std::function<std::string(const char*)>& variable);
/// The same from this process's environment.
S3Credentials s3_credentials_from_environment();

struct PublishSettings {
  Transport transport = Transport::none;
  std::string serve_address;  // to bind to; empty = all
  unsigned serve_port = 0;    // 0 = any free one
  /// serve: where the service reaches this process, a base or a template with {name} (and {port});
  /// put: template of the URL that the service fetches.
  std::string public_url;
  std::string put_url;  // template with {name}; its user and password are sent as Basic credentials
  std::string s3_url;   // s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]
  S3Credentials s3;
  bool delete_reference = false;  // put, s3: delete it when the service needs it no longer
};

}  // namespace omni
