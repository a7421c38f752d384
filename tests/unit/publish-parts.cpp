// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The pure parts of publishing: templates, who can reach an address, ranges, types, SigV4, where an
// S3 object is and what its store says.
#include <cstring>

#include "check-main.h"
#include "client/byte-range.h"
#include "client/job-uploads.h"
#include "client/publish-check.h"
#include "client/publish-url.h"
#include "client/retry.h"
#include "client/s3.h"
#include "client/sha256.h"
#include "client/sigv4.h"
#include "client/url.h"
#include "service/request.h"

using namespace omni;

namespace {

const SigV4Key kExampleKey{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                           "us-east-1"};
constexpr char kExampleTime[] = "20130524T000000Z";

template <class Call>
std::string refusal_of(Call call) {
  try {
    call();
  } catch (const Failure& failure) {
    ck_assert(failure.error().reason == Reason::invalid_request);
    return failure.error().message;
  }
  return "";
}

std::string as_text(const ByteRange& range) {
  if (range.kind == ByteRange::Kind::whole) return "whole";
  if (range.kind == ByteRange::Kind::unsatisfiable) return "none";
  return std::to_string(range.first) + "-" + std::to_string(range.last);
}

}  // namespace

START_TEST(local_addresses) {
  const struct {
    const char* url;
    bool local;
  } cases[] = {
      {"http://localhost/x", true},
      {"http://LOCALHOST:80/x", true},
      {"http://a.localhost./x", true},
      {"http://printer.local/x", true},
      {"http://minio:9000/x", true},
      {"http://store.internal/x", true},
      {"http://127.0.0.1/x", true},
      {"http://127.255.0.9/x", true},
      {"http://0.0.0.0/x", true},
      {"http://127.1/x", true},
      {"http://2130706433/x", true},
      {"http://0x7f000001/x", true},
      {"http://10.1.2.3/x", true},
      {"http://172.16.0.1/x", true},
      {"http://172.31.255.255/x", true},
      {"http://192.168.0.1/x", true},
      {"http://169.254.169.254/x", true},
      {"http://100.64.0.1/x", true},
      {"http://[::1]/x", true},
      {"http://[::]/x", true},
      {"http://[fe80::1]/x", true},
      {"http://[fe80::1%25eth0]/x", true},
      {"http://[fd00::1]/x", true},
      {"http://[fc00::1]/x", true},
      {"http://[::ffff:192.168.0.1]/x", true},
      {"http://[::ffff:192.0.2.1]/x", false},
      {"http://[2001:db8::1]/x", false},
      {"http://172.15.0.1/x", false},
      {"http://172.32.0.1/x", false},
      {"http://100.128.0.1/x", false},
      {"http://11.0.0.1/x", false},
      {"http://192.169.0.1/x", false},
      {"http://8.8.8.8/x", false},
      {"https://example.com/x", false},
      {"https://localhost.example.com/x", false},
      {"https://10.0.0.1.example.com/x", false},
      {"https://mylocal/x", true},
      {"https://my-local.com/x", false},
      {"file:///x", false},
  };
  for (const auto& row : cases)
    ck_assert_msg(is_local_address(row.url) == row.local, "%s", row.url);
}
END_TEST

START_TEST(fetchable) {
  const char* const api = "https://api.example.com/v1";
  const struct {
    const char* url;
    const char* base;
    const char* says;  // empty = good
  } cases[] = {
      {"https://store.example.com/a.mp4?sig=1", api, ""},
      {"http://10.0.0.1/a.mp4", "http://192.168.0.9:8000", ""},
      {"http://127.0.0.1/a.mp4", "http://localhost:8000", ""},
      {"http://127.0.0.1/a.mp4", api, "internet"},
      {"https://store.example.com/a b.mp4", api, "http(s)"},
      {"https://store.example.com/a\".mp4", api, "http(s)"},
      {"https://store.example.com/a\\.mp4", api, "http(s)"},
      {"https://store.example.com/a\n.mp4", api, "http(s)"},
      {"https://store.example.com/\xff.mp4", api, "http(s)"},
      {"ftp://store.example.com/a.mp4", api, "http(s)"},
      {"/a.mp4", api, "http(s)"},
      {"", api, "http(s)"},
  };
  for (const auto& row : cases) {
    const std::string said =
        refusal_of([&] { require_fetchable(row.url, "public-url", row.base); });
    ck_assert_msg(said.empty() == (*row.says == '\0'), "%s: %s", row.url, said.c_str());
    expect_contains(row.url, said, row.says);
    if (!said.empty()) expect_contains(row.url, said, "public-url");
  }
}
END_TEST

START_TEST(public_addresses) {
  const struct {
    const char* base;
    const char* url;
  } cases[] = {
      {"http://h", "http://h/p/reference.mp4"},
      {"http://h/", "http://h/p/reference.mp4"},
      {"http://h/a/b", "http://h/a/b/p/reference.mp4"},
      {"http://h/a/b/", "http://h/a/b/p/reference.mp4"},
      {"http://h/a?k=v", "http://h/a/p/reference.mp4?k=v"},
      {"http://h/{name}", "http://h/p/reference.mp4"},
      {"http://h/x-{name}?k={name}", "http://h/x-p/reference.mp4?k=p/reference.mp4"},
  };
  for (const auto& row : cases)
    expect_text(row.base, public_address(row.base, "p/reference.mp4"), row.url);
}
END_TEST

START_TEST(put_templates) {
  const struct {
    const char* put_url;
    const char* public_url;
    const char* sent_to;
    const char* authorization;
    const char* read_at;
  } cases[] = {
      {"http://h/f/{name}", "", "http://h/f/N.mp4", "", "http://h/f/N.mp4"},
      {"https://u:p@h:8443/f/{name}?sig=1", "", "https://h:8443/f/N.mp4?sig=1", "Basic dTpw",
       "https://h:8443/f/N.mp4"},
      {"https://u@h/{name}", "", "https://h/N.mp4", "Basic dTo=", "https://h/N.mp4"},
      {"https://u:a%40b%3Ac@h/{name}", "", "https://h/N.mp4",
       "Basic dTphQGI6Yw==", "https://h/N.mp4"},
      {"http://h/a%20b/{name}", "https://cdn/{name}?t=1", "http://h/a%20b/N.mp4", "",
       "https://cdn/N.mp4?t=1"},
      {"http://h/up?file={name}", "https://cdn/x/{name}", "http://h/up?file=N.mp4", "",
       "https://cdn/x/N.mp4"},
      {"http://[::1]:80/{name}", "", "http://[::1]:80/N.mp4", "", "http://[::1]:80/N.mp4"},
  };
  for (const auto& row : cases) {
    const PutTarget target = put_target(row.put_url, "N.mp4");
    expect_text(row.put_url, target.url, row.sent_to);
    expect_text(row.put_url, target.authorization, row.authorization);
    expect_text(row.put_url, read_address(target, row.public_url, "N.mp4"), row.read_at);
  }
}
END_TEST

START_TEST(put_templates_refused) {
  const struct {
    const char* put_url;
    const char* public_url;
    const char* says;
  } cases[] = {
      {"http://h/f/reference.mp4", "", "overwrite"},
      {"http://{name}:p@h/f", "", "overwrite"},
      {"http://h/f#{name}", "", "overwrite"},
      {"ftp://h/{name}", "", "http"},
      {"h/{name}", "", "http"},
      {"http:///{name}", "", "http"},
      {"http://h/{name}", "https://cdn/reference.mp4", "same file"},
      {"http://h/up?f={name}", "", "public-url"},
      {"http://u:s3cr3t@h/f?k=s3cr3t", "", "overwrite"},
  };
  for (const auto& row : cases) {
    const std::string said = refusal_of(
        [&] { read_address(put_target(row.put_url, "N.mp4"), row.public_url, "N.mp4"); });
    expect_contains(row.put_url, said, row.says);
    expect_lacks(row.put_url, said, "s3cr3t");
  }
}
END_TEST

START_TEST(byte_ranges) {
  const struct {
    const char* header;
    std::uint64_t size;
    const char* range;
  } cases[] = {
      {"", 10, "whole"},
      {"bytes=0-0", 10, "0-0"},
      {"bytes=0-", 10, "0-9"},
      {"Bytes = 2 - 5 ", 10, "2-5"},
      {"bytes=9-20", 10, "9-9"},
      {"bytes=10-", 10, "none"},
      {"bytes=-3", 10, "7-9"},
      {"bytes=-30", 10, "0-9"},
      {"bytes=-0", 10, "none"},
      {"bytes=-", 10, "whole"},
      {"bytes=5-2", 10, "whole"},
      {"bytes=0-1,3-4", 10, "whole"},
      {"bytes=1x-4", 10, "whole"},
      {"bytes=0-18446744073709551615", 10, "0-9"},
      {"bytes=0-99999999999999999999999", 10, "0-9"},
      {"bytes=99999999999999999999999-", 10, "none"},
      {"bytes=+1-2", 10, "whole"},
      {"items=0-1", 10, "whole"},
      {"bytes", 10, "whole"},
      {"bytes=-1", 0, "none"},
  };
  for (const auto& row : cases)
    expect_text(row.header, as_text(parse_byte_range(row.header, row.size)), row.range);
}
END_TEST

START_TEST(slices_share) {
  ByteRope rope;
  for (const char* text : {"abc", "defg", "h", "ijk"})
    rope.append(BytesPtr::adopt(g_bytes_new_static(text, std::strlen(text))));
  const std::string whole = "abcdefghijk";
  for (std::size_t from = 0; from < whole.size(); ++from) {
    for (std::size_t count = 0; from + count <= whole.size(); ++count) {
      std::string text;
      ByteRope part;
      part.append_slice(rope, from, count);
      for (const BytesPtr& piece : part.pieces()) {
        gsize size = 0;
        const auto* data = static_cast<const char*>(g_bytes_get_data(piece.get(), &size));
        ck_assert_uint_gt(size, 0);
        text.append(data, size);
      }
      expect_text("slice", text, whole.substr(from, count));
    }
  }
  ByteRope cut;
  cut.append_slice(rope, 4, 2);
  const auto& pieces = cut.pieces();
  ck_assert_uint_eq(pieces.size(), 1);
  ck_assert_ptr_eq(g_bytes_get_data(pieces[0].get(), nullptr), rope.run_at(4).first);
}
END_TEST

START_TEST(types_and_sizes) {
  const struct {
    const char* wanted;
    const char* told;
    TypeVerdict verdict;
  } cases[] = {
      {"video/mp4", "video/mp4", TypeVerdict::right},
      {"video/mp4", "Video/MP4 ; codecs=x", TypeVerdict::right},
      {"video/mp4", "application/octet-stream", TypeVerdict::vague},
      {"video/mp4", "binary/octet-stream; charset=x", TypeVerdict::vague},
      {"video/mp4", "", TypeVerdict::vague},
      {"video/mp4", "text/html", TypeVerdict::wrong},
      {"video/mp4", "video/webm", TypeVerdict::wrong},
      {"video/mp4", "video/mp4x", TypeVerdict::wrong},
      {"video/mp4", "image/png", TypeVerdict::wrong},
      {"image/jpeg", "image/jpg", TypeVerdict::right},
      {"image/jpeg", "text/html", TypeVerdict::wrong},
      {"", "text/html", TypeVerdict::right},
  };
  for (const auto& row : cases)
    ck_assert_msg(judge_type(row.wanted, row.told) == row.verdict, "%s: %s", row.wanted, row.told);
  ck_assert(whole_size("bytes 0-0/77", 1) == 77u);
  ck_assert(whole_size("bytes 0-0/*", 1) == std::nullopt);
  ck_assert(whole_size("", 5) == 5u);
  ck_assert(whole_size("", std::nullopt) == std::nullopt);
}
END_TEST

START_TEST(urls_in_the_body) {
  CreateBody body{"{\"a\":\"@@1\",\"b\":[\"@@1\",\"@@2\"]", ",\"c\":\"@@2\"}", false};
  place_url(body, "@@1", "https://h/a?x=1&y=@@1");
  place_url(body, "@@2", "q\"\\\n");
  expect_text(
      "head", body.head,
      "{\"a\":\"https://h/a?x=1&y=@@1\",\"b\":[\"https://h/a?x=1&y=@@1\",\"q\\\"\\\\\\n\"]");
  expect_text("tail", body.tail, ",\"c\":\"q\\\"\\\\\\n\"}");
  place_url(body, "", "x");
  const std::string one = unguessable_name(), other = unguessable_name();
  ck_assert(one != other && one.size() == 32);
  ck_assert_uint_eq(one.find_first_not_of("0123456789abcdef"), std::string::npos);
}
END_TEST

// The examples of the S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
START_TEST(sigv4_examples) {
  const std::string empty = sha256_hex("");
  expect_text("empty", empty, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string host = "https://examplebucket.s3.amazonaws.com";
  const struct {
    const char* name;
    SigV4Request request;
    const char* names;
    const char* signature;
  } cases[] = {
      {"GET object",
       {"GET",
        host + "/test.txt",
        {{"Range", "bytes=0-9"}, {"x-amz-content-sha256", empty}, {"x-amz-date", kExampleTime}},
        empty},
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT object",
       {"PUT",
        host + "/" + sigv4_encode("test$file.text", true),
        {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
         {"x-amz-date", kExampleTime},
         {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
         {"x-amz-content-sha256", sha256_hex("Welcome to Amazon S3.")}},
        sha256_hex("Welcome to Amazon S3.")},
       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"GET bucket lifecycle",
       {"GET",
        host + "/?lifecycle",
        {{"x-amz-date", kExampleTime}, {"x-amz-content-sha256", empty}},
        empty},
       "host;x-amz-content-sha256;x-amz-date",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"GET bucket",
       {"GET",
        host + "/?prefix=J&max-keys=2",
        {{"x-amz-date", kExampleTime}, {"x-amz-content-sha256", empty}},
        empty},
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  const auto& row = cases[_i];
  expect_text(row.name, sigv4_authorization(row.request, kExampleKey, kExampleTime),
              std::string("AWS4-HMAC-SHA256 "
                          "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                          "SignedHeaders=") +
                  row.names + ", Signature=" + row.signature);
}
END_TEST

START_TEST(sigv4_presigned_example) {
  expect_text("url",
              presigned_url("GET", "https://examplebucket.s3.amazonaws.com/test.txt", kExampleKey,
                            kExampleTime, 86400),
              "https://examplebucket.s3.amazonaws.com/"
              "test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%"
              "2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-"
              "Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  expect_text("time", sigv4_time(1369353600), kExampleTime);
}
END_TEST

START_TEST(s3_places) {
  const S3Credentials bare{"a", "s", "", "", ""},
      set{"a", "s", "", "eu-west-3", "http://minio:9000/"};
  const struct {
    const char* s3_url;
    const S3Credentials& credentials;
    const char* url;
    const char* region;
  } cases[] = {
      {"s3://bucket", bare, "https://bucket.s3.us-east-1.amazonaws.com/n.mp4", "us-east-1"},
      {"s3://bucket/", bare, "https://bucket.s3.us-east-1.amazonaws.com/n.mp4", "us-east-1"},
      {"s3://bucket/a/b/", bare, "https://bucket.s3.us-east-1.amazonaws.com/a/b/n.mp4",
       "us-east-1"},
      {"s3://bucket?region=eu-central-1", bare,
       "https://bucket.s3.eu-central-1.amazonaws.com/n.mp4", "eu-central-1"},
      {"s3://bucket?region=cn-north-1", bare, "https://bucket.s3.cn-north-1.amazonaws.com.cn/n.mp4",
       "cn-north-1"},
      {"s3://my.bucket/p", bare, "https://s3.us-east-1.amazonaws.com/my.bucket/p/n.mp4",
       "us-east-1"},
      {"s3://Bucket_1/p", bare, "https://s3.us-east-1.amazonaws.com/Bucket_1/p/n.mp4", "us-east-1"},
      {"s3://bucket/a b\xc3\xa9", bare,
       "https://bucket.s3.us-east-1.amazonaws.com/a%20b%C3%A9/n.mp4", "us-east-1"},
      {"s3://bucket/p", set, "http://minio:9000/bucket/p/n.mp4", "eu-west-3"},
      {"s3://bucket?endpoint=https://S3.Example.com:8443/v1/S3&region=auto", set,
       "https://s3.example.com:8443/v1/S3/bucket/n.mp4", "auto"},
      {"s3://bucket?endpoint=https%3A%2F%2Fs3.example.com", bare,
       "https://s3.example.com/bucket/n.mp4", "us-east-1"},
  };
  for (const auto& row : cases) {
    const S3Place place = s3_place(row.s3_url, row.credentials);
    expect_text(row.s3_url, s3_object_url(place, "n.mp4"), row.url);
    expect_text(row.s3_url, place.region, row.region);
  }
}
END_TEST

START_TEST(s3_places_refused) {
  const S3Credentials bare{"a", "s", "", "", ""};
  const struct {
    const char* s3_url;
    const char* says;
  } cases[] = {
      {"", "not set"},
      {"https://bucket", "s3://"},
      {"s3://", "bucket"},
      {"s3:///p", "bucket"},
      {"s3://user:s3cr3t@bucket/p", "bucket"},
      {"s3://bucket/../other", "folder"},
      {"s3://bucket/a/./b", "folder"},
      {"s3://bucket?endpoint=ftp://h", "endpoint"},
      {"s3://bucket?endpoint=http://u:s3cr3t@h", "endpoint"},
      {"s3://bucket?acl=public", "acl"},
      {"s3://bucket?region=%zz", "percent"},
  };
  for (const auto& row : cases) {
    const std::string said = refusal_of([&] { s3_place(row.s3_url, bare); });
    expect_contains(row.s3_url, said, row.says);
    expect_lacks(row.s3_url, said, "s3cr3t");
  }
}
END_TEST

START_TEST(s3_environment) {
  std::map<std::string, std::string> set = {{"AWS_ACCESS_KEY_ID", "id"},
                                            {"AWS_SECRET_ACCESS_KEY", "secret"},
                                            {"AWS_SESSION_TOKEN", "token"},
                                            {"AWS_DEFAULT_REGION", "second"},
                                            {"AWS_ENDPOINT_URL", "http://all"}};
  const auto variable = [&](const char* name) { return set[name]; };
  S3Credentials read = s3_credentials_from(variable);
  expect_text("id", read.access_key + read.secret_key + read.session_token, "idsecrettoken");
  expect_text("region", read.region, "second");
  expect_text("endpoint", read.endpoint, "http://all");
  set["AWS_REGION"] = "first", set["AWS_ENDPOINT_URL_S3"] = "http://s3";
  read = s3_credentials_from(variable);
  expect_text("region", read.region, "first");
  expect_text("endpoint", read.endpoint, "http://s3");
}
END_TEST

START_TEST(s3_refusals) {
  const S3Refusal said = read_s3_refusal(
      "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>No &lt;way&gt; &amp;amp; "
      "out</Message><RequestId>1</RequestId></Error>");
  expect_text("code", said.code, "AccessDenied");
  expect_text("message", said.message, "No <way> &amp; out");
  for (const char* body : {"", "<html/>", "<Code>", "<Code>x", "</Code><Code>", "{\"Code\":1}"})
    expect_text(body, read_s3_refusal(body).code, "");
  const S3Place place = s3_place("s3://bucket", {});
  const struct {
    int status;
    const char* code;
    const char* region;
    Reason reason;
    const char* says;
  } cases[] = {
      {403, "AccessDenied", "", Reason::unauthorized, "s3:PutObject"},
      {403, "SignatureDoesNotMatch", "", Reason::unauthorized, "AWS_SECRET_ACCESS_KEY"},
      {403, "InvalidAccessKeyId", "", Reason::unauthorized, "AWS_ACCESS_KEY_ID"},
      {403, "RequestTimeTooSkewed", "", Reason::invalid_request, "clock"},
      {400, "ExpiredToken", "", Reason::unauthorized, "AWS_SESSION_TOKEN"},
      {404, "NoSuchBucket", "", Reason::invalid_request, "bucket"},
      {301, "PermanentRedirect", "eu-west-1", Reason::invalid_request, "eu-west-1"},
      {400, "AuthorizationHeaderMalformed", "eu-west-1", Reason::invalid_request, "eu-west-1"},
      {301, "PermanentRedirect", "", Reason::invalid_request, "endpoint"},
      {400, "EntityTooLarge", "", Reason::too_large, "size"},
      {503, "SlowDown", "", Reason::unreachable, "later"},
      {0, "", "", Reason::unreachable, "network"},
      {400, "Strange", "us-east-1", Reason::invalid_request, "s3-url"},
  };
  for (const auto& row : cases) {
    const S3Advice advice = advise_s3(row.status, {row.code, "", ""}, place, row.region);
    ck_assert_msg(advice.reason == row.reason, "%s", row.code);
    expect_contains(row.code, advice.text, row.says);
  }
}
END_TEST

START_TEST(store_decisions) {
  const struct {
    int status;
    Action action;
  } cases[] = {
      {200, Action::proceed}, {201, Action::proceed}, {204, Action::proceed}, {301, Action::refuse},
      {400, Action::refuse},  {401, Action::refuse},  {404, Action::refuse},  {408, Action::retry},
      {413, Action::refuse},  {425, Action::retry},   {429, Action::retry},   {500, Action::retry},
      {501, Action::refuse},  {503, Action::retry},   {507, Action::refuse},
  };
  for (const auto& row : cases) {
    ck_assert_msg(decide_store({.http_status = row.status}, 3) == row.action, "%d", row.status);
    if (row.action == Action::retry)
      ck_assert(decide_store({.number = 3, .http_status = row.status}, 3) == Action::refuse);
  }
  ck_assert(decide_store({.fault = TransportFault::tls}, 3) == Action::refuse);
  ck_assert(decide_store({.fault = TransportFault::connect}, 3) == Action::retry);
  ck_assert(decide_store({.fault = TransportFault::broken}, 3) == Action::ask_first);
  ck_assert(decide_store({.fault = TransportFault::broken, .http1 = false}, 3) == Action::retry);
  ck_assert(decide_store({.number = 2, .fault = TransportFault::broken}, 3) == Action::retry);
  ck_assert(decide_store({.number = 3, .fault = TransportFault::timed_out}, 3) == Action::refuse);
  ck_assert(decide_store({.fault = TransportFault::broken}, 1) == Action::refuse);
}
END_TEST

int main() {
  return run_tests("publish-parts", {
                                        {"local_addresses", local_addresses, 1},
                                        {"fetchable", fetchable, 1},
                                        {"public_addresses", public_addresses, 1},
                                        {"put_templates", put_templates, 1},
                                        {"put_templates_refused", put_templates_refused, 1},
                                        {"byte_ranges", byte_ranges, 1},
                                        {"slices_share", slices_share, 1},
                                        {"types_and_sizes", types_and_sizes, 1},
                                        {"urls_in_the_body", urls_in_the_body, 1},
                                        {"sigv4_examples", sigv4_examples, 4},
                                        {"sigv4_presigned_example", sigv4_presigned_example, 1},
                                        {"s3_places", s3_places, 1},
                                        {"s3_places_refused", s3_places_refused, 1},
                                        {"s3_environment", s3_environment, 1},
                                        {"s3_refusals", s3_refusals, 1},
                                        {"store_decisions", store_decisions, 1},
                                    });
}
