"""A gateway in a process of its own, to be killed: publishes A = start, start + 1, … and prints each once it is kept.

python -m tests.simulators.feeder URL GATEWAY FOLDER START COUNT
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from simulators.address import GatewayOptions
from simulators.gateway import Gateway

PACE_S = 0.0005
"""So that a kill falls between messages that are on their way."""


def main(url: str, gateway: str, folder: str, start: str, count: str) -> None:
    options = GatewayOptions(url, "sim", gateway, folder=Path(folder), attempts=100)
    with Gateway(options) as line:
        for value in range(int(start), int(start) + int(count)):
            line.publish(1_700_000_000_000 + value, {"A": value})
            print(value, flush=True)
            time.sleep(PACE_S)
        line.flush(60.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
