// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The parts of the client that need no network: decisions about retries, the body stream, the
// polling schedule (with a clock that is a number), URLs, waiting, and ids.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "check-main.h"
#include "client/body-stream.h"
#include "client/poll-schedule.h"
#include "client/retry.h"
#include "client/traffic.h"
#include "client/unique-id.h"
#include "client/url.h"
#include "service/error.h"
#include "service/redact.h"

using namespace omni;

namespace {

std::shared_ptr<const ByteRope> rope(const std::string& text, std::size_t piece) {
  auto bytes = std::make_shared<ByteRope>();
  for (std::size_t at = 0; at < text.size(); at += piece)
    bytes->append(
        BytesPtr::adopt(g_bytes_new(text.data() + at, std::min(piece, text.size() - at))));
  return bytes;
}

/// Reads until the stream ends or would block; `blocked` says which.
std::string drain(GInputStream* stream, gsize step, bool& blocked) {
  std::string text;
  std::string buffer(step, '\0');
  blocked = false;
  while (true) {
    GError* raw = nullptr;
    const gssize got = g_pollable_input_stream_read_nonblocking(
        reinterpret_cast<GPollableInputStream*>(stream), buffer.data(), step, nullptr, &raw);
    const ErrorPtr error(raw);
    blocked = error && g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string some_bytes(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 + i / 251);
  return text;
}

struct CreateCase {
  const char* what;
  Attempt attempt;
  Action wanted;
};

const CreateCase kCreates[] = {
    {"200", {.http_status = 200}, Action::proceed},
    {"201", {.http_status = 201}, Action::proceed},
    {"429", {.http_status = 429}, Action::retry},
    {"429 for money", {.http_status = 429, .reason = Reason::payment_required}, Action::refuse},
    {"429 for money, while others run",
     {.http_status = 429, .reason = Reason::payment_required, .others_run = true},
     Action::refuse},
    {"too many at once, as 400",
     {.number = 9, .http_status = 400, .reason = Reason::rate_limited, .others_run = true},
     Action::retry},
    {"too many at once, as 500",
     {.http_status = 500, .reason = Reason::rate_limited},
     Action::unknown},
    {"429, the last try", {.number = 5, .http_status = 429}, Action::refuse},
    {"503 with Retry-After", {.http_status = 503, .has_retry_after = true}, Action::retry},
    {"503 of the service itself", {.http_status = 503, .json_error = true}, Action::retry},
    {"503 of a gateway", {.http_status = 503}, Action::unknown},
    {"503 of a gateway, body not complete",
     {.http_status = 503, .body_complete = false},
     Action::retry},
    {"503 model_not_found",
     {.http_status = 503, .json_error = true, .service_code = "model_not_found"},
     Action::retry},
    {"503 model_not_found again",
     {.number = 2, .http_status = 503, .json_error = true, .service_code = "model_not_found"},
     Action::refuse},
    {"500 of the service itself", {.http_status = 500, .json_error = true}, Action::unknown},
    {"502", {.http_status = 502}, Action::unknown},
    {"504", {.http_status = 504}, Action::unknown},
    {"524", {.http_status = 524}, Action::unknown},
    {"408 after the body", {.http_status = 408}, Action::unknown},
    {"408 in the body", {.http_status = 408, .body_complete = false}, Action::retry},
    {"501", {.http_status = 501}, Action::refuse},
    {"400", {.http_status = 400}, Action::refuse},
    {"401", {.http_status = 401}, Action::refuse},
    {"402", {.http_status = 402}, Action::refuse},
    {"403", {.http_status = 403}, Action::refuse},
    {"404", {.http_status = 404}, Action::refuse},
    {"413", {.http_status = 413}, Action::refuse},
    {"422", {.http_status = 422}, Action::refuse},
    {"302", {.http_status = 302}, Action::refuse},
    {"not connected", {.fault = TransportFault::connect, .body_complete = false}, Action::retry},
    {"bad certificate", {.fault = TransportFault::tls, .body_complete = false}, Action::refuse},
    {"broken in the body",
     {.fault = TransportFault::broken, .body_complete = false},
     Action::ask_first},
    {"broken in the body over HTTP/2",
     {.fault = TransportFault::broken, .body_complete = false, .http1 = false},
     Action::retry},
    {"broken in the body again",
     {.number = 2, .fault = TransportFault::broken, .body_complete = false},
     Action::retry},
    {"broken in the body at last",
     {.number = 5, .fault = TransportFault::broken, .body_complete = false},
     Action::refuse},
    {"broken after the body", {.fault = TransportFault::broken}, Action::unknown},
    {"no answer", {.fault = TransportFault::timed_out}, Action::unknown},
    {"stalled in the body",
     {.fault = TransportFault::timed_out, .body_complete = false},
     Action::retry},
};

}  // namespace

START_TEST(create_decisions) {
  const CreateCase& row = kCreates[_i];
  ck_assert_msg(decide_create(row.attempt, 5) == row.wanted, "%s", row.what);
}
END_TEST

START_TEST(poll_decisions) {
  const struct {
    Attempt attempt;
    Action wanted;
  } rows[] = {
      {{.http_status = 200}, Action::proceed},
      {{.http_status = 429}, Action::retry},
      {{.http_status = 408}, Action::retry},
      {{.http_status = 500}, Action::retry},
      {{.number = 500, .http_status = 524}, Action::retry},
      // Its own word, said twice
      {{.http_status = 501, .json_error = true, .refusals = 2}, Action::refuse},
      {{.http_status = 401, .json_error = true, .refusals = 1}, Action::retry},
      {{.http_status = 401, .json_error = true, .refusals = 2}, Action::refuse},
      {{.http_status = 402, .json_error = true, .refusals = 2}, Action::refuse},
      {{.http_status = 403, .json_error = true, .refusals = 2}, Action::refuse},
      {{.http_status = 400, .json_error = true, .refusals = 2}, Action::refuse},
      // A page of a firewall
      {{.http_status = 403, .refusals = 1}, Action::retry},
      {{.http_status = 403, .refusals = 6}, Action::retry},
      {{.http_status = 403, .refusals = 7}, Action::refuse},
      {{.http_status = 400,
        .json_error = true,
        .refusals = 9,
        .service_code = "task_not_exist",
        .since_create = 5 * kSecond},
       Action::retry},
      {{.http_status = 400,
        .json_error = true,
        .refusals = 3,
        .service_code = "task_not_exist",
        .since_create = 31 * kSecond},
       Action::refuse},
      {{.http_status = 404, .refusals = 9, .since_create = 5 * kSecond}, Action::retry},
      {{.http_status = 404, .json_error = true, .refusals = 2, .since_create = 60 * kSecond},
       Action::retry},
      {{.http_status = 404, .json_error = true, .refusals = 3, .since_create = 60 * kSecond},
       Action::refuse},
      {{.fault = TransportFault::connect}, Action::retry},
      {{.fault = TransportFault::broken}, Action::retry},
      {{.fault = TransportFault::tls, .refusals = 1}, Action::retry},
      {{.fault = TransportFault::tls, .refusals = 7}, Action::refuse},
  };
  for (const auto& row : rows) ck_assert_int_eq(int(decide_poll(row.attempt)), int(row.wanted));
}
END_TEST

START_TEST(download_decisions) {
  const struct {
    Attempt attempt;
    Action wanted;
  } rows[] = {
      {{.http_status = 206}, Action::proceed},
      {{.http_status = 403}, Action::refetch},
      {{.http_status = 404}, Action::refetch},
      {{.http_status = 410}, Action::refetch},
      {{.http_status = 400}, Action::refetch},
      {{.http_status = 202}, Action::proceed},
      {{.http_status = 401}, Action::refetch},
      {{.http_status = 502}, Action::refetch},
      {{.http_status = 429}, Action::refetch},
      {{.fault = TransportFault::broken}, Action::retry},
      {{.number = 5, .fault = TransportFault::broken}, Action::refetch},
      {{.fault = TransportFault::tls}, Action::refuse},
  };
  for (const auto& row : rows)
    ck_assert_int_eq(int(decide_download(row.attempt, 5)), int(row.wanted));
}
END_TEST

START_TEST(pauses) {
  // 5, 10, 20, 40 and no more, when nobody says better.
  for (const auto& [number, seconds] : {std::pair{1, 5}, {2, 10}, {3, 20}, {4, 40}, {9, 40}})
    ck_assert_int_eq(backoff({.number = number, .http_status = 429}, std::nullopt, 0),
                     seconds * kSecond);
  ck_assert_int_gt(backoff({.http_status = 429}, std::nullopt, 0.9), 5 * kSecond);
  ck_assert_int_eq(backoff({.http_status = 429}, 7 * kSecond, 0), 7 * kSecond);
  ck_assert_int_lt(backoff({.fault = TransportFault::connect}, std::nullopt, 0), kSecond);
}
END_TEST

// A poll is free: it is not put off for as long as what is paid, nor as long as it is asked to be.
START_TEST(poll_pauses) {
  const auto pause = [](int number, Micros regular) {
    return poll_backoff({.number = number, .http_status = 502}, std::nullopt, 0, kFirstPause,
                        regular) /
           kSecond;
  };
  for (const auto& [number, seconds] : {std::pair{1, 5}, {2, 10}, {3, 10}, {9, 10}})
    ck_assert_int_eq(pause(number, kSecond), seconds);
  ck_assert_int_eq(pause(9, 25 * kSecond), 25);
  ck_assert_int_eq(pause(9, 60 * kSecond), 40);
  const auto asked = [](int seconds) {
    return poll_backoff({.http_status = 429}, seconds * kSecond, 0, kFirstPause, kSecond) / kSecond;
  };
  ck_assert_int_eq(asked(3), 3);
  ck_assert_int_eq(asked(20), 20);
  ck_assert_int_eq(asked(120), 60);
}
END_TEST

// A result is looked for during a minute, ever less often.
START_TEST(settle_pauses) {
  Micros all = 0, before = 0;
  int tries = 1;
  for (; const auto pause = settle_pause(tries); ++tries) {
    ck_assert_int_ge(*pause, before);
    before = *pause;
    all += *pause;
  }
  ck_assert_int_eq(tries, 8);
  ck_assert_int_ge(all, 60 * kSecond);
  ck_assert(settle_pause(1, kSecond) == kSecond / 5);
}
END_TEST

START_TEST(retry_after) {
  const std::int64_t now_unix = 1445412480;  // Wed, 21 Oct 2015 07:28:00 GMT
  ck_assert(parse_retry_after("120", now_unix) == 120 * kSecond);
  ck_assert(parse_retry_after("0", now_unix) == 0);
  ck_assert(parse_retry_after("Wed, 21 Oct 2015 07:28:30 GMT", now_unix) == 30 * kSecond);
  ck_assert(parse_retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now_unix) == 0);
  ck_assert(parse_retry_after("99999999999999999999", now_unix) == 600 * kSecond);
  for (const char* bad : {"", "soon", "-5", "12 parrots"})
    ck_assert_msg(!parse_retry_after(bad, now_unix), "%s", bad);
  ck_assert(!parse_retry_after(nullptr, now_unix));
  ck_assert(parse_retry_after_ms("1500") == 1500 * 1000);
  ck_assert(parse_retry_after_ms("1500.5") == 1500 * 1000);
  ck_assert(parse_retry_after_ms("99999999999999999999") == 600 * kSecond);
  for (const char* bad : {"", "soon", "-5"}) ck_assert_msg(!parse_retry_after_ms(bad), "%s", bad);
}
END_TEST

// Whatever the sizes of the pieces and of the reads, the same bytes come out.
START_TEST(body_is_exact) {
  for (const std::size_t size : {0u, 1u, 2u, 3u, 4u, 100u, 1000u, 4099u}) {
    const std::string data = some_bytes(size);
    const CharPtr base64(g_base64_encode(reinterpret_cast<const guchar*>(data.data()), size));
    const CreateBody body{"{\"video\":\"data:video/mp4;base64,", "\",\"seconds\":\"8\"}", true};
    const std::string wanted = body.head + base64.get() + body.tail;
    for (const std::size_t piece : {1u, 2u, 3u, 5u, 64u, 5000u}) {
      for (const gsize step : {1u, 3u, 7u, 64u, 8192u}) {
        BodyStream stream(body, rope(data, piece), nullptr);
        ck_assert_int_eq(stream.length(), static_cast<goffset>(wanted.size()));
        bool blocked = false;
        std::string got = drain(stream.stream(), step, blocked);
        ck_assert(blocked);
        ck_assert(!stream.complete());
        stream.release_last_chunk();
        got += drain(stream.stream(), step, blocked);
        ck_assert(!blocked);
        ck_assert(stream.complete());
        ck_assert_msg(got == wanted, "size %zu piece %zu step %zu", size, piece, step);
      }
    }
  }
}
END_TEST

// The gate is reported once, when all but the last chunk is out, and that chunk is never let go
// before.
START_TEST(last_chunk_is_withheld) {
  int reports = 0;
  const CreateBody body{"{\"prompt\":\"p\"}", "", false};
  BodyStream stream(body, rope("not in the body", 4), [&] { ++reports; });
  bool blocked = false;
  const std::string before = drain(stream.stream(), 4096, blocked);
  ck_assert(blocked);
  ck_assert_int_eq(reports, 1);
  ck_assert_uint_lt(before.size(), body.head.size());
  ck_assert(!g_pollable_input_stream_is_readable(
      reinterpret_cast<GPollableInputStream*>(stream.stream())));
  drain(stream.stream(), 4096, blocked);
  ck_assert_int_eq(reports, 1);
  stream.release_last_chunk();
  ck_assert(g_pollable_input_stream_is_readable(
      reinterpret_cast<GPollableInputStream*>(stream.stream())));
  const std::string all = before + drain(stream.stream(), 4096, blocked);
  ck_assert_str_eq(all.c_str(), body.head.c_str());
}
END_TEST

// A reader that waits for the last chunk is woken by the gate.
START_TEST(gate_wakes_the_reader) {
  BodyStream stream({"0123456789012345678901234567890123456789", "", false}, nullptr, nullptr);
  bool blocked = false;
  drain(stream.stream(), 4096, blocked);
  GSource* source = g_pollable_input_stream_create_source(
      reinterpret_cast<GPollableInputStream*>(stream.stream()), nullptr);
  int woken = 0;
  const GPollableSourceFunc count = [](GObject*, gpointer data) -> gboolean {
    ++*static_cast<int*>(data);
    return G_SOURCE_REMOVE;
  };
  g_source_set_callback(source, reinterpret_cast<GSourceFunc>(count), &woken, nullptr);
  GMainContext* context = g_main_context_new();
  g_source_attach(source, context);
  while (g_main_context_iteration(context, FALSE)) {
  }
  ck_assert_int_eq(woken, 0);
  stream.release_last_chunk();
  while (g_main_context_iteration(context, FALSE)) {
  }
  ck_assert_int_eq(woken, 1);
  g_source_unref(source);
  g_main_context_unref(context);
}
END_TEST

START_TEST(schedule_fixed_and_first) {
  const ServiceTimes none;
  const PollSchedule fixed({.first = 5 * kSecond, .fixed = kSecond / 4}, none);
  ck_assert_int_eq(fixed.next_pause(0), kSecond / 4);
  const PollSchedule adaptive({.first = 5 * kSecond}, none);
  ck_assert_int_eq(adaptive.next_pause(0), 5 * kSecond);
  ck_assert_int_eq(adaptive.next_pause(3 * kSecond), 2 * kSecond);
}
END_TEST

// The polls of one job that is done after `duration`; the age at which that is noticed.
static Micros notice(ServiceTimes& times, Micros first, Micros duration) {
  PollSchedule schedule({.first = first}, times);
  Micros age = 0;
  do {
    age += schedule.next_pause(age);
    schedule.reported(age, std::nullopt);
  } while (age < duration);
  if (schedule.polls() == 1) times.done_at_first_poll(age);
  times.add(age);
  return age;
}

// A job that was done at the first poll may have been done long before.
START_TEST(schedule_learns_downwards) {
  for (const Micros duration : {kSecond / 2, 6 * kSecond / 10, 12 * kSecond / 10, 2 * kSecond}) {
    ServiceTimes times;
    Micros noticed = notice(times, 5 * kSecond, duration);
    ck_assert_int_eq(noticed, 5 * kSecond);
    for (int job = 0; job < 8; ++job) noticed = notice(times, 5 * kSecond, duration);
    ck_assert_msg(noticed <= std::max<Micros>(duration, 85 * kSecond / 100) + kSecond,
                  "%d ms was noticed after %d ms", int(duration / 1000), int(noticed / 1000));
  }
}
END_TEST

// Where the service's own minimum is not known: soon, and then less often.
START_TEST(schedule_starts_early) {
  for (const int tenths : {5, 10, 20, 40}) {
    ServiceTimes times;
    const Micros duration = tenths * kSecond / 10;
    ck_assert_int_le(notice(times, kSecond, duration), std::max(duration * 3 / 2, 2 * kSecond));
  }
  const ServiceTimes none;
  PollSchedule schedule({.first = kSecond}, none);
  int polls = 0;
  for (Micros age = 0; age < 60 * kSecond; ++polls) age += schedule.next_pause(age);
  ck_assert_int_le(polls, 17);
}
END_TEST

// A job whose progress is a line is caught within a second of its end, in few polls.
START_TEST(schedule_follows_progress) {
  const ServiceTimes none;
  for (const int seconds : {60, 61, 100, 173, 240, 300}) {
    PollSchedule schedule({.first = 5 * kSecond}, none);
    Micros age = 0;
    int polls = 0;
    while (age < seconds * kSecond) {
      age += schedule.next_pause(age);
      ++polls;
      schedule.reported(
          age, std::min(99.0, std::floor(100.0 * static_cast<double>(age) / (seconds * kSecond))));
    }
    ck_assert_msg(polls <= 30, "%d s took %d polls", seconds, polls);
    ck_assert_msg(age - seconds * kSecond <= kSecond, "%d s was noticed %d ms late", seconds,
                  int((age - seconds * kSecond) / 1000));
  }
}
END_TEST

// Progress that stops moving, or never comes, must neither stop the polls nor make a flood of them.
START_TEST(schedule_survives_odd_progress) {
  const ServiceTimes none;
  for (int kind = 0; kind < 4; ++kind) {
    PollSchedule schedule({.first = 5 * kSecond}, none);
    Micros age = 0;
    int polls = 0;
    while (age < 1800 * kSecond) {
      const Micros pause = schedule.next_pause(age);
      ck_assert_int_ge(pause, kSecond / 2);
      ck_assert_int_le(pause, 60 * kSecond);
      age += pause;
      ++polls;
      if (kind == 0) schedule.reported(age, std::nullopt);
      if (kind == 1) schedule.reported(age, 100.0);
      if (kind == 2) schedule.reported(age, age < 10 * kSecond ? 10.0 : 30.0);
      if (kind == 3)
        schedule.reported(age, std::max(0.0, 50.0 - static_cast<double>(age / kSecond)));
    }
    ck_assert_msg(polls < 400, "kind %d took %d polls in half an hour", kind, polls);
  }
}
END_TEST

START_TEST(history) {
  ServiceTimes times;
  ck_assert_int_eq(times.quantile(0.5), 0);
  for (int i = 1; i <= 1000; ++i) times.add(i * kSecond);
  ck_assert_uint_eq(times.count(), 256);  // the newest are kept
  ck_assert_int_eq(times.quantile(0), 745 * kSecond);
  ck_assert_int_eq(times.quantile(1), 1000 * kSecond);
  ck_assert_int_lt(times.expected_rest(745 * kSecond), 255 * kSecond);
  ck_assert_int_lt(times.expected_rest(900 * kSecond), times.expected_rest(800 * kSecond));
  // Older than any job so far: no reason to stop asking.
  ck_assert_int_gt(times.expected_rest(2000 * kSecond), 0);
}
END_TEST

START_TEST(urls) {
  ck_assert(origin_of("HTTPS://Example.COM/a?b") == "https://example.com:443");
  ck_assert(origin_of("http://h:80/") == origin_of("http://h"));
  ck_assert(origin_of("http://h:81/") != origin_of("http://h"));
  ck_assert(origin_of("http://h") != origin_of("https://h"));
  for (const char* bad :
       {"", "h", "ftp://h", "file:///etc/passwd", "javascript:x", "http://", "//h"})
    ck_assert_msg(origin_of(bad).empty(), "%s", bad);
  ck_assert(*resolve_url("https://h/v1/videos/1", "/o.mp4") == "https://h/o.mp4");
  ck_assert(*resolve_url("https://h/v1/", "https://cdn/o.mp4") == "https://cdn/o.mp4");
  // A signature holds for the text as it stands.
  const std::string signed_url = "https://cdn/a%2Fb%3Fc%25.mp4?X-Sig=a%2Bb%26c%3D%2F&t=%20";
  ck_assert_msg(*resolve_url("https://h/v1/", signed_url) == signed_url, "%s",
                resolve_url("https://h/v1/", signed_url)->c_str());
  for (const char* bad : {"file:///etc/passwd", "gopher://h/", "data:video/mp4;base64,",
                          "ftp://h/x", "http://lserrequest ;d:"})
    ck_assert_msg(!resolve_url("https://h/", bad), "%s", bad);
  ck_assert(join_path("https://h/", "/v1/videos") == "https://h/v1/videos");
  ck_assert(join_path("https://h/api", "v1") == "https://h/api/v1");
  ck_assert(may_redirect("http://a/", "https://b/"));
  ck_assert(!may_redirect("https://a/", "http://a/"));
  ck_assert(!may_redirect("https://a/", "file:///x"));
  ck_assert(redact_url("https://u:p@h:8443/a?sig=1#f") == "https://h:8443/a?(redacted)");
  ck_assert(redact_url("data:video/mp4;base64,AAAA") == "data:(redacted)");
  hide_words({"tenant/7"});
  ck_assert(redact_url("https://h/tenant/7/o.mp4?sig=1") == "https://h/***/o.mp4?(redacted)");
  hide_words({});
}
END_TEST

// Two processes forked from one parent draw different ids.
START_TEST(unique_ids) {
  const std::string before = unique_id();
  ck_assert(g_uuid_string_is_valid(before.c_str()));
  int channel[2];
  ck_assert_int_eq(pipe(channel), 0);
  const pid_t child = fork();
  const std::string after = unique_id();
  if (child == 0) _exit(write(channel[1], after.data(), after.size()) < 0);
  std::string of_child(after.size(), '\0');
  ck_assert_int_eq(read(channel[0], of_child.data(), of_child.size()),
                   static_cast<int>(after.size()));
  ck_assert_int_eq(waitpid(child, nullptr, 0), child);
  ck_assert(g_uuid_string_is_valid(of_child.c_str()));
  ck_assert(before != after && after != of_child && of_child != before);
}
END_TEST

int main() {
  g_log_set_always_fatal(static_cast<GLogLevelFlags>(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING));
  return run_tests("client-parts",
                   {
                       {"create_decisions", create_decisions, std::size(kCreates)},
                       {"poll_decisions", poll_decisions, 1},
                       {"download_decisions", download_decisions, 1},
                       {"pauses", pauses, 1},
                       {"poll_pauses", poll_pauses, 1},
                       {"settle_pauses", settle_pauses, 1},
                       {"retry_after", retry_after, 1},
                       {"body_is_exact", body_is_exact, 1},
                       {"last_chunk_is_withheld", last_chunk_is_withheld, 1},
                       {"gate_wakes_the_reader", gate_wakes_the_reader, 1},
                       {"schedule_fixed_and_first", schedule_fixed_and_first, 1},
                       {"schedule_learns_downwards", schedule_learns_downwards, 1},
                       {"schedule_starts_early", schedule_starts_early, 1},
                       {"schedule_follows_progress", schedule_follows_progress, 1},
                       {"schedule_survives_odd_progress", schedule_survives_odd_progress, 1},
                       {"history", history, 1},
                       {"urls", urls, 1},
                       {"unique_ids", unique_ids, 1},
                   });
}
