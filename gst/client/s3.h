// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Where an S3 object is, and what an S3 store says when it refuses. Pure functions; signing is in
// sigv4.h.
#pragma once

#include <string>

#include "client/publish.h"
#include "service/error.h"

namespace omni {

/// `s3-url`, read together with what the environment says.
struct S3Place {
  std::string bucket;
  std::string prefix;    // of the key; empty, or ends in a slash
  std::string endpoint;  // http(s)://HOST[:PORT][/PATH], without a slash at the end
  std::string region;
  bool path_style = false;  // the bucket is the first folder of the path, not part of the host
};

/// Throws Failure(invalid_request).
S3Place s3_place(const std::string& s3_url, const S3Credentials& credentials);

/// The URL of an object, percent-encoded, not signed.
std::string s3_object_url(const S3Place& place, const std::string& name);

/// The XML that comes with a refusal; empty members where there is none.
struct S3Refusal {
  std::string code, message, region;
};
S3Refusal read_s3_refusal(const std::string& body);

/// What to tell the user: the reason, and what to do. `region`: the one that the store named.
struct S3Advice {
  Reason reason;
  std::string text;
};
S3Advice advise_s3(int http_status, const S3Refusal& refusal, const S3Place& place,
                   const std::string& region);

/// A refusal that another try may turn.
bool is_passing_s3(const S3Refusal& refusal);

}  // namespace omni
