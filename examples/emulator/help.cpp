// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "help.h"

#include "dialect.h"
#include "looks.h"

namespace emu {
namespace {

constexpr const char* kLooksHelp =
    R"(Looks, selected by words in the prompt: the look with the most matches wins, and a word matches by
its beginning (rainy matches rain). A prompt that is only the name of a look selects it.
)";

constexpr const char* kHelp = R"(
Faults: --fault takes kind:action[=value][*count][@nth], separated by commas, or @FILE with one
or more per line. Kinds: create, poll, content, result (the link). Requests of each kind are
counted from 1; a rule applies to count requests (default 1; a bare * = all) from the nth on, or
after the previous rule of that kind.
  STATUS[=SECONDS]  this status with its documented body, and Retry-After
  retry-after=N     429 with Retry-After: N
  drop              close without a reply; a create is not accepted
  drop-early        create: reset while the body is being received
  drop-after        create: accept the job, then close without a reply
  hang              never reply
  html              a gateway's 502 page
  empty             200 without a body
  garbage           200 with truncated JSON
  truncate          the full Content-Length, half of the body, then close
  slow=SECONDS      the body in small pieces (default 5)
  fail=MESSAGE      create: the task is accepted and fails
  moderated         create: the task is accepted and blocked by content rules
  wrong-type        content, result: an HTML page instead of the MP4
  redirect          302 to a second port, another origin that needs no key

Command: --command runs a program of yours as the model, without a shell. In its arguments {in},
{out}, {prompt}, {seconds}, {width}, {height} are filled in. Lines "progress N" (0 to 100) on its
stdout are reported; if it fails, the last line of its stderr is the task's error. {image} is the
file of the first image; {in} and {image} are empty if there is none.

Results: a request sets the length and size of its result. If the reference's length and the bought
seconds differ by less than half a second, the reference's length is used. --size, --stretch and --fps
override the request: --size scales the video without cropping; --stretch plays the same frames and
the audio faster or slower. The look identity neither cuts nor pads, and ignores the length, size and
aspect ratio of the request: if these three options change nothing, the result is the reference byte for byte;
otherwise (without --fps) it has all its frames, with timestamps multiplied by FACTOR. A --command
gets --size and --stretch through {width}, {height} and {seconds}.

Chance: --service-time MIN-MAX, --fail-rate and --slow-rate use random numbers for each job, which
depend only on --seed and on the number of jobs accepted before. A job that fails by chance fails at
the end of its service time. If jobs are sent concurrently, the order of their arrival decides which
job gets which numbers.

Without a reference a landscape is painted from the prompt, or the images of the request are shown
in slow motion: the first image, or the first frame fading into the last. References and images by
URL are fetched when the job starts; if one cannot be fetched or decoded, the task fails.

State folder: reference-ID.mp4, image-ID-N, result-ID.mp4, and requests.jsonl with one line per request
(method, path without query, status, bytes, whether it had an Authorization header, and for creates
the body with data URIs shortened).

Examples:
  omni-emulator --port 8080
  omni-emulator --provider apimart --reply string --service-time 20
  omni-emulator --look identity --service-time 0.5-4 --fail-rate 0.1 --slow-rate 0.05 --slow-time 30
  omni-emulator --look identity --size 640x360 --stretch 0.97 --seed 7
  omni-emulator --port 0 --service-time 20 --concurrency 4 --fault 'create:429=3*2,poll:500'
  omni-emulator --state ./jobs --command 'my-model --in {in} --out {out} --prompt {prompt}'

This is an emulator: it applies GStreamer effects to the reference, or paints. No AI model is involved.
)";

/// Each provider's first form is its default.
constexpr NamedForm kForms[] = {
    {Provider::octopusx, "video_url", ReplyForm::video_url, "flat, \"video_url\""},
    {Provider::octopusx, "data", ReplyForm::data, "flat, \"data\":[{\"url\"}]"},
    {Provider::octopusx, "metadata", ReplyForm::metadata, "flat, \"metadata\":{\"url\"}"},
    {Provider::octopusx, "content", ReplyForm::content, "flat, no link: request /content"},
    {Provider::octopusx, "task", ReplyForm::task, "wrapped, \"data\":{\"url\"}"},
    {Provider::octopusx, "dto", ReplyForm::dto, "wrapped, SUCCESS, \"50%\", \"result_url\""},
    {Provider::octopusx, "nested", ReplyForm::nested, "wrapped twice, \"content\":{\"video_url\"}"},
    {Provider::omnirouters, "flat", ReplyForm::flat,
     "the upstream's body: its words, its task_id, \"video_url\""},
    {Provider::omnirouters, "bare", ReplyForm::bare, "{\"id\"} at the first poll, then as flat"},
    {Provider::omnirouters, "urls", ReplyForm::urls, "as flat, \"urls\":[...]"},
    {Provider::omnirouters, "output", ReplyForm::output,
     "as flat, \"output\":{\"file_infos\":[{\"file_url\"}]}"},
    {Provider::omnirouters, "result", ReplyForm::result, "as flat, \"result\":{\"url\"}"},
    {Provider::omnirouters, "wrapped", ReplyForm::wrapped,
     "wrapped, SUCCESS, \"30%\", \"result_url\", \"id\":1"},
    {Provider::omnirouters, "artifacts", ReplyForm::artifacts,
     "SUCCESS, no link: request /v1/tasks/ID/artifacts or /content"},
    {Provider::apimart, "array", ReplyForm::array, "\"result\":{\"videos\":[{\"url\":[...]}]}"},
    {Provider::apimart, "string", ReplyForm::string, "the same, \"url\" is a string"},
    {Provider::apimart, "early", ReplyForm::early,
     "as array, but present before the video exists (the link returns 404)"},
};

std::string forms_help() {
  std::string text =
      "Replies: --reply FORM. Each provider has its own forms; the first is the default.\n"
      "omnirouters: /v1/video/generations always replies as wrapped, /v1/tasks/ID always as\n"
      "artifacts.\n";
  const char* last = "";
  for (const NamedForm& form : kForms) {
    const char* provider = dialect_of(form.provider).name();
    if (std::string_view(provider) != last) text.append("  ").append(provider).append("\n");
    last = provider;
    text.append("    ").append(form.name).append(12 - std::string_view(form.name).size(), ' ');
    text.append(form.description).append("\n");
  }
  return text + "\n";
}

}  // namespace

std::span<const NamedForm> reply_forms() {
  return kForms;
}

std::string help_text() {
  std::string text = forms_help() + kLooksHelp;
  for (const Look& look : looks()) {
    text.append("  ").append(look.name).append(14 - std::string_view(look.name).size(), ' ');
    text.append(look.description).append("\n");
    if (look.words[0]) text.append(16, ' ').append(look.words).append("\n");
  }
  return text + kHelp;
}

}  // namespace emu
