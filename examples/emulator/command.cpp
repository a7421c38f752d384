// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "command.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>

namespace emu {
namespace {

std::string fill_in(std::string text, const RenderSpec& spec, const Probe& probe,
                    const Shape& shape, const std::string& image) {
  const double seconds = spec.stretch * (spec.seconds > 0 ? spec.seconds : probe.seconds);
  char length[32];
  std::snprintf(length, sizeof length, "%g", seconds);
  const std::pair<const char*, std::string> values[] = {
      {"{in}", spec.has_reference ? spec.reference : ""},
      {"{image}", image},
      {"{out}", spec.result},
      {"{prompt}", spec.prompt},
      {"{seconds}", length},
      {"{width}", std::to_string(shape.width)},
      {"{height}", std::to_string(shape.height)}};
  std::string filled;
  // One pass from left to right: placeholders inside a prompt are not replaced.
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::find_if(std::begin(values), std::end(values), [&](const auto& value) {
      return text.compare(at, std::string_view(value.first).size(), value.first) == 0;
    });
    if (found == std::end(values)) {
      filled += text[at++];
    } else {
      filled += found->second;
      at += std::string_view(found->first).size();
    }
  }
  return filled;
}

/// Calls `take` for each line until the stream ends.
template <class Take>
void read_lines(GInputStream* raw, GCancellable* cancel, Take take) {
  const auto stream = omni::ObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(raw));
  for (;;) {
    const omni::CharPtr line(g_data_input_stream_read_line(stream.get(), nullptr, cancel, nullptr));
    if (!line) return;
    take(std::string(line.get()));
  }
}

/// The program and everything it has started: they have their own process group.
void end_group(GSubprocess* process, int signal_number) {
  const char* id = g_subprocess_get_identifier(process);
  if (id) kill(-static_cast<pid_t>(std::atol(id)), signal_number);
}

omni::ObjectPtr<GSubprocess> start(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  const auto flags = static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                                   G_SUBPROCESS_FLAGS_STDERR_PIPE);
  const auto launcher =
      omni::ObjectPtr<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(flags));
  g_subprocess_launcher_set_child_setup(
      launcher.get(), [](gpointer) { setpgid(0, 0); }, nullptr, nullptr);
  GError* raw = nullptr;
  auto process = omni::ObjectPtr<GSubprocess>::adopt(
      g_subprocess_launcher_spawnv(launcher.get(), argv.data(), &raw));
  const omni::ErrorPtr error(raw);
  if (!process) throw TaskFailure("internal_error", error->message);
  return process;
}

}  // namespace

void run_command(const RenderSpec& spec, const Probe& probe, const Shape& shape,
                 const std::string& image, Ticket& ticket) {
  std::vector<std::string> arguments;
  for (const std::string& part : spec.command)
    arguments.push_back(fill_in(part, spec, probe, shape, image));
  const auto process = start(arguments);
  GCancellable* cancel = ticket.cancel.get();
  std::string last_error;
  std::thread errors([&] {
    read_lines(g_subprocess_get_stderr_pipe(process.get()), cancel, [&](std::string line) {
      if (!line.empty()) last_error = std::move(line);
    });
  });
  read_lines(g_subprocess_get_stdout_pipe(process.get()), cancel, [&](const std::string& line) {
    double percent = 0;
    if (std::sscanf(line.c_str(), "progress %lf", &percent) != 1) return;
    ticket.progress = std::clamp(percent / 100, 0.0, 1.0);
  });
  errors.join();
  if (!g_subprocess_wait(process.get(), cancel, nullptr)) {
    end_group(process.get(), SIGTERM);
    const auto patience = std::chrono::milliseconds(50);
    for (int i = 0; i < 20 && g_subprocess_get_identifier(process.get()); ++i) {
      std::this_thread::sleep_for(patience);
    }
    end_group(process.get(), SIGKILL);
    g_subprocess_wait(process.get(), nullptr, nullptr);
    throw TaskFailure("cancelled", "stopped");
  }
  if (!g_subprocess_get_successful(process.get())) {
    throw TaskFailure("generation_failed", last_error.empty()
                                               ? "the program failed without an error message"
                                               : last_error);
  }
}

}  // namespace emu
