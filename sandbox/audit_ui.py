"""`make audit-ui`: the log's view in Datasette, read-only, for people on this machine."""

import os
import sys
import tempfile
from pathlib import Path

HOST = "127.0.0.1"
PORT = 8011
_METADATA = Path(__file__).with_name("audit_ui.json")
_NONE = (
    "There is no demo that runs: start one with `make demo`,"
    " or name a file: make audit-ui DATABASE=numberdesk.db"
)


def newest_demo(folder: Path) -> Path | None:
    """The database of the demo that was started last, of those that are there."""
    found = folder.glob("numberdesk-demo-*/numberdesk.db")
    return max(found, key=lambda file: file.stat().st_mtime, default=None)


def command(database: Path, port: int) -> list[str]:
    """Datasette on this machine alone; it opens files read-only."""
    return [
        sys.executable, "-m", "datasette", "serve", str(database), "--host", HOST, "--port", str(port),
        "--metadata", str(_METADATA), "--setting", "default_page_size", "50",
    ]  # fmt: skip


def main() -> None:
    """Becomes Datasette."""
    database = Path(sys.argv[1]) if len(sys.argv) > 1 else newest_demo(Path(tempfile.gettempdir()))
    if database is None or not database.is_file():
        sys.exit(_NONE if database is None else f"There is no file {database}.")
    sys.stdout.write(f"http://{HOST}:{PORT}/{database.stem}/audit_log\n")
    sys.stdout.flush()
    words = command(database, PORT)
    os.execv(words[0], words)  # noqa: S606 - our own words


if __name__ == "__main__":
    main()
