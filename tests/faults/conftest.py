"""A world for many tests: the program in it dies, freezes and meets trouble, and goes on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.conftest import a_database
from tests.faults.stage import Stage, stage


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage]]:
    """A stage for each kind of database, one for all tests of a module."""
    with ExitStack() as until_the_end:

        @cache
        def on(kind: str) -> Stage:
            folder = tmp_path_factory.mktemp(kind)
            url = until_the_end.enter_context(a_database(kind, folder))
            return until_the_end.enter_context(stage(folder, url))

        yield on
