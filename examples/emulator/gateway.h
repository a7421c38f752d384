// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The common part of octopusx and omnirouters: both are new-api gateways, with its two error
// formats, the relay's and the task's.
#pragma once

#include "wire.h"

namespace emu {

Reply relay_error(unsigned status, const std::string& message, const char* type,
                  const char* code = nullptr);
Reply task_error(unsigned status, const char* code, const std::string& message);

/// "QUEUED" and so on: the gateway's own words, independent of its upstream service.
const char* gateway_word(State state);
/// "queued", "processing", "succeeded", "failed": the words of the upstream services.
const char* upstream_word(State state);

class Gateway : public Dialect {
 public:
  Target route(std::string_view method, std::string_view path) const override;
  Reply refused(const Refusal& refusal) const override;
  Reply with_status(unsigned status) const override;
};

}  // namespace emu
