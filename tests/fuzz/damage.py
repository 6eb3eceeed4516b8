"""Ways to spoil bytes, and values that no program likes."""

import json
from typing import Any

import numpy as np

HOSTILE: list[Any] = [
    float("nan"), float("inf"), -float("inf"), 0, -1, 1e12, -1e300, 1e-300, 2**31, 2**63, 2**70, 10**4000,
    True, None, "", "x", "5 furlongs", "1e9", "../../etc/passwd", "=1+1", "\u202etxt", "x" * 5000,
    [], {}, [[]], [1, "a"], {"kind": "nothing"}, [[[[[[[[]]]]]]]],
]  # fmt: skip


def spoil(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Bytes with one kind of damage, and its name."""
    size = max(len(content), 1)
    at, length = int(rng.integers(size)), int(rng.integers(1, size // 4 + 2))
    other = bytes(rng.integers(0, 256, length, dtype="u1"))
    ways = {
        "cut": lambda: content[:at],
        "zeros": lambda: content[:at] + bytes(len(content[at : at + length])) + content[at + length :],
        "noise": lambda: content[:at] + other[: len(content[at : at + length])] + content[at + length :],
        "inserted": lambda: content[:at] + other + content[at:],
        "removed": lambda: content[:at] + content[at + length :],
        "flipped": lambda: _flipped(content, rng),
        "head": lambda: _changed_head(content, rng),
        "empty": lambda: b"",
        "doubled": lambda: content + content,
    }
    way = str(rng.choice(list(ways)))
    return f"{way} at {at} of {size}", ways[way]()


def _flipped(content: bytes, rng: np.random.Generator) -> bytes:
    changed = np.frombuffer(content or b"\0", "u1").copy()
    for at in rng.integers(0, len(changed), rng.integers(1, 20)):
        changed[at] ^= 1 << int(rng.integers(8))
    return changed.tobytes()


def _changed_head(content: bytes, rng: np.random.Generator) -> bytes:
    """A number of 4 bytes among the first 400 becomes an extreme one."""
    at = int(rng.integers(0, max(min(len(content) - 4, 400), 1)))
    word = rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]).astype("u4").tobytes()
    return content[:at] + word + content[at + 4 :]


def spoil_data(data: Any, rng: np.random.Generator, times: int = 1) -> tuple[str, Any]:
    """Plain data (of JSON or YAML) with hostile values, or without some entry."""
    data, told = json.loads(json.dumps(data)), []
    for _ in range(times):
        places = list(_places(data))
        if not places:
            break
        holder, key = places[rng.integers(len(places))]
        if rng.random() < 0.2:
            del holder[key]
            told.append(f"without {key}")
        else:
            holder[key] = HOSTILE[rng.integers(len(HOSTILE))]
            told.append(f"{key} = {str(holder[key])[:30]}")
    return ", ".join(told), data


def _places(data: Any) -> Any:
    for key in list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield data, key
        yield from _places(data[key])
