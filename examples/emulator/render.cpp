#include "render.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "command.h"
#include "fetch.h"
#include "probe.h"
#include "regenerate.h"

namespace emu {
namespace {

bool looks_like_mp4(const std::string& path) {
  std::array<char, 12> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return file.gcount() == static_cast<std::streamsize>(head.size()) &&
         std::memcmp(head.data() + 4, "ftyp", 4) == 0;
}

/// What stands in for the reference of a text-to-video job.
Probe test_picture(unsigned seconds) {
  return {.width = 1280,
          .height = 720,
          .fps_n = 24,
          .fps_d = 1,
          .seconds = seconds > 0 ? static_cast<double>(seconds) : 8,
          .has_sound = true};
}

}  // namespace

Rendered render(const RenderSpec& spec, Ticket& ticket) {
  if (!spec.reference_url.empty()) {
    fetch_reference(spec.reference_url, spec.reference, ticket.cancel.get());
  }
  if (spec.has_reference && !looks_like_mp4(spec.reference)) {
    throw TaskFailure("invalid_video", "the reference video is not an MP4 file");
  }
  const bool unchanged = spec.look->pipeline[0] == '\0';
  if (spec.command.empty() && unchanged && spec.has_reference) {
    std::error_code error;
    std::filesystem::copy_file(spec.reference, spec.result,
                               std::filesystem::copy_options::overwrite_existing, error);
    if (error) throw TaskFailure("internal_error", error.message());
    return {};
  }
  const Probe probe = spec.has_reference ? probe_file(spec.reference) : test_picture(spec.seconds);
  const Shape shape = fit_shape(probe, spec.aspect_ratio, spec.short_side);
  if (!spec.command.empty()) {
    run_command(spec, probe, shape, ticket);
  } else {
    regenerate(spec, probe, shape, ticket);
  }
  if (!looks_like_mp4(spec.result)) {
    throw TaskFailure("generation_failed", "no MP4 file came out");
  }
  return {.seconds = spec.seconds > 0 ? spec.seconds : probe.seconds,
          .width = shape.width,
          .height = shape.height};
}

}  // namespace emu
