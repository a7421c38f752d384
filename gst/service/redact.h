// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Makes a service's text fit for users and logs: no secrets, no line breaks, limited length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace omni {

/// Hides these words in every text that this thread redacts from now on. For a client's own secrets
/// on its own thread: a service may repeat the key in any sentence, and only its owner can
/// recognize it. Words under six characters are ignored.
void hide_words(std::vector<std::string> words);
std::string without_hidden_words(std::string_view text);

/// Replaces possible secrets by "***": URL queries, fragments and user names, bearer tokens, keys
/// (sk-..., JWTs, any run of 40 or more key characters), and values of members with names like
/// those of secrets. When in doubt, it hides.
std::string redact_secrets(std::string_view text);

/// A URL as the user typed it, however malformed, without its possible secrets: anything before an
/// @, and the query.
std::string redact_typed_url(std::string_view url);

/// Redacted, valid UTF-8, white space and control characters collapsed, cut to `max_characters`.
std::string quote_for_user(std::string_view text, std::size_t max_characters = 300);

/// The id that gateways append to an error text ("(request id: 2025...)"); empty if there is none.
std::string find_request_id(std::string_view text);

}  // namespace omni
