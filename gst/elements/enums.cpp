#include "elements/enums.h"

#include "elements/settings.h"

namespace omni {

namespace {

const GEnumValue kProviders[] = {
    {0, "OctopusX: omni-fast-v2v, reference sent inline, 4 to 30 s, at most 15 MiB", "octopusx"},
    {0, nullptr, nullptr},
};

const GEnumValue kV2vOnFailure[] = {
    {static_cast<gint>(OnFailure::automatic), "error, unless a live bin says otherwise", "auto"},
    {static_cast<gint>(OnFailure::error), "the element fails with the job's error", "error"},
    {static_cast<gint>(OnFailure::source), "the original clip goes downstream, with a warning",
     "source"},
    {static_cast<gint>(OnFailure::skip), "nothing goes downstream, with a warning", "skip"},
    {0, nullptr, nullptr},
};

const GEnumValue kV2vInputMode[] = {
    {static_cast<gint>(InputMode::stream), "everything up to EOS is one MP4", "stream"},
    {static_cast<gint>(InputMode::buffer),
     "every buffer is one whole MP4; several jobs run at once and leave in order", "buffer"},
    {0, nullptr, nullptr},
};

GType register_enum(const char* name, const GEnumValue* values) {
  const GType type = g_enum_register_static(name, values);
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
  return type;
}

}  // namespace

GType provider_type() {
  static const GType type = register_enum("GstOmniProvider", kProviders);
  return type;
}

GType v2v_on_failure_type() {
  static const GType type = register_enum("GstOmniV2vOnFailure", kV2vOnFailure);
  return type;
}

GType v2v_input_mode_type() {
  static const GType type = register_enum("GstOmniV2vInputMode", kV2vInputMode);
  return type;
}

const char* provider_name(gint value) {
  return kProviders[value].value_nick;
}

gint provider_value(const std::string& name) {
  for (const GEnumValue* value = kProviders; value->value_nick; ++value) {
    if (name == value->value_nick) return value->value;
  }
  return 0;
}

}  // namespace omni
