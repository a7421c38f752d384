// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/error.h"

namespace omni {

const char* reason_word(Reason reason) {
  switch (reason) {
    case Reason::unauthorized:
      return "unauthorized";
    case Reason::payment_required:
      return "payment-required";
    case Reason::rate_limited:
      return "rate-limited";
    case Reason::invalid_request:
      return "invalid-request";
    case Reason::moderated:
      return "moderated";
    case Reason::timed_out:
      return "timed-out";
    case Reason::too_large:
      return "too-large";
    case Reason::bad_input:
      return "bad-input";
    case Reason::bad_result:
      return "bad-result";
    case Reason::unreachable:
      return "unreachable";
    case Reason::service_error:
      return "service-error";
    case Reason::unknown_outcome:
      return "unknown-outcome";
    case Reason::budget:
      return "budget";
    case Reason::cancelled:
      return "cancelled";
  }
  return "service-error";
}

}  // namespace omni
