// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One run of omniv2vbin's picture from READY to READY. Made anew for each run, so nothing has to be
// reset. The element itself (omniv2vbin.cpp) only forwards to it; sound has its own lanes
// (audio-lane.h).
//
//   sink pad's thread         submitting thread       network thread     src pad's task
//   frames -> encoder,        drains the encoder ->   the job (client/)  front of the queue ->
//   times and metas ->        MP4 -> plan ->          tells its pending     picture from the
//   result, segment; cut -> queue     submit                                     everything else as
//   recorded
//
// A segment's way:
//
//   open -> cut -> submitted -> ready ------------------> placed, frame by frame
//                     |   |---> failed -> on-failure ---> placed (source, hold, skip) or an error
//                     |-------> late (live) -> late-policy -> placed; the job goes on, its result
//                               is not shown
//
// With `overlap`, a segment that is cut trails for a while: the next one has begun, and its frames
// go into the references of both. Where both results show the same items, one fades into the
// other.
//
// The queue keeps cut segments and serialized events in the order in which they came. Locks: lock_
// guards what stands under it; a pending's own lock may be taken under it; nothing else is. No lock
// is held while pushing, posting, querying, encoding or calling the client.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "client/client.h"
#include "elements/common/delivery.h"
#include "elements/omniv2vbin/anchor.h"
#include "elements/omniv2vbin/audio/result-audio.h"
#include "elements/omniv2vbin/clock-alarm.h"
#include "elements/omniv2vbin/prompts.h"
#include "elements/omniv2vbin/segment.h"
#include "media/clip-player.h"
#include "media/cross-fade.h"
#include "media/interrupt.h"
#include "media/reference-audio.h"
#include "media/segment-planner.h"

namespace omni {

class BinStream : public std::enable_shared_from_this<BinStream> {
 public:
  /// What the element lends to its run. All of it outlives the run.
  struct Host {
    GstElement* element;
    GstPad* sink;
    GstPad* src;
    std::function<BinSettings()> settings;  // a copy of this moment's
    /// Has the application publish bytes; null when it does not want to.
    std::function<std::function<std::string(const ByteRope&)>()> publisher;
    /// A segment took this long, longer than any before.
    std::function<void(GstClockTime)> delay_observed;
    /// The sound that goes along with references; null where none does, or none has come yet.
    std::function<std::shared_ptr<ReferenceAudio>()> sound;
    /// References have their sound up to this running time.
    std::function<void(GstClockTime)> sound_used;
    std::shared_ptr<ResultAudio> result_lane;  // null: the source's sound goes out
    SpendTracker& spend;
    LogSink log;
  };

  explicit BinStream(Host host);
  ~BinStream();

  // The sink pad's side (bin-input.cpp)
  GstFlowReturn chain(BufferPtr buffer);
  gboolean sink_event(EventPtr event);
  bool sink_query(GstQuery* query, gboolean* answer);
  /// Cuts before the next frame, as soon as that is long enough.
  void request_cut() { cut_requested_ = true; }
  void set_prompts(Prompts prompts) { prompts_ = std::move(prompts); }  // before anything else
  void prompt_at(GstClockTime running_time, std::string prompt);
  void prompt_property_set();

  // The src pad's side (bin-output.cpp)
  gboolean src_event(EventPtr event);
  bool src_query(GstQuery* query, gboolean* answer);
  gboolean activate_src(bool active);

  // Time (bin-live.cpp)
  /// Answers for the whole element: upstream's, a segment's and the service's.
  gboolean answer_latency(GstQuery* query);
  bool is_live() const { return live_; }
  /// Is it known whether it is live?
  bool has_begun() const { return nominal_duration_ > 0; }
  /// How much sound may have to wait for the picture. More and more when it is the picture that
  /// waits: who reads both from one file has to get past the sound to the next frame. Not for sound
  /// that comes live.
  GstClockTime sound_capacity(bool live_sound);
  /// There is a clock, another one, or none any more.
  void clock_changed();

  /// Wakes every thread that waits in here and calls the jobs off. Before the pads are deactivated.
  void stop();
  /// Ends the threads; after the pads are deactivated.
  void close();

  ClientStats stats() const;

 private:
  /// What goes out in order: one of the three; none = nothing to be had.
  struct Item {
    std::shared_ptr<Segment> segment;
    EventPtr event;
    std::shared_ptr<const Error> error;  // that has nothing to do with one segment
  };

  /// A segment that is going out, and what is shown for it.
  struct SegmentPlayout {
    enum class Picture {
      result,  // what the service made
      source,  // the kept reference
      hold,    // the last picture that went out
      skip,    // a GAP event
      none,    // the stream ends here
    };
    std::shared_ptr<Segment> segment;
    Picture picture = Picture::none;
    std::optional<Error> trouble;    // why it is no result
    std::optional<ClipPlayer> part;  // result, source
    ClipAudio sound;                 // audio=result
    std::size_t next = 0;            // of the segment's items
  };

  /// The segment before, as long as it still shows something of the one that is going out.
  struct Fading {
    ClipPlayer part;
    GstClockTime running_time;  // where it begins
    GstClockTime end;           // of its handle, in running time
  };

  struct FrameTimes {
    GstClockTime running = 0;
    GstClockTime stream = 0;
  };

  // Input
  bool start();
  void start_client(const BinSettings& settings);
  bool input_open(GstFlowReturn* flow);
  bool time_frame(GstBuffer* buffer, FrameTimes* times);
  bool is_cut_wanted(const FrameTimes& times) const;
  bool begin_segment(const FrameTimes& times, GstFlowReturn* flow);
  void make_encoder(Segment& segment);
  GstFlowReturn take_buffer(BufferPtr buffer);
  GstFlowReturn take_frame(BufferPtr buffer, const FrameTimes& times);
  void cut(GstClockTime next_running = GST_CLOCK_TIME_NONE, bool overlaps = false);
  std::shared_ptr<Segment> close_open(GstClockTime next_running);
  void send(const std::shared_ptr<Segment>& segment);
  void end_trailing();
  bool join_trailing();
  GstClockTime trailing_end() const;
  void encode(Segment& segment, BufferPtr buffer, GstClockTime time);
  void enqueue(Item item);
  void enqueue_event(EventPtr event);
  bool wait_for_window();
  bool is_encoder_free() const;
  unsigned on_their_way() const;
  GstFlowReturn fail_now(const Error& error);
  GstClockTime end_of_input() const;
  GstClockTime frame_duration(GstBuffer* buffer) const;
  bool set_caps(GstEvent* event);
  bool get_ready();
  bool set_segment(GstEvent* event);
  void note_time_again();
  void take_gap(EventPtr event);
  bool take_custom(GstEvent* event);
  GstClockTime next_frame_time() const;
  std::string prompt_for(const FrameTimes& times, const Settings& settings);

  // Calling off (bin-stop.cpp)
  gboolean flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);
  std::vector<EventPtr> unsent_sticky(const std::deque<Item>& queue);
  void drop_all();
  void begin_again(EventPtr stream_start);
  void reset_input();
  void interrupt_work();
  void stop_output(GstFlowReturn flow, bool with_eos);
  bool is_wanted(const Segment& segment) const;
  bool is_output_open() const;

  // Submitting (bin-submit.cpp)
  void submit_all();
  void submit(const std::shared_ptr<Segment>& segment);
  std::shared_ptr<const ByteRope> make_reference(Segment& segment);
  std::optional<mp4::SampleTrack> take_sound(const Segment& segment, GstClockTime length);
  void check_in_flight(const Segment& segment);
  std::shared_ptr<PendingResult> new_pending(const std::shared_ptr<Segment>& segment);
  void outcome_changed(const std::shared_ptr<Segment>& segment);

  // A still for later segments (bin-anchor.cpp)
  void add_still(Segment& segment);
  bool is_dropped(const Segment& segment) const;
  void wait_for_candidate(const Segment& segment);
  void make_anchor_still(Interrupt& interrupt);
  void anchor_finished(const Segment& segment, const JobOutcome& outcome);

  // Output
  static void task(gpointer self);
  void output_once();
  Item wait_for_front();
  bool is_due(const Item& item);
  Item pop_front();
  void push_item(Item item);
  void push_event(EventPtr event);
  void begin_placing(SegmentPlayout placing);
  SegmentPlayout choose_picture(std::shared_ptr<Segment> segment);
  SegmentPlayout stand_in(std::shared_ptr<Segment> segment, OnFailure policy, Error error);
  void open_part(SegmentPlayout& placing, std::shared_ptr<const ByteRope> part);
  void prepare_next();
  void tell_trouble();
  void push_gap(std::size_t from);
  void place_next();
  void place_frame(const SourceItem& moment);
  GstClockTime frame_midpoint(const SegmentPlayout& placing) const;
  void show(const ClipFrame& frame, GstClockTime time);
  BufferPtr fade(const ClipFrame& frame, GstClockTime time);
  void give_up_part(const Error& error);
  void end_placing();
  void ensure_caps(const GstCaps* picture);
  void fail(const Error& error);
  void handle_flow(GstFlowReturn flow);
  void finish_output(EventPtr eos);
  bool is_flushing() const;
  bool answer_position(GstQuery* query) const;

  // Live
  void learn_latency();
  GstClockTime video_idle_for() const;
  GstClockTime deadline(const Segment& segment) const;
  bool is_past_deadline(const Segment& segment) const;
  bool is_expired(const Segment& segment) const;
  GstClockTime stall_deadline() const;
  bool is_stalled() const;
  void cut_stalled();
  bool declare_late(Segment& segment);
  void tell_late_delay(const Segment& segment, GstClockTime delay);

  std::shared_ptr<Client> client() const;
  std::shared_ptr<Interrupt> transcode_cancel() const;

  const Host host_;

  // Under lock_
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::deque<std::shared_ptr<Segment>> to_submit_;
  std::shared_ptr<Segment> submitting_;
  std::vector<std::shared_ptr<Segment>> overdue_;  // placed without their results, which come yet
  bool closed_ = false;                            // the submitting thread ends
  bool stopped_ = false;                           // the run is over: nothing starts any more
  bool flushing_ = true;                           // until the src pad is active
  GstFlowReturn flow_ = GST_FLOW_OK;               // what the output side came to
  unsigned open_segments_ = 0;                     // cut and not yet placed
  unsigned window_ = 0;                            // of them
  std::shared_ptr<SegmentEncoder> encoding_;       // of the open segment
  std::shared_ptr<Segment> trailing_;              // in the queue; not yet to be submitted
  std::vector<std::weak_ptr<ClipDecoder>> decoders_;  // to interrupt them
  guint changes_ = 0;                                 // of jobs and of the clock
  Prompts prompts_;
  Anchor anchor_;
  GstClockTime longest_delay_ = 0;
  // Calls off making a reference fit. One until all is dropped: once used it stays so.
  std::shared_ptr<Interrupt> transcode_cancel_ = std::make_shared<Interrupt>();

  // Sink pad's thread
  GstSegment input_segment_;
  CapsPtr input_caps_;
  std::optional<SegmentPlanner> planner_;
  std::shared_ptr<Segment> open_;
  guint next_number_ = 0;
  GstClockTime last_running_ = GST_CLOCK_TIME_NONE;  // of the frame before
  GstClockTime next_running_ = 0;                    // where it ends
  GstClockTime cut_at_ = GST_CLOCK_TIME_NONE;        // wanted from outside, running time
  bool ready_ = false;                               // frames with these caps can be taken
  bool input_refused_ = false;                       // an error was told, or EOS came
  unsigned skipped_frames_ = 0;                      // live: the encoder was behind

  std::atomic<bool> cut_requested_{false};
  std::atomic<bool> live_{false};
  std::atomic<GstClockTime> upstream_latency_{0};
  std::atomic<GstClockTime> nominal_duration_{0};  // what a segment measures
  std::atomic<GstClockTime> max_duration_{0};      // what it measures at most
  std::atomic<GstClockTime> overlap_{0};           // how far its reference goes on
  std::atomic<GstClockTime> latency_{0};           // the service's allowance
  std::atomic<GstClockTime> input_running_{0};
  // Since when upstream is waited for, monotonic, while nothing else is
  static constexpr gint64 kNotWaiting = G_MAXINT64;
  std::atomic<gint64> waits_since_{g_get_monotonic_time()};
  // When the open segment should be complete, or the one that trails
  std::atomic<GstClockTime> complete_at_{GST_CLOCK_TIME_NONE};
  std::atomic<GstClockTime> position_{GST_CLOCK_TIME_NONE};  // stream time of what went out last

  // From the src pad's activation on
  std::chrono::steady_clock::time_point errors_from_;

  // Under the src pad's stream lock
  std::optional<Deliveries> deliveries_;  // while that is active
  std::optional<SegmentPlayout> placing_, prepared_;
  std::optional<Fading> fading_;
  CrossFade cross_fade_;
  Deliveries::Results shown_;  // whole, and not handed over
  BufferPtr last_picture_;
  CapsPtr last_caps_;
  bool native_ = false;
  // Native only:
  CapsPtr native_source_;             // the input's
  CapsPtr pushed_caps_;               // the output's
  std::deque<EventPtr> before_caps_;  // what waits for the first result's caps

  // Written under lock_; from the first caps until close()
  std::shared_ptr<Client> client_;
  std::thread submitter_;
};

}  // namespace omni
