"""Answers requests about hostile files, in a process with limits of memory and processor time.

Each request is a line of JSON, the arguments of a command; each answer its exit code and what it wrote.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import traceback

from click.testing import CliRunner

MEMORY = 3 << 29
"""Bytes of a request, beyond what the process takes before; an honest one takes a tenth."""

SECONDS = 30
"""Processor time of a request; an honest one takes a few."""


def main() -> None:
    """Answer until there are no more requests."""
    import lightgbm  # noqa: F401 - before the limit, as the libraries map much memory
    import onnxruntime  # noqa: F401
    import pandas  # noqa: F401
    import sklearn.ensemble  # noqa: F401
    import skops.io  # noqa: F401
    import xgboost  # noqa: F401

    from recourse.cli.main import main as command

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        # what a request may take, beyond what the process has by now
        gc.collect()
        with open("/proc/self/statm", encoding="ascii") as file:
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, resource.RLIM_INFINITY))
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = int(usage.ru_utime + usage.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY))
        result = CliRunner().invoke(command, json.loads(line), prog_name="recourse")
        error = result.exception
        if error is not None and not isinstance(error, SystemExit):
            stderr = "".join(traceback.format_exception(error))
            answer = (70, result.stdout, stderr)
        else:
            answer = (result.exit_code, result.stdout, result.stderr)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
