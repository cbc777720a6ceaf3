"""An outage is told of when it begins and once a minute."""

from __future__ import annotations

import asyncio

import pytest

from app.tasks.outages import Outage


def test_an_outage_is_told_at_its_start_and_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> list[int]:
        loop, now = asyncio.get_running_loop(), [100.0]
        monkeypatch.setattr(loop, "time", lambda: now[0])
        outage, told = Outage(), []
        for second in range(125):
            began, now[0] = now[0], now[0] + 1
            if outage.is_worth_a_word(began):
                told.append(second)
        began, now[0] = now[0], now[0] + 500  # it works for a while
        if outage.is_worth_a_word(began):
            told.append(1000)
        monkeypatch.undo()
        return told

    assert asyncio.run(story()) == [0, 60, 120, 1000]
