"""`isthmus control`: the control plane as a process, put together from wire, catalogue, operations, store and plane."""

from isthmus.control.process import run_control

__all__ = ["run_control"]
