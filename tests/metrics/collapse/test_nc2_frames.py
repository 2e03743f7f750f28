"""NC2, GNC2, NC3 and spectra against loops in numpy, exact frames, and their invariances."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.collapse.gnc2_uniformity import uniformity_metrics
from latephase.metrics.collapse.nc2_frames import frame_metrics, pairwise_cosines
from latephase.metrics.collapse.nc3_duality import duality_metrics
from latephase.metrics.collapse.spectra import spectrum_metrics
from latephase.metrics.singular_values import singular_values
from tests.metrics.class_samples import rotation


def frames(seed=0, classes=6, dimension=9, offset=0.5):
    """Class means and a classifier, random."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda: torch.randn(classes, dimension, generator=generator, dtype=torch.float64)  # noqa: E731
    return draw() + offset, draw()


def measure(means, weight):
    centred = means - means.mean(0)
    return {
        **frame_metrics(means, centred, weight),
        **uniformity_metrics(centred),
        **duality_metrics(weight, centred),
        **spectrum_metrics(weight, centred),
    }


def of_a_frame(rows):
    """What is asked of the means and of W alike, with loops over pairs."""
    count = len(rows)
    unit = lambda a: a / np.sqrt((a**2).sum())  # noqa: E731
    simplex = (np.eye(count) - 1 / count) / np.sqrt(count - 1)
    norms = [math.sqrt(row @ row) for row in rows]
    pairs = [*itertools.combinations(range(count), 2)]
    cosines = [rows[c] @ rows[e] / norms[c] / norms[e] for c, e in pairs]
    distances = [math.dist(unit(rows[c]), unit(rows[e])) for c, e in pairs]
    sigma = np.sqrt(np.linalg.eigvalsh(rows @ rows.T).clip(0))[::-1][: min(rows.shape)]
    share = sigma[sigma > 1e-6 * sigma[0]] / sigma[sigma > 1e-6 * sigma[0]].sum()
    return {
        "etf": np.linalg.norm(unit(rows @ rows.T) - simplex),
        "equinorm": np.std(norms) / np.mean(norms),
        "equiangle": np.std(cosines),
        "max_angle": np.mean([abs(cosine + 1 / (count - 1)) for cosine in cosines]),
        "cosine_min": min(cosines),
        "cosine_max": max(cosines),
        "angle_mean": np.degrees(np.arccos(precise_cosines(rows))).mean(),
        "log": [-math.log(distance) for distance in distances],
        "riesz1": [1 / distance for distance in distances],
        "effective_rank": math.exp(-sum(share * np.log(share))),
        "stable_rank": np.linalg.norm(rows) ** 2 / np.linalg.norm(rows, 2) ** 2,
    }


def precise_cosines(rows):
    """In extended precision, since arccos halves the digits near −1."""
    rows = rows.astype(np.longdouble)
    norms = np.sqrt((rows**2).sum(1))
    pairs = itertools.combinations(range(len(rows)), 2)
    return np.clip([rows[c] @ rows[e] / norms[c] / norms[e] for c, e in pairs], -1, 1)


def brute_force(means, weight):
    means, weight = means.numpy(), weight.numpy()
    m = means - means.mean(0)
    of_means, of_weight = of_a_frame(m), of_a_frame(weight)
    row_sum_free = weight - weight.mean(0)
    unit = lambda a: a / np.sqrt((a**2).sum())  # noqa: E731
    count = len(m)
    simplex = (np.eye(count) - 1 / count) / np.sqrt(count - 1)
    products = [w @ x for w, x in zip(weight, m, strict=True)]
    cosines = [
        w @ x / np.linalg.norm(w) / np.linalg.norm(x) for w, x in zip(weight, m, strict=True)
    ]
    wide = means.shape[0] <= means.shape[1]
    expected = {
        "nc2_etf_weight_centred": of_a_frame(row_sum_free)["etf"],
        "nc2_condition": np.linalg.cond(means) if wide else math.inf,
        "means_angle_mean": of_means["angle_mean"],
        "nc3_duality": np.linalg.norm(unit(weight) - unit(m)),
        "nc3_product": np.linalg.norm(unit(weight @ m.T) - simplex),
        "nc3_product_centred": np.linalg.norm(unit(row_sum_free @ m.T) - simplex),
        "nc3_cosine": np.mean(cosines),
        "unc3": np.var(products, ddof=1),
    }
    for name in ("etf", "equinorm", "equiangle", "max_angle"):
        expected[f"nc2_{name}"] = of_means[name]
        expected[f"nc2_{name}_weight"] = of_weight[name]
    for name in ("cosine_min", "cosine_max", "effective_rank", "stable_rank"):
        expected[f"means_{name}"] = of_means[name]
        expected[f"weight_{name}"] = of_weight[name]
    for name in ("log", "riesz1"):
        expected[f"gnc2_{name}_mean"] = np.mean(of_means[name])
        expected[f"gnc2_{name}_variance"] = np.var(of_means[name])
    return expected


@pytest.mark.parametrize(
    "shape",
    [(6, 9), (2, 5), (3, 2), (8, 3), (10, 64)],  # the 3 in 2 and 8 in 3 dimensions have no simplex
    ids=str,
)
def test_brute_force(shape):
    means, weight = frames(1, *shape)
    metrics = measure(means, weight)
    spectra = {name: metrics.pop(name) for name in ("weight_spectrum", "means_spectrum")}
    assert metrics == pytest.approx(brute_force(means, weight), rel=1e-9, abs=1e-13)
    for name, matrix in (("weight", weight), ("means", means - means.mean(0))):
        expected = np.linalg.svd(matrix.numpy(), compute_uv=False)
        assert spectra[f"{name}_spectrum"] == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-13)
    assert len(spectra["weight_spectrum"]) == min(shape)
    if shape[0] <= shape[1]:
        assert spectra["means_spectrum"][-1] == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_a_simplex_frame(simplex_frame, classes):
    frame = 3 * simplex_frame(classes, 9)
    metrics = measure(frame + torch.arange(9.0), 0.7 * frame)
    for name in (
        *("nc2_etf", "nc2_etf_weight", "nc2_etf_weight_centred", "nc2_equinorm"),
        *("nc2_equinorm_weight", "nc2_equiangle", "nc2_equiangle_weight", "nc2_max_angle"),
        *("nc2_max_angle_weight", "nc3_duality", "nc3_product", "nc3_product_centred", "unc3"),
        *("gnc2_log_variance", "gnc2_riesz1_variance"),
    ):
        assert metrics[name] == pytest.approx(0, abs=1e-13), name
    energy = math.sqrt((classes - 1) / (2 * classes))
    assert metrics["gnc2_riesz1_mean"] == pytest.approx(energy)
    assert metrics["gnc2_log_mean"] == pytest.approx(math.log(energy))
    assert metrics["nc3_cosine"] == pytest.approx(1)
    for name in ("means", "weight"):
        for extreme in ("min", "max"):
            assert metrics[f"{name}_cosine_{extreme}"] == pytest.approx(-1 / (classes - 1))
        assert metrics[f"{name}_effective_rank"] == pytest.approx(classes - 1)
        assert metrics[f"{name}_stable_rank"] == pytest.approx(classes - 1)
    expected = math.degrees(math.acos(-1 / (classes - 1)))
    assert metrics["means_angle_mean"] == pytest.approx(expected, abs=1e-9)


def test_condition_number_is_one_on_an_orthogonal_frame():
    frame = 2.5 * torch.eye(4, 6, dtype=torch.float64)
    assert measure(frame, frame)["nc2_condition"] == pytest.approx(1)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 10))
def test_ranges_and_the_lowest_energy(seed, classes):
    metrics = measure(*frames(seed, classes, 4))
    lowest = math.sqrt((classes - 1) / (2 * classes))
    assert metrics["gnc2_log_mean"] >= math.log(lowest) - 1e-12
    assert metrics["gnc2_riesz1_mean"] >= lowest - 1e-12
    for name in ("nc2_etf", "nc2_etf_weight", "nc2_etf_weight_centred"):
        assert -1e-12 <= metrics[name] <= math.sqrt(2)
    for name, most in (("means", min(classes - 1, 4)), ("weight", min(classes, 4))):
        for rank in ("effective_rank", "stable_rank"):
            assert 1 - 1e-12 <= metrics[f"{name}_{rank}"] <= most + 1e-9
    assert metrics["nc2_condition"] >= 1


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
def test_invariances(seed, scale):
    means, weight = frames(seed)
    before = measure(means, weight)
    turn = rotation(9, seed)
    assert flat(measure(means @ turn, weight @ turn)) == pytest.approx(
        flat(before), rel=1e-8, abs=1e-12
    )
    scaled = measure(scale * means, weight / scale**2)
    scaled["unc3"] *= scale**2
    scaled["means_spectrum"] = [value / scale for value in scaled["means_spectrum"]]
    scaled["weight_spectrum"] = [value * scale**2 for value in scaled["weight_spectrum"]]
    assert flat(scaled) == pytest.approx(flat(before), rel=1e-8, abs=1e-12)

    shifted = measure(means + 5 * scale, weight)
    condition = shifted.pop("nc2_condition")
    assert condition != pytest.approx(before.pop("nc2_condition"), rel=1e-6)
    assert flat(shifted) == pytest.approx(flat(before), rel=1e-7, abs=1e-10)


def flat(metrics):
    """Lists taken apart, for approx."""
    spectra = {k: v for k, v in metrics.items() if isinstance(v, list)}
    values = {k: v for k, v in metrics.items() if k not in spectra}
    return values | {f"{k}{i}": x for k, v in spectra.items() for i, x in enumerate(v)}


def test_a_row_sum_is_an_error_of_w_unless_w_is_centred(simplex_frame):
    """What NC0 measures: the softmax does not see a vector added to all rows of W."""
    frame = simplex_frame(5, 8)
    metrics = measure(frame, frame + 1)
    assert metrics["nc2_etf_weight"] > 0.5
    assert metrics["nc2_etf_weight_centred"] == pytest.approx(0, abs=1e-13)
    assert metrics["nc3_duality"] > 0.5
    assert metrics["nc3_product"] > 0.5
    assert metrics["nc3_product_centred"] == pytest.approx(0, abs=1e-13)


def test_pairwise_cosines_by_hand():
    frame = torch.tensor([[2.0, 0], [0, 3], [-1, 0], [1, 1]], dtype=torch.float64)
    half = math.sqrt(0.5)
    expected = [0, -1, half, 0, half, -half]
    assert pairwise_cosines(frame).tolist() == pytest.approx(expected, abs=1e-15)
    angles = frame_metrics(frame, frame, frame)["means_angle_mean"]
    assert angles == pytest.approx((90 + 180 + 45 + 90 + 45 + 135) / 6, rel=1e-15)


@pytest.mark.parametrize("angle", [1e-9, 1e-4, math.pi - 1e-9])
def test_small_angles_keep_their_digits(angle):
    """arccos of a cosine is 0 below 1e-8, and NaN where the cosine rounds to more than 1."""
    frame = torch.tensor([[3, 0], [math.cos(angle), math.sin(angle)]], dtype=torch.float64)
    metrics = frame_metrics(frame, frame, frame)
    expected = math.degrees(angle)
    assert metrics["means_angle_mean"] == pytest.approx(expected, rel=1e-9, abs=0)
    both = torch.full((2, 7), 0.1, dtype=torch.float64) * torch.tensor([[1.0], [3.0]])
    assert frame_metrics(both, both, both)["means_angle_mean"] == pytest.approx(0, abs=1e-6)


def test_unrelated_classifier_and_means_are_about_root_two_apart():
    """zhao2026's NC3 at initialisation: 1.414 ± 0.010 for ten classes in 512 dimensions."""
    values = [measure(*frames(seed, 10, 512))["nc3_duality"] for seed in range(20)]
    assert np.mean(values) == pytest.approx(math.sqrt(2), abs=0.01)
    assert np.std(values) == pytest.approx(0.010, abs=0.006)


def test_duality_forms_are_not_each_other():
    """NC3 by product is 0 for any inverse of the means: neither W nor M need be a simplex."""
    means, _ = frames(3, 4, 9, offset=0.0)
    centred = means - means.mean(0)
    weight = torch.linalg.pinv(centred).T
    metrics = measure(means, weight)
    assert metrics["nc3_product"] == pytest.approx(0, abs=1e-12)
    assert metrics["nc2_etf"] > 0.1
    assert metrics["nc3_duality"] > 0.1
    assert metrics["unc3"] == pytest.approx(0, abs=1e-24)


def test_undefined_is_nan():
    zero = torch.zeros(3, 5, dtype=torch.float64)
    weight = frames(0, 3, 5)[1]
    dead = measure(zero, weight)
    for name in ("nc2_etf", "nc2_equinorm", "nc2_equiangle", "nc2_max_angle", "means_cosine_min"):
        assert math.isnan(dead[name]), name
    for name in ("gnc2_log_mean", "gnc2_riesz1_variance", "nc3_duality", "nc3_cosine"):
        assert math.isnan(dead[name]), name
    assert math.isnan(dead["means_effective_rank"])
    assert math.isnan(dead["nc2_condition"])
    assert math.isfinite(dead["nc2_etf_weight"])

    # A class mean in the middle has no direction; the frame as a whole still has a shape.
    line = torch.tensor([[1.0, 1], [0, 0], [-1, -1]], dtype=torch.float64)
    flat_line = measure(line, line)
    assert math.isnan(flat_line["nc2_equiangle"])
    assert flat_line["nc2_etf"] == pytest.approx(math.sqrt(2 - math.sqrt(2)))

    single = measure(weight[:1], weight[:1])
    for name in ("nc2_etf", "nc2_equiangle", "nc2_max_angle", "means_cosine_max", "unc3"):
        assert math.isnan(single[name]), name
    assert math.isnan(single["gnc2_log_mean"])


def test_spectra_of_many_classes_are_no_columns():
    assert "weight_spectrum" in measure(*frames(0, 128, 4))
    metrics = measure(*frames(0, 129, 4))
    assert not [name for name in metrics if "spectrum" in name]
    assert metrics["weight_stable_rank"] > 1


def test_singular_values_of_what_is_not_finite():
    values = singular_values(torch.tensor([[1.0, math.inf, 0.0], [0.0, 1.0, 2.0]]))
    assert values.shape == (2,)
    assert values.isnan().all()
