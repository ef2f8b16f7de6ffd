"""The graph of prompts on the page of a run."""

import dataclasses

import pytest
import toy

import main
from utils.report.graph import prompt_graph
from utils.report.runs import load_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    assert main.main(toy.options(folder)) == 0
    return load_run(folder / "logs" / "run")


def changed(run, round_number, **changes):
    rounds = list(run.results["rounds"])
    rounds[round_number] = rounds[round_number] | changes
    return dataclasses.replace(run, results=run.results | {"rounds": rounds})


def test_each_round_leads_from_a_global_prompt_over_its_clients_to_the_next_one(run):
    graph = prompt_graph(run)
    titles = [node.title for node in graph.nodes]
    clients = ["client 0", "client 1", "client 2"]
    assert titles == ["initial", *clients, "round 1", *clients, "round 2"]
    by_round = [node for node in graph.nodes if not node.title.startswith("client")]
    outlets = {start for start, _ in graph.edges}
    assert len(graph.edges) == 12 and {node.outlet for node in by_round[:2]} < outlets
    assert by_round[2].outlet not in outlets
    assert [node.kind == "best" for node in by_round].index(True) == run.results["best_round"]


def test_nodes_neither_overlap_nor_leave_the_drawing(run):
    uploads = {str(client): {"accepted_steps": 1, "steps": 2} for client in range(30)}
    graph = prompt_graph(changed(run, 2, uploads=uploads))
    corners = [(node.x, node.y) for node in graph.nodes]
    assert all(x >= 0 and x + graph.node_width < graph.width for x, _ in corners)
    assert all(y >= 0 and y + graph.node_height < graph.height for _, y in corners)
    for number, (x, y) in enumerate(corners):
        for other_x, other_y in corners[:number]:
            assert abs(x - other_x) >= graph.node_width or abs(y - other_y) >= graph.node_height


def test_many_clients_are_one_node_with_their_sum(run):
    uploads = {str(client): {"accepted_steps": 1, "steps": 2} for client in range(30)}
    titles = {node.title: node.detail for node in prompt_graph(changed(run, 2, uploads=uploads)).nodes}
    assert titles["22 more clients"] == "22 of 44 steps"


def test_a_round_that_kept_the_old_prompt_is_marked(run):
    other = 1 if run.results["best_round"] == 2 else 2
    graph = prompt_graph(changed(run, other, kept_old="gate"))
    assert [node.title for node in graph.nodes if node.kind == "kept"] == [f"round {other}"]


def test_local_training_has_no_graph(run):
    config = {**run.config, "options": {**run.options, "aggregate_method": "none"}}
    assert prompt_graph(dataclasses.replace(run, config=config)) is None
