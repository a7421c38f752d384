// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Events that must survive a flush: upstream does not send them again.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "elements/omniv2vbin/segment.h"

namespace omni {

inline bool outlives_flush(const GstEvent* event) {
  if (!event || !GST_EVENT_IS_STICKY(event)) return false;
  return GST_EVENT_TYPE(event) != GST_EVENT_SEGMENT && GST_EVENT_TYPE(event) != GST_EVENT_EOS;
}

inline void keep_sticky(const EventPtr& event, std::vector<EventPtr>& kept) {
  if (outlives_flush(event.get())) kept.push_back(event);
}

/// The sticky events among a segment's items from this one on.
inline void keep_sticky(const std::vector<SourceItem>& items, std::size_t from,
                        std::vector<EventPtr>& kept) {
  for (std::size_t i = from; i < items.size(); ++i) keep_sticky(items[i].event, kept);
}

}  // namespace omni
