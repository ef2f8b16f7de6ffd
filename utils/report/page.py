"""What every page shares: its look, and small pieces of HTML in which every text is escaped."""

import html
from collections.abc import Sequence
from typing import Any

from utils.report.drawing import Drawing

_SHORT = 28  # characters
_STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5d6878;--rule:#dfe3e9;--accent:#2563c9;
--add:#d9f5e0;--added:#11602c;--cut:#fde3e1;--removed:#9c2118;--warn:#fff1cf;--warned:#6f4a00;
--c0:#2563c9;--c1:#d9622b;--c2:#21875a;--c3:#8a4bc2;--c4:#b08900;--c5:#5d6878;
--c6:#0a8f9c;--c7:#c2407f}
@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--ink:#e6eaf0;--soft:#9aa6b6;--rule:#2e3744;
--accent:#7db0ff;--add:#123a22;--added:#8ee2ab;--cut:#471c1a;--removed:#ffb0a8;--warn:#3d3110;--warned:#ffd978;
--c0:#7db0ff;--c1:#ff9c6b;--c2:#63d29c;--c3:#c79bf2;--c4:#e6c34d;--c5:#9aa6b6;
--c6:#4fd0dc;--c7:#f58bb8}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1280px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:25px;line-height:1.25;margin:0 0 6px;overflow-wrap:anywhere}h2{font-size:18px;margin:0 0 12px}
h3{font-size:15px;margin:18px 0 6px}p{margin:0 0 10px;max-width:80ch}a{color:var(--accent)}.soft{color:var(--soft)}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:18px 20px;margin:16px 0}
.badge{display:inline-block;border-radius:99px;padding:1px 10px;font-size:13px;border:1px solid var(--rule);
margin-right:6px}
.badge.warn,.note{background:var(--warn);color:var(--warned);border-color:transparent}
.note{padding:10px 14px;border-radius:8px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,210px),1fr));gap:12px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px}
.tile b{display:block;font-size:28px;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{font-size:13px;color:var(--soft)}
.verdict{font-size:17px;border-left:4px solid var(--accent);padding-left:12px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,360px),1fr));gap:22px}
figure{margin:0;min-width:0;break-inside:avoid}
svg{width:100%;height:auto;display:block;stroke-linejoin:round;stroke-linecap:butt}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 18px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top}
td.k{white-space:nowrap}td.l{min-width:26ch;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}td.n,th.n{text-align:right;white-space:nowrap}
th button{all:unset;cursor:pointer}th[aria-sort=ascending] button::after{content:" ▲"}
th[aria-sort=descending] button::after{content:" ▼"}th button:focus-visible{outline:2px solid var(--accent)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--page);border:1px solid var(--rule);border-radius:8px;
padding:12px 14px;
margin:6px 0;font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,monospace}
ins{background:var(--add);color:var(--added);text-decoration:none}del{background:var(--cut);color:var(--removed)}
.word{display:inline-block;max-width:100%}
details{border-top:1px solid var(--rule);padding:8px 0}details details{margin-left:16px}
summary{cursor:pointer;overflow-wrap:anywhere}
summary b{font-weight:600}.ok{color:var(--added)}.no{color:var(--removed)}
@media(max-width:520px){main{padding:14px 10px 40px}section{padding:14px 12px}h1{font-size:21px}
.tile b{font-size:24px}
details details{margin-left:8px}.tiles{grid-template-columns:1fr 1fr}.tile{padding:10px 12px}}
@media print{h2,h3,summary{break-after:avoid}
body{background:#fff;color:#000}section,.tile{break-inside:avoid;border-color:#bbb}
main{max-width:none;padding:0}section:has(details,pre){break-inside:auto}.charts{grid-template-columns:1fr 1fr}
.wide{overflow:visible}table{font-size:10px}th,td{padding-right:8px}th,td.k,td.n{white-space:normal}td.l{min-width:0}}
"""


def text(value: Any) -> str:
    """Any value as escaped text. Half surrogates, which no file could hold, become question marks."""
    return html.escape(str(value)).encode("utf-8", "replace").decode()


def page(title: str, body: str) -> str:
    """A whole page in one file: no network, no other file."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<style>{_STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def section(title: str, *content: str) -> str:
    """A card; "" where it would be empty."""
    inner = "".join(content)
    return f"<section><h2>{text(title)}</h2>{inner}</section>\n" if inner else ""


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[int] = ()) -> str:
    """A table; "" without rows.

    Args:
        head: titles of the columns.
        rows: values, escaped here; None shows as a dash.
        numbers: columns set to the right.
    """
    if not rows:
        return ""
    heads = (f'<th class="{"n" if place in numbers else ""}">{text(title)}</th>' for place, title in enumerate(head))
    lines = (f"<tr>{''.join(cell(value, place in numbers) for place, value in enumerate(row))}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def cell(value: Any, number: bool = False) -> str:
    """A cell of a table: short texts stay on one line, long ones get room."""
    shown = "–" if value is None else text(value)
    kind = "n" if number else "k" if len(str(value)) <= _SHORT else "l"
    return f'<td class="{kind}">{shown}</td>'


def share(estimate: dict | None) -> str:
    """An accuracy with its interval and n."""
    if not estimate or estimate["value"] is None:
        return "–"
    low, high = estimate["ci95"]
    return f"{estimate['value']:.3f} [{low:.2f}, {high:.2f}] n = {estimate['n']}"


def tile(name: str, value: str, below: str = "") -> str:
    """A number to be seen first."""
    return f'<div class="tile"><span>{text(name)}</span><b>{text(value)}</b><span>{text(below)}</span></div>'


def folded(summary: str, inner: str, opened: bool = False) -> str:
    """A part that opens at a click. `summary` and `inner` are HTML."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{inner}</details>"


def figure(drawing: Drawing) -> str:
    """Return a drawing as HTML."""
    return f"<figure>{drawing.inline()}</figure>"
