import pytest

from particleforge.errors import Cancelled
from particleforge.step import Progress, run, stepwise


class Counting:
    """A step that counts up and notes that it was closed."""

    def __init__(self, fail_at=None):
        self.closed = 0
        self.reached = 0
        self.fail_at = fail_at

    def steps(self, total):
        try:
            for self.reached in range(1, total + 1):
                if self.reached == self.fail_at:
                    raise OSError("disk")
                yield Progress(self.reached, total)
            return "result"
        finally:
            self.closed += 1


def test_a_step_runs_to_its_end_and_reports_everything():
    step, seen = Counting(), []
    assert run(step.steps(3), seen.append) == "result"
    assert [(p.done, p.total) for p in seen] == [(1, 3), (2, 3), (3, 3)]
    assert step.closed == 1


def test_an_error_closes_the_step():
    step = Counting(fail_at=2)
    with pytest.raises(OSError, match="disk"):
        run(step.steps(3))
    assert (step.closed, step.reached) == (1, 2)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_of_the_report_closes_the_step(error):
    step = Counting()

    def report(progress):
        raise error

    with pytest.raises(error):
        run(step.steps(3), report)
    assert (step.closed, step.reached) == (1, 1)


def test_cancelling_closes_the_step_between_two_reports():
    step, seen = Counting(), []
    with pytest.raises(Cancelled):
        run(step.steps(5), seen.append, lambda: len(seen) == 2)
    assert (step.closed, step.reached) == (1, 2)


def test_cancelled_before_the_start_nothing_is_done():
    step = Counting()
    generator = step.steps(5)
    with pytest.raises(Cancelled):
        run(generator, cancelled=lambda: True)
    assert step.reached == 0
    assert list(generator) == []


def test_a_stepwise_function_is_both_function_and_step():
    @stepwise
    def double(value, times=1):
        """Double it."""
        for i in range(times):
            value *= 2
            yield Progress(i, times)
        return value

    assert double(3) == run(double.steps(3)) == 6
    assert double(3, times=2) == 12
    assert [p.done for p in double.steps(3, times=2)] == [0, 1]
    assert (double.__name__, double.__doc__) == ("double", "Double it.")
