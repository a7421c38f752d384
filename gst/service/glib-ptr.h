// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Owning pointers for GLib types. Every GLib object that this project holds is in one of these.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <utility>

namespace omni {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

using CharPtr = std::unique_ptr<char, FreeWith<&g_free>>;
using ErrorPtr = std::unique_ptr<GError, FreeWith<&g_error_free>>;
using UriPtr = std::unique_ptr<GUri, FreeWith<&g_uri_unref>>;

/// A counted reference. A copy takes another one; `adopt` takes over one that the caller owns
/// ("transfer full"), `share` takes a new one ("transfer none").
template <class T, auto RefFunction, auto UnrefFunction>
class RefPtr {
 public:
  RefPtr() = default;
  RefPtr(std::nullptr_t) {}
  RefPtr(const RefPtr& other) : pointer_(other.pointer_) {
    if (pointer_) RefFunction(pointer_);
  }
  RefPtr(RefPtr&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(pointer_, other.pointer_);
    return *this;
  }
  ~RefPtr() {
    if (pointer_) UnrefFunction(pointer_);
  }

  static RefPtr adopt(T* pointer) {
    RefPtr result;
    result.pointer_ = pointer;
    return result;
  }
  static RefPtr share(T* pointer) {
    if (pointer) RefFunction(pointer);
    return adopt(pointer);
  }

  T* get() const { return pointer_; }
  T* release() { return std::exchange(pointer_, nullptr); }
  explicit operator bool() const { return pointer_ != nullptr; }

 private:
  T* pointer_ = nullptr;
};

template <class T>
using ObjectPtr = RefPtr<T, &g_object_ref, &g_object_unref>;
using BytesPtr = RefPtr<GBytes, &g_bytes_ref, &g_bytes_unref>;
using MainContextPtr = RefPtr<GMainContext, &g_main_context_ref, &g_main_context_unref>;
using MainLoopPtr = RefPtr<GMainLoop, &g_main_loop_ref, &g_main_loop_unref>;

/// A GSource that is destroyed together with its handle.
class SourceHandle {
 public:
  SourceHandle() = default;
  explicit SourceHandle(GSource* adopted) : source_(adopted) {}
  SourceHandle(SourceHandle&& other) noexcept : source_(std::exchange(other.source_, nullptr)) {}
  SourceHandle& operator=(SourceHandle&& other) noexcept {
    std::swap(source_, other.source_);
    return *this;
  }
  ~SourceHandle() { reset(); }

  GSource* get() const { return source_; }
  explicit operator bool() const { return source_ != nullptr; }
  void reset() {
    GSource* source = std::exchange(source_, nullptr);
    if (!source) return;
    g_source_destroy(source);
    g_source_unref(source);
  }

 private:
  GSource* source_ = nullptr;
};

}  // namespace omni
