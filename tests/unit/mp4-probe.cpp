// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The MP4 probe, on files built here: good ones, odd ones, damaged ones, and things that are no
// MP4.
#include <array>
#include <sstream>

#include "check-main.h"
#include "media/mp4/probe.h"
#include "mp4-writer.h"

namespace {

using namespace mp4_writer;
using namespace std::string_literals;
using omni::mp4::Info;
using omni::mp4::Problem;

std::string describe(const Info& info) {
  std::ostringstream text;
  text << info.major_brand << " " << info.duration_ns / 1000000 << "ms";
  if (info.fragmented) text << " fragmented";
  if (info.moov_at_end) text << " moov-at-end";
  for (const omni::mp4::Track& track : info.tracks) {
    text << " [" << track.handler << " " << track.codec << " " << track.duration_ns / 1000000
         << "ms";
    if (track.width != 0) text << " " << track.width << "x" << track.height;
    text << "]";
  }
  return text.str();
}

std::string probed(const std::string& file, std::size_t piece = 4096) {
  const auto outcome = omni::mp4::probe(rope(file, piece));
  if (const auto* info = std::get_if<Info>(&outcome)) return describe(*info);
  const auto& problem = std::get<Problem>(outcome);
  return (problem.truncated ? "truncated: " : "problem: ") + problem.text;
}

TrackPlan sound() {
  TrackPlan plan;
  plan.id = 2;
  plan.handler = "soun";
  plan.codec = "mp4a";
  return plan;
}

TrackPlan with(void (*change)(TrackPlan&)) {
  TrackPlan plan;
  change(plan);
  return plan;
}

std::string cut_by(const std::string& file, std::size_t from_end) {
  return file.substr(0, file.size() - from_end);
}

/// A file whose one mdat has no size of its own and stands last.
std::string open_ended(std::size_t media_bytes) {
  TrackPlan plan;
  plan.chunk_offset = ftyp().size() + box("moov", mvhd() + trak(plan)).size() + 8;
  return ftyp() + box("moov", mvhd() + trak(plan)) + u32(0) + "mdat" +
         std::string(media_bytes, 'm');
}

std::string sidx(std::uint32_t timescale, std::uint64_t start,
                 std::initializer_list<unsigned> lengths) {
  std::string rows;
  for (const unsigned length : lengths) rows += u32(100) + u32(length) + u32(0);
  return full("sidx", 1, 0,
              u32(1) + u32(timescale) + u64(start) + u64(0) + u16(0) + u16(lengths.size()) + rows);
}

struct Case {
  const char* name;
  std::string file;
  std::string expected;
};

constexpr const char* kGood = "isom 8000ms [vide avc1 8000ms 1280x720]";
constexpr const char* kGoodAtEnd = "isom 8000ms moov-at-end [vide avc1 8000ms 1280x720]";

std::vector<Case> good_files() {
  return {
      {"moov in front", fast_start_file(), kGood},
      {"moov at the end", plain_file(), kGoodAtEnd},
      {"version 1 headers", plain_file(with([](TrackPlan& p) { p.version = 1; })), kGoodAtEnd},
      {"QuickTime without ftyp", plain_file().substr(ftyp().size()),
       "qt   8000ms moov-at-end [vide avc1 8000ms 1280x720]"},
      {"co64", plain_file(with([](TrackPlan& p) { p.wide_offsets = true; })), kGoodAtEnd},
      {"64-bit mdat size",
       ftyp() + box("moov", mvhd() + trak({})) + wide_box("mdat", std::string(400, 'm')), kGood},
      {"mdat to the end", open_ended(40), kGood},
      {"turned by 90", plain_file(with([](TrackPlan& p) { p.degrees = 90; })),
       "isom 8000ms moov-at-end [vide avc1 8000ms 720x1280]"},
      {"turned by 180", plain_file(with([](TrackPlan& p) { p.degrees = 180; })), kGoodAtEnd},
      {"turned by 270", plain_file(with([](TrackPlan& p) { p.degrees = 270; })),
       "isom 8000ms moov-at-end [vide avc1 8000ms 720x1280]"},
      {"with sound, which is longer",
       ftyp() + box("mdat", std::string(200, 'm')) +
           box("moov",
               mvhd(7000) + trak(with([](TrackPlan& p) { p.duration = 7500; })) + trak(sound())),
       "isom 7500ms moov-at-end [vide avc1 7500ms 1280x720] [soun mp4a 8000ms]"},
      {"sound first, and two pictures",
       ftyp() + box("mdat", std::string(200, 'm')) + box("moov", mvhd() + trak(sound()) + trak({})),
       "isom 8000ms moov-at-end [soun mp4a 8000ms] [vide avc1 8000ms 1280x720]"},
      {"unknown duration in mdhd: stts has it", plain_file(with([](TrackPlan& p) {
         p.duration = 0xFFFFFFFF;
         p.more = full("stts", 0, 0, u32(2) + u32(3) + u32(1000) + u32(1) + u32(9000));
       })),
       "isom 12000ms moov-at-end [vide avc1 12000ms 1280x720]"},
      {"padding of zeros behind", plain_file() + zeros(5), kGoodAtEnd},
      {"free boxes and unknown ones",
       ftyp() + box("free", zeros(9)) + box("uuid", zeros(20)) + plain_file().substr(ftyp().size()),
       "isom 8000ms moov-at-end [vide avc1 8000ms 1280x720]"},
      {"timescale 0",
       ftyp() + box("mdat", zeros(90)) +
           box("moov", mvhd(8000, 0, 0) + trak(with([](TrackPlan& p) { p.timescale = 0; }))),
       "isom 0ms moov-at-end [vide avc1 0ms 1280x720]"},
      {"a duration beyond all bounds", plain_file(with([](TrackPlan& p) {
         p.version = 1;
         p.timescale = 1;
         p.duration = 0xFFFFFFFFFFFFFFF0;
       })),
       "isom 9223372036854ms moov-at-end [vide avc1 9223372036854ms 1280x720]"},
  };
}

TrackPlan edited(std::initializer_list<EditRow> rows, unsigned version = 0) {
  TrackPlan plan;
  plan.edits = edts(rows, version);
  return plan;
}

/// Samples are shown later than they are decoded, at the most by so much.
std::string reordered(std::uint32_t latest) {
  return full("ctts", 0, 0, u32(2) + u32(3) + u32(latest) + u32(1) + u32(0));
}

/// What is cut off by an edit list is neither shown nor paid.
std::vector<Case> edited_files() {
  TrackPlan late = edited({{8000, 80}});
  late.more = reordered(80);
  TrackPlan cut = edited({{5000, 3080}});
  cut.more = reordered(80);
  TrackPlan freeze;
  freeze.edits =
      box("edts", full("elst", 0, 0, u32(1) + u32(30000) + u32(0) + u32(0)));  // at rate 0
  TrackPlan heard = sound();
  heard.edits = edts({{6000, 1024}});
  const auto is = [](const char* ms) {
    return "isom " + std::string(ms) + "ms moov-at-end [vide avc1 " + ms + "ms 1280x720]";
  };
  const auto row = [&](const char* name, const TrackPlan& plan, const char* ms) {
    return Case{name, plain_file(plan), is(ms)};
  };
  return {
      row("the whole", edited({{8000, 0}}), "8000"),
      row("a lead-in is hidden", edited({{5000, 3000}}), "5000"),
      row("version 1", edited({{5000, 3000}}, 1), "5000"),
      row("a trailer is hidden", edited({{5000, 0}}), "5000"),
      row("both are hidden", edited({{2000, 3000}}), "2000"),
      row("something in the middle is hidden", edited({{2000, 0}, {1500, 6000}}), "3500"),
      row("shown twice", edited({{8000, 0}, {8000, 0}}), "16000"),
      row("nothing is shown at first", edited({{500, -1}, {8000, 0}}), "8000"),
      row("up to the end", edited({{0, 3000}}), "5000"),
      row("promises more than there is", edited({{40000, 3000}}), "5000"),
      row("begins behind the end", edited({{4000, 0}, {4000, 9000}}), "4000"),
      row("shows nothing at all: the movie's", edited({{5000, -1}}), "8000"),
      row("frames in another order", late, "8000"),
      row("frames in another order, a lead-in is hidden", cut, "5000"),
      row("one frame all the time", freeze, "30000"),
      {"of the sound as well",
       ftyp() + box("mdat", std::string(200, 'm')) +
           box("moov", mvhd() + trak(edited({{5000, 3000}})) + trak(heard)),
       "isom 5000ms moov-at-end [vide avc1 5000ms 1280x720] [soun mp4a 6000ms]"},
      {"the sound is longer",
       ftyp() + box("mdat", std::string(200, 'm')) +
           box("moov", mvhd(31000) + trak({}) + trak(with([](TrackPlan& p) {
                         p.id = 2;
                         p.handler = "soun";
                         p.codec = "mp4a";
                         p.duration = 31000;
                       }))),
       "isom 8000ms moov-at-end [vide avc1 8000ms 1280x720] [soun mp4a 31000ms]"},
  };
}

std::string at_the_end(const std::string& file, std::size_t from_end, std::uint32_t value) {
  std::string changed = file;
  return changed.replace(changed.size() - from_end, 4, u32(value));
}

/// What stands behind the last box is nobody's business, as long as nothing is missing.
std::vector<Case> files_with_trailer() {
  const std::string tag = "TAG" + std::string(125, ' ');
  FragmentPlan part;
  const std::string fragments = fragmented_file(moof(part));
  constexpr const char* parts = "iso6 1000ms fragmented [vide avc1 1000ms 1280x720]";
  constexpr const char* cut = "truncated: the file is cut off: box ";
  constexpr const char* missing = "truncated: the file is cut off: samples lie beyond its end";
  TrackPlan raw = sound();
  raw.more = full("stsz", 0, 0, u32(1) + u32(40));
  const std::string promises = at_the_end(fast_start_file(), 48, 4000);
  const std::string pcm = ftyp() + box("moov", mvhd() + trak(raw) + trak({})) + u32(4000) + "mdat" +
                          std::string(40, 'm');
  return {
      {"a text", plain_file() + "xxxxjunk and more of it", kGoodAtEnd},
      {"a tag", plain_file() + tag, kGoodAtEnd},
      {"a line end", fast_start_file() + "\r\n", kGood},
      {"seven bytes", plain_file() + "\0\0\0\1abc"s, kGoodAtEnd},
      {"a size below a header's", plain_file() + u32(5) + "abcd", kGoodAtEnd},
      {"a wide size, and no more", plain_file() + u32(1) + "abcd", kGoodAtEnd},
      {"a wide size that is too large", plain_file() + u32(1) + "abcd" + u64(1u << 30), kGoodAtEnd},
      {"another file that is cut off", plain_file() + plain_file().substr(0, 90), kGoodAtEnd},
      {"an mdat that promises more", promises, kGood},
      {"an mdat that promises more, and a sample less", cut_by(promises, 1), missing},
      {"an mdat that promises more, and sound of unknown size", pcm, missing},
      {"before moov it is a damaged box", ftyp() + "xxxxjunk" + plain_file().substr(ftyp().size()),
       cut},
      {"a text behind fragments", fragments + "xxxxjunk and more of it", parts},
      {"a line end behind fragments", fragments + "\r\n", parts},
      {"a fragment whose box is damaged", fragments + "xxxxjunk" + std::string(600, 'm'), cut},
      {"a fragment that is cut off", fragments + moof(part).substr(0, 60), cut},
      {"the data of a fragment that is cut off", cut_by(fragments, 1), cut},
      {"the header of a fragment that is cut off", fragments + moof(part).substr(0, 5),
       "truncated: the file is cut off in the middle of a box header"},
  };
}

/// Thumbnails are video tracks of one sample; the video that a player shows counts.
std::vector<Case> files_with_stills() {
  const auto still = [] {
    TrackPlan plan;
    plan.id = 3;
    plan.codec = "jpeg";
    plan.width = 160;
    plan.height = 90;
    plan.samples = 1;
    return plan;
  };
  const auto shown = [](const std::vector<TrackPlan>& plans) {
    std::string tracks;
    for (const TrackPlan& plan : plans) tracks += trak(plan);
    return ftyp() + box("mdat", std::string(200, 'm')) + box("moov", mvhd() + tracks);
  };
  TrackPlan long_still = still();
  long_still.duration = 40000;
  TrackPlan disabled = with([](TrackPlan& p) {
    p.codec = "mjpa";
    p.flags = 0;
    p.duration = 20000;
  });
  TrackPlan announced = still();
  announced.samples = 0;
  TrackPlan off = with([](TrackPlan& p) { p.flags = 0; });
  return {
      {"a thumbnail behind", shown({{}, still()}), "8000ms avc1"},
      {"a thumbnail in front", shown({still(), {}}), "8000ms avc1"},
      {"a long still in front", shown({long_still, {}}), "8000ms avc1"},
      {"a video that is not enabled in front", shown({disabled, {}}), "8000ms avc1"},
      {"a track without samples in front", shown({announced, {}}), "8000ms avc1"},
      {"none is enabled", shown({still(), off}), "8000ms avc1"},
      {"nothing but a still", shown({sound(), still()}), "8000ms jpeg"},
  };
}

std::vector<Case> fragmented_files() {
  constexpr const char* two = "iso6 2000ms fragmented [vide avc1 2000ms 1280x720]";
  FragmentPlan first;
  FragmentPlan second;
  second.start = 1000;
  FragmentPlan late = second;
  late.start = 3600000;
  FragmentPlan later = late;
  later.start = 3601000;
  FragmentPlan bare;
  bare.has_start = false;
  FragmentPlan by_tfhd = first;
  by_tfhd.sample_duration = 0;
  by_tfhd.default_duration = 500;
  FragmentPlan by_trex = by_tfhd;
  by_trex.default_duration = 0;
  FragmentPlan endless = by_tfhd;
  endless.samples = 0;
  const std::string huge = box("moof", box("traf", full("tfhd", 0, 8, u32(1) + u32(0xFFFFFFFF)) +
                                                       full("trun", 0, 0, u32(0xFFFFFFFF))));
  return {
      {"tfdt and trun", fragmented_file(moof(first) + moof(second)), two},
      {"without tfdt", fragmented_file(moof(bare) + moof(bare)), two},
      {"begins late", fragmented_file(moof(late) + moof(later)), two},
      {"default of tfhd", fragmented_file(moof(by_tfhd)), two},
      {"default of trex", fragmented_file(moof(by_trex), "", 500), two},
      {"mehd", fragmented_file(moof(by_trex), full("mehd", 0, 0, u32(2000))), two},
      {"mehd, version 1", fragmented_file(moof(by_trex), full("mehd", 1, 0, u64(2000))), two},
      {"sidx", fragmented_file(sidx(100, 500, {100, 100}) + moof(by_trex)), two},
      {"two sidx", fragmented_file(sidx(100, 500, {100}) + sidx(10, 60, {10}) + moof(by_trex)),
       two},
      {"sample count beyond all bounds", fragmented_file(huge),
       "iso6 9223372036854ms fragmented [vide avc1 9223372036854ms 1280x720]"},
      {"no fragment", fragmented_file(""),
       "problem: the MP4 has a video track, but no video samples"},
      {"fragment without samples", fragmented_file(moof(endless)),
       "problem: the MP4 has a video track, but no video samples"},
  };
}

std::vector<Case> bad_files() {
  const std::string plain = plain_file();
  const std::string one_box = ftyp() + box("moov", mvhd() + trak({}));
  return {
      {"empty", "", "truncated: the file is empty"},
      {"three bytes", "abc", "truncated: the file is cut off in the middle of a box header"},
      {"cut by one byte", cut_by(plain, 1),
       "truncated: the file is cut off: box 'moov' at byte 72 needs "},
      {"cut in a header", plain.substr(0, ftyp().size() + 5),
       "truncated: the file is cut off in the middle of a box header"},
      {"cut in a wide header", ftyp() + u32(1) + "mdat" + u32(0),
       "truncated: the file is cut off: box 'mdat' at byte 24 needs 16 bytes, but only 12 are "
       "left"},
      {"cut in mdat", cut_by(fast_start_file(), 7),
       "truncated: the file is cut off: samples lie beyond its end"},
      {"cut in an mdat without a size", open_ended(39),
       "truncated: the file is cut off: samples lie beyond its end"},
      {"cut before an mdat without a size", cut_by(open_ended(0), 8),
       "truncated: the file is cut off: samples lie beyond its end"},
      {"more samples than bytes", plain_file(with([](TrackPlan& p) {
         p.more = full("stsz", 0, 0, u32(1 << 20) + u32(1 << 20));
       })),
       "truncated: the file is cut off: its tables list more sample bytes than the file has"},
      {"no moov", cut_by(plain, box("moov", mvhd() + trak({})).size()),
       "problem: the MP4 has no moov box, which describes the video: its recording was not "
       "finished"},
      {"neither ftyp nor moov", box("mdat", zeros(9)),
       "problem: this is not an MP4: it has no ftyp box"},
      {"picture in the same wrapping", ftyp("heic") + box("meta", zeros(20)),
       "problem: this is a HEIF or AVIF image, not an MP4 video"},
      {"no tracks", ftyp() + box("moov", mvhd()), "problem: the file has no video track"},
      {"sound only", ftyp() + box("mdat", zeros(90)) + box("moov", mvhd() + trak(sound())),
       "problem: the file has no video track"},
      {"no samples", plain_file(with([](TrackPlan& p) { p.samples = 0; })),
       "problem: the MP4 has a video track, but no video samples"},
      {"box larger than its parent", ftyp() + box("moov", mvhd() + u32(5000) + "trak" + zeros(30)),
       "problem: the MP4 is damaged: box 'trak' at byte 140 is larger than the box around it"},
      {"box smaller than its header", ftyp() + box("moov", u32(5) + "trak"),
       "problem: the MP4 is damaged: box 'trak' at byte 32 is smaller than its own header"},
      {"wide box with a size near 2^64", ftyp() + u32(1) + "mdat" + u64(0xFFFFFFFFFFFFFFF0),
       "truncated: the file is cut off: box 'mdat' at byte 24 needs 18446744073709551600 bytes"},
      {"wide box smaller than its header", ftyp() + u32(1) + "mdat" + u64(15),
       "problem: the MP4 is damaged: box 'mdat' at byte 24 is smaller than its own header"},
      {"short mvhd", ftyp() + box("moov", box("mvhd", zeros(8))),
       "problem: the MP4 is damaged: the box at byte 32 is too short for what it must hold"},
      {"stco with more rows than bytes",
       plain_file(with([](TrackPlan& p) { p.more = full("stco", 0, 0, u32(0xFFFFFFFF)); })),
       "problem: the MP4 is damaged: the box at byte "},
      {"stsz with more rows than bytes", plain_file(with([](TrackPlan& p) {
         p.more = full("stsz", 0, 0, u32(0) + u32(0xFFFFFFFF));
       })),
       "problem: the MP4 is damaged: the box at byte "},
      {"trun with more rows than bytes",
       fragmented_file(
           box("moof", box("traf", full("tfhd", 0, 0, u32(1)) +
                                       full("trun", 0, 0x100, u32(0x40000001) + u32(1))))),
       "problem: the MP4 is damaged: the box at byte "},
      {"zeros", zeros(1000), "problem: this is not an MP4: it does not begin with a box"},
      {"noise", "\x12\x34\x56\x78\x9A\xBC\xDE\xF0 and so on",
       "problem: this is not an MP4: it does not begin with a box"},
      {"text", "Lorem ipsum dolor sit amet, consetetur",
       "problem: this is not an MP4: it does not begin with a box"},
  };
}

std::vector<Case> other_files() {
  const auto rest = [](const char* start, std::size_t length) {
    return std::string(start, length) + zeros(400);
  };
  std::string packets = zeros(188 * 3);
  packets[0] = packets[188] = packets[376] = 0x47;
  return {
      {"JPEG", rest("\xFF\xD8\xFF\xE0", 4), "problem: this is a JPEG image, not an MP4"},
      {"PNG", rest("\x89PNG\r\n\x1A\n", 8), "problem: this is a PNG image, not an MP4"},
      {"WebM", rest("\x1A\x45\xDF\xA3", 4), "problem: this is a WebM or Matroska file, not an MP4"},
      {"MPEG-TS", packets, "problem: this is an MPEG transport stream, not an MP4"},
      {"AVI", rest("RIFF\x10\0\0\0AVI LIST", 16), "problem: this is an AVI file, not an MP4"},
      {"WebP", rest("RIFF\x10\0\0\0WEBPVP8 ", 16), "problem: this is a WebP image, not an MP4"},
      {"H.264", rest("\0\0\0\1\x67\x42\xC0\x1E", 8),
       "problem: this is a bare H.264 stream, not an MP4"},
      {"HTML", "\n <!DOCTYPE html><html>", "problem: this is an HTML page, not an MP4"},
      {"JSON", "{\"url\":\"https://h/v.mp4\"}", "problem: this is a JSON text, not an MP4"},
      {"JSON with a byte order mark", "\xEF\xBB\xBF[1]",
       "problem: this is a JSON text, not an MP4"},
      {"XML", "<?xml version='1.0'?><Error/>", "problem: this is an XML document, not an MP4"},
  };
}

void check_row(const std::vector<Case>& rows, int i, bool whole) {
  const Case& row = rows.at(static_cast<std::size_t>(i));
  const std::string expected = row.expected;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    const std::string got = probed(row.file, piece);
    expect_text(row.name, whole ? got : got.substr(0, expected.size()), expected);
  }
}

START_TEST(good) {
  check_row(good_files(), _i, true);
}
END_TEST
START_TEST(stills) {
  const std::vector<Case> rows = files_with_stills();
  const Case& row = rows.at(static_cast<std::size_t>(_i));
  const auto outcome = omni::mp4::probe(rope(row.file));
  const auto* info = std::get_if<Info>(&outcome);
  ck_assert_msg(info != nullptr, "%s", row.name);
  expect_text(row.name, std::to_string(info->duration_ns / 1000000) + "ms " + info->video()->codec,
              row.expected);
}
END_TEST
START_TEST(trailers) {
  check_row(files_with_trailer(), _i, false);
}
END_TEST
START_TEST(edit_lists) {
  check_row(edited_files(), _i, true);
}
END_TEST
START_TEST(fragmented) {
  check_row(fragmented_files(), _i, true);
}
END_TEST
START_TEST(bad) {
  check_row(bad_files(), _i, false);
}
END_TEST
START_TEST(other) {
  check_row(other_files(), _i, true);
}
END_TEST

START_TEST(first_video) {
  const auto outcome = omni::mp4::probe(
      rope(ftyp() + box("mdat", zeros(200)) + box("moov", mvhd() + trak(sound()) + trak({}))));
  const auto& info = std::get<Info>(outcome);
  ck_assert_ptr_eq(info.video(), &info.tracks[1]);
}
END_TEST

/// Every file cut at every byte: never accepted, never a crash.
START_TEST(every_cut) {
  for (const std::string& file : {plain_file(), fast_start_file()}) {
    for (std::size_t length = 0; length < file.size(); ++length) {
      const auto outcome = omni::mp4::probe(rope(file.substr(0, length)));
      ck_assert_msg(std::holds_alternative<Problem>(outcome), "accepted when cut at %zu", length);
    }
  }
}
END_TEST

/// What hostile files can make of the time: tables repeated under one table of offsets, tiny boxes.
START_TEST(bounded_work) {
  const std::string offsets = full("stco", 0, 0, u32(1000000) + zeros(4000000));
  std::string repeated;
  for (int i = 0; i < 300000; ++i) repeated += box("stbl", "");
  TrackPlan plan;
  plan.more = offsets;
  std::string track = trak(plan);
  const std::string in_minf =
      box("trak", tkhd(plan) + box("mdia", box("minf", stbl(plan) + repeated)));
  const std::string sizes = full("stsz", 0, 0, u32(0) + u32(1) + u32(1)) +
                            full("stz2", 0, 0, u32(0) + u32(0xFFFFFFFF)) +
                            full("stsc", 0, 0, u32(1) + u32(1) + u32(0xFFFFFFFF) + u32(1));
  TrackPlan unbounded;
  unbounded.more = sizes;
  std::string tiny;
  for (int i = 0; i < 1000000; ++i) tiny += box("free", "");
  const gint64 start = g_get_monotonic_time();
  probed(ftyp() + box("moov", mvhd() + in_minf));
  probed(plain_file(unbounded));
  expect_contains("tiny boxes", probed(ftyp() + tiny), "problem: the MP4 has too many boxes");
  std::string many;
  for (int i = 0; i < 129; ++i) many += box("trak", "");
  expect_contains("tracks", probed(ftyp() + box("moov", many)), "too many tracks");
  ck_assert_int_lt(g_get_monotonic_time() - start, 20 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(rope_access) {
  const omni::ByteRope bytes = rope("abcdefghij", 3);
  char text[16] = {};
  ck_assert_uint_eq(bytes.size(), 10);
  ck_assert_uint_eq(bytes.read(2, text, 5), 5);
  expect_text("across pieces", text, "cdefg");
  ck_assert_uint_eq(bytes.read(8, text, 16), 2);
  ck_assert_uint_eq(bytes.read(10, text, 1), 0);
  ck_assert_uint_eq(bytes.read(~std::uint64_t{0}, text, 1), 0);
  ck_assert_uint_eq(bytes.run_at(4).second, 2);
  ck_assert_int_eq(*bytes.run_at(4).first, 'e');
  ck_assert_ptr_null(bytes.run_at(10).first);
  omni::ByteRope empty;
  empty.append(nullptr);
  empty.append(omni::BytesPtr::adopt(g_bytes_new(nullptr, 0)));
  ck_assert(empty.empty() && empty.pieces().empty());
}
END_TEST

}  // namespace

int main() {
  return run_tests("mp4-probe", {{"good", good, good_files().size()},
                                 {"stills", stills, files_with_stills().size()},
                                 {"trailers", trailers, files_with_trailer().size()},
                                 {"edit lists", edit_lists, edited_files().size()},
                                 {"fragmented", fragmented, fragmented_files().size()},
                                 {"bad", bad, bad_files().size()},
                                 {"other", other, other_files().size()},
                                 {"first video", first_video, 1},
                                 {"every cut", every_cut, 1},
                                 {"bounded work", bounded_work, 1},
                                 {"rope access", rope_access, 1}});
}
