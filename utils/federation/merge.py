"""The server's part of a round: merge the uploads, measure retention, and repair the merged prompt."""

import dataclasses
import functools
import random
from collections.abc import Sequence

from textgrad.concurrency import scope
from textgrad.style import Style
from textgrad.tokens import estimate_tokens
from utils.aggregation.aggregate import Merge, aggregate
from utils.aggregation.client_scores import ClientScores, Counts, Vote
from utils.aggregation.merging import Merging
from utils.aggregation.repair import repair
from utils.federation.racing import Race
from utils.federation.result import Round, overall
from utils.federation.scoring import Evaluation, score_prompts
from utils.federation.setup import Federation
from utils.federation.update import NoUpload
from utils.metrics.judge import judge_fate
from utils.metrics.retention import Retention, retention_by_client


def merge_uploads(federation: Federation, current: Round, race: Race | None = None) -> None:
    """Fill in `aggregated`, `merge`, `retention`, `repaired` and `prompts` of a round with uploads.

    Args:
        federation: engines, validation questions and options.
        current: the round.
        race: finds the best of several candidate merges; None to score each one in full.
    """
    current.aggregated = [update.prompt for update in current.updates]
    with scope(aggregate=True):
        uploads = [update.as_upload() for update in current.updates]
        merge = aggregate(federation.config.aggregate_method, uploads, _merging(federation, current, race))
        current.retention = _retention(federation, current, merge.prompt)
        if federation.config.aggregate_repair:
            merge = _repair(federation, current, merge)
    current.merge, current.prompts = merge, (merge.prompt,)


def _merging(federation: Federation, current: Round, race: Race | None) -> Merging:
    config = federation.config
    return Merging(
        engine=federation.engines.evaluation,
        token_budget=config.prompt_budget,
        fan_in=config.merge_fan_in,
        broadcast=current.broadcast[0],
        rng=random.Random(f"merge {config.seed} {current.number}"),
        validate=functools.partial(_validation_accuracy, federation),
        race=functools.partial(_winner, race) if race else None,
        ask_clients=functools.partial(_ask_clients, federation, current) if config.score_by == "clients" else None,
        vote_epsilon=config.vote_epsilon,
        surprisal=federation.surprisal,
        candidates=config.uid_candidates,
        style=Style(config.style),
        plain=config.merge_form == "plain",
        instruction=config.merge_prompt,
        dynamic_limit=config.dynamic_limit,
        vote_share=config.vote_share,
        min_retention=0.0 if config.aggregate_repair else config.min_retention,
    )


def _validation_accuracy(federation: Federation, prompt: str) -> float:
    """Return the validation accuracy of a candidate prompt; 0 without validation questions."""
    candidate = Evaluation("candidate", "val", (prompt,), federation.engines.test)
    return overall(score_prompts(federation, candidate)).value or 0.0


def _winner(race: Race, prompts: Sequence[str]) -> str:
    """Return the best of several candidate prompts on validation."""
    return race.run([(prompt,) for prompt in prompts], "candidate")[0]


def _ask_clients(federation: Federation, current: Round, prompts: tuple[str, ...]) -> ClientScores:
    """Have the clients that uploaded in a round score candidates. A client without an answer is left out and named."""
    uploaded = {update.client for update in current.updates}
    clients = [client for client in federation.clients if client.number in uploaded]
    results = federation.connection.score(current.number, clients, prompts)
    answers: dict[int, Counts | Vote] = {}
    missing: dict[int, str] = {}
    for client, result in zip(clients, results, strict=True):
        if isinstance(result, NoUpload):
            missing[client.number] = str(result)
        else:
            answers[client.number] = result
    return ClientScores(prompts, answers, missing, federation.config.vote_epsilon)


def _retention(federation: Federation, current: Round, merged: str) -> dict[int, Retention]:
    judge = functools.partial(judge_fate, federation.engines.evaluation) if federation.config.retention_judge else None
    uploads = {update.client: update.prompt for update in current.updates}
    return retention_by_client(uploads, current.broadcast[0], merged, judge)


def _repair(federation: Federation, current: Round, merge: Merge) -> Merge:
    """Return the merge after one more call that adds lost instructions back, and measure its retention again."""
    lost = list(dict.fromkeys(text for retention in current.retention.values() for text in retention.lost))
    prompt = repair(federation.engines.evaluation, merge.prompt, lost, federation.config.prompt_budget)
    if prompt == merge.prompt:
        return merge
    current.repaired = True
    current.retention = _retention(federation, current, prompt)
    return dataclasses.replace(merge, prompt=prompt, tokens_after=estimate_tokens(prompt))
