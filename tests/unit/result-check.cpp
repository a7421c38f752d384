// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which results go downstream: files built here, as services send them and as they must not be.
#include "media/mp4/result-check.h"
#include "check-main.h"
#include "mp4-writer.h"

namespace {

using namespace mp4_writer;

constexpr unsigned kBought = 8;
constexpr const char* kGood = "good";
constexpr const char* kNotUsable = "The result that the service sent is not usable: ";

struct Case {
  const char* name;
  std::string file;
  std::string expected;  // kGood, or what the sentence says behind kNotUsable
  unsigned seconds = kBought;
};

std::string checked(const std::string& file, unsigned seconds) {
  const auto problem = omni::mp4::result_problem(rope(file), seconds);
  if (!problem) return kGood;
  expect_contains("sentence", *problem, kNotUsable);
  return problem->substr(std::string(kNotUsable).size());
}

TrackPlan with(void (*change)(TrackPlan&)) {
  TrackPlan plan;
  change(plan);
  return plan;
}

TrackPlan other(std::uint32_t id, const char* handler, const char* codec) {
  TrackPlan plan;
  plan.id = id;
  plan.handler = handler;
  plan.codec = codec;
  return plan;
}

TrackPlan still() {
  TrackPlan plan = other(3, "vide", "jpeg");
  plan.samples = 1;
  return plan;
}

TrackPlan disabled() {
  TrackPlan plan = other(3, "vide", "avc1");
  plan.flags = 0;
  return plan;
}

/// A movie of these tracks, all of whose samples lie at the beginning of the one mdat.
std::string movie(std::vector<TrackPlan> plans, std::uint64_t duration = 8000) {
  std::string tracks;
  for (TrackPlan& plan : plans) {
    plan.chunk_offset = ftyp().size() + 8;
    tracks += trak(plan);
  }
  return ftyp() + box("mdat", std::string(40, 'm')) + box("moov", mvhd(duration) + tracks);
}

std::string tracks_file(std::uint32_t sounds) {
  std::vector<TrackPlan> plans{{}};
  for (std::uint32_t i = 0; i < sounds; ++i) plans.push_back(other(2 + i, "soun", "mp4a"));
  return movie(std::move(plans));
}

std::string lasting(std::uint64_t milliseconds) {
  TrackPlan plan;
  plan.duration = milliseconds;
  return movie({plan}, milliseconds);
}

std::string sized(unsigned width, unsigned height) {
  TrackPlan plan;
  plan.width = width;
  plan.height = height;
  return movie({plan});
}

/// The picture's track with an edit list of these rows.
std::string edited(std::initializer_list<EditRow> rows) {
  TrackPlan plan;
  plan.edits = edts(rows);
  return movie({plan});
}

/// Two chunks, of which the first lies where it is told to, and the last where it should.
std::string first_chunk_at(std::uint64_t offset) {
  TrackPlan plan;
  plan.more = full("stsc", 0, 0, u32(1) + u32(1) + u32(2) + u32(1)) +
              full("stco", 0, 0, u32(2) + u32(offset) + u32(ftyp().size() + 8));
  return movie({plan});
}

std::string fragment_of(std::uint32_t sample_bytes) {
  std::string rows;
  for (int i = 0; i < 4; ++i) rows += u32(2000) + u32(sample_bytes);
  const std::string traf =
      box("traf", full("tfhd", 0, 0x20000, u32(1)) + full("tfdt", 1, 0, u64(0)) +
                      full("trun", 0, 0x300, u32(4) + rows));
  return fragmented_file(box("moof", full("mfhd", 0, 0, u32(1)) + traf) +
                         box("mdat", std::string(40, 'm')));
}

std::vector<Case> usable() {
  FragmentPlan first;
  FragmentPlan second;
  second.start = 1000;
  return {
      {"as a muxer writes it", plain_file(), kGood},
      {"ready for streaming", fast_start_file(), kGood},
      {"with sound, captions and timecode",
       movie({{}, other(2, "soun", "mp4a"), other(3, "text", "tx3g"), other(4, "tmcd", "tmcd")}),
       kGood},
      {"sound in front", movie({other(2, "soun", "mp4a"), {}}), kGood},
      {"as many tracks as are sane", tracks_file(15), kGood},
      {"free boxes",
       ftyp() + box("free", zeros(9)) + plain_file().substr(ftyp().size()) + box("free", zeros(30)),
       kGood},
      {"fragmented", fragmented_file(moof(first) + moof(second)), kGood},
      {"fragmented, samples up to the last byte", fragment_of(10), kGood},
      {"an edit list that begins at the first frame", edited({{8000, 80}}), kGood},
      {"an edit list that begins late", edited({{500, -1}, {8000, 0}}), kGood},
      {"turned", plain_file(with([](TrackPlan& p) { p.degrees = 90; })), kGood},
      {"shorter than was bought", lasting(1000), kGood},
      {"as long as may be", lasting(92000), kGood},
      {"length not known beforehand", lasting(3600000), kGood, 0},
      {"a thumbnail", movie({{}, still()}), kGood},
      {"a thumbnail in front", movie({still(), {}}), kGood},
      {"a video that is not enabled", movie({{}, disabled()}), kGood},
      {"a text behind the last box", plain_file() + "xxxxjunk and more of it", kGood},
      {"a tag behind the last box", fast_start_file() + "TAG" + std::string(125, ' '), kGood},
      {"the largest picture", sized(16384, 16384), kGood},
      {"chunks in any order", first_chunk_at(ftyp().size() + 28), kGood},
  };
}

std::vector<Case> unusable() {
  return {
      {"empty", "", "the file is empty."},
      {"a page", "<html>sorry</html>", "this is an HTML page, not an MP4."},
      {"cut off", plain_file().substr(0, plain_file().size() - 1), "the file is cut off: box "},
      {"box larger than the file", ftyp() + u32(4096) + "moov" + mvhd(), "the file is cut off: "},
      {"sound only", movie({other(2, "soun", "mp4a")}), "the file has no video track."},
      {"no samples", plain_file(with([](TrackPlan& p) { p.samples = 0; })),
       "the MP4 has a video track, but no video samples."},
      {"two pictures", movie({{}, other(2, "vide", "avc1")}),
       "it has 2 video tracks, where one is expected."},
      {"too many tracks", tracks_file(16), "it has 17 tracks."},
      {"samples before the last lie outside", first_chunk_at(4000),
       "the file is cut off: samples lie beyond its end."},
      {"the end of a chunk before the last lies outside",
       first_chunk_at(first_chunk_at(0).size() - 19),
       "the file is cut off: samples lie beyond its end."},
      {"samples of a fragment lie outside", fragment_of(4096),
       "the file is cut off: samples lie beyond its end."},
      {"more samples than its chunks hold", plain_file(with([](TrackPlan& p) {
         p.more = full("stsc", 0, 0, u32(1) + u32(1) + u32(1) + u32(1));
       })),
       "the MP4 is damaged: it has samples in no chunk."},
      {"no duration", movie({with([](TrackPlan& p) { p.timescale = 0; })}, 0),
       "its video has no duration."},
      {"longer than may be", lasting(93000), "it is 93 s long, and 8 s were bought."},
      {"longer than anybody makes", lasting(3601000),
       "it is 3601 s long, and no service makes more than 3600 s.", 0},
      {"tables longer than the header says", plain_file(with([](TrackPlan& p) {
         p.more = full("stts", 0, 0, u32(1) + u32(4) + u32(3600000));
       })),
       "it is 14400 s long, and 8 s were bought."},
      {"begins in an hour", edited({{3600000, -1}, {8000, 0}}),
       "it is 3600 s long, and 8 s were bought."},
      {"shown over and over", edited({{60000, 0}, {60000, 0}}),
       "it is 120 s long, and 8 s were bought."},
      {"edits whose sum is beyond all bounds",
       edited({{0xFFFFFFFF, 0}, {0xFFFFFFFF, 0}, {0xFFFFFFFF, 0}}), "it is 4294967 s long, and "},
      {"no width", sized(0, 720), "its frame size is given as 0x720."},
      {"too wide", sized(16385, 720), "its frame size is given as 16385x720."},
      {"too high", sized(1280, 65535), "its frame size is given as 1280x65535."},
  };
}

void check_row(const std::vector<Case>& rows, int i) {
  const Case& row = rows.at(static_cast<std::size_t>(i));
  const std::string got = checked(row.file, row.seconds);
  expect_text(row.name, row.expected == kGood ? got : got.substr(0, row.expected.size()),
              row.expected);
}

START_TEST(good) {
  check_row(usable(), _i);
}
END_TEST
START_TEST(bad) {
  check_row(unusable(), _i);
}
END_TEST

/// No cut makes a result that passes.
START_TEST(every_cut) {
  for (const std::string& file : {plain_file(), fast_start_file(), edited({{8000, 80}})}) {
    for (std::size_t length = 0; length < file.size(); ++length)
      ck_assert_msg(checked(file.substr(0, length), kBought) != kGood, "accepted when cut at %zu",
                    length);
  }
}
END_TEST

}  // namespace

int main() {
  return run_tests("result-check", {{"good", good, usable().size()},
                                    {"bad", bad, unusable().size()},
                                    {"every cut", every_cut, 1}});
}
