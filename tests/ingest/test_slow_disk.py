"""A slow disk under a real log: acknowledgements come later, the broker waits, nothing is dropped."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from ganzhi.clock import wall_clock
from ingest.service import Ingest, Memory
from ingest.session import Session
from storage import Log
from tests.ingest.test_session import CATALOGUE, ROUTE, options, readings, send, until
from tests.servers import Server

SLOW_S = 2.0
WINDOW = 20


def test_broker_waits_for_a_commit_that_takes_long(tmp_path: Path, mosquitto_server: Server) -> None:
    """Another program holds the file's write lock for a while: the commit waits as it would for a slow disk."""
    path = tmp_path / "log.sqlite"
    with Log(path, retention_s=1e6) as log, closing(sqlite3.connect(path, isolation_level=None)) as other:
        log.bind([point.id for point in CATALOGUE.points], [point.enterprise for point in CATALOGUE.points])
        newest, _ = log.newest(len(CATALOGUE.points))
        ingest = Ingest(
            catalogue=CATALOGUE,
            routes=[ROUTE],
            log=log,
            memory=Memory(np.array(newest)),
            older=log.recall,
            clock=wall_clock,
        )
        session = Session(options(mosquitto_server.port, "slow", receive_maximum=WINDOW), ingest, clock=wall_clock)
        stop = threading.Event()
        thread = threading.Thread(target=session.run, args=(stop,))
        thread.start()
        try:
            until(lambda: session.status.connected, "the session")
            other.execute("BEGIN IMMEDIATE")
            send(mosquitto_server.port, readings(0, 500), "slow-sender")
            until(lambda: session.status.outstanding > 0, "messages that wait for the commit")
            time.sleep(SLOW_S)
            assert session.status.outstanding <= WINDOW
            assert session.status.held_since is None
            assert log.rows == 0
            other.execute("COMMIT")
            until(lambda: log.rows >= 500 and not session.status.outstanding, "every reading in the log")
            assert log.rows == 500
            assert max(log.commits_s) > SLOW_S / 2
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()
