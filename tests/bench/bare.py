"""The bare-bones script that the monitor is held against: fetch, decode, compare, commit, post.

No rules, retries, outbox, history of what was sent, or handling of anything that goes wrong. Run it as
`python -m tests.bench.bare URL WEBHOOK DATABASE INTERVAL_S START_AT`; with an interval of 0 it polls as
many times as each line on standard input says, and prints the CPU seconds of each poll.
"""

import json
import sqlite3
import sys
import time

import httpx
import requests

PATH = "/v1/product/list-for-training-task"


class Script:
    def __init__(self, url: str, webhook: str, database: str) -> None:
        self.client = httpx.Client(base_url=url, headers={"Authorization": "Bearer bench"}, timeout=10)
        self.webhook = webhook
        self.known: dict[tuple[int, str], tuple[int, str | None]] = {}
        self.database = sqlite3.connect(database, isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.execute("CREATE TABLE IF NOT EXISTS poll (id INTEGER PRIMARY KEY, at INT)")
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS change (poll INT, aidc INT, code TEXT, left INT, error TEXT)"
        )

    def poll(self) -> None:
        answer = json.loads(self.client.get(PATH).raise_for_status().content)
        now = {
            (row["aidcId"], row["productCode"]): (int(row["remainingCount"]), row["ext"].get("stockError"))
            for row in answer["data"]
        }
        changed = {key: seen for key, seen in now.items() if self.known.get(key) != seen}
        restocked = [key for key, (left, _) in changed.items() if left and self.known.get(key, (1,))[0] == 0]
        self.known = now
        self.commit(changed)
        for _, code in restocked:
            requests.post(self.webhook, json={"text": f"BACK IN STOCK {code}"}, timeout=10).raise_for_status()

    def commit(self, changed: dict[tuple[int, str], tuple[int, str | None]]) -> None:
        self.database.execute("BEGIN IMMEDIATE")
        poll = self.database.execute(
            "INSERT INTO poll (at) VALUES (?)", (time.time_ns() // 1_000_000,)
        ).lastrowid
        rows = [(poll, *key, *seen) for key, seen in changed.items()]
        self.database.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?)", rows)
        self.database.execute("COMMIT")


def main(url: str, webhook: str, database: str, interval_s: float, start_at: float) -> None:
    script = Script(url, webhook, database)
    if not interval_s:
        for line in sys.stdin:
            print(json.dumps([_cpu_of(script) for _ in range(int(line))]), flush=True)
        return
    while True:
        time.sleep(max(0.0, start_at - time.perf_counter()))
        start_at += interval_s
        script.poll()


def _cpu_of(script: Script) -> float:
    before = time.process_time()
    script.poll()
    return time.process_time() - before


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5]))
