"""All tables in one place, for migrations and for the tenant filter."""

from sqlmodel import SQLModel

from models.access import ApiKey, LoginSession, OneTimeLink, SignInAttempt
from models.alerts import Alert, AlertFiring, RawPayload
from models.audit import AuditEntry
from models.channels import Channel
from models.incidents import ChecklistTick, Incident
from models.integrations import Checklist, Integration, Service
from models.jobs import Job
from models.notifications import Follower, Notification, OutgoingMessage
from models.people import ActorRow, ServiceAccount, Team, TeamMember, User
from models.search import SearchDocument
from models.tenants import Tenant
from models.timeline import LastLook, TimelineEvent, TimelineRevision

ALL: tuple[type[SQLModel], ...] = (
    Tenant,
    ActorRow,
    User,
    ServiceAccount,
    Team,
    TeamMember,
    LoginSession,
    OneTimeLink,
    SignInAttempt,
    ApiKey,
    Service,
    Checklist,
    Integration,
    Incident,
    ChecklistTick,
    Alert,
    AlertFiring,
    RawPayload,
    TimelineEvent,
    TimelineRevision,
    LastLook,
    Channel,
    Follower,
    Notification,
    OutgoingMessage,
    SearchDocument,
    Job,
    AuditEntry,
)
METADATA = SQLModel.metadata
