// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How a reply is sent: normally, truncated, slowly, or not at all.
#pragma once

#include <libsoup/soup.h>

#include "dialect.h"
#include "faults.h"
#include "service/glib-ptr.h"

namespace emu {

/// A reply whose body may be a mapped file. For HEAD only the headers are sent.
struct Outgoing {
  Reply head;
  omni::BytesPtr bytes;  // instead of head.text
};

/// Closes the connection under libsoup: the client sees it close without a reply.
void cut_connection(SoupServerMessage* message);

/// Resets the connection, so that a client that is still sending notices at once.
void reset_connection(SoupServerMessage* message);

/// Sets status, headers and body as the fault requires. The message may be paused or not; the
/// caller that paused it also unpauses it.
void deliver(SoupServerMessage* message, const Outgoing& outgoing, const Fault& fault);

/// The part of a body that a Range header requests.
struct Range {
  enum class Verdict { whole, part, unsatisfiable } verdict = Verdict::whole;
  std::uint64_t first = 0, last = 0;  // inclusive
};
Range parse_range(std::string_view header, std::uint64_t total);

}  // namespace emu
