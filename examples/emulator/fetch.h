// Fetches a reference that came as an address.
#pragma once

#include <gio/gio.h>

#include <string>

namespace emu {

/// Only this computer's own addresses: the emulator is no way out of it. Throws TaskFailure.
void fetch_reference(const std::string& url, const std::string& path, GCancellable* cancel);

}  // namespace emu
