"""The results of one study, stored apart from the drawing of them."""

import json
import math
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reporting.verdicts.claims import Claim
from training.store.archive import stored_hash
from training.store.files import write_atomically

FILE_NAME = "findings.json"

# JSON has no such numbers; a text cell of the same spelling is read as the number.
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class FindingsError(ValueError):
    """Stored findings that are missing or damaged."""


@dataclass(frozen=True)
class Table:
    """Numbers for the reader: `rows` of cells (text, number, truth value or None) under `columns`.

    Raises:
        ValueError: If a row has not one cell for each column.
    """

    title: str
    columns: list[str]
    rows: list[list[Any]]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.title!r} has {len(self.columns)} columns but a row of {len(row)}"
                )


@dataclass(frozen=True)
class Figure:
    """A drawn figure: files NAME.svg and NAME.png beside the findings.

    One that is `animated` has NAME.webp too, which moves; the others are its last frame.
    """

    name: str
    caption: str
    alt: str
    animated: bool = False


@dataclass(frozen=True)
class Chart:
    """Curves to zoom into in the page; their numbers are in NAME.chart.json beside the findings."""

    name: str
    title: str
    caption: str


@dataclass(frozen=True)
class Network:
    """A network that a study trains, and how.

    Args:
        methods: The methods that train it, in words.
        line: The network in one line, such as "28×28 → dense 128, ReLU → dense 10".
        training: How it is trained, in one line: loss, optimizer, learning rate, batch size,
            epochs or iterations.
        parameters: Number of its trainable parameters.
        layers: Rows of [name, kind, output shape, parameters], as Keras's `model.summary()`.
    """

    methods: str
    line: str
    training: str
    parameters: int
    layers: list[list[Any]]


@dataclass(frozen=True)
class Findings:
    """What one study found.

    Args:
        study: Name of the study, which is also its folder's.
        title: Title for the reader.
        question: What the study asks.
        says: What the source says.
        sources: Where, such as ["A 3.2-3.4", "E"].
        preset: "quick" or "paper".
        seeds: Number of seeds; 0 for a study that computes the same for every seed.
        data: For each dataset its name, source ("real" or "stand-in") and fingerprint.
        claims: The statements with their verdicts.
        tables: Tables of numbers.
        figures: The figures, in order.
        provenance: Versions, processor, commit: name → value.
        command: The command that runs the study again.
        charts: The charts to zoom into, in order.
        networks: The networks that the study trains.
        drawn_from: `stored_hash` of the results they were drawn from; "" if unknown.
    """

    study: str
    title: str
    question: str
    says: str
    sources: list[str]
    preset: str
    seeds: int
    data: list[dict[str, str]]
    claims: list[Claim]
    tables: list[Table]
    figures: list[Figure]
    provenance: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    charts: list[Chart] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    drawn_from: str = ""

    def save(self, folder: str | os.PathLike) -> Path:
        """Write `findings.json` into `folder` in one step, and return its path."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_to_json(asdict(self)), indent=1, ensure_ascii=False, allow_nan=False)
        path = folder / FILE_NAME
        write_atomically(path, (text + "\n").encode())
        return path

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Findings":
        """Read what `save` wrote.

        Raises:
            FindingsError: If the file is missing or damaged.
        """
        path = Path(folder) / FILE_NAME
        try:
            facts = _from_json(json.loads(path.read_text(encoding="utf-8")))
            facts["claims"] = [Claim(**claim) for claim in facts["claims"]]
            facts["tables"] = [Table(**table) for table in facts["tables"]]
            facts["figures"] = [Figure(**figure) for figure in facts["figures"]]
            facts["charts"] = [Chart(**chart) for chart in facts.get("charts", [])]
            facts["networks"] = [Network(**network) for network in facts.get("networks", [])]
            return cls(**facts)
        except FileNotFoundError:
            raise FindingsError(f"{path} does not exist: run the study first") from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise FindingsError(
                f"{path} is damaged ({error}): run the study again to write it anew"
            ) from None


def is_drawn(folder: str | os.PathLike) -> bool:
    """Whether the findings in a folder were drawn from the results now stored beside them.

    Args:
        folder: Folder of a study in a report; holds stored results.
    """
    try:
        return Findings.load(folder).drawn_from == stored_hash(folder)
    except FindingsError:
        return False


def discard(folder: str | os.PathLike) -> None:
    """Remove the findings in a folder before its figures are drawn again.

    If drawing is then interrupted, the study counts as not drawn, instead of mixing figures of two
    drawings.
    """
    (Path(folder) / FILE_NAME).unlink(missing_ok=True)


def _to_json(value):
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return _to_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _from_json(value):
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if isinstance(value, str):
        return _NOT_FINITE.get(value, value)
    return value
