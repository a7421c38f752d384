// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "support/passthrough-rig.h"

#include <algorithm>
#include <map>
#include <new>

#include "support/idle-threads.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

namespace {

GstStaticPadTemplate video_sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));
GstStaticPadTemplate video_src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));
GstStaticPadTemplate audio_sink_template = GST_STATIC_PAD_TEMPLATE(
    "audio_sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("audio/x-raw; audio/mpeg"));
GstStaticPadTemplate audio_src_template = GST_STATIC_PAD_TEMPLATE(
    "audio_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS("audio/x-raw; audio/mpeg"));

GstStaticPadTemplate any_template =
    GST_STATIC_PAD_TEMPLATE("out", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

struct LaneTest {
  GstElement parent;
};
struct LaneTestClass {
  GstElementClass parent_class;
};
struct LaneTestPrivate {
  std::shared_ptr<Controls> controls = std::make_shared<Controls>();
  std::map<GstPad*, std::unique_ptr<AudioPassthrough>> lanes;
  bool running = false;
  GstPad* video_sink = nullptr;
  GstPad* video_src = nullptr;
  std::vector<BufferPtr> pictures;  // held back
};

G_DEFINE_TYPE_WITH_CODE(LaneTest, lane_test, GST_TYPE_ELEMENT, G_ADD_PRIVATE(LaneTest))

LaneTestPrivate& priv_of(gpointer element) {
  return *static_cast<LaneTestPrivate*>(
      lane_test_get_instance_private(static_cast<LaneTest*>(element)));
}

AudioPassthrough& lane_of(GstPad* pad) {
  return *static_cast<AudioPassthrough*>(gst_pad_get_element_private(pad));
}

AudioPassthrough::Host host_of(GstElement* element, GstPad* sink) {
  const std::shared_ptr<Controls> controls = priv_of(element).controls;
  const std::string number = GST_OBJECT_NAME(sink) + std::string("audio_sink_").size();
  return {element,
          sink,
          [controls, number] {
            GstPad* src = gst_pad_new_from_static_template(&audio_src_template,
                                                           ("audio_src_" + number).c_str());
            ++controls->src_pads;
            g_object_weak_ref(
                G_OBJECT(src),
                [](gpointer count, GObject*) { --*static_cast<std::atomic<int>*>(count); },
                &controls->src_pads);
            return src;
          },
          [controls] {
            const std::lock_guard lock(controls->lock);
            ++controls->asked;
            controls->changed.notify_all();
            return controls->capacity.load();
          },
          [controls] { return controls->live.load(); },
          [controls](GstQuery* query) {
            gst_query_set_latency(query, controls->live, controls->latency, GST_CLOCK_TIME_NONE);
            return true;
          },
          [controls](LogLevel level, const std::string& text) {
            const std::lock_guard lock(controls->lock);
            if (level == LogLevel::warning) controls->warnings.push_back(text);
          }};
}

GstPad* request_pad(GstElement* element, GstPadTemplate* pad_template, const char* name,
                    const GstCaps*) {
  LaneTestPrivate& priv = priv_of(element);
  GstPad* pad = gst_pad_new_from_template(pad_template, name);
  gst_pad_set_chain_function(pad, [](GstPad* pad, GstObject*, GstBuffer* buffer) {
    return lane_of(pad).chain(BufferPtr::adopt(buffer));
  });
  gst_pad_set_event_function(pad, [](GstPad* pad, GstObject*, GstEvent* event) {
    return lane_of(pad).sink_event(EventPtr::adopt(event));
  });
  gst_pad_set_query_function(pad, [](GstPad* pad, GstObject* parent, GstQuery* query) {
    gboolean answer = FALSE;
    if (lane_of(pad).sink_query(query, &answer)) return answer;
    return gst_pad_query_default(pad, parent, query);
  });
  auto lane = std::make_unique<AudioPassthrough>(host_of(element, pad));
  gst_pad_set_element_private(pad, lane.get());
  if (priv.running) {
    lane->start();
    gst_pad_set_active(pad, TRUE);
  }
  priv.lanes[pad] = std::move(lane);
  gst_element_add_pad(element, pad);
  return pad;
}

void release_pad(GstElement* element, GstPad* pad) {
  lane_of(pad).stop();
  gst_pad_set_active(pad, FALSE);
  lane_of(pad).finish();
  priv_of(element).lanes.erase(pad);
  gst_element_remove_pad(element, pad);
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  LaneTestPrivate& priv = priv_of(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    priv.running = true;
    for (auto& [pad, lane] : priv.lanes) lane->start();
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    for (auto& [pad, lane] : priv.lanes) lane->stop();
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(lane_test_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    priv.running = false;
    for (auto& [pad, lane] : priv.lanes) lane->finish();
    priv.pictures.clear();
  }
  return result;
}

GstFlowReturn push_pictures(LaneTestPrivate& priv) {
  GstFlowReturn flow = GST_FLOW_OK;
  for (BufferPtr& picture : std::exchange(priv.pictures, {}))
    if (flow == GST_FLOW_OK) flow = gst_pad_push(priv.video_src, picture.release());
  return flow;
}

GstFlowReturn video_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  LaneTestPrivate& priv = priv_of(parent);
  priv.pictures.push_back(BufferPtr::adopt(buffer));
  return priv.pictures.size() < 25 ? GST_FLOW_OK : push_pictures(priv);
}

gboolean video_event(GstPad*, GstObject* parent, GstEvent* event) {
  LaneTestPrivate& priv = priv_of(parent);
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) push_pictures(priv);
  return gst_pad_push_event(priv.video_src, event);
}

gboolean video_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_IS_SERIALIZED(query)) return FALSE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS || GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS)
    return gst_pad_query_default(pad, parent, query);
  return gst_pad_peer_query(priv_of(parent).video_src, query);
}

void lane_test_init(LaneTest* self) {
  auto* priv = new (&priv_of(self)) LaneTestPrivate;
  priv->video_sink = gst_pad_new_from_static_template(&video_sink_template, "sink");
  gst_pad_set_chain_function(priv->video_sink, video_chain);
  gst_pad_set_event_function(priv->video_sink, video_event);
  gst_pad_set_query_function(priv->video_sink, video_query);
  gst_element_add_pad(GST_ELEMENT(self), priv->video_sink);
  priv->video_src = gst_pad_new_from_static_template(&video_src_template, "src");
  gst_element_add_pad(GST_ELEMENT(self), priv->video_src);
}

void lane_test_class_init(LaneTestClass* klass) {
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  G_OBJECT_CLASS(klass)->finalize = [](GObject* object) {
    priv_of(object).~LaneTestPrivate();
    G_OBJECT_CLASS(lane_test_parent_class)->finalize(object);
  };
  element_class->change_state = change_state;
  element_class->request_new_pad = request_pad;
  element_class->release_pad = release_pad;
  for (GstStaticPadTemplate* pad_template :
       {&video_sink_template, &video_src_template, &audio_sink_template, &audio_src_template})
    gst_element_class_add_static_pad_template(element_class, pad_template);
  gst_element_class_set_static_metadata(element_class, "Lanes", "Generic", "Tests", "Tests");
}

}  // namespace

void register_lane_test() {
  gst_element_register(nullptr, "lanetest", GST_RANK_NONE, lane_test_get_type());
}

std::shared_ptr<Controls> controls_of(GstElement* lanetest) {
  return priv_of(lanetest).controls;
}

Rig::Rig(ElementPtr element, const char* name) : element_(std::move(element)) {
  register_lane_test();
  if (!element_)
    element_ = ElementPtr::adopt(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("lanetest", nullptr))));
  controls = priv_of(element_.get()).controls;
  lane_sink_ = PadPtr::adopt(gst_element_request_pad_simple(element_.get(), name));
  prepare_pads();
  added_ = g_signal_connect(element_.get(), "pad-added",
                            G_CALLBACK(+[](GstElement*, GstPad* pad, Rig* rig) {
                              if (pad != rig->lane().src().get()) return;
                              rig->caps_when_added_ = CapsPtr::adopt(gst_pad_get_current_caps(pad));
                              if (rig->auto_link) gst_pad_link(pad, rig->out());
                            }),
                            this);
  ck_assert(gst_pad_link(in(), lane_sink()) == GST_PAD_LINK_OK);
  gst_element_set_state(element_.get(), GST_STATE_PLAYING);
}

void Rig::prepare_pads() {
  in_ = PadPtr::adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("in", GST_PAD_SRC))));
  out_ = PadPtr::adopt(
      GST_PAD(gst_object_ref_sink(gst_pad_new_from_static_template(&any_template, "out"))));
  gst_pad_set_element_private(in(), this);
  gst_pad_set_element_private(out(), this);
  gst_pad_set_event_function(in(), [](GstPad* pad, GstObject*, GstEvent* event) -> gboolean {
    auto* rig = static_cast<Rig*>(gst_pad_get_element_private(pad));
    const std::lock_guard lock(rig->controls->lock);
    rig->upstream.push_back(EventPtr::adopt(event));
    return TRUE;
  });
  gst_pad_set_query_function(in(), [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
    if (GST_QUERY_TYPE(query) != GST_QUERY_DURATION)
      return gst_pad_query_default(pad, parent, query);
    gst_query_set_duration(query, GST_FORMAT_TIME, 42 * GST_SECOND);
    return TRUE;
  });
  gst_pad_set_chain_function(out(), [](GstPad* pad, GstObject*, GstBuffer* buffer) {
    return static_cast<Rig*>(gst_pad_get_element_private(pad))->take(BufferPtr::adopt(buffer));
  });
  gst_pad_set_event_function(out(), [](GstPad* pad, GstObject*, GstEvent* event) {
    return static_cast<Rig*>(gst_pad_get_element_private(pad))->take_event(EventPtr::adopt(event));
  });
  gst_pad_set_active(in(), TRUE);
  gst_pad_set_active(out(), TRUE);
}

void Rig::stop_downstream() {
  {
    const std::lock_guard lock(controls->lock);
    out_flushing_ = true;
    controls->changed.notify_all();
  }
  gst_pad_set_active(out(), FALSE);
}

void Rig::start_pads() {
  gst_pad_set_active(in(), FALSE);
  gst_pad_set_active(out(), FALSE);
  const std::lock_guard lock(controls->lock);
  out_flushing_ = false;
  gst_pad_set_active(in(), TRUE);
  gst_pad_set_active(out(), TRUE);
}

AudioPassthrough& Rig::lane() {
  return lane_of(lane_sink_.get());
}

Rig::~Rig() {
  stop_downstream();
  gst_element_set_state(element_.get(), GST_STATE_NULL);
  if (pusher_.joinable()) pusher_.join();
  gst_pad_set_active(in(), FALSE);
  g_signal_handler_disconnect(element_.get(), added_);
  gst_pad_unlink(in(), lane_sink());
  if (GST_OBJECT_PARENT(lane_sink())) gst_element_release_request_pad(element_.get(), lane_sink());
  lane_sink_ = nullptr;
  element_ = nullptr;
}

void Rig::caps(const char* text) {
  const auto caps = CapsPtr::adopt(gst_caps_from_string(text));
  ck_assert(event(gst_event_new_caps(caps.get())));
}

void Rig::segment(GstClockTime base) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = base;
  ck_assert(event(gst_event_new_segment(&segment)));
}

void Rig::begin(const char* text) {
  ck_assert(event(gst_event_new_stream_start("sound")));
  caps(text);
  segment();
}

BufferPtr Rig::sound(guint number) {
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, 64, nullptr));
  gst_buffer_memset(buffer.get(), 0, static_cast<guint8>(number * 7), 64);
  GST_BUFFER_PTS(buffer.get()) = number * kStep;
  GST_BUFFER_DURATION(buffer.get()) = kStep;
  GST_BUFFER_OFFSET(buffer.get()) = number;
  return buffer;
}

void Rig::push_on(guint from, std::function<BufferPtr(guint)> make) {
  pushed_ = 0;
  pusher_ = std::thread([this, from, make = std::move(make)] {
    for (guint number = from;; ++number) {
      const GstFlowReturn flow = push(make(number));
      const std::lock_guard lock(controls->lock);
      pushed_flow_ = flow;
      if (flow != GST_FLOW_OK) return;
      ++pushed_;
      controls->changed.notify_all();
    }
  });
}

GstFlowReturn Rig::end_of_pushing() {
  pusher_.join();
  return pushed_flow_;
}

bool Rig::waits_after(unsigned pushes) {
  if (!wait([&] { return pushed_ >= pushes; })) return false;
  std::unique_lock lock(controls->lock);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  // Asked twice without a push that came back in between: it looked again, and waits on.
  for (const unsigned enough = controls->asked + 2; controls->asked < enough;) {
    controls->changed.wait_for(lock, std::chrono::milliseconds(1));
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return pushed_ == pushes;
}

void Rig::permit(unsigned more) {
  const std::lock_guard lock(controls->lock);
  permits += more;
  controls->changed.notify_all();
}

GstFlowReturn Rig::take(BufferPtr buffer) {
  std::unique_lock lock(controls->lock);
  seen_.push_back({std::move(buffer), {}});
  controls->changed.notify_all();
  if (const auto call = std::exchange(inside, nullptr)) {
    lock.unlock();
    call();
    lock.lock();
    return GST_FLOW_FLUSHING;  // as a pad that was flushed meanwhile
  }
  controls->changed.wait(lock, [this] { return permits > 0 || out_flushing_; });
  if (out_flushing_) return GST_FLOW_FLUSHING;
  --permits;
  return answer;
}

gboolean Rig::take_event(EventPtr event) {
  const std::lock_guard lock(controls->lock);
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_START) out_flushing_ = true;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_STOP) out_flushing_ = false;
  seen_.push_back({{}, std::move(event)});
  controls->changed.notify_all();
  return TRUE;
}

std::size_t Rig::buffers_seen() const {
  return std::count_if(seen_.begin(), seen_.end(),
                       [](const Seen& one) { return bool(one.buffer); });
}

bool Rig::wait_buffers(std::size_t count) {
  return wait([&] { return buffers_seen() >= count; });
}

bool Rig::wait_event(GstEventType type) {
  return wait([&] {
    return std::any_of(seen_.begin(), seen_.end(), [&](const Seen& one) { return one.is(type); });
  });
}

std::vector<Seen> Rig::seen() {
  const std::lock_guard lock(controls->lock);
  return seen_;
}

std::vector<guint> Rig::numbers() {
  std::vector<guint> numbers;
  for (const Seen& one : seen())
    if (one.buffer) numbers.push_back(GST_BUFFER_OFFSET(one.buffer.get()));
  return numbers;
}

std::vector<guint> from_to(guint first, guint last) {
  std::vector<guint> numbers;
  for (guint number = first; number <= last; ++number) numbers.push_back(number);
  return numbers;
}

std::string story(const std::vector<Seen>& seen) {
  std::string words;
  for (const Seen& one : seen) {
    if (one.is(GST_EVENT_FLUSH_STOP)) words.clear();
    words += one.buffer ? "sound" : GST_EVENT_TYPE_NAME(one.event.get());
    words += ' ';
  }
  return words;
}

bool is_discont(const Seen& one) {
  return GST_BUFFER_FLAG_IS_SET(one.buffer.get(), GST_BUFFER_FLAG_DISCONT);
}

}  // namespace omni::test
