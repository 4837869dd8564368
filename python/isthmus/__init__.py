"""Isthmus: a self-hosted API gateway that behaves like Alibaba Cloud API Gateway (CloudAPI 2016-07-14)."""

__version__ = "0.1.0"
