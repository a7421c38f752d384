# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""A state folder that nobody else has: what another test has paid for is no business of this one."""
import atexit
import shutil
import tempfile


def fresh_state():
    """The path of a new folder, for XDG_STATE_HOME or state-dir. It goes when the test program ends."""
    path = tempfile.mkdtemp(prefix="gst-omni-state-")
    atexit.register(shutil.rmtree, path, True)
    return path
