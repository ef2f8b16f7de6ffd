"""Reports of finished runs: a page of HTML, figures, CSV and LaTeX.

.venv/bin/python -m utils.report logs/<run>               report.html, figures/, report.csv and report.tex of a run
.venv/bin/python -m utils.report logs/<a> logs/<b> ...    runs side by side with the paired test, in <a>_vs_<b>/;
                                                          also folders of --repeats: means and differences over seeds
.venv/bin/python -m utils.report logs/                    index.html: all runs, to sort, filter and compare

The end of a run calls `write`.
"""

from utils.report.write import write, write_comparison, write_index, write_page, write_seeds, write_tables

__all__ = ["write", "write_comparison", "write_index", "write_page", "write_seeds", "write_tables"]
