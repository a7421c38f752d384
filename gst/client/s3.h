// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The location of an S3 object, and the meaning of an S3 store's refusal. Pure functions; signing
// is in sigv4.h.
#pragma once

#include <string>

#include "client/publish.h"
#include "service/error.h"

namespace omni {

/// `s3-url`, combined with the environment.
struct S3Place {
  std::string bucket;
  std::string prefix;    // of the key; empty, or ends with a slash
  std::string endpoint;  // http(s)://HOST[:PORT][/PATH], without a trailing slash
  std::string region;
  bool path_style = false;  // the bucket is the first folder of the path, not part of the host
};

/// Throws Failure(invalid_request).
S3Place s3_place(const std::string& s3_url, const S3Credentials& credentials);

/// The URL of an object, percent-encoded, unsigned.
std::string s3_object_url(const S3Place& place, const std::string& name);

/// The XML of a refusal; members are empty if there is none.
struct S3Refusal {
  std::string code, message, region;
};
S3Refusal read_s3_refusal(const std::string& body);

/// What to tell the user: the reason, and what to do. `region`: the one named by the store.
struct S3Advice {
  Reason reason;
  std::string text;
};
S3Advice advise_s3(int http_status, const S3Refusal& refusal, const S3Place& place,
                   const std::string& region);

/// True for a refusal that may succeed on another attempt.
bool is_passing_s3(const S3Refusal& refusal);

}  // namespace omni
