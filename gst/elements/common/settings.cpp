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
// A readable key would stand in every DOT dump.
constexpr GParamFlags kSecret =
    static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

using Row = Property<Settings>;

template <auto Member>
constexpr Row::EnumField enum_field(GType (*type)()) {
  return Row::enum_field<Member>(type);
}

// Fields of their own kind

constexpr Row::EnumField kProvider = {
    provider_type, [](const Settings& settings) { return provider_value(settings.provider); },
    [](Settings& settings, gint value) { settings.provider = provider_name(value); }};

// Each element has a type of its own for it.
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
    gst_structure_set(shown.get(), name.c_str(), G_TYPE_STRING, "(left out)", nullptr);
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
    {"provider", kProvider, kReady, "Provider", "Which service's dialect to speak"},
    {"base-url", &Settings::base_url, kReady, "Base URL",
     "Another host that speaks the provider's dialect, such as http://127.0.0.1:8080 (unset: "
     "environment OMNI_BASE_URL, else the provider's own)"},
    {"api-key", &Settings::api_key, kSecret, "API key",
     "The service's key. A launch line is logged by GStreamer itself, so prefer api-key-file or "
     "the "
     "environment (unset: OMNI_API_KEY, else the provider's own: OCTOPUSX_API_KEY, "
     "OMNIROUTERS_API_KEY or APIMART_API_KEY)"},
    {"api-key-file", &Settings::api_key_file, kReady, "API key file",
     "A file whose first line is the service's key"},
    {"model", &Settings::model, kPlaying, "Model",
     "The service's name of the model (unset: the provider's own for this element)"},
    {"prompt", &Settings::prompt, kPlaying, "Prompt",
     "What to make of the clip, or @FILE to read that from a file. Say what to keep, and ask for a "
     "newly generated video"},
    {"seconds", &Settings::seconds, kPlaying, "Seconds",
     "Length to generate in seconds (0 = the legal length nearest to the reference's; without a "
     "reference the service's own)"},
    {"aspect-ratio", &Settings::aspect_ratio, kPlaying, "Aspect ratio",
     "Such as 16:9 or 9:16 (auto = from the reference, the nearest that the service knows; without "
     "a reference not sent)"},
    {"resolution", &Settings::resolution, kPlaying, "Resolution",
     "Such as 720p, 1080p, 2k or 4k (auto = from the reference, the nearest that the service "
     "knows; without a reference not sent)"},
    {"images", kImages, kPlaying, "Images",
     "Reference images: URLs, data URIs or local files. A local one goes as a data URI, or is "
     "published like the reference where the service takes URLs only"},
    {"first-image", &Settings::first_image, kPlaying, "First image",
     "Hint for the first frame: URL, data URI or local file"},
    {"last-image", &Settings::last_image, kPlaying, "Last image",
     "Hint for the last frame, beside first-image: URL, data URI or local file"},
    {"video-reference-type", &Settings::video_reference_type, kPlaying, "Video reference type",
     "What the reference is used for: base, feature, asset or style (OmniRouters; unset: what "
     "suits "
     "the model)"},
    {"keep-original-sound", enum_field<&Settings::keep_original_sound>(&switch_type), kPlaying,
     "Keep original sound", "Whether the result has the sound of the reference (OmniRouters)"},
    {"generate-audio", enum_field<&Settings::generate_audio>(&switch_type), kPlaying,
     "Generate audio", "Whether the service makes sound for the result (OmniRouters)"},
    {"parameters", &Settings::parameters, kPlaying, "Parameters",
     "A JSON object that is merged over the request body last, or @FILE.json"},
    {"reference-transport", enum_field<&Settings::reference_transport>(&reference_transport_type),
     kReady, "Reference transport", "How the service gets the reference"},
    {"serve-address", &Settings::serve_address, kReady, "Serve address",
     "Local address to serve references at (unset: all of this machine's)"},
    {"serve-port", &Settings::serve_port, kReady, "Serve port",
     "Local port to serve references at (0 = any free one)", 0, 65535},
    {"public-url", Row::UrlField{&Settings::public_url}, kReady, "Public URL",
     "Under which URL the service finds what is published. serve: where it reaches this machine, "
     "such as that of a tunnel. put: a template with {name} (unset: put-url). Query and user read "
     "back left out"},
    {"put-url", Row::UrlField{&Settings::put_url}, kReady, "PUT URL",
     "Template with {name} of the URL to store references at with HTTP PUT; user and password are "
     "sent as Basic credentials. Query and user read back left out"},
    {"s3-url", Row::UrlField{&Settings::s3_url}, kReady, "S3 URL",
     "s3://BUCKET/PREFIX to store references in; credentials, region and endpoint from the "
     "environment names that the AWS tools use, or ?endpoint=URL&region=NAME. The query reads back "
     "left out"},
    {"delete-reference", &Settings::delete_reference, kReady, "Delete reference",
     "Delete what was stored with put or s3 when the job has ended"},
    {"oversize", enum_field<&Settings::oversize>(&oversize_type), kPlaying, "Oversize",
     "What to do with a reference that is over the service's limits, or of a form that it does not "
     "take"},
    {"poll-interval", &Settings::poll_interval, kPlaying, "Poll interval",
     "Time between two polls in nanoseconds (0 = adaptive)"},
    {"timeout", &Settings::timeout, kReady, "Timeout",
     "Give up on a connection in which no byte moved for so many seconds (0 = never). The wait for "
     "the answer to a create is bounded by job-timeout instead"},
    {"job-timeout", &Settings::job_timeout, kPlaying, "Job timeout",
     "Longest time from submit to result in nanoseconds", GST_SECOND},
    {"retry-attempts", &Settings::retry_attempts, kPlaying, "Retry attempts",
     "How often one request is tried, where repeating it cannot cost money", 1, 100},
    {"max-in-flight", &Settings::max_in_flight, kReady, "Max in flight",
     "Jobs that run at once (0 = automatic: 8)", 0, 512},
    {"max-jobs", &Settings::max_jobs, kPlaying, "Max jobs",
     "Spend guard: submit no more than so many jobs in this element's life, or in budget-period "
     "(0 = no limit)"},
    {"max-seconds", &Settings::max_seconds, kPlaying, "Max seconds",
     "Spend guard: buy no more than so many seconds in this element's life, or in budget-period "
     "(0 = no limit)"},
    {"dry-run", &Settings::dry_run, kPlaying, "Dry run",
     "Check and build every request, post it as omni/job message with state=planned, and their "
     "sum as omni/plan at the end; submit nothing and pass the input through; a source sends EOS"},
    {"on-failure", kOnFailure, kPlaying, "On failure", "What stands in for a job that failed"},
    {"budget-period", &Settings::budget_period, kPlaying, "Budget period",
     "max-jobs and max-seconds hold for all jobs in the ledger of the last so many nanoseconds, of "
     "all pipelines that share it (0 = for this element's own life)"},
    {"state-dir", &Settings::state_dir, kReady, "State folder",
     "Folder, on a local disk, for the ledger, for kept results, and for results while they are "
     "fetched (unset: gst-omni in the XDG state folder)"},
    {"state-size", &Settings::state_size, kReady, "State size",
     "Most bytes of results to keep in state-dir, the oldest out first (0 = keep none)"},
    {"ledger", enum_field<&Settings::ledger>(&ledger_mode_type), kReady, "Ledger",
     "Whether every job is written down in state-dir, so that a crash loses nothing that was paid"},
    {"reuse", enum_field<&Settings::reuse>(&reuse_type), kPlaying, "Reuse",
     "What is taken from the ledger, for the same reference and request, instead of buying it "
     "again"},
    {"project", &Settings::project, kPlaying, "Project",
     "Label that the ledger sums costs by, such as the name of a film or a customer; a change "
     "holds for the jobs submitted after it (unset: none). Since: 0.2"},
    {"proxy", Row::UrlField{&Settings::proxy}, kReady, "Proxy",
     "HTTP or SOCKS proxy URL; user and password read back left out (unset: the system's)"},
    {"extra-headers", kHeaders, kReady, "Extra headers",
     "HTTP headers to send to the service's own origin; their values read back left out"},
    {"ssl-ca-file", &Settings::ssl_ca_file, kReady, "CA file",
     "PEM file with the certificate authorities to trust (unset: the system's)"},
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
          "Counts since the element was made: submitted, completed, failed, reused, retried, "
          "in-flight, jobs-paid, seconds-paid (uint), bytes-up, bytes-down (guint64), "
          "service-time-p50, service-time-p90, service-time-max (guint64, ns, this run)",
          GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

}  // namespace omni
