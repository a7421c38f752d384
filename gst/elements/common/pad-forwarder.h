// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The pad functions of an element. Each forwards to the current run, if there is one. No exception
// crosses into C.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "elements/common/element.h"
#include "media/gst-ptr.h"

namespace omni {

/// `stream_of` returns the element's run, or null.
template <class Stream, std::shared_ptr<Stream> (*stream_of)(gpointer element)>
struct PadForwarder {
  static GstFlowReturn chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
    return guarded(parent, GST_FLOW_ERROR, [&] {
      auto owned = BufferPtr::adopt(buffer);
      const auto stream = stream_of(parent);
      return stream ? stream->chain(std::move(owned)) : GST_FLOW_FLUSHING;
    });
  }

  static gboolean sink_event(GstPad*, GstObject* parent, GstEvent* event) {
    return guarded(parent, gboolean{FALSE}, [&] {
      auto owned = EventPtr::adopt(event);
      const auto stream = stream_of(parent);
      return stream ? stream->sink_event(std::move(owned)) : FALSE;
    });
  }

  static gboolean src_event(GstPad*, GstObject* parent, GstEvent* event) {
    return guarded(parent, gboolean{FALSE}, [&] {
      auto owned = EventPtr::adopt(event);
      const auto stream = stream_of(parent);
      return stream ? stream->src_event(std::move(owned)) : FALSE;
    });
  }

  static gboolean src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
    gboolean answer = FALSE;
    const auto stream = stream_of(parent);
    if (stream && stream->src_query(query, &answer)) return answer;
    return gst_pad_query_default(pad, parent, query);
  }

  static gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
    gboolean answer = FALSE;
    const auto stream = stream_of(parent);
    if (stream && stream->sink_query(query, &answer)) return answer;
    return gst_pad_query_default(pad, parent, query);
  }

  static gboolean activate_src(GstPad*, GstObject* parent, GstPadMode mode, gboolean active) {
    const auto stream = stream_of(parent);
    if (mode != GST_PAD_MODE_PUSH) return FALSE;
    return stream ? stream->activate_src(active) : TRUE;
  }

  /// Makes both pads from their templates and adds them to the element.
  static void add_pads(GstElement* element, GstStaticPadTemplate* sink_template,
                       GstStaticPadTemplate* src_template, GstPad** sink, GstPad** src) {
    *sink = gst_pad_new_from_static_template(sink_template, "sink");
    gst_pad_set_chain_function(*sink, chain);
    gst_pad_set_event_function(*sink, sink_event);
    gst_pad_set_query_function(*sink, sink_query);
    gst_element_add_pad(element, *sink);
    *src = gst_pad_new_from_static_template(src_template, "src");
    gst_pad_set_event_function(*src, src_event);
    gst_pad_set_query_function(*src, src_query);
    gst_pad_set_activatemode_function(*src, activate_src);
    gst_pad_use_fixed_caps(*src);
    gst_element_add_pad(element, *src);
  }
};

}  // namespace omni
