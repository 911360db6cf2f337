"""Other processes of a test, as real as any: forked from a small server that has imported the
program, which takes a process longer than all that it then does, and that holds no connection."""

from __future__ import annotations

import multiprocessing

others = multiprocessing.get_context("forkserver")
others.set_forkserver_preload(["booking", "tests.make"])
