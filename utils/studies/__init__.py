"""The experiments of the paper and further studies: one declaration each, run by one command.

.venv/bin/python -m utils.studies fig2a_local_steps             run it; started again, it resumes
.venv/bin/python -m utils.studies all --dry_run                 calls, tokens and dollars of all figures and tables
.venv/bin/python -m utils.studies table4_uid --smoke            a tiny study on the simulated engine

A study is a grid of settings, declared in one file in `paper/` or `further/`, which is found by its name. It ends with
report.html, figures/, report.csv and report.tex in logs/<paper or further>/<study>/. Its runs are in
logs/<paper or further>/runs/; studies share the runs of equal settings.
"""
