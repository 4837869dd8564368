"""The tables. `migrations/` brings a database to this shape; a test compares the two.

Times are Unix milliseconds. Columns named `sealed_*` hold AES-256-GCM ciphertext (see `sealing.py`); where a secret
must be unique or looked up, a `*_digest` column holds its keyed hash.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row: who this store is, and the newest revision of the plan.
store_identity = Table(
    "store_identity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("store_id", String(32), nullable=False),
    Column("revision", BigInteger, nullable=False),
    # Tombstones at or below this revision are gone: an engine that is older needs a snapshot.
    Column("floor", BigInteger, nullable=False),
)

# The plan: the newest state of each record. `sealed_body` is null for a tombstone.
records = Table(
    "records",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("revision", BigInteger, nullable=False, index=True),
    Column("sealed_body", LargeBinary, nullable=True),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("access_key_id", String(64), primary_key=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("description", String(180), nullable=False, default=""),
    Column("active", Boolean, nullable=False, default=True),
    Column("role", String(16), nullable=False, server_default="owner"),
    Column("created_at", BigInteger, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("group_id", String(32), primary_key=True),
    Column("name", String(50), nullable=False, unique=True),
    Column("description", String(180), nullable=False, default=""),
    Column("base_path", String(255), nullable=False, default="/"),
    Column("instance_id", String(64), nullable=False),
    # The rest of what ModifyApiGroup carries (UserLogConfig, PassthroughHeaders, …), as JSON text by snake-case name.
    Column("configuration", Text, nullable=False, default="{}"),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False, index=True),
)

stages = Table(
    "stages",
    metadata,
    Column("stage_id", String(32), primary_key=True),
    Column("group_id", ForeignKey("groups.group_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(32), nullable=False),
    Column("description", String(180), nullable=False, default=""),
    UniqueConstraint("group_id", "name"),
)

backends = Table(
    "backends",
    metadata,
    Column("backend_id", String(32), primary_key=True),
    Column("name", String(50), nullable=False, unique=True),
    Column("backend_type", String(16), nullable=False),
    Column("description", String(180), nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

# Where a backend leads in one stage.
backend_models = Table(
    "backend_models",
    metadata,
    Column("backend_model_id", String(32), primary_key=True),
    Column("backend_id", ForeignKey("backends.backend_id", ondelete="CASCADE"), nullable=False),
    Column("stage", String(32), nullable=False),
    Column("description", String(180), nullable=False, default=""),
    # JSON text (model/backend.py).
    Column("data", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    UniqueConstraint("backend_id", "stage"),
)

# What `#Name#` stands for in the backends of a stage.
stage_variables = Table(
    "stage_variables",
    metadata,
    Column("stage_id", ForeignKey("stages.stage_id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False, default=""),
    # JSON text of a route by a request's parameter; empty without one.
    Column("route", Text, nullable=False, default=""),
)

apis = Table(
    "apis",
    metadata,
    Column("api_id", String(32), primary_key=True),
    Column("group_id", ForeignKey("groups.group_id"), nullable=False, index=True),
    Column("name", String(50), nullable=False),
    Column("description", String(180), nullable=False, default=""),
    Column("method", String(16), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("visibility", String(8), nullable=False, default="PRIVATE"),
    # The whole draft as JSON text (model/api.py).
    Column("definition", Text, nullable=False),
    # Grows with every change of the draft: the basis of optimistic concurrency.
    Column("draft_revision", Integer, nullable=False, default=1),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    UniqueConstraint("group_id", "name"),
    UniqueConstraint("group_id", "method", "path"),
    Index("ix_apis_modified_at_api_id_group_id", "modified_at", "api_id", "group_id"),
)

# Every publish, for ever; `online` marks the one that the stage serves.
editions = Table(
    "editions",
    metadata,
    Column("api_id", String(32), primary_key=True),
    Column("stage", String(32), primary_key=True),
    Column("version", String(17), primary_key=True),
    Column("group_id", String(32), nullable=False, index=True),
    Column("online", Boolean, nullable=False),
    Column("remarks", String(200), nullable=False, default=""),
    Column("definition", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("deployed_at", BigInteger, nullable=False),
    Index("ix_editions_online", "group_id", "stage", "online"),
)

apps = Table(
    "apps",
    metadata,
    Column(
        "app_id",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("name", String(50), nullable=False),
    Column("description", String(180), nullable=False, default=""),
    Column("extend", Text, nullable=False, default=""),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False, index=True),
)

app_keys = Table(
    "app_keys",
    metadata,
    Column("app_key", String(64), primary_key=True),
    Column("app_id", ForeignKey("apps.app_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

app_codes = Table(
    "app_codes",
    metadata,
    Column("code_digest", String(64), primary_key=True),
    Column("app_id", ForeignKey("apps.app_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed_code", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("api_id", ForeignKey("apis.api_id", ondelete="CASCADE"), primary_key=True),
    Column("stage", String(32), primary_key=True),
    Column(
        "app_id",
        ForeignKey("apps.app_id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    # Who gave it: PROVIDER or CONSUMER.
    Column("operator", String(16), nullable=False, default="PROVIDER"),
    Column("description", String(180), nullable=False, default=""),
    Column("expires_at", BigInteger, nullable=True),
    Column("granted_at", BigInteger, nullable=False),
)

networks = Table(
    "networks",
    metadata,
    Column("network_id", String(64), primary_key=True),
    Column("name", String(64), nullable=False, default=""),
    # JSON texts: as given, with the password sealed; a list; an object; two lists.
    Column("attachment", Text, nullable=False),
    Column("cidrs", Text, nullable=False, default="[]"),
    Column("instances", Text, nullable=False, default="{}"),
    Column("egress_addresses", Text, nullable=False, default="[]"),
    Column("special_addresses", Text, nullable=False, server_default="[]"),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

vpc_accesses = Table(
    "vpc_accesses",
    metadata,
    Column("access_id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("network_id", ForeignKey("networks.network_id"), nullable=False, index=True),
    Column("instance_id", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("host", String(255), nullable=False, default=""),
    Column("description", String(180), nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("network_id", "instance_id", "port"),
)

tags = Table(
    "tags",
    metadata,
    # apiGroup, api, app, model, plugin, vpcAccess, dataset.
    Column("resource_type", String(16), primary_key=True),
    Column("resource_id", String(64), primary_key=True),
    Column("tag_key", String(128), primary_key=True),
    Column("tag_value", String(256), nullable=False, default=""),
)

plugins = Table(
    "plugins",
    metadata,
    Column("plugin_id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("plugin_type", String(32), nullable=False),
    # The text as its author wrote it; it may hold secrets.
    Column("sealed_data", LargeBinary, nullable=False),
    Column("description", String(200), nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

plugin_bindings = Table(
    "plugin_bindings",
    metadata,
    # `api` or `group`.
    Column("scope", String(8), primary_key=True),
    Column("target_id", String(32), primary_key=True),
    Column("stage", String(32), primary_key=True),
    Column("plugin_type", String(32), primary_key=True),
    Column("plugin_id", ForeignKey("plugins.plugin_id"), nullable=False, index=True),
    Column("bound_at", BigInteger, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    Column("dataset_id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("dataset_type", String(32), nullable=False),
    Column("description", String(200), nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

dataset_items = Table(
    "dataset_items",
    metadata,
    Column("item_id", String(32), primary_key=True),
    Column("dataset_id", ForeignKey("datasets.dataset_id", ondelete="CASCADE"), nullable=False),
    Column("value", String(512), nullable=False),
    Column("description", String(200), nullable=False, default=""),
    Column("expires_at", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    UniqueConstraint("dataset_id", "value"),
)

# Shapes of bodies that an author names once and refers to in drafts; documentation, not enforced.
models = Table(
    "models",
    metadata,
    Column("model_id", String(32), primary_key=True),
    Column("group_id", ForeignKey("groups.group_id", ondelete="CASCADE"), nullable=False),
    Column("name", String(64), nullable=False),
    # The JSON Schema as its author wrote it.
    Column("schema", Text, nullable=False),
    Column("description", String(200), nullable=False, default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    UniqueConstraint("group_id", "name"),
)

# What an operation on many objects did to each: its answer is an operation id, and this is asked for later.
tasks = Table(
    "tasks",
    metadata,
    Column("task_id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    # JSON text; its form belongs to the operation that made the task.
    Column("result", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
)

log_configs = Table(
    "log_configs",
    metadata,
    Column("log_type", String(16), primary_key=True),
    Column("project", String(128), nullable=False),
    Column("log_store", String(128), nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user_id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    # argon2id, with its parameters and salt.
    Column("password_hash", String(255), nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)

# Who is signed in to the console. Tokens are random; only their SHA-256 is here.
sessions = Table(
    "sessions",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)

# Links that make one owner, each once.
setup_links = Table(
    "setup_links",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

# Every management write, refused ones included. Triggers keep both tables from being changed or emptied.
audit_events = Table(
    "audit_events",
    metadata,
    Column("event_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("happened_at", BigInteger, nullable=False, index=True),
    Column("actor", String(128), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("client", String(16), nullable=False),
    Column("user_agent", String(256), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    # `Success` or the code of the refusal.
    Column("outcome", String(128), nullable=False),
    Column("message", Text, nullable=False),
    # JSON texts, secrets masked.
    Column("parameters", Text, nullable=False),
    Column("changes", Text, nullable=False),
)

# What an event is about, by id or name.
audit_subjects = Table(
    "audit_subjects",
    metadata,
    Column("subject", String(255), primary_key=True),
    Column("event_id", ForeignKey("audit_events.event_id"), primary_key=True),
)
