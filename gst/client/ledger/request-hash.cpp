// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/request-hash.h"

#include "client/job-uploads.h"
#include "client/sha256.h"

namespace omni {

std::string request_hash(const Dialect& dialect, const CreateBody& body,
                         const std::vector<Upload>& uploads, const ByteRope* reference) {
  CreateBody stable = body;
  for (const Upload& upload : uploads) {
    const bool is_reference = upload.bytes.get() == reference;
    place_url(stable, upload.placeholder,
              is_reference || !upload.bytes ? "(reference)" : sha256_hex(*upload.bytes));
  }
  const char* hole = stable.has_hole ? "\n(reference)\n" : "\n";
  return sha256_hex(std::string(dialect.name()) + "\n" + stable.head + hole + stable.tail);
}

}  // namespace omni
