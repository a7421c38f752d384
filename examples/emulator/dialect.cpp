// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "dialect.h"

namespace emu {

Reply Dialect::artifacts(const JobView&) const {
  return with_status(404);
}

const Dialect& dialect_of(Provider provider) {
  switch (provider) {
    case Provider::omnirouters:
      return omnirouters();
    case Provider::apimart:
      return apimart();
    case Provider::octopusx:
      break;
  }
  return octopusx();
}

}  // namespace emu
