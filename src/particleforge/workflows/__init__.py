"""What the program can do, one verb per file; see `particleforge.verb`."""

from particleforge.verb import Verbs

VERBS = Verbs("command", __name__)
