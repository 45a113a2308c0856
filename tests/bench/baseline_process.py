"""Baseline of P11: a process with the same imports as one of ours, which does nothing."""

import importlib
import os
import signal

importlib.import_module(os.environ["IMPORTS"])

if __name__ == "__main__":
    signal.pause()
