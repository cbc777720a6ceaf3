"""From what a sender said to incidents: everything that an alert causes, in one transaction, before the sender is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from models.vocabulary import AlertStatus, Severity
from services import alert_rows, holding, live_updates, timeline
from services.access import system_actor_id
from services.alert_rows import HeldAlert
from services.database import Tx
from services.formats import Received, ReceivedAlert, Refusal
from services.held import Held
from services.incidents import reopen_window
from services.openings import Opening, Openings
from services.sources import Source

DEFAULT_RULE = "default rule"


@dataclass(slots=True)
class Delivery:
    """One request's alerts, and what came of them: the numbers of the incidents that they belong to, each once, in their order."""

    source: Source
    received: Received
    incidents: list[str] = field(default_factory=list)
    envelope_is_kept: bool = False

    @property
    def refused(self) -> tuple[Refusal, ...]:
        return self.received.refused


def opens_incident(severity: Severity) -> bool:
    """The default rule: critical, high and medium alerts open incidents, low ones are recorded only."""
    return severity is not Severity.LOW


def why(alert: ReceivedAlert, source: Source) -> str:
    """The sentence that says why this alert opened an incident."""
    if alert.severity_known:
        severity = f"severity {alert.severity.value}"
        if alert.severity_said and alert.severity_said.lower() != alert.severity.value:
            severity += f' (the sender said "{alert.severity_said[:40]}")'
    elif alert.severity_said:
        severity = f'unknown severity "{alert.severity_said[:40]}", taken as {alert.severity.value}'
    else:
        severity = f"no severity given, taken as {alert.severity.value}"
    if alert.group_labels:
        grouped = "grouped by " + ", ".join(f"{name}={value}" for name, value in list(alert.group_labels.items())[:6])
    elif alert.dedup_key and alert.group_key == alert.dedup_key:
        grouped = f"grouped by its dedup key {alert.dedup_key}"
    else:
        grouped = f"group key {alert.group_key}"
    rule = f"Opened by the {DEFAULT_RULE}, which opens incidents for critical, high and medium alerts"
    return f"{rule}: {severity}, from {source.name}, {grouped}."


def apply(tx: Tx, deliveries: Sequence[Delivery]) -> None:
    """Write all that these deliveries of one organisation cause, and fill in their incidents.

    Set-based: a few reads for all, then one call of the driver per kind of row. Repeats touch the alert's own row only.
    """
    _Batch(tx, deliveries).run()


class _Batch:
    """What one transaction of intake knows and changes."""

    def __init__(self, tx: Tx, deliveries: Sequence[Delivery]) -> None:
        self.tx = tx
        self.deliveries = deliveries
        self.alerts: dict[tuple[UUID, str], HeldAlert] = {}
        self.incidents: dict[UUID, Held] = {}
        self.openings = Openings(tx)
        self.numbers: list[tuple[Delivery, UUID]] = []
        self._window: timedelta | None = None

    def run(self) -> None:
        self._read()
        for delivery in self.deliveries:
            for alert in delivery.received.alerts:
                self._take(delivery, alert)
            self._note_left_out(delivery)
        # an incident that no longer accepts makes room in the index before its successor comes
        holding.save(self.tx, {incident.id: incident for incident in (*self.incidents.values(), *self.openings.closed)}.values())
        self.openings.number()
        holding.save(self.tx, self.openings.made)
        alert_rows.save(self.tx, self.alerts.values())
        self._count()
        self._answer()

    # ── reading ──

    def _read(self) -> None:
        wanted = [(delivery.source.id, alert.fingerprint) for delivery in self.deliveries for alert in delivery.received.alerts]
        self.alerts = alert_rows.by_fingerprint(self.tx, wanted)
        is_postgresql = self.tx.dialect.name == "postgresql"
        linked = {alert.incident_id for alert in self.alerts.values() if alert.incident_id is not None}
        hashes = {
            holding.group_hash(delivery.source.id, alert.group_key)
            for delivery in self.deliveries
            for alert in delivery.received.alerts
            if alert.status is AlertStatus.FIRING and opens_incident(alert.severity)
        }
        if not is_postgresql:
            self._know(holding.by_ids(self.tx, linked), holding.by_groups(self.tx, hashes))
            return
        # numbers first, then incidents in the order of their ids: every writer takes its locks in this order
        seen_links, seen_live = holding.by_ids(self.tx, linked, lock=False), holding.by_groups(self.tx, hashes, lock=False)
        if any(key not in seen_live or not seen_live[key].accepts(self.tx.now) for key in hashes):
            self.openings.lock_numbers()
        seen = {**seen_links, **{incident.id: incident for incident in seen_live.values()}}
        locked = holding.by_ids(self.tx, {*seen, *holding.kin(self.tx, seen.values(), lock=False)})
        live = holding.by_groups(self.tx, hashes)
        self._know({**locked, **{incident.id: incident for incident in live.values()}}, live)

    def _know(self, linked: dict[UUID, Held], live: dict[str, Held]) -> None:
        """Keep one object for each incident, however it was found, and hold those that move with it."""
        self.incidents = dict(linked)
        for key, incident in live.items():
            known = self.incidents.setdefault(incident.id, incident)
            live[key] = known
        self.openings.know(live)
        if any(incident.parent_id is not None or incident.merged_count for incident in self.incidents.values()):
            self.incidents |= holding.kin(self.tx, self.incidents.values())
            leading = [incident for incident in self.incidents.values() if incident.merged_count]
            holding.hold_children(self.tx, leading, self.incidents.values())

    # ── what each alert causes ──

    def _take(self, delivery: Delivery, alert: ReceivedAlert) -> None:
        key = (delivery.source.id, alert.fingerprint)
        known = self.alerts.get(key)
        kept = known.payload_count if known else 0
        if known is None:
            known = self.alerts[key] = HeldAlert.first(delivery.source.id, alert, self.tx.now)
            if alert.status is AlertStatus.FIRING:
                self._fires(delivery, alert, known)
        elif alert.status is AlertStatus.FIRING:
            self._fires_again(delivery, alert, known)
        else:
            self._ends(alert, known)
        if known.payload_count > kept and delivery.received.envelope and not delivery.envelope_is_kept:
            known.keep_envelope(delivery.received.envelope)
            delivery.envelope_is_kept = True
        if known.incident_id is not None:
            self.numbers.append((delivery, known.incident_id))

    def _fires_again(self, delivery: Delivery, alert: ReceivedAlert, known: HeldAlert) -> None:
        if alert.starts_at is not None and known.starts_at is not None:
            is_new = alert.starts_at > known.starts_at
        else:
            incident = self._incident(known.incident_id)
            is_new = not known.is_firing or (incident is not None and self._shown(incident).is_resolved)
        if is_new:
            known.begin(alert, self.tx.now)
            self._fires(delivery, alert, known)
            return
        known.repeat(alert, self.tx.now)
        if known.incident_id is not None:
            self._wake_for_repeat(known.incident_id)
        elif known.is_firing and opens_incident(alert.severity):  # the same firing, which has become bad enough
            incident = self._open_or_join(delivery, alert, known, None)
            known.link(incident.id)
            self._tell_of_firing(delivery, alert, known, incident, is_counted=False)

    def _wake_for_repeat(self, incident_id: UUID) -> None:
        own = self._incident(incident_id)
        shown = [incident_id] if own is None or own.parent_id is None else [incident_id, own.parent_id]
        self.tx.wake_lazily(*map(live_updates.incident_topic, shown), live_updates.incidents_topic(self.tx.tenant_id))

    def _fires(self, delivery: Delivery, alert: ReceivedAlert, known: HeldAlert) -> None:
        """A firing that began: it joins or opens an incident, reopening one that was resolved a short time ago."""
        before = self._incident(known.incident_id)
        if before is not None and before.accepts(self.tx.now):
            known.fire(alert, before.id, self.tx.now)
            self._tell_of_firing(delivery, alert, known, before, is_counted=True)  # its own link wins over the group key
            return
        if before is not None and known.counts_as_firing:
            self._stop_counting(before, known)
        if not opens_incident(alert.severity):
            known.fire(alert, None, self.tx.now)
            return
        incident = self._open_or_join(delivery, alert, known, before)
        known.fire(alert, incident.id, self.tx.now)
        self._tell_of_firing(delivery, alert, known, incident, is_counted=False)

    def _tell_of_firing(self, delivery: Delivery, alert: ReceivedAlert, known: HeldAlert, incident: Held, *, is_counted: bool) -> None:
        """Count the alert on its incident and write its line, both also where that was merged into: there the line stands.

        `is_counted` says that the incident's alerts hold it already.
        """
        shown = self._shown(incident)
        if shown.is_resolved:
            self._reopen(delivery, alert, known, shown)
        if shown.snoozed_until is not None:
            holding.snooze(shown, delivery.source.id, None)
        for one in (incident, shown) if shown is not incident else (incident,):
            one.change(alert_count=one.alert_count + (not is_counted), firing_count=one.firing_count + (not known.counts_as_firing))
        known.counts_as_firing = True
        told = timeline.AlertFired(
            alert_id=known.id, title=alert.title, severity=alert.severity, labels=alert.labels, occurrence=known.firing_count
        )
        shown.say(delivery.source.id, told)

    def _stop_counting(self, incident: Held, known: HeldAlert) -> None:
        """The alert does not fire any more as one of this incident's."""
        shown = self._shown(incident)
        for one in (incident, shown) if shown is not incident else (incident,):
            one.change(firing_count=max(0, one.firing_count - 1))
        known.counts_as_firing = False

    def _note_left_out(self, delivery: Delivery) -> None:
        """Note on the incidents of a message how many alerts its sender left out of it: it says so with repeats alone, too."""
        for incident_id in {incident_id for other, incident_id in self.numbers if other is delivery}:
            incident = self._incident(incident_id)
            if incident is not None and not incident.is_resolved and incident.truncated_count != delivery.received.truncated_count:
                incident.change(truncated_count=delivery.received.truncated_count)

    def _open_or_join(self, delivery: Delivery, alert: ReceivedAlert, known: HeldAlert, before: Held | None) -> Held:
        source = delivery.source
        key = holding.group_hash(source.id, alert.group_key)
        previous = before or self.openings.expired(key)
        incident, _ = self.openings.open_or_join(
            Opening(
                title=alert.title,
                description=alert.description,
                severity=alert.severity,
                created_by=source.id,
                why=why(alert, source),
                group_key=alert.group_key,
                group_hash=key,
                alert_id=known.id,
                service_id=source.service_id,
                checklist_id=source.checklist_id,
                started_at=alert.starts_at,
                previous_id=(previous.parent_id or previous.id) if previous else None,
            )
        )
        return incident

    def _reopen(self, delivery: Delivery, alert: ReceivedAlert, known: HeldAlert, incident: Held) -> None:
        after = holding.spoken(self.tx.now - incident.resolved_at) if incident.resolved_at else "a moment"
        again = "fired again" if known.firing_count > 1 else "fired"
        holding.reopen(incident, delivery.source.id, f"{alert.title} {again} {after} after it was resolved", self.tx.now, alert_id=known.id)

    def _ends(self, alert: ReceivedAlert, known: HeldAlert) -> None:
        older = alert.starts_at is not None and known.starts_at is not None and alert.starts_at < known.starts_at
        before_it_began = alert.ends_at is not None and known.starts_at is not None and alert.ends_at < known.starts_at
        if older or before_it_began:
            known.note(alert, self.tx.now)
            return
        if not known.is_firing:
            known.repeat(alert, self.tx.now)
            return
        known.end(alert, self.tx.now)
        incident = self._incident(known.incident_id)
        if incident is None:
            return
        self._stop_counting(incident, known)
        incident = self._shown(incident)
        is_last = incident.firing_count == 0
        asks = is_last and incident.touched and not incident.is_resolved
        incident.say(
            known.integration_id,
            timeline.AlertResolved(alert_id=known.id, title=known.title, still_firing=incident.firing_count, asks=asks),
        )
        if is_last and not incident.touched and not incident.is_resolved:
            self._resolve_by_rule(incident, known)

    def _resolve_by_rule(self, incident: Held, last: HeldAlert) -> None:
        count = incident.alert_count
        ended = f"{last.title} ended" if count == 1 else f"All {count} alerts ended, the last was {last.title}"
        notes = f"{ended}, at {last.ended_at:%Y-%m-%d %H:%M:%S} UTC. Nobody had worked on it, so the {DEFAULT_RULE} resolved it."
        holding.resolve(incident, system_actor_id(self.tx), notes, self.tx.now, self._reopen_window(), by_rule=True)

    # ── what is looked up once ──

    def _incident(self, incident_id: UUID | None) -> Held | None:
        if incident_id is None:
            return None
        found = self.incidents.get(incident_id)
        return found or next((made for made in self.openings.made if made.id == incident_id), None)

    def _shown(self, incident: Held) -> Held:
        """Where people see what this incident's alerts do: itself, or the one that it was merged into."""
        return self.incidents[incident.parent_id] if incident.parent_id is not None else incident

    def _reopen_window(self) -> timedelta:
        if self._window is None:
            self._window = reopen_window(self.tx)
        return self._window

    # ── answering ──

    def _answer(self) -> None:
        for delivery, incident_id in self.numbers:
            incident = self._incident(incident_id)
            if incident is not None and self._shown(incident).shown not in delivery.incidents:
                delivery.incidents.append(self._shown(incident).shown)

    def _count(self) -> None:
        """Note on each integration that something came, and wake who waits for it."""
        counts: dict[UUID, int] = {}
        for delivery in self.deliveries:
            counts[delivery.source.id] = counts.get(delivery.source.id, 0) + len(delivery.received.alerts)
        alert_rows.count_alerts(self.tx, {source: count for source, count in counts.items() if count})
        self.tx.wake_lazily(*(live_updates.integration_topic(source) for source in counts))
