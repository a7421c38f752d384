// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/attachments.h"

#include <string_view>

#include "client/data-uri.h"
#include "client/download.h"
#include "client/files.h"
#include "elements/common/connection.h"
#include "service/request.h"

namespace omni {

namespace {

constexpr gsize kMaxImageBytes = 20 * 1024 * 1024;

struct ImageKind {
  const char* type;
  const char* extension;
};

const ImageKind* kind_of(std::string_view data) {
  using namespace std::string_view_literals;
  static constexpr ImageKind kPng{"image/png", ".png"}, kJpeg{"image/jpeg", ".jpg"},
      kGif{"image/gif", ".gif"}, kWebp{"image/webp", ".webp"};
  if (data.starts_with("\x89PNG\r\n")) return &kPng;
  if (data.starts_with("\xff\xd8\xff")) return &kJpeg;
  if (data.starts_with("GIF8")) return &kGif;
  if (data.starts_with("RIFF") && data.substr(8, 4) == "WEBP"sv) return &kWebp;
  return nullptr;
}

std::string local_path(const std::string& image) {
  if (!image.starts_with("file://")) return image;
  const CharPtr path(g_filename_from_uri(image.c_str(), nullptr, nullptr));
  return path ? path.get() : image;
}

/// The bytes of an image that is a data URI or a file.
std::shared_ptr<const ByteRope> load(const std::string& image, const char* property) {
  if (!image.starts_with("data:")) {
    auto* data = new std::string(read_file(local_path(image), property, kMaxImageBytes));
    const auto drop = [](gpointer text) { delete static_cast<std::string*>(text); };
    auto bytes = std::make_shared<ByteRope>();
    bytes->append(
        BytesPtr::adopt(g_bytes_new_with_free_func(data->data(), data->size(), drop, data)));
    return bytes;
  }
  auto bytes = decode_data_uri(image);
  if (!bytes)
    refuse_request(std::string(property) + ": a data: URI must be data:image/...;base64,...");
  return bytes;
}

[[noreturn]] void refuse_unpublished(const Settings& settings, bool is_reference) {
  const std::string title = settings.dialect().title();
  const char* what = is_reference ? "the reference" : "images";
  refuse_request(title + " takes " + what +
                 " by http(s) URL only here, and no transport is configured. There are three: "
                 "serve (set public-url to an address at which " +
                 title +
                 " reaches this machine, and serve-port), put (set put-url to a WebDAV or upload "
                 "URL with {name} in it), s3 (set s3-url to s3://BUCKET/PREFIX). An application "
                 "can also connect to the signal publish-reference.");
}

}  // namespace

Attachments::Attachments(const Settings& settings,
                         std::function<std::string(const ByteRope&)> publish)
    : settings_(settings), publish_(std::move(publish)) {
}

/// As data URIs where the service takes them, unless the user has chosen another way.
bool Attachments::images_by_url() const {
  const ReferenceTransport chosen = settings_.reference_transport;
  const bool by_url =
      chosen != ReferenceTransport::automatic && chosen != ReferenceTransport::inline_data;
  return by_url || !settings_.dialect().service().images_as_data_uris;
}

std::string Attachments::image(const std::string& image, const char* property) {
  if (image.empty() || image.starts_with("http://") || image.starts_with("https://")) return image;
  const bool is_data_uri = image.starts_with("data:");
  if (is_data_uri && !images_by_url()) return image;
  const auto bytes = load(image, property);
  const auto [data, size] = bytes->run_at(0);
  const ImageKind* kind = kind_of({reinterpret_cast<const char*>(data), size});
  if (!kind)
    refuse_request(std::string(property) + ": " +
                   (is_data_uri ? "the data: URI" : "\"" + local_path(image) + "\"") +
                   " is not a PNG, JPEG, WebP or GIF image.");
  if (images_by_url()) return add(bytes, kind->type, kind->extension);
  const CharPtr base64(g_base64_encode(data, size));
  return std::string("data:") + kind->type + ";base64," + base64.get();
}

std::string Attachments::reference(std::shared_ptr<const ByteRope> bytes, std::string url) {
  std::string placeholder = add(std::move(bytes), "video/mp4", ".mp4");
  uploads_.back().url = std::move(url);
  return placeholder;
}

std::string Attachments::add(std::shared_ptr<const ByteRope> bytes, const char* type,
                             const char* extension) {
  uploads_.push_back({new_placeholder(), std::move(bytes), type, extension, {}});
  return uploads_.back().placeholder;
}

std::vector<Upload> Attachments::uploads_in(const std::string& body) {
  std::erase_if(uploads_, [&](const Upload& upload) {
    return body.find(upload.placeholder) == std::string::npos;
  });
  for (Upload& upload : uploads_) {
    if (upload.url.empty() && publish_ && !settings_.dry_run) upload.url = publish_(*upload.bytes);
    if (upload.url.empty() && url_transport(settings_) == Transport::none)
      refuse_unpublished(settings_, upload.media_type.starts_with("video/"));
  }
  return std::move(uploads_);
}

}  // namespace omni
