"""What learners read: rows of features, or windows of rows, without a copy of each."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# Of the graphs that learners make.
OPSET = 15


@dataclass(frozen=True)
class Inputs:
    """Rows of a matrix of features; with a window over 1, each stands for the rows that end with it."""

    matrix: np.ndarray
    row: np.ndarray
    window: int = 1

    def take(self, index: np.ndarray) -> np.ndarray:
        """[index, features], or [index, window, features] with the oldest row first."""
        if self.window == 1:
            return self.matrix[self.row[index]]
        windows = sliding_window_view(self.matrix, self.window, axis=0)
        return np.ascontiguousarray(windows[self.row[index] - self.window + 1].swapaxes(1, 2))
