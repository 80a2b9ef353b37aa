"""Figures against their definitions, and against scikit-learn's where it has them."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from tickforge_train import metrics, stack
from tickforge_train.clock import DAY

RANDOM = np.random.default_rng(6)
TRUE = RANDOM.uniform(0.2, 0.8, 5_000)
EVENT = (RANDOM.random(5_000) < TRUE).astype(float)


def test_against_scikit_learn() -> None:
    coarse = np.round(TRUE, 2)
    weight = RANDOM.integers(0, 4, 5_000).astype(float)
    assert metrics.auc(EVENT, coarse) == pytest.approx(roc_auc_score(EVENT, coarse))
    assert metrics.auc(EVENT, coarse, weight) == pytest.approx(
        roc_auc_score(EVENT, coarse, sample_weight=weight)
    )
    assert metrics.log_loss(EVENT, TRUE) == pytest.approx(log_loss(EVENT, TRUE))
    assert metrics.brier(EVENT, TRUE) == pytest.approx(brier_score_loss(EVENT, TRUE))


def test_skill_and_calibration_error() -> None:
    rate = np.full(len(EVENT), EVENT.mean())
    assert metrics.brier_skill(EVENT, rate) == pytest.approx(0)
    assert metrics.brier_skill(EVENT, TRUE) > 0.05
    assert metrics.calibration_error(EVENT, TRUE) < 0.03
    assert metrics.calibration_error(EVENT, np.clip(TRUE + 0.1, 0, 1)) == pytest.approx(0.1, abs=0.01)


def test_coverage_is_best_where_confidence_is() -> None:
    deciles = metrics.coverage(EVENT, TRUE)
    assert len(deciles) == 10
    assert deciles[0]["accuracy"] > deciles[9]["accuracy"]
    assert [row["confidence"] for row in deciles] == sorted(
        (row["confidence"] for row in deciles), reverse=True
    )


def test_interval_holds_what_it_is_of_and_days_widen_it() -> None:
    days = np.repeat(np.arange(100), 50) * DAY
    # All rows of a day share their luck.
    luck = np.repeat(RANDOM.normal(size=100), 50)
    event = (luck + RANDOM.normal(size=5_000) * 0.1 > 0).astype(float)
    low, high = metrics.intervals(days, event, np.full(5_000, 0.6), 200)["accuracy"]
    assert low < event.mean() < high
    assert high - low > 0.1
    assert metrics.intervals(days, event, np.full(5_000, 0.6), 200)["accuracy"] == [low, high]


def test_baselines() -> None:
    event, move = np.array([1.0, 1, 0, 0]), np.array([0.5, -0.5, -0.5, 0.0])
    assert metrics.direction_baselines(event, move, 0.6) == {
        "majority": 0.5,
        "repeat": 0.625,
        "reverse": 0.375,
    }


def test_stack_prefers_who_knows() -> None:
    said = np.column_stack([TRUE, RANDOM.uniform(0.2, 0.8, 5_000), 1 - TRUE])
    mean = stack.vote_weights(EVENT, said)
    assert mean.sum() == pytest.approx(1)
    assert mean[0] > 0.95
    assert (mean >= 0).all()
    weights, intercept = stack.logistic_weights(EVENT, said[:, :2])
    assert weights[0] > 0.8 and abs(weights[1]) < 0.2
    answered = stack.logistic_answer(weights, intercept, said[:, :2])
    assert metrics.log_loss(EVENT, answered) < metrics.log_loss(EVENT, said[:, 1])
