// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a service wrote, made fit for a user's eyes and a log: no secrets, no line breaks, not
// endless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace omni {

/// From now on no text that this thread redacts shows these words, wherever they stand in it. For a
/// client's own secrets on its own thread: a service may repeat the key in any sentence, and only
/// who has it knows that it is one. Words under six characters are left alone.
void hide_words(std::vector<std::string> words);
std::string without_hidden_words(std::string_view text);

/// Replaces by "***" what may be a secret: URL queries, fragments and user names, bearer tokens,
/// keys (sk-..., JWTs, any run of 40 or more key characters), and values of members named like
/// secrets. Rather too much than too little.
std::string redact_secrets(std::string_view text);

/// What the user has typed as a URL, however wrong, without what may be secret in one: anything
/// before an @, and the query.
std::string redact_typed_url(std::string_view url);

/// Redacted, valid UTF-8, white space and control characters collapsed, cut to `max_characters`.
std::string quote_for_user(std::string_view text, std::size_t max_characters = 300);

/// The id that gateways append to an error text ("(request id: 2025...)"); empty when there is
/// none.
std::string find_request_id(std::string_view text);

}  // namespace omni
