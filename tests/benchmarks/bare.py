"""Repeat the requests of a run with a bare `openai` client: `bare.py CALLS.SQLITE URL WIDTH COUNT`.

Send up to COUNT requests, WIDTH at a time, after one request to warm up. Print the processor time per call in seconds.
"""

import json
import sqlite3
import sys
import time

import openai
from measured import map_in_threads

_FIELDS = ("model", "messages", "temperature", "top_p", "max_tokens", "seed")


def main(path: str, url: str, width: int, count: int) -> None:
    rows = sqlite3.connect(path).execute("SELECT request FROM calls WHERE json_extract(request, '$.model') NOT NULL")
    requests = [json.loads(text) for (text,) in rows.fetchmany(count)]
    client = openai.OpenAI(api_key="sk-benchmark", base_url=url, max_retries=0)

    def send(request: dict) -> None:
        completion = client.chat.completions.create(**{name: request[name] for name in _FIELDS})
        assert completion.choices[0].message.content

    send(requests[0])
    started = time.process_time()
    map_in_threads(send, requests, width)
    print((time.process_time() - started) / len(requests))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
