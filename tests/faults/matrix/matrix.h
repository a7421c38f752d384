// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The fault matrix: every fault of the table, against every element, with both kinds of on-failure.
// What a fault is and what must come of it stands in table.cpp; service.cpp plays it, cell.cpp runs
// one element against it, main.cpp runs them all and compares.
#pragma once

#include <climits>
#include <optional>
#include <string>
#include <vector>

#include "support/fault-server.h"

namespace omni::test {

inline constexpr char kKey[] = "sk-matrix-0123456789";
inline constexpr char kSignature[] = "s3cr3t-signature";

// A bin's stream has three segments, each a job of its own; the fault is the second's.
// Pictures are numbered: those of the stream from 0, those of a result from kFirstOfResult.
inline constexpr unsigned kRate = 5;
inline constexpr unsigned kFramesOfSegment = 4 * kRate;
inline constexpr unsigned kFramesOfStream = 3 * kFramesOfSegment;
inline constexpr unsigned kFirstOfResult = 1000;

/// Files that cells send and get, made once.
struct Clips {
  std::string source;  // what omniv2v is given
  std::string result;  // what the service makes of anything
  std::string noise;   // an MP4 whose boxes are good and whose pictures are not
  std::string sound;   // an MP4 without a picture
  std::string jpeg;
  std::string webm;
};
Clips make_clips();

/// Which requests of the job meet the fault. The first poll never does: it says that the job runs.
enum class Where { create, poll, link, first_link };

inline constexpr int kEver = INT_MAX;

/// Where the element is told to look for the service.
enum class Base { service, closed_port, unknown_certificate };

/// What goes wrong. In bodies and headers {service}, {other}, {closed} and {tls} stand for origins:
/// the service's, another server's, one where nobody listens and one whose certificate nobody
/// knows; {gopher} for the other server as gopher://; {job} for the job's number, {id} for its task
/// id; {soon}, {ahead} and {behind} for HTTP dates, now + 2 s, + and - one day.
struct Script {
  Where where = Where::create;
  int times = kEver;  // so many requests, then all is well
  std::optional<ServerReply> reply;
  std::size_t read_most = SIZE_MAX;    // of the create's body, before the reply
  bool large_body = false;             // larger than all buffers between client and server
  std::optional<std::string> link;     // what "completed" names as the result
  std::optional<ServerReply> content;  // what the content proxy says; else 404
  std::optional<ServerReply> other;    // what the other server says; else the result
  std::string id;                      // empty: "video_" and the number of the job
  Base base = Base::service;
  bool wall_clock_jumps = false;  // a day ahead while it runs, two days back when it is done
  bool next_waits = false;        // so long that the job behind it fails as well
  int job_timeout_ms = 0;         // 0: the element's default
  bool impatient = false;         // with a timeout of 2 s
  int waits = 0;                  // seconds that it takes, for the order of the cells
  unsigned most_mib = 64;         // that may be read from the service
};

/// What must come of the job.
struct Expect {
  std::string reason;  // empty: the result comes
  int http = 0;
  int whole = 1;  // POSTs whose body arrived whole: what may be paid
  int posts = 1;  // POSTs in all
};

struct Row {
  std::string fault;
  Script script;
  Expect expect;
  std::optional<Expect> bin;  // where omniv2vbin, which decodes, knows better
  std::string Clips::*delivers = &Clips::result;
};
struct Section {
  std::string title;
  std::vector<Row> rows;
};
std::vector<Section> fault_table(const Clips& clips);

enum class Element { omniv2v, bin, source };

/// The number of the job that meets the fault.
constexpr int faulty_job(Element element) {
  return element == Element::bin ? 2 : 1;
}

struct Cell {
  Element element;
  bool stand_in = false;  // on-failure: source for the first two, skip for the third; else error
};

/// What became of a cell: `gave` is what came out at the element's end.
struct Observed {
  Expect job;
  std::string gave;
  std::vector<std::string> problems;  // what must never be, whatever the fault is
};

/// `folder` is the cell's own. `tls_url` is {tls}.
Observed run_cell(const Row& row, Cell cell, const Clips& clips, const std::string& folder,
                  const std::string& tls_url);

/// Moves CLOCK_REALTIME of this process, as all libraries in it see it, away from the truth.
void set_wall_clock_offset(int seconds);

}  // namespace omni::test
