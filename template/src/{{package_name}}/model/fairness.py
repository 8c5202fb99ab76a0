"""Whether the model serves groups of people alike, by the columns that the schema marks as sensitive."""

from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, count
from numpy.typing import NDArray

from ..columns import Columns
from ..schema import Schema
from .judge import Judge
from .slices import groups


def fairness(
    table: Columns,
    schema: Schema,
    truth: NDArray[Any],
    values: NDArray[Any],
    judge: Judge,
    smallest: int,
) -> dict[str, Any] | None:
    """The metric by group for each sensitive column, and the largest gap between two groups.

    Groups with fewer rows than `smallest` are listed but do not count for the gap: chance rules there. A gap is
    None where fewer than two groups are left. All is None if the schema marks no column as sensitive.
    """
    if not schema.sensitive:
        return None
    found: list[dict[str, Any]] = []
    for column in schema.sensitive:
        frame = MetricFrame(
            metrics={judge.by_group: judge.score, "rows": count},
            y_true=truth,
            y_pred=values,
            sensitive_features=groups(table[column.name], column),
        )
        by_group = frame.by_group
        enough = by_group[by_group["rows"] >= smallest][judge.by_group]
        found.append(
            {
                "column": column.name,
                "groups": [
                    {
                        "group": str(name),
                        "rows": int(row["rows"]),
                        judge.by_group: float(row[judge.by_group]),
                    }
                    for name, row in by_group.iterrows()
                ],
                "gap": float(enough.max() - enough.min()) if len(enough) > 1 else None,
            }
        )
    gap = max((entry["gap"] for entry in found if entry["gap"] is not None), default=None)
    # A gap between errors means little without their size; one between shares is read as it is.
    size = 1.0 if judge.larger_is_better[judge.by_group] else judge.score(truth, values)
    relative = None if gap is None else gap / max(size, np.finfo(float).tiny)
    return {"metric": judge.by_group, "columns": found, "gap": gap, "relative_gap": relative}
