// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/settings.h"

#include <array>

#include "elements/common/enums.h"
#include "elements/common/property-table.h"

namespace omni {

namespace {

constexpr GParamFlags kPlaying = kMutablePlaying;
constexpr GParamFlags kReady = kMutableReady;
// A readable key would appear in every DOT dump.
constexpr GParamFlags kSecret =
    static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

using Row = Property<Settings>;

template <auto Member>
constexpr Row::EnumField enum_field(GType (*type)()) {
  return Row::enum_field<Member>(type);
}

// Custom fields

constexpr Row::EnumField kProvider = {
    provider_type, [](const Settings& settings) { return provider_value(settings.provider); },
    [](Settings& settings, gint value) { settings.provider = provider_name(value); }};

// Each element has its own enum type for it.
constexpr Row::EnumField kOnFailure = enum_field<&Settings::on_failure>(nullptr);

gboolean add_header(GQuark name, const GValue* value, gpointer headers) {
  GValue text = G_VALUE_INIT;
  g_value_init(&text, G_TYPE_STRING);
  if (g_value_transform(value, &text))
    static_cast<decltype(Settings::extra_headers)*>(headers)->emplace_back(g_quark_to_string(name),
                                                                           string_of(&text));
  g_value_unset(&text);
  return TRUE;
}

void set_headers(Settings& settings, const GValue* value) {
  settings.extra_headers.clear();
  if (const GstStructure* structure = gst_value_get_structure(value))
    gst_structure_foreach(structure, add_header, &settings.extra_headers);
}

void get_headers(const Settings& settings, GValue* value) {
  if (settings.extra_headers.empty()) return;
  const StructurePtr shown(gst_structure_new_empty("extra-headers"));
  for (const auto& [name, secret] : settings.extra_headers)
    gst_structure_set(shown.get(), name.c_str(), G_TYPE_STRING, "(redacted)", nullptr);
  g_value_set_boxed(value, shown.get());
}

void set_images(Settings& settings, const GValue* value) {
  settings.images.clear();
  for (guint i = 0; i < gst_value_array_get_size(value); ++i)
    settings.images.push_back(string_of(gst_value_array_get_value(value, i)));
}

void get_images(const Settings& settings, GValue* value) {
  for (const std::string& image : settings.images) {
    GValue text = G_VALUE_INIT;
    g_value_init(&text, G_TYPE_STRING);
    g_value_set_string(&text, image.c_str());
    gst_value_array_append_and_take_value(value, &text);
  }
}

constexpr Row::CustomField kHeaders = {[](const Row& row) {
                                         return g_param_spec_boxed(row.name, row.nick, row.blurb,
                                                                   GST_TYPE_STRUCTURE, row.flags);
                                       },
                                       get_headers, set_headers};

constexpr Row::CustomField kImages = {
    [](const Row& row) {
      GParamSpec* element =
          g_param_spec_string("image", "Image", "URL, data URI or local file", nullptr, row.flags);
      return gst_param_spec_array(row.name, row.nick, row.blurb, element, row.flags);
    },
    get_images, set_images};

const PropertyTable kProperties(std::to_array<Row>({
    {"provider", kProvider, kReady, "Provider", "API to use"},
    {"base-url", &Settings::base_url, kReady, "Base URL",
     "Another host with the provider's API, such as http://127.0.0.1:8080 (unset: environment "
     "variable OMNI_BASE_URL, else the provider's own host)"},
    {"api-key", &Settings::api_key, kSecret, "API key",
     "API key of the service. GStreamer logs launch lines, so prefer api-key-file or the "
     "environment (unset: OMNI_API_KEY, else the provider's own variable: OCTOPUSX_API_KEY, "
     "OMNIROUTERS_API_KEY or APIMART_API_KEY)"},
    {"api-key-file", &Settings::api_key_file, kReady, "API key file",
     "File whose first line is the API key"},
    {"model", &Settings::model, kPlaying, "Model",
     "Model, as the service names it (unset: the provider's default for this element)"},
    {"prompt", &Settings::prompt, kPlaying, "Prompt",
     "What to generate, or @FILE to read it from a file. Say what to keep, and ask for a newly "
     "generated video"},
    {"seconds", &Settings::seconds, kPlaying, "Seconds",
     "Length to generate in seconds (0 = the legal length nearest to the reference; without a "
     "reference, the service's default)"},
    {"aspect-ratio", &Settings::aspect_ratio, kPlaying, "Aspect ratio",
     "Aspect ratio, such as 16:9 or 9:16 (auto = that of the reference, or the nearest that the "
     "service supports; without a reference it is not sent)"},
    {"resolution", &Settings::resolution, kPlaying, "Resolution",
     "Resolution, such as 720p, 1080p, 2k or 4k (auto = that of the reference, or the nearest that "
     "the service supports; without a reference it is not sent)"},
    {"images", kImages, kPlaying, "Images",
     "Reference images: URLs, data URIs or local files. Local files are sent as data URIs, or "
     "published like the reference if the service takes URLs only"},
    {"first-image", &Settings::first_image, kPlaying, "First image",
     "Hint for the first frame: URL, data URI or local file"},
    {"last-image", &Settings::last_image, kPlaying, "Last image",
     "Hint for the last frame, together with first-image: URL, data URI or local file"},
    {"video-reference-type", &Settings::video_reference_type, kPlaying, "Video reference type",
     "How the reference is used: base, feature, asset or style (OmniRouters; unset: the default "
     "for the model)"},
    {"keep-original-sound", enum_field<&Settings::keep_original_sound>(&switch_type), kPlaying,
     "Keep original sound", "Whether the result has the audio of the reference (OmniRouters)"},
    {"generate-audio", enum_field<&Settings::generate_audio>(&switch_type), kPlaying,
     "Generate audio", "Whether the service generates audio for the result (OmniRouters)"},
    {"parameters", &Settings::parameters, kPlaying, "Parameters",
     "JSON object that is merged over the request body last, or @FILE.json"},
    {"reference-transport", enum_field<&Settings::reference_transport>(&reference_transport_type),
     kReady, "Reference transport", "How the service gets the reference"},
    {"serve-address", &Settings::serve_address, kReady, "Serve address",
     "Local address on which references are served (unset: all addresses of this machine)"},
    {"serve-port", &Settings::serve_port, kReady, "Serve port",
     "Local port on which references are served (0 = any free port)", 0, 65535},
    {"public-url", Row::UrlField{&Settings::public_url}, kReady, "Public URL",
     "URL at which the service finds what is published. serve: an address that leads to this "
     "process, such as that of a tunnel. put: a template with {name} (unset: put-url). Credentials "
     "and query are omitted when the property is read"},
    {"put-url", Row::UrlField{&Settings::put_url}, kReady, "PUT URL",
     "URL template with {name} for storing references with HTTP PUT; user and password are sent as "
     "Basic credentials. Credentials and query are omitted when the property is read"},
    {"s3-url", Row::UrlField{&Settings::s3_url}, kReady, "S3 URL",
     "s3://BUCKET/PREFIX for storing references; credentials, region and endpoint come from the "
     "environment variables of the AWS tools, or from ?endpoint=URL&region=NAME. The query is "
     "omitted when the property is read"},
    {"delete-reference", &Settings::delete_reference, kReady, "Delete reference",
     "Delete what was stored with put or s3 when the job has ended"},
    {"oversize", enum_field<&Settings::oversize>(&oversize_type), kPlaying, "Oversize",
     "What to do with a reference that exceeds the service's limits or has a format that the "
     "service does not take"},
    {"poll-interval", &Settings::poll_interval, kPlaying, "Poll interval",
     "Time between two polls in ns (0 = adaptive)"},
    {"timeout", &Settings::timeout, kReady, "Timeout",
     "Close a connection on which no byte was transferred for this many seconds (0 = never). The "
     "wait for the answer to a submission is limited by job-timeout instead"},
    {"job-timeout", &Settings::job_timeout, kPlaying, "Job timeout",
     "Maximum time from submission to result in ns", GST_SECOND},
    {"retry-attempts", &Settings::retry_attempts, kPlaying, "Retry attempts",
     "Maximum number of attempts per request, where repeating it cannot cost money", 1, 100},
    {"max-in-flight", &Settings::max_in_flight, kReady, "Max in flight",
     "Maximum number of jobs that run at once (0 = automatic: 8; omniv2vbin live: as many as "
     "latency needs)",
     0, 512},
    {"max-jobs", &Settings::max_jobs, kPlaying, "Max jobs",
     "Spend limit: submit at most this many jobs in the life of this element, or within "
     "budget-period (0 = no limit)"},
    {"max-seconds", &Settings::max_seconds, kPlaying, "Max seconds",
     "Spend limit: buy at most this many seconds in the life of this element, or within "
     "budget-period (0 = no limit)"},
    {"dry-run", &Settings::dry_run, kPlaying, "Dry run",
     "Check and build every request and submit nothing. Each request is posted as an omni/job "
     "message with state=planned, their sum as omni/plan at the end. Filters pass their input "
     "through, the source sends EOS"},
    {"on-failure", kOnFailure, kPlaying, "On failure",
     "What replaces the result of a job that failed"},
    {"budget-period", &Settings::budget_period, kPlaying, "Budget period",
     "Apply max-jobs and max-seconds to all jobs in the ledger within this period in ns, from all "
     "pipelines that share the ledger (0 = to this element only)"},
    {"state-dir", &Settings::state_dir, kReady, "State folder",
     "Folder on a local disk for the ledger, kept results, and results during download (unset: "
     "gst-omni in the XDG state folder)"},
    {"state-size", &Settings::state_size, kReady, "State size",
     "Maximum size in bytes of the results kept in state-dir; oldest first, undelivered results "
     "are evicted last (0 = keep none)"},
    {"ledger", enum_field<&Settings::ledger>(&ledger_mode_type), kReady, "Ledger",
     "Whether every job is recorded in state-dir, so that a crash loses nothing that was paid"},
    {"reuse", enum_field<&Settings::reuse>(&reuse_type), kPlaying, "Reuse",
     "What is reused from the ledger, for the same reference and request, instead of buying it "
     "again"},
    {"project", &Settings::project, kPlaying, "Project",
     "Label that the ledger sums costs by, such as the name of a film or a customer; a change "
     "holds for the jobs submitted after it (unset: none). Since: 0.2"},
    {"proxy", Row::UrlField{&Settings::proxy}, kReady, "Proxy",
     "HTTP or SOCKS proxy URL; credentials are omitted when the property is read (unset: the "
     "system's proxy)"},
    {"extra-headers", kHeaders, kReady, "Extra headers",
     "HTTP headers to send to the service's own origin; their values are omitted when the property "
     "is read"},
    {"ssl-ca-file", &Settings::ssl_ca_file, kReady, "CA file",
     "PEM file with the trusted certificate authorities (unset: the system's)"},
    {"user-agent", &Settings::user_agent, kReady, "User agent",
     "Value of the User-Agent header (unset: gst-omni/VERSION)"},
}));

}  // namespace

guint install_shared_properties(GObjectClass* klass, guint first_id, GType on_failure_type) {
  return kProperties.install(klass, first_id, on_failure_type);
}

bool set_shared_property(Settings& settings, guint id, guint first_id, const GValue* value) {
  return kProperties.set(settings, id, first_id, value);
}

bool get_shared_property(const Settings& settings, guint id, guint first_id, GValue* value) {
  return kProperties.get(settings, id, first_id, value);
}

void install_stats_property(GObjectClass* klass, guint id) {
  g_object_class_install_property(
      klass, id,
      g_param_spec_boxed(
          "stats", "Statistics",
          "Counts since the element was created: submitted, completed, failed, reused, retried, "
          "in-flight, jobs-paid, seconds-paid (uint), bytes-up, bytes-down (guint64), "
          "service-time-p50, service-time-p90, service-time-max (guint64, ns, this run)",
          GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

}  // namespace omni
