// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/s3.h"

#include <gio/gio.h>

#include <algorithm>
#include <array>

#include "client/sigv4.h"
#include "client/url.h"
#include "service/glib-ptr.h"
#include "service/redact.h"

namespace omni {

namespace {

constexpr char kForm[] = "Write s3://BUCKET[/PREFIX][?endpoint=https://HOST&region=NAME].";

[[noreturn]] void refuse(std::string text) {
  throw Failure(Reason::invalid_request, std::move(text) + " " + kForm);
}

std::string first_of(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) {
    if (!text.empty()) return text;
  }
  return {};
}

/// True if the name can be a host name prefix under the wildcard certificate of all buckets.
bool is_dns_safe(const std::string& bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  if (bucket.front() == '-' || bucket.back() == '-') return false;
  return std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '-'; });
}

/// Endpoint and region may follow the name; anything else is a mistake.
void read_query(const std::string& query, S3Place& place) {
  for (std::size_t at = 0; !query.empty() && at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string pair = query.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = pair.substr(0, equals);
    const CharPtr value(
        g_uri_unescape_string(equals < pair.size() ? pair.c_str() + equals + 1 : "", nullptr));
    if (!value) refuse("s3-url has a broken percent-encoding in its query.");
    if (name == "endpoint")
      place.endpoint = value.get();
    else if (name == "region")
      place.region = value.get();
    else
      refuse("s3-url sets \"" + quote_for_user(name, 40) + "\", which is unknown.");
  }
}

void require_plain_segments(const std::string& prefix) {
  const std::string bounded = "/" + prefix;
  if (bounded.find("/../") != std::string::npos || bounded.find("/./") != std::string::npos)
    refuse("s3-url has \".\" or \"..\" as a folder, which stores and proxies read differently.");
}

/// The host in lower case: it is signed in that form and must be sent in it.
std::string normal_endpoint(std::string endpoint) {
  if (!is_base_url(endpoint))
    refuse("The S3 endpoint \"" + redact_url(endpoint) +
           "\" is not valid: write http(s)://HOST[:PORT], without user or query.");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const std::size_t start = endpoint.find("://") + 3;
  const std::size_t end = std::min(endpoint.find('/', start), endpoint.size());
  std::transform(endpoint.begin(), endpoint.begin() + static_cast<std::ptrdiff_t>(end),
                 endpoint.begin(), g_ascii_tolower);
  return endpoint;
}

std::string between(const std::string& text, const std::string& element) {
  const std::string open = "<" + element + ">", close = "</" + element + ">";
  const std::size_t start = text.find(open);
  if (start == std::string::npos) return {};
  const std::size_t from = start + open.size(), end = text.find(close, from);
  if (end == std::string::npos) return {};
  std::string found = text.substr(from, end - from);
  static constexpr std::array<std::pair<const char*, char>, 5> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  for (const auto& [entity, character] : kEntities) {
    for (std::size_t at = 0; (at = found.find(entity, at)) != std::string::npos; ++at)
      found.replace(at, std::string_view(entity).size(), 1, character);
  }
  return found;
}

}  // namespace

S3Credentials s3_credentials_from(const std::function<std::string(const char*)>& variable) {
  return {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
          variable("AWS_SESSION_TOKEN"),
          first_of({variable("AWS_REGION"), variable("AWS_DEFAULT_REGION")}),
          first_of({variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL")})};
}

S3Credentials s3_credentials_from_environment() {
  return s3_credentials_from([](const char* name) {
    const char* value = g_getenv(name);
    return std::string(value ? value : "");
  });
}

S3Place s3_place(const std::string& s3_url, const S3Credentials& credentials) {
  if (s3_url.empty()) refuse("There is no place to store the reference: s3-url is not set.");
  if (!s3_url.starts_with("s3://")) refuse("s3-url does not begin with s3://.");
  const std::size_t query = std::min(s3_url.find('?'), s3_url.size());
  const std::string path = s3_url.substr(5, query - 5);
  const std::size_t slash = std::min(path.find('/'), path.size());
  S3Place place;
  place.bucket = path.substr(0, slash);
  if (place.bucket.empty() || place.bucket.find('@') != std::string::npos)
    refuse("s3-url has no bucket.");
  std::string prefix = path.substr(std::min(slash + 1, path.size()));
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) place.prefix = prefix + "/";
  require_plain_segments(place.prefix);
  if (query < s3_url.size()) read_query(s3_url.substr(query + 1), place);
  place.region = first_of({place.region, credentials.region, "us-east-1"});
  place.endpoint = first_of({place.endpoint, credentials.endpoint});
  place.path_style = !place.endpoint.empty() || !is_dns_safe(place.bucket);
  if (place.endpoint.empty())
    place.endpoint = "https://s3." + place.region + ".amazonaws.com" +
                     (place.region.starts_with("cn-") ? ".cn" : "");
  place.endpoint = normal_endpoint(place.endpoint);
  return place;
}

std::string s3_object_url(const S3Place& place, const std::string& name) {
  const std::string key = sigv4_encode(place.prefix + name, true);
  if (place.path_style) return place.endpoint + "/" + sigv4_encode(place.bucket) + "/" + key;
  const std::size_t host = place.endpoint.find("://") + 3;
  return place.endpoint.substr(0, host) + place.bucket + "." + place.endpoint.substr(host) + "/" +
         key;
}

S3Refusal read_s3_refusal(const std::string& body) {
  return {between(body, "Code"), between(body, "Message"), between(body, "Region")};
}

bool is_passing_s3(const S3Refusal& refusal) {
  static constexpr std::array kPassing = {"RequestTimeout",     "SlowDown",         "InternalError",
                                          "ServiceUnavailable", "OperationAborted", "Throttling"};
  return std::any_of(kPassing.begin(), kPassing.end(),
                     [&](const char* code) { return refusal.code == code; });
}

S3Advice advise_s3(int http_status, const S3Refusal& refusal, const S3Place& place,
                   const std::string& region) {
  const std::string& code = refusal.code;
  if (!region.empty() && region != place.region)
    return {Reason::invalid_request, "The bucket is in region " + quote_for_user(region, 40) +
                                         ", not in " + place.region +
                                         ": add ?region= to s3-url, or set AWS_REGION."};
  if (code == "RequestTimeTooSkewed")
    return {Reason::invalid_request, "The clock of this machine is wrong: set it."};
  if (code == "NoSuchBucket")
    return {Reason::invalid_request, "Check the bucket's name in s3-url, its region and endpoint."};
  if (code == "InvalidAccessKeyId")
    return {Reason::unauthorized,
            "The store does not know AWS_ACCESS_KEY_ID: check it and the endpoint."};
  if (code == "SignatureDoesNotMatch")
    return {Reason::unauthorized, "Check AWS_SECRET_ACCESS_KEY, and the region."};
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired")
    return {Reason::unauthorized, "Get a new AWS_SESSION_TOKEN, with the keys that belong to it."};
  if (code == "EntityTooLarge" || http_status == 413)
    return {Reason::too_large, "The store does not accept objects of this size."};
  if (http_status == 401 || http_status == 403)
    return {Reason::unauthorized,
            "The credentials must allow s3:PutObject and s3:GetObject in this bucket (and "
            "s3:DeleteObject with delete-reference)."};
  if (http_status >= 300 && http_status < 400)
    return {Reason::invalid_request, "The bucket is in another place: check region and endpoint."};
  if (http_status == 0 || http_status >= 500)
    return {Reason::unreachable, "Check the endpoint, proxy and the network, or try again later."};
  return {Reason::invalid_request, "Check s3-url and the endpoint."};
}

}  // namespace omni
