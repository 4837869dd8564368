"""Instances of networks, read from where they are known: Docker, Kubernetes, Alibaba Cloud.

Each kind of source is one module behind `source.Source`; `sources_file.py` says which there are, `refresh.py` reads them
again and again and hands on what they say. Called by `isthmus.control` and `isthmus vpc sources`; calls nothing of the
control plane. Invariant: a source that does not answer whole and well says nothing at all.
"""
