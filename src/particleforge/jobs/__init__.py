"""Run long steps in child processes, which can be cancelled and may crash; see `particleforge.jobs.job`."""
