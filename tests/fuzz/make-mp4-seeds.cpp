// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Writes the small MP4s that the MP4 target begins with into a folder.
#include <fstream>
#include <iostream>
#include <map>

#include "../unit/mp4-writer.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make-mp4-seeds FOLDER\n";
    return 2;
  }
  using namespace mp4_writer;
  TrackPlan wide;
  wide.version = 1;
  wide.wide_offsets = true;
  wide.degrees = 90;
  TrackPlan sound;
  sound.id = 2;
  sound.handler = "soun";
  FragmentPlan by_default;
  by_default.default_duration = 250;
  by_default.sample_duration = 0;
  const std::string sidx =
      full("sidx", 0, 0,
           u32(1) + u32(1000) + u32(0) + u32(0) + u16(0) + u16(1) + u32(100) + u32(2000) + u32(0));
  TrackPlan cut;
  cut.edits = edts({{500, -1}, {2000, 3000}, {0, 6000}});
  cut.more = full("ctts", 0, 0, u32(1) + u32(4) + u32(80));
  TrackPlan still;
  still.id = 3;
  still.codec = "jpeg";
  still.samples = 1;
  const std::map<std::string, std::string> files = {
      {"thumbnail", ftyp() + box("mdat", zeros(90)) + box("moov", mvhd() + trak(still) + trak({}))},
      {"edits", plain_file(cut)},
      {"plain", plain_file()},
      {"trailer", fast_start_file() + "TAG" + std::string(125, ' ')},
      {"fast-start", fast_start_file()},
      {"wide", plain_file(wide)},
      {"sound",
       ftyp() + wide_box("mdat", zeros(90)) + box("moov", mvhd() + trak(sound) + trak({}))},
      {"fragments", fragmented_file(moof({}) + moof(by_default), full("mehd", 0, 0, u32(2000)), 9)},
      {"index", fragmented_file(sidx + moof({}))},
  };
  for (const auto& [name, bytes] : files) {
    std::ofstream(std::string(argv[1]) + "/" + name + ".mp4", std::ios::binary) << bytes;
  }
  return 0;
}
