// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// GObject properties from a table: each row names the member of a settings structure, and
// installing, setting and getting follow from that. Does no locking.
#pragma once

#include <gst/gst.h>

#include <array>
#include <string>
#include <type_traits>
#include <variant>

#include "service/redact.h"

namespace omni {

inline constexpr GParamFlags kMutablePlaying = static_cast<GParamFlags>(
    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
inline constexpr GParamFlags kMutableReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

inline std::string string_of(const GValue* value) {
  const char* text = g_value_get_string(value);
  return text ? text : "";
}

/// One row. The default values of the members of `Settings` are those of the properties.
template <class Settings>
struct Property {
  using StringField = std::string Settings::*;
  using UintField = guint Settings::*;
  using Uint64Field = guint64 Settings::*;
  using BoolField = gboolean Settings::*;
  /// A URL that is read without user, password and query.
  struct UrlField {
    StringField member;
  };
  struct EnumField {
    GType (*type)();  // null = the type that install() is given
    gint (*get)(const Settings&);
    void (*set)(Settings&, gint);
  };
  /// Anything else.
  struct CustomField {
    GParamSpec* (*spec)(const Property&);
    void (*get)(const Settings&, GValue*);
    void (*set)(Settings&, const GValue*);
  };

  const char* name;
  std::variant<StringField, UintField, Uint64Field, BoolField, UrlField, EnumField, CustomField>
      field;
  GParamFlags flags;
  const char* nick;
  const char* blurb;
  guint64 minimum = 0;  // for numbers
  guint64 maximum = 0;  // 0 = the maximum of the type

  /// The field for a member of an enum class.
  template <auto Member>
  static constexpr EnumField enum_field(GType (*type)()) {
    return {type, [](const Settings& settings) { return static_cast<gint>(settings.*Member); },
            [](Settings& settings, gint value) {
              using Enum = std::remove_reference_t<decltype(settings.*Member)>;
              settings.*Member = static_cast<Enum>(value);
            }};
  }
};

template <class Settings, std::size_t count>
class PropertyTable {
 public:
  using Row = Property<Settings>;

  explicit PropertyTable(const std::array<Row, count>& rows) : rows_(rows) {}

  /// Ids start at `first_id`; returns the first free id after them.
  guint install(GObjectClass* klass, guint first_id, GType enum_type = G_TYPE_INVALID) const {
    guint id = first_id;
    for (const Row& row : rows_)
      g_object_class_install_property(klass, id++, new_spec(row, enum_type));
    return id;
  }

  /// False when `id` is not in this table.
  bool set(Settings& settings, guint id, guint first_id, const GValue* value) const {
    const Row* row = find(id, first_id);
    if (!row) return false;
    std::visit(
        Overloaded{
            [&](typename Row::StringField field) { settings.*field = string_of(value); },
            [&](typename Row::UintField field) { settings.*field = g_value_get_uint(value); },
            [&](typename Row::Uint64Field field) { settings.*field = g_value_get_uint64(value); },
            [&](typename Row::BoolField field) { settings.*field = g_value_get_boolean(value); },
            [&](const typename Row::UrlField& url) { settings.*url.member = string_of(value); },
            [&](const typename Row::EnumField& of) { of.set(settings, g_value_get_enum(value)); },
            [&](const typename Row::CustomField& of) { of.set(settings, value); },
        },
        row->field);
    return true;
  }

  bool get(const Settings& settings, guint id, guint first_id, GValue* value) const {
    const Row* row = find(id, first_id);
    if (!row) return false;
    const auto give = [&](const std::string& text) {
      g_value_set_string(value, text.empty() ? nullptr : text.c_str());
    };
    std::visit(
        Overloaded{
            [&](typename Row::StringField field) { give(settings.*field); },
            [&](typename Row::UintField field) { g_value_set_uint(value, settings.*field); },
            [&](typename Row::Uint64Field field) { g_value_set_uint64(value, settings.*field); },
            [&](typename Row::BoolField field) { g_value_set_boolean(value, settings.*field); },
            [&](const typename Row::UrlField& url) {
              give(redact_typed_url(settings.*url.member));
            },
            [&](const typename Row::EnumField& of) { g_value_set_enum(value, of.get(settings)); },
            [&](const typename Row::CustomField& of) { of.get(settings, value); },
        },
        row->field);
    return true;
  }

 private:
  template <class... Cases>
  struct Overloaded : Cases... {
    using Cases::operator()...;
  };
  template <class... Cases>
  Overloaded(Cases...) -> Overloaded<Cases...>;  // clang 16 needs to be told

  const Row* find(guint id, guint first_id) const {
    return id < first_id || id - first_id >= count ? nullptr : &rows_[id - first_id];
  }

  static GParamSpec* new_spec(const Row& row, GType enum_type) {
    const Settings defaults;
    return std::visit(
        Overloaded{
            [&](typename Row::StringField text) {
              const std::string& value = defaults.*text;
              return g_param_spec_string(row.name, row.nick, row.blurb,
                                         value.empty() ? nullptr : value.c_str(), row.flags);
            },
            [&](typename Row::UintField number) {
              return g_param_spec_uint(row.name, row.nick, row.blurb,
                                       static_cast<guint>(row.minimum),
                                       row.maximum ? static_cast<guint>(row.maximum) : G_MAXUINT,
                                       defaults.*number, row.flags);
            },
            [&](typename Row::Uint64Field number) {
              return g_param_spec_uint64(row.name, row.nick, row.blurb, row.minimum,
                                         row.maximum ? row.maximum : G_MAXINT64, defaults.*number,
                                         row.flags);
            },
            [&](typename Row::BoolField flag) {
              return g_param_spec_boolean(row.name, row.nick, row.blurb, defaults.*flag, row.flags);
            },
            [&](const typename Row::UrlField&) {
              return g_param_spec_string(row.name, row.nick, row.blurb, nullptr, row.flags);
            },
            [&](const typename Row::EnumField& of) {
              return g_param_spec_enum(row.name, row.nick, row.blurb,
                                       of.type ? of.type() : enum_type, of.get(defaults),
                                       row.flags);
            },
            [&](const typename Row::CustomField& of) { return of.spec(row); },
        },
        row.field);
  }

  const std::array<Row, count> rows_;
};

}  // namespace omni
