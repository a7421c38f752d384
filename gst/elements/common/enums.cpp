// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/enums.h"

#include <algorithm>
#include <vector>

#include "elements/common/settings.h"

namespace omni {

namespace {

const GEnumValue kSwitch[] = {
    {static_cast<gint>(Switch::unset), "not sent: the service decides", "unset"},
    {static_cast<gint>(Switch::on), "requested", "on"},
    {static_cast<gint>(Switch::off), "not wanted", "off"},
    {0, nullptr, nullptr},
};

const GEnumValue kReferenceTransport[] = {
    {static_cast<gint>(ReferenceTransport::automatic),
     "inline if the model takes that, else the transport that is configured", "auto"},
    {static_cast<gint>(ReferenceTransport::inline_data), "inside the request, as a data URI",
     "inline"},
    {static_cast<gint>(ReferenceTransport::serve),
     "downloaded from this process (serve-address, serve-port, public-url)", "serve"},
    {static_cast<gint>(ReferenceTransport::put),
     "stored with HTTP PUT, for example on WebDAV (put-url, public-url)", "put"},
    {static_cast<gint>(ReferenceTransport::s3), "stored in an S3 bucket (s3-url)", "s3"},
    {0, nullptr, nullptr},
};

const GEnumValue kOversize[] = {
    {static_cast<gint>(Oversize::error), "refused with an error", "error"},
    {static_cast<gint>(Oversize::transcode), "remuxed or re-encoded until it fits, with its audio",
     "transcode"},
    {static_cast<gint>(Oversize::publish),
     "sent by URL, if the service takes larger references that way", "publish"},
    {0, nullptr, nullptr},
};

const GEnumValue kLedgerMode[] = {
    {static_cast<gint>(LedgerMode::on),
     "kept; if that fails, a warning is posted and the work continues", "on"},
    {static_cast<gint>(LedgerMode::off), "not kept: a crash loses what was paid", "off"},
    {static_cast<gint>(LedgerMode::required), "kept; if that fails, nothing is bought", "required"},
    {0, nullptr, nullptr},
};

const GEnumValue kReuse[] = {
    {static_cast<gint>(Reuse::unfinished), "paid jobs that were not delivered", "unfinished"},
    {static_cast<gint>(Reuse::all), "also delivered results, as long as they are kept", "all"},
    {static_cast<gint>(Reuse::none), "nothing: everything is bought again", "none"},
    {0, nullptr, nullptr},
};

const GEnumValue kV2vOnFailure[] = {
    {static_cast<gint>(OnFailure::automatic), "error", "auto"},
    {static_cast<gint>(OnFailure::error), "the element fails with the job's error", "error"},
    {static_cast<gint>(OnFailure::source), "the original clip is output, with a warning", "source"},
    {static_cast<gint>(OnFailure::skip), "nothing is output, with a warning", "skip"},
    {0, nullptr, nullptr},
};

const GEnumValue kVideoSrcOnFailure[] = {
    {static_cast<gint>(OnFailure::automatic), "error", "auto"},
    {static_cast<gint>(OnFailure::error), "the element fails with the job's error", "error"},
    {static_cast<gint>(OnFailure::skip), "the stream ends without data, with a warning", "skip"},
    {0, nullptr, nullptr},
};

const GEnumValue kV2vInputMode[] = {
    {static_cast<gint>(InputMode::stream), "everything up to EOS is one MP4", "stream"},
    {static_cast<gint>(InputMode::buffer),
     "every buffer is one whole MP4; several jobs run at once, results leave in order", "buffer"},
    {0, nullptr, nullptr},
};

}  // namespace

GType register_enum(const char* name, const GEnumValue* values) {
  const GType type = g_enum_register_static(name, values);
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
  return type;
}

GType provider_type() {
  // GLib keeps the values forever.
  static const std::vector<GEnumValue>* values = [] {
    auto* list = new std::vector<GEnumValue>;
    for (const Dialect* dialect : dialects())
      list->push_back(
          {static_cast<gint>(list->size()), dialect->service().summary, dialect->name()});
    list->push_back({0, nullptr, nullptr});
    return list;
  }();
  static const GType type = register_enum("GstOmniProvider", values->data());
  return type;
}

GType switch_type() {
  static const GType type = register_enum("GstOmniSwitch", kSwitch);
  return type;
}

GType reference_transport_type() {
  static const GType type = register_enum("GstOmniReferenceTransport", kReferenceTransport);
  return type;
}

GType ledger_mode_type() {
  static const GType type = register_enum("GstOmniLedgerMode", kLedgerMode);
  return type;
}

GType reuse_type() {
  static const GType type = register_enum("GstOmniReuse", kReuse);
  return type;
}

GType oversize_type() {
  static const GType type = register_enum("GstOmniOversize", kOversize);
  return type;
}

GType v2v_on_failure_type() {
  static const GType type = register_enum("GstOmniV2vOnFailure", kV2vOnFailure);
  return type;
}

GType video_src_on_failure_type() {
  static const GType type = register_enum("GstOmniVideoSrcOnFailure", kVideoSrcOnFailure);
  return type;
}

GType v2v_input_mode_type() {
  static const GType type = register_enum("GstOmniV2vInputMode", kV2vInputMode);
  return type;
}

const char* provider_name(gint value) {
  return dialects()[value]->name();
}

gint provider_value(const std::string& name) {
  const auto all = dialects();
  const auto found =
      std::ranges::find_if(all, [&](const Dialect* dialect) { return name == dialect->name(); });
  return static_cast<gint>(found - all.begin());
}

}  // namespace omni
