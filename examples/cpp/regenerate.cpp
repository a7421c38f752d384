// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Regenerates one clip from an application: filesrc ! omniv2v ! filesink, what the bus tells on the
// way, and an exit status that says how it went.
//
//   OMNI_API_KEY=... omni-regenerate in.mp4 out.mp4 --prompt "rainy neon night"
#include <glib-unix.h>
#include <gst/gst.h>

#include <cstdio>
#include <memory>
#include <string>

namespace {

template <auto function>
struct FreeWith {
  template <class T>
  void operator()(T* thing) const {
    function(thing);
  }
};
using CharPtr = std::unique_ptr<char, FreeWith<&g_free>>;
using ErrorPtr = std::unique_ptr<GError, FreeWith<&g_error_free>>;
using LoopPtr = std::unique_ptr<GMainLoop, FreeWith<&g_main_loop_unref>>;
using BusPtr = std::unique_ptr<GstBus, FreeWith<&gst_object_unref>>;
using ContextPtr = std::unique_ptr<GOptionContext, FreeWith<&g_option_context_free>>;
using PathsPtr = std::unique_ptr<char*, FreeWith<&g_strfreev>>;

/// A pipeline is stopped before it is let go, also when something throws.
struct StopPipeline {
  void operator()(GstElement* pipeline) const {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
};
using PipelinePtr = std::unique_ptr<GstElement, StopPipeline>;

enum ExitStatus { kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 130 };

struct Options {
  CharPtr prompt, base_url;
  gint seconds = 0;
  gboolean dry_run = FALSE;
  PathsPtr paths;
};

/// What the bus watch and the signal handlers share with main().
struct Run {
  LoopPtr loop{g_main_loop_new(nullptr, FALSE)};
  ExitStatus status = kDone;
  std::string state;  // of the job, as last printed

  void end(ExitStatus with) {
    status = with;
    g_main_loop_quit(loop.get());
  }
};

/// One line for each state; the percentages in between come as PROGRESS.
void print_job(Run& run, const GstStructure* job) {
  const char* state = gst_structure_get_string(job, "state");
  if (!state || run.state == state) return;
  run.state = state;
  const char* task = gst_structure_get_string(job, "task-id");
  std::printf("job    %s%s%s\n", state, task && *task ? "  " : "", task ? task : "");
  if (const char* request = gst_structure_get_string(job, "request"))
    std::printf("       %.300s\n", request);
}

void print_progress(GstMessage* message) {
  GstProgressType type;
  gchar* raw_text = nullptr;
  gst_message_parse_progress(message, &type, nullptr, &raw_text);
  const CharPtr text(raw_text);
  if (type == GST_PROGRESS_TYPE_CONTINUE) std::printf("       %s\n", text.get());
}

/// omniv2v's errors say why in one word that programs can rely on; other elements' do not.
void print_error(GstMessage* message) {
  GError* raw_error = nullptr;
  gchar* raw_debug = nullptr;
  const GstStructure* details = nullptr;
  gst_message_parse_error(message, &raw_error, &raw_debug);
  gst_message_parse_error_details(message, &details);
  const ErrorPtr error(raw_error);
  const CharPtr debug(raw_debug);
  std::fprintf(stderr, "error  %s\n", error->message);
  const char* reason = details ? gst_structure_get_string(details, "reason") : nullptr;
  if (!reason) {
    std::fprintf(stderr, "       %s\n", debug ? debug.get() : "");
    return;
  }
  guint http_status = 0;
  gst_structure_get_uint(details, "http-status-code", &http_status);
  const char* task = gst_structure_get_string(details, "task-id");
  std::fprintf(stderr, "       reason=%s http-status=%u task-id=%s\n", reason, http_status,
               task && *task ? task : "(none)");
}

gboolean on_message(GstBus*, GstMessage* message, gpointer user_data) {
  Run& run = *static_cast<Run*>(user_data);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ELEMENT:
      if (gst_message_has_name(message, "omni/job"))
        print_job(run, gst_message_get_structure(message));
      break;
    case GST_MESSAGE_PROGRESS:
      print_progress(message);
      break;
    case GST_MESSAGE_ERROR:
      // Others follow from the first.
      if (run.status == kDone) print_error(message);
      run.end(kFailed);
      break;
    case GST_MESSAGE_EOS:
      if (run.status == kDone) run.end(kDone);
      break;
    default:
      break;
  }
  std::fflush(stdout);
  return G_SOURCE_CONTINUE;
}

gboolean on_interrupt(gpointer user_data) {
  std::fprintf(stderr,
               "interrupted; a job that the service has taken goes on there, and is paid\n");
  static_cast<Run*>(user_data)->end(kInterrupted);
  return G_SOURCE_CONTINUE;
}

GstElement* make(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (!element)
    std::fprintf(stderr, "there is no element \"%s\": is its plugin in GST_PLUGIN_PATH?\n",
                 factory);
  return element;
}

PipelinePtr make_pipeline(const Options& options) {
  GstElement* source = make("filesrc");
  GstElement* omni = make("omniv2v");
  GstElement* sink = make("filesink");
  if (!source || !omni || !sink) {
    for (GstElement* element : {source, omni, sink})
      if (element) gst_object_unref(element);
    return nullptr;
  }
  g_object_set(source, "location", options.paths.get()[0], nullptr);
  g_object_set(sink, "location", options.paths.get()[1], nullptr);
  g_object_set(omni, "prompt", options.prompt.get(), "seconds", static_cast<guint>(options.seconds),
               "dry-run", options.dry_run, nullptr);
  if (options.base_url) g_object_set(omni, "base-url", options.base_url.get(), nullptr);
  PipelinePtr pipeline(gst_pipeline_new("regenerate"));
  gst_bin_add_many(GST_BIN(pipeline.get()), source, omni, sink, nullptr);
  if (!gst_element_link_many(source, omni, sink, nullptr)) return nullptr;
  return pipeline;
}

bool read_options(int argc, char** argv, Options& options) {
  gchar *prompt = nullptr, *base_url = nullptr, **paths = nullptr;
  const GOptionEntry entries[] = {
      {"prompt", 'p', 0, G_OPTION_ARG_STRING, &prompt, "What to make of it, or @FILE", "TEXT"},
      {"base-url", 'b', 0, G_OPTION_ARG_STRING, &base_url, "The service's address", "URL"},
      {"seconds", 's', 0, G_OPTION_ARG_INT, &options.seconds, "Length (default: the clip's)", "N"},
      {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run, "Show the request, send nothing",
       nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, nullptr, "IN.mp4 OUT.mp4"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const ContextPtr context(g_option_context_new("- regenerate a clip from a prompt"));
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  GError* raw_error = nullptr;
  const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &raw_error);
  const ErrorPtr error(raw_error);
  options.prompt.reset(prompt);
  options.base_url.reset(base_url);
  options.paths.reset(paths);
  if (!parsed) std::fprintf(stderr, "%s\n", error->message);
  if (parsed && prompt && options.seconds >= 0 && paths && g_strv_length(paths) == 2) return true;
  const CharPtr help(g_option_context_get_help(context.get(), TRUE, nullptr));
  std::fputs(help.get(), stderr);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) return kUsage;
  const PipelinePtr pipeline = make_pipeline(options);
  if (!pipeline) return kFailed;

  Run run;
  const BusPtr bus(gst_element_get_bus(pipeline.get()));
  gst_bus_add_watch(bus.get(), on_message, &run);
  const guint on_int = g_unix_signal_add(SIGINT, on_interrupt, &run);
  const guint on_term = g_unix_signal_add(SIGTERM, on_interrupt, &run);

  // A failure here is on the bus as well, with the words for it.
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_main_loop_run(run.loop.get());

  gst_bus_remove_watch(bus.get());
  g_source_remove(on_int);
  g_source_remove(on_term);
  if (run.status == kDone) std::printf("done   %s\n", options.paths.get()[1]);
  return run.status;
}
