"""The report, from stored findings and figure files alone: `index.html` and `README.md`."""

import base64
import io
import json
import os
import re
import struct
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reporting.figures import animations, charts
from reporting.findings import FILE_NAME, Findings, FindingsError
from reporting.page.main_statements import main_statements
from reporting.verdicts.claims import SOURCES, VERDICT_MARKS, VERDICTS, Claim
from reporting.verdicts.formatting import format_number

TITLE = "Descent Studies"
MARKS = "<!-- claims -->\n", "<!-- end of claims -->\n"
"""Lines of a file between which `write_claims` writes."""

_TEMPLATES = Path(__file__).parent / "templates"
# A larger SVG may cost the page more than its sharpness is worth: the PNG's pixels are embedded if
# they take less, as WebP, which needs half the bytes.
_LARGEST_SVG = 100_000
_NUMBER = re.compile(
    r"[−+-]?[\d.,]+(×10[⁻\d⁰¹²³⁴⁵⁶⁷⁸⁹]+)?( ?%| s)?( \[.*\])?|—|−?∞|NaN|not finite.*"
)
_LAYER_COLUMNS = "Layer", "Kind", "Output", "Parameters"
_MOST_NETWORKS = 4  # that the page shows at once; of more, the last ones are folded away


class ReportError(ValueError):
    """A file that the report cannot be written into."""


def write(folder: str | os.PathLike, studies: Sequence[str] | None = None) -> Path:
    """Write the report of the studies whose findings lie in subfolders of `folder`.

    Args:
        folder: Holds one folder per study, with its findings.json and figure files. The page
            `index.html`, which is complete in itself, and `README.md`, which links the figure
            files, are written here.
        studies: Names of the studies, in the order to show. Defaults to all, alphabetically.

    Returns:
        The path of `index.html`.

    Raises:
        FindingsError: If findings or the file of a figure or chart are missing or damaged.
    """
    folder = Path(folder)
    findings = _load(folder, studies)
    for found in findings:
        _check_figures(folder, found)
    environment = _environment(folder)
    for template, path in (("page.html", "index.html"), ("README.md", "README.md")):
        text = environment.get_template(template).render(
            title=TITLE, findings=findings, sources=SOURCES, verdicts=VERDICTS
        )
        (folder / path).write_text(text, encoding="utf-8")
    return folder / "index.html"


def write_claims(file: str | os.PathLike, folder: str | os.PathLike) -> None:
    """Write the main statements of a report and their verdicts into a Markdown file.

    `main_statements` chooses them. The table replaces what stands between the two lines of
    `MARKS`.

    Args:
        file: A Markdown file with those lines.
        folder: The folder of the report.

    Raises:
        FindingsError: If findings are missing or damaged.
        ReportError: If the file cannot be read or lacks those lines.
    """
    file, folder = Path(file), Path(folder)
    try:
        before, first, rest = file.read_text(encoding="utf-8").partition(MARKS[0])
    except OSError as error:
        raise ReportError(f"cannot read {file} ({error.strerror}); give another file") from error
    _, last, after = rest.partition(MARKS[1])
    if not last:
        lines = " and ".join(mark.strip() for mark in MARKS)
        raise ReportError(f"{file} lacks the lines {lines}; add them where the table belongs")
    link = Path(os.path.relpath(folder / "README.md", file.parent)).as_posix()
    table = _environment(folder).get_template("claims.md")
    text = table.render(statements=main_statements(_load(folder)), link=link)
    file.write_text(f"{before}{first}\n{text}\n{last}{after}", encoding="utf-8")


def _load(folder, studies=None):
    if studies is None:
        studies = sorted(path.parent.name for path in folder.glob(f"*/{FILE_NAME}"))
    if not studies:
        raise FindingsError(f"{folder} holds no findings: run a study first")
    return [Findings.load(folder / study) for study in studies]


def _check_figures(folder, found):
    for figure in found.figures:
        suffixes = [".svg", ".png"]
        if figure.animated:
            suffixes.append(animations.SUFFIX)
        for suffix in suffixes:
            path = folder / found.study / f"{figure.name}{suffix}"
            if not path.is_file():
                raise FindingsError(f"{path} does not exist: run the study again to draw it")


def _environment(folder):
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        cell=_cell,
        citations=_citations,
        counts=_counts,
        markdown=_markdown,
        numeric=_numeric,
        stand_in=_stand_in,
    )
    environment.globals.update(
        curves=lambda study, chart: Markup(_script(charts.load(folder / study, chart))),
        embedded=lambda study, name: _embedded(folder / study, name),
        moving=lambda study, name: _moving(folder / study, name),
        vendor=lambda name: Markup((_TEMPLATES / "vendor" / name).read_text(encoding="utf-8")),
        size=lambda study, name: _size(folder / study / f"{name}.png"),
        marks=VERDICT_MARKS,
        LAYER_COLUMNS=_LAYER_COLUMNS,
        MOST_NETWORKS=_MOST_NETWORKS,
    )
    return environment


def _embedded(folder, name):
    """Return a figure as a data URL."""
    sharp = _svg_url((folder / f"{name}.svg").read_text(encoding="utf-8"))
    if len(sharp) <= _LARGEST_SVG:
        return sharp
    from PIL import Image

    data = io.BytesIO()
    with Image.open(folder / f"{name}.png") as image:
        # With lossless=True, quality is the effort of compressing.
        image.save(data, "WEBP", lossless=True, method=3, quality=50)
    return min(sharp, _data_url(data.getvalue(), "webp"), key=len)


def _moving(folder, name):
    """Return an animation as a data URL."""
    return _data_url((folder / f"{name}{animations.SUFFIX}").read_bytes(), "webp")


def _data_url(data, kind):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _svg_url(text):
    """Return an SVG as a data URL that can be quoted, a quarter shorter than in Base64."""
    from markupsafe import Markup

    quoted = quote(" ".join(text.split()), safe=" <>/:;=,'()")
    return Markup(f"data:image/svg+xml,{quoted}")


def _script(data):
    """Return JSON for a script element: no `</script>` in a text can end it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _size(png):
    """Return width and height in pixels, from the PNG's header."""
    with png.open("rb") as file:
        return struct.unpack(">16x2I", file.read(24))


def _counts(claims: Sequence[Claim]) -> list[tuple[str, int]]:
    """Count the verdicts that occur, in the order of `VERDICTS`."""
    counts = Counter(claim.verdict for claim in claims)
    return [(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]]


def _citations(source: str) -> list[tuple[str | None, str]]:
    """Split "A 3.5, E" into (letter, text) parts; the letter is None for other text."""
    parts = re.split(r"(\b[A-E]\b(?: [\w.\-–]+)?)", source)
    return [(part[0] if index % 2 else None, part) for index, part in enumerate(parts) if part]


def _stand_in(found: Findings) -> list[str]:
    """Name the datasets that are stand-ins."""
    return [data["name"] for data in found.data if data["source"] == "stand-in"]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else format_number(value)


def _numeric(rows: Sequence[Sequence[Any]], column: int) -> bool:
    """Return whether a column holds numbers, which are aligned right."""
    return all(_NUMBER.fullmatch(_cell(row[column])) for row in rows)


def _markdown(text: str) -> str:
    """Escape text for one line or table cell of Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>|#~$&])", r"\\\1", " ".join(str(text).split()))
