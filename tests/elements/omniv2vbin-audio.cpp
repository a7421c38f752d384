// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin and sound: that of the source unchanged, that of the results at its place.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <future>

#include "media/mp4/samples.h"
#include "support/audio-ends.h"
#include "support/bin-harness.h"
#include "support/echo-service.h"
#include "support/fresh-folder.h"
#include "support/made-clip.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

/// A line with an omniv2vbin `v`, run to its end; what comes to the pads `in` and `out` of two
/// identities of those names is kept.
class SoundRun {
 public:
  SoundRun(const std::string& url, const std::string& properties, const std::string& sound) {
    const std::string line =
        "videotestsrc pattern=ball num-buffers=300 ! "
        "video/x-raw,format=I420,width=64,height=32,framerate=25/1 ! v.sink "
        "omniv2vbin name=v segment-duration=4000000000 prompt=x poll-interval=20000000 "
        "state-dir=" +
        state_.path() + " base-url=" + url + " " + properties + " ! fakesink " + sound;
    GError* error = nullptr;
    pipeline_ = ElementPtr::adopt(gst_parse_launch(line.c_str(), &error));
    ck_assert_msg(error == nullptr, "%s", error ? error->message : "");
    keep("in", &in);
    keep("out", &out);
    if (properties.find("reference-audio=true") != std::string::npos) hold_picture();
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline_.get()));
    const auto message = MessagePtr::adopt(gst_bus_timed_pop_filtered(
        bus.get(), 300 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    ck_assert_msg(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS, "no EOS came");
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }

  struct Kept {
    std::vector<GstClockTime> times;
    std::string bytes;
    std::string caps;
    std::promise<void> begun;
  };
  Kept in, out;

 private:
  /// The first picture waits for the first sound: where that has not begun when a reference is
  /// made, it goes without.
  void hold_picture() {
    const auto bin = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "v"));
    const auto pad = PadPtr::adopt(gst_element_get_static_pad(bin.get(), "sink"));
    const GstPadProbeCallback wait = [](GstPad*, GstPadProbeInfo*, gpointer self) {
      static_cast<SoundRun*>(self)->in.begun.get_future().wait();
      return GST_PAD_PROBE_REMOVE;
    };
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, wait, this, nullptr);
  }

  void keep(const char* name, Kept* kept) {
    const auto element = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
    if (!element) return;
    const auto pad = PadPtr::adopt(gst_element_get_static_pad(element.get(), "sink"));
    const GstPadProbeCallback note = [](GstPad* at, GstPadProbeInfo* info, gpointer data) {
      auto* to = static_cast<Kept*>(data);
      if (to->times.empty()) to->begun.set_value();
      GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
      GstMapInfo map;
      gst_buffer_map(buffer, &map, GST_MAP_READ);
      to->bytes.append(reinterpret_cast<const char*>(map.data), map.size);
      gst_buffer_unmap(buffer, &map);
      to->times.push_back(GST_BUFFER_PTS(buffer));
      const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(at));
      to->caps = CharPtr(gst_caps_to_string(caps.get())).get();
      return GST_PAD_PROBE_OK;
    };
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, note, kept, nullptr);
  }

  FreshFolder state_;
  ElementPtr pipeline_;
};

/// Positions of the beginnings of loud sounds in 16-bit stereo at 48 kHz, in samples.
std::vector<long> ticks(const std::string& bytes) {
  std::vector<long> found;
  long quiet_since = -100'000;
  for (long i = 0; (i + 1) * 4 <= static_cast<long>(bytes.size()); ++i) {
    gint16 sample = 0;
    std::memcpy(&sample, bytes.data() + i * 4, sizeof sample);
    if (std::abs(sample) < 4000) continue;
    if (i - quiet_since > 10'000) found.push_back(i);
    quiet_since = i;
  }
  return found;
}

constexpr char kTicks[] =
    "audiotestsrc wave=ticks volume=0.9 num-buffers=564 samplesperbuffer=1024 ! "
    "audio/x-raw,format=S16LE,rate=48000,channels=2 ! ";

}  // namespace

// Raw and encoded sound passes byte for byte, at its times.
GST_START_TEST(source_sound_is_unchanged) {
  static const char* const kKinds[] = {"", "audioconvert ! avenc_aac ! ", "opusenc ! "};
  const WithKey key;
  EchoService service;
  SoundRun run(
      service.server.url(), "",
      std::string(kTicks) + kKinds[__i__] +
          "identity name=in ! v.audio_sink_0 v.audio_src_0 ! identity name=out ! fakesink");
  fail_unless(run.in.bytes.size() > 10'000);
  fail_unless(run.in.bytes == run.out.bytes);
  fail_unless(run.in.times == run.out.times);
  expect_equal(run.out.caps, run.in.caps);
}
GST_END_TEST

// The results' sound, without a gap and to the sample: here the results are the references, which
// carry the source's. A segment that failed has that of what is shown instead, or silence.
GST_START_TEST(result_sound_is_placed) {
  const WithKey key;
  EchoService service(
      [fails = __i__ > 0](const SeenRequest& request) -> std::optional<ServerReply> {
        if (fails && is_create(request) && request.number == 2)
          return ServerReply{.status = 400, .body = "{}"};
        return std::nullopt;
      });
  const std::string policy = __i__ == 2 ? "skip" : "source";
  SoundRun run(
      service.server.url(),
      "audio=result reference-audio=true max-in-flight=1 on-failure=" + policy,
      std::string(kTicks) +
          "identity name=in ! v.audio_sink_0 v.audio_src_0 ! identity name=out ! fakesink");
  fail_unless_equals_int(run.out.bytes.size(), 12 * 48'000 * 4);
  const std::vector<long> in = ticks(run.in.bytes);
  std::vector<long> wanted = in;
  if (__i__ == 2)
    std::erase_if(wanted, [](long at) { return at >= 4 * 48'000 && at < 8 * 48'000; });
  std::vector<long> got = ticks(run.out.bytes);
  // The rest of a tick that began in the segment without sound.
  if (__i__ == 2) std::erase(got, 8 * 48'000);
  fail_unless(in.size() >= 11, "%zu ticks came in", in.size());
  const auto shown = [](const std::vector<long>& positions) {
    std::string text;
    for (const long at : positions) text += std::to_string(at) + " ";
    return text;
  };
  fail_unless(got.size() == wanted.size(), "ticks at %s, wanted at %s", shown(got).c_str(),
              shown(wanted).c_str());
  for (std::size_t i = 0; i < got.size(); ++i)
    fail_unless(std::labs(got[i] - wanted[i]) <= 3, "tick %zu: %ld, wanted %ld", i, got[i],
                wanted[i]);
}
GST_END_TEST

// A first audio pad that goes away, or sound that stops without a word, does not hold up the
// picture.
GST_START_TEST(reference_sound_that_stops) {
  const WithKey key;
  EchoService service;
  const std::string url = service.server.url();
  const FreshFolder state;
  GError* error = nullptr;
  const auto pipeline = ElementPtr::adopt(gst_parse_launch(
      ("videotestsrc num-buffers=300 ! video/x-raw,format=I420,width=64,height=32,framerate=25/1 ! "
       "v.sink omniv2vbin name=v reference-audio=true segment-duration=4000000000 prompt=x "
       "poll-interval=20000000 state-dir=" +
       state.path() + " base-url=" + url +
       " ! fakesink name=end async=false sync=false audiotestsrc name=a num-buffers=30 ! "
       "audio/x-raw,format=S16LE,rate=48000,channels=2 ! v.audio_sink_0 v.audio_src_0 ! "
       "fakesink async=false sync=false")
          .c_str(),
      &error));
  ck_assert_msg(error == nullptr, "%s", error ? error->message : "");
  const auto source = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "a"));
  const auto bin = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "v"));
  const auto end = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "end"));
  const auto sink = PadPtr::adopt(gst_element_get_static_pad(bin.get(), "audio_sink_0"));
  const auto out = PadPtr::adopt(gst_element_get_static_pad(end.get(), "sink"));
  // The end of the sound is never told.
  const GstPadProbeCallback swallow = [](GstPad*, GstPadProbeInfo* info, gpointer) {
    return GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS ? GST_PAD_PROBE_DROP
                                                                           : GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, swallow, nullptr, nullptr);
  std::atomic<bool> ended{false};
  const GstPadProbeCallback note = [](GstPad*, GstPadProbeInfo* info, gpointer flag) {
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
      *static_cast<std::atomic<bool>*>(flag) = true;
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(out.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note, &ended, nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  if (__i__ == 0) {
    const auto peer = PadPtr::adopt(gst_pad_get_peer(sink.get()));
    gst_pad_unlink(peer.get(), sink.get());
    gst_element_release_request_pad(bin.get(), sink.get());
  }
  while (!ended) g_usleep(1000);  // the test's own time limit ends a hang
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  fail_unless_equals_int(service.creates(), 3);
}
GST_END_TEST

// An audio branch that ends without caps: its pad is there for who waits to link it, it is told,
// and the picture plays to its end.
GST_START_TEST(sound_without_caps) {
  const WithKey key;
  EchoService service;
  const FreshFolder state;
  const auto pipeline = ElementPtr::adopt(gst_parse_launch(
      ("videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=64,height=32,framerate=25/1 ! "
       "v.sink omniv2vbin name=v prompt=x poll-interval=20000000 state-dir=" +
       state.path() + " base-url=" + service.server.url() +
       " ! fakesink fakesrc num-buffers=0 ! v.audio_sink_0 v.audio_src_0 ! fakesink")
          .c_str(),
      nullptr));
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  std::string told;
  for (bool ended = false; !ended;) {
    const auto message = MessagePtr::adopt(gst_bus_timed_pop_filtered(
        bus.get(), GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
    fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR);
    ended = GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS;
    if (ended) break;
    GError* warning = nullptr;
    gst_message_parse_warning(message.get(), &warning, nullptr);
    told += ErrorPtr(warning)->message;
  }
  fail_unless(told.find("no audio on audio_sink_0") != std::string::npos, "%s", told.c_str());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}
GST_END_TEST

// References that share a second of the picture share its sound, and each plays its own part of it.
GST_START_TEST(sound_with_overlap) {
  const WithKey key;
  EchoService service;
  SoundRun run(service.server.url(),
               "audio=result reference-audio=true max-in-flight=1 overlap=1000000000",
               std::string(kTicks) +
                   "identity name=in ! v.audio_sink_0 v.audio_src_0 ! "
                   "identity name=out ! fakesink");
  fail_unless_equals_int(service.creates(), 3);
  const double lengths[] = {4, 4, 6};  // the last one takes the short tail along
  for (int job = 1; job <= 3; ++job) {
    const std::string reference = service.reference(job);
    auto bytes = std::make_shared<ByteRope>();
    bytes->append(BytesPtr::adopt(g_bytes_new(reference.data(), reference.size())));
    const mp4::Movie movie = mp4::read_movie(bytes);
    fail_unless_equals_int(movie.tracks.size(), 2);
    const mp4::SampleTrack& sound = movie.tracks[1];
    guint64 ticks = 0;
    for (const mp4::Sample& sample : sound.samples) ticks += sample.duration;
    const double seconds = static_cast<double>(ticks) / sound.timescale;
    const double wanted = lengths[job - 1];
    fail_unless(seconds >= wanted && seconds < wanted + 0.1, "job %d has %.3f s of sound", job,
                seconds);
  }
  fail_unless_equals_int(run.out.bytes.size(), 12 * 48'000 * 4);
  const auto got = ticks(run.out.bytes), wanted = ticks(run.in.bytes);
  fail_unless_equals_int(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    fail_unless(std::labs(got[i] - wanted[i]) <= 3, "tick %zu: %ld, wanted %ld", i, got[i],
                wanted[i]);
}
GST_END_TEST

// Sound fades where the picture does: here from a tone to silence.
GST_START_TEST(result_sound_fades) {
  const auto clip = [](const std::string& volume) {
    return made_by(
        std::string("appsrc name=in format=time caps=\"") + kCountedCaps +
            "25/1\" ! x264enc threads=1 ! h264parse ! mux. audiotestsrc volume=" + volume +
            " num-buffers=188 samplesperbuffer=1024 ! "
            "audio/x-raw,format=F32LE,rate=48000,channels=2 ! avenc_aac ! mp4mux name=mux",
        {0, 100});
  };
  const WithKey key;
  EchoService service(nullptr, [clips = std::array{clip("0.8"), clip("0")}](
                                   int job, const std::string&) { return clips[(job + 1) % 2]; });
  SoundRun run(service.server.url(), "audio=result max-in-flight=1 overlap=1000000000",
               "v.audio_src_0 ! identity name=out ! fakesink");
  fail_unless_equals_int(run.out.bytes.size(), 12 * 48'000 * 4);
  const auto* values = reinterpret_cast<const gint16*>(run.out.bytes.data());
  const auto loudness = [&](double from, double until) {
    double sum = 0;
    const auto first = static_cast<std::size_t>(from * 96'000);
    const auto end = static_cast<std::size_t>(until * 96'000);
    for (std::size_t i = first; i < end; ++i) sum += static_cast<double>(values[i]) * values[i];
    return std::sqrt(sum / static_cast<double>(end - first));
  };
  const double whole = loudness(1, 2.9);
  fail_unless(whole > 10'000, "%f", whole);
  for (const double at : {0.1, 0.3, 0.5, 0.7, 0.9}) {
    const double share = loudness(3 + at - 0.02, 3 + at + 0.02) / whole;
    fail_unless(std::abs(share - (1 - at)) < 0.06, "%f s into it: %f", at, share);
  }
  fail_unless(loudness(4.1, 5.9) < 10);
}
GST_END_TEST

// Also where no sound comes in at all.
GST_START_TEST(result_sound_alone) {
  const WithKey key;
  EchoService service;
  SoundRun run(service.server.url(), "audio=result",
               "v.audio_src_0 ! identity name=out ! fakesink");
  fail_unless_equals_int(run.out.bytes.size(), 12 * 48'000 * 4);
  fail_unless(ticks(run.out.bytes).empty());
}
GST_END_TEST

// When downstream has enough of the picture, its sound ends as well.
GST_START_TEST(result_sound_ends_with_the_picture) {
  const WithKey key;
  EchoService service;
  SoundRun run(service.server.url(), "audio=result ! identity eos-after=50",
               "v.audio_src_0 ! identity name=out ! fakesink");
  fail_unless(run.out.bytes.size() >= 4 * 48'000 * 4);
}
GST_END_TEST

// One thread brings both, and a picture that stands for long: behind it, more sound than may wait
// comes before the next picture, while what is downstream takes none before it has both.
GST_START_TEST(picture_that_stands) {
  static const char* const kMore[] = {"", " overlap=1000000000",
                                      " audio=result reference-audio=true"};
  const WithKey key;
  EchoService service;
  BinHarness run(
      service.server.url(),
      std::string("prompt=x segment-duration=4000000000 max-in-flight=1") + kMore[__i__]);
  AudioEnds sound(run.element());
  sound.begin();
  sound.hold();
  run.push_frames(0, 80);
  constexpr unsigned kSeconds = 70;
  for (unsigned i = 0; i < kSeconds; ++i)
    fail_unless_equals_int(sound.push(i * GST_SECOND, GST_SECOND), GST_FLOW_OK);
  run.push_frame(kSeconds * 25);
  sound.push_event(gst_event_new_eos());
  run.push_eos();
  run.expect_frames(0, 80);
  run.expect_frames(kSeconds * 25, 1);
  run.wait_event(GST_EVENT_EOS);
  sound.let_go();
  if (__i__ < 2) fail_unless_equals_uint64(sound.wait_ends(1), kSeconds * 48'000 * 4);
}
GST_END_TEST

// Behind an end, too: after a seek, or in another stream, the first picture may stand behind more
// sound than may wait.
GST_START_TEST(sound_comes_first_again) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), "prompt=x segment-duration=4000000000 max-in-flight=1");
  run.play_to_end(0, 110);
  if (__i__ == 0) {
    run.flush();
  } else {
    gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
    run.push_segment();
  }
  AudioEnds sound(run.element());
  sound.begin();
  sound.hold();
  constexpr unsigned kSeconds = 70;
  for (unsigned i = 0; i < kSeconds; ++i)
    fail_unless_equals_int(sound.push(i * GST_SECOND, GST_SECOND), GST_FLOW_OK);
  run.play_to_end(kSeconds * 25, 1);
}
GST_END_TEST

// A microphone does not wait for a feed that has not come yet.
GST_START_TEST(live_sound_before_the_picture) {
  const WithKey key;
  EchoService service;
  ElementRun run(service.server.url(), "prompt=x segment-duration=4000000000", "omniv2vbin",
                 nullptr);
  AudioEnds sound(run.element());
  sound.begin(true);
  sound.hold();
  for (unsigned i = 0; i < 30; ++i)
    fail_unless_equals_int(sound.push(i * GST_SECOND, GST_SECOND), GST_FLOW_OK);
}
GST_END_TEST

static Suite* omniv2vbin_sound_suite() {
  Suite* suite = suite_create("omniv2vbin-audio");
  TCase* tcase = tcase_create("sound");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, source_sound_is_unchanged, 0, 3);
  tcase_add_loop_test(tcase, result_sound_is_placed, 0, 3);
  tcase_add_loop_test(tcase, reference_sound_that_stops, 0, 2);
  tcase_add_test(tcase, sound_without_caps);
  tcase_add_test(tcase, sound_with_overlap);
  tcase_add_test(tcase, result_sound_fades);
  tcase_add_test(tcase, result_sound_alone);
  tcase_add_test(tcase, result_sound_ends_with_the_picture);
  tcase_add_loop_test(tcase, picture_that_stands, 0, 3);
  tcase_add_loop_test(tcase, sound_comes_first_again, 0, 2);
  tcase_add_test(tcase, live_sound_before_the_picture);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_sound)
