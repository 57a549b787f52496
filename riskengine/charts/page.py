"""A page of pictures and tables in one file: no script, no link, nothing fetched; prints on A4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.charts.svg import shown
from riskengine.charts.table import Table, as_list

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Section", "Table", "as_list", "html_page"]

_LONGEST: Final = 4000
_STYLE: Final = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #ffffff; max-width: 54rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #d9d9d9; padding-bottom: .2rem; }
p { margin: .6rem 0; overflow-wrap: anywhere; }
ul { padding-left: 1.3rem; }
svg { display: block; max-width: 100%; height: auto; margin: 1rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; line-height: 1.35; margin: .8rem 0; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #d9d9d9;
  vertical-align: top; overflow-wrap: break-word; }
td { font-variant-numeric: tabular-nums; }
@page { size: A4; margin: 18mm; }
@media print {
  body { font-size: 10.5pt; margin: 0; max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  .wide { overflow-x: visible; }
  table { font-size: 8pt; }
  th, td { padding-right: .4rem; }
  svg, tr { break-inside: avoid; }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a page.

    Attributes:
        heading: Its heading; empty for what stands under the page's own.
        paragraphs: Its texts, before the picture.
        chart: A picture from this package, or nothing.
        table: Its numbers, or others; None for none.
        points: A list of short texts, after the paragraphs.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    chart: str = ""
    table: Table | None = None
    points: tuple[str, ...] = ()


def html_page(title: str, sections: Sequence[Section], language: str) -> str:
    """Return a self-contained page: every text in it is escaped, only the pictures are taken as they are.

    Args:
        title: Its heading and its name in the browser.
        sections: Its parts, in their order.
        language: Of its texts, for those who hear it.
    """
    parts = "\n".join(_section(section) for section in sections)
    return (
        f'<!doctype html>\n<html lang="{shown(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Nothing may be fetched or run, even if a text should ever get through unescaped.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{shown(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{shown(title)}</h1>\n{parts}\n</main>\n</body>\n</html>\n"
    )


def html_table(table: Table) -> str:
    """Return a table as HTML, its cells escaped."""
    heads = "".join(f'<th scope="col">{shown(head)}</th>' for head in table.columns)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{shown(cell, _LONGEST)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _section(section: Section) -> str:
    parts = [f"<h2>{shown(section.heading)}</h2>"] if section.heading else []
    parts += [f"<p>{shown(paragraph, _LONGEST)}</p>" for paragraph in section.paragraphs]
    if section.points:
        items = "\n".join(f"<li>{shown(point, _LONGEST)}</li>" for point in section.points)
        parts.append(f"<ul>\n{items}\n</ul>")
    if section.chart:
        parts.append(section.chart)
    if section.table is not None:
        parts.append(html_table(section.table))
    return "<section>\n" + "\n".join(parts) + "\n</section>"
