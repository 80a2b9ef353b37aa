"""Sample weights: labels that share the same minutes say the same thing more than once."""

import numpy as np


def average_uniqueness(start: np.ndarray, end: np.ndarray, unit: int) -> np.ndarray:
    """Of each label, the mean over its span (start, end] of 1 / labels alive (Lopez de Prado 2018, chapter
    4.4).

    All labels are of one symbol; `unit` is the grain of time in which spans are counted, microseconds.
    """
    if len(start) == 0:
        return np.zeros(0)
    origin = start.min() // unit
    first = start // unit - origin
    beyond = np.maximum(end // unit - origin, first + 1)
    steps = np.zeros(beyond.max() + 1, dtype=np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, beyond, -1)
    alive = np.cumsum(steps)[:-1]
    share = np.concatenate(([0.0], np.cumsum(1.0 / np.maximum(alive, 1))))
    return (share[beyond] - share[first]) / (beyond - first)
