"""Compiled inner loops: grow an aggregate by joining clusters one after another.

The spheres of a step are ranges of the same arrays, its `span` (start, split, end): those that stay from start to
split, those that join from split to end. Loops are written out, and functions are called from one place if possible,
so that they compile in seconds, not minutes.
"""

import math

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Span = tuple[int, int, int]
STEPS_BACK = np.array([1, 2, 4, 8, 16, 1 << 30])
"""Number of steps undone after the first, second ... failure of the last one; then the list starts again."""
HALVINGS = 8
"""Number of steps in the search for the smallest possible distance between two clusters."""


@compiled()
def moments(
    positions: Doubles, radii: Doubles, masses: Doubles, start: int, end: int, self_term: float, mean: float
) -> tuple[float, float, float, float, float]:
    """Mass, centre and squared radius of gyration; spheres without mass count equally, with the mean radius."""
    total, x, y, z, square = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(start, end):
        by_mass = masses[i] > 0
        mass, own = (masses[i], radii[i]) if by_mass else (1.0, mean)
        a, b, c = positions[i, 0], positions[i, 1], positions[i, 2]
        total += mass
        x, y, z = x + mass * a, y + mass * b, z + mass * c
        square += mass * (a * a + b * b + c * c + self_term * own * own)
    x, y, z = x / total, y / total, z / total
    return total, x, y, z, square / total - x * x - y * y - z * z


@compiled()
def move(positions: Doubles, start: int, end: int, x: float, y: float, z: float) -> None:
    """Add a vector."""
    for i in range(start, end):
        positions[i, 0] += x
        positions[i, 1] += y
        positions[i, 2] += z


@compiled()
def between(positions: Doubles, i: int, j: int) -> tuple[float, float, float]:
    """Vector from one sphere to another."""
    return positions[i, 0] - positions[j, 0], positions[i, 1] - positions[j, 1], positions[i, 2] - positions[j, 2]


@compiled()
def band(apart: float, reach: float, contact: tuple[float, float], away: float) -> tuple[float, float]:
    """Cosines between which two spheres are in contact.

    `apart` is the length of the vector between them if both clusters are at the origin, `away` the shift of one of
    them, and the cosine is that of the angle between vector and shift.
    """
    sums, scale = away * away + apart * apart, 1 / max(2 * away * apart, 1e-12)
    low = max((sums - (contact[1] * reach) ** 2) * scale, -1.0)
    return low, min((sums - (contact[0] * reach) ** 2) * scale, 1.0)


@compiled()
def fill_table(
    positions: Doubles,
    radii: Doubles,
    span: Span,
    contact: tuple[float, float],
    away: float,
    table: Doubles,
) -> tuple[float, float]:
    """Cumulate the areas of the bands of all pairs; return their sum and the largest possible distance with contact."""
    start, split, end = span
    total, far, pair = 0.0, 0.0, 0
    middle = (contact[0] + contact[1]) / 2
    for i in range(start, split):
        for j in range(split, end):
            x, y, z = between(positions, i, j)
            apart, reach = math.sqrt(x * x + y * y + z * z), radii[i] + radii[j]
            far = max(far, apart + middle * reach)
            low, high = band(apart, reach, contact, away)
            total += max(high - low, 0.0)
            table[pair] = total
            pair += 1
    return total, far


@compiled()
def contacts(
    positions: Doubles,
    radii: Doubles,
    span: Span,
    contact: tuple[float, float],
    shift: tuple[float, float, float],
) -> int:
    """Count the pairs in contact when the joining spheres are shifted; 0 where two are closer than allowed."""
    start, split, end = span
    count = 0
    low, high = contact[0] * contact[0], contact[1] * contact[1]
    for j in range(split, end):
        x, y, z = positions[j, 0] + shift[0], positions[j, 1] + shift[1], positions[j, 2] + shift[2]
        for i in range(start, split):
            a, b, c = positions[i, 0] - x, positions[i, 1] - y, positions[i, 2] - z
            square, reach = a * a + b * b + c * c, radii[i] + radii[j]
            if square < high * reach * reach:
                if square < low * reach * reach:
                    return 0
                count += 1
    return count


@compiled()
def place(
    positions: Doubles,
    radii: Doubles,
    span: Span,
    contact: tuple[float, float],
    away: float,
    tries: int,
    rng: np.random.Generator,
    table: Doubles,
) -> tuple[bool, float, float, float, float]:
    """Draw a shift of length `away`, uniform among those with contact and without overlap.

    A pair is drawn in proportion to the area of its band on the sphere of directions, then a place in the band. Places
    in several bands would be drawn too often: one is kept with the probability 1 / contacts.

    Returns
    -------
    Whether one was found, the shift, and the largest distance at which contact is possible.
    """
    start, split, end = span
    total, far = fill_table(positions, radii, span, contact, away, table)
    pairs, joining = (split - start) * (end - split), end - split
    for _ in range(tries if total > 0 else 0):
        share = rng.random() * total
        first, last = 0, pairs - 1
        while first < last:  # the first pair whose cumulated area is above the share
            middle = (first + last) // 2
            if table[middle] > share:
                last = middle
            else:
                first = middle + 1
        i, j = start + first // joining, split + first % joining
        x, y, z = between(positions, i, j)
        apart = math.sqrt(x * x + y * y + z * z)
        low, high = band(apart, radii[i] + radii[j], contact, away)
        x, y, z = (x / apart, y / apart, z / apart) if apart > 0 else (0.0, 0.0, 1.0)
        cosine, angle = low + (high - low) * rng.random(), 2 * math.pi * rng.random()
        sine = math.sqrt(max(0.0, 1 - cosine * cosine))
        u, v = sine * math.cos(angle), sine * math.sin(angle)
        sign = 1.0 if z >= 0 else -1.0  # the frame of Duff et al., JCGT 2017, 6(1)
        a = -1 / (sign + z)
        b = x * y * a
        shift = (
            away * (cosine * x + u * (1 + sign * x * x * a) + v * b),
            away * (cosine * y + u * sign * b + v * (sign + y * y * a)),
            away * (cosine * z - u * sign * x - v * y),
        )
        found = contacts(positions, radii, span, contact, shift)
        if found > 0 and rng.random() * found < 1:
            return True, shift[0], shift[1], shift[2], far
    return False, 0.0, 0.0, 0.0, far


@compiled()
def place_near(
    positions: Doubles,
    radii: Doubles,
    span: Span,
    contact: tuple[float, float],
    away: float,
    tries: int,
    rng: np.random.Generator,
    table: Doubles,
) -> bool:
    """Move the joining spheres to a place `away` from the others; if there is none, at the nearest distance with one.

    The farthest pair always finds contact, and no other can overlap there. Returns whether `away` was possible.
    """
    low, high, asked = away, -1.0, True
    x, y, z, left = 0.0, 0.0, 0.0, HALVINGS
    while left > 0:
        found, a, b, c, far = place(positions, radii, span, contact, away, tries, rng, table)
        if found:
            x, y, z, high = a, b, c, away
            if asked or away < low:
                break
        elif high < 0:
            away, asked = far, False
            continue
        else:
            low = away
        away = (low + high) / 2
        left -= 1
    move(positions, span[1], span[2], x, y, z)
    return asked


@compiled()
def turn(positions: Doubles, start: int, end: int, rng: np.random.Generator) -> None:
    """Rotate around the origin, every orientation equally likely."""
    w, x, y, z = rng.standard_normal(), rng.standard_normal(), rng.standard_normal(), rng.standard_normal()
    s = 2 / (w * w + x * x + y * y + z * z)
    for i in range(start, end):
        a, b, c = positions[i, 0], positions[i, 1], positions[i, 2]
        positions[i, 0] = a - s * (a * (y * y + z * z) - b * (x * y - w * z) - c * (x * z + w * y))
        positions[i, 1] = b - s * (b * (x * x + z * z) - a * (x * y + w * z) - c * (y * z - w * x))
        positions[i, 2] = c - s * (c * (x * x + y * y) - a * (x * z - w * y) - b * (y * z + w * x))


@compiled()
def grow(
    radii: Doubles,
    masses: Doubles,
    steps: Ints,
    targets: Doubles,
    self_term: float,
    contact: tuple[float, float],
    limits: tuple[int, int, int],
    rng: np.random.Generator,
) -> tuple[Doubles, bool]:
    """Positions of an aggregate, and whether its last cluster found a place at the wanted distance.

    Parameters
    ----------
    radii, masses
        Of the spheres, cluster by cluster; masses of 0: all spheres count equally.
    steps
        (m, 3) start, split and end of each step.
    targets
        (m, 2) squared radius of gyration after each step, and mean radius there.
    self_term
        Ratio of a sphere's squared radius of gyration to its squared radius.
    contact
        Smallest and largest distance of spheres in contact, relative to the sum of their radii.
    limits
        Tries per placement; number of first steps that make primary clusters and are never undone; number of steps that
        may be repeated after the last one has found no place.
    rng
        Chooses every place.
    """
    positions = np.zeros((len(radii), 3))
    table = np.empty(len(radii) * len(radii) // 4 + len(radii))
    tries, inner, repeats = limits
    step, failures, exact = 0, 0, True
    while step < len(steps):
        start, split, end = span = steps[step, 0], steps[step, 1], steps[step, 2]
        wanted, mean = targets[step, 0], targets[step, 1]
        mass1, x, y, z, square1 = moments(positions, radii, masses, start, split, self_term, mean)
        move(positions, start, split, -x, -y, -z)
        mass2, x, y, z, square2 = moments(positions, radii, masses, split, end, self_term, mean)
        move(positions, split, end, -x, -y, -z)
        if end - split > 1:
            turn(positions, split, end, rng)
        mass = mass1 + mass2
        square = (mass * mass * wanted - mass * (mass1 * square1 + mass2 * square2)) / (mass1 * mass2)
        away = math.sqrt(max(square, 1e-12))
        exact = place_near(positions, radii, span, contact, away, tries, rng, table) and square > 0
        step += 1
        if step == len(steps) and not exact and repeats > 0:
            back = max(inner, step - STEPS_BACK[failures % len(STEPS_BACK)])
            failures += 1
            repeats -= step - back
            step = back
    return positions, exact
