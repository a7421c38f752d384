# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What the tests in Python share: a server in their own process, waiting for something and for processes,
and how their cases are run and counted."""
import contextlib
import http.server
import itertools
import os
import socket
import subprocess
import threading
import time
import unittest

# s, for what hangs; more where everything is slower, as for the cases in C++.
PATIENCE = 120 * int(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
PORTS = range(20000, 32768)  # below those that the kernel gives away by itself
PORTS_OF_ONE_PROCESS = 64
drawn = itertools.count()


class LocalServer(http.server.ThreadingHTTPServer):
    """Answers on loopback, in the background, from start() until close(), or to the end of a `with`."""
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def environment_with(**more):
    """Ours, without proxies: what is asked for is on this machine."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**clean, **more}


def free_ports(count):
    """So many ports on loopback to listen on, for TCP as for UDP. Neither a connection nor another test comes
    upon them by chance, for processes that run at the same time begin at different places."""
    ports = []
    with contextlib.ExitStack() as held:
        for _ in PORTS:
            if len(ports) == count:
                return ports
            port = PORTS[(os.getpid() * PORTS_OF_ONE_PROCESS + next(drawn)) % len(PORTS)]
            try:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    raise AssertionError("there are no free ports")


def free_port():
    return free_ports(1)[0]


def wait_until(condition, what):
    """The first value of the condition that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited in vain until {what}")


def output_of(process, text=None):
    """What it says until it ends by itself; its returncode is set then. `text` is its input."""
    try:
        return process.communicate(text, timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError("hangs: " + process.communicate()[0][-2000:]) from None


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_cases(names, *cases):
    """Runs all of these test cases, or those of the first one that are named; ends with a line that counts."""
    suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, cases))
    if names:
        suite = unittest.TestSuite(cases[0](name) for name in names)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    # A case of several parts may fail in each, and counts once.
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    ran = result.testsRun - len(result.skipped)
    for test, why in result.skipped:
        print(f"skipped: {test.id().rpartition('.')[2]}: {why}")
    print(f"{100 * (ran - failed) // max(1, ran)}%: Checks: {ran}, Failures: {failed}, Errors: 0", flush=True)
    return 0 if result.wasSuccessful() and result.testsRun else 1
