# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""nginx on loopback, as the calling user and in a folder of its own."""
import os
import socket
import subprocess

from rig import wait_until

CONF = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
  log_format seen '{log}';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
}}
"""


def start_nginx(program, folder, log, http, ports):
    """The process, once all `ports` are open; access.log is written as `log` says, `http` is what
    stands in that block."""
    # As root, nginx would give its worker another user, who may not write in this folder.
    user = "user root root;" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(CONF.format(user=user, folder=folder, log=log, http=http))
    process = subprocess.Popen([program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(conf)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def answers():
        if process.poll() is not None:
            raise AssertionError("nginx does not start: " + process.stderr.read())
        try:
            for port in ports:
                socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    wait_until(answers, "nginx listens")
    return process
