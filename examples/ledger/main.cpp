// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omni-ledger: shows what gst-omni has bought, and what is undelivered.
#include <glib.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client/files.h"
#include "ledger-command.h"
#include "service/glib-ptr.h"

namespace omni::ledger {

namespace {

constexpr char kUsage[] =
    R"(usage: omni-ledger [OPTION...] COMMAND
Shows what gst-omni has bought, and what is undelivered.

  list              all jobs, the newest last; with --open those that are undelivered or in doubt
  show ID           one job with all its fields. An ID may be shortened, as list shows it
  sum               what was paid by day, model, pipeline and project; with --by one of these
  fetch ID -o FILE  writes an undelivered result, or a delivered one that is still kept, to FILE
                    (- is stdout). A result that is not in the state folder is requested from the
                    service, with the key from OMNI_API_KEY (or the provider's own variable) or
                    --api-key-file. What cannot be used is written as it is, with a warning; the
                    job stays undelivered then
  forget ID         gives a job up: it may be bought again
  prune             deletes finished jobs older than --older-than days (default 90); sums and
                    budget-period no longer include them. With --owed also undelivered ones, such
                    as results that came too late for a live stream

  --state-dir DIR      the state-dir of the elements (default: gst-omni in the XDG state folder)
  --by WORD            day, model, pipeline or project: see sum. The project is the value of the
                       property `project` when the job was submitted
  --json               JSON instead of tables (list, show, sum)
  --open               see list
  --older-than DAYS, --owed   see prune
  -o, --output FILE    see fetch
  --api-key-file FILE  file whose first line is the key
  --ssl-ca-file FILE   trusted certificate authorities (PEM)

States: intent, sent (in doubt, unless a process uses it), accepted, fetched (both paid and
undelivered), delivered, refused (cost nothing), failed, forgotten. A * means that a process uses
the job now. A ledger of gst-omni 0.1.0 is migrated when it is opened; 0.1.0 cannot open it then.
Exit status: 0; 1 if something was not found or failed; 2 for a wrong command line.
)";

struct Options {
  gboolean json = FALSE, open = FALSE, owed = FALSE;
  gint older_than = 90;
  CharPtr state_dir, by, output, api_key_file, ssl_ca_file;
  std::vector<std::string> words;
};

std::string text_of(const CharPtr& text) {
  return text ? text.get() : "";
}

/// A wrong command line: exit status 2.
struct Usage : Problem {
  using Problem::Problem;
};

Options parse(int argc, char** argv) {
  Options options;
  gboolean help = FALSE;
  char *state_dir = nullptr, *by = nullptr, *output = nullptr, *key_file = nullptr,
       *ca_file = nullptr;
  char** words = nullptr;
  const GOptionEntry entries[] = {
      {"help", 'h', 0, G_OPTION_ARG_NONE, &help, nullptr, nullptr},
      {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, nullptr, nullptr},
      {"open", 0, 0, G_OPTION_ARG_NONE, &options.open, nullptr, nullptr},
      {"owed", 0, 0, G_OPTION_ARG_NONE, &options.owed, nullptr, nullptr},
      {"older-than", 0, 0, G_OPTION_ARG_INT, &options.older_than, nullptr, nullptr},
      {"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &state_dir, nullptr, nullptr},
      {"by", 0, 0, G_OPTION_ARG_STRING, &by, nullptr, nullptr},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, nullptr, nullptr},
      {"api-key-file", 0, 0, G_OPTION_ARG_FILENAME, &key_file, nullptr, nullptr},
      {"ssl-ca-file", 0, 0, G_OPTION_ARG_FILENAME, &ca_file, nullptr, nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const std::unique_ptr<GOptionContext, FreeWith<&g_option_context_free>> context(
      g_option_context_new(nullptr));
  g_option_context_set_help_enabled(context.get(), FALSE);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  GError* raw = nullptr;
  const bool good = g_option_context_parse(context.get(), &argc, &argv, &raw);
  const ErrorPtr error(raw);
  options.state_dir.reset(state_dir);
  options.by.reset(by);
  options.output.reset(output);
  options.api_key_file.reset(key_file);
  options.ssl_ca_file.reset(ca_file);
  for (char** word = words; word && *word; ++word) options.words.push_back(*word);
  g_strfreev(words);
  if (!good) throw Usage(error->message);
  if (help) options.words = {"help"};
  return options;
}

std::string state_dir(const Options& options) {
  return state_folder(text_of(options.state_dir));
}

std::string wanted_id(const Options& options) {
  if (options.words.size() != 2) throw Usage(options.words[0] + " requires one ID");
  return options.words[1];
}

bool is_open(const LedgerRow& row) {
  return row.state == "sent" || row.state == "accepted" || row.state == "fetched";
}

LedgerRow find(LedgerStore& store, const std::string& id) {
  std::optional<LedgerRow> row;
  store.transaction([&] { row = store.row(id); });
  if (!row) throw Problem("There is no job \"" + id + "\", or more than one begins with this.");
  return *row;
}

void list(LedgerStore& store, const Options& options) {
  std::vector<LedgerRow> rows;
  store.transaction([&] { rows = store.rows(); });
  if (options.open) std::erase_if(rows, [](const LedgerRow& row) { return !is_open(row); });
  show_list(rows, options.json);
}

void sum(LedgerStore& store, const Options& options) {
  constexpr std::pair<const char*, LedgerStore::Group> kGroups[] = {
      {"day", LedgerStore::Group::day},
      {"model", LedgerStore::Group::model},
      {"pipeline", LedgerStore::Group::pipeline},
      {"project", LedgerStore::Group::project}};
  const std::string by = text_of(options.by);
  std::vector<NamedSums> tables;
  store.transaction([&] {
    for (const auto& [name, group] : kGroups)
      if (!options.by || by == name) tables.push_back({name, store.sums(group)});
  });
  if (tables.empty()) throw Usage("--by requires day, model, pipeline or project");
  show_sums(tables, options.json);
}

void fetch(LedgerStore& store, const Options& options) {
  const LedgerRow row = find(store, wanted_id(options));
  if (!options.output) throw Usage("fetch requires -o FILE");
  if (row.in_use) throw Problem("A running process uses it, and will fetch it.");
  const bool kept = row.state == "delivered" && !row.result_hash.empty();
  if (row.state != "accepted" && row.state != "fetched" && !kept)
    throw Problem("Its state is " + row.state +
                  ": there is no undelivered result. See `omni-ledger show " + row.id + "`.");
  fetch_result(row, {state_dir(options), text_of(options.output), text_of(options.api_key_file),
                     text_of(options.ssl_ca_file)});
}

void forget(LedgerStore& store, const Options& options) {
  const LedgerRow row = find(store, wanted_id(options));
  bool forgotten = false;
  store.transaction([&] { forgotten = store.forget(row.id); });
  if (!forgotten) throw Problem("A running process uses it: stop that first.");
  std::printf("forgotten: %s (was %s)\n", row.id.c_str(), row.state.c_str());
}

void prune(LedgerStore& store, const Options& options) {
  if (options.older_than < 0) throw Usage("--older-than requires days");
  const gint64 before =
      g_get_real_time() - static_cast<gint64>(options.older_than) * 24 * 3600 * G_USEC_PER_SEC;
  int deleted = 0;
  store.transaction([&] { deleted = store.prune(before, options.owed); });
  std::printf("deleted: %d\n", deleted);
}

void run(const Options& options) {
  struct Command {
    const char* name;
    void (*run)(LedgerStore&, const Options&);
  };
  constexpr Command kCommands[] = {
      {"list", list},
      {"show", [](LedgerStore& store,
                  const Options& given) { show_row(find(store, wanted_id(given)), given.json); }},
      {"sum", sum},
      {"fetch", fetch},
      {"forget", forget},
      {"prune", prune}};
  if (options.words.empty()) throw Usage("no command");
  const auto* command = std::find_if(std::begin(kCommands), std::end(kCommands),
                                     [&](const Command& c) { return options.words[0] == c.name; });
  if (command == std::end(kCommands)) throw Usage("no such command: " + options.words[0]);
  const std::string folder = state_dir(options);
  // Reading must not create a ledger.
  if (access((folder + "/ledger.db").c_str(), F_OK) != 0)
    throw Problem("There is no ledger in " + folder + ". Is it in another --state-dir?");
  LedgerStore store(folder);
  command->run(store, options);
}

}  // namespace

}  // namespace omni::ledger

int main(int argc, char** argv) {
  using namespace omni::ledger;
  setlocale(LC_ALL, "");
  try {
    const Options options = parse(argc, argv);
    if (!options.words.empty() && options.words[0] == "help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    run(options);
    return 0;
  } catch (const Usage& problem) {
    std::fprintf(stderr, "omni-ledger: %s\n%s", problem.what(), kUsage);
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "omni-ledger: %s\n", problem.what());
    return 1;
  }
}
