"""Processes of the gateway as the operating system sees them: the engine's host, the supervisor of `isthmus up`, and
the files by which they find each other in the state directory.
"""
