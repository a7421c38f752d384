// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omni-emulator: a local video service with the API of octopusx, omnirouters or apimart. It accepts
// real references, decodes and regenerates them with GStreamer effects, and fails on request.
//
// One thread runs the main loop with HTTP and the jobs; workers read bodies and render videos.
#include <glib-unix.h>
#include <gst/gst.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "config.h"
#include "log.h"
#include "options.h"
#include "server.h"
#include "state.h"

namespace {

gboolean quit(gpointer loop) {
  g_main_loop_quit(static_cast<GMainLoop*>(loop));
  return G_SOURCE_CONTINUE;
}

void serve(const emu::Settings& settings) {
  const emu::StateFolder folder(settings.state_dir);
  const emu::Dialect& dialect = emu::dialect_of(settings.provider);
  emu::Server server(settings, dialect, emu::Faults::parse(settings.faults), folder);
  server.listen();
  const bool six = settings.address.find(':') != std::string::npos;
  std::printf("omni-emulator listening on http://%s%s%s:%u\n", six ? "[" : "",
              settings.address.c_str(), six ? "]" : "", server.port());
  std::fflush(stdout);
  emu::say("omni-emulator %s plays %s; GStreamer effects, no AI model is involved", VERSION,
           dialect.name());
  emu::say("%s, files in %s", settings.key.empty() ? "any key is accepted" : "one key is accepted",
           folder.path().c_str());
  if (server.second_port()) emu::say("redirects lead to port %u", server.second_port());

  const auto loop = omni::MainLoopPtr::adopt(g_main_loop_new(nullptr, FALSE));
  const guint on_int = g_unix_signal_add(SIGINT, &quit, loop.get());
  const guint on_term = g_unix_signal_add(SIGTERM, &quit, loop.get());
  g_main_loop_run(loop.get());
  emu::say("stopping");
  server.shut_down();
  g_source_remove(on_int);
  g_source_remove(on_term);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto settings = emu::read_options(argc, argv);
    if (!settings) return 0;
    emu::set_quiet(settings->quiet);
    gst_init(nullptr, nullptr);
    serve(*settings);
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "omni-emulator: %s (see --help)\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "omni-emulator: %s\n", error.what());
    return 1;
  }
}
