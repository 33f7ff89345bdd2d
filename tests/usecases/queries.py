"""Questions to the log that are none, each with what an answer to it must say: for every door."""

SQL = "'; DROP TABLE audit_event; --"
KEYS = ("actor", "action", "outcome", "number", "country", "request", "cost", "since", "created")
BAD = (
    ("x" * 10_000, "at most 500"),
    ("created:2099-01-01..", "future"),
    ("since:2099-01-01", "future"),
    ("created:2026-02-01..2026-01-01", "runs backwards"),
    ("cost:10..5", "runs backwards"),
    ("*", "support"),
    ("action:*", "leaves nothing out"),
    ("number:***", "leaves nothing out"),
    ("acton:purchase.*", "action:purchase.*"),
    ("outcom:denied", "outcome:denied"),
    ("cuontry:US", "country:US"),
    ("action:purchase.bougt", "action:purchase.bought"),
    ('since:7d "never closed', "never closed"),
    *((f'{key}:"{SQL}"', "since:" if key == "created" else f"{key}:") for key in KEYS),
)
