// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "options.h"

#include <glib.h>

#include <charconv>
#include <cstdio>
#include <stdexcept>

#include "config.h"
#include "dialect.h"
#include "faults.h"
#include "help.h"
#include "looks.h"
#include "service/glib-ptr.h"

namespace emu {
namespace {

constexpr double kMaxServiceSeconds = 86400;
constexpr unsigned kMinSide = 16, kMaxSide = 8192;

using Strings = std::unique_ptr<char*, omni::FreeWith<&g_strfreev>>;

/// The values read by GOption, which passes ownership of its strings.
struct Raw {
  int port = 8080, concurrency = 0, queue = 0, retry_after = 5, fps = 0;
  double expire = 86400, fail_rate = 0, slow_rate = 0, slow_time = 0, stretch = 1;
  gint64 seed = 1;
  char *service_time = nullptr, *size = nullptr;
  char *address = nullptr, *key = nullptr, *look = nullptr, *reply = nullptr, *state = nullptr;
  char *command = nullptr, *fault = nullptr, *provider = nullptr;
  char** models = nullptr;
  gboolean no_progress = FALSE, quiet = FALSE, version = FALSE, help = FALSE;
  gboolean refusals_in_200 = FALSE, no_fetch_images = FALSE, fetch_anywhere = FALSE;

  Raw() = default;
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() {
    for (char* text :
         {address, key, look, reply, state, command, fault, provider, service_time, size})
      g_free(text);
    g_strfreev(models);
  }
};

unsigned at_least(int value, int minimum, const char* name) {
  if (value < minimum) {
    throw std::invalid_argument(std::string("--") + name + " must be " + std::to_string(minimum) +
                                " or more");
  }
  return static_cast<unsigned>(value);
}

Provider provider_named(const std::string& name) {
  for (const Provider provider : {Provider::octopusx, Provider::omnirouters, Provider::apimart}) {
    if (name == dialect_of(provider).name()) return provider;
  }
  throw std::invalid_argument("--provider must be octopusx, omnirouters or apimart");
}

/// The first form in the table is the provider's default.
ReplyForm form_named(const std::string& name, Provider provider) {
  std::string names;
  for (const NamedForm& known : reply_forms()) {
    if (known.provider != provider) continue;
    if (name.empty() || name == known.name) return known.form;
    names.append(names.empty() ? "" : ", ").append(known.name);
  }
  throw std::invalid_argument(std::string("--reply of ") + dialect_of(provider).name() +
                              " must be one of " + names);
}

std::vector<std::string> split_command(const std::string& command) {
  gint count = 0;
  char** raw = nullptr;
  GError* raw_error = nullptr;
  g_shell_parse_argv(command.c_str(), &count, &raw, &raw_error);
  const Strings words(raw);
  const omni::ErrorPtr error(raw_error);
  if (error) throw std::invalid_argument(std::string("--command: ") + error->message);
  return {raw, raw + count};
}

std::string look_named(const std::string& name) {
  if (name.empty() || find_look(name)) return name;
  std::string names;
  for (const Look& look : looks()) names.append(names.empty() ? "" : ", ").append(look.name);
  throw std::invalid_argument("--look must be one of " + names);
}

std::string text(const char* value) {
  return value ? value : "";
}

/// One number, or two with a dash between them. Digits and a point only: an exponent or a sign
/// would make the dash ambiguous.
Span service_time_of(std::string_view text) {
  Span span;
  const char* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, span.least, std::chars_format::fixed);
  span.most = span.least;
  bool good = read.ec == std::errc();
  if (good && read.ptr != end && *read.ptr == '-') {
    read = std::from_chars(read.ptr + 1, end, span.most, std::chars_format::fixed);
    good = read.ec == std::errc();
  }
  // Also rejects NaN, which from_chars accepts as a number.
  good = good && read.ptr == end && span.least >= 0 && span.most <= kMaxServiceSeconds;
  if (!good) {
    throw std::invalid_argument(
        "--service-time must be 0 to 86400 seconds, as one number (20) or a range (0.5-4), not \"" +
        std::string(text) + "\"");
  }
  if (!(span.least <= span.most)) {
    throw std::invalid_argument("--service-time must have its smaller number first, not \"" +
                                std::string(text) + "\"");
  }
  return span;
}

double rate_of(double value, const char* name) {
  if (value >= 0 && value <= 1) return value;
  throw std::invalid_argument(std::string("--") + name + " must be 0 (no job) to 1 (all)");
}

void read_chance(Settings& settings, const Raw& raw) {
  if (raw.service_time) settings.service_time = service_time_of(raw.service_time);
  if (raw.seed < 0) throw std::invalid_argument("--seed must be 0 or more");
  settings.seed = static_cast<std::uint64_t>(raw.seed);
  settings.fail_rate = rate_of(raw.fail_rate, "fail-rate");
  settings.slow_rate = rate_of(raw.slow_rate, "slow-rate");
  if (!(raw.slow_time >= 0 && raw.slow_time <= kMaxServiceSeconds)) {
    throw std::invalid_argument("--slow-time must be 0 to 86400 seconds");
  }
  settings.slow_time = raw.slow_time;
  if ((settings.slow_rate > 0) != (settings.slow_time > 0)) {
    throw std::invalid_argument("--slow-rate and --slow-time go together: which share, how long");
  }
}

FrameSize size_of(const std::string& text) {
  FrameSize size;
  int read = 0;
  const int fields = std::sscanf(text.c_str(), "%5ux%5u%n", &size.width, &size.height, &read);
  const auto good = [](unsigned side) {
    return side >= kMinSide && side <= kMaxSide && side % 2 == 0;
  };
  const bool whole = fields == 2 && static_cast<std::size_t>(read) == text.size();
  if (whole && good(size.width) && good(size.height)) return size;
  throw std::invalid_argument(
      "--size must be WIDTHxHEIGHT, both even and 16 to 8192 (640x360), not \"" + text + "\"");
}

void read_result_form(Settings& settings, const Raw& raw) {
  settings.fps = at_least(raw.fps, 0, "fps");
  if (settings.fps > 240) throw std::invalid_argument("--fps must be 0 to 240");
  if (!(raw.stretch >= 0.5 && raw.stretch <= 2)) {
    throw std::invalid_argument("--stretch must be 0.5 to 2; 1 = as long as requested");
  }
  settings.stretch = raw.stretch;
  if (raw.size) settings.size = size_of(raw.size);
}

Settings check(const Raw& raw) {
  Settings settings;
  if (raw.address) settings.address = raw.address;
  if (!g_hostname_is_ip_address(settings.address.c_str())) {
    throw std::invalid_argument("--address must be an IP address, for example 127.0.0.1");
  }
  settings.port = at_least(raw.port, 0, "port");
  if (settings.port > 65535) throw std::invalid_argument("--port must be 0 to 65535");
  settings.key = raw.key ? raw.key : text(g_getenv("OMNI_EMULATOR_KEY"));
  read_chance(settings, raw);
  if (!(raw.expire > 0)) throw std::invalid_argument("--expire must be more than 0 seconds");
  settings.expire = raw.expire;
  settings.look = look_named(text(raw.look));
  settings.concurrency = at_least(raw.concurrency, 0, "concurrency");
  settings.queue = at_least(raw.queue, 0, "queue");
  settings.retry_after = at_least(raw.retry_after, 0, "retry-after");
  read_result_form(settings, raw);
  if (raw.provider) settings.provider = provider_named(raw.provider);
  settings.reply = form_named(text(raw.reply), settings.provider);
  settings.refusals_in_200 = raw.refusals_in_200;
  settings.fetch_images = !raw.no_fetch_images;
  settings.fetch_anywhere = raw.fetch_anywhere;
  settings.progress = !raw.no_progress;
  settings.quiet = raw.quiet;
  settings.state_dir = text(raw.state);
  if (raw.command) settings.command = split_command(raw.command);
  for (char** model = raw.models; model && *model; ++model) settings.models.emplace_back(*model);
  settings.faults = text(raw.fault);
  Faults::parse(settings.faults);
  return settings;
}

void add_chance_options(GOptionContext* context, Raw& raw) {
  const GOptionEntry entries[] = {
      {"service-time", 't', 0, G_OPTION_ARG_STRING, &raw.service_time,
       "Minimum time of a job; MIN-MAX: a random time for each job (default 0: as fast as "
       "rendering)",
       "SECONDS"},
      {"fail-rate", 0, 0, G_OPTION_ARG_DOUBLE, &raw.fail_rate,
       "Share of the jobs that fail after they were accepted, at random (default 0)", "0..1"},
      {"slow-rate", 0, 0, G_OPTION_ARG_DOUBLE, &raw.slow_rate,
       "Share of the jobs that take --slow-time longer, at random (default 0)", "0..1"},
      {"slow-time", 0, 0, G_OPTION_ARG_DOUBLE, &raw.slow_time, "How much longer these jobs take",
       "SECONDS"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &raw.seed,
       "Seed of the random decisions; the same seed repeats the same run (default 1)", "N"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

void add_result_options(GOptionContext* context, Raw& raw) {
  const GOptionEntry entries[] = {
      {"fps", 0, 0, G_OPTION_ARG_INT, &raw.fps,
       "Frame rate of results (default 0: that of the reference, or 24)", "N"},
      {"size", 0, 0, G_OPTION_ARG_STRING, &raw.size,
       "Size of results, whatever the request says (default: as requested)", "WxH"},
      {"stretch", 0, 0, G_OPTION_ARG_DOUBLE, &raw.stretch,
       "Multiply the duration of results: played faster (0.97) or slower (1.05)", "FACTOR"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

}  // namespace

std::optional<Settings> read_options(int argc, char** argv) {
  Raw raw;
  const GOptionEntry entries[] = {
      {"provider", 0, 0, G_OPTION_ARG_STRING, &raw.provider,
       "API to emulate: octopusx (default), omnirouters, apimart", "NAME"},
      {"port", 'p', 0, G_OPTION_ARG_INT, &raw.port, "Port; 0 = any free port (default 8080)", "N"},
      {"address", 0, 0, G_OPTION_ARG_STRING, &raw.address,
       "Address to listen on (default 127.0.0.1)", "IP"},
      {"key", 0, 0, G_OPTION_ARG_STRING, &raw.key,
       "The accepted bearer token; also OMNI_EMULATOR_KEY (default: any non-empty one)", "KEY"},
      {"concurrency", 'c', 0, G_OPTION_ARG_INT, &raw.concurrency,
       "Jobs that run at once (default 0: no limit); beyond them and the queue: 429", "N"},
      {"queue", 0, 0, G_OPTION_ARG_INT, &raw.queue,
       "Jobs that may wait beyond --concurrency (default 0)", "N"},
      {"retry-after", 0, 0, G_OPTION_ARG_INT, &raw.retry_after,
       "Retry-After of that 429 (default 5)", "SECONDS"},
      {"look", 'l', 0, G_OPTION_ARG_STRING, &raw.look,
       "Look if the prompt names none (default neon; identity if there are only images)", "NAME"},
      {"expire", 0, 0, G_OPTION_ARG_DOUBLE, &raw.expire,
       "Lifetime of a result link, then 403; a poll returns a new one (default 86400)", "SECONDS"},
      {"reply", 0, 0, G_OPTION_ARG_STRING, &raw.reply, "Where polls carry the link, see below",
       "FORM"},
      {"refusals-in-200", 0, 0, G_OPTION_ARG_NONE, &raw.refusals_in_200,
       "Refuse creates and polls with HTTP 200 and the status in \"code\"", nullptr},
      {"no-fetch-images", 0, 0, G_OPTION_ARG_NONE, &raw.no_fetch_images,
       "Do not fetch images by URL, for requests copied from the services' documentation", nullptr},
      {"fetch-anywhere", 0, 0, G_OPTION_ARG_NONE, &raw.fetch_anywhere,
       "Also fetch references and images from other machines (default: this one only)", nullptr},
      {"no-progress", 0, 0, G_OPTION_ARG_NONE, &raw.no_progress, "Polls report no progress",
       nullptr},
      {"model", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw.models,
       "Also accept this model name; \"any\" accepts all; may be repeated", "NAME"},
      {"fault", 'f', 0, G_OPTION_ARG_STRING, &raw.fault, "Script of faults, see below", "SCRIPT"},
      {"command", 0, 0, G_OPTION_ARG_STRING, &raw.command,
       "Your own program as the model, see below", "CMD"},
      {"state", 's', 0, G_OPTION_ARG_FILENAME, &raw.state,
       "Keep references, results and requests.jsonl here (default: a temporary folder)", "DIR"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw.quiet, "No log", nullptr},
      {"version", 0, 0, G_OPTION_ARG_NONE, &raw.version, "Show the version", nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const std::unique_ptr<GOptionContext, omni::FreeWith<&g_option_context_free>> context(
      g_option_context_new("- a local emulator of video services, without any AI model"));
  g_option_context_set_description(context.get(), help_text().c_str());
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  add_chance_options(context.get(), raw);
  add_result_options(context.get(), raw);
  GError* raw_error = nullptr;
  g_option_context_parse(context.get(), &argc, &argv, &raw_error);
  const omni::ErrorPtr error(raw_error);
  if (error) throw std::invalid_argument(error->message);
  if (argc > 1) throw std::invalid_argument(std::string("unexpected argument ") + argv[1]);
  if (raw.version) {
    std::puts("omni-emulator " VERSION);
    return std::nullopt;
  }
  return check(raw);
}

}  // namespace emu
