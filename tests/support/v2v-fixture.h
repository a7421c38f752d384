// What the omniv2v tests share: a clip, its result, and a key.
#pragma once

#include <string>

#include "support/element-run.h"
#include "support/fake-service.h"
#include "unit/mp4-writer.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

inline constexpr char kKey[] = "sk-element-0123456789";

inline std::string clip(unsigned width = 1280, std::uint64_t duration = 8000,
                        std::uint32_t bytes = 1000) {
  mp4_writer::TrackPlan plan;
  plan.width = width;
  plan.duration = duration;
  plan.sample_bytes = bytes;
  return mp4_writer::plain_file(plan);
}

inline const std::string kClip = clip();
inline const std::string kResult = clip(640, 8000, 100000);

/// The key stands in the environment while it lives.
struct WithKey {
  WithKey() { g_setenv("OMNI_API_KEY", kKey, TRUE); }
  ~WithKey() { g_unsetenv("OMNI_API_KEY"); }
};

inline void expect_equal(const std::string& got, const std::string& wanted) {
  fail_unless(got == wanted, "got \"%s\", wanted \"%s\"", got.c_str(), wanted.c_str());
}

}  // namespace omni::test
