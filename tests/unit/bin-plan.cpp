// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Where a stream is cut, how long its references are, and which moment of a result is shown when:
// the arithmetic of omniv2vbin, without frames and without a clock.
#include <algorithm>
#include <random>
#include <vector>

#include "check-main.h"
#include "media/placement.h"
#include "media/segment-planner.h"
#include "service/error.h"

using namespace omni;

namespace {

constexpr GstClockTime kSecond = GST_SECOND;
constexpr GstClockTime kMilli = GST_MSECOND;
constexpr GstClockTime kSlack = 100 * kMilli;  // frames do not end on whole seconds
constexpr GstClockTime kHalf = 500 * kMilli;   // what is longer by less is sold as that length
constexpr GstClockTime kUnknown = GST_CLOCK_TIME_NONE;

constexpr unsigned kFour[] = {4, 6, 8, 10};
constexpr unsigned kEight[] = {8};
const Lengths kRange = {.minimum = 4, .maximum = 30};
const Lengths kSteps = {.minimum = 4, .maximum = 10, .only = kFour};
const Lengths kOne = {.minimum = 8, .maximum = 8, .only = kEight};
const Lengths kAny = {};
const Lengths kModels[] = {kRange, kSteps, kOne, kAny, {.minimum = 1, .maximum = 16}};

void expect_time(const char* what, GstClockTime got, GstClockTime expected) {
  ck_assert_msg(got == expected, "%s\n  got      %.6f s\n  expected %.6f s", what,
                static_cast<double>(got) / 1e9, static_cast<double>(expected) / 1e9);
}

// --- which length --------------------------------------------------------------------------------

struct UsualCase {
  const char* what;
  Lengths lengths;
  GstClockTime wanted;
  GstClockTime usual;
};

const UsualCase kUsual[] = {
    {"a length that is for sale", kRange, 8 * kSecond, 8 * kSecond},
    {"too short", kRange, 2 * kSecond, 4 * kSecond},
    {"too long", kRange, 90 * kSecond, 30 * kSecond},
    {"no whole second", kRange, 7'600 * kMilli, 8 * kSecond},
    {"half a second goes up", kRange, 7'500 * kMilli, 8 * kSecond},
    {"nothing at all", kRange, 0, 4 * kSecond},
    {"one of a few", kSteps, 6 * kSecond, 6 * kSecond},
    {"between two of a few: the longer one", kSteps, 7 * kSecond, 8 * kSecond},
    {"nearer to the shorter one", kSteps, 6'900 * kMilli, 6 * kSecond},
    {"more than the longest of a few", kSteps, 30 * kSecond, 10 * kSecond},
    {"the only one", kOne, 4 * kSecond, 8 * kSecond},
    {"nothing is known: as wanted", kAny, 7'123 * kMilli, 7'123 * kMilli},
    {"nothing is known, an hour", kAny, 3600 * kSecond, 3600 * kSecond},
    {"nothing is known, nothing wanted", kAny, 0, kMilli},
};

START_TEST(usual_length) {
  const UsualCase& row = kUsual[_i];
  for (const bool live : {false, true})
    expect_time(row.what, SegmentPlanner(row.lengths, row.wanted, live).nominal_duration(),
                row.usual);
}
END_TEST

struct OverlapCase {
  const char* what;
  Lengths lengths;
  GstClockTime wanted, overlap;
  GstClockTime usual;  // 0: too much of it
};

const OverlapCase kOverlaps[] = {
    {"references stay as long", kRange, 8 * kSecond, kSecond, 7 * kSecond},
    {"of the nearest length", kSteps, 7 * kSecond, kSecond, 7 * kSecond},
    {"half of it", kRange, 8 * kSecond, 4 * kSecond, 4 * kSecond},
    {"more than half", kRange, 8 * kSecond, 4 * kSecond + 1, 0},
    {"more than half of what is made of it", kRange, kSecond, 2'100 * kMilli, 0},
    {"nothing is known", kAny, 5 * kSecond, kSecond, 4 * kSecond},
};

START_TEST(overlaps) {
  const OverlapCase& row = kOverlaps[_i];
  for (const bool live : {false, true}) {
    GstClockTime usual = 0;
    try {
      usual = SegmentPlanner(row.lengths, row.wanted, live, row.overlap).nominal_duration();
    } catch (const Failure& failure) {
      ck_assert(failure.error().reason == Reason::invalid_request);
    }
    expect_time(row.what, usual, row.usual);
  }
}
END_TEST

// --- where to cut --------------------------------------------------------------------------------

struct CutCase {
  const char* what;
  Lengths lengths;
  GstClockTime wanted;
  bool live;
  GstClockTime start;
  GstClockTime cut;
  GstClockTime overlap = 0;
};

const CutCase kCuts[] = {
    {"from the beginning", kRange, 8 * kSecond, false, 0, 8 * kSecond},
    {"from a point of the grid", kRange, 8 * kSecond, false, 16 * kSecond, 24 * kSecond},
    {"a frame after it", kRange, 8 * kSecond, false, 16'020 * kMilli, 24 * kSecond},
    {"far in, the grid is that of stream time", kRange, 7 * kSecond, false, 3601 * kSecond,
     3605 * kSecond},
    {"after an early cut the grid goes on", kRange, 8 * kSecond, false, 3 * kSecond, 8 * kSecond},
    {"just enough with the slack", kRange, 8 * kSecond, false, 4'100 * kMilli, 8 * kSecond},
    {"too little is left: to the point after it", kRange, 8 * kSecond, false, 4'101 * kMilli,
     16 * kSecond},
    {"the point after it is too far", kSteps, 8 * kSecond, false, 5 * kSecond, 13 * kSecond},
    {"one length alone: off the grid", kOne, 8 * kSecond, false, 5 * kSecond, 13 * kSecond},
    {"one length alone, within the slack", kOne, 8 * kSecond, false, 8'100 * kMilli, 16 * kSecond},
    {"the longest length", kRange, 30 * kSecond, false, 20 * kSecond, 30 * kSecond},
    {"the longest length, too little is left", kRange, 30 * kSecond, false, 29 * kSecond,
     59 * kSecond},
    {"nothing is known: however little is left", kAny, 5 * kSecond, false, 4'990 * kMilli,
     5 * kSecond},

    {"live, from its own beginning", kRange, 8 * kSecond, true, 3 * kSecond, 11 * kSecond},
    {"live, one length alone", kOne, 4 * kSecond, true, 1 * kSecond, 9 * kSecond},

    {"an overlap: cut earlier", kRange, 8 * kSecond, false, 0, 7 * kSecond, kSecond},
    {"the grid is as narrow", kRange, 8 * kSecond, false, 7'020 * kMilli, 14 * kSecond, kSecond},
    {"what is shared counts as well", kRange, 8 * kSecond, false, 4 * kSecond, 7 * kSecond,
     kSecond},
    {"too little all the same", kRange, 8 * kSecond, false, 4'200 * kMilli, 14 * kSecond, kSecond},
    {"what is shared is too much", kSteps, 8 * kSecond, false, 4'200 * kMilli, 11'200 * kMilli,
     kSecond},
    {"live, an overlap", kRange, 8 * kSecond, true, 3 * kSecond, 10 * kSecond, kSecond},
};

START_TEST(cuts) {
  const CutCase& row = kCuts[_i];
  SegmentPlanner planner(row.lengths, row.wanted, row.live, row.overlap);
  planner.begin(row.start);
  expect_time(row.what, planner.cut(), row.cut);
}
END_TEST

struct AlongCase {
  const char* what;
  GstClockTime end;
  GstClockTime next;  // the first frame that begins another segment
};

// From 7 s on, with an overlap of 1 s.
const AlongCase kAlong[] = {
    {"nothing is known", kUnknown, 14 * kSecond},
    {"the end is far", 40 * kSecond, 14 * kSecond},
    {"a tail that is long enough", 18 * kSecond, 14 * kSecond},
    {"one that is too short, and a few frames more", 17 * kSecond, 17'500 * kMilli},
    {"where it is cut", 14 * kSecond, 14'500 * kMilli},
    {"long before that", 9 * kSecond, 14 * kSecond},
};

/// With an overlap nothing joins later.
START_TEST(taken_along) {
  const AlongCase& row = kAlong[_i];
  SegmentPlanner planner(kRange, 8 * kSecond, false, kSecond);
  planner.begin(7 * kSecond, row.end);
  ck_assert_msg(!planner.is_beyond(row.next - 1), "%s: too early", row.what);
  ck_assert_msg(planner.is_beyond(row.next), "%s: too late", row.what);
}
END_TEST

struct JoinCase {
  const char* what;
  Lengths lengths;
  GstClockTime left, whole;
  bool joins;
};

const JoinCase kJoins[] = {
    {"too short for one of its own", kRange, 3 * kSecond, 11 * kSecond, true},
    {"a few frames", kRange, 280 * kMilli, 8'280 * kMilli, true},
    {"long enough", kRange, 4 * kSecond, 12 * kSecond, false},
    {"long enough within the slack", kRange, 3'900 * kMilli, 11'900 * kMilli, false},
    {"the longest length and a frame", kRange, 40 * kMilli, 30'040 * kMilli, true},
    {"the longest length and too much", kRange, 2 * kSecond, 32 * kSecond, false},
    {"that still makes one of a few", kSteps, 2 * kSecond, 10 * kSecond, true},
    {"that is sold as one of a few", kSteps, 2'490 * kMilli, 10'490 * kMilli, true},
    {"that would be too long for any", kSteps, 2'500 * kMilli, 10'500 * kMilli, false},
    {"a frame too many for the only length", kOne, 40 * kMilli, 8'040 * kMilli, true},
    {"more than that", kOne, 2 * kSecond, 10 * kSecond, false},
    {"nothing is known: a few frames", kAny, 480 * kMilli, 8'480 * kMilli, true},
    {"nothing is known: more is one of its own", kAny, 500 * kMilli, 8'500 * kMilli, false},
};

START_TEST(joined_ends) {
  const JoinCase& row = kJoins[_i];
  const SegmentPlanner planner(row.lengths, 8 * kSecond, false);
  ck_assert_msg(planner.joins(row.left, row.whole) == row.joins, "%s", row.what);
  ck_assert_msg(!row.joins || row.left < planner.longest_joined(), "%s", row.what);
  const SegmentPlanner live(row.lengths, 8 * kSecond, true);
  ck_assert_msg(!live.joins(row.left, row.whole), "live: %s", row.what);
}
END_TEST

struct SoonCase {
  const char* what;
  GstClockTime end;  // the segment is from 8 s to 16 s
  bool soon;
};

const SoonCase kSoon[] = {
    {"nobody knows", kUnknown, false},
    {"where it is cut", 16 * kSecond, true},
    {"before", 3 * kSecond, true},
    {"a tail that joins", 19 * kSecond, true},
    {"one that is just long enough: it may end earlier", 20 * kSecond, true},
    {"far away", 24 * kSecond, false},
};

START_TEST(ends_soon) {
  const SoonCase& row = kSoon[_i];
  SegmentPlanner planner(kRange, 8 * kSecond, false);
  planner.begin(8 * kSecond);
  ck_assert_msg(planner.may_end_soon(row.end) == row.soon, "%s", row.what);
}
END_TEST

struct EarlyCase {
  const char* what;
  Lengths lengths;
  GstClockTime start, time;
  bool may;
};

const EarlyCase kEarly[] = {
    {"long enough", kRange, 8 * kSecond, 12 * kSecond, true},
    {"no slack: what is asked for early can wait", kRange, 8 * kSecond, 11'999 * kMilli, false},
    {"at its own beginning", kAny, 8 * kSecond, 8 * kSecond, false},
    {"before its own beginning", kAny, 8 * kSecond, 7 * kSecond, false},
    {"one frame, where nothing is known", kAny, 8 * kSecond, 8'020 * kMilli, true},
    {"the only length", kOne, 0, 8 * kSecond, true},
    {"less than the only length", kOne, 0, 7'999 * kMilli, false},
};

START_TEST(early_cuts) {
  const EarlyCase& row = kEarly[_i];
  SegmentPlanner planner(row.lengths, 8 * kSecond, false);
  planner.begin(row.start);
  ck_assert_msg(planner.may_cut_at(row.time) == row.may, "%s", row.what);
}
END_TEST

// --- live: which segments become jobs -----------------------------------------------------------

struct ClaimCase {
  const char* what;
  Lengths lengths;
  GstClockTime start, length;  // after a job for what begins at 8 s
  bool claimed;
};

const ClaimCase kClaims[] = {
    {"the next one", kRange, 16 * kSecond, 8 * kSecond, true},
    {"as short as the model takes", kRange, 16 * kSecond, 4 * kSecond, true},
    {"as short, within the slack", kRange, 16 * kSecond, 3'900 * kMilli, true},
    {"shorter", kRange, 16 * kSecond, 3'899 * kMilli, false},
    {"a frame", kRange, 16 * kSecond, 40 * kMilli, false},
    {"a frame where nothing is known", kAny, 16 * kSecond, 40 * kMilli, true},
    {"the rest of that one", kRange, 12 * kSecond, 4 * kSecond, false},
    {"the rest where nothing is known", kAny, 15 * kSecond, kSecond, false},
    {"a part of the only length", kOne, 16 * kSecond, 7 * kSecond, false},
};

START_TEST(claims) {
  const ClaimCase& row = kClaims[_i];
  SegmentPlanner planner(row.lengths, 8 * kSecond, true);
  ck_assert(planner.claim(8 * kSecond, 8 * kSecond));
  ck_assert_msg(planner.claim(row.start, row.length) == row.claimed, "%s", row.what);
  SegmentPlanner file(row.lengths, 8 * kSecond, false);
  ck_assert(file.claim(8 * kSecond, 8 * kSecond));
  ck_assert_msg(file.claim(row.start, row.length), "not live: %s", row.what);
}
END_TEST

START_TEST(rest_of_a_segment) {
  SegmentPlanner planner(kRange, 8 * kSecond, true);
  planner.begin(0);
  ck_assert(planner.claim(0, 5 * kSecond));  // its source stopped, and goes on
  planner.begin(6 * kSecond);
  expect_time("up to where that was to end", planner.cut(), 8 * kSecond);
  ck_assert_msg(planner.may_cut_at(6'040 * kMilli), "it costs nothing");
  planner.begin(8 * kSecond);
  expect_time("and on from there", planner.cut(), 16 * kSecond);
  ck_assert(!planner.may_cut_at(8'040 * kMilli));
  ck_assert(planner.claim(8 * kSecond, 4 * kSecond));
  planner.begin_anew();
  planner.begin(12 * kSecond);
  expect_time("a cut was asked for", planner.cut(), 20 * kSecond);
  ck_assert(planner.claim(12 * kSecond, 8 * kSecond));
}
END_TEST

// --- references ----------------------------------------------------------------------------------

struct PaddedCase {
  const char* what;
  Lengths lengths;
  GstClockTime length, padded;
};

const PaddedCase kPadded[] = {
    {"a whole second stays", kRange, 8 * kSecond, 8 * kSecond},
    {"240 frames of 29.97 stay", kRange, 8'008 * kMilli, 8'008 * kMilli},
    {"less than half a second more stays", kRange, 8'490 * kMilli, 8'490 * kMilli},
    {"half a second more is filled up", kRange, 8'500 * kMilli, 9 * kSecond},
    {"a frame too few is filled up", kRange, 7'967 * kMilli, 8 * kSecond},
    {"up to the least", kRange, 40 * kMilli, 4 * kSecond},
    {"nearly as short as one of a few", kSteps, 6'200 * kMilli, 6'200 * kMilli},
    {"up to the next of a few", kSteps, 6'500 * kMilli, 8 * kSecond},
    {"up to the first of a few", kSteps, 1 * kSecond, 4 * kSecond},
    {"the last of a few with the slack", kSteps, 10'100 * kMilli, 10'100 * kMilli},
    {"up to the only one", kOne, 3 * kSecond, 8 * kSecond},
    {"the longest with the slack", kRange, 30'100 * kMilli, 30'100 * kMilli},
    {"never beyond the longest", kRange, 30'200 * kMilli, 30'200 * kMilli},
    {"never beyond the last of a few", kSteps, 10'300 * kMilli, 10'300 * kMilli},
    {"nothing is known: as it is", kAny, 1'234 * kMilli, 1'234 * kMilli},
};

START_TEST(references) {
  const PaddedCase& row = kPadded[_i];
  expect_time(row.what, SegmentPlanner(row.lengths, 8 * kSecond, false).padded(row.length),
              row.padded);
}
END_TEST

// --- whole streams -------------------------------------------------------------------------------

struct Cut {
  GstClockTime start, planned, end;  // in stream time; `end` = where the next one begins
  bool early;
  bool joined = false;  // what was too short for one of its own
};

struct Stream {
  Lengths lengths;
  GstClockTime wanted;
  GstClockTime overlap;
  bool live;
  std::vector<GstClockTime> frames;  // and after the last one where the stream ends
  unsigned cuts_in_thousand;         // frames before which a cut is asked for
};

Stream random_stream(std::mt19937_64& random) {
  const auto up_to = [&](GstClockTime most) {
    return std::uniform_int_distribution<GstClockTime>(0, most)(random);
  };
  Stream stream;
  stream.lengths = kModels[up_to(std::size(kModels) - 1)];
  stream.wanted = up_to(up_to(1) == 0 ? 8 * kSecond : 40 * kSecond);
  const GstClockTime whole =
      SegmentPlanner(stream.lengths, stream.wanted, false).nominal_duration();
  stream.overlap = up_to(2) == 0 ? up_to(whole / 2) : 0;
  stream.live = up_to(3) == 0;
  stream.cuts_in_thousand = up_to(2) == 0 ? static_cast<unsigned>(up_to(20)) : 0;
  GstClockTime time = up_to(1) == 0 ? 0 : up_to(7200 * kSecond);
  const bool even = up_to(1) == 0;
  const GstClockTime frame = 10 * kMilli + up_to(kSlack - 10 * kMilli);
  const GstClockTime length = up_to(up_to(1) == 0 ? 20 * kSecond : 200 * kSecond);
  for (const GstClockTime end = time + length; time <= end;
       time += even ? frame : 1 + up_to(kSlack - 1))
    stream.frames.push_back(time);
  stream.frames.push_back(time);
  return stream;
}

/// As the element cuts: before a frame.
std::vector<Cut> cuts_of(const Stream& stream, std::mt19937_64& random) {
  SegmentPlanner planner(stream.lengths, stream.wanted, stream.live, stream.overlap);
  std::uniform_int_distribution<unsigned> thousand(0, 999);
  const GstClockTime end = stream.frames.back();
  std::vector<Cut> cuts;
  GstClockTime start = kUnknown;
  bool wanted = false;
  for (std::size_t i = 0; i + 1 < stream.frames.size(); ++i) {
    const GstClockTime frame = stream.frames[i];
    wanted = wanted || thousand(random) < stream.cuts_in_thousand;
    const bool early = GST_CLOCK_TIME_IS_VALID(start) && wanted && planner.may_cut_at(frame);
    if (GST_CLOCK_TIME_IS_VALID(start) && (early || planner.is_beyond(frame))) {
      cuts.push_back({start, planner.cut(), frame, early && frame < planner.cut()});
      start = kUnknown;
    }
    if (GST_CLOCK_TIME_IS_VALID(start)) continue;
    wanted = false;
    start = frame;
    planner.begin(start);
  }
  cuts.push_back({start, planner.cut(), end, false});
  if (stream.overlap > 0 || cuts.size() < 2 || cuts[cuts.size() - 2].early) return cuts;
  Cut& before = cuts[cuts.size() - 2];
  if (!planner.joins(end - start, end - before.start)) return cuts;
  before.end = end;
  before.joined = true;
  cuts.pop_back();
  return cuts;
}

bool is_for_sale(const Lengths& lengths, GstClockTime length, GstClockTime slack) {
  if (lengths.maximum == 0) return true;
  for (unsigned seconds = lengths.minimum; seconds <= lengths.maximum; ++seconds) {
    const bool legal = lengths.only.empty() || std::find(lengths.only.begin(), lengths.only.end(),
                                                         seconds) != lengths.only.end();
    if (legal && length >= seconds * kSecond && length <= seconds * kSecond + slack) return true;
  }
  return false;
}

constexpr int kStreams = 400;  // a round
constexpr int kRounds = 5;

START_TEST(random_streams) {
  std::mt19937_64 random(static_cast<unsigned>(_i) + 1);
  for (int round = 0; round < kStreams; ++round) {
    const Stream stream = random_stream(random);
    const SegmentPlanner planner(stream.lengths, stream.wanted, stream.live, stream.overlap);
    const GstClockTime most =
        stream.lengths.maximum ? stream.lengths.maximum * kSecond : planner.max_duration();
    const auto cuts = cuts_of(stream, random);
    GstClockTime next = stream.frames.front();
    for (const Cut& cut : cuts) {
      const bool last = &cut == &cuts.back();
      ck_assert_msg(cut.start == next, "round %d: gap or overlap", round);
      next = cut.end;
      ck_assert_msg(cut.planned > cut.start, "round %d: planned at or before its start", round);
      const GstClockTime planned = cut.planned - cut.start;
      ck_assert_msg(planned <= most + kSlack, "round %d: %.3f s planned", round, planned / 1e9);
      ck_assert_msg(planned <= planner.max_duration() + kSlack,
                    "round %d: %.3f s planned, longest %.3f s, usual %.3f s", round, planned / 1e9,
                    planner.max_duration() / 1e9, planner.nominal_duration() / 1e9);
      const GstClockTime length = cut.end - cut.start;
      // A segment ends with a frame, which is no longer than the slack here.
      ck_assert_msg(length <= planned + kSlack + (cut.joined ? planner.longest_joined() : 0),
                    "round %d: %.3f s cut", round, length / 1e9);
      ck_assert_msg(length <= planner.max_duration() + kSlack + kHalf, "round %d: %.3f s", round,
                    length / 1e9);
      const GstClockTime least =
          (stream.lengths.only.empty() ? stream.lengths.minimum : stream.lengths.only.front()) *
          kSecond;
      const GstClockTime shared = cut.early || last ? 0 : stream.overlap;
      ck_assert_msg(last || stream.live || length + shared + kSlack >= least,
                    "round %d: %.3f s of %s", round, length / 1e9, cut.early ? "early cut" : "cut");
      const GstClockTime reference = planner.padded(length + shared);
      ck_assert_msg(reference >= length + shared, "round %d: reference cut off", round);
      ck_assert_msg(is_for_sale(stream.lengths, reference, kHalf),
                    "round %d: a reference of %.3f s for %.3f s", round, reference / 1e9,
                    length / 1e9);
      ck_assert_msg(!stream.live || planned == planner.nominal_duration(), "round %d: live", round);
    }
    expect_time("the end", next, stream.frames.back());
  }
}
END_TEST

/// Wherever a stream is begun, it is cut at the same points again; so references are found again.
START_TEST(grid_of_stream_time) {
  std::mt19937_64 random(7);
  for (const Lengths& lengths : {kRange, kSteps, kAny}) {
    for (int round = 0; round < 200; ++round) {
      const GstClockTime frame = GST_SECOND / 25;
      SegmentPlanner planner(lengths, 6 * kSecond, false);
      GstClockTime start = std::uniform_int_distribution<GstClockTime>(0, 90'000)(random) * frame;
      planner.begin(start);
      for (int i = 0; i < 4 && planner.cut() % (6 * kSecond) != 0; ++i)
        planner.begin(planner.cut());
      expect_time("off the grid", planner.cut() % (6 * kSecond), 0);
    }
  }
}
END_TEST

// --- placing -------------------------------------------------------------------------------------

struct PlacedCase {
  const char* what;
  DurationPolicy fit;
  GstClockTime time, reference, result;
  GstClockTime placed;
};

const PlacedCase kPlaced[] = {
    {"just as long", DurationPolicy::retime, 3 * kSecond, 8 * kSecond, 8 * kSecond, 3 * kSecond},
    {"longer, retimed", DurationPolicy::retime, 4 * kSecond, 8 * kSecond, 10 * kSecond,
     5 * kSecond},
    {"shorter, retimed", DurationPolicy::retime, 4 * kSecond, 8 * kSecond, 6 * kSecond,
     3 * kSecond},
    {"longer, trimmed", DurationPolicy::trim, 4 * kSecond, 8 * kSecond, 10 * kSecond, 4 * kSecond},
    {"shorter, not to be trimmed", DurationPolicy::trim, 4 * kSecond, 8 * kSecond, 6 * kSecond,
     3 * kSecond},
    {"shorter, held", DurationPolicy::hold, 7 * kSecond, 8 * kSecond, 6 * kSecond, 7 * kSecond},
    {"longer, not to be held", DurationPolicy::hold, 4 * kSecond, 8 * kSecond, 10 * kSecond,
     5 * kSecond},
    {"the beginning", DurationPolicy::retime, 0, 8 * kSecond, 10 * kSecond, 0},
    {"the end", DurationPolicy::retime, 8 * kSecond, 8 * kSecond, 10 * kSecond, 10 * kSecond},
    {"no reference length", DurationPolicy::retime, 3 * kSecond, 0, 8 * kSecond, 3 * kSecond},
    {"no result length", DurationPolicy::retime, 3 * kSecond, 8 * kSecond, 0, 3 * kSecond},
    {"days of it", DurationPolicy::retime, 40 * 86400 * kSecond, 80 * 86400 * kSecond,
     60 * 86400 * kSecond, 30 * 86400 * kSecond},
};

START_TEST(placed_times) {
  const PlacedCase& row = kPlaced[_i];
  expect_time(row.what, placed_time(row.fit, row.time, row.reference, row.result), row.placed);
}
END_TEST

/// Never backwards, whatever the lengths are; retimed, never outside of the result.
START_TEST(random_places) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<GstClockTime> length(1, 60 * kSecond);
  for (int round = 0; round < 2000; ++round) {
    const GstClockTime reference = length(random), result = length(random);
    for (const DurationPolicy fit :
         {DurationPolicy::retime, DurationPolicy::trim, DurationPolicy::hold}) {
      GstClockTime before = 0;
      for (int i = 0; i <= 50; ++i) {
        const GstClockTime time = gst_util_uint64_scale(reference, static_cast<guint64>(i), 50);
        const GstClockTime placed = placed_time(fit, time, reference, result);
        ck_assert_msg(placed >= before, "round %d: backwards", round);
        ck_assert_msg(fit == DurationPolicy::hold || placed <= result, "round %d: outside", round);
        before = placed;
      }
    }
  }
}
END_TEST

}  // namespace

int main() {
  return run_tests("bin-plan", {
                                   {"usual length", usual_length, std::size(kUsual)},
                                   {"overlaps", overlaps, std::size(kOverlaps)},
                                   {"cuts", cuts, std::size(kCuts)},
                                   {"joined ends", joined_ends, std::size(kJoins)},
                                   {"taken along", taken_along, std::size(kAlong)},
                                   {"ends soon", ends_soon, std::size(kSoon)},
                                   {"early cuts", early_cuts, std::size(kEarly)},
                                   {"claims", claims, std::size(kClaims)},
                                   {"rest of a segment", rest_of_a_segment, 1},
                                   {"references", references, std::size(kPadded)},
                                   {"random streams", random_streams, kRounds},
                                   {"grid of stream time", grid_of_stream_time, 1},
                                   {"placed times", placed_times, std::size(kPlaced)},
                                   {"random places", random_places, 1},
                               });
}
