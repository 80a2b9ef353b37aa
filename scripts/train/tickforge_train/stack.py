"""How much each member's word counts, learned only from forecasts of rows the members had not learned
from."""

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from .metrics import log_loss

EDGE = 1e-6


def logit(probability: np.ndarray) -> np.ndarray:
    p = np.clip(probability.astype(np.float64), EDGE, 1 - EDGE)
    return np.log(p) - np.log1p(-p)


def logistic_weights(event: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, float]:
    """A logistic meta-learner on the members' logits (stacked generalisation, Wolpert 1992): weights and
    intercept.

    @param probability rows x members, out of fold
    """
    fitted = LogisticRegression(C=1.0, max_iter=1_000).fit(logit(probability), event)
    return fitted.coef_[0], float(fitted.intercept_[0])


def logistic_answer(weights: np.ndarray, intercept: float, probability: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(logit(probability) @ weights + intercept)))


def vote_weights(event: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Weights >= 0 that sum to 1, under which the weighted mean of probabilities has the least log loss: the
    ensemble's vote is such a mean. The loss is convex in the weights, so there is one answer."""
    members = probability.shape[1]
    p = probability.astype(np.float64)

    def slope(weights: np.ndarray) -> np.ndarray:
        mean = np.clip(p @ weights, EDGE, 1 - EDGE)
        return -np.mean(((event - mean) / (mean * (1 - mean)))[:, None] * p, axis=0)

    found = minimize(
        lambda weights: log_loss(event, p @ weights),
        np.full(members, 1 / members),
        jac=slope,
        method="SLSQP",
        bounds=[(0, 1)] * members,
        constraints={
            "type": "eq",
            "fun": lambda weights: weights.sum() - 1,
            "jac": lambda _: np.ones(members),
        },
        options={"ftol": 1e-10},
    )
    weights = np.clip(found.x, 0, None)
    return weights / weights.sum()
