"""Alerts over HTTP into candidates, on one process, against a bare FastAPI route that writes one row a request.

Run with `python -m bench.bench_intake`. Both are asked in this process through ASGI by the same 40 askers; half of the alerts
are repeats. The floor commits a row of the same size to a database opened in the same way.
"""

import asyncio
import hmac
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from fastapi import FastAPI, Request
from sqlalchemy import text

from bench.machine import described
from console.app import create_app
from flows.acts.intake import candidates
from flows.desk import open_desk
from flows.settings import Settings
from models.store import open_store

ALERTS = 2_000
ASKERS = 40
AIM_A_SECOND = 500
SECRET = b"a secret of thirty-two characters"
SAMPLE = (
    Path(__file__).parents[1]
    / "tests"
    / "integrations"
    / "data"
    / "intake"
    / "github"
    / "secret_scanning_alert.reopened.json"
)


def bodies() -> list[bytes]:
    document = json.loads(SAMPLE.read_bytes())
    return [
        json.dumps({**document, "alert": {**document["alert"], "number": count // 2}, "n": count}).encode()
        for count in range(ALERTS)
    ]


def floor(folder: Path) -> FastAPI:
    engine, app = open_store(f"sqlite:///{folder / 'floor.db'}"), FastAPI()
    with engine.begin() as connection:
        connection.execute(text("create table alert (id integer primary key, body text)"))

    @app.post("/intake/github")
    async def take(request: Request) -> dict[str, str]:
        body = await request.body()
        with engine.begin() as connection:
            connection.execute(text("insert into alert (body) values (:body)"), {"body": body.decode()})
        return {"taken": "new"}

    return app


def ours(folder: Path) -> FastAPI:
    (folder / "secret").write_bytes(SECRET)
    (folder / "intake.yaml").write_text("sources: {github: {secret_file: secret}}\nmost_new_an_hour: 1000000")
    return create_app(open_desk(Settings(home=folder, intake=folder / "intake.yaml")))


async def seconds(app: FastAPI, messages: list[bytes]) -> float:
    waiting = iter(messages)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:

        async def ask() -> None:
            for body in waiting:
                headers = {"x-hub-signature-256": f"sha256={hmac.new(SECRET, body, 'sha256').hexdigest()}"}
                answer = await client.post("/intake/github", content=body, headers=headers)
                assert answer.is_success, answer.text

        started = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(ASKERS)))
        return time.perf_counter() - started


def main() -> None:
    print(described())
    made: dict[str, Callable[[Path], FastAPI]] = {"floor": floor, "ours": ours}
    taken: dict[str, float] = {}
    for name, make in made.items():
        with tempfile.TemporaryDirectory() as folder:
            app = make(Path(folder))
            taken[name] = asyncio.run(seconds(app, bodies()))
            if name == "ours":
                kept = candidates(app.state.desk, limit=ALERTS)
                assert sum(one.count for one in kept) == ALERTS
                app.state.desk.engine.dispose()
        print(f"{name}: {ALERTS} alerts in {taken[name]:.2f} s, {ALERTS / taken[name]:.0f} a second")
    print(f"ratio of times: {taken['ours'] / taken['floor']:.2f}")
    rate = ALERTS / taken["ours"]
    print(f"aim {AIM_A_SECOND} a second: {'met' if rate >= AIM_A_SECOND else 'missed'} with {rate:.0f}")


if __name__ == "__main__":
    main()
