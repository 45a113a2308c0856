"""Baseline of P11: a process that has imported what one of ours imports, and does nothing."""

import importlib
import os
import signal

importlib.import_module(os.environ["IMPORTS"])

if __name__ == "__main__":
    signal.pause()
