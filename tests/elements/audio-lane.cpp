// AudioLane in a small element of this file's own: what goes through, what waits, what is dropped,
// how it ends. Pictures pass through the element as well, a second at a time, as in the bin.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "elements/audio-lane.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

using namespace omni;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr GstClockTime kStep = 100 * GST_MSECOND;
constexpr const char* kRaw = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
constexpr const char* kAac =
    "audio/mpeg,mpegversion=4,stream-format=raw,codec_data=(buffer)1190,rate=48000,channels=2";

/// What a test sets and looks at. The lock guards what is not atomic, of the rig too.
struct Controls {
  std::atomic<GstClockTime> capacity{GST_SECOND};
  std::atomic<bool> live{false};
  std::atomic<GstClockTime> latency{0};
  std::atomic<int> src_pads{0};  // alive
  std::mutex lock;
  std::condition_variable changed;
  unsigned asked = 0;  // for the capacity
  std::vector<std::string> warnings;
};

// The element

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
  std::map<GstPad*, std::unique_ptr<AudioLane>> lanes;
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

AudioLane& lane_of(GstPad* pad) {
  return *static_cast<AudioLane*>(gst_pad_get_element_private(pad));
}

AudioLane::Host host_of(GstElement* element, GstPad* sink) {
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
  auto lane = std::make_unique<AudioLane>(host_of(element, pad));
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

void register_element() {
  gst_element_register(nullptr, "lanetest", GST_RANK_NONE, lane_test_get_type());
}

// The rig: one lane between pads of the test's own

struct Seen {
  BufferPtr buffer;
  EventPtr event;
  bool is(GstEventType type) const { return event && GST_EVENT_TYPE(event.get()) == type; }
};

class Rig {
 public:
  explicit Rig(ElementPtr element = {}, const char* name = "audio_sink_0");
  ~Rig();
  Rig(const Rig&) = delete;

  AudioLane& lane() { return lane_of(lane_sink_.get()); }
  GstElement* element() const { return element_.get(); }
  GstPad* in() const { return in_.get(); }
  GstPad* out() const { return out_.get(); }
  GstPad* lane_sink() const { return lane_sink_.get(); }
  CapsPtr caps_when_added() const { return caps_when_added_; }

  bool event(GstEvent* event) { return gst_pad_push_event(in_.get(), event); }
  void begin(const char* caps = kRaw);
  void caps(const char* caps);
  void segment(GstClockTime base = 0);
  GstFlowReturn push(BufferPtr buffer) { return gst_pad_push(in_.get(), buffer.release()); }
  GstFlowReturn push(guint number) { return push(sound(number)); }
  /// A buffer of its own number and bytes, kStep long.
  static BufferPtr sound(guint number);

  /// Pushes on a thread of its own, from this number on until it may not.
  void push_on(guint from, std::function<BufferPtr(guint)> make = sound);
  GstFlowReturn end_of_pushing();

  template <class Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(controls->lock);
    return controls->changed.wait_for(lock, kPatience, predicate);
  }
  /// The pushing thread has come back from so many pushes, and waits inside the next one.
  bool waits_after(unsigned pushes);
  /// How many buffers have come out, before `permits` holds them.
  bool wait_buffers(std::size_t count);
  bool wait_event(GstEventType type);
  void permit(unsigned more);
  std::vector<Seen> seen();
  std::vector<guint> numbers();

  std::shared_ptr<Controls> controls;
  // Under controls->lock
  unsigned permits = 1u << 30;  // how many buffers downstream still takes
  GstFlowReturn answer = GST_FLOW_OK;
  std::vector<EventPtr> upstream;  // events that came there
  std::function<void()> inside;    // called once in the next push
  bool auto_link = true;

 private:
  void prepare_pads();
  GstFlowReturn take(BufferPtr buffer);
  gboolean take_event(EventPtr event);
  std::size_t buffers_seen() const;

  ElementPtr element_;
  PadPtr lane_sink_, in_, out_;
  CapsPtr caps_when_added_;
  gulong added_ = 0;
  std::thread pusher_;
  // Under controls->lock
  std::vector<Seen> seen_;
  bool out_flushing_ = false;
  unsigned pushed_ = 0;
  GstFlowReturn pushed_flow_ = GST_FLOW_OK;
};

Rig::Rig(ElementPtr element, const char* name) : element_(std::move(element)) {
  register_element();
  if (!element_)
    element_ = ElementPtr::adopt(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("lanetest", nullptr))));
  controls = priv_of(element_.get()).controls;
  lane_sink_ = PadPtr::adopt(gst_element_request_pad_simple(element_.get(), name));
  prepare_pads();
  added_ = g_signal_connect(element_.get(), "pad-added",
                            G_CALLBACK(+[](GstElement*, GstPad* pad, Rig* rig) {
                              if (pad != rig->lane().src()) return;
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

Rig::~Rig() {
  {
    const std::lock_guard lock(controls->lock);
    out_flushing_ = true;
    controls->changed.notify_all();
  }
  gst_pad_set_active(out(), FALSE);
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
  // Asked twice without a push that came back in between: it was woken, and waits again.
  for (const unsigned enough = controls->asked + 2; controls->asked < enough;) {
    lock.unlock();
    lane().capacity_changed();
    lock.lock();
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

/// The words for what was seen from the last FLUSH_STOP on.
std::string story(const std::vector<Seen>& seen) {
  std::string words;
  for (const Seen& one : seen) {
    if (one.is(GST_EVENT_FLUSH_STOP)) words.clear();
    words += one.buffer ? "sound" : GST_EVENT_TYPE_NAME(one.event.get());
    words += ' ';
  }
  return words;
}

void expect_story(const std::vector<Seen>& seen, const std::string& expected) {
  const std::string words = story(seen);
  fail_unless_equals_string(words.c_str(), expected.c_str());
}

bool is_discont(const Seen& one) {
  return GST_BUFFER_FLAG_IS_SET(one.buffer.get(), GST_BUFFER_FLAG_DISCONT);
}

}  // namespace

// The very buffers come out, and events in their order; the pad is there from the caps on, with
// them.
GST_START_TEST(unchanged) {
  Rig rig;
  const char* text = __i__ == 0 ? kRaw : kAac;
  fail_unless(rig.event(gst_event_new_stream_start("sound")));
  fail_unless(rig.lane().src() == nullptr);
  rig.caps(text);
  fail_if(rig.lane().src() == nullptr);
  fail_unless_equals_string(GST_OBJECT_NAME(rig.lane().src()), "audio_src_0");
  const auto caps = CapsPtr::adopt(gst_caps_from_string(text));
  fail_unless(gst_caps_is_equal(rig.caps_when_added().get(), caps.get()));
  rig.segment();
  fail_unless(rig.event(gst_event_new_tag(gst_tag_list_new_empty())));
  std::vector<BufferPtr> sent;
  for (guint i = 0; i < 9; ++i) {
    sent.push_back(Rig::sound(i));
    fail_unless_equals_int(rig.push(sent.back()), GST_FLOW_OK);
  }
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  std::vector<Seen> seen = rig.seen();
  expect_story(seen,
               "stream-start caps segment tag sound sound sound sound sound sound "
               "sound sound sound eos ");
  for (guint i = 0; i < 9; ++i) fail_unless(seen[4 + i].buffer.get() == sent[i].get());
}
GST_END_TEST

// No more than the capacity waits; what goes out makes room for as much.
GST_START_TEST(full) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.push_on(0);
  // Number 0 is on its way; 1 to 11 are a second apart.
  fail_unless(rig.waits_after(12));
  rig.permit(1);
  fail_unless(rig.waits_after(13));
  rig.permit(5);
  fail_unless(rig.waits_after(18));
  // More may wait from now on.
  rig.controls->capacity = 2 * GST_SECOND;
  rig.lane().capacity_changed();
  fail_unless(rig.waits_after(28));
  rig.controls->capacity = 0;
  rig.permit(22);
  // One always fits.
  fail_unless(rig.waits_after(30));
  fail_unless(rig.numbers() == from_to(0, 28));
}
GST_END_TEST

// Running time is what counts: whatever the segment, silence as well, and durations where there is
// no time or where it goes back.
GST_START_TEST(what_counts) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  fail_unless_equals_int(rig.push(0), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(1));
  switch (__i__) {
    case 0:
      // The same positions, half a second on: 5 + 6.
      for (guint i = 1; i <= 5; ++i) rig.push(i);
      rig.segment(5 * kStep);
      rig.push_on(1);
      fail_unless(rig.waits_after(6));
      break;
    case 1:
      for (guint i = 1; i <= 11; ++i) rig.event(gst_event_new_gap(i * kStep, kStep));
      rig.push_on(12);
      fail_unless(rig.waits_after(0));
      break;
    case 2:
      rig.push_on(1, [](guint number) {
        BufferPtr buffer = Rig::sound(number);
        GST_BUFFER_PTS(buffer.get()) = GST_CLOCK_TIME_NONE;
        return buffer;
      });
      fail_unless(rig.waits_after(11));
      break;
    case 3:
      rig.push_on(1, [](guint number) {
        BufferPtr buffer = Rig::sound(number);
        std::swap(GST_BUFFER_PTS(buffer.get()), GST_BUFFER_DTS(buffer.get()));
        GST_BUFFER_DURATION(buffer.get()) = GST_CLOCK_TIME_NONE;
        return buffer;
      });
      fail_unless(rig.waits_after(11));
      break;
    case 4:
      rig.push_on(1, [](guint number) {
        BufferPtr buffer = Rig::sound(number);
        GST_BUFFER_PTS(buffer.get()) = (1000 - number) * kStep;
        return buffer;
      });
      fail_unless(rig.waits_after(11));
      break;
    default:
      // What has neither time nor duration takes none.
      for (guint i = 1; i <= 200; ++i) {
        BufferPtr buffer = Rig::sound(i);
        GST_BUFFER_PTS(buffer.get()) = GST_BUFFER_DURATION(buffer.get()) = GST_CLOCK_TIME_NONE;
        fail_unless_equals_int(rig.push(std::move(buffer)), GST_FLOW_OK);
      }
  }
}
GST_END_TEST

// A live source is never blocked: the oldest goes, with one warning a time, and the next says so.
GST_START_TEST(live_drop) {
  Rig rig;
  rig.controls->live = true;
  rig.permits = 0;
  rig.begin();
  for (guint time = 0; time < 2; ++time) {
    const guint held = time * 31;  // not "first": the macros have one
    fail_unless_equals_int(rig.push(held), GST_FLOW_OK);
    fail_unless(rig.wait_buffers(1 + time * 12));
    if (time == 0) rig.caps(kAac);  // is not lost with the sound around it
    for (guint i = held + 1; i <= held + 30; ++i) fail_unless_equals_int(rig.push(i), GST_FLOW_OK);
    fail_unless_equals_int(rig.controls->warnings.size(), 1 + time);
    rig.permit(12);
    fail_unless(rig.wait_buffers((time + 1) * 12));
  }
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  std::vector<guint> expected{0};
  for (const guint number : from_to(20, 31)) expected.push_back(number);
  for (const guint number : from_to(51, 61)) expected.push_back(number);
  fail_unless(rig.numbers() == expected);
  fail_unless(story(rig.seen()).starts_with("stream-start caps segment sound caps "));
  for (const Seen& one : rig.seen()) {
    if (!one.buffer) continue;
    const guint number = GST_BUFFER_OFFSET(one.buffer.get());
    fail_unless_equals_int(is_discont(one), number == 20 || number == 51);
  }
}
GST_END_TEST

// A flush wakes the chain, and the task in downstream's hands; what waited is gone but for caps.
GST_START_TEST(flush) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.push(0);
  fail_unless(rig.wait_buffers(1));
  rig.caps(kAac);
  rig.push_on(1);
  fail_unless(rig.waits_after(11));
  fail_unless(rig.event(gst_event_new_flush_start()));
  fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_FLUSHING);
  fail_unless_equals_int(rig.push(12), GST_FLOW_FLUSHING);
  fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  rig.permit(1000);
  rig.segment();
  fail_unless_equals_int(rig.push(50), GST_FLOW_OK);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  expect_story(rig.seen(), "flush-stop caps segment sound eos ");
  // And out of the end of a stream.
  fail_unless(rig.event(gst_event_new_flush_start()));
  fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  rig.segment();
  fail_unless_equals_int(rig.push(51), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(3));
  expect_story(rig.seen(), "flush-stop segment sound ");
}
GST_END_TEST

GST_START_TEST(flush_before_the_pad) {
  Rig rig;
  fail_unless(rig.event(gst_event_new_stream_start("sound")));
  fail_unless(rig.event(gst_event_new_flush_start()));
  fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  fail_unless(rig.lane().src() == nullptr);
  rig.caps(kRaw);
  rig.segment();
  rig.push(0);
  fail_unless(rig.wait_buffers(1));
  expect_story(rig.seen(), "stream-start caps segment sound ");
}
GST_END_TEST

// A demuxer upstream flushes on the thread that asks it to seek, here the lane's own.
GST_START_TEST(flush_from_inside_the_push) {
  Rig rig;
  rig.inside = [&rig] {
    rig.event(gst_event_new_flush_start());
    rig.event(gst_event_new_flush_stop(TRUE));
  };
  rig.begin();
  rig.push(0);
  fail_unless(rig.wait_event(GST_EVENT_FLUSH_STOP));
  rig.segment();
  fail_unless_equals_int(rig.push(1), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(2));
  fail_unless_equals_int(rig.push(2), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(3));
}
GST_END_TEST

GST_START_TEST(upstream_and_queries) {
  Rig rig;
  rig.controls->latency = 7 * GST_SECOND;
  rig.begin();
  rig.push(0);
  fail_unless(rig.wait_buffers(1));
  fail_unless(gst_pad_push_event(
      rig.out(), gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                    GST_SECOND, GST_SEEK_TYPE_NONE, -1)));
  fail_unless(gst_pad_push_event(rig.out(), gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 1, 0, 0)));
  std::string came;
  for (const EventPtr& event : rig.upstream)
    came += GST_EVENT_TYPE_NAME(event.get()) + std::string(" ");
  fail_unless_equals_string(came.c_str(), "reconfigure reconfigure seek qos ");

  const auto latency = MiniObjectPtr<GstQuery>::adopt(gst_query_new_latency());
  fail_unless(gst_pad_peer_query(rig.out(), latency.get()));
  gboolean live;
  GstClockTime min, max;
  gst_query_parse_latency(latency.get(), &live, &min, &max);
  fail_unless_equals_uint64(min, 7 * GST_SECOND);
  gint64 duration = 0;
  fail_unless(gst_pad_peer_query_duration(rig.out(), GST_FORMAT_TIME, &duration));
  fail_unless_equals_int64(duration, 42 * GST_SECOND);
  const auto current = CapsPtr::adopt(gst_caps_from_string(kRaw));
  const auto out_caps = CapsPtr::adopt(gst_pad_peer_query_caps(rig.out(), nullptr));
  fail_unless(gst_caps_is_equal(out_caps.get(), current.get()));

  const auto allocation =
      MiniObjectPtr<GstQuery>::adopt(gst_query_new_allocation(current.get(), TRUE));
  fail_if(gst_pad_peer_query(rig.in(), allocation.get()));
}
GST_END_TEST

// What may come in is what the template says, and then what downstream takes.
GST_START_TEST(caps_of_the_sink) {
  Rig rig;
  const auto known = CapsPtr::adopt(gst_pad_get_pad_template_caps(rig.lane_sink()));
  const auto before = CapsPtr::adopt(gst_pad_peer_query_caps(rig.in(), nullptr));
  fail_unless(gst_caps_is_equal(before.get(), known.get()));
  gst_pad_set_query_function(
      rig.out(), [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
        if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS)
          return gst_pad_query_default(pad, parent, query);
        const auto taken =
            CapsPtr::adopt(gst_caps_from_string("audio/x-raw,rate=48000; text/html"));
        gst_query_set_caps_result(query, taken.get());
        return TRUE;
      });
  rig.begin();
  const auto after = CapsPtr::adopt(gst_pad_peer_query_caps(rig.in(), nullptr));
  const auto expected = CapsPtr::adopt(gst_caps_from_string("audio/x-raw,rate=48000"));
  fail_unless(gst_caps_is_equal(after.get(), expected.get()));
  for (const char* text : {kRaw, kAac, "text/html"}) {
    const auto caps = CapsPtr::adopt(gst_caps_from_string(text));
    fail_unless_equals_int(gst_pad_peer_query_accept_caps(rig.in(), caps.get()), text == kRaw);
  }
}
GST_END_TEST

// What downstream answers goes back; after a failure nothing more goes out.
GST_START_TEST(flow_goes_back) {
  const GstFlowReturn answers[] = {GST_FLOW_ERROR, GST_FLOW_NOT_NEGOTIATED, GST_FLOW_FLUSHING,
                                   GST_FLOW_EOS};
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.answer = answers[__i__];
  rig.push_on(0);
  fail_unless(rig.waits_after(12));
  rig.permit(1);
  fail_unless_equals_int(rig.end_of_pushing(), answers[__i__]);
  rig.permit(1000);
  fail_unless(rig.numbers() == from_to(0, 0));
  if (answers[__i__] != GST_FLOW_EOS) return;
  // Downstream has enough of this segment; then comes another.
  rig.segment();
  rig.answer = GST_FLOW_OK;
  fail_unless_equals_int(rig.push(20), GST_FLOW_OK);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  expect_story(rig.seen(), "stream-start caps segment sound segment sound eos ");
}
GST_END_TEST

// Upstream is through already: nobody but the lane can tell.
GST_START_TEST(failure_after_the_end) {
  Rig rig;
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(rig.element(), bus);
  rig.begin();
  rig.permits = 0;
  rig.answer = GST_FLOW_NOT_NEGOTIATED;
  rig.push(0);
  rig.push(1);
  fail_unless(rig.event(gst_event_new_eos()));
  rig.permit(10);
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  fail_unless(bool(MessagePtr::adopt(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR))));
  fail_unless(rig.numbers() == from_to(0, 0));
  gst_element_set_bus(rig.element(), nullptr);
  gst_object_unref(bus);
}
GST_END_TEST

// Upstream learns that nobody listens, and that somebody does again.
GST_START_TEST(not_linked) {
  Rig rig;
  rig.auto_link = false;
  rig.begin();
  rig.push_on(0);
  fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_NOT_LINKED);
  fail_unless(gst_pad_link(rig.lane().src(), rig.out()) == GST_PAD_LINK_OK);
  fail_unless_equals_int(rig.push(100), GST_FLOW_OK);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  const std::vector<Seen> seen = rig.seen();
  fail_unless(story(seen).starts_with("stream-start caps segment sound "));
  fail_unless(is_discont(seen[3]));
  fail_unless_equals_int(rig.numbers().back(), 100);
}
GST_END_TEST

// A stream may go on after its end, as concatenated ones do, and may change its caps.
GST_START_TEST(another_stream_follows) {
  Rig rig;
  rig.begin();
  rig.push(0);
  rig.caps(kAac);
  rig.push(1);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless_equals_int(rig.push(2), GST_FLOW_EOS);
  fail_unless(rig.event(gst_event_new_stream_start("another")));
  rig.caps(kRaw);
  rig.segment();
  fail_unless_equals_int(rig.push(3), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(3));
  expect_story(rig.seen(),
               "stream-start caps segment sound caps sound eos stream-start caps "
               "segment sound ");
}
GST_END_TEST

// Two lanes of one element know nothing of each other.
GST_START_TEST(two_lanes) {
  Rig one;
  Rig two(ElementPtr::share(one.element()), "audio_sink_1");
  one.begin();
  two.begin(kAac);
  fail_unless_equals_string(GST_OBJECT_NAME(two.lane().src()), "audio_src_1");
  {
    const std::lock_guard lock(one.controls->lock);
    one.permits = 0;
  }
  for (guint i = 0; i < 9; ++i) {
    fail_unless_equals_int(one.push(i), GST_FLOW_OK);
    fail_unless_equals_int(two.push(i + 100), GST_FLOW_OK);
  }
  fail_unless(two.event(gst_event_new_eos()));
  fail_unless(two.wait_event(GST_EVENT_EOS));
  fail_unless(two.numbers() == from_to(100, 108));
  one.permit(9);
  fail_unless(one.wait_buffers(9));
  fail_unless(one.numbers() == from_to(0, 8));
}
GST_END_TEST

// Down at the worst moments, then up again, with a pad made anew.
GST_START_TEST(stop_and_start_again) {
  Rig rig;
  if (__i__ > 0) fail_unless(rig.event(gst_event_new_stream_start("sound")));
  if (__i__ > 1) {
    rig.caps(kRaw);
    rig.segment();
  }
  if (__i__ > 2) {
    // Nothing is taken while the pad is not linked to anything that does: the chain waits.
    rig.permits = 0;
    rig.push_on(0);
    fail_unless(rig.waits_after(12));
    fail_unless(rig.event(gst_event_new_flush_start()));
    rig.end_of_pushing();
    if (__i__ == 3) fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  }
  gst_element_set_state(rig.element(), GST_STATE_READY);
  fail_unless(rig.lane().src() == nullptr);
  fail_unless_equals_int(rig.controls->src_pads, 0);
  fail_unless_equals_int(GST_ELEMENT(rig.element())->numsrcpads, 1);
  if (__i__ == 4) gst_pad_push_event(rig.in(), gst_event_new_flush_stop(TRUE));
  gst_pad_set_active(rig.in(), FALSE);
  gst_pad_set_active(rig.out(), FALSE);
  gst_pad_set_active(rig.in(), TRUE);
  gst_pad_set_active(rig.out(), TRUE);
  if (__i__ == 4) gst_pad_send_event(rig.out(), gst_event_new_flush_stop(TRUE));
  gst_element_set_state(rig.element(), GST_STATE_PLAYING);
  rig.permit(1000);
  rig.begin();
  rig.push(70);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  fail_unless_equals_int(rig.numbers().back(), 70);
}
GST_END_TEST

// stop() alone lets a waiting chain go: the element calls it before anything is deactivated.
GST_START_TEST(stop_wakes_the_chain) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.push_on(0);
  fail_unless(rig.waits_after(12));
  rig.lane().stop();
  fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_FLUSHING);
}
GST_END_TEST

// The request pad is given back in the midst of it.
GST_START_TEST(release) {
  Rig rig;
  rig.controls->capacity = 0;
  rig.begin();
  rig.push_on(0);
  fail_unless(rig.wait_buffers(20));
  gst_element_release_request_pad(rig.element(), rig.lane_sink());
  fail_if(rig.end_of_pushing() == GST_FLOW_OK);
  fail_unless_equals_int(rig.controls->src_pads, 0);
}
GST_END_TEST

// From PLAYING to NULL and READY a hundred times, after any number of buffers.
GST_START_TEST(stop_at_any_time) {
  register_element();
  std::mt19937 random(static_cast<unsigned>(__i__) + 1);
  for (int round = 0; round < 50; ++round) {
    const std::string line =
        "lanetest name=v audiotestsrc samplesperbuffer=441 ! audio/x-raw,rate=44100 ! "
        "v.audio_sink_0 queue name=q max-size-buffers=2 ! fakesink "
        "async=false sync=" +
        std::string(random() % 2 ? "true" : "false");
    const auto pipeline = ElementPtr::adopt(
        GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), nullptr))));
    const auto lanes = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "v"));
    const auto queue = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "q"));
    // A launch line links a pad that comes later only the first time it comes.
    g_signal_connect(lanes.get(), "pad-added",
                     G_CALLBACK(+[](GstElement* lanes, GstPad*, GstElement* queue) {
                       gst_element_link_pads(lanes, "audio_src_0", queue, "sink");
                     }),
                     queue.get());
    const auto controls = priv_of(lanes.get()).controls;
    controls->capacity = (random() % 5) * 10 * GST_MSECOND;
    controls->live = random() % 3 == 0;
    for (int again = 0; again < 2; ++again) {
      const unsigned enough = controls->asked + random() % 12;
      gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
      {
        std::unique_lock lock(controls->lock);
        fail_unless(
            controls->changed.wait_for(lock, kPatience, [&] { return controls->asked >= enough; }));
      }
      fail_unless_equals_int(
          gst_element_set_state(pipeline.get(), again ? GST_STATE_NULL : GST_STATE_READY),
          GST_STATE_CHANGE_SUCCESS);
      fail_unless_equals_int(lanes.get()->numsrcpads, 1);
    }
    // Not earlier: messages on the bus are about the pad.
    fail_unless_equals_int(controls->src_pads, 0);
  }
}
GST_END_TEST

namespace {

void run_to_end(const std::string& line, std::string* sound, unsigned* pictures) {
  GError* error = nullptr;
  const auto pipeline =
      ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), &error))));
  ck_assert_msg(error == nullptr, "%s", error ? error->message : "");
  const auto on_sound = +[](GstElement*, GstBuffer* buffer, GstPad*, std::string* bytes) {
    GstMapInfo info;
    ck_assert(gst_buffer_map(buffer, &info, GST_MAP_READ));
    bytes->append(reinterpret_cast<const char*>(info.data), info.size);
    gst_buffer_unmap(buffer, &info);
  };
  const auto on_picture = +[](GstElement*, GstBuffer*, GstPad*, unsigned* count) { ++*count; };
  if (auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "s")))
    g_signal_connect(sink.get(), "handoff", G_CALLBACK(on_sound), sound);
  if (auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "p")))
    g_signal_connect(sink.get(), "handoff", G_CALLBACK(on_picture), pictures);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline.get()));
  const auto end = MessagePtr::adopt(
      gst_bus_timed_pop_filtered(bus.get(), 30 * GST_SECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  ck_assert_msg(end && GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS, "no end: %s", line.c_str());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

/// Three seconds of picture and sound.
std::string make_clip(const std::string& muxer) {
  const bool mp4 = muxer == "mp4mux";
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("audio-lane-" + std::to_string(g_get_real_time()) + ".clip"))
                               .string();
  run_to_end("videotestsrc num-buffers=75 ! video/x-raw,width=64,height=48,framerate=25/1 ! " +
                 std::string(mp4 ? "x264enc tune=zerolatency" : "jpegenc") + " ! queue ! " + muxer +
                 " name=m ! filesink location=" + path +
                 " audiotestsrc num-buffers=130 ! audio/x-raw,rate=44100,channels=1 ! " +
                 (mp4 ? "avenc_aac" : "audioconvert ! audio/x-raw,format=S16LE") + " ! queue ! m.",
             nullptr, nullptr);
  return path;
}

}  // namespace

// As people write it, with a demuxer before it and the branches in either order: the sound that
// comes out is that of the file, and all pictures come.
GST_START_TEST(launch_line) {
  register_element();
  const std::string clip = make_clip(__i__ / 2 == 0 ? "mp4mux" : "matroskamux");
  const std::string read = "filesrc location=" + clip + " ! decodebin name=d ";
  const std::string lanes =
      " lanetest name=v v.src ! fakesink name=p signal-handoffs=true "
      "v.audio_src_0 ! fakesink name=s signal-handoffs=true";
  const char* orders[] = {"d. ! v.sink d. ! v.audio_sink_0", "d. ! v.audio_sink_0 d. ! v.sink"};
  std::string of_file, through_lane;
  unsigned pictures = 0;
  run_to_end(
      read + "d. ! video/x-raw ! fakesink d. ! audio/x-raw ! fakesink name=s signal-handoffs=true",
      &of_file, &pictures);
  run_to_end(read + orders[__i__ % 2] + lanes, &through_lane, &pictures);
  std::filesystem::remove(clip);
  fail_unless_equals_int(pictures, 75);
  fail_if(of_file.size() < 200000);
  fail_unless(through_lane == of_file);
}
GST_END_TEST

static Suite* audio_lane_suite() {
  Suite* suite = suite_create("audio-lane");
  TCase* tests = tcase_create("lane");
  tcase_set_timeout(tests, 100);
  suite_add_tcase(suite, tests);
  tcase_add_loop_test(tests, unchanged, 0, 2);
  tcase_add_test(tests, full);
  tcase_add_loop_test(tests, what_counts, 0, 6);
  tcase_add_test(tests, live_drop);
  tcase_add_test(tests, flush);
  tcase_add_test(tests, flush_before_the_pad);
  tcase_add_test(tests, flush_from_inside_the_push);
  tcase_add_test(tests, upstream_and_queries);
  tcase_add_test(tests, caps_of_the_sink);
  tcase_add_loop_test(tests, flow_goes_back, 0, 4);
  tcase_add_test(tests, failure_after_the_end);
  tcase_add_test(tests, not_linked);
  tcase_add_test(tests, another_stream_follows);
  tcase_add_test(tests, two_lanes);
  tcase_add_loop_test(tests, stop_and_start_again, 0, 5);
  tcase_add_test(tests, stop_wakes_the_chain);
  tcase_add_test(tests, release);
  tcase_add_loop_test(tests, stop_at_any_time, 0, 2);
  tcase_add_loop_test(tests, launch_line, 0, 4);
  return suite;
}

GST_CHECK_MAIN(audio_lane)
