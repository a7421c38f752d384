// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/api-key.h"

#include "client/files.h"
#include "service/error.h"

namespace omni {

std::string find_api_key(const Dialect& dialect, const std::string& given,
                         const std::string& file) {
  std::string key = given;
  if (key.empty() && !file.empty()) key = first_line(file, "api-key-file");
  if (key.empty()) key = environment("OMNI_API_KEY");
  if (key.empty()) key = environment(dialect.service().key_variable);
  if (key.empty())
    throw Failure(Reason::unauthorized, std::string("There is no API key for ") + dialect.title() +
                                            ": set the environment variable OMNI_API_KEY or " +
                                            dialect.service().key_variable +
                                            ", or the property api-key-file or api-key.");
  // A stray line break would split the header. The key must not be quoted back.
  for (const char c : key) {
    if (g_ascii_iscntrl(c) || static_cast<unsigned char>(c) > 126)
      throw Failure(Reason::unauthorized,
                    "The API key contains characters that no key has, such as a line break. Was it "
                    "pasted completely?");
  }
  return key;
}

}  // namespace omni
