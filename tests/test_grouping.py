"""Groups in points agree with scikit-learn, and know their edges."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

from kamlib.grouping import adjusted_rand, distances, k_means, mixture, nearest, silhouette


def cloud(seed=0, n=90, centres=3, apart=6.0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, 3)) + apart * np.repeat(np.eye(3)[:centres], n // centres, axis=0)


@pytest.mark.parametrize("apart", [0.0, 2.0, 6.0])
def test_centres_are_as_good_as_those_of_scikit_learn(apart):
    points = cloud(apart=apart)
    ours = ((points - k_means(points, 3)[nearest(points, k_means(points, 3))]) ** 2).sum()
    theirs = KMeans(3, n_init=20, random_state=0).fit(points).inertia_
    assert ours <= theirs * 1.02


@pytest.mark.parametrize("k", [2, 3, 5])
def test_silhouette_agrees_with_scikit_learn(k):
    points = cloud(k)
    labels = np.random.default_rng(k).integers(0, k, len(points))
    labels[0] = k  # one point alone in its group
    assert silhouette(distances(points), labels) == pytest.approx(silhouette_score(points, labels))


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_rand_agrees_with_scikit_learn(seed):
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 4, 50), random.integers(0, 3, 50)
    assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second))
    assert adjusted_rand(first, first) == 1
    assert adjusted_rand(np.zeros(5, int), np.zeros(5, int)) == adjusted_rand_score([0] * 5, [0] * 5)


def test_the_mixture_agrees_with_scikit_learn_on_separate_groups():
    points = cloud()
    labels, bic = mixture(points, 3)
    theirs = GaussianMixture(3, covariance_type="diag", reg_covar=1e-2, random_state=0, tol=1e-6).fit(points)
    assert adjusted_rand(labels, theirs.predict(points)) == 1
    assert bic == pytest.approx(theirs.bic(points), rel=1e-3)


def test_more_separate_groups_have_the_lower_bic():
    points = cloud()
    assert mixture(points, 3)[1] < min(mixture(points, 2)[1], mixture(points, 6)[1])


def test_edges_alike_points_and_a_single_group():
    alike = np.ones((6, 2))
    assert len(set(nearest(alike, k_means(alike, 2)))) == 1
    assert np.isnan(silhouette(distances(alike), np.zeros(6, int)))
    assert silhouette(distances(alike), np.array([0, 0, 0, 1, 1, 1])) == 0
    assert np.isfinite(mixture(alike, 2)[1])


def test_the_same_seed_gives_the_same_groups_and_points_stay_unchanged():
    points = cloud(apart=1)
    before = points.copy()
    assert (k_means(points, 4, seed=2) == k_means(points, 4, seed=2)).all()
    assert (points == before).all()
