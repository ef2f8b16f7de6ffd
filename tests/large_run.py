"""A run with very many calls, written without running it."""

import json
import sqlite3

from textgrad.engine.calls.call_log import CallLog
from utils.run_log.trace import Trace, scope_text

TASK = "made"


def write_large_run(folder, rounds=20, clients=25, steps=10, batch=5):
    """Write a run of rounds x clients x steps x 2 x batch requests; return their number."""
    folder.mkdir(parents=True)
    (folder / "prompts").mkdir()
    (folder / "prompts" / "initial.txt").write_text("Answer.")
    options = {"task": [TASK], "module": "train_homo_fed", "aggregate_method": "union"}
    (folder / "config.json").write_text(json.dumps({"options": options, "engines": {"test": {"model": "made"}}}))
    log = CallLog(folder / "calls.sqlite")
    Trace(log, folder.name)
    log.close()
    events, calls, trace = [], [], []
    for number in range(1, rounds + 1):
        for client in range(clients):
            for step in range(1, steps + 1):
                before = {"round": number, "client": client, "step": step, "before": 0.0, "after": 0.2}
                rest = {"n": batch, "accepted": True, "result": "accepted", "reason": "rose", "kind": None}
                events.append({"event": "step", **before, **rest, "prompt": "p", "rewrite": "p"})
                for phase in ("before", "after"):
                    for item in range(batch):
                        key = f"{len(calls):032x}"
                        scope = (("round", number), ("client", client), ("step", step), ("answers", phase))
                        place = (folder.name, scope_text((*scope, ("item", item))), 0, number, client, step, phase)
                        score = float(item == 0 and phase == "after")
                        about = (None, "answer", "test", TASK, "train", item, score, None, key)
                        trace.append((*place, *about))
                        messages = [{"role": "system", "content": "Answer."}, {"role": "user", "content": f"{key}?"}]
                        request = json.dumps({"messages": messages})
                        calls.append((key, request, f"reply {key}", "stop", 10, 5, 0.1, 0.0, ""))
        uploads = {str(client): "p" for client in range(clients)}
        merge = {"calls": 0, "distinct_uploads": 1, "tokens_before": 1, "tokens_after": 1, "fallbacks": [], "flaws": []}
        events.append({"event": "round", "round": number, "uploads": uploads, "merge": merge, "kept_old": ""})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    with sqlite3.connect(folder / "calls.sqlite") as connection:
        connection.executemany(f"INSERT INTO calls VALUES ({', '.join('?' * 9)})", calls)
        connection.executemany(f"INSERT INTO trace VALUES ({', '.join('?' * 16)})", trace)
    return len(trace)
