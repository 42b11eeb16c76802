"""Draw a model's training, its curves on the evaluated rows, and its calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from components.metrics.evaluation import ThresholdCounts
from pipelines.report.charts.chart import Chart, Series, create_layer, create_line, encode_number
from pipelines.report.charts.drawing import Spec
from pipelines.report.charts.numerals import format_count, format_metric
from pipelines.report.model.model_report import Epoch, ModelCurves, ModelReport, TrainingReport

MAX_CURVE_POINTS = 120
"""More points of a curve can't be told apart at the size that it is drawn."""
_MAX_LISTED_POINTS = 21
_WIDTH = 340
_HEIGHT = 220
_CANDIDATE = Series("candidate", "--series-1", "line")
_CHAMPION = Series("champion", "--series-2", "dashed")
_PERFECT = Series("perfect", "--series-3", "dotted")

Coordinate = Callable[[ThresholdCounts], float | None]
_RATES: Mapping[str, Coordinate] = {
    "False positive rate": lambda counts: counts.false_positive_rate,
    "Recall": lambda counts: counts.recall,
    "Precision": lambda counts: counts.precision,
}


def draw_training(training: TrainingReport) -> tuple[Chart, Chart]:
    """Draw log loss and AUC by epoch, on the training and the validation split."""
    return (
        _draw_epochs(
            training,
            "Log loss by epoch",
            lambda epoch: (epoch.log_loss, epoch.validation_log_loss),
        ),
        _draw_epochs(training, "AUC by epoch", lambda epoch: (epoch.auc, epoch.validation_auc)),
    )


def draw_roc(model: ModelReport) -> Chart | None:
    """Draw the ROC curve, the champion's beside it; None where the model was not evaluated."""
    names = ("False positive rate", "Recall")
    return _draw_curves(model, "ROC curve", names, has_diagonal=True)


def draw_precision_recall(model: ModelReport) -> Chart | None:
    """Draw precision by recall, the champion's beside it; None where it was not evaluated."""
    names = ("Recall", "Precision")
    return _draw_curves(model, "Precision–recall curve", names, has_diagonal=False)


def draw_calibration(model: ModelReport) -> Chart | None:
    """Draw the share of label 1 by score; None where the model was not evaluated."""
    if model.candidate is None or not model.candidate.calibration:
        return None
    bins = model.candidate.calibration
    worst = max(bins, key=lambda one: abs(one.mean_label - one.mean_prediction))
    encoding = _encode_unit_square("mean score of the bin", "share with label 1")
    layers = [_create_diagonal()]
    for curves, series in _list_curves(model):
        values = [
            {"x": round(one.mean_prediction, 4), "y": round(one.mean_label, 4), "rows": one.rows}
            for one in curves.calibration
        ]
        mark = create_line(series, point_size=36 if series is _CANDIDATE else 16)
        layers.append(create_layer(values, mark, **encoding))
    return Chart(
        {"width": _WIDTH, "height": _HEIGHT, "layer": layers},
        "Calibration",
        f"On the diagonal, scores are probabilities; the bin furthest from it has a mean score of "
        f"{worst.mean_prediction:.2f} and {worst.mean_label:.2f} with label 1.",
        ("Scores", "Rows", "Mean score", "Share with label 1"),
        tuple(
            (
                f"{one.low:.3f} to {one.high:.3f}",
                format_count(one.rows),
                format_metric(one.mean_prediction),
                format_metric(one.mean_label),
            )
            for one in bins
        ),
        (*_list_legend(model), _PERFECT),
    )


def thin(points: Sequence[ThresholdCounts], max_points: int) -> list[ThresholdCounts]:
    """Keep at most ``max_points`` (>= 2) points of a curve, spread along it, with its ends."""
    if len(points) <= max_points:
        return list(points)
    step = (len(points) - 1) / (max_points - 1)
    return [points[round(index * step)] for index in range(max_points)]


def find_chosen(model: ModelReport) -> ThresholdCounts | None:
    """Find the confusion matrix at the threshold nearest to the chosen one; None without any."""
    if model.candidate is None or not model.candidate.thresholds:
        return None
    return min(
        model.candidate.thresholds, key=lambda counts: abs(counts.threshold - model.threshold)
    )


def _draw_epochs(
    training: TrainingReport, title: str, read: Callable[[Epoch], tuple[float, float]]
) -> Chart:
    series = (Series("train", "--series-1", "dashed"), Series("validation", "--series-2", "line"))
    numbers = [epoch.number for epoch in training.epochs]
    scale = {"domain": [min(numbers), max(numbers)], "nice": False}
    ticks = {"tickMinStep": 1, "tickCount": 8, "format": "d"}
    x = encode_number("x", "epoch", scale, grid=False, domain=True, ticks=True, **ticks)
    y = encode_number("y", None, {"zero": False}, tickCount=5, ticks=True)
    rule = {"type": "rule", "color": "var(--line-strong)", "strokeWidth": 1.5}
    layers = [create_layer([{"x": training.best_epoch}], rule, x=x)]
    for index, entry in enumerate(series):
        values = [
            {"x": epoch.number, "y": round(read(epoch)[index], 5)} for epoch in training.epochs
        ]
        layers.append(create_layer(values, create_line(entry, point_size=18), x=x, y=y))
    train, validation = map(format_metric, read(training.epochs[training.best_epoch - 1]))
    return Chart(
        {"width": _WIDTH, "height": 180, "layer": layers},
        title,
        f"Kept are the weights of epoch {training.best_epoch} of {len(training.epochs)}: "
        f"{train} on train, {validation} on validation.",
        ("Epoch", "Train", "Validation"),
        tuple(
            (str(epoch.number), *(format_metric(value) for value in read(epoch)))
            for epoch in training.epochs
        ),
        (*series, Series(f"epoch {training.best_epoch}, kept", "--line-strong", "rule")),
    )


def _draw_curves(
    model: ModelReport, title: str, names: tuple[str, str], has_diagonal: bool
) -> Chart | None:
    coordinates = (_RATES[names[0]], _RATES[names[1]])
    chosen = find_chosen(model)
    if model.candidate is None or chosen is None:
        return None
    encoding = _encode_unit_square(*(name.lower() for name in names))
    layers = [_create_diagonal()] if has_diagonal else []
    for curves, series in _list_curves(model):
        values = _list_points(thin(curves.thresholds, MAX_CURVE_POINTS), coordinates)
        layers.append(create_layer(values, create_line(series), **encoding))
    spot = {
        "type": "point",
        "filled": True,
        "size": 70,
        "opacity": 1,
        "color": "var(--series-1)",
        "stroke": "var(--card)",
        "strokeWidth": 1.5,
    }
    layers.append(create_layer(_list_points([chosen], coordinates), spot, **encoding))
    x, y = (read(chosen) for read in coordinates)
    return Chart(
        {"width": _WIDTH, "height": _HEIGHT, "layer": layers},
        title,
        f"At the chosen threshold {model.threshold:g}, the candidate has {names[0].lower()} "
        f"{format_metric(x)} and {names[1].lower()} {format_metric(y)}.",
        ("Threshold", *names),
        tuple(
            (f"{counts.threshold:.3f}", *(format_metric(read(counts)) for read in coordinates))
            for counts in thin(model.candidate.thresholds, _MAX_LISTED_POINTS)
        ),
        (*_list_legend(model), Series("chosen threshold", "--series-1", "dot")),
    )


def _list_points(
    points: Sequence[ThresholdCounts], coordinates: tuple[Coordinate, Coordinate]
) -> list[Spec]:
    """Give the coordinates, in the curve's order, without those that have no value."""
    pairs = (tuple(read(counts) for read in coordinates) for counts in points)
    return [
        {"x": round(x, 4), "y": round(y, 4), "order": order}
        for order, (x, y) in enumerate(pairs)
        if x is not None and y is not None
    ]


def _list_curves(model: ModelReport) -> list[tuple[ModelCurves, Series]]:
    both = ((model.champion, _CHAMPION), (model.candidate, _CANDIDATE))
    return [(curves, series) for curves, series in both if curves is not None]


def _list_legend(model: ModelReport) -> tuple[Series, ...]:
    return (_CANDIDATE,) if model.champion is None else (_CANDIDATE, _CHAMPION)


def _create_diagonal() -> Spec:
    return create_layer(
        [{"x": 0, "y": 0}, {"x": 1, "y": 1}],
        create_line(_PERFECT, strokeWidth=1.5),
        x={"field": "x", "type": "quantitative"},
        y={"field": "y", "type": "quantitative"},
    )


def _encode_unit_square(x_title: str, y_title: str) -> dict[str, Spec]:
    scale = {"domain": [0, 1], "nice": False}
    return {
        "x": encode_number("x", x_title, scale, tickCount=5, grid=True),
        "y": encode_number("y", y_title, scale, tickCount=5, grid=True),
        "order": {"field": "order", "type": "quantitative"},
    }
