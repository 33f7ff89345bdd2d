"""`python -m benchmarks.few_threads N`: the worker, buying with N threads instead of eight."""

import sys

from bot import __main__ as program
from bot import app

if __name__ == "__main__":
    app.BUYING_THREADS = int(sys.argv[1])
    sys.argv[1:] = ["worker"]
    program.run()
