// Files that properties name: texts, keys, images. Bounded, and never anything that could block.
#pragma once

#include <cstddef>
#include <string>

namespace omni {

/// A whole regular file of at most `most` bytes; `property` is what named it. Throws Failure.
std::string read_file(const std::string& path, const char* property, std::size_t most);

/// A property's text, or that of the file which @FILE names.
std::string text_or_file(const std::string& value, const char* property);

/// What stands in a key file.
std::string first_line(const std::string& path, const char* property);

/// An environment variable; empty when it is not set.
std::string environment(const char* name);

}  // namespace omni
