"""How often a second mode of sizes is supported, and what the decision costs: ``python benchmarks/second_mode.py``.

Draws samples of one log-normal distribution and of two, clear and overlapping ones; processor time per sample.
"""

import argparse
import math
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from particleforge.measurement.statistics.fits.ranking import fits
from particleforge.measurement.statistics.fits.second_mode import MARGIN
from particleforge.measurement.statistics.sizes import Sizes

COUNTS = (30, 50, 113, 300)
CASES = {
    "one mode, GSD 1.25": (26, 26, 1.25),
    "20 and 40 px, GSD 1.15": (20, 40, 1.15),
    "20 and 33 px, GSD 1.2": (20, 33, 1.2),
}


def samples(
    case: tuple[float, float, float], count: int, repeats: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.float64]]:
    fine, coarse, gsd = case
    for _ in range(repeats):
        median = np.where(rng.random(count) < 0.5, fine, coarse)
        yield median * np.exp(math.log(gsd) * rng.standard_normal(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200, help="samples of each case and count")
    repeats = parser.parse_args().repeats
    print("| sizes | particles | AIC lowest | AIC lower by 4 | supported | ms per sample |\n|---|---|---|---|---|---|")
    for name, case in CASES.items():
        for count in COUNTS:
            started = time.process_time()
            drawn = samples(case, count, repeats, np.random.default_rng(count))
            modes = [mode for values in drawn if (mode := fits(Sizes.equal(values)).second_mode)]
            cost = 1000 * (time.process_time() - started) / repeats
            gains = np.array([mode.aic_gain for mode in modes])
            shares = (gains > 0).mean(), (gains >= MARGIN).mean(), np.mean([mode.supported for mode in modes])
            print(f"| {name} | {count} | {' | '.join(f'{share:.1%}' for share in shares)} | {cost:.0f} |", flush=True)


if __name__ == "__main__":
    main()
