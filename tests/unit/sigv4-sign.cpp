// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Signs what it reads: one JSON object a line, one answer a line. For sigv4-botocore.py, which
// compares the answers with those of AWS's own code.
#include <iostream>

#include "client/sigv4.h"
#include "service/json.h"

using namespace omni;

namespace {

std::string text(JsonNode* root, const char* name) {
  JsonNode* node = member(root, name);
  return node ? json_node_get_string(node) : "";
}

std::string in_hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string answer(JsonNode* root) {
  const SigV4Key key{text(root, "access"), text(root, "secret"), text(root, "token"),
                     text(root, "region")};
  const std::string time = text(root, "time");
  const std::string path = sigv4_encode(text(root, "key"), true);
  const std::string url = text(root, "endpoint") + "/" + path;
  SigV4Request request{text(root, "method"), url, {}, text(root, "hash")};
  request.headers.emplace_back("Content-Type", text(root, "type"));
  std::string authorization;
  SigV4Request whole = request;
  for (const auto& [name, value] : sigv4_headers(request, key, time)) {
    if (name == "Authorization")
      authorization = value;
    else if (name != "Content-Type")
      whole.headers.emplace_back(name, value);
  }
  const auto expires = static_cast<std::int64_t>(as_number(member(root, "expires")).value_or(0));
  return in_hex(url) + " " + in_hex(canonical_request(whole)) + " " + in_hex(authorization) + " " +
         in_hex(presigned_url("GET", url, key, time, expires));
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::string why;
    const JsonNodePtr root = parse_json(line, &why);
    if (!root) {
      std::cerr << "this line is no JSON: " << why << "\n";
      return 1;
    }
    std::cout << answer(root.get()) << "\n";
  }
}
