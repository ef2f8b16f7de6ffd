"""One added file is a complete aggregator: the README's example, and one that scores the uploads."""

import json

import scratch_copy
import toy


def test_the_aggregator_of_the_readme_runs_a_federation_in_a_scratch_copy(tmp_path):
    name, code = scratch_copy.readme_example("utils/aggregation/README.md")
    project = scratch_copy.copy_project(tmp_path / "project")
    (project / name).write_text(code, encoding="utf-8")
    options = toy.options(tmp_path, "--aggregate_method", "by_size", "--partition", "dirichlet", "--alpha", "0.5")
    process = scratch_copy.run_in(project, *options)
    assert process.returncode == 0, process.stdout + process.stderr
    assert scratch_copy.changed_files(project) == [name], "an aggregator is one added file"
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text(encoding="utf-8"))
    sizes = {client: row["train_questions"] for client, row in results["clients"].items()}
    assert len(set(sizes.values())) > 1, "clients of equal size would show nothing"
    largest = max(sizes, key=sizes.get)
    prompts = tmp_path / "logs" / "run" / "prompts"
    upload = (prompts / f"round01_client{int(largest):02d}_upload.txt").read_text(encoding="utf-8")
    merged = (prompts / "round01_merged.txt").read_text(encoding="utf-8")
    assert merged.startswith(upload)
    assert results["rounds"][1]["merge"]["calls"] == 0


BEST_UPLOAD = """
def merge(uploads, merging):
    order = merging.rng.sample(list(uploads), len(uploads))
    return max(order, key=lambda upload: merging.score(upload.prompt)).prompt
"""


def test_an_aggregator_can_score_prompts_on_validation_questions(tmp_path):
    project = scratch_copy.copy_project(tmp_path / "project")
    (project / "utils/aggregation/methods/best_upload.py").write_text(BEST_UPLOAD, encoding="utf-8")
    process = scratch_copy.run_in(project, *toy.options(tmp_path, "--aggregate_method", "best_upload", "--rounds", "1"))
    assert process.returncode == 0, process.stdout + process.stderr
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text(encoding="utf-8"))
    (last,) = results["rounds"][1]["prompts"]
    assert last in {upload["prompt"] for upload in results["rounds"][1]["uploads"].values()}
