"""Run ``python -m particleforge.jobs``: one job, read from stdin."""

import sys

from particleforge.jobs.child import main

if __name__ == "__main__":  # worker processes of a step import this file, too
    sys.exit(main(*sys.argv[1:2]))
