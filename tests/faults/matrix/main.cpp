// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Runs the whole matrix, several cells at once because most of them wait, and compares: each cell
// with what the table demands, and what they gave with tests/faults/fault-table.md.
//   faults-matrix FAULT-TABLE.md
// OMNI_RENEW_TABLES=1 writes the file instead; OMNI_FAULT=TEXT runs only faults that have
// TEXT in their name, and compares no file.
#include <glib/gstdio.h>
#include <gst/gst.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "faults/matrix/matrix.h"
#include "faults/matrix/tls-server.h"
#include "support/element-run.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

using namespace omni;
using namespace omni::test;

namespace {

// Far more than there are cores: a cell works for a tenth of a second and waits for up to six.
constexpr unsigned kAtOnce = 64;

constexpr Cell kCells[] = {{Element::omniv2v, false}, {Element::omniv2v, true},
                           {Element::bin, false},     {Element::bin, true},
                           {Element::source, false},  {Element::source, true}};
constexpr std::size_t kCellsOfRow = std::size(kCells);

std::string table_path;

struct Work {
  const Row* row;
  std::array<Observed, kCellsOfRow> cells;
};

class Folder {
 public:
  Folder() : path_(CharPtr(g_dir_make_tmp("omni-matrix-XXXXXX", nullptr)).get()) {}
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

/// What must come out at the element's end, by what must come of the job.
std::string expected_gift(const Row& row, Cell cell, const Expect& expect) {
  const bool fails = !expect.reason.empty();
  if (cell.element != Element::bin) {
    if (!fails) return "result";
    if (!cell.stand_in) return "error";
    return cell.element == Element::source ? "nothing" : "source";
  }
  const std::string one = std::to_string(kFramesOfSegment),
                    two = std::to_string(2 * kFramesOfSegment),
                    all = std::to_string(kFramesOfStream);
  if (!fails) return all + " result";
  if (row.script.base != Base::service) return cell.stand_in ? all + " source" : "error";
  if (!cell.stand_in) return one + " result, error";
  if (row.script.next_waits) return one + " result, " + two + " source";
  return one + " result, " + one + " source, " + one + " result";
}

void compare(const std::string& name, const std::string& what, const std::string& got,
             const std::string& wanted, std::vector<std::string>& complaints) {
  if (got != wanted)
    complaints.push_back(name + ": " + what + " is \"" + got + "\", not \"" + wanted + "\"");
}

std::vector<std::string> complaints_of(const Row& row, Cell cell, const Observed& observed) {
  static const char* const kNames[] = {"omniv2v", "omniv2vbin", "omnivideosrc"};
  const std::string name = row.fault + ", " + kNames[static_cast<int>(cell.element)] +
                           (cell.stand_in ? ", stand-in" : ", error");
  const Expect& expect = cell.element == Element::bin && row.bin ? *row.bin : row.expect;
  std::vector<std::string> all;
  for (const std::string& problem : observed.problems) all.push_back(name + ": " + problem);
  const auto number = [](int value) { return std::to_string(value); };
  compare(name, "the reason", observed.job.reason, expect.reason, all);
  compare(name, "the HTTP status", number(observed.job.http), number(expect.http), all);
  compare(name, "whole POSTs", number(observed.job.whole), number(expect.whole), all);
  compare(name, "POSTs", number(observed.job.posts), number(expect.posts), all);
  compare(name, "what came out", observed.gave, expected_gift(row, cell, expect), all);
  return all;
}

/// One value when all cells have the same, else one for each element.
std::string in_common(const Work& work, std::string (*value)(const Observed&)) {
  std::array<std::string, kCellsOfRow> values;
  for (std::size_t i = 0; i < kCellsOfRow; ++i) values[i] = value(work.cells[i]);
  if (std::all_of(values.begin(), values.end(), [&](const auto& one) { return one == values[0]; }))
    return values[0];
  return values[0] + " / " + values[2] + " / " + values[4];
}

std::string posts_text(const Observed& observed) {
  const std::string whole = std::to_string(observed.job.whole);
  if (observed.job.whole == observed.job.posts) return whole;
  return whole + " of " + std::to_string(observed.job.posts);
}
std::string reason_text(const Observed& observed) {
  return observed.job.reason.empty() ? "–" : "`" + observed.job.reason + "`";
}
std::string http_text(const Observed& observed) {
  return observed.job.http == 0 ? "–" : std::to_string(observed.job.http);
}

constexpr char kHead[] =
    "# Faults, and what comes of them\n"
    "\n"
    "Made by `OMNI_RENEW_TABLES=1 ./tests/run.sh faults-matrix`; without the variable the "
    "run compares\ninstead, and fails where this file differs. How to read it: README.md beside "
    "it.\n";
constexpr char kColumns[] =
    "| fault | POSTs | reason | HTTP | `omniv2v` error | source | `omniv2vbin` error | source | "
    "`omnivideosrc` error | skip |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n";

std::string as_markdown(const std::vector<Section>& sections, const std::vector<Work>& work) {
  std::string text = kHead;
  auto next = work.begin();
  for (const Section& section : sections) {
    text += "\n## " + section.title + "\n\n" + kColumns;
    for (std::size_t i = 0; i < section.rows.size(); ++i, ++next) {
      text += "| " + next->row->fault + " | " + in_common(*next, posts_text) + " | " +
              in_common(*next, reason_text) + " | " + in_common(*next, http_text) + " |";
      for (const Observed& cell : next->cells) text += " " + cell.gave + " |";
      text += "\n";
    }
  }
  return text;
}

std::vector<Work> work_of(const std::vector<Section>& sections) {
  const char* only = g_getenv("OMNI_FAULT");
  std::vector<Work> all;
  for (const Section& section : sections)
    for (const Row& row : section.rows)
      if (!only || row.fault.find(only) != std::string::npos) all.push_back({&row, {}});
  return all;
}

struct Place {
  Work* work;
  std::size_t cell;
};

/// What waits longest begins first, or the end would be a wait for it alone.
std::vector<Place> places_of(std::vector<Work>& all, bool clock_jumps) {
  std::vector<Place> places;
  for (Work& work : all)
    for (std::size_t cell = 0; cell < kCellsOfRow; ++cell)
      if (work.row->script.wall_clock_jumps == clock_jumps) places.push_back({&work, cell});
  std::stable_sort(places.begin(), places.end(), [](const Place& one, const Place& other) {
    return one.work->row->script.waits > other.work->row->script.waits;
  });
  return places;
}

void run_places(const std::vector<Place>& places, const Clips& clips, const Folder& folder,
                const std::string& tls_url) {
  static std::atomic<int> folders{0};
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  const auto run = [&] {
    for (std::size_t at; (at = next++) < places.size();) {
      const auto& [work, cell] = places[at];
      const std::string own = folder.path() + "/" + std::to_string(++folders);
      g_mkdir(own.c_str(), 0700);
      work->cells[cell] = run_cell(*work->row, kCells[cell], clips, own, tls_url);
    }
  };
  for (unsigned i = 0; i < kAtOnce; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string first_difference(const std::string& got, const std::string& wanted) {
  std::istringstream got_lines(got), wanted_lines(wanted);
  for (std::string one, other;;) {
    const bool more = bool(std::getline(got_lines, one));
    const bool others = bool(std::getline(wanted_lines, other));
    if (!more && !others) return "";
    if (!more) one = "(the end)";
    if (!others) other = "(the end)";
    if (one != other) return "this run: " + one + "\nthe file: " + other;
  }
}

struct TlsClients {
  int handshakes, requests;
};

/// Nothing is asserted in here: a failure would leave the folder behind.
TlsClients run_all(std::vector<Work>& all, const Clips& clips) {
  const Folder folder;
  const TlsServer tls(folder.path());
  run_places(places_of(all, false), clips, folder, tls.url());
  // Apart, because the others have dates in them.
  run_places(places_of(all, true), clips, folder, tls.url());
  set_wall_clock_offset(0);
  return {tls.handshakes(), tls.requests()};
}

/// Where the jump does not reach GLib, rows that jump would show nothing.
void check_wall_clock() {
  const gint64 before = g_get_real_time(), steady = g_get_monotonic_time();
  set_wall_clock_offset(-3600);
  fail_unless(g_get_real_time() < before - 3500 * gint64{G_USEC_PER_SEC});
  fail_unless(time(nullptr) < (before / G_USEC_PER_SEC) - 3500);
  fail_unless(g_get_monotonic_time() >= steady);
  set_wall_clock_offset(0);
}

}  // namespace

GST_START_TEST(matrix) {
  g_setenv("OMNI_API_KEY", kKey, TRUE);
  const gint64 began = g_get_monotonic_time();
  const Clips clips = make_clips();
  const std::vector<Section> sections = fault_table(clips);
  std::vector<Work> all = work_of(sections);
  fail_if(all.empty(), "no fault has that name");
  check_wall_clock();
  const TlsClients tls = run_all(all, clips);
  fail_unless_equals_int(tls.requests, 0);
  if (!g_getenv("OMNI_FAULT")) fail_unless(tls.handshakes > 0);
  int complaints = 0;
  for (const Work& work : all)
    for (std::size_t cell = 0; cell < kCellsOfRow; ++cell)
      for (const std::string& one : complaints_of(*work.row, kCells[cell], work.cells[cell]))
        std::cout << "not as demanded: " << one << "\n", ++complaints;
  std::cout << all.size() * kCellsOfRow << " cells in "
            << (g_get_monotonic_time() - began) / G_USEC_PER_SEC << " s\n";
  std::cout.flush();
  fail_unless_equals_int(complaints, 0);
  fail_unless_equals_int(threads_named("omni-network"), 0);
  fail_unless_equals_int(threads_named("omni-submit"), 0);
  if (g_getenv("OMNI_FAULT")) return;
  const std::string table = as_markdown(sections, all);
  if (g_getenv("OMNI_RENEW_TABLES")) std::ofstream(table_path) << table;
  const std::string difference = first_difference(table, file_text(table_path));
  fail_unless(difference.empty(),
              "%s is not what this run gave:\n%s\nOMNI_RENEW_TABLES=1 writes it anew.",
              table_path.c_str(), difference.c_str());
}
GST_END_TEST

int main(int argc, char** argv) {
  gst_check_init(&argc, &argv);
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FAULT-TABLE.md\n";
    return 2;
  }
  table_path = argv[1];
  Suite* suite = suite_create("faults-matrix");
  TCase* tcase = tcase_create("matrix");
  tcase_set_timeout(tcase, 0);  // as long as meson lets it: sanitizers make it many times slower
  tcase_add_test(tcase, matrix);
  suite_add_tcase(suite, tcase);
  return gst_check_run_suite(suite, "faults-matrix", __FILE__);
}
