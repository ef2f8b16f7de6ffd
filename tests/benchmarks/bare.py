"""Send the requests of a run again through a bare `openai` client: `bare.py CALLS.SQLITE URL WIDTH COUNT`.

Print the seconds of processor time per call, with WIDTH requests in flight, after one request to warm up.
"""

import json
import sqlite3
import sys
import time

import openai
from measured import at_once


def main(path: str, url: str, width: int, count: int) -> None:
    rows = sqlite3.connect(path).execute("SELECT request FROM calls WHERE json_extract(request, '$.model') NOT NULL")
    requests = [json.loads(text) for (text,) in rows.fetchmany(count)]
    client = openai.OpenAI(api_key="sk-benchmark", base_url=url, max_retries=0)

    def ask(request: dict) -> None:
        names = ("model", "messages", "temperature", "top_p", "max_tokens", "seed")
        client.chat.completions.create(**{name: request[name] for name in names}).choices[0].message.content  # noqa: B018

    ask(requests[0])
    before = time.process_time()
    at_once(ask, requests, width)
    print((time.process_time() - before) / len(requests))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
