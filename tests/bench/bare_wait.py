"""The bare-bones wait: read the database every 20 ms, and print the first product in stock.

`python -m tests.bench.bare_wait DATABASE`: no rule, nothing that goes wrong is noticed.
"""

import sqlite3
import sys
import time

IN_STOCK = (
    "SELECT p.product_code FROM product p JOIN snapshot s ON s.product_id = p.id"
    " WHERE s.until_poll_id IS NULL AND s.remaining_count > 0 LIMIT 1"
)


def main(database: str) -> None:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    while (found := connection.execute(IN_STOCK).fetchone()) is None:
        time.sleep(0.02)
    print(*found)


if __name__ == "__main__":
    main(sys.argv[1])
