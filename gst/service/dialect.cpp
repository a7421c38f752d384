#include "service/dialect.h"

#include "service/glib-ptr.h"

namespace omni {

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect* dialect : {&octopusx()}) {
    if (name == dialect->name()) return dialect;
  }
  return nullptr;
}

std::string escape_id(std::string_view id) {
  const auto refuse = [](const char* why) {
    throw Failure(Reason::bad_result, std::string("The service gave a task id that ") + why +
                                          ", so the task cannot be asked for. Report it to the "
                                          "service.");
  };
  if (id.empty()) refuse("is empty");
  // As a path segment these two would lead to another address, escaped or not.
  if (id == "." || id == "..") refuse("is a step in a path");
  for (const char c : id) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) refuse("holds control characters");
  }
  const CharPtr escaped(g_uri_escape_string(std::string(id).c_str(), nullptr, FALSE));
  return escaped.get();
}

}  // namespace omni
