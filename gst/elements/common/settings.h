// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The properties that all three elements share, with their defaults. One table installs, sets and
// gets them.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "client/ledger/ledger.h"
#include "client/wait.h"
#include "media/gst-ptr.h"
#include "service/dialect.h"

namespace omni {

/// What replaces the result of a failed job. Each element offers the values that make sense for it.
enum class OnFailure {
  automatic,  // the original in a live bin, else an error
  error,      // the element fails
  source,     // the original
  hold,       // the last frame
  skip,       // nothing
};

/// How the service gets the reference.
enum class ReferenceTransport {
  automatic,    // inline where the model accepts that, else the configured one
  inline_data,  // as a data: URI in the request
  serve,        // fetched from this process
  put,          // stored with HTTP PUT first
  s3,           // stored in an S3 bucket first
};

/// What to do with a reference that the service would reject.
enum class Oversize {
  error,      // refuse it
  transcode,  // re-encode or remux it until it fits
  publish,    // send it by URL where the service accepts larger ones that way
};

/// Whether purchases are recorded.
enum class LedgerMode {
  on,        // yes; a failure causes a warning
  off,       // no
  required,  // yes; nothing is bought when it fails
};

/// A job works with a copy of this; the original changes only under the element's lock.
struct Settings {
  std::string provider = "octopusx";
  const Dialect& dialect() const { return *find_dialect(provider); }
  std::string base_url;
  std::string api_key;
  std::string api_key_file;
  std::string model;
  std::string prompt;
  guint seconds = 0;
  std::string aspect_ratio = "auto";
  std::string resolution = "auto";
  std::vector<std::string> images;
  std::string first_image;
  std::string last_image;
  std::string video_reference_type;
  Switch keep_original_sound = Switch::unset;
  Switch generate_audio = Switch::unset;
  std::string parameters;
  ReferenceTransport reference_transport = ReferenceTransport::automatic;
  std::string serve_address;
  guint serve_port = 0;
  std::string public_url;
  std::string put_url;
  std::string s3_url;
  gboolean delete_reference = FALSE;
  Oversize oversize = Oversize::error;
  guint64 poll_interval = 0;  // ns
  guint timeout = 30;         // s
  guint64 job_timeout = 30 * 60 * GST_SECOND;
  guint retry_attempts = 5;
  guint max_in_flight = 0;
  guint max_jobs = 0;
  guint max_seconds = 0;
  gboolean dry_run = FALSE;
  OnFailure on_failure = OnFailure::automatic;
  guint64 budget_period = 0;  // ns
  std::string state_dir;
  guint64 state_size = guint64{2} << 30;
  LedgerMode ledger = LedgerMode::on;
  Reuse reuse = Reuse::unfinished;
  std::string project;
  std::string proxy;
  std::vector<std::pair<std::string, std::string>> extra_headers;
  std::string ssl_ca_file;
  std::string user_agent;
};

/// Installs the shared properties; ids start at `first_id`. `on_failure_type` is the element's
/// enum. Returns the first free id after them.
guint install_shared_properties(GObjectClass* klass, guint first_id, GType on_failure_type);

/// False when `id` is not a shared property.
bool set_shared_property(Settings& settings, guint id, guint first_id, const GValue* value);
bool get_shared_property(const Settings& settings, guint id, guint first_id, GValue* value);

/// `stats` is read-only and not a setting: the element itself returns it.
void install_stats_property(GObjectClass* klass, guint id);

}  // namespace omni
