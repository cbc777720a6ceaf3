"""Several processes that take alerts of the same groups at once leave one live incident for each group."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sqlmodel import func, select

from models.alerts import Alert
from models.incidents import Incident
from models.timeline import TimelineEvent
from services import database
from tests.fixtures.stories import Story

PROCESSES, POSTS, GROUPS = 4, 60, 6

_SENDER = """
import asyncio, json, random, sys
from services import database
from services.errors import StorageBusyError
from services.intake import Intake
url, key, seed, posts, groups = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
database.use(url)
chance = random.Random(seed)

async def main():
    intake, accepted, numbers = Intake(), 0, set()
    for post in range(posts):
        alert = {"title": "Pool", "severity": "high", "dedup_key": f"group-{chance.randrange(groups)}", "labels": {"sender": str(seed)}}
        while True:
            try:
                answer = await intake.take(key, json.dumps(alert).encode())
                break
            except StorageBusyError:
                continue
        accepted += answer.accepted
        numbers.update(answer.incidents)
    intake.stop()
    print(json.dumps({"accepted": accepted, "numbers": sorted(numbers)}))

asyncio.run(main())
"""


def test_processes_agree_on_one_incident_a_group(story: Story, database_url: str) -> None:
    root = Path(__file__).resolve().parents[2]
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", _SENDER, database_url, story.key, str(seed), str(POSTS), str(GROUPS)], cwd=root, stdout=subprocess.PIPE
        )
        for seed in range(PROCESSES)
    ]
    answers = [json.loads(sender.communicate(timeout=120)[0]) for sender in senders]
    assert sum(answer["accepted"] for answer in answers) == PROCESSES * POSTS
    told = {number for answer in answers for number in answer["numbers"]}
    with database.read(story.organisation.tenant_id) as session:
        incidents = session.exec(select(Incident)).all()
        alerts = session.exec(select(Alert)).all()
        lines = session.exec(select(func.count()).select_from(TimelineEvent)).one()
    assert {f"INC-{incident.number}" for incident in incidents} == told
    assert sorted(incident.number for incident in incidents) == list(range(1, GROUPS + 1))
    assert len({incident.group_hash for incident in incidents}) == GROUPS
    assert (len(alerts), sum(alert.repeat_count for alert in alerts)) == (GROUPS, PROCESSES * POSTS - GROUPS)
    assert lines == GROUPS
