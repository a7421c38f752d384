// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One cell: an element in a pipeline of its own, against a service of its own. Everything that
// comes out is kept, and what is on the bus; what that amounts to is said in few words. There is no
// assertion here: cells run in many threads at once.
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <semaphore>

#include "faults/matrix/matrix.h"
#include "faults/matrix/service.h"
#include "support/counted-frames.h"

namespace omni::test {

namespace {

constexpr GstClockTime kPatience = 180 * GST_SECOND;
constexpr GstClockTime kFrameTime = GST_SECOND / kRate;

// Most cells wait most of the time, and many can do that at once. Few may be at work up to their
// create, or a job's short time would run out over other cells' encoders.
std::counting_semaphore<4> places_to_begin(4);

struct Frame {
  unsigned number;
  GstClockTime pts, duration;
};

/// A message of the bus that says what went wrong.
struct Told {
  std::string reason, text, task_id;
  int http = 0;
};

const char* name_of(Element element) {
  switch (element) {
    case Element::omniv2v:
      return "omniv2v";
    case Element::bin:
      return "omniv2vbin";
    case Element::source:
      return "omnivideosrc";
  }
  return "";
}

std::string text_of(const GstStructure* structure, const char* field) {
  const char* text = structure ? gst_structure_get_string(structure, field) : nullptr;
  return text ? text : "";
}

Told read_told(GstMessage* message) {
  const GstStructure* details = nullptr;
  GError* raw = nullptr;
  gchar* debug = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &raw, &debug);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, &raw, &debug);
    gst_message_parse_warning_details(message, &details);
  }
  const ErrorPtr error(raw);
  const CharPtr debug_text(debug);
  guint http = 0;
  if (details) gst_structure_get_uint(details, "http-status-code", &http);
  return {text_of(details, "reason"), std::string(error->message) + " " + (debug ? debug : ""),
          text_of(details, "task-id"), static_cast<int>(http)};
}

class Run {
 public:
  Run(Cell cell, const Script& script, const std::string& base_url, const std::string& folder);
  ~Run() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Run(const Run&) = delete;

  void feed(const std::string& clip);
  /// Until the stream has ended, at the sink and on the bus.
  void wait();
  void look_over(const Row& row, const std::string& task_id, const Clips& clips,
                 Observed& observed);

 private:
  static GstPadProbeReturn keep(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  void keep_buffer(GstPad* pad, GstBuffer* buffer);
  guint64 mib_read() const;
  std::string gave_bytes(const std::string& source, const std::string& result) const;
  std::string gave_frames(std::vector<std::string>& problems) const;

  const Cell cell_;
  ElementPtr pipeline_;
  mutable std::mutex lock_;  // over what the sink's pad sees
  std::condition_variable changed_;
  std::vector<Frame> frames_;
  std::string bytes_;
  int ends_ = 0;
  bool after_end_ = false;
  std::vector<Told> errors_, warnings_;
  bool hangs_ = false;
};

std::string launch_line(Cell cell, const Script& script, const std::string& base_url,
                        const std::string& folder) {
  std::string line;
  if (cell.element == Element::omniv2v)
    line = "appsrc name=in format=bytes max-bytes=0 caps=video/quicktime ! ";
  if (cell.element == Element::bin)
    line = "appsrc name=in format=time max-bytes=0 max-buffers=0 caps=\"" +
           std::string(kCountedCaps) + std::to_string(kRate) + "/1\" ! ";
  line += std::string(name_of(cell.element)) +
          " name=element prompt=x poll-interval=20000000 retry-attempts=2 max-in-flight=1 "
          "state-dir=" +
          folder + " base-url=" + base_url;
  if (cell.element == Element::bin) line += " segment-duration=4000000000";
  if (cell.stand_in)
    line += cell.element == Element::source ? " on-failure=skip" : " on-failure=source";
  else
    line += " on-failure=error";
  if (script.job_timeout_ms)
    line += " job-timeout=" + std::to_string(script.job_timeout_ms) + "000000";
  if (script.impatient) line += " timeout=2";
  return line + " ! fakesink name=out sync=false enable-last-sample=false";
}

Run::Run(Cell cell, const Script& script, const std::string& base_url, const std::string& folder)
    : cell_(cell) {
  const std::string line = launch_line(cell, script, base_url, folder);
  GError* error = nullptr;
  pipeline_ = ElementPtr::adopt(gst_parse_launch(line.c_str(), &error));
  if (error) g_error("%s: %s", line.c_str(), error->message);
  GstBin* bin = GST_BIN(pipeline_.get());
  if (script.large_body) {
    const auto element = ElementPtr::adopt(gst_bin_get_by_name(bin, "element"));
    g_object_set(element.get(), "prompt", std::string(6'000'000, 'x').c_str(), nullptr);
  }
  const auto sink = ElementPtr::adopt(gst_bin_get_by_name(bin, "out"));
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(sink.get(), "sink"));
  gst_pad_add_probe(
      pad.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      &Run::keep, this, nullptr);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

GstPadProbeReturn Run::keep(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto* me = static_cast<Run*>(self);
  const std::lock_guard lock(me->lock_);
  me->changed_.notify_all();
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    me->keep_buffer(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
    ++me->ends_;
  return GST_PAD_PROBE_OK;
}

void Run::keep_buffer(GstPad* pad, GstBuffer* buffer) {
  after_end_ |= ends_ > 0;
  if (cell_.element == Element::bin) {
    const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
    frames_.push_back(
        {number_in(buffer, caps.get()), GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer)});
    return;
  }
  const std::size_t before = bytes_.size();
  bytes_.resize(before + gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes_.data() + before, bytes_.size() - before);
}

void Run::feed(const std::string& clip) {
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "in"));
  if (!in) return;
  GstAppSrc* source = GST_APP_SRC(in.get());
  if (cell_.element == Element::omniv2v)
    gst_app_src_push_buffer(source, gst_buffer_new_memdup(clip.data(), clip.size()));
  for (unsigned i = 0; cell_.element == Element::bin && i < kFramesOfStream; ++i)
    gst_app_src_push_buffer(source, counted_frame(i, i * kFrameTime, kFrameTime).release());
  gst_app_src_end_of_stream(source);
}

void Run::wait() {
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline_.get()));
  constexpr auto kKinds =
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  const auto next = [&](GstClockTime patience) {
    return MessagePtr::adopt(gst_bus_timed_pop_filtered(bus.get(), patience, kKinds));
  };
  MessagePtr message;
  while (errors_.empty() && (message = next(kPatience))) {
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) break;
    const bool is_error = GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR;
    (is_error ? errors_ : warnings_).push_back(read_told(message.get()));
  }
  {
    // After an error the stream is ended, too: whoever writes a file can close it.
    std::unique_lock lock(lock_);
    const auto patience = std::chrono::nanoseconds(kPatience);
    hangs_ = !message || !changed_.wait_for(lock, patience, [&] { return ends_ > 0; });
  }
  while (!errors_.empty() && (message = next(0)))
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
      errors_.push_back(read_told(message.get()));
}

std::string Run::gave_bytes(const std::string& source, const std::string& result) const {
  if (bytes_.empty()) return "nothing";
  if (bytes_ == result) return "result";
  if (bytes_ == source) return "source";
  return std::to_string(bytes_.size()) + " bytes of something else";
}

/// "20 source, 20 result": in the order in which they came.
std::string Run::gave_frames(std::vector<std::string>& problems) const {
  std::string text;
  const char* kind = nullptr;
  unsigned count = 0;
  const auto close_run = [&] {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
    count = 0;
  };
  for (unsigned i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    if (frame.pts != i * kFrameTime || frame.duration != kFrameTime)
      problems.push_back("frame " + std::to_string(i) + " is at another time");
    const bool is_result = frame.number == kFirstOfResult + i % kFramesOfSegment;
    const char* what = is_result ? "result" : frame.number == i ? "source" : "wrong";
    if (kind != what) close_run();
    kind = what;
    ++count;
  }
  close_run();
  return text.empty() ? "nothing" : text;
}

guint64 Run::mib_read() const {
  const auto element = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "element"));
  GstStructure* raw = nullptr;
  g_object_get(element.get(), "stats", &raw, nullptr);
  const StructurePtr stats(raw);
  guint64 bytes = G_MAXUINT64;
  gst_structure_get_uint64(stats.get(), "bytes-down", &bytes);
  return bytes >> 20;
}

void Run::look_over(const Row& row, const std::string& task_id, const Clips& clips,
                    Observed& observed) {
  std::vector<std::string>& problems = observed.problems;
  const std::lock_guard lock(lock_);
  if (hangs_) problems.push_back("it hangs");
  if (!hangs_ && ends_ != 1) problems.push_back(std::to_string(ends_) + " EOS came out");
  if (after_end_) problems.push_back("something came out after EOS");
  if (errors_.size() > 1) problems.push_back("there is more than one error");
  if (mib_read() > row.script.most_mib)
    problems.push_back(std::to_string(mib_read()) + " MiB were read");
  observed.gave = cell_.element == Element::bin ? gave_frames(problems)
                                                : gave_bytes(clips.source, clips.*row.delivers);
  if (!errors_.empty())
    observed.gave = observed.gave == "nothing" ? "error" : observed.gave + ", error";
  std::vector<Told> all = errors_;
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  if (all.empty()) return;
  observed.job.reason = all.front().reason;
  observed.job.http = all.front().http;
  const bool accepted = row.script.where != Where::create && row.script.base == Base::service;
  if (accepted && all.front().task_id != task_id)
    problems.push_back("the task is not named, but \"" + all.front().task_id + "\"");
  for (const Told& told : all) {
    if (!told.text.starts_with(told.reason + ": ")) problems.push_back("no reason: " + told.text);
    for (const char* secret : {kKey, kSignature})
      if (told.text.find(secret) != std::string::npos) problems.push_back("a secret is told");
  }
}

}  // namespace

Observed run_cell(const Row& row, Cell cell, const Clips& clips, const std::string& folder,
                  const std::string& tls_url) {
  Observed observed;
  MatrixService service(row, faulty_job(cell.element), clips, tls_url);
  {
    places_to_begin.acquire();
    Run run(cell, row.script, service.base_url(), folder);
    run.feed(clips.source);
    if (row.script.base == Base::service) service.server.wait_for(1, "POST");
    places_to_begin.release();
    run.wait();
    run.look_over(row, service.faulty_id(), clips, observed);
    observed.job.posts = service.posts(false);
    observed.job.whole = service.posts(true);
  }
  for (std::string& problem : service.problems()) observed.problems.push_back(std::move(problem));
  return observed;
}

}  // namespace omni::test
