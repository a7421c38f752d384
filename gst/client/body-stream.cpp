// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/body-stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace omni {

namespace {

// Small enough not to delay anything, large enough not to get lost among the headers.
constexpr goffset kWithheld = 16;

/// Base64 of a rope, readable from any offset.
class Base64Text {
 public:
  explicit Base64Text(std::shared_ptr<const ByteRope> data) : data_(std::move(data)) {}
  goffset length() const { return data_ ? static_cast<goffset>((data_->size() + 2) / 3 * 4) : 0; }
  std::size_t read(goffset offset, char* to, std::size_t length) const;

 private:
  std::size_t encode_groups(std::uint64_t group, char* to, std::size_t groups) const;
  std::shared_ptr<const ByteRope> data_;
};

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Two characters for twelve bits at a time: half the time of one character for six.
using Pair = std::array<char, 2>;
constexpr std::array<Pair, 4096> all_pairs() {
  std::array<Pair, 4096> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
  return pairs;
}
constexpr auto kPairs = all_pairs();

void encode_group(const guint8* in, char* out) {
  const guint32 bits = static_cast<guint32>(in[0] << 16 | in[1] << 8 | in[2]);
  std::memcpy(out, kPairs[bits >> 12].data(), 2);
  std::memcpy(out + 2, kPairs[bits & 4095].data(), 2);
}

/// The end of the data, where only one or two bytes may be left.
void encode_last_group(const guint8* in, std::size_t have, char* out) {
  const guint8 padded[3] = {in[0], have > 1 ? in[1] : guint8{0}, have > 2 ? in[2] : guint8{0}};
  encode_group(padded, out);
  for (std::size_t i = have + 1; i < 4; ++i) out[i] = '=';
}

/// Encodes whole groups of four characters. Runs inside one piece are encoded in place; only a
/// group that spans two pieces, or the last one, is assembled first.
std::size_t Base64Text::encode_groups(std::uint64_t group, char* to, std::size_t groups) const {
  std::size_t done = 0;
  while (done < groups) {
    const auto [run, available] = data_->run_at((group + done) * 3);
    if (available == 0) break;
    const std::size_t whole = std::min(available / 3, groups - done);
    for (std::size_t i = 0; i < whole; ++i) encode_group(run + i * 3, to + (done + i) * 4);
    done += whole;
    if (whole > 0) continue;
    guint8 gathered[3];
    const std::size_t have = data_->read((group + done) * 3, gathered, sizeof gathered);
    encode_last_group(gathered, have, to + done * 4);
    ++done;
  }
  return done * 4;
}

std::size_t Base64Text::read(goffset offset, char* to, std::size_t length) const {
  std::size_t written = 0;
  while (written < length && offset < this->length()) {
    const std::uint64_t group = static_cast<std::uint64_t>(offset) / 4;
    const std::size_t skip = static_cast<std::size_t>(offset % 4);
    if (skip == 0 && length - written >= 4) {
      const std::size_t step = encode_groups(group, to + written, (length - written) / 4);
      if (step == 0) break;
      written += step;
      offset += static_cast<goffset>(step);
      continue;
    }
    char quad[4];
    if (encode_groups(group, quad, 1) == 0) break;
    const std::size_t part = std::min<std::size_t>(4 - skip, length - written);
    std::memcpy(to + written, quad + skip, part);
    written += part;
    offset += static_cast<goffset>(part);
  }
  return written;
}

struct StreamState {
  CreateBody body;
  Base64Text text{nullptr};
  std::function<void()> on_last_chunk;
  goffset position = 0;
  bool gate_open = false;
  bool gate_reported = false;
  std::vector<GSource*> waiting;

  goffset head_end() const { return static_cast<goffset>(body.head.size()); }
  goffset text_end() const { return head_end() + text.length(); }
  goffset length() const { return text_end() + static_cast<goffset>(body.tail.size()); }
  goffset readable_end() const {
    return gate_open ? length() : std::max<goffset>(0, length() - kWithheld);
  }
  std::size_t copy(char* to, std::size_t most);
  void report_gate();
};

std::size_t StreamState::copy(char* to, std::size_t most) {
  const goffset end = std::min<goffset>(readable_end(), position + static_cast<goffset>(most));
  const goffset start = position;
  while (position < end) {
    char* out = to + (position - start);
    const auto part = [&](goffset part_end) {
      return static_cast<std::size_t>(std::min(part_end, end) - position);
    };
    std::size_t step = 0;
    if (position < head_end()) {
      step = part(head_end());
      std::memcpy(out, body.head.data() + position, step);
    } else if (position < text_end()) {
      step = text.read(position - head_end(), out, part(text_end()));
      if (step == 0) break;
    } else {
      step = part(length());
      std::memcpy(out, body.tail.data() + (position - text_end()), step);
    }
    position += static_cast<goffset>(step);
  }
  return static_cast<std::size_t>(position - start);
}

void StreamState::report_gate() {
  if (gate_reported || gate_open || position < readable_end()) return;
  gate_reported = true;
  if (on_last_chunk) on_last_chunk();
}

struct OmniBodyStream {
  GInputStream parent;
  StreamState* state;
};
struct OmniBodyStreamClass {
  GInputStreamClass parent_class;
};

void omni_body_stream_pollable_init(GPollableInputStreamInterface* iface);

G_DEFINE_TYPE_WITH_CODE(OmniBodyStream, omni_body_stream, G_TYPE_INPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM,
                                              omni_body_stream_pollable_init))

StreamState& state_of(gpointer stream) {
  return *static_cast<OmniBodyStream*>(stream)->state;
}

gssize read_some(StreamState& state, void* buffer, gsize count, GError** error) {
  const std::size_t got = state.copy(static_cast<char*>(buffer), count);
  state.report_gate();
  if (got > 0 || state.position == state.length()) return static_cast<gssize>(got);
  g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "the last chunk is withheld");
  return -1;
}

gssize body_read(GInputStream* stream, void* buffer, gsize count, GCancellable*, GError** error) {
  return read_some(state_of(stream), buffer, count, error);
}

gssize body_read_nonblocking(GPollableInputStream* stream, void* buffer, gsize count,
                             GError** error) {
  return read_some(state_of(stream), buffer, count, error);
}

gboolean body_is_readable(GPollableInputStream* stream) {
  const StreamState& state = state_of(stream);
  return state.position < state.readable_end() || state.position == state.length();
}

gboolean gate_dispatch(GSource* source, GSourceFunc callback, gpointer data) {
  g_source_set_ready_time(source, -1);
  return callback ? callback(data) : G_SOURCE_REMOVE;
}

struct GateSource {
  GSource source;
  OmniBodyStream* stream;
};

void gate_finalize(GSource* source) {
  OmniBodyStream* stream = reinterpret_cast<GateSource*>(source)->stream;
  if (!stream) return;
  std::erase(stream->state->waiting, source);
  g_object_unref(stream);
}

// A pollable source puts a dummy closure on its child source, and that needs a function.
gboolean gate_closure(gpointer) {
  return G_SOURCE_CONTINUE;
}

GSourceFuncs gate_functions = {nullptr,       nullptr,      gate_dispatch,
                               gate_finalize, gate_closure, nullptr};

GSource* body_create_source(GPollableInputStream* pollable, GCancellable* cancellable) {
  auto* gate = reinterpret_cast<GateSource*>(g_source_new(&gate_functions, sizeof(GateSource)));
  gate->stream = static_cast<OmniBodyStream*>(g_object_ref(static_cast<gpointer>(pollable)));
  g_source_set_ready_time(&gate->source, body_is_readable(pollable) ? 0 : -1);
  gate->stream->state->waiting.push_back(&gate->source);
  GSource* outer = g_pollable_source_new_full(pollable, &gate->source, cancellable);
  g_source_unref(&gate->source);
  return outer;
}

void body_finalize(GObject* object) {
  delete static_cast<OmniBodyStream*>(static_cast<gpointer>(object))->state;
  G_OBJECT_CLASS(omni_body_stream_parent_class)->finalize(object);
}

void omni_body_stream_class_init(OmniBodyStreamClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = body_finalize;
  G_INPUT_STREAM_CLASS(klass)->read_fn = body_read;
}

void omni_body_stream_init(OmniBodyStream* self) {
  self->state = new StreamState;
}

void omni_body_stream_pollable_init(GPollableInputStreamInterface* iface) {
  iface->is_readable = body_is_readable;
  iface->read_nonblocking = body_read_nonblocking;
  iface->create_source = body_create_source;
}

}  // namespace

BodyStream::BodyStream(const CreateBody& body, std::shared_ptr<const ByteRope> reference,
                       std::function<void()> on_last_chunk) {
  gpointer object = g_object_new(omni_body_stream_get_type(), nullptr);
  stream_ = ObjectPtr<GInputStream>::adopt(static_cast<GInputStream*>(object));
  StreamState& state = state_of(object);
  state.body = body;
  state.text = Base64Text(body.has_hole ? std::move(reference) : nullptr);
  state.on_last_chunk = std::move(on_last_chunk);
}

BodyStream::~BodyStream() {
  // libsoup may keep the stream a little longer than the job lives.
  state_of(stream_.get()).on_last_chunk = nullptr;
}

goffset BodyStream::length() const {
  return state_of(stream_.get()).length();
}

bool BodyStream::complete() const {
  const StreamState& state = state_of(stream_.get());
  return state.position == state.length();
}

void BodyStream::release_last_chunk() {
  StreamState& state = state_of(stream_.get());
  state.gate_open = true;
  for (GSource* source : state.waiting) g_source_set_ready_time(source, 0);
}

}  // namespace omni
