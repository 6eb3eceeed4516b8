"""Run ``python -m particleforge.cli``."""

import sys

from particleforge.cli.main import main

sys.exit(main())
