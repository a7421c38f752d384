#include "options.h"

#include <glib.h>

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

using Strings = std::unique_ptr<char*, omni::FreeWith<&g_strfreev>>;

/// Where GOption puts what it reads; it hands over its strings, so each has an owner here.
struct Raw {
  int port = 8080, concurrency = 0, queue = 0, retry_after = 5, fps = 0;
  double service_time = 0, expire = 86400;
  char *address = nullptr, *key = nullptr, *look = nullptr, *reply = nullptr, *state = nullptr;
  char *command = nullptr, *fault = nullptr, *provider = nullptr;
  char** models = nullptr;
  gboolean no_progress = FALSE, quiet = FALSE, version = FALSE, help = FALSE;
  gboolean refusals_in_200 = FALSE, no_fetch_images = FALSE, fetch_anywhere = FALSE;

  Raw() = default;
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() {
    for (char* text : {address, key, look, reply, state, command, fault, provider}) g_free(text);
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

/// The first form in the table is a provider's default.
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

Settings check(const Raw& raw) {
  Settings settings;
  if (raw.address) settings.address = raw.address;
  if (!g_hostname_is_ip_address(settings.address.c_str())) {
    throw std::invalid_argument("--address must be an IP address, for example 127.0.0.1");
  }
  settings.port = at_least(raw.port, 0, "port");
  if (settings.port > 65535) throw std::invalid_argument("--port must be 0 to 65535");
  settings.key = raw.key ? raw.key : text(g_getenv("OMNI_EMULATOR_KEY"));
  if (raw.service_time < 0 || raw.service_time > 86400) {
    throw std::invalid_argument("--service-time must be 0 to 86400 seconds");
  }
  settings.service_time = raw.service_time;
  if (!(raw.expire > 0)) throw std::invalid_argument("--expire must be more than 0 seconds");
  settings.expire = raw.expire;
  settings.look = look_named(text(raw.look));
  settings.concurrency = at_least(raw.concurrency, 0, "concurrency");
  settings.queue = at_least(raw.queue, 0, "queue");
  settings.retry_after = at_least(raw.retry_after, 0, "retry-after");
  settings.fps = at_least(raw.fps, 0, "fps");
  if (settings.fps > 240) throw std::invalid_argument("--fps must be 0 to 240");
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

}  // namespace

std::optional<Settings> read_options(int argc, char** argv) {
  Raw raw;
  const GOptionEntry entries[] = {
      {"provider", 0, 0, G_OPTION_ARG_STRING, &raw.provider,
       "Whose API is spoken: octopusx (default), omnirouters, apimart", "NAME"},
      {"port", 'p', 0, G_OPTION_ARG_INT, &raw.port, "Port; 0 = any free one (default 8080)", "N"},
      {"address", 0, 0, G_OPTION_ARG_STRING, &raw.address,
       "Address to listen on (default 127.0.0.1)", "IP"},
      {"key", 0, 0, G_OPTION_ARG_STRING, &raw.key,
       "The accepted bearer token; also OMNI_EMULATOR_KEY (default: any that is not empty)", "KEY"},
      {"service-time", 't', 0, G_OPTION_ARG_DOUBLE, &raw.service_time,
       "Time that a job takes at least (default 0: as fast as rendering)", "SECONDS"},
      {"concurrency", 'c', 0, G_OPTION_ARG_INT, &raw.concurrency,
       "Jobs that run at once (default 0: no limit); beyond them and the queue: 429", "N"},
      {"queue", 0, 0, G_OPTION_ARG_INT, &raw.queue,
       "Jobs that may wait beyond --concurrency (default 0)", "N"},
      {"retry-after", 0, 0, G_OPTION_ARG_INT, &raw.retry_after,
       "Retry-After of that 429 (default 5)", "SECONDS"},
      {"look", 'l', 0, G_OPTION_ARG_STRING, &raw.look,
       "The look when the prompt names none (default neon; identity where there are images)",
       "NAME"},
      {"fps", 0, 0, G_OPTION_ARG_INT, &raw.fps,
       "Frame rate of results (default 0: as the reference, 24 without one)", "N"},
      {"expire", 0, 0, G_OPTION_ARG_DOUBLE, &raw.expire,
       "Life of a result link, then 403; a poll gives a fresh one (default 86400)", "SECONDS"},
      {"reply", 0, 0, G_OPTION_ARG_STRING, &raw.reply, "Where polls carry the link, see below",
       "FORM"},
      {"refusals-in-200", 0, 0, G_OPTION_ARG_NONE, &raw.refusals_in_200,
       "Refusals of creates and polls say 200 in HTTP and their status in \"code\"", nullptr},
      {"no-fetch-images", 0, 0, G_OPTION_ARG_NONE, &raw.no_fetch_images,
       "Leave images by address alone, for requests copied from the documents", nullptr},
      {"fetch-anywhere", 0, 0, G_OPTION_ARG_NONE, &raw.fetch_anywhere,
       "Fetch references and images from other computers too (default: from this one only)",
       nullptr},
      {"no-progress", 0, 0, G_OPTION_ARG_NONE, &raw.no_progress, "Polls report no progress",
       nullptr},
      {"model", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw.models,
       "Accept this model name too; \"any\" accepts all; may be repeated", "NAME"},
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
